"""Labels by keyword rules: the lexicons of lexicons.yaml on stems, and facts and verb forms that ads hold.

A label's score is the sum of the weights of its distinct entries that a text holds; it is given from
`minimum_score` on, and score / (score + minimum_score) stands for a probability: 0.5 at the threshold. Verticals
are given to ads only, tags to any post. An ad that has more of what lies outside the ten verticals (a flat, a course, a
job, a bet) than of each of them has no vertical.
"""

import logging
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import filterfalse

import polars as pl

from adgen_pipeline.labels.appeals import find_appeals
from adgen_pipeline.labels.matching import Entry, Matcher
from adgen_pipeline.labels.taxonomy import AD, TAGS, VERTICALS, taxonomy
from adgen_pipeline.schemas import LABELLED_POSTS, POST_LABELS
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.stems import stem_key

logger = logging.getLogger(__name__)

# A vertical that scores less than this share of the best one is a side remark ("hotel" in a shop's address).
SIDE_REMARK_SHARE = 0.5
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
# A line in this share of a channel's posts, and in so many of them, is a signature: its words are no topic.
SIGNATURE_SHARE, SIGNATURE_POSTS = 0.15, 5

_FACT_NAMES = {"price": "price", "phone": "phone", "handle": "handle", "url": "link", "percent": "percent"}
_FACT_NAMES |= {"hashtag": "hashtag", "email": "link"}
_SIZES = re.compile(r"(?i:\bsize|\bsz\b|ሳይዝ|ቁጥር)\W{0,3}\d")
# Four-digit hotlines and dial codes, with a word for calling near: 8000 ይደውሉ, *000#.
_SHORT_PHONE = re.compile(r"\*\d{3,4}[#*]|\b[689]\d{3}\b(?=\W{0,3}(?:ላይ )?(?:በመደወል|ይደውሉ|ደውሉ|በ?sms))")
_HASHTAG = re.compile(r"#\w[\w-]*")
_CAMEL_CASE = re.compile(
    r"(?<=[a-z]{2})(?=[A-Z])|(?<=[A-Z]{3})(?=[A-Z][a-z]{2})"
)  # #AddisCarRental, not #iPhone
_LAST_HASHTAGS = re.compile(r"(?:#\w[\w-]*[\s.]*)+\Z")
# A foreign word with Amharic affixes, በiPhone and SIMዎን, is two words.
_SCRIPT_CHANGE = re.compile(r"(?<=[A-Za-z])(?=[\u1200-\u135a])|(?<=[\u1200-\u135a])(?=[A-Za-z])")
# News channels mark what they were paid for in their own way; a model or rule that learns it knows no other channel.
AD_MARK = re.compile(r"\A\W*advert\w{0,4}ment\b\W*", re.IGNORECASE)
_NOT_WORDS = re.compile(r"(?:https?://|t\.me/|www\.)\S+|[\w.]*@\w+")
_NEUTRAL, _AGAINST = "neutral", "against"


@dataclass(frozen=True)
class _Labels:
    """What the rules say about one text.

    Attributes:
        scores: label → summed weight; negative where a text speaks against an ad.
        outside: weight of what lies outside the verticals and is found most.
        evidence: label → entries that were found, in order; facts by their kind.
    """

    scores: dict[str, float]
    outside: float
    evidence: dict[str, tuple[str, ...]]


def predict(text: str, *, minimum_score: float) -> dict[str, object]:
    """The labels of one text: vertical, verticals, tags, is_ad, scores (a probability for each label)."""
    found = _label(text)
    verticals, tags, is_ad = _decide(found, minimum_score)
    return {
        "vertical": verticals[0] if verticals else None,
        "verticals": verticals,
        "tags": tags,
        "is_ad": is_ad,
        "scores": {
            label: round(_probability(found.scores[label], minimum_score), 4) for label in found.scores
        },
    }


