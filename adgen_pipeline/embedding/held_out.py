"""How well an encoder finds the partners of texts that it did not learn from: what decides when training ends."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from adgen_pipeline.embedding.pairs import KEY, Pair, pairs

CUTOFF = 10
MINIMUM_CLUSTERS = 40  # fewer tell one measurement from the next by luck
SHARE = 0.05  # of the train split's clusters, where the validation split has too few
PAIRS_A_CLUSTER = 5
MAXIMUM_PAIRS = 2000
MAXIMUM_OTHERS = 4000  # texts that were learned from, among which partners are looked for too

Encode = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class HeldOut:
    """Pairs to measure with, and texts among which their partners are hard to find.

    Attributes:
        pairs: no text of their clusters was learned from.
        others: texts of further clusters, each of another one.
    """

    pairs: tuple[Pair, ...]
    others: tuple[str, ...]

    @classmethod
    def of(cls, found: Sequence[Pair], learned: Sequence[Pair]) -> Self:
        """The first pairs of each held-out cluster, among one text of each cluster that is learned from."""
        counts: dict[str, int] = {}
        kept = []
        for pair in found:
            counts[pair.cluster] = counts.get(pair.cluster, 0) + 1
            if counts[pair.cluster] <= PAIRS_A_CLUSTER:
                kept.append(pair)
        others = {pair.cluster: pair.positive for pair in reversed(learned)}
        for pair in kept:
            others.pop(pair.cluster, None)
        return cls(tuple(kept[:MAXIMUM_PAIRS]), tuple(dict.fromkeys(others.values()))[:MAXIMUM_OTHERS])

    def texts(self) -> list[str]:
        """Every text of it."""
        return [*(text for pair in self.pairs for text in (pair.anchor, pair.positive)), *self.others]

    def ndcg(self, encode: Encode) -> float:
        """nDCG@10 of finding each anchor's partner; other texts of its cluster are not counted as mistakes.

        Args:
            encode: unit vectors of texts, (texts, dimensions).
        """
        anchors = encode([pair.anchor for pair in self.pairs])
        positives = encode([pair.positive for pair in self.pairs])
        own = (anchors * positives).sum(axis=1)[:, None]  # (pairs, 1)
        clusters = np.unique([pair.cluster for pair in self.pairs], return_inverse=True)[1]
        same = clusters[:, None] == clusters[None, :]
        before = _before(np.where(same, -np.inf, anchors @ positives.T), own)
        if self.others:
            before += _before(anchors @ encode(self.others).T, own)
        return float(np.where(before < CUTOFF, 1 / np.log2(before + 2), 0.0).mean())


def hold_out(
    documents: pl.DataFrame, ads: pl.DataFrame, *, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Documents and ads to learn from, and documents to measure with.

    Measured is with the validation split. Where it has too few clusters, with whole clusters of the train split that
    are then not learned from; a test split is neither.

    Args:
        documents: DOCUMENTS rows.
        ads: ADS rows.
        seed: of the draw.

    Returns:
        The train split's documents and ads to learn from, and documents to measure with, none where there are too few.
    """
    learned = documents.filter(split="train")
    validation = documents.filter(split="validation")
    if validation["cluster"].n_unique() >= MINIMUM_CLUSTERS:
        return learned, ads, validation
    clusters = learned["cluster"].unique().sort().to_list()
    count = int(SHARE * len(clusters))
    if count < MINIMUM_CLUSTERS:
        return learned, ads, learned.clear()
    drawn = random.Random(seed).sample(clusters, count)  # noqa: S311  (a sample of clusters)
    measured = learned.filter(pl.col("cluster").is_in(drawn))
    return (
        learned.join(measured, on=KEY, how="anti"),
        ads.join(measured, on=KEY, how="anti"),
        measured,
    )


def held_out_pairs(
    documents: pl.DataFrame, learned: Sequence[Pair], *, prepare: Callable[[str], str], seed: int
) -> HeldOut | None:
    """What to measure with on documents of `hold_out`; None where there are none.

    Args:
        documents: DOCUMENTS rows, none learned from.
        learned: prepared pairs that are learned from.
        prepare: what the encoder reads of a text.
        seed: of the cuts and the order.
    """
    splits = documents["split"].unique().to_list()
    made = pairs(documents, splits=splits, prepare=prepare, seed=seed)
    found = [Pair(*row) for row in made.iter_rows()]
    return HeldOut.of(found, learned) if found else None


def _before(like: np.ndarray, own: np.ndarray) -> np.ndarray:
    """How many texts stand before the partner, (anchors,); of equal ones half do."""
    return np.asarray((like > own).sum(axis=1) + (like == own).sum(axis=1) / 2)
