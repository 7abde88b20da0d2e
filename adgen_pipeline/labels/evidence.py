"""What in a text speaks for and against its labels: words of the lexicons, facts, verb forms; each with its place.

A label's score is the sum of the weights of its distinct entries that a text holds. What a score means is decided in
rules.py for a lone text, and in weak.py for the posts of channels.
"""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache

from adgen_pipeline.labels.appeals import find_appeals
from adgen_pipeline.labels.matching import Entry, Match, Matcher
from adgen_pipeline.labels.taxonomy import AD, TAGS, VERTICALS, taxonomy
from adgen_pipeline.labels.words import Words, blanked, words
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.letters import shape
from adgen_pipeline.text.stems import stem_key

# What stands next to a place is where the shop is, not what it sells: «ከ… ሆቴል አጠገብ».
PLACE_SHARE = 0.25
_PLACES = frozenset(stem_key("አጠገብ ጀርባ ጎን ፊት ህንፃ ሕንፃ ሞል ፎቅ አደባባይ ቢሮ መሬት ቅርንጫፍ ያለበት ሥር በታች ዝቅ").split())
_PLACE_STEMS = 2  # how far behind a word the place may stand
BRAND_WEIGHT = 1.5
# Whoever signs a post advertises: an operator that promotes a concert promotes itself.
SIGNER_WEIGHT = 8.0
MAXIMUM_WORD_SCORE = 2.0  # of sale words together, so that facts keep their say in long posts
MAXIMUM_AGAINST = 2.0
# Naming what a vertical sells is a hint of an ad; alone it is none.
VERTICAL_HINT_SHARE, MAXIMUM_VERTICAL_HINT = 0.2, 0.5
MAXIMUM_APPEALS = 2  # of each verb form: more of them say no more
# Words gather by chance in long texts: beyond so many stems they count less, by the square root.
LONG_TEXT_STEMS = 120

_IS_NOT = "አይደ"  # «የሚሸጥ አይደለም»: what is denied speaks for nothing

AMHARIC, LATIN, BRAND, FACT, APPEAL = "amharic", "latin", "brand", "fact", "appeal"  # kinds of signs
AGAINST = "against"  # the label of what speaks against an ad
_NEUTRAL = "neutral"
_FACT_NAMES = {"price": "price", "phone": "phone", "handle": "handle", "url": "link", "percent": "percent"}
_FACT_NAMES |= {"hashtag": "hashtag", "email": "link"}
_SIZES = re.compile(r"(?i:\bsize|\bsz\b|ሳይዝ|ቁጥር)\W{0,3}\d")
# Four-digit hotlines and dial codes, with a word for calling near: 8000 ይደውሉ, *000#.
_SHORT_PHONE = re.compile(r"\*\d{3,4}[#*]|\b[689]\d{3}\b(?=\W{0,3}(?:ላይ )?(?:በመደወል|ይደውሉ|ደውሉ|በ?sms))")
_LAST_HASHTAGS = re.compile(r"(?:#\w[\w-]*[\s.]*)+\Z")
# News channels mark what they were paid for in their own way; a model or rule that learns it knows no other channel.
AD_MARK = re.compile(r"\A\W*advert\w{0,4}ment\b\W*", re.IGNORECASE)


@dataclass(frozen=True)
class Sign:
    """One thing in a text that speaks for a label.

    Attributes:
        label: a vertical, a tag, `ad`, `against`, or one of what lies outside.
        word: the lexicon's entry in its plain form, a fact's kind, or a verb form.
        start, end: its first place in the text, end exclusive.
        weight: what it counts.
        kind: amharic, latin (English and Oromo), brand, fact or appeal.
    """

    label: str
    word: str
    start: int
    end: int
    weight: float
    kind: str


@dataclass(frozen=True)
class Evidence:
    """What is found in one text.

    Attributes:
        scores: label → summed weight; negative where a text speaks against an ad.
        outside: weight of what lies outside the verticals and is found most.
        signs: in order of their labels and places.
        dilution: what a word counts in a text of this length, 0…1.
    """

    scores: dict[str, float]
    outside: float
    signs: tuple[Sign, ...]
    dilution: float

    def of(self, labels: Collection[str]) -> list[dict[str, object]]:
        """Label, word, start and end of the signs of these labels."""
        return [
            {"label": sign.label, "word": sign.word, "start": sign.start, "end": sign.end}
            for sign in self.signs
            if sign.label in labels
        ]


