"""Stems for retrieval: L2 words without the commonest Amharic prefixes and suffixes. Never shown to anyone.

Amharic writes prepositions, the genitive, conjunctions, plural and object markers as part of the word, so that a
query's በጫማ does not match a post's ጫማዎችን word by word. Light stripping mends most of it: BM25 on 1,974 Amharic
passages and 300 queries (AmharicIR) found MRR@10 / recall@10 of 0.796 / 0.927 with raw words, 0.783 / 0.923 with
L2 words and 0.810 / 0.957 with these stems; on 800 AmQA questions 0.907, 0.920 and 0.948 MRR@10.
"""

import re
from functools import lru_cache

from adgen_pipeline.text.amharic import search_key

# Source: the separable affixes in Leslau, "Reference Grammar of Amharic" (1995), in L2 spelling, longest first.
PREFIXES = ("እንደ", "ስለ", "እየ", "ከነ", "በየ", "ለየ", "ከየ", "የ", "በ", "ለ", "ከ")
SUFFIXES = (
    "ዎችን", "ችን", "ዎች", "ዎቹ", "ችው", "ነት", "ች", "ቹ", "ን", "ም", "ና", "ው", "ዋ", "ዬ", "ዊ",
)  # fmt: skip

# Letters that stay: 3 and not 2, with which AmharicIR's MRR@10 fell from 0.810 to 0.796 (AmQA 0.948 to 0.945). A
# suffix of two letters and more is rarely part of the word itself: ጫማዎች (shoes) is ጫማ.
MINIMUM_STEM_CHARS = 3
MINIMUM_CHARS_BEFORE_LONG_SUFFIX = 2
MAXIMUM_SUFFIXES = 3  # ቤቶችንም: plural, object, "also"

_WORD = re.compile(r"[^\W_]+")
_GEMINATION = re.compile("[\u135d-\u135f]")  # combining marks that would cut a word in two


def stem_key(text: str) -> str:
    """The stems of a text's words in order, lower case, separated by one space; punctuation is left out."""
    return " ".join(filter(None, map(_stems, text.split())))


def word_key(text: str) -> str:
    """The L2 words of a text, lower case, one for each stem of `stem_key` and in the same order."""
    return " ".join(filter(None, map(_words, text.split())))


# What stands between two spaces is looked at once: nothing here, not even a link, reaches over a space, and the same
# few words make up most of a corpus. The key of a post of 52 words took 150 microseconds before (docs/LOG.md).
@lru_cache(maxsize=1 << 18)
def _stems(run: str) -> str:
    return " ".join(map(stem, _words(run).split()))


@lru_cache(maxsize=1 << 18)
def _words(run: str) -> str:
    return " ".join(_WORD.findall(_GEMINATION.sub("", search_key(run)).lower()))


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """An L2 word without one prefix and up to three suffixes; words of other scripts as they are."""
    if not "\u1200" <= word[:1] <= "\u135a":
        return word
    for prefix in PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= MINIMUM_STEM_CHARS:
            word = word[len(prefix) :]
            break
    for _ in range(MAXIMUM_SUFFIXES):
        for suffix in SUFFIXES:
            least = MINIMUM_STEM_CHARS if len(suffix) == 1 else MINIMUM_CHARS_BEFORE_LONG_SUFFIX
            if word.endswith(suffix) and len(word) - len(suffix) >= least:
                word = word[: -len(suffix)]
                break
        else:
            return word
    return word
