import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.generation.formats import is_balanced, problems, utf16_units, without_stray_brackets


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        pytest.param("አዲስ ጫማ (ጥቁር) 1) ምቹ :)", True, id="ordinary"),
        pytest.param("ስክሪን 15.6” እና 14”", True, id="inches"),
        pytest.param("ጥቁር” ጫማ", False, id="a quotation that was never opened"),
        pytest.param("", False, id="empty"),
        pytest.param(" \n ", False, id="blank"),
        pytest.param("ሀ" * 4096, True, id="4096 letters"),
        pytest.param("ሀ" * 4097, False, id="4097 letters"),
        pytest.param("😀" * 2048, True, id="2048 emoji are 4096 units"),
        pytest.param("😀" * 2049, False, id="2049 emoji are too many"),
        pytest.param("ጫማ (ጥቁር", False, id="open bracket"),
        pytest.param("ጫማ «ጥቁር)", False, id="crossed brackets"),
        pytest.param("ስልክ ⟨phone_1⟩", False, id="open slot"),
        pytest.param("ጫማ \ud83d", False, id="half an emoji"),
    ],
)
def test_a_post_is_what_telegram_takes(text: str, is_valid: bool) -> None:
    assert (problems(text) == []) is is_valid


def test_brackets_of_a_fact_are_not_the_ads() -> None:
    assert problems("ጫማ (ቦሌ", slotted="ጫማ ⟨location_1⟩") == []
    assert problems("ጫማ (ቦሌ", slotted="ጫማ (⟨location_1⟩") != []


@given(st.text())
def test_units_are_those_of_utf_16(text: str) -> None:
    assert utf16_units(text) == sum(2 if ord(c) > 0xFFFF else 1 for c in text)


@given(st.text(alphabet="()[]{}«»a1 :"))
def test_without_stray_brackets_a_text_is_balanced(text: str) -> None:
    clean = without_stray_brackets(text)
    assert is_balanced(clean) or without_stray_brackets(clean) != clean
    if is_balanced(text):
        assert clean == text
