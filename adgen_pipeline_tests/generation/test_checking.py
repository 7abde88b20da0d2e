import pytest

from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.checking import check, invented

BRIEF = understand(
    "ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2,500 ብር\nስልክ፦ 0900 000 012\nቴሌግራም፦ @abc_sample_shop\nአድራሻ፦ ቦሌ", source="brief.md"
)
GOOD = "የቆዳ ጫማ በ2,500 ብር። ቦሌ። 0900 000 012 @abc_sample_shop"


def test_what_the_brief_says_raises_no_concern() -> None:
    checked = check(GOOD, BRIEF)
    assert (checked.concerns, checked.missing, checked.problems, checked.verdict) == ((), (), (), "allow")


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        pytest.param(f"{GOOD} 3,900 ብር", "invented_fact", "3,900 ብር", id="another price"),
        pytest.param(f"{GOOD} 0911 22 33 44", "invented_fact", "0911 22 33 44", id="another phone"),
        pytest.param(f"{GOOD} @other_shop", "invented_fact", "@other_shop", id="another handle"),
        pytest.param(f"{GOOD} 7", "invented_fact", "7", id="a bare number"),
        pytest.param(f"{GOOD} ፯", "invented_fact", "፯", id="an Ethiopic number"),
        pytest.param(f"{GOOD} @", "invented_contact", "@", id="the sign of a handle"),
        pytest.param(f"{GOOD} ቤትዎ ድረስ እናደርሳለን", "promise_delivery", "እናደርሳለን", id="delivery"),
        pytest.param(f"{GOOD} የ1 ዓመት ዋስትና", "promise_warranty", "ዋስትና", id="warranty"),
    ],
)
def test_what_the_brief_does_not_say_is_found_in_its_place(text: str, kind: str, words: str) -> None:
    found = [(c.kind, c.text) for c in check(text, BRIEF).concerns if c.kind == kind]
    assert (kind, words) in found
    for concern in check(text, BRIEF).concerns:
        assert text[concern.start : concern.end] == concern.text


def test_the_same_value_in_other_letters_is_no_invention() -> None:
    assert invented("ጫማ 2500 ብር፣ +251900000012", BRIEF) == []


def test_facts_that_were_edited_away_are_missing() -> None:
    assert [fact.kind for fact in check("የቆዳ ጫማ ቦሌ @abc_sample_shop", BRIEF).missing] == ["price", "phone"]


def test_a_text_that_is_too_long_or_empty_is_no_post() -> None:
    assert check("", BRIEF).problems
    assert "4096" in check("ጫማ " * 2000, BRIEF).problems[0]


def test_what_the_policy_refuses_stands_in_its_place() -> None:
    text = f"{GOOD} ውርርድ ቁማር"
    checked = check(text, BRIEF)
    assert checked.verdict != "allow"
    assert {c.kind for c in checked.concerns} >= {"policy"}
