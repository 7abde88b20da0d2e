"""Which channels suit a brief, ranked, each with its reasons: what they post about, in which language, how much, when.

Reads what is known of channels (`corpus/channel_profiles`) and the index. The hours are those at which a channel
posts: exports do not say when posts are read.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import polars as pl
from pydantic import BaseModel, ConfigDict

from adgen_pipeline.index.search import Hit
from adgen_pipeline.labels.evidence import find_evidence
from adgen_pipeline.labels.taxonomy import VERTICALS, taxonomy
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import SLOT, fill

# What a channel posts about counts most; that it is read by people who understand the ad, and lives at all, comes next.
WEIGHTS: Mapping[str, float] = {"topic": 0.45, "vertical": 0.25, "language": 0.15, "activity": 0.15}
NEAREST = 5  # ads of a channel that are compared with the brief
BEST_HOURS = 3
_RECENT = timedelta(
    days=90
)  # before the newest post of all channels: an export is a snapshot, today means nothing
# Shares of a channel's posts that its readers of an Amharic ad are told by.
_READS_AMHARIC: Mapping[str, float] = {"am": 1.0, "mixed": 1.0, "am-latn": 0.7, "ti": 0.3, "en": 0.2}
_OF_A_BRIEF = 0.5  # of a post's minimum score: a brief's words are few, and all of them are about its product
LANGUAGES = ("en", "am")
_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "far": "none of its ads is near the brief",
        "near": "its ads nearest the brief have a similarity of {near:.2f}, the first of them {first}",
        "no_vertical": "the brief's vertical is not known",
        "vertical": "{about} of its {ads} ads are of the brief's vertical, {vertical}",
        "no_language": "the language of its posts is not known",
        "language": "its posts are {shares}; the ad is Amharic",
        "no_dates": "it has no dated posts",
        "silent": "{rate:.0f} posts a month in the last three of the exports; its last post is {days} days older than "
        "the newest of all",
        "active": "{rate:.0f} posts a month in the last three of the exports; it posts until the end",
        "no_hours": "when it posts is not known",
        "hours": "it posts most at {hours}, and most on {day}",
        "days": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "am": "Amharic",
        "mixed": "mixed",
        "am-latn": "Amharic in Latin letters",
        "ti": "Tigrinya",
        "en": "English",
        "om": "Oromo",
        "so": "Somali",
        "und": "other",
    },
    "am": {
        "far": "ከማስታወቂያዎቹ ለመግለጫው የሚቀርብ የለም",
        "near": "ለመግለጫው በጣም የሚቀርቡት ማስታወቂያዎቹ {near:.2f} ያህል ይመሳሰሉታል፤ የመጀመሪያው {first} ነው",
        "no_vertical": "የመግለጫው ዘርፍ አይታወቅም",
        "vertical": "ከ{ads} ማስታወቂያዎቹ ውስጥ {about} የመግለጫው ዘርፍ ({vertical}) ናቸው",
        "no_language": "የልጥፎቹ ቋንቋ አይታወቅም",
        "language": "የልጥፎቹ ቋንቋ {shares} ነው፤ ማስታወቂያው በአማርኛ ነው",
        "no_dates": "ቀን ያለው ልጥፍ የለውም",
        "silent": "በመጨረሻዎቹ ሦስት ወራት በወር {rate:.0f} ልጥፎች አሉት፤ የመጨረሻው ልጥፉ ከሁሉም አዲስ ከሆነው በ{days} ቀን ይቀድማል",
        "active": "በመጨረሻዎቹ ሦስት ወራት በወር {rate:.0f} ልጥፎች አሉት፤ እስከ መጨረሻው ይለጥፋል",
        "no_hours": "መቼ እንደሚለጥፍ አይታወቅም",
        "hours": "በብዛት የሚለጥፈው {hours} ላይ ሲሆን ከቀናት ደግሞ {day} ነው",
        "days": "ሰኞ ማክሰኞ ረቡዕ ሐሙስ ዓርብ ቅዳሜ እሑድ",
        "am": "አማርኛ",
        "mixed": "ቅልቅል",
        "am-latn": "አማርኛ በላቲን ፊደል",
        "ti": "ትግርኛ",
        "en": "እንግሊዝኛ",
        "om": "ኦሮምኛ",
        "so": "ሶማሊኛ",
        "und": "ሌላ",
    },
}


class Searches(Protocol):
    """What finds ads near a brief (`index.search.PostIndex`)."""

    def search(
        self, query: str, *, k: int, channel_id: int | None = None, is_ad: bool | None = None
    ) -> Sequence[Hit]:
        """Posts, best first."""
        ...


class ChannelAdvice(BaseModel):
    """A channel for a brief.

    Attributes:
        score: weighted mean of `parts`, 0…1.
        parts: topic, vertical, language and activity, each 0…1.
        best_hours: at which it posts most, most first, in the recipe's zone.
        reasons: sentences behind the parts.
    """

    model_config = ConfigDict(frozen=True)

    channel_id: int
    name: str
    score: float
    parts: dict[str, float]
    best_hours: tuple[int, ...]
    reasons: tuple[str, ...]


def advise(
    brief: Brief, index: Searches, profiles: pl.DataFrame, *, minimum_score: float, language: str = "en"
) -> list[ChannelAdvice]:
    """All channels, the best for the brief first.

    Args:
        brief: as understood.
        index: of the channels' posts.
        profiles: CHANNEL_PROFILES.
        minimum_score: of the recipe's labels, where the brief names no vertical.
        language: of the reasons, one of LANGUAGES.
    """
    query = brief_query(brief)
    vertical = vertical_of(brief, minimum_score=minimum_score)
    rows = profiles.sort("channel_id").to_dicts()
    nearest = {row["channel_id"]: _nearest(index, query, row["channel_id"]) for row in rows}
    most_words = max((_mean(hits, "full_text") for hits in nearest.values()), default=0.0)
    newest = max((row["last_date"] for row in rows if row["last_date"] is not None), default=None)
    rates = {row["channel_id"]: _posts_a_month(row, newest) for row in rows}
    advice = [
        _advice(row, nearest[row["channel_id"]], vertical, most_words, newest, rates, language)
        for row in rows
    ]
    return sorted(advice, key=lambda channel: (-channel.score, channel.channel_id))


def brief_query(brief: Brief) -> str:
    """What a brief is about, in words, to search with."""
    words = SLOT.sub(" ", " ".join([brief.product, brief.description, *brief.features]))
    names = [fact.text for kind in ("product", "brand") for fact in brief.of_kind(kind)]
    return " ".join([*words.split(), *names])


def vertical_of(brief: Brief, *, minimum_score: float) -> str | None:
    """The vertical that a brief names, or that the rules find in its words; None if neither."""
    if brief.vertical in VERTICALS:
        return brief.vertical
    said = fill(" ".join([brief.product, brief.description, *brief.features]), brief.values())
    found = find_evidence(said)  # not `predict`, which gives a vertical to what sells alone: a brief need not
    best = max(VERTICALS, key=lambda vertical: found.scores[vertical])
    is_known = found.scores[best] >= max(_OF_A_BRIEF * minimum_score, found.outside)
    return best if is_known else None


def _nearest(index: Searches, query: str, channel_id: int) -> Sequence[Hit]:
    return index.search(query, k=NEAREST, channel_id=channel_id, is_ad=True) if query else ()


def _advice(
    row: Mapping[str, Any],
    hits: Sequence[Hit],
    vertical: str | None,
    most_words: float,
    newest: datetime | None,
    rates: Mapping[int, float],
    language: str,
) -> ChannelAdvice:
    """A channel's parts and reasons."""
    say = _SENTENCES[language]
    near, words = _mean(hits, "dense"), _mean(hits, "full_text")
    topic = (max(0.0, near) + (words / most_words if most_words else 0.0)) / 2
    by_vertical = {entry["vertical"]: entry["posts_count"] for entry in row["verticals"]}
    about = by_vertical.get(vertical, 0) if vertical else 0
    mix = about / row["ads_count"] if row["ads_count"] else 0.0
    languages = {entry["language"]: entry["posts_count"] for entry in row["languages"]}
    written = sum(languages.values())
    reads = sum(_READS_AMHARIC.get(name, 0.0) * count for name, count in languages.items())
    rate, most = rates[row["channel_id"]], max(rates.values())
    parts = {
        "topic": topic,
        "vertical": mix,
        "language": reads / written if written else 0.0,
        # By logarithm: ten posts a day are not ten times as good a place as one.
        "activity": math.log1p(rate) / math.log1p(most) if most else 0.0,
    }
    hours = _best_hours(row["hour_counts"])
    return ChannelAdvice(
        channel_id=row["channel_id"],
        name=row["channel_name"],
        score=round(sum(WEIGHTS[name] * value for name, value in parts.items()), 4),
        parts={name: round(value, 4) for name, value in parts.items()},
        best_hours=hours,
        reasons=(
            say["near"].format(near=near, first=hits[0].source) if hits else say["far"],
            say["vertical"].format(about=about, ads=row["ads_count"], vertical=_named(vertical, language))
            if vertical
            else say["no_vertical"],
            _language_reason(languages, written, say),
            _activity_reason(rate, row["last_date"], newest, say),
            _hours_reason(hours, row["weekday_counts"], say),
        ),
    )