def label_posts(posts: pl.DataFrame, *, minimum_score: float) -> pl.DataFrame:
    """Labels of all posts with text.

    Args:
        posts: table telegram/posts.
        minimum_score: weight that a label needs, in keyword weights.

    Returns:
        Table labels/post_labels; `confidence` is the probability of the best label that was given, or that the post
        is no ad where none was.
    """
    with_text = posts.filter(~pl.col("is_empty"))
    rows: list[dict[str, object]] = []
    labelled: dict[tuple[str, str], dict[str, object]] = {}  # a third of all texts repeat others
    signatures = _signatures(with_text)
    for channel_id, text in with_text.select("channel_id", "post").iter_rows():
        topic = "\n".join(line for line in text.split("\n") if _folded(line) not in signatures[channel_id])
        if (text, topic) not in labelled:
            labelled[text, topic] = _row(_label(text, topic), minimum_score)
        rows.append(labelled[text, topic])
    table = with_text.select("channel_id", "message_id").with_columns(
        pl.Series(name, [row[name] for row in rows], dtype=POST_LABELS.dtypes[name])
        for name in ("vertical", "verticals", "tags", "is_ad", "confidence", "source", "evidence")
    )
    logger.info("labelled %d posts: %d ads", table.height, table["is_ad"].sum())
    return POST_LABELS.conform(table)


def labelled_posts(posts: pl.DataFrame, post_labels: pl.DataFrame) -> pl.DataFrame:
    """Table labels/labelled_posts: posts with text beside their labels, `ad` among them where `is_ad`."""
    labels = pl.concat_list(
        "verticals", "tags", pl.when("is_ad").then(pl.lit([AD])).otherwise(pl.lit([], pl.List(pl.String)))
    )
    joined = posts.select("channel_id", "message_id", "text", "date").join(
        post_labels.with_columns(labels.list.sort().alias("labels")).select(
            "channel_id", "message_id", "labels"
        ),
        on=["channel_id", "message_id"],
    )
    return LABELLED_POSTS.conform(joined)


def _row(found: _Labels, minimum_score: float) -> dict[str, object]:
    """The columns of labels/post_labels for one text."""
    verticals, tags, is_ad = _decide(found, minimum_score)
    given = [*verticals, *tags, *([AD] if is_ad else [])]
    no_ad = 1 - _probability(found.scores[AD], minimum_score)
    return {
        "vertical": verticals[0] if verticals else None,
        "verticals": verticals,
        "tags": tags,
        "is_ad": is_ad,
        "confidence": max(
            (_probability(found.scores[label], minimum_score) for label in given), default=no_ad
        ),
        "source": "rule",
        "evidence": list(dict.fromkeys(word for label in given for word in found.evidence.get(label, ()))),
    }


def _decide(found: _Labels, minimum_score: float) -> tuple[list[str], list[str], bool]:
    """Verticals (likeliest first), tags and is_ad."""
    is_ad = found.scores[AD] >= minimum_score
    best = max(found.scores[vertical] for vertical in VERTICALS)
    floor = max(minimum_score, SIDE_REMARK_SHARE * best)
    is_inside = is_ad and best >= found.outside
    verticals = [v for v in VERTICALS if is_inside and found.scores[v] >= floor]
    verticals.sort(key=lambda vertical: -found.scores[vertical])  # stable: ties in the taxonomy's order
    tags = [tag for tag in TAGS if found.scores[tag] >= minimum_score]
    return verticals, tags, is_ad


def _probability(score: float, minimum_score: float) -> float:
    """0 without evidence, 0.5 at the threshold, towards 1 with more."""
    positive = max(score, 0.0)
    return positive / (positive + minimum_score)


def _signatures(posts: pl.DataFrame) -> dict[int, set[str]]:
    """Signature lines of each channel."""
    found: dict[int, set[str]] = {}
    for (channel_id,), of_channel in posts.group_by("channel_id", maintain_order=True):
        texts = of_channel["post"].unique().to_list()
        counts = Counter(line for text in texts for line in {_folded(line) for line in text.split("\n")})
        floor = max(SIGNATURE_POSTS, SIGNATURE_SHARE * len(texts))
        found[int(str(channel_id))] = {line for line, count in counts.items() if line and count >= floor}
    return found


def _folded(line: str) -> str:
    """A line by which signatures are told: spaces folded; digits stay, or every price line would be one."""
    return " ".join(line.split())


def _stems(text: str) -> list[str]:
    """Stems of a text's words; links and handles left out, hashtags in one piece and taken apart."""
    text = _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text))
    tags = " ".join(apart for tag in _HASHTAG.findall(text) if (apart := _CAMEL_CASE.sub(" ", tag)) != tag)
    return stem_key(_SCRIPT_CHANGE.sub(" ", f"{text} {tags}")).split()


