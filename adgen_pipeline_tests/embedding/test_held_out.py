from collections.abc import Sequence
from math import log2

import numpy as np
import polars as pl
import pytest

from adgen_pipeline.embedding.held_out import (
    MINIMUM_CLUSTERS,
    PAIRS_A_CLUSTER,
    SHARE,
    HeldOut,
    held_out_pairs,
    hold_out,
)
from adgen_pipeline.embedding.pairs import Pair
from adgen_pipeline.schemas import ADS, DOCUMENTS
from adgen_pipeline_tests.embedding.samples import documents

PAIRS = (Pair("a", "A", "1"), Pair("b", "B", "2"), Pair("c", "C", "3"))


def _encode(table: dict[str, tuple[float, ...]]) -> object:
    def encode(texts: Sequence[str]) -> np.ndarray:
        vectors = np.array([table[text] for text in texts], dtype=np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    return encode


def _measured(table: dict[str, tuple[float, ...]], held_out: HeldOut) -> float:
    return held_out.ndcg(_encode(table))  # type: ignore[arg-type]


AXES: dict[str, tuple[float, ...]] = {
    "a": (1, 0, 0), "A": (1, 0, 0), "b": (0, 1, 0), "B": (0, 1, 0), "c": (0, 0, 1), "C": (0, 0, 1),
}  # fmt: skip


def test_an_encoder_that_puts_partners_side_by_side_reaches_one() -> None:
    assert _measured(AXES, HeldOut(PAIRS, ())) == 1.0


def test_a_partner_in_second_place_counts_less_by_the_logarithm() -> None:
    swapped = AXES | {"A": (0, 1, 0), "B": (1, 0.01, 0)}
    # a finds B, then (equal) A and C half each; b finds A, then B before C; c finds C.
    expected = (1 / log2(1.5 + 2) + 1 / log2(1 + 2) + 1) / 3
    assert _measured(swapped, HeldOut(PAIRS, ())) == pytest.approx(expected)


def test_texts_that_are_learned_from_stand_between_too() -> None:
    held_out = HeldOut(PAIRS[:1], ("learned",))
    assert _measured(AXES | {"A": (1, 1, 0), "learned": (1, 0, 0)}, held_out) == pytest.approx(1 / log2(3))


def test_another_text_of_the_same_cluster_is_no_mistake() -> None:
    pairs = (Pair("a", "A", "1"), Pair("b", "B", "1"))
    assert _measured(AXES | {"A": (1, 1, 0), "B": (1, 0, 0), "b": (1, 0, 0)}, HeldOut(pairs, ())) == 1.0


def test_a_partner_after_the_tenth_place_counts_nothing() -> None:
    others = tuple(f"text {number}" for number in range(10))
    table = AXES | {"A": (0, 1, 0)} | dict.fromkeys(others, (1.0, 0.0, 0.0))
    assert _measured(table, HeldOut(PAIRS[:1], others)) == 0.0


def test_a_cluster_gives_a_few_pairs_and_none_of_the_other_texts() -> None:
    found = [Pair(f"a{number}", f"A{number}", "1") for number in range(9)]
    learned = [Pair("x", "first", "2"), Pair("y", "second", "2"), Pair("z", "own", "1")]
    held_out = HeldOut.of(found, learned)
    assert held_out.pairs == tuple(found[:PAIRS_A_CLUSTER])
    assert held_out.others == ("first",)


def _many(count: int, split: str, channel_id: int = 5) -> pl.DataFrame:
    post = documents().head(1)
    return DOCUMENTS.conform(
        pl.concat(
            [
                post.with_columns(
                    channel_id=pl.lit(channel_id, pl.Int64),
                    message_id=pl.lit(number, pl.Int64),
                    cluster=pl.lit(f"{channel_id}/{number // 2}"),
                    split=pl.lit(split),
                )
                for number in range(2 * count)
            ]
        )
    )


def _ads(rows: pl.DataFrame) -> pl.DataFrame:
    brief = {"vertical": "retail", "target": "", "slots": [], "brief": "{}"}
    keys = rows.select("channel_id", "message_id", "split", "post").iter_rows(named=True)
    return ADS.frame([{**row, **brief} for row in keys])


def test_the_validation_split_is_measured_with_where_it_is_large_enough() -> None:
    table = pl.concat([documents(), _many(MINIMUM_CLUSTERS, "validation")])
    learned, ads, measured = hold_out(table, _ads(documents()), seed=1)
    assert measured.equals(table.filter(split="validation"))
    assert learned.equals(table.filter(split="train"))
    assert ads.height == documents().height


def test_else_whole_clusters_of_the_train_split_are_held_out_and_not_learned_from() -> None:
    train = _many(int(MINIMUM_CLUSTERS / SHARE) + 20, "train")
    table = pl.concat([documents(), train, _many(MINIMUM_CLUSTERS - 1, "validation", channel_id=6)])
    learned, ads, measured = hold_out(table, _ads(table), seed=1)
    clusters = set(measured["cluster"])
    assert len(clusters) >= MINIMUM_CLUSTERS
    assert set(measured["split"]) == {"train"}
    assert clusters.isdisjoint(learned["cluster"])
    assert learned.height + measured.height == table.filter(split="train").height
    keys = set(measured.select("channel_id", "message_id").iter_rows())
    assert keys.isdisjoint(ads.select("channel_id", "message_id").iter_rows())
    assert ads.height == table.height - measured.height


def test_what_is_held_out_depends_on_the_seed_and_not_on_the_order_of_rows() -> None:
    table = _many(int(MINIMUM_CLUSTERS / SHARE), "train")
    clusters = [
        set(hold_out(rows, ADS.empty(), seed=seed)[2]["cluster"])
        for rows, seed in ((table, 1), (table.reverse(), 1), (table, 2))
    ]
    assert clusters[0] == clusters[1] != clusters[2]


def test_too_few_texts_and_test_splits_are_never_measured_with() -> None:
    table = pl.concat([documents(), _many(2 * MINIMUM_CLUSTERS, "test")])
    learned, _, measured = hold_out(table, ADS.empty(), seed=1)
    assert measured.is_empty()
    assert learned.equals(table.filter(split="train"))
    assert held_out_pairs(measured, [], prepare=str, seed=1) is None
