from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from adgen_pipeline.app.bodies import BriefFields
from adgen_pipeline.app.limits import Limits
from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import TrainingError
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline.generation.brief import understand
from adgen_pipeline_tests.app.ad_writer import SmallWriter
from adgen_pipeline_tests.app.serving import BRIEF, events, ready, small_app
from adgen_pipeline_tests.generation.profiles import profile

LIMITS = Limits()
PROBLEM = "application/problem+json"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(small_app(tmp_path)) as opened:
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
    assert ad["policy"] == {"verdict": "allow", "rules": [], "tags": []}
    assert ad["scores"] == {"coverage": 1.0}


def test_what_happens_comes_as_events_and_the_ads_at_the_end(client: TestClient) -> None:
    headers = {"accept": "text/event-stream"}
    answer = client.post("/v1/ads", json={"brief": BRIEF, "n": 2}, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    assert [name for name, _ in told] == ["started", "progress", "candidate", "done"]
    assert "2,500 ብር" in told[2][1]["text"]
    assert [ad["rank"] for ad in told[-1][1]["ads"]] == [1, 2]


def test_a_written_ad_is_kept_and_found_again(client: TestClient) -> None:
    written = client.post("/v1/ads", json={"brief": BRIEF, "channel_id": 7}).json()
    kept = client.get(f"/v1/ads/{written['ads'][0]['ad_id']}").json()
    assert kept["ad"] == written["ads"][0]
    assert kept["brief"] == written["brief"]
    assert [ad["ad_id"] for ad in client.get("/v1/ads", params={"q": "ጫማ"}).json()] == [kept["ad_id"]]
    assert client.get("/v1/ads", params={"q": "መኪና"}).json() == []
    missing = client.get("/v1/ads/0123456789abcdef")
    assert (missing.status_code, missing.headers["content-type"]) == (404, PROBLEM)


def test_a_verdict_is_kept_with_the_ad(client: TestClient) -> None:
    ad_id = client.post("/v1/ads", json={"brief": BRIEF}).json()["ads"][0]["ad_id"]
    assert client.post(f"/v1/ads/{ad_id}/feedback", json={"verdict": "accept"}).json()["invented"] == []
    edited = {"verdict": "edit", "text": "የቆዳ ጫማ 2,500 ብር፣ ስልክ 0911 22 33 44"}
    assert client.post(f"/v1/ads/{ad_id}/feedback", json=edited).json()["invented"] == ["0911 22 33 44"]
    client.post(f"/v1/ads/{ad_id}/feedback", json={"verdict": "reject", "reason": "ረጅም ነው"})
    given = client.get(f"/v1/ads/{ad_id}").json()["feedback"]
    assert [(f["verdict"], f["role"], f["reason"]) for f in given] == [
        ("accept", "manager", None),
        ("edit", "manager", None),
        ("reject", "manager", "ረጅም ነው"),
    ]
    assert client.get("/v1/ads").json()[0]["verdict"] == "reject"


@pytest.mark.parametrize(
    "verdict",
    [
        pytest.param({"verdict": "edit"}, id="an edit without its text"),
        pytest.param({"verdict": "reject"}, id="a rejection without a reason"),
        pytest.param({"verdict": "reject", "reason": "  "}, id="a rejection for nothing"),
        pytest.param({"verdict": "accept", "text": "ሌላ"}, id="another text accepted"),
        pytest.param({"verdict": "maybe"}, id="a verdict that is none"),
    ],
)
def test_a_verdict_that_says_too_little_is_refused(client: TestClient, verdict: dict[str, str]) -> None:
    ad_id = client.post("/v1/ads", json={"brief": BRIEF}).json()["ads"][0]["ad_id"]
    assert client.post(f"/v1/ads/{ad_id}/feedback", json=verdict).status_code == 422
    assert client.get(f"/v1/ads/{ad_id}").json()["feedback"] == []


def test_an_edited_ad_is_checked_against_its_brief(client: TestClient) -> None:
    ad_id = client.post("/v1/ads", json={"brief": BRIEF}).json()["ads"][0]["ad_id"]
    text = "👟 የቆዳ ጫማ 3,900 ብር"
    found = client.post(f"/v1/ads/{ad_id}/checks", json={"text": text}).json()
    (concern,) = found["concerns"]
    assert (concern["kind"], text[concern["start"] : concern["end"]]) == ("invented_fact", "3,900 ብር")
    assert [fact["text"] for fact in found["missing"]] == ["2,500 ብር", "0900 000 012"]
    assert (found["units"], found["maximum_units"]) == (len(text) + 1, 4096)


def test_a_brief_by_fields_says_the_same_as_its_text(client: TestClient) -> None:
    fields = {"product": "የቆዳ ጫማ", "price": "2,500 ብር", "contact": "0900 000 012"}
    by_fields = client.post("/v1/briefs", json={"brief": fields}).json()["brief"]
    by_text = client.post("/v1/briefs", json={"brief": BRIEF}).json()["brief"]
    assert {(fact["slot"], fact["value"]) for fact in by_fields["facts"]} == {
        (fact["slot"], fact["value"]) for fact in by_text["facts"]
    }


def test_the_fields_of_a_brief_sent_back_say_the_same() -> None:
    text = (
        "ምርት፦ የወንዶች የቆዳ ጫማ\nባህሪያት፦ እውነተኛ ቆዳ፣ ቀላል፣ ከ39 እስከ 45 ቁጥር\nዋጋ፦ 2,500 ብር\nቅናሽ፦ 10%\n"
        "ስልክ፦ 0900 000 001፣ @abc_sample_shop\nአድራሻ፦ ቦሌ፣ አዲስ አበባ"
    )
    brief = understand(text, source="brief.md")
    again = BriefFields.of(brief).understood()
    assert {(f.kind, f.value) for f in again.facts} == {(f.kind, f.value) for f in brief.facts}
    assert again.product == brief.product


def test_what_the_policy_saw_in_a_document_is_not_lost_by_editing() -> None:
    brief = understand("ምርት፦ ቢራ\nማስታወሻ፦ ዕድሜ", source="brief.md")
    fields = BriefFields.of(brief).model_copy(update={"product": "መጠጥ"})
    assert set(brief.sensitive) <= set(fields.understood().sensitive)


def test_an_uploaded_yaml_brief_is_read_as_yaml(client: TestClient) -> None:
    answer = client.post("/v1/briefs", json={"brief": 'product: "የቆዳ ጫማ"\nprice: [1', "file_name": "b.yaml"})
    assert answer.status_code == 422
    assert "YAML" in answer.json()["detail"]


def test_a_file_is_understood_and_nothing_of_it_stays(client: TestClient, tmp_path: Path) -> None:
    files = {"file": ("የጫማ ማስታወቂያ.yaml", 'product: "የቆዳ ጫማ"\nprice: "2,500 ብር"\n'.encode())}
    answer = client.post("/v1/briefs", files=files)
    assert answer.status_code == 200
    assert answer.json()["fields"]["price"] == "2,500 ብር"
    assert answer.json()["missing"] == ["contact"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["../b.md", "a/b.md", "a\\b.md", ".hidden.md", "/etc/passwd", "x" * 121])
def test_a_file_name_that_is_a_path_is_refused(client: TestClient, tmp_path: Path, name: str) -> None:
    answer = client.post("/v1/briefs", files={"file": (name, b"product: shoes")})
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert "plain name" in answer.json()["detail"]
    assert list(tmp_path.rglob("*.md")) == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        pytest.param(b"--x--", "multipart/form-data; boundary=x", 422, id="a form without a file"),
        pytest.param(b"rubbish", "multipart/form-data; boundary=x", 400, id="no form at all"),
        pytest.param(b"rubbish", "multipart/form-data", 400, id="a form without a boundary"),
        pytest.param(b"<brief/>", "text/xml", 415, id="another kind of body"),
        pytest.param(b"{", "application/json", 422, id="broken JSON"),
        pytest.param(b'{"brief": ""}', "application/json", 422, id="an empty brief"),
    ],
)
def test_a_body_that_is_no_brief_is_told_so(
    client: TestClient, content: bytes, kind: str, status: int
) -> None:
    answer = client.post("/v1/briefs", content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)


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
    assert answer.headers["content-type"] == PROBLEM
    assert any(part in error["where"] for error in answer.json()["errors"])


