from collections.abc import Sequence
from math import log2

import numpy as np
import pytest

from adgen_pipeline.embedding.held_out import MAXIMUM_PAIRS, MINIMUM_PAIRS, SHARE, HeldOut, hold_out
from adgen_pipeline.embedding.pairs import Pair

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
    held_out = HeldOut(PAIRS[:1], (Pair("x", "learned", "9"),))
    assert _measured(AXES | {"A": (1, 1, 0), "learned": (1, 0, 0)}, held_out) == pytest.approx(1 / log2(3))


def test_another_text_of_the_same_cluster_is_no_mistake() -> None:
    pairs = (Pair("a", "A", "1"), Pair("b", "B", "1"))
    table = AXES | {"A": (1, 1, 0), "B": (1, 0, 0), "b": (1, 0, 0), "learned": (1, 0, 0)}
    assert _measured(table, HeldOut(pairs, (Pair("x", "learned", "1"),))) == 1.0


def test_a_partner_after_the_tenth_place_counts_nothing() -> None:
    others = tuple(Pair("x", f"text {number}", f"9/{number}") for number in range(10))
    table = AXES | {"A": (0, 1, 0)} | {pair.positive: (1.0, 0.0, 0.0) for pair in others}
    assert _measured(table, HeldOut(PAIRS[:1], others)) == 0.0


def _many(count: int) -> list[Pair]:
    """Pairs of `count` clusters, in each of which one anchor has two partners and another has one."""
    return [
        Pair(f"{anchor} {number}", f"{positive} {number}", str(number))
        for number in range(count)
        for anchor, positive in (("title", "body"), ("title", "post"), ("span", "rest"))
    ]


def test_a_share_of_the_pairs_is_held_out_and_neither_they_nor_their_anchors_are_learned_from() -> None:
    pairs = _many(int(MINIMUM_PAIRS / SHARE) + 20)
    learned, held_out = hold_out(pairs, seed=1)
    assert held_out is not None
    assert len(held_out.pairs) >= MINIMUM_PAIRS
    assert sorted([*learned, *held_out.pairs]) == sorted(pairs)
    assert {pair.anchor for pair in learned}.isdisjoint(pair.anchor for pair in held_out.pairs)


def test_partners_are_looked_for_among_one_learned_text_of_each_cluster() -> None:
    learned, held_out = hold_out(_many(2500), seed=1)
    assert held_out is not None
    assert set(held_out.others) <= set(learned)
    assert len({pair.cluster for pair in held_out.others}) == len(held_out.others) == 2500


def test_there_are_no_more_held_out_pairs_than_are_needed() -> None:
    held_out = hold_out(_many(int(MAXIMUM_PAIRS / SHARE) + 500), seed=1)[1]
    assert held_out is not None
    assert len(held_out.pairs) == MAXIMUM_PAIRS


def test_what_is_held_out_depends_on_the_seed() -> None:
    pairs = _many(int(MINIMUM_PAIRS / SHARE))
    first, again, other = (hold_out(pairs, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first[1] != other[1]


def test_too_few_pairs_are_learned_from_whole() -> None:
    pairs = _many(int(MINIMUM_PAIRS / SHARE) - 20)
    assert hold_out(pairs, seed=1) == (pairs, None)
