"""Ethiopic numerals and amounts in words."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.text.numbers import ethiopic_number, ethiopic_numerals, read_amount


@pytest.mark.parametrize(
    ("numerals", "value"),
    [("፩", 1), ("፲", 10), ("፲፭", 15), ("፻", 100), ("፪፻፲፭", 215), ("፲፱፻፹፬", 1984), ("፳፻፲፮", 2016),
     ("፼", 10_000), ("፲፼፭", 100_005)],
)  # fmt: skip
def test_ethiopic_numerals_are_multiplicative(numerals: str, value: int) -> None:
    assert ethiopic_number(numerals) == value
    assert ethiopic_numerals(value) == numerals


@given(st.integers(min_value=1, max_value=10**24))
def test_a_number_in_ethiopic_numerals_and_back_is_the_number(number: int) -> None:
    assert ethiopic_number(ethiopic_numerals(number)) == number


def test_there_is_no_ethiopic_zero() -> None:
    with pytest.raises(ValueError, match="begin with ፩"):
        ethiopic_numerals(0)


@pytest.mark.parametrize("text", ["", "12", "፩a"])
def test_other_characters_are_no_ethiopic_number(text: str) -> None:
    with pytest.raises(ValueError, match="not an Ethiopic number"):
        ethiopic_number(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1700", "1700"),
        ("96,899", "96899"),
        ("94, 369", "94369"),
        ("1.500", "1500"),
        ("1500.50", "1500.50"),
        ("1.500.50", "1500.50"),
        ("5 ሺህ", "5000"),
        ("1 ሚሊዮን 200 ሺህ", "1200000"),
        ("ሁለት መቶ ሃምሳ", "250"),
        ("አስራ አምስት ሺ ሦስት መቶ", "15300"),
    ],
)
def test_amounts_in_digits_and_words(text: str, value: str) -> None:
    assert read_amount(text) == Decimal(value)


def test_a_text_without_a_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="holds no number"):
        read_amount("ብር")
