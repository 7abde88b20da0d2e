import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from adgen_pipeline.app.engine import RETRY_SECONDS, BusyError, Engine, Writer
from adgen_pipeline.app.limits import Limits
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline_tests.app.ad_writer import SmallWriter
from adgen_pipeline_tests.app.serving import BRIEF, ready, small_app, small_writer


class Slow(SmallWriter):
    """Writes nothing, as long as it is told to; notes how many are inside at once."""

    def __init__(self, seconds: float = 0.0, go_on: threading.Event | None = None) -> None:
        super().__init__({})
        self.seconds, self.go_on = seconds, go_on
        self.inside: list[int] = []
        self.most: list[int] = []

    def write(self, *args: object, **more: object) -> list[object]:  # type: ignore[override]
        self.inside.append(1)
        self.most.append(len(self.inside))
        if self.go_on is not None:
            assert self.go_on.wait(10)
        time.sleep(self.seconds)
        self.inside.pop()
        return []


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        pytest.param(ArtifactError("model: not made yet. Run `adgen run` first."), "adgen run", id="ours"),
        pytest.param(RuntimeError("secret of a library"), "RuntimeError", id="a library's"),
    ],
)
def test_a_model_that_cannot_be_loaded_turns_ready_red_and_leaves_health_green(
    tmp_path: Path, raised: Exception, words: str
) -> None:
    def load() -> Writer:
        raise raised

    with TestClient(small_app(tmp_path, load)) as client:
        ready(client)
        assert client.get("/health").status_code == 200
        for answer in (client.get("/ready"), client.post("/v1/ads", json={"brief": BRIEF})):
            assert answer.status_code == 503
            assert words in answer.json()["detail"]
            assert "secret" not in answer.text
            assert answer.headers["retry-after"]
        assert words in client.get("/v1/models").json()["state"]


def test_requests_use_the_model_one_at_a_time(tmp_path: Path) -> None:
    slow = Slow(0.02)
    with TestClient(small_app(tmp_path, lambda: slow)) as client:
        ready(client)
        threads = [
            threading.Thread(target=client.post, args=("/v1/ads",), kwargs={"json": {"brief": BRIEF}})
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert slow.most == [1, 1, 1, 1]


def test_more_waiting_requests_than_places_are_told_when_to_come_back(tmp_path: Path) -> None:
    go_on = threading.Event()
    app = small_app(tmp_path, lambda: Slow(go_on=go_on), limits=Limits(waiting=1))
    with TestClient(app) as client:
        ready(client)
        answers: list[int] = []
        first = threading.Thread(
            target=lambda: answers.append(client.post("/v1/ads", json={"brief": BRIEF}).status_code)
        )
        first.start()
        while "adgen_waiting_requests 1.0" not in client.get("/metrics").text:
            time.sleep(0.01)
        refused = client.post("/v1/ads", json={"brief": BRIEF})
        go_on.set()
        first.join()
    assert (refused.status_code, answers) == (503, [200])
    assert int(refused.headers["retry-after"]) > 0


def test_who_waited_too_long_is_told_to_come_back() -> None:
    engine = looked(Engine(small_writer, limits=Limits(wait_seconds=0.01)))
    with engine.writer(), pytest.raises(BusyError, match="busy"), engine.writer():
        pytest.fail("the model was taken")


def test_a_failed_load_is_tried_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Callable[[], Writer]] = [small_writer]
    tried: list[int] = []

    def load() -> Writer:
        if not tried:
            tried.append(1)
            raise ArtifactError("not made yet")
        return answers[0]()

    engine = looked(Engine(load))
    assert engine.state() == "not made yet"
    assert looked(engine).state() == "not made yet"
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + RETRY_SECONDS + 1)
    assert looked(engine).state() == "ready"


def test_another_model_is_taken_while_a_request_goes_on_with_the_old_one() -> None:
    published = ["m1"]

    def load() -> Writer:
        writer = SmallWriter({})
        writer.model_version = published[0]
        return writer

    engine = looked(Engine(load, published=lambda: published[0]))
    with engine.writer() as before:
        published[0] = "m2"
        looked(engine)
        assert (before.model_version, engine.loaded().model_version) == ("m1", "m2")
    with engine.writer() as after:
        assert after.model_version == "m2"


def test_a_newer_model_that_is_broken_turns_ready_red_while_the_old_one_writes_on() -> None:
    published = ["m1"]

    def load() -> Writer:
        if published[0] == "broken":
            raise ArtifactError("training/model: the content has another digest.")
        return small_writer()

    engine = looked(Engine(load, published=lambda: published[0]))
    published[0] = "broken"
    assert "another digest" in looked(engine).state()
    with engine.place(), engine.writer() as writer:
        assert writer.model_version == "m1"
    published[0] = "m1"
    assert looked(engine).state() == "ready"


def looked(engine: Engine) -> Engine:
    """The engine after one look at what is published."""
    engine.look()
    return engine


def test_stored_ads_follow_the_rules_while_the_process_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("adgen_pipeline.app.engine.LOOK_SECONDS", 0.02)
    rules = tmp_path / "policy" / "client.yaml"
    rules.parent.mkdir()
    with TestClient(small_app(tmp_path)) as client:
        (ad,) = ready(client).post("/v1/ads", json={"brief": BRIEF}).json()["ads"]

        def judged() -> tuple[str, list[str]]:
            policy = client.get(f"/v1/ads/{ad['ad_id']}").json()["ad"]["policy"]
            return policy["verdict"], policy["rules"]

        def becomes(wanted: Callable[[], bool]) -> bool:
            deadline = time.monotonic() + 5
            while not wanted() and time.monotonic() < deadline:
                time.sleep(0.02)
            return wanted()

        assert judged() == ("allow", [])
        rules.write_text("rules: 5", encoding="utf-8")
        assert becomes(lambda: "client.yaml: no rules in it" in caplog.text)
        rules.write_text("rules: {shop-1: {verdict: refuse, am: [ጫማ]}}", encoding="utf-8")
        assert becomes(lambda: judged() == ("refuse", ["shop-1"]))
