"""What votes on two ads side by side say of the models, by the statistics of the raters' sheets."""

from typing import NamedTuple

import polars as pl

from adgen_pipeline.evaluation.sheet import outcome

# Below it no comparison can tell anything: even 5 of 5 has p = 0.06 in the sign test, 6 of 6 has 0.03.
MINIMUM_COMPARISONS = 6


class Rate(NamedTuple):
    """How a model did against another one.

    Attributes:
        model, other: versions of training/model, or template; in alphabetical order.
        comparisons_count: that somebody voted on.
        votes_count: of them all.
        wins, losses: votes for the model and for the other.
        both, neither: votes for neither of the two more than for the other.
        win_rate: mean over comparisons of the share of votes for the model, both and neither being half a vote.
        low, high: 95 % interval of it, by bootstrap over comparisons; None below MINIMUM_COMPARISONS.
        p_value: of the two-sided sign test over comparisons whose votes are not even.
    """

    model: str
    other: str
    comparisons_count: int
    votes_count: int
    wins: int
    losses: int
    both: int
    neither: int
    win_rate: float
    low: float | None
    high: float | None
    p_value: float


def rates(comparisons: pl.DataFrame, *, samples: int = 1_000, seed: int = 7) -> list[Rate]:
    """A line for each two models that were compared, most votes first.

    Args:
        comparisons: a table of COMPARISONS.
        samples, seed: of the bootstrap.
    """
    votes = comparisons.with_columns(
        model=pl.min_horizontal("first_model", "second_model"),
        other=pl.max_horizontal("first_model", "second_model"),
        side=pl.when(pl.col("choice").is_in(["first", "second"])).then(
            pl.when(pl.col("choice") == "first").then("first_model").otherwise("second_model")
        ),
    ).sort("comparison_id", "vote_id")
    found = [
        _rate(str(key[0]), str(key[1]), of_pair, samples=samples, seed=seed)
        for key, of_pair in votes.group_by("model", "other", maintain_order=True)
    ]
    return sorted(found, key=lambda rate: (-rate.votes_count, rate.model, rate.other))


def _rate(model: str, other: str, votes: pl.DataFrame, *, samples: int, seed: int) -> Rate:
    value = pl.when(pl.col("side").is_null()).then(0.5).otherwise((pl.col("side") == model).cast(pl.Float64))
    by_comparison = votes.group_by("comparison_id", maintain_order=True).agg(value=value)["value"].to_list()
    counted = outcome(other, by_comparison, samples=samples, seed=seed)
    is_enough = counted.pairs_count >= MINIMUM_COMPARISONS
    return Rate(
        model=model,
        other=other,
        comparisons_count=counted.pairs_count,
        votes_count=votes.height,
        wins=counted.wins,
        losses=counted.losses,
        both=int((votes["choice"] == "both").sum()),
        neither=int((votes["choice"] == "neither").sum()),
        win_rate=counted.win_rate,
        low=counted.low if is_enough else None,
        high=counted.high if is_enough else None,
        p_value=counted.p_value,
    )