def _label(text: str, topic: str | None = None) -> _Labels:
    """Scores of all labels, and what they rest on.

    Args:
        text: the whole text, in which an ad is looked for.
        topic: its part that tells what it is about; the whole text if None.
    """
    text = AD_MARK.sub("", text)
    topic = text if topic is None else AD_MARK.sub("", topic)
    stems = _stems(text)
    topic_stems = stems if topic == text else _stems(topic)
    topic_matcher, ad_matcher, brand_matcher = _matchers()
    weights: dict[str, dict[str, float]] = {}
    for match in topic_matcher.find(topic_stems):
        is_place = not _PLACES.isdisjoint(topic_stems[match.end : match.end + _PLACE_STEMS])
        for entry in match.entries:
            share = PLACE_SHARE if is_place and entry.label not in TAGS else 1.0
            found = weights.setdefault(entry.label, {})
            found[entry.text] = max(entry.weight * share, found.get(entry.text, 0.0))
    last = _LAST_HASHTAGS.search(text)
    signers = [] if last is None else brand_matcher.find(_stems(last.group()))
    for entry in (entry for match in signers for entry in match.entries):
        weights.setdefault(entry.label, {})[entry.text] = SIGNER_WEIGHT
    sums = {label: sum(entries.values()) * _dilution(topic_stems) for label, entries in weights.items()}
    scores = {label: sums.get(label, 0.0) for label in (*VERTICALS, *TAGS)}
    outside = max(sums.get(theme, 0.0) for theme in (*taxonomy().outside_words, "gambling"))
    for match in ad_matcher.find(stems):
        for entry in match.entries:
            weights.setdefault(entry.label, {})[entry.text] = entry.weight
    sale_words = weights.setdefault(AD, {})
    sale_words |= _appeals(text, sale_words)
    facts = _facts(text)
    if signers:
        facts["signed"] = taxonomy().ad.facts["signed"]
    words = min(MAXIMUM_WORD_SCORE, sum(sale_words.values()))
    against = min(MAXIMUM_AGAINST, sum(weights.get(_AGAINST, {}).values()))
    theme = max(outside, *(scores[vertical] for vertical in VERTICALS))
    hint = min(MAXIMUM_VERTICAL_HINT, VERTICAL_HINT_SHARE * theme)
    scores[AD] = sum(facts.values()) + (words + hint) * _dilution(stems) - against
    evidence = {label: tuple(entries) for label, entries in weights.items()}
    evidence[AD] = (*evidence[AD], *facts)
    return _Labels(scores, outside, evidence)


def _appeals(text: str, known: Collection[str]) -> dict[str, float]:
    """Verb forms that speak to the reader and are no known sale words, with their weights."""
    stems = {stem_key(word) for word in known}
    return {
        form: taxonomy().ad.appeals[kind]
        for kind, forms in find_appeals(search_key(text)).items()
        for form in list(filterfalse(lambda form: stem_key(form) in stems, forms))[:MAXIMUM_APPEALS]
    }


def _dilution(stems: Sequence[str]) -> float:
    """What a word counts in a text of so many stems, 0…1."""
    return min(1.0, math.sqrt(LONG_TEXT_STEMS / max(1, len(stems))))


def _facts(text: str) -> dict[str, float]:
    """Kinds of facts that speak for an ad, each once, with their weights."""
    kinds = {_FACT_NAMES[fact.kind] for fact in find_facts(text) if fact.kind in _FACT_NAMES}
    if _SIZES.search(text):
        kinds.add("sizes")
    if "phone" not in kinds and _SHORT_PHONE.search(text):
        kinds.add("short_phone")
    weights = taxonomy().ad.facts
    return {kind: weights[kind] for kind in weights if kind in kinds}


@cache
def _matchers() -> tuple[Matcher, Matcher, Matcher]:
    """Matchers of topics, of words for and against an ad, and of brands."""
    labels = taxonomy()
    lexicons = {label: found.words for label, found in labels.labels().items()} | labels.outside_words
    topics = [
        Entry(label, text, weight)
        for label, words in lexicons.items()
        for text, weight in words.weights().items()
    ]
    brands = [Entry(label, text, BRAND_WEIGHT) for label, texts in labels.brands.items() for text in texts]
    neutral = [Entry(_NEUTRAL, text, 0.0) for text in (*labels.neutral.am, *labels.neutral.en)]
    sales = [Entry(AD, text, weight) for text, weight in labels.ad.words.weights().items()]
    against = labels.ad.against
    reports = [Entry(_AGAINST, text, against.weight) for text in (*against.am, *against.en)]
    return Matcher([*topics, *brands, *neutral]), Matcher([*sales, *reports]), Matcher(brands)
