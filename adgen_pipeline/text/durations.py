"""Lengths of time as people write them: «2 years», «Two years'», «twelve-month», «ሁለት ዓመት», «፮ ወር»."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from adgen_pipeline.text.numbers import NUMBER_WORDS, ethiopic_number, read_amount

_ENGLISH = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
)
_WORDS = {word: value for value, word in enumerate(_ENGLISH.split(), start=1)} | {
    "a": 1, "an": 1, "thirty": 30, "sixty": 60, "ninety": 90,
    "hulet": 2, "sost": 3, "arat": 4, "amist": 5, "sidist": 6,
}  # fmt: skip
# In months, so that a year is twelve of them; a week and a day are parts of one of thirty days.
_UNITS = (
    ("year", Fraction(12)),
    ("month", Fraction(1)),
    ("week", Fraction(7, 30)),
    ("day", Fraction(1, 30)),
    ("ዓመት", Fraction(12)),
    ("አመት", Fraction(12)),
    ("ወር", Fraction(1)),
    ("ወራት", Fraction(1)),
    ("ሳምንት", Fraction(7, 30)),
    ("ቀን", Fraction(1, 30)),
    ("ቀናት", Fraction(1, 30)),
    ("amet", Fraction(12)),
    ("wer", Fraction(1)),
)
_MONTHS = dict(_UNITS)
_PATTERN = re.compile(
    r"(?<![\w.,])(?:[የበለከ]\s?)?(?P<number>[0-9]{1,4}(?:\.5)?|[፩-፻]{1,4}|"
    + NUMBER_WORDS
    + rf"|(?i:{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![A-Za-z]))"
    r"(?:\s?\([0-9]{1,3}\))?[\s-]{0,2}(?:(?i:calendar|full|ሙሉ)\s)?"
    + rf"(?P<unit>(?i:{'|'.join(word for word, _ in _UNITS if word.isascii())})(?=s?\b)"
    + f"|{'|'.join(sorted((word for word, _ in _UNITS if not word.isascii()), key=len, reverse=True))})"
)


@dataclass(frozen=True)
class Duration:
    """A length of time and where it stands.

    Attributes:
        months: its length.
        start, end: Python string indices.
    """

    months: Fraction
    start: int
    end: int


def durations(text: str) -> Iterator[Duration]:
    """Lengths of time in a text, in order."""
    for match in _PATTERN.finditer(text):
        yield Duration(_number(match["number"]) * _MONTHS[match["unit"].lower()], *match.span())


def _number(text: str) -> Fraction:
    if text.lower() in _WORDS:
        return Fraction(_WORDS[text.lower()])
    if "፩" <= text[0] <= "፼":
        return Fraction(ethiopic_number(text))
    return Fraction(text) if text[0].isdigit() else Fraction(read_amount(text))
