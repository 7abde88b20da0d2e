"""Whether a new model may take the champion's place: nothing invented, no rule broken anew, no main score worse."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from adgen_pipeline.evaluation.catalogue import BY_NAME, MAIN
from adgen_pipeline.evaluation.scores import Difference, paired
from adgen_pipeline.evaluation.systems import OURS

_CHALLENGER, _CHAMPION = "challenger", "champion"


class Judgement(NamedTuple):
    """What the gate says of a challenger.

    Attributes:
        reasons: sentences that speak against it, empty if it may replace the champion.
        differences: challenger minus champion in the main scores; empty where there is no champion yet.
        cases_count: cases that both were measured on, or the challenger's own where there is no champion.
    """

    reasons: tuple[str, ...]
    differences: tuple[Difference, ...]
    cases_count: int

    @property
    def is_accepted(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


def judge(
    challenger: pl.DataFrame, champion: pl.DataFrame | None, *, samples: int = 1_000, seed: int = 7
) -> Judgement:
    """The gate's judgement.

    Args:
        challenger: MEASURES of the run that made it; rows of `ours` count.
        champion: MEASURES that were kept when the champion was promoted; None: there is no champion yet.
        samples, seed: of the paired bootstrap over the cases that both were measured on.
    """
    ours = challenger.filter(system=OURS)
    reasons = [*_invented(ours)]
    if champion is None:
        if broken := _values(ours, "policy_kept", below=1.0):
            reasons.append(f"{len(broken)} ads break a rule that their briefs do not ({_few(broken)})")
        return Judgement(tuple(reasons), (), ours["case_id"].n_unique())
    theirs = champion.filter(system=OURS)
    common = sorted(set(ours["case_id"]) & set(theirs["case_id"]))
    if not common:
        reasons.append(
            "it was measured on none of the champion's cases: take the champion's evaluation.seed and "
            "evaluation.cases, and run again"
        )
        return Judgement(tuple(reasons), (), 0)
    kept = set(theirs["case_id"]) - set(_values(theirs, "policy_kept", below=1.0))
    if broken := [
        case for case in _values(ours, "policy_kept", below=1.0) if case in kept or case not in common
    ]:
        reasons.append(f"{len(broken)} ads break a rule where the champion's do not ({_few(broken)})")
    both = pl.concat(
        [
            ours.with_columns(pl.lit(_CHALLENGER).alias("system")),
            theirs.with_columns(pl.lit(_CHAMPION).alias("system")),
        ]
    )
    found = [paired(both, _CHALLENGER, _CHAMPION, BY_NAME[name], samples=samples, seed=seed) for name in MAIN]
    differences = tuple(difference for difference in found if difference is not None)
    reasons += [
        f"{d.metric.title} is worse by {abs(d.value):.3f} (95 % interval {d.low:+.3f} to {d.high:+.3f})"
        for d in differences
        if d.verdict == "worse"
    ]
    return Judgement(tuple(reasons), differences, len(common))


def _invented(ours: pl.DataFrame) -> list[str]:
    if ours.filter(metric="fact_precision").is_empty():
        return ["it was not measured: run `adgen run` first"]
    if inventing := _values(ours, "fact_precision", below=1.0):
        return [
            f"fact precision is not 1: {len(inventing)} ads state facts that their briefs do not ({_few(inventing)})"
        ]
    return []


def _values(measures: pl.DataFrame, metric: str, *, below: float) -> list[str]:
    """Cases in which a metric lies below a bound, sorted."""
    return sorted(measures.filter((pl.col("metric") == metric) & (pl.col("value") < below))["case_id"])


def _few(cases: Sequence[str]) -> str:
    return ", ".join(cases[:3]) + (" …" if len(cases) > 3 else "")
