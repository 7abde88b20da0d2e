"""Metrics averaged over cases, with bootstrap intervals, and systems compared case by case."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from adgen_pipeline import figures
from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation.background import Background
from adgen_pipeline.evaluation.catalogue import ALL, BITS_PER_BYTE, BY_NAME, OF_ALL, OF_ONE
from adgen_pipeline.evaluation.metrics import Answer, Case, Metric
from adgen_pipeline.evaluation.systems import OURS, in_order
from adgen_pipeline.evaluation_schemas import MEASURES, SCORES
from adgen_pipeline.recipe import EvaluationRecipe
from adgen_pipeline.text.brief import Brief

# What the figure shows of the catalogue: shares and the two likenesses that read all of an ad.
FIGURE = (
    "acceptable", "fact_recall", "fact_precision", "chrf_masked", "chrf", "format_validity", "ethiopic_share",
    "amharic_word_share", "vertical_consistency",
)  # fmt: skip
INTERVAL = (2.5, 97.5)  # per cent


class Difference(NamedTuple):
    """Ours minus a baseline in one metric, with the interval of the paired bootstrap over cases."""

    metric: Metric
    baseline: str
    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """better, worse, or level where the interval holds zero."""
        if self.low <= 0 <= self.high:
            return "level"
        return "better" if (self.value > 0) == self.metric.is_higher_better else "worse"


def build(measures: pl.DataFrame, *, recipe: EvaluationRecipe) -> pl.DataFrame:
    """SCORES: each metric of each system, null where it was not measured (the template predicts nothing).

    Args:
        measures: MEASURES.
        recipe: bootstrap samples and seed.
    """
    rows = []
    for system in in_order(measures["system"].unique().to_list()):
        for metric in ALL:
            values = measures.filter(system=system, metric=metric.name).sort("case_id")["value"].to_list()
            low, high = interval(values, samples=recipe.bootstrap_samples, seed=recipe.seed)
            rows.append(
                {
                    "system": system,
                    "metric": metric.name,
                    "value": float(np.mean(values)) if values else None,
                    "low": low,
                    "high": high,
                    "cases_count": len(values),
                    "is_higher_better": metric.is_higher_better,
                }
            )
    return SCORES.conform(SCORES.frame(rows))


def measure(
    cases: pl.DataFrame,
    answers: pl.DataFrame,
    bits_per_byte: Mapping[str, Sequence[float]],
    background: Background,
) -> pl.DataFrame:
    """MEASURES: each metric of each answer, without a row where there is nothing to measure.

    Args:
        cases: CASES.
        answers: ANSWERS.
        bits_per_byte: by system, of each case's post, in the order of the cases.
        background: what answers are measured against beside their cases.

    Raises:
        DataError: there are no answers, an answer belongs to no case, or a number is not finite.
    """
    if answers.is_empty():
        raise DataError(
            "evaluation/answers: there are no answers to score. Materialise evaluation/answers first."
        )
    known = read_cases(cases)
    rows: list[tuple[str, str, str, float | None]] = []
    for (system,), of_system in answers.sort("system", "case_id").group_by("system", maintain_order=True):
        ids, asked, written = [], [], []
        for row in of_system.iter_rows(named=True):
            if row["case_id"] not in known:
                raise DataError(
                    f"evaluation/answers: {row['case_id']} of {system} is no case. "
                    "Materialise evaluation/answers again."
                )
            ids.append(row["case_id"])
            asked.append(known[row["case_id"]])
            written.append(read_answer(row))
        columns: dict[str, Sequence[float | None]] = {
            metric.name: [metric.measure(*pair) for pair in zip(asked, written, strict=True)]
            for metric in OF_ONE
            if metric.measure is not None
        }
        columns |= {name: function(asked, written, background) for name, function in OF_ALL.items()}
        for name, values in columns.items():
            rows += [(str(system), case_id, name, value) for case_id, value in zip(ids, values, strict=True)]
    for system, bits in bits_per_byte.items():
        rows += [
            (system, case_id, BITS_PER_BYTE.name, value)
            for case_id, value in zip(cases["case_id"], bits, strict=True)
        ]
    schema = {"system": pl.String, "case_id": pl.String, "metric": pl.String, "value": pl.Float64}
    measured = pl.DataFrame(rows, schema=schema, orient="row").drop_nulls("value")
    _refuse_not_finite(measured)
    return MEASURES.conform(measured)


def read_cases(cases: pl.DataFrame) -> dict[str, Case]:
    """Cases by id."""
    return {
        row["case_id"]: Case(
            Brief.model_validate_json(row["brief"]), row["reference"], row["reference_slotted"]
        )
        for row in cases.iter_rows(named=True)
    }


def read_answer(row: Mapping[str, object]) -> Answer:
    """The answer in a row of ANSWERS."""
    return Answer(str(row["text"]), str(row["slotted"]), str(row["written_by"]))


def interval(values: Sequence[float], *, samples: int, seed: int) -> tuple[float | None, float | None]:
    """Bounds of the middle 95 % of the means of resampled values; nulls for no values.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13 (percentile intervals).
    """
    if not values:
        return None, None
    drawn = np.random.default_rng(seed).integers(0, len(values), (samples, len(values)))
    low, high = np.percentile(np.asarray(values, dtype=np.float64)[drawn].mean(axis=1), INTERVAL)
    return float(low), float(high)


def compare(measures: pl.DataFrame, *, samples: int = 1_000, seed: int = 7) -> list[Difference]:
    """Ours minus each other system in each metric, on the cases in which both were measured."""
    others = in_order([name for name in measures["system"].unique() if name != OURS])
    return [
        difference
        for other in others
        for metric in ALL
        if (difference := paired(measures, OURS, other, metric, samples=samples, seed=seed)) is not None
    ]


def paired(
    measures: pl.DataFrame, system: str, other: str, metric: Metric, *, samples: int, seed: int
) -> Difference | None:
    """One system minus another in a metric, case by case; None if they share no measured case."""
    of_metric = measures.filter(metric=metric.name).select("system", "case_id", "value")
    both = (
        of_metric.filter(system=system)
        .join(of_metric.filter(system=other), on="case_id", suffix="_other")
        .sort("case_id")
    )
    differences = (both["value"] - both["value_other"]).to_list()
    low, high = interval(differences, samples=samples, seed=seed)
    if low is None or high is None:
        return None
    return Difference(metric, other, float(np.mean(differences)), low, high)


def figure(scores: pl.DataFrame) -> bytes:
    """Shares and chrF (of 100) of the systems side by side with their intervals, as PNG."""
    shown = [BY_NAME[name] for name in FIGURE]
    groups: dict[str, dict[str, tuple[float, float, float]]] = {}
    for metric in shown:
        scale = 100.0 if metric.is_share else 1.0
        rows = scores.filter(metric=metric.name).drop_nulls("value").to_dicts()
        by_system = {row["system"]: row for row in rows}
        if by_system:
            groups[metric.title] = {
                system: tuple(scale * by_system[system][bound] for bound in ("value", "low", "high"))
                for system in in_order(list(by_system))
            }
    title = "Scores beside the baselines, with 95 % intervals"
    return figures.png(figures.grouped_bars(groups, title=title, unit="% (chrF: of 100)"))


def _refuse_not_finite(measures: pl.DataFrame) -> None:
    wrong = measures.filter(~pl.col("value").is_finite())
    if wrong.height:
        system, metric = wrong.row(0, named=True)["system"], wrong.row(0, named=True)["metric"]
        of_metric = measures.filter(system=system, metric=metric).height
        count = wrong.filter(system=system, metric=metric).height
        raise DataError(
            f"evaluation/measures: {metric} of {system} is not finite for {count} of {of_metric} cases. "
            "Look at the model's losses: its training diverged."
        )