def test_a_channel_that_is_not_in_the_index_is_not_found(client: TestClient) -> None:
    answer = client.post("/v1/ads", json={"brief": BRIEF, "channel_id": 8})
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert client.get("/v1/search", params={"q": "ጫማ", "channel_id": 8}).status_code == 404


def test_search_gives_posts_as_they_are(client: TestClient) -> None:
    hits = client.get("/v1/search", params={"q": "ጫማ", "k": 3}).json()["hits"]
    assert hits[0]["post"] == "የቆዳ ጫማ <b>አለ</b>"
    assert hits[0]["matched"] == ["ጫማ"]


def test_search_hands_on_its_conditions(tmp_path: Path) -> None:
    writer = SmallWriter({7: "ናሙና ሱቅ"})
    with TestClient(small_app(tmp_path, lambda: writer)) as opened:
        asked = {"q": "ጫማ", "is_ad": "true", "vertical": "retail", "language": "am", "since": "2024-09-30"}
        assert ready(opened).get("/v1/search", params=asked).status_code == 200
        assert opened.get("/v1/search", params={"q": "ጫማ", "until": "Meskerem"}).status_code == 422
    day = date(2024, 9, 30)
    assert writer.index.conditions == {"is_ad": True, "vertical": "retail", "language": "am", "since": day}


