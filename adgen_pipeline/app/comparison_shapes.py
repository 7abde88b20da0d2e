"""What the API answers about comparisons: two ads without their writers, and, after the vote, with them."""

from datetime import datetime

from pydantic import BaseModel, Field

from adgen_pipeline.app.shapes import AdShape, FactShape, PolicyShape, utc
from adgen_pipeline.evaluation.votes import Rate
from adgen_pipeline.generation.archive import StoredAd
from adgen_pipeline.generation.comparisons import Comparison, Vote
from adgen_pipeline.text.brief import Brief


class BlindAdShape(BaseModel):
    """An ad without what would tell who wrote it."""

    text: str
    facts: list[FactShape]
    left_out: list[str] = Field(description="facts of the brief that the format has no room for")
    policy: PolicyShape

    @classmethod
    def of(cls, stored: StoredAd) -> "BlindAdShape":
        """The shape of a stored ad."""
        whole = AdShape.of(stored.ad)
        return cls(text=whole.text, facts=whole.facts, left_out=whole.left_out, policy=whole.policy)


class VoteShape(BaseModel):
    """What this key found."""

    choice: str
    role: str
    given: datetime


class WrittenByShape(BaseModel):
    """Who wrote an ad, and the ad with its evidence."""

    model: str = Field(description="version of training/model, or template")
    ad: AdShape

    @classmethod
    def of(cls, stored: StoredAd) -> "WrittenByShape":
        """The shape of a stored ad."""
        return cls(model=str(stored.ad["model"]), ad=AdShape.of(stored.ad, ad_id=stored.ad_id))


class RevealedShape(BaseModel):
    """Which was which."""

    first: WrittenByShape
    second: WrittenByShape
    index: str = Field(description="version of index/posts that both retrieved from")
    seed: int = Field(description="by which the order was drawn")


class ComparisonShape(BaseModel):
    """Two ads for one brief, by two models."""

    comparison_id: str
    created: datetime
    brief: Brief
    channel_id: int | None
    format: str
    first: BlindAdShape
    second: BlindAdShape
    is_same: bool = Field(description="whether both models wrote the same ad: nothing to vote on")
    vote: VoteShape | None = Field(description="of this key; null before it voted")
    revealed: RevealedShape | None = Field(description="null until this key voted")

    @classmethod
    def of(cls, comparison: Comparison, vote: Vote | None) -> "ComparisonShape":
        """The shape of a kept comparison, for whoever gave that vote."""
        given = None
        if vote is not None:
            given = VoteShape(choice=vote.choice, role=vote.role, given=utc(vote.given_utc))
        revealed = None
        if vote is not None or comparison.is_same:
            revealed = RevealedShape(
                first=WrittenByShape.of(comparison.first),
                second=WrittenByShape.of(comparison.second),
                index=str(comparison.first.ad["index"]),
                seed=comparison.seed,
            )
        return cls(
            comparison_id=comparison.comparison_id,
            created=utc(comparison.created_utc),
            brief=comparison.first.brief,
            channel_id=comparison.first.ad["channel_id"],
            format=str(comparison.first.ad["format"]),
            first=BlindAdShape.of(comparison.first),
            second=BlindAdShape.of(comparison.second),
            is_same=comparison.is_same,
            vote=given,
            revealed=revealed,
        )


class RateShape(BaseModel):
    """How two models did against each other in people's eyes."""

    model: str
    other: str
    comparisons_count: int
    votes_count: int
    wins: int = Field(description="votes for `model`")
    losses: int = Field(description="votes for `other`")
    both: int
    neither: int
    win_rate: float = Field(description="of `model`: mean over comparisons; both and neither are half a vote")
    low: float | None = Field(description="95 % interval of it; null while comparisons are too few to tell")
    high: float | None
    p_value: float = Field(description="of the two-sided sign test over comparisons")

    @classmethod
    def of(cls, rate: Rate) -> "RateShape":
        """The shape of what was counted."""
        return cls(**rate._asdict())


class SummaryShape(BaseModel):
    """All pairs of models that were voted on."""

    votes_count: int
    pairs: list[RateShape]
