"""Labels by keyword rules: the lexicons of taxonomy.yaml on stems, and facts that ads hold.

A label's score is the sum of the weights of its distinct entries that a text holds; it is given from
`minimum_score` on, and score / (score + minimum_score) stands for a probability: 0.5 at the threshold. Verticals
are given to ads only, tags to any post.
"""

import logging
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from adgen_pipeline.labels.matching import Entry, Matcher
from adgen_pipeline.labels.taxonomy import AD, TAGS, VERTICALS, taxonomy
from adgen_pipeline.schemas import LABELLED_POSTS, POST_LABELS
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.stems import stem_key

logger = logging.getLogger(__name__)

# A vertical that scores less than this share of the best one is a side remark ("hotel" in a shop's address).
SIDE_REMARK_SHARE = 0.5
# What stands next to a place is where the shop is, not what it sells: «ከ… ሆቴል አጠገብ».
PLACE_SHARE = 0.25
_PLACES = frozenset(stem_key("አጠገብ ጀርባ ጎን ፊት ህንፃ ሕንፃ ሞል ፎቅ አደባባይ ቢሮ መሬት ቅርንጫፍ ያለበት ሥር በታች ዝቅ").split())
_PLACE_STEMS = 2  # how far behind a word the place may stand
MAXIMUM_WORD_SCORE = 2.0  # of sale words together, so that facts keep their say in long posts
MAXIMUM_AGAINST = 1.2
# Naming what a vertical sells is a hint of an ad; alone it is none.
VERTICAL_HINT_SHARE, MAXIMUM_VERTICAL_HINT = 0.25, 0.6
# Words gather by chance in long texts: beyond so many stems they count less, by the square root.
LONG_TEXT_STEMS = 120
# A line in this share of a channel's posts, and in so many of them, is a signature: its words are no topic.
SIGNATURE_SHARE, SIGNATURE_POSTS = 0.15, 5

_FACT_NAMES = {"price": "price", "phone": "phone", "handle": "handle", "url": "link", "percent": "percent"}
_FACT_NAMES |= {"hashtag": "hashtag", "email": "link"}
_SIZES = re.compile(r"(?i:\bsize|\bsz\b|ሳይዝ|ቁጥር)\W{0,3}\d")
# Four-digit hotlines and dial codes, with a word for calling near: 8000 ይደውሉ, *000#.
_SHORT_PHONE = re.compile(r"\*\d{3,4}[#*]|\b[689]\d{3}\b(?=\W{0,3}(?:ላይ )?(?:በመደወል|ይደውሉ|ደውሉ|በ?sms))")
_HASHTAG = re.compile(r"#\w+")
_CAMEL_CASE = re.compile(r"(?<=[a-z]{2})(?=[A-Z])")  # #AddisCarRental; not #iPhone
_NOT_WORDS = re.compile(r"(?:https?://|t\.me/|www\.)\S+|[\w.]*@\w+")
_NEUTRAL, _AGAINST = "neutral", "against"


@dataclass(frozen=True)
class _Labels:
    """What the rules say about one text.

    Attributes:
        scores: label → summed weight; negative where a text speaks against an ad.
        evidence: label → entries that were found, in order; facts by their kind.
    """

    scores: dict[str, float]
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
    verticals = [v for v in VERTICALS if is_ad and found.scores[v] >= floor]
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
    text = _NOT_WORDS.sub(" ", text)
    tags = " ".join(apart for tag in _HASHTAG.findall(text) if (apart := _CAMEL_CASE.sub(" ", tag)) != tag)
    return stem_key(f"{text} {tags}").split()


def _label(text: str, topic: str | None = None) -> _Labels:
    """Scores of all labels, and what they rest on.

    Args:
        text: the whole text, in which an ad is looked for.
        topic: its part that tells what it is about; the whole text if None.
    """
    stems = _stems(text)
    topic_stems = stems if topic is None or topic == text else _stems(topic)
    topic_matcher, ad_matcher = _matchers()
    weights: dict[str, dict[str, float]] = {}
    for match in topic_matcher.find(topic_stems):
        is_place = not _PLACES.isdisjoint(topic_stems[match.end : match.end + _PLACE_STEMS])
        for entry in match.entries:
            share = PLACE_SHARE if is_place and entry.label in VERTICALS else 1.0
            found = weights.setdefault(entry.label, {})
            found[entry.text] = max(entry.weight * share, found.get(entry.text, 0.0))
    scores = {
        label: sum(weights.get(label, {}).values()) * _dilution(topic_stems) for label in (*VERTICALS, *TAGS)
    }
    for match in ad_matcher.find(stems):
        for entry in match.entries:
            weights.setdefault(entry.label, {})[entry.text] = entry.weight
    facts = _facts(text)
    words = min(MAXIMUM_WORD_SCORE, sum(weights.get(AD, {}).values()))
    against = min(MAXIMUM_AGAINST, sum(weights.get(_AGAINST, {}).values()))
    hint = min(MAXIMUM_VERTICAL_HINT, VERTICAL_HINT_SHARE * max(scores[vertical] for vertical in VERTICALS))
    scores[AD] = sum(facts.values()) + (words + hint) * _dilution(stems) - against
    evidence = {label: tuple(entries) for label, entries in weights.items()}
    evidence[AD] = (*evidence.get(AD, ()), *facts)
    return _Labels(scores, evidence)


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
def _matchers() -> tuple[Matcher, Matcher]:
    """Matchers of verticals and tags, and of words for and against an ad."""
    labels = taxonomy()
    topics = [
        Entry(label, text, weight)
        for label, words in labels.labels().items()
        for text, weight in words.weights().items()
    ]
    neutral = [Entry(_NEUTRAL, text, 0.0) for text in (*labels.neutral.am, *labels.neutral.en)]
    sales = [Entry(AD, text, weight) for text, weight in labels.ad.weights().items()]
    against = labels.ad.against
    reports = [Entry(_AGAINST, text, against.weight) for text in (*against.am, *against.en)]
    return Matcher([*topics, *neutral]), Matcher([*sales, *reports])
