"""Letters as patterns see them: styled Latin letters plain, Amharic homophones one, each character still one.

Shops write «𝗡𝗘𝗪» and «🅡🅐🅜» with characters that are no letters to a pattern. Both functions keep the length of a
text, so that a place in what they return is the same place in the text.
"""

import re
import unicodedata
from functools import lru_cache

from adgen_pipeline.text.amharic import PHONETIC

# Mathematical and full-width letters and digits have one plain character each; circled and squared ones are signs.
_STYLED = "[\U0001d400-\U0001d7ff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"
_FIRST_ENCLOSED = {0x24B6: "A", 0x24D0: "a", 0x1F110: "A", 0x1F130: "A", 0x1F150: "A", 0x1F170: "A"}
# 🅰 and 🅱 alone are blood groups, 🅿 a car park: only several in a row spell a word.
_ENCLOSED = (
    "[\u24b6-\u24e9\U0001f110-\U0001f129\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]"
)
_FANCY = re.compile(f"{_STYLED}+|{_ENCLOSED}{{2,}}")
_SHORT = 80  # characters
# ዉ stands for ው in every second «ይደዉሉ»; L2 keeps them apart.
_SHAPE = str.maketrans({**PHONETIC, "ዉ": "ው"})


def plain_letters(text: str) -> str:
    """The text with styled Latin letters and digits as plain ones, of the same length."""
    return text if text.isascii() else _FANCY.sub(lambda match: "".join(map(_plain, match.group())), text)


def shape(text: str) -> str:
    """`plain_letters` with Amharic homophones unified, of the same length: what patterns are matched with."""
    return _known_shape(text) if len(text) <= _SHORT else plain_letters(text).translate(_SHAPE)


@lru_cache(maxsize=1 << 17)
def _known_shape(text: str) -> str:
    """Words and short lines recur in posts, so that most shapes are known already."""
    return plain_letters(text).translate(_SHAPE)


def shaped(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern for what `shape` returns, written in any spelling."""
    return re.compile(pattern.translate(_SHAPE), flags)


def _plain(character: str) -> str:
    code = ord(character)
    for first, letter in _FIRST_ENCLOSED.items():
        if first <= code < first + 26:
            return chr(ord(letter) + code - first)
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 else character
