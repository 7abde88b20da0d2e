import threading
import time
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from fastapi.testclient import TestClient

from adgen_pipeline.app.api import create_app
from adgen_pipeline.app.engine import RETRY_SECONDS, WAITING_REQUESTS, Engine, Writer
from adgen_pipeline.app.problems import MAXIMUM_BODY_BYTES
from adgen_pipeline.errors import ArtifactError, ResourceError, TrainingError
from adgen_pipeline_tests.app.ad_writer import SmallWriter

BRIEF = "ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2,500 ብር\nስልክ፦ 0900 000 012"


def ready(client: TestClient) -> TestClient:
    """The client, once its app has loaded the writer or failed to."""
    deadline = time.monotonic() + 5
    while client.get("/ready").json().get("detail") == "loading" and time.monotonic() < deadline:
        time.sleep(0.01)
    return client


def small_writer() -> Writer:
    return SmallWriter({7: "ናሙና ሱቅ", 3: "Sample news"})


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(create_app(small_writer)) as opened:
        yield ready(opened)


def test_an_ad_carries_the_facts_of_the_brief_and_its_evidence(client: TestClient) -> None:
    answer = client.post("/v1/ads", json={"brief": BRIEF, "channel_id": 7, "n": 2})
    assert answer.status_code == 200
    written = answer.json()
    assert {"brief", "ads", "model", "index", "seconds"} <= set(written)
    assert [ad["rank"] for ad in written["ads"]] == [1, 2]
    ad = written["ads"][0]
    assert {"text", "format", "facts", "exemplars", "policy", "scores", "written_by"} <= set(ad)
    assert "2,500 ብር" in ad["text"]
    assert {fact["kind"] for fact in ad["facts"]} >= {"price", "phone"}
    assert all(fact["source"] for fact in ad["facts"])
    assert ad["exemplars"][0] == {"channel_id": 7, "message_id": 1, "score": 0.5, "excerpt": "የቆዳ ጫማ አለ"}
    assert ad["policy"] == {"verdict": "allow", "rules": []}
    assert ad["scores"] == {"coverage": 1.0}


def test_a_brief_by_fields_says_the_same_as_its_text(client: TestClient) -> None:
    fields = {"product": "የቆዳ ጫማ", "price": "2,500 ብር", "contact": "0900 000 012"}
    by_fields = client.post("/v1/briefs", json={"brief": fields}).json()["brief"]
    by_text = client.post("/v1/briefs", json={"brief": BRIEF}).json()["brief"]
    assert {(fact["slot"], fact["value"]) for fact in by_fields["facts"]} == {
        (fact["slot"], fact["value"]) for fact in by_text["facts"]
    }


def test_an_uploaded_yaml_brief_is_read_as_yaml(client: TestClient) -> None:
    answer = client.post("/v1/briefs", json={"brief": 'product: "የቆዳ ጫማ"\nprice: [1', "file_name": "b.yaml"})
    assert answer.status_code == 422
    assert "YAML" in answer.json()["detail"]