def _mean(hits: Sequence[Hit], side: str) -> float:
    return sum(hit.scores[side] for hit in hits) / len(hits) if hits else 0.0


def _posts_a_month(row: Mapping[str, Any], newest: datetime | None) -> float:
    """Posts in the months that lie within the last ninety days of all channels, by month."""
    if newest is None:
        return 0.0
    first = (newest - _RECENT).date().replace(day=1)
    recent: list[int] = [entry["posts_count"] for entry in row["months"] if entry["month"] >= first]
    return sum(recent) / 3


def _best_hours(hour_counts: Sequence[int]) -> tuple[int, ...]:
    busy = sorted(range(len(hour_counts)), key=lambda hour: (-hour_counts[hour], hour))
    return tuple(hour for hour in busy[:BEST_HOURS] if hour_counts[hour])


def _named(vertical: str, language: str) -> str:
    """What a vertical is called."""
    label = taxonomy().verticals[vertical]
    return label.amharic if language == "am" else label.name


def _language_reason(languages: Mapping[str, int], written: int, say: Mapping[str, str]) -> str:
    if not written:
        return say["no_language"]
    most = list(languages.items())[:3]
    shares = ", ".join(f"{count / written:.0%} {say.get(name, name)}" for name, count in most)
    return say["language"].format(shares=shares)


def _activity_reason(
    rate: float, last: datetime | None, newest: datetime | None, say: Mapping[str, str]
) -> str:
    if last is None or newest is None:
        return say["no_dates"]
    days = (newest - last).days
    return say["silent" if days else "active"].format(rate=rate, days=days)


def _hours_reason(hours: Sequence[int], weekday_counts: Sequence[int], say: Mapping[str, str]) -> str:
    if not hours:
        return say["no_hours"]
    day = say["days"].split()[
        max(range(len(weekday_counts)), key=lambda place: (weekday_counts[place], -place))
    ]
    return say["hours"].format(hours=", ".join(f"{hour}:00" for hour in hours), day=day)


def nearest_channel(posts: Sequence[Hit]) -> int | None:
    """The channel of the hits with the most weight, earlier hits weighing more."""
    weights: dict[int, float] = {}
    for place, hit in enumerate(posts):
        if hit.channel_id is not None:
            weights[hit.channel_id] = weights.get(hit.channel_id, 0.0) + 1.0 / (1 + place)
    return max(sorted(weights), key=lambda channel: weights[channel], default=None)
