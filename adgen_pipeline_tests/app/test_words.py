"""The page's words: all of them, in both languages, and a word for whatever the API calls by an identifier."""

import re
from typing import get_args

import pytest
import yaml

from adgen_pipeline.app.contenders import Title
from adgen_pipeline.app.keys import ROLES
from adgen_pipeline.app.screens import words as page
from adgen_pipeline.app.screens.ads import FORMAT_UNITS, REASONS
from adgen_pipeline.app.screens.brief import FIELDS
from adgen_pipeline.app.screens.compare import CHOICES, SIDES
from adgen_pipeline.app.screens.words import translated, where, words
from adgen_pipeline.generation import comparisons, formats, policy
from adgen_pipeline.generation.archive import Verdict as Given
from adgen_pipeline.generation.brief import missing, understand
from adgen_pipeline.generation.contradictions import _NAMES
from adgen_pipeline.generation.fields import FIELD_LABELS
from adgen_pipeline.generation.ranking import WEIGHTS
from adgen_pipeline.labels.taxonomy import VERTICALS
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.language import LANGUAGES
from adgen_pipeline.text.slots import SLOT_KINDS

ETHIOPIC = re.compile(r"[\u1200-\u139f\u2d80-\u2ddf\uab00-\uab2f]")
# Latin words that stay in Amharic: names of file types and of commands.
KEPT = re.compile(r"`[^`]*`|\{\w+\}|\b(?:PDF|Word|Markdown|YAML)\b")
LATIN = re.compile(r"[A-Za-z]")


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
    path = page.Path(page.__file__).parent.parent / "page_words.yaml"
    keys = [line.split(":")[0] for line in path.read_text(encoding="utf-8").splitlines() if ": {" in line]
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
        "rule": policy.ours().names,
        "given": get_args(Given),
        "reason": REASONS,
        "role": ROLES,
        "vote": comparisons.CHOICES,
        "side": SIDES,
        "model": (*get_args(Title), "other"),
        "written_by": ("model", "template"),
        "stage": ("retrieved", "drawn", "working"),
        "score": (*WEIGHTS, "total", "bits_per_byte", "repairs_count"),
        "concern": ("invented_fact", "invented_contact", "number_word", "promise", "policy"),
        "vertical": VERTICALS,
        "language": LANGUAGES,
        "field": (*FIELD_LABELS, "body", "other"),
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
    assert len(found) >= 20
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
    path = page.Path(page.__file__).parent.parent / "page_sentences.yaml"
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        en, am = (set(re.findall(r"\{(\w+)\}", entry[name])) for name in ("en", "am"))
        assert am <= en
        assert ETHIOPIC.search(entry["am"])
        assert not LATIN.search(KEPT.sub("", entry["am"])), entry["am"]
