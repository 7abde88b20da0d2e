import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adgen_pipeline.app.beside import Fit
from adgen_pipeline.app.engine import BusyError
from adgen_pipeline.app.keys import Keyring
from adgen_pipeline.generation.comparisons import in_drawn_order
from adgen_pipeline_tests.app.ad_writer import SmallWriter
from adgen_pipeline_tests.app.serving import BRIEF, ready, small_app, small_beside, stored_model

ASKED = {"brief": BRIEF, "channel_id": 7, "models": ["champion", "template"]}
NAMES = ("m0", "m1", "template")
Opened = Callable[..., TestClient]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    clients: list[TestClient] = []

    def open_app(**more: Any) -> TestClient:
        stored_model(tmp_path, "m0")
        client = TestClient(small_app(tmp_path, **more))
        clients.append(client)
        client.__enter__()
        return ready(client)

    yield open_app
    for client in clients:
        client.__exit__(None, None, None)


def compared(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/comparisons", json={**ASKED, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_two_ads_come_without_their_writers_and_a_vote_names_them(opened: Opened) -> None:
    client = opened()
    answer = client.post("/v1/comparisons", json={**ASKED, "models": ["m0", "m1"]})
    shown = answer.json()
    assert shown["revealed"] is None
    assert shown["vote"] is None
    for side in ("first", "second"):
        assert set(shown[side]) == {"text", "facts", "left_out", "policy"}
        assert "2,500 ብር" in shown[side]["text"]
    assert not any(f'"{name}"' in answer.text for name in (*NAMES, "written_by", "ad_id"))
    told = client.post(f"/v1/comparisons/{shown['comparison_id']}/vote", json={"choice": "first"}).json()
    revealed = told["revealed"]
    assert {revealed[side]["model"] for side in ("first", "second")} == {"m0", "m1"}
    assert revealed["first"]["ad"]["text"] == shown["first"]["text"]
    assert (told["vote"]["choice"], told["vote"]["role"]) == ("first", "manager")
    drawn = in_drawn_order([{"model": "m0"}, {"model": "m1"}], seed=revealed["seed"])
    assert [revealed[side]["model"] for side in ("first", "second")] == [ad["model"] for ad in drawn]


def test_both_are_kept_with_their_evidence_and_show_up_after_the_vote_alone(opened: Opened) -> None:
    client = opened()
    shown = compared(client)
    assert client.get("/v1/ads").json() == []
    path = f"/v1/comparisons/{shown['comparison_id']}"
    assert client.get(path).json() == shown
    told = client.post(f"{path}/vote", json={"choice": "both", "role": "reviewer"}).json()
    assert client.get(path).json() == told
    assert len(client.get("/v1/ads").json()) == 2
    side = told["revealed"]["second"]
    kept = client.get(f"/v1/ads/{side['ad']['ad_id']}").json()
    assert (kept["ad"], kept["model"]) == (side["ad"], side["model"])
    assert kept["ad"]["exemplars"]


def test_a_key_votes_once_and_another_key_too(opened: Opened, tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys.json")
    keys = (keyring.add("a", role="manager"), keyring.add("b", role="reviewer"))
    headers = [{"X-API-Key": key} for key in keys]
    client = opened(keyring=keyring)
    shown = client.post("/v1/comparisons", json=ASKED, headers=headers[0]).json()
    path = f"/v1/comparisons/{shown['comparison_id']}"
    assert client.post(f"{path}/vote", json={"choice": "first"}, headers=headers[0]).status_code == 200
    again = client.post(f"{path}/vote", json={"choice": "second"}, headers=headers[0])
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
    assert "voted on this comparison before" in again.json()["detail"]
    assert "retry-after" not in again.headers
    assert client.get(path, headers=headers[1]).json()["revealed"] is None
    other = client.post(f"{path}/vote", json={"choice": "neither"}, headers=headers[1]).json()
    assert other["vote"]["role"] == "reviewer"
    summary = client.get("/v1/comparisons/summary", headers=headers[0]).json()
    assert summary["votes_count"] == 2


def test_the_summary_counts_votes_by_pairs_of_models(opened: Opened) -> None:
    client = opened()
    assert client.get("/v1/comparisons/summary").json() == {"votes_count": 0, "pairs": []}
    for _ in range(6):
        shown = compared(client)
        template = "first" if shown["first"]["text"].startswith("✨") else "second"
        vote = client.post(f"/v1/comparisons/{shown['comparison_id']}/vote", json={"choice": template})
        assert vote.json()["revealed"][template]["model"] == "template"
    (pair,) = client.get("/v1/comparisons/summary").json()["pairs"]
    assert (pair["model"], pair["other"], pair["wins"], pair["losses"]) == ("m1", "template", 0, 6)
    assert (pair["win_rate"], pair["low"], pair["high"], pair["p_value"]) == (0.0, 0.0, 0.0, 2 / 64)


@pytest.mark.parametrize(
    ("models", "status", "words"),
    [
        pytest.param(["champion", "nowhere"], 404, "no model nowhere", id="unknown"),
        pytest.param(["../m0", "m1"], 404, "no model ../m0", id="a path"),
        pytest.param(["m1", "m1"], 422, "not compared with itself", id="one twice"),
        pytest.param(["m1", "champion"], 422, "the same model, m1", id="one by two names"),
        pytest.param(["m1"], 422, "models", id="one alone"),
    ],
)
def test_models_that_cannot_be_compared_are_refused(
    opened: Opened, models: list[str], status: int, words: str
) -> None:
    answer = opened().post("/v1/comparisons", json={**ASKED, "models": models})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]


def test_models_are_listed_with_what_they_are(opened: Opened) -> None:
    found = opened().get("/v1/models").json()["contenders"]
    assert [(c["model"], c["title"], c["is_serving"]) for c in found] == [
        ("m1", "champion", True),
        ("m0", "challenger", False),
        ("template", "template", False),
    ]


def test_the_same_ad_twice_is_revealed_at_once_and_takes_no_vote(opened: Opened) -> None:
    client = opened(load_beside=lambda version: lambda w: SmallWriter(w.channels, model_version=version))
    shown = compared(client)
    assert shown["is_same"]
    assert {shown["revealed"][side]["model"] for side in ("first", "second")} == {"m1", "template"}
    answer = client.post(f"/v1/comparisons/{shown['comparison_id']}/vote", json={"choice": "first"})
    assert answer.status_code == 422
    assert client.get("/v1/comparisons/summary").json()["votes_count"] == 0


def test_the_same_request_sent_twice_is_one_comparison_and_one_vote(opened: Opened) -> None:
    client, key = opened(), {"Idempotency-Key": "k1"}
    first, again = (client.post("/v1/comparisons", json=ASKED, headers=key) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    path = f"/v1/comparisons/{first.json()['comparison_id']}/vote"
    votes = [client.post(path, json={"choice": "first"}, headers={"Idempotency-Key": "k2"}) for _ in range(2)]
    assert [vote.status_code for vote in votes] == [200, 200]
    assert votes[0].json() == votes[1].json()


def test_no_memory_for_a_second_model_is_told_with_when_to_come_back(opened: Opened) -> None:
    def none(version: str) -> Fit:
        raise BusyError(f"There is no memory for model {version}.", retry_seconds=60)

    client = opened(load_beside=none)
    answer = client.post("/v1/comparisons", json={**ASKED, "models": ["m0", "m1"]})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert client.get("/v1/ads").json() == []


def test_ads_are_written_while_a_second_model_is_loaded(opened: Opened) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def slow(version: str) -> Fit:
        loading.set()
        assert go_on.wait(10)
        return small_beside(version)

    client = opened(load_beside=slow)
    answers: list[int] = []
    asked = {**ASKED, "models": ["m0", "m1"]}
    comparing = threading.Thread(
        target=lambda: answers.append(client.post("/v1/comparisons", json=asked).status_code)
    )
    comparing.start()
    assert loading.wait(5)
    started = time.monotonic()
    assert client.post("/v1/ads", json={"brief": BRIEF}).status_code == 200
    assert time.monotonic() - started < 2
    go_on.set()
    comparing.join()
    assert answers == [200]
    assert "adgen_models_beside 1.0" in client.get("/metrics").text


def test_what_is_not_there_is_not_found(opened: Opened) -> None:
    client = opened()
    path = f"/v1/comparisons/{'0' * 16}"
    assert client.get(path).status_code == 404
    assert client.post(f"{path}/vote", json={"choice": "first"}).status_code == 404
    assert client.post("/v1/comparisons", json={**ASKED, "channel_id": 99}).status_code == 404
