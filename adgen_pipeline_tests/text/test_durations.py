from fractions import Fraction

import pytest

from adgen_pipeline.text.durations import durations


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("2 years", 24),
        ("Two years' warranty", 24),
        ("a twelve-month warranty", 12),
        ("one (1) year", 12),
        ("1.5 years", 18),
        ("ninety days", 3),
        ("a week", Fraction(7, 30)),
        ("ሁለት ዓመት", 24),
        ("የስድስት ወር ዋስትና", 6),
        ("ከ18 ወራት", 18),
        ("፪ ዓመት", 24),
        ("የ30 ቀናት", 1),
        ("yehulet amet wastina", None),
        ("hulet amet", 24),
        ("Yearly 3,500", None),
        ("v2 years", None),
        ("3,500 yearbooks", None),
    ],
)
def test_a_length_of_time_is_read_in_months(text: str, months: Fraction | int | None) -> None:
    assert [found.months for found in durations(text)] == ([] if months is None else [months])


def test_a_length_of_time_has_its_place() -> None:
    text = "ዋስትና፦ ሁለት ዓመት፣ service 6 months"
    assert [text[d.start : d.end].strip() for d in durations(text)] == ["ሁለት ዓመት", "6 month"]
