import polars as pl
import pytest

from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation import cases
from adgen_pipeline.evaluation_schemas import CASES
from adgen_pipeline.recipe import EvaluationRecipe
from adgen_pipeline.text.brief import Brief
from adgen_pipeline_tests.evaluation.ads import AD, SLOTTED, ads

RECIPE = EvaluationRecipe(cases=7)


def test_cases_come_from_the_test_split_alone() -> None:
    both = pl.concat([ads(2, 5), ads(2, 5, split="train").with_columns(pl.col("message_id") + 100)])
    found = cases.build(both, recipe=RECIPE)
    assert CASES.violations(found) == []
    assert set(found["message_id"]) <= set(range(1, 6))
    assert found.row(0, named=True)["reference"] == AD
    assert found.row(0, named=True)["reference_slotted"] == SLOTTED


def test_channels_take_turns() -> None:
    found = cases.build(
        pl.concat([ads(2, 3), ads(1, 200).with_columns(channel_id=pl.lit(9, pl.Int64))]), recipe=RECIPE
    )
    assert sorted(found["channel_id"].value_counts()["count"].to_list()) == [2, 2, 3]


def test_the_sample_depends_on_the_seed_and_not_on_the_order_of_rows() -> None:
    table = ads(3, 40)
    assert cases.build(table, recipe=RECIPE).equals(cases.build(table.reverse(), recipe=RECIPE))
    assert not cases.build(table, recipe=RECIPE).equals(
        cases.build(table, recipe=EvaluationRecipe(cases=7, seed=8))
    )


def test_fewer_ads_than_asked_for_are_all_taken() -> None:
    assert cases.build(ads(1, 2), recipe=RECIPE).height == 2


def test_a_brief_without_words_about_the_product_is_no_case() -> None:
    empty = ads(1, 3).with_columns(pl.lit(Brief().model_dump_json()).alias("brief"))
    with pytest.raises(DataError, match="none of 3 ads of the test splits has a brief to write from"):
        cases.build(empty, recipe=RECIPE)
