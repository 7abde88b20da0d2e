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
_BOUNDARY = r"(?<![^\W\d_])"


def amharic_pattern(stems: Iterable[str]) -> re.Pattern[str]:
    """A pattern for `search_key` texts; a stem that ends in a space must end its word."""
    parts = [
        re.escape(search_key(stem).strip()).replace(r"\ ", r"\s+") + (r"(?!\w)" if stem.endswith(" ") else "")
        for stem in sorted(stems, key=len, reverse=True)
    ]
    return re.compile(rf"{_BOUNDARY}{_PREFIX}(?P<stem>{'|'.join(parts)})\w*" if parts else r"(?!)")


def english_pattern(patterns: Sequence[str]) -> re.Pattern[str]:
    """A pattern for texts in lower case."""
    return re.compile(rf"(?<![a-z])(?P<stem>{'|'.join(patterns)})(?![a-z])" if patterns else r"(?!)")


def folded(text: str) -> str:
    """A text as both kinds of pattern expect it, of the same length."""
    return search_key(text).lower()


def spans(text_folded: str, patterns: Iterable[re.Pattern[str]]) -> list[tuple[int, int]]:
    """Where any of the patterns matches, in order."""
    return sorted(match.span() for pattern in patterns for match in pattern.finditer(text_folded))
