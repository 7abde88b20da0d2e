import json
import re
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.brief import ENDINGS, read_brief
from adgen_pipeline.labels.taxonomy import VERTICALS
from benchmarks.brief_sets import (
    DEVELOPMENT,
    HELD_OUT,
    SEEN,
    Expected,
    document_text,
    expectations,
    says,
    shortfalls,
    understood,
)
from benchmarks.briefs import main

EXPECTED = {folder: expectations(folder) for folder in (SEEN, DEVELOPMENT, HELD_OUT)}
UNSEEN = {**EXPECTED[DEVELOPMENT], **EXPECTED[HELD_OUT]}
INVENTED = re.compile(
    r"(?:\b0|\+251 )900 (?:000|999) \d{3}\b|@abc_sample_\w+|@example\b|www\.example\.com|t\.me/abc_sample\w+"
)
CONTACT = re.compile(
    r"\b0(?:[79]\d|1)\d[ \d-]{6,}|\+251[ \d-]*|@\w{5,}|(?:https?://|www\.|t\.me/)[^\s\"]+|\b9\d{3}\b(?! ?\d)"
)
SHORT_CODES = {"9001", "9002"}
TRAPS = {"injection", "contradictory", "gambling", "politics", "religious", "profanity"}
TRAPS |= {"twenty_pages", "no_facts", "only_emoji"}

each = pytest.mark.parametrize("folder", EXPECTED, ids=lambda folder: folder.name)


def _contacts(folder: Path) -> set[str]:
    files = [file for file in folder.rglob("*") if file.suffix in ENDINGS]
    return {
        found.strip(" -.,") for file in files for found in CONTACT.findall(document_text(file))
    } - SHORT_CODES


@pytest.mark.parametrize("briefs", [EXPECTED[SEEN], UNSEEN], ids=["seen", "unseen"])
def test_eight_verticals_in_three_languages_and_every_kind_of_trap_are_there(
    briefs: dict[str, Expected],
) -> None:
    ordinary = [expected for expected in briefs.values() if expected.kind == "ordinary"]
    by_vertical = {(expected.vertical, expected.language) for expected in ordinary}
    verticals = {vertical for vertical, _ in by_vertical}
    assert len(verticals) >= 8
    assert verticals <= set(VERTICALS)
    assert by_vertical >= {(v, language) for v in verticals for language in ("en", "am", "mixed")}
    assert {expected.kind for expected in briefs.values()} >= TRAPS


@each
def test_every_file_is_expected_and_every_contact_invented(folder: Path) -> None:
    files = [str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file() and f.suffix != ".toml"]
    assert sorted(files) == sorted(expected.file for expected in EXPECTED[folder].values())
    assert [found for found in sorted(_contacts(folder)) if not INVENTED.search(found)] == []


@each
def test_what_an_ad_must_say_stands_in_the_brief_word_for_word(folder: Path) -> None:
    absent = [
        (name, words)
        for name, expected in EXPECTED[folder].items()
        for words in expected.must
        if not says(document_text(folder / expected.file), words)
    ]
    assert absent == []


def test_the_sets_share_neither_contacts_nor_names_of_briefs() -> None:
    assert len(UNSEEN) >= 44
    assert {"hidden_comment", "template_tokens", "alcohol"} <= {e.kind for e in UNSEEN.values()}
    ordinary = [{n for n, e in EXPECTED[f].items() if e.kind == "ordinary"} for f in EXPECTED]
    for one, other in combinations(range(len(EXPECTED)), 2):
        assert ordinary[one].isdisjoint(ordinary[other])
    assert _contacts(SEEN) & (_contacts(DEVELOPMENT) | _contacts(HELD_OUT)) == set()


@pytest.mark.parametrize("name", EXPECTED[SEEN])
def test_a_brief_is_understood_as_expected_and_the_template_says_what_it_must(name: str) -> None:
    assert shortfalls(SEEN, EXPECTED[SEEN][name]) == []


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED[SEEN].items() if expected.is_refused])
def test_a_brief_that_says_nothing_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(BriefError) as error:
        read_brief(SEEN / EXPECTED[SEEN][name].file)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "words", "is_said"),
    [
        ("ዋጋ 900 ብር", "900", True),
        ("ስልክ 0900 000 201", "900", False),
        ("ዋጋ 12,850 ብር", "850", False),
        ("ዋጋ 850,000 ብር", "850", False),
        ("ዋጋ 850.", "850", True),
        ("ቅናሽ 15%", "5%", False),
        ("ሱቅ ጦስኝ ሽመና", "ጦስኝ ሽመና", True),
    ],
)
def test_words_are_said_but_not_as_part_of_a_longer_number(text: str, words: str, is_said: bool) -> None:
    assert says(text, words) == is_said


def test_every_aspect_that_is_not_as_expected_is_named(tmp_path: Path) -> None:
    (tmp_path / "chair.yaml").write_text(
        "product: Office chair\nprice: 4,100 birr\nphone: 0900 000 301\nwarranty: 1 year\n", encoding="utf-8"
    )
    (tmp_path / "emoji.txt").write_text("🎉🎉", encoding="utf-8")
    (tmp_path / "expected.toml").write_text(
        """
        [right]
        file = "chair.yaml"
        kind = "ordinary"
        language = "en"
        must = ["4,100", "0900 000 301"]
        promises = ["warranty"]

        [wrong]
        file = "chair.yaml"
        kind = "ordinary"
        language = "en"
        must = ["4,100", "9,900"]
        must_not = ["0900 000 301"]
        rules = ["5.6"]
        missing = ["contact"]
        contradictions = 1

        [not-refused]
        file = "chair.yaml"
        kind = "no_facts"
        language = "en"
        must = []
        is_refused = true

        [unreadable]
        file = "emoji.txt"
        kind = "ordinary"
        language = "am"
        must = ["9,900"]
        """,
        encoding="utf-8",
    )
    known = expectations(tmp_path)
    assert shortfalls(tmp_path, known["right"]) == []
    wrong = shortfalls(tmp_path, known["wrong"])
    assert [s.aspect for s in wrong] == [
        "must", "must_not", "missing", "contradictions", "policy", "promises", "template", "template",
    ]  # fmt: skip
    assert [shortfall.aspect for shortfall in shortfalls(tmp_path, known["not-refused"])] == ["read"]
    found = understood(tmp_path)
    assert found["understood_share"] == 0.25
    assert (
        found["must_have_facts_found_share"] == 0.6
    )  # 3 of 5: one is not in the brief, one brief is not read
    assert found["shortfalls"].keys() == {"wrong", "not-refused", "unreadable"}  # type: ignore[attr-defined]

    printed = CliRunner().invoke(main, ["--briefs", str(tmp_path)]).output
    assert "understood_share: 0.25" in printed
    assert "  missing: expected contact; came none" in printed
    answer = json.loads(CliRunner().invoke(main, ["--briefs", str(tmp_path), "--json"]).output)
    assert answer["shortfalls"]["unreadable"][0][:2] == ["read", "a brief"]
