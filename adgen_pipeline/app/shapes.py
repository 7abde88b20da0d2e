"""What the API answers and `adgen write --json` prints: one shape for both, made from the library's own records."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from adgen_pipeline.app.bodies import BriefFields
from adgen_pipeline.generation.archive import Feedback, StoredAd
from adgen_pipeline.generation.checking import Checked
from adgen_pipeline.text.brief import Brief, BriefFact


class FactShape(BaseModel):
    """A fact that the ad states: its text there, its normalised value, and where the brief says it."""

    kind: str
    value: str
    source: str
    text: str
    slot: str


class ExemplarShape(BaseModel):
    """A post that the ad was modelled on; the excerpt has phones, handles and links masked.

    A piece of the advertiser's own document has no channel and no message.
    """

    channel_id: int | None
    message_id: int | None
    score: float
    excerpt: str


class PolicyShape(BaseModel):
    """Whether the ad may be placed: allow, needs_review or refuse, the rules behind it, and what they are about."""

    verdict: str
    rules: list[str]
    tags: list[str]


class AdShape(BaseModel):
    """One written ad with its evidence."""

    ad_id: str | None = Field(None, description="under which the API keeps it; null on the command line")
    text: str
    format: str
    rank: int
    channel_id: int | None
    facts: list[FactShape]
    left_out: list[str] = Field(description="facts of the brief that the format has no room for")
    exemplars: list[ExemplarShape]
    policy: PolicyShape
    scores: dict[str, float]
    written_by: str = Field(description="model, or template where no candidate passed the checks")
    prompt_digest: str

    @classmethod
    def of(cls, ad: Mapping[str, Any], *, ad_id: str | None = None) -> "AdShape":
        """The shape of a row of generation/ads, or of an `Ad` dumped to a mapping."""
        return cls(
            ad_id=ad_id,
            **{
                name: ad[name]
                for name in ("text", "format", "rank", "channel_id", "written_by", "prompt_digest")
            },
            facts=[
                FactShape(**{name: fact[name] for name in FactShape.model_fields}) for fact in ad["facts"]
            ],
            left_out=list(ad["left_out"]),
            exemplars=[
                ExemplarShape(**{name: post[name] for name in ExemplarShape.model_fields})
                for post in ad["exemplars"]
            ],
            policy=PolicyShape(
                verdict=ad["policy_verdict"], rules=list(ad["policy_rules"]), tags=list(ad["policy_tags"])
            ),
            scores={part["part"]: part["score"] for part in ad["scores"]},
        )


class WrittenShape(BaseModel):
    """The answer to a brief."""

    brief: Brief
    missing: list[str] = Field(description="what a good ad would need and the brief does not say")
    ads: list[AdShape]
    model: str = Field(description="version of training/model")
    index: str = Field(description="version of index/posts")
    seconds: float

    @classmethod
    def of(
        cls,
        brief: Brief,
        missing: Sequence[str],
        ads: Sequence[Mapping[str, Any]],
        *,
        seconds: float,
        ids: Sequence[str] | None = None,
    ) -> "WrittenShape":
        """The shape of the ads written for a brief, best first; `ids` are those that they are kept under."""
        kept: Sequence[str | None] = ids or [None] * len(ads)
        return cls(
            brief=brief,
            missing=list(missing),
            ads=[AdShape.of(ad, ad_id=ad_id) for ad, ad_id in zip(ads, kept, strict=True)],
            model=str(ads[0]["model"]) if ads else "",
            index=str(ads[0]["index"]) if ads else "",
            seconds=round(seconds, 2),
        )


class UnderstoodShape(BaseModel):
    """A brief as it was understood, before anything is written."""

    brief: Brief
    missing: list[str] = Field(description="what a good ad would need and the brief does not say")
    fields: BriefFields = Field(description="the same by fields: to be corrected and sent back as `brief`")


class FeedbackShape(BaseModel):
    """What somebody did with an ad."""

    feedback_id: int
    given: datetime
    role: str
    verdict: str
    text: str | None
    reason: str | None

    @classmethod
    def of(cls, feedback: Feedback) -> "FeedbackShape":
        """The shape of a kept verdict."""
        return cls(
            given=utc(feedback.given_utc),
            **_fields(feedback, "feedback_id", "role", "verdict", "text", "reason"),
        )


class JudgedShape(FeedbackShape):
    """A verdict as it was kept, and what an edited text says that the brief does not."""

    invented: list[str] = Field(description="facts of the edited text that its brief does not hold")


class StoredAdShape(BaseModel):
    """An ad as it is kept, with its brief and what people did with it."""

    ad_id: str
    created: datetime
    brief: Brief
    ad: AdShape
    model: str
    index: str
    feedback: list[FeedbackShape]

    @classmethod
    def of(cls, stored: StoredAd, feedback: Sequence[Feedback]) -> "StoredAdShape":
        """The shape of a kept ad."""
        return cls(
            ad_id=stored.ad_id,
            created=utc(stored.created_utc),
            brief=stored.brief,
            ad=AdShape.of(stored.ad, ad_id=stored.ad_id),
            model=str(stored.ad["model"]),
            index=str(stored.ad["index"]),
            feedback=[FeedbackShape.of(given) for given in feedback],
        )


class PastAdShape(BaseModel):
    """A line of the history."""

    ad_id: str
    created: datetime
    channel_id: int | None
    format: str
    text: str
    verdict: str | None = Field(description="the latest one: accept, edit or reject")

    @classmethod
    def of(cls, stored: StoredAd) -> "PastAdShape":
        """The line of a kept ad."""
        values = {name: stored.ad[name] for name in ("channel_id", "format", "text")}
        return cls(ad_id=stored.ad_id, created=utc(stored.created_utc), verdict=stored.verdict, **values)


class ConcernShape(BaseModel):
    """Words of an edited ad that the brief or a rule does not allow; start and end count Unicode characters."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    text: str
    start: int
    end: int


