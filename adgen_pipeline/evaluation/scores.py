"""Metrics averaged over cases, with bootstrap intervals, and systems compared case by case."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from adgen_pipeline import figures
from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation.metrics import BITS_PER_BYTE, BY_NAME, METRICS, Answer, Case, Metric
from adgen_pipeline.recipe import EvaluationRecipe
from adgen_pipeline.schemas import SCORES
from adgen_pipeline.text.brief import Brief

SYSTEMS = ("ours", "base", "template")  # the order in tables and figures
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


def build(
    cases: pl.DataFrame,
    answers: pl.DataFrame,
    bits_per_byte: Mapping[str, Sequence[float]],
    *,
    recipe: EvaluationRecipe,
) -> pl.DataFrame:
    """SCORES: each metric of each system, null where it was not measured (the template predicts nothing).

    Args:
        cases: CASES.
        answers: ANSWERS.
        bits_per_byte: by system, of each held-out post.
        recipe: bootstrap samples and seed.

    Raises:
        DataError: there are no answers, an answer belongs to no case, or a number is not finite.
    """
    measured = measure(cases, answers)
    rows = []
    for system in _in_order(measured["system"].unique().to_list()):
        numbers = {
            metric.name: measured.filter(system=system, metric=metric.name)["value"].to_list()
            for metric in METRICS
        }
        numbers[BITS_PER_BYTE.name] = list(bits_per_byte.get(system, ()))
        for name, values in numbers.items():
            _refuse_not_finite(system, name, values)
            low, high = interval(values, samples=recipe.bootstrap_samples, seed=recipe.seed)
            rows.append(
                {
                    "system": system,
                    "metric": name,
                    "value": float(np.mean(values)) if values else None,
                    "low": low,
                    "high": high,
                    "cases_count": len(values),
                    "is_higher_better": BY_NAME[name].is_higher_better,
                }
            )
    return SCORES.conform(SCORES.frame(rows))


def measure(cases: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Each metric of each answer: system, case_id, metric, value; sorted.

    Raises:
        DataError: there are no answers, or an answer belongs to no case.
    """
    if answers.is_empty():
        raise DataError(
            "evaluation/answers: there are no answers to score. Materialise evaluation/answers first."
        )
    known = read_cases(cases)
    rows = []
    for row in answers.sort("system", "case_id").iter_rows(named=True):
        if row["case_id"] not in known:
            raise DataError(
                f"evaluation/answers: {row['case_id']} of {row['system']} is no case. "
                "Materialise evaluation/answers again."
            )
        case, answer = known[row["case_id"]], read_answer(row)
        for metric in METRICS:
            assert metric.measure is not None
            rows.append((row["system"], row["case_id"], metric.name, metric.measure(case, answer)))
    schema = {"system": pl.String, "case_id": pl.String, "metric": pl.String, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


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


def compare(measured: pl.DataFrame, *, samples: int = 1_000, seed: int = 7) -> list[Difference]:
    """Ours minus each baseline in each metric on the cases that both answered, from `measure`'s table."""
    wide = measured.pivot("system", index=["metric", "case_id"], values="value").sort("metric", "case_id")
    found = []
    for baseline in SYSTEMS[1:]:
        if not {"ours", baseline} <= set(wide.columns):
            continue
        both = wide.drop_nulls(["ours", baseline])
        for metric in METRICS:
            pairs = both.filter(metric=metric.name)
            differences = (pairs["ours"] - pairs[baseline]).to_list()
            low, high = interval(differences, samples=samples, seed=seed)
            if low is not None and high is not None:
                found.append(Difference(metric, baseline, float(np.mean(differences)), low, high))
    return found


def figure(scores: pl.DataFrame) -> bytes:
    """Shares and chrF (of 100) of the systems side by side with their intervals, as PNG."""
    shown = [m for m in METRICS if (m.is_share and m.name != "by_model") or m.name.startswith("chrf")]
    groups: dict[str, dict[str, tuple[float, float, float]]] = {}
    for metric in shown:
        scale = 100.0 if metric.is_share else 1.0
        rows = scores.filter(metric=metric.name).drop_nulls("value").to_dicts()
        by_system = {row["system"]: row for row in rows}
        groups[metric.title] = {
            system: tuple(scale * by_system[system][bound] for bound in ("value", "low", "high"))
            for system in _in_order(list(by_system))
        }
    title = "Scores beside the baselines, with 95 % intervals"
    return figures.png(figures.grouped_bars(groups, title=title, unit="% (chrF: of 100)"))


def _in_order(systems: Sequence[str]) -> list[str]:
    return sorted(systems, key=lambda name: (SYSTEMS.index(name) if name in SYSTEMS else len(SYSTEMS), name))


def _refuse_not_finite(system: str, metric: str, values: Sequence[float]) -> None:
    wrong = sum(not math.isfinite(value) for value in values)
    if wrong:
        raise DataError(
            f"evaluation/scores: {metric} of {system} is not finite for {wrong} of {len(values)} cases. "
            "Look at the model's losses: its training diverged."
        )