def test_channels_come_by_name(client: TestClient) -> None:
    assert [c["channel_id"] for c in client.get("/v1/channels").json()] == [3, 7]


def test_channels_are_advised_with_reasons_in_the_language_that_is_asked_for(
    client: TestClient, tmp_path: Path
) -> None:
    asked = {"brief": BRIEF, "k": 1}
    assert (
        client.post("/v1/channels/advice", json=asked).status_code == 503
    )  # the corpus was not explored yet
    known = {"ads_count": 10, "languages": [{"language": "am", "posts_count": 9}]}
    profiles = [profile(3), profile(7, **known, channel_name="ናሙና ሱቅ")]
    Store(tmp_path).write_table(CHANNEL_PROFILES, CHANNEL_PROFILES.frame(profiles))
    (best,) = client.post("/v1/channels/advice", json=asked).json()
    assert (best["channel_id"], best["name"]) == (7, "ናሙና ሱቅ")
    assert 0 < best["score"] <= 1
    assert "its posts are 100% Amharic; the ad is Amharic" in best["reasons"]
    both = client.post("/v1/channels/advice", json={"brief": BRIEF, "language": "am"}).json()
    assert [channel["channel_id"] for channel in both] == [7, 3]
    assert "የመግለጫው" in both[1]["reasons"][1]
    refused = client.post("/v1/channels/advice", json={"brief": BRIEF, "language": "om"})
    assert (refused.status_code, refused.headers["content-type"]) == (422, PROBLEM)


CLIENT_RULES = """rules:
  client-competitors:
    name: competitors by name
    verdict: needs_review
    am: ["ናሙና ገበያ"]
"""


def test_a_clients_rules_judge_edited_ads_and_are_remembered_of_briefs(
    client: TestClient, tmp_path: Path
) -> None:
    ad_id = client.post("/v1/ads", json={"brief": BRIEF}).json()["ads"][0]["ad_id"]
    edited = {"text": "የቆዳ ጫማ ከናሙና ገበያ ይሻላል"}
    assert client.post(f"/v1/ads/{ad_id}/checks", json=edited).json()["policy"]["verdict"] == "allow"
    Store(tmp_path).policy.mkdir(parents=True)
    (Store(tmp_path).policy / "client.yaml").write_text(CLIENT_RULES, encoding="utf-8")
    judged = client.post(f"/v1/ads/{ad_id}/checks", json=edited).json()["policy"]
    assert (judged["verdict"], judged["rules"]) == ("needs_review", ["client-competitors"])
    brief = f"{BRIEF}\nሌላ፦ እንደ ናሙና ገበያ"
    for sent in ({"json": {"brief": brief}}, {"files": {"file": ("brief.txt", brief.encode())}}):
        found = client.post("/v1/briefs", **sent).json()
        assert any("ናሙና ገበያ" in words for words in found["fields"]["sensitive"])


