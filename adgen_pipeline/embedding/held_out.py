"""How well an encoder finds the partners of texts that it did not learn from: what decides when training ends.

Pairs are held out, not documents: an index is made of what the encoder learned from, and what is new is the query.
Stopping by documents that were not learned from ended training before it knew those that are searched (docs/LOG.md).
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from adgen_pipeline.embedding.pairs import Pair

CUTOFF = 10
MINIMUM_PAIRS = 100  # fewer tell one measurement from the next by luck
MAXIMUM_PAIRS = 1000
SHARE = 0.05  # of the pairs
MAXIMUM_OTHERS = 4000  # texts that were learned from, among which partners are looked for too

Encode = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class HeldOut:
    """Pairs to measure with, and texts among which their partners are hard to find.

    Attributes:
        pairs: none was learned from, nor their anchors in any other pair.
        others: texts that are learned from, each of another cluster.
    """

    pairs: tuple[Pair, ...]
    others: tuple[Pair, ...]

    def texts(self) -> list[str]:
        """Every text of it."""
        own = (text for pair in self.pairs for text in (pair.anchor, pair.positive))
        return [*own, *(pair.positive for pair in self.others)]

    def ndcg(self, encode: Encode) -> float:
        """nDCG@10 of finding each anchor's partner among all texts; others of its cluster count as no mistakes.

        Args:
            encode: unit vectors of texts, (texts, dimensions).
        """
        anchors = encode([pair.anchor for pair in self.pairs])
        positives = encode([pair.positive for pair in self.pairs])
        own = (anchors * positives).sum(axis=1)[:, None]  # (pairs, 1)
        clusters = np.array([pair.cluster for pair in self.pairs])
        before = _before(anchors, positives, own, clusters, clusters)
        if self.others:
            known = np.array([pair.cluster for pair in self.others])
            before += _before(anchors, encode([pair.positive for pair in self.others]), own, clusters, known)
        return float(np.where(before < CUTOFF, 1 / np.log2(before + 2), 0.0).mean())


def hold_out(pairs: Sequence[Pair], *, seed: int) -> tuple[list[Pair], HeldOut | None]:
    """Pairs to learn from, and those to measure with; None where there are too few.

    Args:
        pairs: prepared, of the train split.
        seed: of the draw.
    """
    times = Counter(pair.anchor for pair in pairs)
    once = [number for number, pair in enumerate(pairs) if times[pair.anchor] == 1]
    count = min(MAXIMUM_PAIRS, int(SHARE * len(once)))
    if count < MINIMUM_PAIRS:
        return list(pairs), None
    drawn = set(random.Random(seed).sample(once, count))  # noqa: S311  (a sample of pairs)
    learned = [pair for number, pair in enumerate(pairs) if number not in drawn]
    others = list({pair.cluster: pair for pair in reversed(learned)}.values())[::-1]
    return learned, HeldOut(tuple(pairs[number] for number in sorted(drawn)), tuple(others[:MAXIMUM_OTHERS]))


def _before(
    anchors: np.ndarray, texts: np.ndarray, own: np.ndarray, clusters: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """How many texts of other clusters stand before the partner, (anchors,); of equal ones half do."""
    like = np.where(clusters[:, None] == known[None, :], -np.inf, anchors @ texts.T)  # (anchors, texts)
    return np.asarray((like > own).sum(axis=1) + (like == own).sum(axis=1) / 2)
