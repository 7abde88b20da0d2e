"""Whether an ad's words are words: those of the posts that the model learned from, and of the brief.

A small model sampled at some temperature invents words that look Amharic. On held-out real ads 0.2 % of the words
are in fewer than two training ads (by stem), so a word that is in neither those nor the brief is almost surely one.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from adgen_pipeline.text.amharic import STOP_WORDS
from adgen_pipeline.text.slots import SLOT
from adgen_pipeline.text.stems import stem_key

_SMALL_CORPUS = 2000  # ads; below, a word of one ad is a word
# Words of any ad, known however small the corpus is.
_COMMON = (
    "ዋጋ ብር ስልክ አድራሻ አድራሻችን ይደውሉ ይደውሉልን ለማዘዝ ይዘዙ ቴሌግራም ያግኙን ያናግሩን ያነጋግሩን ለበለጠ መረጃ አዲስ ጥሩ ጥራት ምቹ ውብ ሳይዝ መጠን ቀለም "
    "ምርት እቃ ሱቅ ይምጡ ይጎብኙን ይግዙ አሁን እንገኛለን አቅርበናል እናመሰግናለን"
)
_PREFIX = re.compile("^[የበለከ](?=..)")
_ETHIOPIC = ("\u1200", "\u135a")
_SCRIPTS = (
    "ETHIOPIC",
    "LATIN",
    "MODIFIER LETTER",
    "FEMININE",
    "MASCULINE",
)


def known_stems(posts: Iterable[str]) -> frozenset[str]:
    """Stems of the Ethiopic words of slotted posts; of a large corpus only those of two posts or more."""
    counts: Counter[str] = Counter()
    posts_count = 0
    for post in posts:
        posts_count += 1
        counts.update(set(stems(post)))
    minimum = 2 if posts_count >= _SMALL_CORPUS else 1
    found = {stem for stem, count in counts.items() if count >= minimum}
    return frozenset(found | set(stems(" ".join([_COMMON, *STOP_WORDS]))))


def stems(text: str) -> list[str]:
    """Stems of the Ethiopic words outside of slots, in order."""
    found = stem_key(SLOT.sub(" ", text)).split()
    # Stems keep prefixes that would leave two letters (የቆዳ); here የቆዳ and ቆዳ are one word.
    return [_PREFIX.sub("", stem) for stem in found if _ETHIOPIC[0] <= stem[0] <= _ETHIOPIC[1]]


def foreign_letters(text: str) -> str:
    """Letters of scripts that no Amharic or English ad is written in."""
    return "".join(
        character
        for character in text
        if character.isalpha() and not unicodedata.name(character, "").startswith(_SCRIPTS)
    )
