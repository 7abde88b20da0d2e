import re

import pytest

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.brief import missing, read_brief
from adgen_pipeline.generation.guard import Guard
from adgen_pipeline.generation.policy import judge
from adgen_pipeline.generation.prompt import spoken
from adgen_pipeline.generation.template import template_ad
from adgen_pipeline.labels.taxonomy import VERTICALS
from adgen_pipeline.text.brief import Brief, brief_text
from adgen_pipeline.text.promises import promised
from benchmarks.brief_sets import FOLDER, Expected, expectations

EXPECTED = expectations()
UNDERSTOOD = {name: expected for name, expected in EXPECTED.items() if not expected.is_refused}
INVENTED = re.compile(
    r"0900 (?:000|999) \d{3}|\b900[12]\b|@abc_sample_\w+|www\.example\.com|t\.me/abc_sample\w+"
)
CONTACT = re.compile(r"\b0[79]\d{2}[ \d]{6,}|\+251|@\w{5,}|(?:https?://|www\.|t\.me/)\S+")


def _read(expected: Expected) -> Brief:
    return read_brief(FOLDER / expected.file)


def test_eight_verticals_in_three_languages_and_every_kind_of_trap_are_there() -> None:
    ordinary = [expected for expected in EXPECTED.values() if expected.kind == "ordinary"]
    by_vertical = {(expected.vertical, expected.language) for expected in ordinary}
    verticals = {vertical for vertical, _ in by_vertical}
    assert len(verticals) >= 8
    assert verticals <= set(VERTICALS)
    assert by_vertical == {(v, language) for v in verticals for language in ("en", "am", "mixed")}
    traps = {"injection", "contradictory", "gambling", "twenty_pages", "no_facts", "only_emoji"}
    assert traps <= {expected.kind for expected in EXPECTED.values()}


def test_every_file_is_expected_and_every_contact_invented() -> None:
    files = {str(f.relative_to(FOLDER)) for f in FOLDER.rglob("*") if f.is_file() and f.suffix != ".toml"}
    assert files == {expected.file for expected in EXPECTED.values()}
    for file in files:
        for found in CONTACT.findall((FOLDER / file).read_text(encoding="utf-8")):
            assert INVENTED.search(found), (file, found)


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_a_brief_is_understood_as_expected(name: str) -> None:
    expected = EXPECTED[name]
    brief = _read(expected)
    musts = [fact.text for fact in brief.facts if fact.must]
    for words in expected.must:
        assert any(words in text for text in musts), (words, musts)
    for words in expected.must_not:
        assert not any(words in text for text in musts), (words, musts)
    assert missing(brief) == expected.missing or expected.kind not in ("ordinary", "no_facts")
    assert len(brief.contradictions) == expected.contradictions
    judged = judge("\n".join([brief_text(brief), *brief.sensitive]))
    assert set(expected.rules) <= set(judged.rules)
    assert (judged.verdict == "allow") == (not expected.rules), judged.evidence
    if expected.kind == "ordinary":
        assert promised(brief_text(brief)) <= set(expected.promises)


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if expected.is_refused])
def test_a_brief_that_says_nothing_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(BriefError) as error:
        _read(EXPECTED[name])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_the_template_says_what_must_be_said_and_nothing_that_must_not(name: str) -> None:
    expected = EXPECTED[name]
    brief = _read(expected)
    ad = Guard(brief).fallback(template_ad(spoken(brief, keep_unknown=True)))
    for words in expected.must:
        assert words in ad.text
    for words in expected.must_not:
        assert words not in ad.text
