import polars as pl
import pytest

from adgen_pipeline.evaluation import gate, scores
from adgen_pipeline_tests.evaluation.ads import AD, answers, background, cases

GOOD = [f"{AD} ጥሩ ጫማ"] * 10


def measures(ads: list[str], bits: float = 1.0) -> pl.DataFrame:
    """MEASURES of ours: what it wrote for ten cases, and how well its model reads their posts."""
    return scores.measure(
        cases(10), answers({"ours": ads}), {"ours": [bits + n / 100 for n in range(10)]}, background()
    )


CHAMPION = measures(GOOD)


def test_an_equal_is_let_through_with_its_differences() -> None:
    found = gate.judge(measures(GOOD), CHAMPION)
    assert found.is_accepted
    assert found.cases_count == 10
    assert {d.verdict for d in found.differences} == {"level"}


def test_the_first_model_needs_no_champion_to_beat() -> None:
    assert gate.judge(CHAMPION, None).is_accepted


@pytest.mark.parametrize(
    ("ads", "bits", "reason"),
    [
        pytest.param(
            [*GOOD[1:], f"{AD} 0911111111"], 1.0, "fact precision is not 1: 1 ads", id="an invented phone"
        ),
        pytest.param([*GOOD[1:], f"{AD} ቁማር ይጫወቱ ጃክፖት"], 1.0, "break a rule", id="a rule broken anew"),
        pytest.param(["ጫማ"] * 10, 1.0, "Fact recall is worse by 1.000", id="nothing said"),
        pytest.param(GOOD, 1.5, "Bits per byte is worse by 0.500", id="a less fluent model"),
    ],
)
def test_a_challenger_that_is_worse_is_refused_with_the_reason(
    ads: list[str], bits: float, reason: str
) -> None:
    found = gate.judge(measures(ads, bits), CHAMPION)
    assert not found.is_accepted
    assert any(reason in given for given in found.reasons), found.reasons


def test_what_the_champion_did_too_is_no_regression_of_rules() -> None:
    broken = [*GOOD[1:], f"{AD} ቁማር ይጫወቱ ጃክፖት"]
    assert gate.judge(measures(broken), measures(broken)).is_accepted
    assert not gate.judge(measures(broken), None).is_accepted


def test_other_cases_cannot_be_compared() -> None:
    other = CHAMPION.with_columns(pl.lit("9/").add(pl.col("case_id").str.slice(2)).alias("case_id"))
    found = gate.judge(measures(GOOD), other)
    assert "none of the champion's cases" in found.reasons[0]


def test_one_lucky_case_does_not_hide_that_the_others_are_worse() -> None:
    found = gate.judge(measures([GOOD[0], *(["ጫማ"] * 9)]), CHAMPION)
    assert not found.is_accepted
