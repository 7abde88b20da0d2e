"""What the API answers and `adgen write --json` prints: one shape for both, made from the library's own records."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from adgen_pipeline.text.brief import Brief


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
    """Whether the ad may be placed: allow, review or refuse, and the rules behind it."""

    verdict: str
    rules: list[str]


class AdShape(BaseModel):
    """One written ad with its evidence."""

    text: str
    format: str
    rank: int
    channel_id: int | None
    facts: list[FactShape]
    exemplars: list[ExemplarShape]
    policy: PolicyShape
    scores: dict[str, float]
    written_by: str = Field(description="model, or template where no candidate passed the checks")
    prompt_digest: str

    @classmethod
    def of(cls, ad: Mapping[str, Any]) -> "AdShape":
        """The shape of a row of generation/ads, or of an `Ad` dumped to a mapping."""
        return cls(
            **{
                name: ad[name]
                for name in ("text", "format", "rank", "channel_id", "written_by", "prompt_digest")
            },
            facts=[
                FactShape(**{name: fact[name] for name in FactShape.model_fields}) for fact in ad["facts"]
            ],
            exemplars=[
                ExemplarShape(**{name: post[name] for name in ExemplarShape.model_fields})
                for post in ad["exemplars"]
            ],
            policy=PolicyShape(verdict=ad["policy_verdict"], rules=list(ad["policy_rules"])),
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
        cls, brief: Brief, missing: Sequence[str], ads: Sequence[Mapping[str, Any]], *, seconds: float
    ) -> "WrittenShape":
        """The shape of the ads written for a brief, best first."""
        return cls(
            brief=brief,
            missing=list(missing),
            ads=[AdShape.of(ad) for ad in ads],
            model=str(ads[0]["model"]) if ads else "",
            index=str(ads[0]["index"]) if ads else "",
            seconds=round(seconds, 2),
        )


class UnderstoodShape(BaseModel):
    """A brief as it was understood, before anything is written."""

    brief: Brief
    missing: list[str]


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


class ChannelShape(BaseModel):
    """A channel that ads can be written for."""

    channel_id: int
    name: str


def source_of(post: ExemplarShape) -> str:
    """Where an exemplar stands: channel/message, or the advertiser's document."""
    return "the advertiser's document" if post.message_id is None else f"{post.channel_id}/{post.message_id}"


def ad_lines(ad: AdShape, *, title: str) -> list[str]:
    """An ad for the terminal: title, text, where it comes from."""
    lines = [f"── {title} " + "─" * max(4, 76 - len(title)), ad.text, ""]
    lines.append(f"   written by the {ad.written_by}; policy: {ad.policy.verdict}")
    if ad.policy.rules:
        lines[-1] += f" ({', '.join(ad.policy.rules)})"
    lines += [
        f"   modelled on {source_of(post)}: {' '.join(post.excerpt.split())[:160]}" for post in ad.exemplars
    ]
    return lines