def find_evidence(text: str, topic: str | None = None) -> Evidence:
    """Scores of all labels, and what they rest on.

    Args:
        text: the whole text, in which an ad is looked for.
        topic: the text with blanks for what does not tell what it is about, of the same length; None: all of it tells.
    """
    text = blanked(AD_MARK, text)
    topic = text if topic is None else blanked(AD_MARK, topic)
    known = words(text)
    of_topic = known if topic == text else words(topic)
    topics, sales, brands = _matchers()
    found: dict[tuple[str, str], Sign] = {}

    for match in topics.find(of_topic.stems):
        is_place = not _PLACES.isdisjoint(of_topic.stems[match.end : match.end + _PLACE_STEMS])
        for entry in match.entries:
            share = PLACE_SHARE if is_place and entry.label not in TAGS else 1.0
            _add(found, _sign(entry, match, of_topic, entry.weight * share))
    signers = _signers(text, brands)
    for sign in signers:
        _add(found, sign)
    diluted = _dilution(of_topic)
    sums: dict[str, float] = {}
    for sign in found.values():
        sums[sign.label] = sums.get(sign.label, 0.0) + sign.weight * diluted
    scores = {label: sums.get(label, 0.0) for label in (*VERTICALS, *TAGS)}
    outside = max(sums.get(theme, 0.0) for theme in (*taxonomy().outside_words, "gambling"))

    for match in sales.find(known.stems):
        is_denied = any(stem.startswith(_IS_NOT) for stem in known.stems[match.end : match.end + 1])
        for entry in () if is_denied else match.entries:
            _add(found, _sign(entry, match, known, entry.weight))
    for sign in _appeals(text, {sign.word for sign in found.values() if sign.label == AD}):
        _add(found, sign)
    facts = _facts(text)
    if signers:
        facts.append(Sign(AD, "signed", signers[0].start, len(text), taxonomy().ad.facts["signed"], FACT))
    sale_words = sum(sign.weight for sign in found.values() if sign.label == AD)
    against = min(MAXIMUM_AGAINST, sum(sign.weight for sign in found.values() if sign.label == AGAINST))
    theme = max(outside, *(scores[vertical] for vertical in VERTICALS))
    hint = min(MAXIMUM_VERTICAL_HINT, VERTICAL_HINT_SHARE * theme)
    dilution = _dilution(known)
    scores[AD] = (
        sum(fact.weight for fact in facts) + (min(MAXIMUM_WORD_SCORE, sale_words) + hint) * dilution - against
    )
    signs = [sign for sign in (*found.values(), *facts) if sign.label != _NEUTRAL]
    signs.sort(key=lambda sign: (sign.label, sign.start, sign.end, sign.word))
    return Evidence(scores, outside, tuple(signs), dilution)


def _sign(entry: Entry, match: Match, found: Words, weight: float) -> Sign:
    start, end = found.places[match.start][0], found.places[match.end - 1][1]
    return Sign(entry.label, entry.text, start, max(start, end), weight, entry.kind)


def _add(found: dict[tuple[str, str], Sign], sign: Sign) -> None:
    """Keep a sign unless the same word counts as much already."""
    key = (sign.label, sign.word)
    if key not in found or found[key].weight < sign.weight:
        found[key] = sign


def _signers(text: str, brands: Matcher) -> list[Sign]:
    """Known advertisers in the line of hashtags at a text's end."""
    last = _LAST_HASHTAGS.search(text) if "#" in text else None
    if last is None:
        return []
    named = words(last.group())
    shifted = Words(named.stems, [(start + last.start(), end + last.start()) for start, end in named.places])
    return [
        _sign(entry, match, shifted, SIGNER_WEIGHT)
        for match in brands.find(named.stems)
        for entry in match.entries
    ]


def _appeals(text: str, known: Collection[str]) -> list[Sign]:
    """Verb forms that speak to the reader and are no known sale words."""
    key = shape(text)  # of the same length, and ten times as fast as `search_key`, which spares addresses
    stems = {_stem_of(word) for word in known}
    signs = []
    for kind, forms in find_appeals(key).items():
        new = [form for form in forms if _stem_of(form) not in stems][:MAXIMUM_APPEALS]
        for form in new:
            start = key.index(form)
            signs.append(Sign(AD, form, start, start + len(form), taxonomy().ad.appeals[kind], APPEAL))
    return signs


@lru_cache(maxsize=1 << 14)
def _stem_of(word: str) -> str:
    """`stem_key` of a sale word or a verb form: posts share a few hundred."""
    return stem_key(word)


def _dilution(found: Words) -> float:
    """What a word counts among so many stems, 0…1."""
    return min(1.0, math.sqrt(LONG_TEXT_STEMS / max(1, len(found.stems))))


def _facts(text: str) -> list[Sign]:
    """The first fact of each kind that speaks for an ad."""
    places: dict[str, tuple[int, int]] = {}
    for fact in find_facts(text):
        if fact.kind in _FACT_NAMES:
            places.setdefault(_FACT_NAMES[fact.kind], (fact.start, fact.end))
    if sizes := _SIZES.search(text):
        places["sizes"] = sizes.span()
    if "phone" not in places and (short := _SHORT_PHONE.search(text)):
        places["short_phone"] = short.span()
    weights = taxonomy().ad.facts
    return [Sign(AD, kind, *places[kind], weights[kind], FACT) for kind in weights if kind in places]


@cache
def _matchers() -> tuple[Matcher, Matcher, Matcher]:
    """Matchers of topics, of words for and against an ad, and of brands."""
    labels = taxonomy()
    lexicons = {label: found.words for label, found in labels.labels().items()} | labels.outside_words
    topics = [
        Entry(label, text, weight, _language(text))
        for label, lexicon in lexicons.items()
        for text, weight in lexicon.weights().items()
    ]
    brands = [
        Entry(label, text, BRAND_WEIGHT, BRAND) for label, texts in labels.brands.items() for text in texts
    ]
    neutral = [Entry(_NEUTRAL, text, 0.0) for text in (*labels.neutral.am, *labels.neutral.en)]
    sales = [Entry(AD, text, weight, _language(text)) for text, weight in labels.ad.words.weights().items()]
    reports = [
        Entry(AGAINST, text, words_against.weight)
        for words_against in (labels.ad.against, labels.ad.giving)
        for text in (*words_against.am, *words_against.en)
    ]
    return Matcher([*topics, *brands, *neutral]), Matcher([*sales, *reports]), Matcher(brands)


def _language(text: str) -> str:
    """Amharic, or Latin script: English and Oromo."""
    return AMHARIC if any("\u1200" <= letter <= "\u135a" for letter in text) else LATIN