def test_what_a_brief_does_not_say_is_named(client: TestClient) -> None:
    assert "contact" in client.post("/v1/briefs", json={"brief": "ምርት፦ የቆዳ ጫማ"}).json()["missing"]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        pytest.param({}, "brief", id="no brief"),
        pytest.param({"brief": ""}, "brief", id="an empty brief"),
        pytest.param({"brief": BRIEF, "n": 99}, "n", id="too many ads"),
        pytest.param({"brief": BRIEF, "format": "song"}, "format", id="a format that is not known"),
        pytest.param({"brief": BRIEF, "chanel": 7}, "chanel", id="a key that is not known"),
        pytest.param({"brief": BRIEF, "file_name": "../b.md"}, "file_name", id="a path as file name"),
    ],
)
def test_a_wrong_request_names_its_part(client: TestClient, body: dict[str, object], part: str) -> None:
    answer = client.post("/v1/ads", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert any(part in error["where"] for error in answer.json()["errors"])


def test_a_channel_that_is_not_in_the_index_is_not_found(client: TestClient) -> None:
    answer = client.post("/v1/ads", json={"brief": BRIEF, "channel_id": 8})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert client.get("/v1/search", params={"q": "ጫማ", "channel_id": 8}).status_code == 404


def test_search_gives_posts_as_they_are(client: TestClient) -> None:
    hits = client.get("/v1/search", params={"q": "ጫማ", "k": 3}).json()["hits"]
    assert hits[0]["post"] == "የቆዳ ጫማ <b>አለ</b>"
    assert hits[0]["matched"] == ["ጫማ"]


def test_search_hands_on_its_conditions() -> None:
    writer = SmallWriter({7: "ናሙና ሱቅ"})
    with TestClient(create_app(lambda: writer)) as opened:
        asked = {"q": "ጫማ", "is_ad": "true", "vertical": "retail", "language": "am", "since": "2024-09-30"}
        assert ready(opened).get("/v1/search", params=asked).status_code == 200
        assert opened.get("/v1/search", params={"q": "ጫማ", "until": "Meskerem"}).status_code == 422
    day = date(2024, 9, 30)
    assert writer.index.conditions == {"is_ad": True, "vertical": "retail", "language": "am", "since": day}


def test_channels_come_by_name(client: TestClient) -> None:
    assert [c["channel_id"] for c in client.get("/v1/channels").json()] == [3, 7]


def chunks() -> Iterator[bytes]:
    for _ in range(MAXIMUM_BODY_BYTES // 1000 + 2):
        yield b" " * 1000


@pytest.mark.parametrize(
    "announced", [pytest.param(True, id="announced"), pytest.param(False, id="in chunks")]
)
def test_a_body_over_the_limit_is_refused(client: TestClient, announced: bool) -> None:
    content = b"".join(chunks()) if announced else chunks()
    answer = client.post("/v1/ads", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "KiB" in answer.json()["detail"]


def test_a_host_name_from_elsewhere_does_not_reach_an_open_api() -> None:
    with TestClient(create_app(small_writer), base_url="http://rebound.example") as client:
        assert client.get("/health").status_code == 400


def test_the_key_guards_all_but_health_and_readiness() -> None:
    with TestClient(create_app(small_writer, api_key="sample-key")) as client:
        ready(client)
        assert client.get("/health").status_code == 200
        assert client.get("/v1/channels").status_code == 401
        assert client.get("/v1/channels", headers={"X-API-Key": "other"}).status_code == 401
        assert (
            client.post("/v1/ads", json={"brief": BRIEF}, headers={b"X-API-Key": "ኦ".encode()}).status_code
            == 401
        )
        assert client.get("/v1/channels", headers={"X-API-Key": "sample-key"}).status_code == 200


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        pytest.param(ArtifactError("model: not made yet. Run `adgen run` first."), "adgen run", id="ours"),
        pytest.param(RuntimeError("secret of a library"), "RuntimeError", id="a library's"),
    ],
)
def test_a_model_that_cannot_be_loaded_turns_ready_red_and_leaves_health_green(
    raised: Exception, words: str
) -> None:
    def load() -> Writer:
        raise raised

    with TestClient(create_app(load)) as client:
        ready(client)
        assert client.get("/health").status_code == 200
        for answer in (client.get("/ready"), client.post("/v1/ads", json={"brief": BRIEF})):
            assert answer.status_code == 503
            assert words in answer.json()["detail"]
            assert "secret" not in answer.text
            assert answer.headers["retry-after"]


def test_an_error_that_nobody_foresaw_is_a_problem_without_its_text() -> None:
    class Broken(SmallWriter):
        def write(self, *args: object, **more: object) -> list[object]:  # type: ignore[override]
            raise RuntimeError("ስልክ 0900 000 012")

    app = create_app(lambda: Broken({}))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = ready(client).post("/v1/ads", json={"brief": BRIEF})
    assert answer.status_code == 500
    assert "0900" not in answer.text


def test_an_error_of_ours_that_the_client_cannot_mend_is_a_server_error() -> None:
    class Failing(SmallWriter):
        def write(self, *args: object, **more: object) -> list[object]:  # type: ignore[override]
            raise TrainingError("the model is not finite. Train it again.")

    with TestClient(create_app(lambda: Failing({})), raise_server_exceptions=False) as client:
        answer = ready(client).post("/v1/ads", json={"brief": BRIEF})
    assert (answer.status_code, answer.json()["detail"]) == (500, "the model is not finite. Train it again.")


def test_requests_use_the_model_one_at_a_time() -> None:
    inside, most = [], []

    class Slow(SmallWriter):
        def write(self, *args: object, **more: object) -> list[object]:  # type: ignore[override]
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()
            return []

    with TestClient(create_app(lambda: Slow({}))) as slow:
        ready(slow)
        threads = [
            threading.Thread(target=slow.post, args=("/v1/ads",), kwargs={"json": {"brief": BRIEF}})
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == [1, 1, 1, 1]


def test_more_waiting_requests_than_places_are_told_to_come_back() -> None:
    engine = loaded(Engine(small_writer))
    held = [engine.writer() for _ in range(WAITING_REQUESTS)]
    with held[0], pytest.raises(ResourceError, match="waiting for the model"):  # noqa: PT012
        for _ in range(WAITING_REQUESTS - 1):
            engine._places.acquire()
        with engine.writer():
            pytest.fail("there was no place")


def test_a_failed_load_is_tried_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Callable[[], Writer]] = [small_writer]

    def load() -> Writer:
        if len(answers) == 1 and not tried:
            tried.append(1)
            raise ArtifactError("not made yet")
        return answers[0]()

    tried: list[int] = []
    engine = loaded(Engine(load))
    assert engine.state() == "not made yet"
    engine.start()
    assert engine.state() == "not made yet"
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + RETRY_SECONDS + 1)
    assert loaded(engine).state() == "ready"


def loaded(engine: Engine) -> Engine:
    """The engine after one attempt to load."""
    engine.start()
    if engine._loading is not None:
        engine._loading.join(5)
    return engine


def test_the_openapi_document_has_examples_and_no_page_that_fetches_scripts(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["schemas"]["AdsRequest"]["examples"]
    assert {"/v1/ads", "/v1/briefs", "/v1/search", "/v1/channels", "/health", "/ready"} == set(
        document["paths"]
    )
    assert client.get("/docs").status_code == 404
