from math import isclose, log2
from pathlib import Path

import polars as pl
import pytest

from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation.retrieval import discounted_gain, evaluate, reciprocal_rank
from adgen_pipeline.evaluation_schemas import RETRIEVAL
from adgen_pipeline.index.building import build
from adgen_pipeline.index.queries import brief_queries
from adgen_pipeline.index.search import PostIndex
from adgen_pipeline.index_recipe import IndexRecipe
from adgen_pipeline.recipe import EvaluationRecipe
from adgen_pipeline.schemas import ADS, POST_LABELS
from adgen_pipeline.text.brief import Brief
from adgen_pipeline_tests.embedding.samples import documents, train_encoder

POSTS = [(1, number) for number in range(1, 13)]


def _ads() -> pl.DataFrame:
    """Every document as an ad whose brief is its title and its first line's goods."""
    return ADS.frame(
        [
            {
                "channel_id": row["channel_id"],
                "message_id": row["message_id"],
                "split": row["split"],
                "vertical": "retail",
                "post": row["post"],
                "target": "",
                "slots": [],
                "brief": Brief(
                    product=row["post"].split("\n")[0], features=(row["post"].split("\n")[1],)
                ).model_dump_json(),
            }
            for row in documents().iter_rows(named=True)
        ]
    )


@pytest.mark.parametrize(
    ("relevant", "reciprocal", "gain"),
    [
        pytest.param((1, 1), 1.0, 1.0, id="first"),
        pytest.param((1, 3), 1 / 3, 0.5, id="third: gain 1 / log2(4)"),
        pytest.param((1, 10), 0.1, 1 / log2(11), id="tenth"),
        pytest.param((1, 11), 0.0, 0.0, id="eleventh does not count"),
        pytest.param((2, 1), 0.0, 0.0, id="not found"),
    ],
)
def test_measures_by_rank(relevant: tuple[int, int], reciprocal: float, gain: float) -> None:
    assert isclose(reciprocal_rank(POSTS, relevant), reciprocal)
    assert isclose(discounted_gain(POSTS, relevant), gain)


def test_queries_come_from_held_out_ads_alone_and_a_sample_is_seeded() -> None:
    ads = _ads()
    queries = brief_queries(ads, splits={"test"}, maximum=100, seed=1)
    assert {key for _, key in queries} == set(
        ads.filter(pl.col("split") == "test").select("channel_id", "message_id").iter_rows()
    )
    few = brief_queries(ads, splits={"test"}, maximum=3, seed=1)
    assert few == brief_queries(ads.reverse(), splits={"test"}, maximum=3, seed=1)
    assert len(few) == 3


def test_every_system_answers_the_same_queries_and_finds_most_posts(tmp_path: Path) -> None:
    encoder = train_encoder(tmp_path)
    build(
        documents(),
        POST_LABELS.empty(),
        tmp_path / "none",
        encoder,
        "d",
        tmp_path / "index",
        recipe=IndexRecipe(),
    )
    index = PostIndex(tmp_path / "index", encoder)
    table = evaluate(_ads(), index, recipe=EvaluationRecipe())
    assert RETRIEVAL.violations(table) == []
    assert set(table["system"]) == {"hybrid", "dense", "full_text"}
    assert table["queries_count"].to_list() == [8, 8, 8]
    assert (table["recall_at_10"] >= table["mrr_at_10"]).all()
    assert (table["ndcg_at_10"] >= table["mrr_at_10"]).all()
    hybrid = table.filter(system="hybrid")
    assert (
        hybrid["recall_at_10"].item() >= 0.9
    )  # six posts are about the same goods, so ten hold the right one


def test_no_held_out_ad_is_one_sentence(tmp_path: Path) -> None:
    encoder = train_encoder(tmp_path)
    build(
        documents(),
        POST_LABELS.empty(),
        tmp_path / "none",
        encoder,
        "d",
        tmp_path / "index",
        recipe=IndexRecipe(),
    )
    ads = _ads().filter(pl.col("split") == "train")
    with pytest.raises(DataError, match="no ad of the test splits"):
        evaluate(ads, PostIndex(tmp_path / "index", encoder), recipe=EvaluationRecipe())