def test_metrics_count_what_was_done_and_hold_no_words(client: TestClient) -> None:
    client.post("/v1/ads", json={"brief": BRIEF})
    client.get("/v1/ads/0123456789abcdef")
    text = client.get("/metrics").text
    assert 'adgen_requests_total{method="POST",route="/v1/ads",status="200"} 1.0' in text
    assert 'route="/v1/ads/{ad_id}",status="404"' in text
    assert 'adgen_ads_written_total{verdict="allow",written_by="model"} 1.0' in text
    assert "adgen_ready 1.0" in text
    assert "ጫማ" not in text


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 1000 + 2):
        yield b" " * 1000


@pytest.mark.parametrize("path", ["/v1/ads", "/v1/briefs"])
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_a_body_over_the_limit_is_refused(client: TestClient, announced: bool, path: str) -> None:
    size = LIMITS.upload_bytes if path == "/v1/briefs" else LIMITS.body_bytes
    content = b"".join(chunks(size)) if announced else chunks(size)
    answer = client.post(path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "KiB" in answer.json()["detail"]


def test_a_host_name_from_elsewhere_does_not_reach_an_open_api(tmp_path: Path) -> None:
    with TestClient(small_app(tmp_path), base_url="http://rebound.example") as client:
        assert client.get("/health").status_code == 400


def test_an_error_that_nobody_foresaw_is_a_problem_without_its_text(tmp_path: Path) -> None:
    class Broken(SmallWriter):
        def write(self, *args: object, **more: object) -> list[object]:  # type: ignore[override]
            raise RuntimeError("ስልክ 0900 000 012")

    with TestClient(small_app(tmp_path, lambda: Broken({})), raise_server_exceptions=False) as client:
        answer = ready(client).post("/v1/ads", json={"brief": BRIEF})
        stream = client.post("/v1/ads", json={"brief": BRIEF}, headers={"accept": "text/event-stream"})
    assert answer.status_code == 500
    assert "0900" not in answer.text
    name, value = events(stream.text)[-1]
    assert (name, value["status"]) == ("problem", 500)
    assert "0900" not in stream.text


def test_an_error_of_ours_that_the_client_cannot_mend_is_a_server_error(tmp_path: Path) -> None:
    class Failing(SmallWriter):
        def write(self, *args: object, **more: object) -> list[object]:  # type: ignore[override]
            raise TrainingError("the model is not finite. Train it again.")

    with TestClient(small_app(tmp_path, lambda: Failing({})), raise_server_exceptions=False) as client:
        answer = ready(client).post("/v1/ads", json={"brief": BRIEF})
    assert (answer.status_code, answer.json()["detail"]) == (500, "the model is not finite. Train it again.")


def test_the_openapi_document_has_examples_and_no_page_that_fetches_scripts(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["schemas"]["AdsRequest"]["examples"]
    assert set(document["paths"]) == {
        "/v1/ads", "/v1/ads/{ad_id}", "/v1/ads/{ad_id}/checks", "/v1/ads/{ad_id}/feedback", "/v1/briefs",
        "/v1/comparisons", "/v1/comparisons/summary", "/v1/comparisons/{comparison_id}",
        "/v1/comparisons/{comparison_id}/vote", "/v1/search", "/v1/channels",
        "/v1/channels/advice", "/v1/models", "/health", "/ready", "/metrics",
    }  # fmt: skip
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            for status, response in operation["responses"].items():
                assert status == "200" or list(response["content"]) == [PROBLEM], (path, status)
    assert client.get("/docs").status_code == 404


def test_half_a_character_in_a_request_is_no_server_error(client: TestClient) -> None:
    content = b'{"brief": "\\ud800", "\\udfff": 1}'
    for path in ("/v1/ads", "/v1/briefs"):
        answer = client.post(path, content=content, headers={"content-type": "application/json"})
        assert answer.status_code == 422
