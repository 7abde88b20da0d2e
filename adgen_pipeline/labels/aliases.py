"""What people typed for a label → the label: case, punctuation, lead-ins and slips of the finger do not matter."""

import re
import unicodedata
from difflib import SequenceMatcher
from functools import cache

from adgen_pipeline.labels.taxonomy import AD, NOT_AD, taxonomy

# A slip of one letter in eight leaves 0.87 or more; below lie other words: «retain» and «retail» share 0.83.
MINIMUM_SIMILARITY = 0.85
MINIMUM_SIMILAR_CHARS = 5  # shorter spellings are other words rather than slips: «cpg», «sms»
# «advertisement - Travel», «whether the data is an advertisement - Retail»: what stands before the label.
_LEAD_IN = frozenset({
    "whether", "the", "data", "is", "an", "a", "are", "this", "post", "it", "ad", "ads", "advert", "advertisement",
    "advertisements", "label", "category", "tag",
})  # fmt: skip
_NEGATIONS = frozenset({"not", "no", "non"})
_WORD = re.compile(r"[^\W_]+")


def canonical(spelling: str) -> str | None:
    """The label that a spelling means.

    Returns:
        A vertical, a tag, one of what lies outside (real_estate, education, jobs, other), `ad`, `not_ad`; None if the
        spelling is known in no form, which the caller reports.
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", spelling).casefold().replace("&", " and "))
    known = _aliases()
    whole = " ".join(words)
    if whole in known:
        return known[whole]
    first = next((place for place, word in enumerate(words) if word not in _LEAD_IN), len(words))
    rest = " ".join(words[first:])
    return _of(rest) or _of(whole)


def _of(spelling: str) -> str | None:
    """The label whose alias is nearest, if it is near."""
    known = _aliases()
    if spelling in known or len(spelling) < MINIMUM_SIMILAR_CHARS:
        return known.get(spelling)
    is_negated = spelling.split()[0] in _NEGATIONS
    alike = [
        (SequenceMatcher(None, spelling, alias, autojunk=False).ratio(), alias)
        for alias, label in known.items()
        if (label == NOT_AD) == is_negated
    ]
    nearest, alias = max(alike)
    return known[alias] if nearest >= MINIMUM_SIMILARITY else None


@cache
def _aliases() -> dict[str, str]:
    """Folded alias → label."""
    labels = taxonomy()
    known = {
        label: (label.replace("_", " "), found.name, found.amharic, *found.aliases)
        for label, found in {**labels.labels(), **labels.outside, AD: labels.ad}.items()
    }
    known[NOT_AD] = labels.not_ad_aliases
    return {
        " ".join(_WORD.findall(alias.casefold().replace("&", " and "))): label
        for label, aliases in known.items()
        for alias in aliases
    }
