"""The words of a text as stems, each with its place, so that what a label rests on can be shown where it stands."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from adgen_pipeline.text.stems import stem_key

_WORD = re.compile("(?:[^\\W_]|[\u135d-\u135f])+")  # with the marks of gemination, which are no letters
_HASHTAG = re.compile(r"#(\w[\w-]*)")
_CAMEL_CASE = re.compile(
    r"(?<=[a-z]{2})(?=[A-Z])|(?<=[A-Z]{3})(?=[A-Z][a-z]{2})"
)  # #AddisCarRental, not #iPhone
# A foreign word with Amharic affixes, በiPhone and SIMዎን, is two words.
_SCRIPT_CHANGE = re.compile(r"(?<=[A-Za-z])(?=[\u1200-\u135a])|(?<=[\u1200-\u135a])(?=[A-Za-z])")
_NOT_WORDS = re.compile(r"(?:https?://|t\.me/|www\.)\S+|[\w.]*@\w+")


@dataclass(frozen=True)
class Words:
    """Stems in order and their places.

    Attributes:
        stems: in order; the parts of a hashtag come once more at the end, taken apart.
        places: start and end (exclusive) of each in the text.
    """

    stems: list[str]
    places: list[tuple[int, int]]


class _Plain(dict[int, str]):
    """Styled letters (𝐀, Ⓐ, full width) as ordinary ones, as long as one letter stays one: places must not move."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        folded = unicodedata.normalize("NFKC", letter)
        self[code] = folded if len(folded) == 1 else letter
        return self[code]


_PLAIN = _Plain()


def words(text: str) -> Words:
    """Stems of a text's words; links and handles left out, hashtags in one piece and taken apart."""
    plain = text if text.isascii() else text.translate(_PLAIN)
    plain = blanked(_NOT_WORDS, plain)
    stems: list[str] = []
    places: list[tuple[int, int]] = []
    for match in _WORD.finditer(plain):
        start = match.start()
        for stem, first, last in _stems(match.group()):
            stems.append(stem)
            places.append((start + first, start + last))
    for match in _HASHTAG.finditer(plain) if "#" in plain else ():
        for start, end in _parts(_CAMEL_CASE, match.group(1), match.start(1)):
            if (start, end) != match.span(1):
                found = stem_key(plain[start:end]).split()
                stems += found
                places += [(start, end)] * len(found)
    return Words(stems, places)


def blanked(pattern: re.Pattern[str], text: str) -> str:
    """The text with a space for each letter that a pattern matches: nothing moves."""
    return pattern.sub(lambda match: " " * len(match.group()), text)


@lru_cache(maxsize=1 << 17)
def _stems(word: str) -> tuple[tuple[str, int, int], ...]:
    """Stems of one word with their places in it."""
    return tuple(
        (stem, start, end)
        for start, end in _parts(_SCRIPT_CHANGE, word, 0)
        for stem in stem_key(unicodedata.normalize("NFKC", word[start:end])).split()
    )


def _parts(border: re.Pattern[str], word: str, start: int) -> list[tuple[int, int]]:
    """Places of a word's parts, if it begins at `start`."""
    cuts = [0, *(match.start() for match in border.finditer(word)), len(word)]
    return [(start + first, start + last) for first, last in pairwise(cuts)]
