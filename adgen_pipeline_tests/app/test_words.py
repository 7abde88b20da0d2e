"""The page's words: all of them, in both languages, and a word for whatever the API calls by an identifier."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from fastapi.testclient import TestClient

from adgen_pipeline.app.contenders import Title
from adgen_pipeline.app.keys import ROLES
from adgen_pipeline.app.limits import Limits
from adgen_pipeline.app.screens import words as page
from adgen_pipeline.app.screens.ads import REASONS
from adgen_pipeline.app.screens.brief import FIELDS
from adgen_pipeline.app.screens.compare import CHOICES, SIDES
from adgen_pipeline.app.screens.labels import FORMAT_UNITS
from adgen_pipeline.app.screens.words import translated, where, words
from adgen_pipeline.generation import comparisons, formats, policy
from adgen_pipeline.generation.archive import Verdict as Given
from adgen_pipeline.generation.brief import missing, understand
from adgen_pipeline.generation.contradictions import _NAMES
from adgen_pipeline.generation.ranking import WEIGHTS
from adgen_pipeline.labels.taxonomy import VERTICALS
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.language import LANGUAGES
from adgen_pipeline.text.slots import SLOT_KINDS
from adgen_pipeline_tests.app.serving import BRIEF, ready, small_app

ETHIOPIC = re.compile(r"[\u1200-\u139f\u2d80-\u2ddf\uab00-\uab2f]")
# Latin words that stay in Amharic: names of file types and of commands.
KEPT = re.compile(r"`[^`]*`|\{\w+\}|\b(?:PDF|Word|Markdown|YAML)\b")
LATIN = re.compile(r"[A-Za-z]")
APP = Path(page.__file__).parent.parent
GENERATION = Path(policy.__file__).parent


@pytest.mark.parametrize("key", sorted(words()))
def test_a_word_is_there_in_both_languages_and_in_that_language_alone(key: str) -> None:
    entry = words()[key]
    assert set(entry) == {"en", "am"}
    assert ETHIOPIC.search(entry["am"])
    assert LATIN.search(entry["en"])
    assert not LATIN.search(KEPT.sub("", entry["am"])), entry["am"]
    assert not ETHIOPIC.search(entry["en"]), entry["en"]
    holes = [sorted(re.findall(r"\{(\w+)\}", text)) for text in entry.values()]
    assert holes[0] == holes[1]


def test_no_key_is_written_twice() -> None:
    lines = (APP / "page_words.yaml").read_text(encoding="utf-8").splitlines()
    keys = [line.split(":")[0] for line in lines if ": {" in line]
    assert sorted(keys) == sorted(set(keys))
    assert len(keys) == len(words())


def test_whatever_has_an_identifier_has_a_word() -> None:
    lacks = missing(Brief(description="ሰላም"))
    assert lacks
    names = {
        "kind": SLOT_KINDS,
        "lacks": lacks,
        "format": formats.FORMATS,
        "policy": get_args(policy.Verdict),
        "rule": yaml.safe_load((GENERATION / "policy.yaml").read_text(encoding="utf-8"))["rules"],
        "given": get_args(Given),
        "reason": REASONS,
        "role": ROLES,
        "vote": comparisons.CHOICES,
        "side": SIDES,
        "model": (*get_args(Title), "other"),
        "written_by": ("model", "template", "asked_template"),
        "stage": ("retrieved", "drawn", "working"),
        "score": (*WEIGHTS, "total", "bits_per_byte", "repairs_count"),
        "concern": ("invented_fact", "invented_contact", "number_word", "promise", "policy"),
        "vertical": VERTICALS,
        "language": LANGUAGES,
        "field": (*yaml.safe_load((GENERATION / "fields.yaml").read_text(encoding="utf-8")), "body", "other"),
    }
    wanted = {f"{kind}_{name}" for kind, all_of_it in names.items() for name in all_of_it}
    assert wanted - set(words()) == set()
    assert set(FIELDS) <= set(words())
    assert set(CHOICES) == set(comparisons.CHOICES)
    assert set(FORMAT_UNITS) == set(formats.MAXIMUM_UNITS)


def test_what_is_wrong_with_an_edited_ad_is_said_in_amharic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "language", lambda: "am")
    texts = [
        "", "ሀ" * 5000, "\ud800", "ጫማ ⟨price_1⟩ (", "ጫማ\nሁለት 0900 000 001 https://a.et/x https://b.et/y",
        "• ጫማ 👟👟👟 🔥🔥 ✨ SHOES SHOES SHOES S A L E https://bit.ly/abc",
    ]  # fmt: skip
    found = {
        problem
        for text in texts
        for kind in formats.FORMATS
        for problem in formats.problems(text, kind, language="en")
    }
    assert len(found) >= 19
    for problem in sorted(found):
        told = translated(problem)
        assert ETHIOPIC.search(told), problem
        assert words()["api_says"]["am"] not in told
        assert not re.search("post|caption|sponsored|tagline", told)


def test_contradictions_are_said_in_amharic_and_places_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "language", lambda: "am")
    brief = understand("Product: Shoes\nPrice: 2,500 birr\nOffer: price 3,000 birr", source="brief.md")
    assert brief.contradictions
    for sentence in brief.contradictions:
        assert translated(sentence).startswith("ለአንድ ምርት ሁለት ዋጋዎች፦")
        assert "ልዩ ቅናሽ" in translated(sentence)
    for name in _NAMES.values():
        told = translated(f"{name}: «2,500 birr» (price:12-20) and «3,000» (offer)")
        assert "«2,500 birr» (ዋጋ 12–20) እና «3,000» (ልዩ ቅናሽ)" in told


@pytest.mark.parametrize("language", ["en", "am"])
def test_a_sentence_without_a_translation_is_said_as_it_is(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(page, "language", lambda: language)
    lead = {"en": "", "am": f"{words()['api_says']['am']}: "}[language]
    assert translated("client.yaml: rule «x».") == f"{lead}client.yaml: rule «x»."
    assert translated("tagline has no line breaks").startswith({"en": "Tagline (60", "am": "«መፈክር"}[language])
    assert where("size") == {"en": "Size", "am": "መጠን"}[language]


def test_every_sentence_is_there_in_both_languages_with_the_same_holes() -> None:
    for entry in yaml.safe_load((APP / "page_sentences.yaml").read_text(encoding="utf-8")):
        en, am = (set(re.findall(r"\{(\w+)\}", entry[name])) for name in ("en", "am"))
        assert am <= en
        assert ETHIOPIC.search(entry["am"])
        assert not LATIN.search(KEPT.sub("", entry["am"])), entry["am"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = small_app(tmp_path_factory.mktemp("api"), limits=Limits(requests_per_minute=10_000))
    with TestClient(app) as opened:
        yield ready(opened)


REFUSED = {
    "an empty brief": ("/v1/briefs", {"json": {"brief": "!"}}),
    "a long brief": ("/v1/briefs", {"files": {"file": ("brief.txt", "ጫማ " * 100_000)}}),
    "a large file": ("/v1/briefs", {"files": {"file": ("brief.txt", b"a" * 40_000_000)}}),
    "a file named as a path": ("/v1/briefs", {"files": {"file": ("../brief.md", "ምርት፦ ጫማ")}}),
    "a Word file that is none": ("/v1/briefs", {"files": {"file": ("brief.docx", b"no zip")}}),
    "an old Word file": (
        "/v1/briefs",
        {"files": {"file": ("brief.docx", bytes.fromhex("d0cf11e0a1b11ae1"))}},
    ),
    "a PDF that is none": ("/v1/briefs", {"files": {"file": ("brief.pdf", b"no pdf")}}),
    "bytes for text": ("/v1/briefs", {"files": {"file": ("brief.txt", b"\xff\xfe\x00")}}),
    "broken YAML": ("/v1/briefs", {"files": {"file": ("brief.yaml", "a: [")}}),
    "a list for a brief": ("/v1/briefs", {"files": {"file": ("brief.yaml", "- ጫማ")}}),
    "deep YAML": ("/v1/briefs", {"files": {"file": ("brief.yaml", f"a: {'[' * 12}1{']' * 12}")}}),
    "too many fields": ("/v1/briefs", {"files": {"file": ("brief.yaml", "a: [" + "1, " * 2_100 + "1]")}}),
    "a strange advertiser": ("/v1/ads", {"json": {"brief": BRIEF + "\nAdvertiser: ../a b"}}),
    "an unknown channel": ("/v1/ads", {"json": {"brief": BRIEF, "channel_id": 999}}),
    "an unknown ad": (f"/v1/ads/{'0' * 16}/feedback", {"json": {"verdict": "accept"}}),
    "an unknown comparison": (f"/v1/comparisons/{'0' * 16}/vote", {"json": {"choice": "first"}}),
    "an unknown model": ("/v1/comparisons", {"json": {"brief": BRIEF, "models": ["m1", "gone"]}}),
    "advice before channels are explored": ("/v1/channels/advice", {"json": {"brief": BRIEF}}),
    "one model twice": ("/v1/comparisons", {"json": {"brief": BRIEF, "models": ["m1", "champion"]}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_manager_can_be_refused_is_said_in_amharic(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(page, "language", lambda: "am")
    path, request = REFUSED[name]
    answer: Any = client.post(path, **request)  # type: ignore[arg-type]
    assert answer.status_code in (*range(400, 500), 503), answer.text
    sentence = answer.json()["detail"]
    told = translated(sentence)
    assert words()["api_says"]["am"] not in told, sentence
    assert ETHIOPIC.search(told)


def test_a_wrong_key_and_a_busy_model_are_said_in_amharic(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(page, "language", lambda: "am")
    with TestClient(small_app(tmp_path, limits=Limits(waiting=0)), client=("192.0.2.1", 1)) as client:
        ready(client)
        busy = client.post("/v1/ads", json={"brief": BRIEF})
        assert busy.status_code == 503, busy.text
        assert translated(busy.json()["detail"]).endswith("ከጥቂት ጊዜ በኋላ እንደገና ይሞክሩ።")
    with TestClient(small_app(tmp_path, is_open=False)) as client:
        ready(client)
        keyless = client.post("/v1/ads", json={"brief": BRIEF})
        assert keyless.status_code == 401
        assert "`adgen keys add NAME`" in translated(keyless.json()["detail"])
        assert words()["api_says"]["am"] not in translated(keyless.json()["detail"])
