"""How well an encoder finds the partners of texts that it did not learn from: what decides when training ends."""

import random
from collections.abc import Sequence

import numpy as np
import polars as pl

from adgen_pipeline.embedding.pairs import pairs
from adgen_pipeline.text.stems import stem_key

CUTOFF = 10
MINIMUM_PAIRS = 200  # fewer tell epochs apart by luck
MAXIMUM_PAIRS = 1000
SHARE = 0.05  # of the training pairs, where the validation split gives too few

Pair = tuple[str, str]


def held_out_pairs(
    documents: pl.DataFrame, ads: pl.DataFrame | None, training: Sequence[Pair], *, seed: int
) -> tuple[list[Pair], list[Pair]]:
    """Pairs to learn from and pairs to measure with.

    The latter are those of the validation split. Where it gives too few, a share of the training pairs, in which each
    text of theirs stands once; those are then not learned from.

    Args:
        documents: DOCUMENTS rows.
        ads: ADS rows.
        training: prepared pairs of the train split.
        seed: of the draw.

    Returns:
        Both lists; the second is empty where there are too few pairs altogether.
    """
    found = pairs(
        documents, ads, split="validation", prepare=stem_key, maximum=MAXIMUM_PAIRS, seed=seed
    ).rows()
    if len(found) >= MINIMUM_PAIRS:
        return list(training), found
    count = min(MAXIMUM_PAIRS, int(SHARE * len(training)))
    if count < MINIMUM_PAIRS:
        return list(training), []
    drawn = set(random.Random(seed).sample(range(len(training)), count))  # noqa: S311  (a sample of pairs)
    return (
        [pair for row, pair in enumerate(training) if row not in drawn],
        [pair for row, pair in enumerate(training) if row in drawn],
    )


def ndcg(anchors: np.ndarray, positives: np.ndarray) -> float:
    """nDCG@10 of finding each anchor's partner among all positives.

    Args:
        anchors: (pairs, dimensions) unit vectors.
        positives: of their partners, row by row.
    """
    like = anchors @ positives.T  # (pairs, pairs)
    own = np.diagonal(like)[:, None]
    before = (like > own).sum(axis=1) + (
        (like == own).sum(axis=1) - 1
    ) / 2  # equal ones in any order: the middle
    gains = np.where(before < CUTOFF, 1 / np.log2(before + 2), 0.0)
    return float(gains.mean()) if len(gains) else 0.0
