from typing import Any

import polars as pl
import pytest

from adgen_pipeline.evaluation.votes import MINIMUM_COMPARISONS, rates
from adgen_pipeline.feedback_schemas import COMPARISONS


def votes(*given: tuple[str, str, str, str]) -> pl.DataFrame:
    """Rows of COMPARISONS from (comparison, first model, second model, choice)."""
    empty: dict[str, Any] = {
        name: "" if column.dtype == pl.String else 0
        for name, column in COMPARISONS.columns.items()
        if not column.nullable and name != "given_utc"
    }
    rows = [
        {
            **empty,
            "vote_id": number,
            "comparison_id": c,
            "first_model": f,
            "second_model": s,
            "choice": choice,
        }
        for number, (c, f, s, choice) in enumerate(given)
    ]
    return COMPARISONS.frame(rows)


def test_votes_are_counted_for_a_model_whichever_side_it_was_on() -> None:
    (rate,) = rates(
        votes(("c1", "m1", "m2", "first"), ("c2", "m2", "m1", "second"), ("c3", "m2", "m1", "first"))
    )
    assert (rate.model, rate.other, rate.wins, rate.losses) == ("m1", "m2", 2, 1)
    assert rate.win_rate == pytest.approx(2 / 3)


def test_both_and_neither_are_half_a_vote() -> None:
    (rate,) = rates(
        votes(("c1", "m1", "m2", "both"), ("c2", "m1", "m2", "neither"), ("c3", "m1", "m2", "first"))
    )
    assert (rate.both, rate.neither, rate.wins, rate.losses, rate.votes_count) == (1, 1, 1, 0, 3)
    assert rate.win_rate == pytest.approx(2 / 3)


def test_several_votes_on_one_comparison_weigh_as_much_as_one_on_another() -> None:
    three = [("c1", "m1", "m2", "first")] * 3
    (rate,) = rates(votes(*three, ("c2", "m1", "m2", "second")))
    assert (rate.comparisons_count, rate.votes_count, rate.win_rate) == (2, 4, 0.5)


def test_too_few_comparisons_have_no_interval() -> None:
    def of(count: int) -> tuple[float | None, float | None, float]:
        (rate,) = rates(votes(*((f"c{n}", "m1", "m2", "first" if n % 3 else "second") for n in range(count))))
        return rate.low, rate.high, rate.win_rate

    assert of(MINIMUM_COMPARISONS - 1)[:2] == (None, None)
    low, high, middle = of(MINIMUM_COMPARISONS)
    assert low is not None
    assert high is not None
    assert 0 <= low < middle < high <= 1


def test_each_two_models_have_a_line_the_most_voted_on_first() -> None:
    found = rates(votes(("c1", "m3", "m1", "first"), ("c2", "m1", "m2", "first"), ("c3", "m2", "m1", "both")))
    assert [(rate.model, rate.other, rate.votes_count) for rate in found] == [
        ("m1", "m2", 2),
        ("m1", "m3", 1),
    ]


def test_without_votes_there_is_nothing_to_say() -> None:
    assert rates(votes()) == []