class CheckedShape(BaseModel):
    """The findings on an edited ad."""

    concerns: list[ConcernShape]
    missing: list[BriefFact] = Field(description="facts that the brief wants said and the text does not say")
    problems: list[str]
    policy: PolicyShape
    units: int = Field(description="length as Telegram counts it: UTF-16 units")
    maximum_units: int

    @classmethod
    def of(cls, checked: Checked) -> "CheckedShape":
        """The shape of the library's findings."""
        return cls(
            concerns=[ConcernShape.model_validate(concern) for concern in checked.concerns],
            missing=list(checked.missing),
            problems=list(checked.problems),
            policy=PolicyShape(verdict=checked.verdict, rules=list(checked.rules), tags=list(checked.tags)),
            units=checked.units,
            maximum_units=checked.maximum_units,
        )


class HitShape(BaseModel):
    """One post found."""

    channel_id: int | None
    message_id: int | None
    score: float
    scores: dict[str, float]
    kind: str
    source: str
    post: str
    matched: list[str] = []

    model_config = ConfigDict(from_attributes=True)


class FoundShape(BaseModel):
    """The answer to a search, best first."""

    query: str
    hits: list[HitShape]


class CountShape(BaseModel):
    """How many posts have something."""

    name: str
    posts_count: int


class ProfileShape(BaseModel):
    """How a channel posts; counts are of posts."""

    posts_count: int
    ads_count: int
    ad_share: float
    first_date: datetime | None
    last_date: datetime | None
    median_words: float | None
    ethiopic_share: float | None
    emojis_per_post: float | None
    hour_counts: list[int] = Field(description="by hour of day, 24 numbers")
    weekday_counts: list[int] = Field(description="by weekday, Monday first, 7 numbers")
    verticals: list[CountShape]
    languages: list[CountShape]
    top_hashtags: list[CountShape]
    top_emojis: list[CountShape]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "ProfileShape":
        """The shape of a row of corpus/channel_profiles."""
        counted = {
            "verticals": "vertical",
            "languages": "language",
            "top_hashtags": "hashtag",
            "top_emojis": "emoji",
        }
        values: dict[str, Any] = {name: row[name] for name in cls.model_fields if name not in counted}
        for name, word in counted.items():
            values[name] = [
                CountShape(name=entry[word], posts_count=entry["posts_count"]) for entry in row[name]
            ]
        return cls(**values)


class ChannelShape(BaseModel):
    """A channel that ads can be written for."""

    channel_id: int
    name: str
    profile: ProfileShape | None = Field(description="null where the corpus was not explored yet")


class AdviceShape(BaseModel):
    """How well a channel suits a brief, and why."""

    model_config = ConfigDict(from_attributes=True)

    channel_id: int
    name: str
    score: float = Field(description="weighted mean of the parts, 0 to 1")
    parts: dict[str, float] = Field(description="topic, vertical, language and activity, each 0 to 1")
    best_hours: list[int] = Field(description="at which it posts most, most first")
    reasons: list[str] = Field(description="a sentence a part, and one on when it posts")


class ServingShape(BaseModel):
    """What writes ads now."""

    model: str
    index: str
    since: datetime


class VersionShape(BaseModel):
    """A model, encoder or index that stands in the data folder."""

    stage: str
    name: str
    version: str
    made: datetime
    is_published: bool = Field(description="whether its pointer names it")


class ContenderShape(BaseModel):
    """A model that POST /v1/comparisons takes, by its version or its title."""

    model_config = ConfigDict(from_attributes=True)

    model: str = Field(description="version of training/model; or template, which needs no model")
    title: str | None = Field(description="champion, challenger or template")
    is_serving: bool
    made: datetime | None


class ModelsShape(BaseModel):
    """What serves, what is published, what stands there and what can be compared."""

    state: str = Field(description="ready, loading, or what is wrong")
    serving: ServingShape | None
    versions: list[VersionShape]
    contenders: list[ContenderShape]


class StatusShape(BaseModel):
    """That all is well."""

    status: str


def utc(seconds: float) -> datetime:
    """A moment from seconds since 1970."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def _fields(record: object, *names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def source_of(post: ExemplarShape) -> str:
    """Where an exemplar stands: channel/message, or the advertiser's document."""
    return "the advertiser's document" if post.message_id is None else f"{post.channel_id}/{post.message_id}"


def ad_lines(ad: AdShape, *, title: str) -> list[str]:
    """An ad for the terminal: title, text, where it comes from."""
    lines = [f"── {title} " + "─" * max(4, 76 - len(title)), ad.text, ""]
    lines.append(f"   written by the {ad.written_by}; policy: {ad.policy.verdict}")
    if ad.policy.rules:
        lines[-1] += f" ({', '.join(ad.policy.rules)})"
    if ad.left_out:
        lines.append(f"   no room in a {ad.format} for: {'; '.join(ad.left_out)}")
    lines += [
        f"   modelled on {source_of(post)}: {' '.join(post.excerpt.split())[:160]}" for post in ad.exemplars
    ]
    return lines
