import numpy as np
import polars as pl
import pytest

from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation import scores
from adgen_pipeline.evaluation.catalogue import BY_NAME
from adgen_pipeline.evaluation_schemas import MEASURES, SCORES
from adgen_pipeline.recipe import EvaluationRecipe
from adgen_pipeline_tests.evaluation.ads import AD, answers, background, cases

RECIPE = EvaluationRecipe(bootstrap_samples=200)
WRITTEN = answers({"ours": [AD] * 9 + ["ጫማ"], "base": ["the the"] * 10, "template": [AD] * 10})
BITS = {"ours": [1.0, 3.0] * 5, "base": [4.0, 6.0] * 5}


def measures(written: pl.DataFrame = WRITTEN, bits: dict[str, list[float]] = BITS) -> pl.DataFrame:
    return scores.measure(cases(10), written, bits, background())


def test_scores_are_means_over_cases_with_intervals_around_them() -> None:
    found = scores.build(measures(), recipe=RECIPE)
    assert SCORES.violations(found) == []
    ours = {row["metric"]: row for row in found.filter(system="ours").iter_rows(named=True)}
    assert ours["acceptable"]["value"] == pytest.approx(0.9)
    assert ours["acceptable"]["low"] < 0.9 <= ours["acceptable"]["high"] == 1.0
    assert ours["acceptable"]["cases_count"] == 10
    assert ours["bits_per_byte"]["value"] == pytest.approx(2.0)
    assert not ours["bits_per_byte"]["is_higher_better"]
    assert set(ours) == set(BY_NAME)


def test_what_was_not_measured_is_null_and_not_zero() -> None:
    found = scores.build(measures(), recipe=RECIPE)
    row = found.row(
        by_predicate=(pl.col("system") == "template") & (pl.col("metric") == "bits_per_byte"), named=True
    )
    assert (row["value"], row["low"], row["high"], row["cases_count"]) == (None, None, None, 0)


def test_measures_have_a_row_for_what_was_measured_and_none_for_what_was_not() -> None:
    found = measures()
    assert MEASURES.violations(found) == []
    assert set(found["metric"]) == set(BY_NAME)
    assert found.filter(system="template", metric="bits_per_byte").is_empty()


def test_a_pair_is_compared_on_the_cases_that_both_were_measured_in() -> None:
    found = measures()
    fewer = found.filter(~((pl.col("system") == "base") & (pl.col("case_id") == "1/10")))
    difference = scores.paired(fewer, "ours", "base", BY_NAME["acceptable"], samples=100, seed=1)
    assert difference is not None
    assert difference.value == 1.0  # 1/10 is the one case in which ours fails
    assert scores.paired(found, "ours", "nobody", BY_NAME["acceptable"], samples=100, seed=1) is None


def test_the_same_answers_give_the_same_scores() -> None:
    first = scores.build(measures(), recipe=RECIPE)
    assert first.equals(scores.build(measures(WRITTEN.reverse()), recipe=RECIPE))


def test_an_interval_covers_the_mean_as_often_as_it_says() -> None:
    draw = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        low, high = scores.interval(draw.normal(5, 2, 30).tolist(), samples=300, seed=1)
        assert low is not None
        assert high is not None
        covered += low <= 5 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_systems_are_compared_case_by_case() -> None:
    found = {(d.metric.name, d.baseline): d.verdict for d in scores.compare(measures(), samples=200)}
    assert found["acceptable", "base"] == "better"
    assert found["acceptable", "template"] == "level"  # nine of ten against ten of ten
    assert found["by_model", "template"] == "better"
    assert found["bits_per_byte", "base"] == "better"
    assert ("bits_per_byte", "template") not in found
    worse = answers({"ours": ["ጫማ"] * 10, "template": [AD] * 10})
    verdicts = {d.metric.name: d.verdict for d in scores.compare(measures(worse), samples=200)}
    assert verdicts["fact_recall"] == "worse"
    assert verdicts["repetition"] == "better"  # less is better: nothing is said twice


@pytest.mark.parametrize(
    ("written", "bits", "message"),
    [
        pytest.param(WRITTEN.clear(), BITS, "there are no answers", id="no answers"),
        pytest.param(
            WRITTEN.with_columns(pl.lit("7/7").alias("case_id")),
            BITS,
            "7/7 of base is no case",
            id="another case",
        ),
        pytest.param(
            WRITTEN,
            {"ours": [1.0] * 9 + [float("nan")]},
            "not finite for 1 of 10",
            id="a model that diverged",
        ),
    ],
)
def test_wrong_input_is_one_sentence(
    written: pl.DataFrame, bits: dict[str, list[float]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        measures(written, bits)


def test_the_figure_is_a_small_png() -> None:
    image = scores.figure(scores.build(measures(), recipe=RECIPE))
    assert image.startswith(b"\x89PNG")
    assert len(image) <= 100_000
