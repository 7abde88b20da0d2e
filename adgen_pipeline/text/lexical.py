"""Patterns of rule files (policy.yaml, promises.yaml) found in Amharic and English texts.

Amharic stems are matched in the phonetic key of a text at the start of a word or after the prefixes that are written
together with it; English patterns are whole words in lower case.
"""

import re
from collections.abc import Iterable, Sequence

from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.text.stems import PREFIXES

# Up to two prefixes (ለ + የ …) before a stem; በ ለ የ ከ እና ስለ … are letters of the word for the eye only.
_PREFIX = "(?:" + "|".join(PREFIXES) + ")?"
# What a verb form may begin with: person (ይ ት እን …), negation, relative (የሚ …), infinitive (መ), passive (ተ) and their
# usual combinations. Source: the verb's prefixes in Leslau, "Reference Grammar of Amharic" (1995).
_VERB_PREFIX = (
    "(?:(?:የ|በ|ለ|ከ|ስለ|እንደ|እየ)?(?:ሚ|ማይ|ምት|ምን|ማን|ማት|መ|ማ|ተ|አለመ)?|ይ|ት|እ|እን|አን|አል|አይ|አት|ሊ|ልት|ልን|ሲ|ስት|ስን|ቢ|ብት|ካል)?"
)
_SIXTH = 5  # place of the sixth order in its row, from 0
_INFLECTED_CHARS = 3  # of a stem: shorter ones would become other words
_BOUNDARY = r"(?<![^\W\d_])"


def amharic_pattern(stems: Iterable[str], *, inflected: bool = False) -> re.Pattern[str]:
    """A pattern for `search_key` texts; a stem that ends in a space must end its word.

    Args:
        stems: as they begin a word, or stand after one prefix.
        inflected: whether a stem's last letter may change its vowel before an ending: ቲኬት, ቲኬቱ, ቲኬቶች.
    """
    parts = []
    for stem in sorted(stems, key=len, reverse=True):
        key = search_key(stem).strip()
        is_whole = stem.endswith(" ")
        last = _orders(key[-1]) if inflected and not is_whole and len(key) >= _INFLECTED_CHARS else key[-1]
        part = re.escape(key[:-1]).replace(r"\ ", r"\s+") + (last if len(last) > 1 else re.escape(last))
        parts.append(part + (r"(?!\w)" if is_whole else ""))
    return re.compile(rf"{_BOUNDARY}{_PREFIX}(?P<stem>{'|'.join(parts)})\w*" if parts else r"(?!)")


def _orders(letter: str) -> str:
    """A letter of the sixth order with those it becomes before -u, -a, -e and -och, as a class; others as they are.

    A row of the Ethiopic block holds a consonant's vowels in order.
    """
    code = ord(letter)
    if not 0x1200 <= code <= 0x1357 or code % 8 != _SIXTH:
        return letter
    row = code - _SIXTH
    return "[" + "".join(dict.fromkeys(search_key(chr(row + order)) for order in (5, 1, 3, 4, 6))) + "]"


def verb_pattern(stems: Iterable[str]) -> re.Pattern[str]:
    """A pattern for `search_key` texts: verb stems after any prefix of a verb."""
    parts = [re.escape(search_key(stem)) for stem in sorted(stems, key=len, reverse=True)]
    return re.compile(rf"{_BOUNDARY}{_VERB_PREFIX}(?P<stem>{'|'.join(parts)})\w*" if parts else r"(?!)")


def english_pattern(patterns: Sequence[str]) -> re.Pattern[str]:
    """A pattern for texts in lower case."""
    return re.compile(rf"(?<![a-z])(?P<stem>{'|'.join(patterns)})(?![a-z])" if patterns else r"(?!)")


def any_pattern(words: Sequence[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns for words of both kinds: Amharic ones are stems with any ending, ASCII ones English patterns."""
    return (
        amharic_pattern([word for word in words if not word.isascii()], inflected=True),
        english_pattern([word for word in words if word.isascii()]),
    )


def folded(text: str) -> str:
    """A text as both kinds of pattern expect it, of the same length."""
    return search_key(text).lower()


def spans(text_folded: str, patterns: Iterable[re.Pattern[str]]) -> list[tuple[int, int]]:
    """Where any of the patterns matches, in order."""
    return sorted(match.span() for pattern in patterns for match in pattern.finditer(text_folded))
