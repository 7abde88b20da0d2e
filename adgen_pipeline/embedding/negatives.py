"""Hard negatives: for each pair the text that the encoder itself finds near to the anchor and that is no partner."""

from collections.abc import Callable, Sequence

import numpy as np

from adgen_pipeline.embedding.pairs import Pair

NEAREST = 30  # texts among which one is looked for
MAXIMUM_CANDIDATES = (
    8192  # texts, each of another cluster: a matrix of pairs by texts is computed block by block
)
LARGEST_OVERLAP = 0.5  # of words with the partner: another cut of the same post, or a repost
BLOCK_ROWS = 512


def mine(
    pairs: Sequence[Pair], encode: Callable[[Sequence[str]], np.ndarray], *, ceiling: float
) -> list[str | None]:
    """A hard negative of each pair; None where there is none.

    It is the text nearest to the anchor that is no partner of it, shares no cluster with anchor or partner, has less
    than half of its words in common with the partner, and is not too near: what lies about as near as the partner is
    often one that nobody wrote down (Moreira et al., "NV-Retriever", 2024).

    Args:
        pairs: prepared texts.
        encode: unit vectors of texts, (texts, dimensions).
        ceiling: largest similarity to the anchor, as a share of the partner's.
    """
    clusters = clusters_of(pairs)
    partners: dict[str, set[str]] = {}
    for pair in pairs:
        partners.setdefault(pair.anchor, set()).add(pair.positive)
    texts = list({pair.cluster: pair.positive for pair in reversed(pairs)}.values())[::-1]
    texts = list(dict.fromkeys(texts))[:MAXIMUM_CANDIDATES]
    words = {text: frozenset(text.split()) for text in {*texts, *(pair.positive for pair in pairs)}}
    vectors = encode(texts)  # (candidates, dimensions)
    nearest = min(NEAREST, len(texts))

    def fits(text: str, pair: Pair) -> bool:
        taken = clusters[pair.anchor] | clusters[pair.positive]
        return (
            text not in partners[pair.anchor]
            and text != pair.anchor
            and taken.isdisjoint(clusters[text])
            and _overlap(words[text], words[pair.positive]) < LARGEST_OVERLAP
        )

    found: list[str | None] = []
    for start in range(0, len(pairs), BLOCK_ROWS):
        block = pairs[start : start + BLOCK_ROWS]
        anchors = encode([pair.anchor for pair in block])
        own = (anchors * encode([pair.positive for pair in block])).sum(axis=1)
        like = anchors @ vectors.T  # (pairs of the block, candidates)
        like[like > ceiling * own[:, None]] = -np.inf
        rows = np.argpartition(-like, nearest - 1, axis=1)[:, :nearest]
        for place, pair in enumerate(block):
            near = sorted((-like[place, row], row) for row in rows[place].tolist() if like[place, row] > 0)
            found.append(next((texts[row] for _, row in near if fits(texts[row], pair)), None))
    return found


def clusters_of(pairs: Sequence[Pair]) -> dict[str, set[str]]:
    """The clusters in which each text of the pairs stands, on either side."""
    found: dict[str, set[str]] = {}
    for pair in pairs:
        found.setdefault(pair.anchor, set()).add(pair.cluster)
        found.setdefault(pair.positive, set()).add(pair.cluster)
    return found


def fitting(
    batch: Sequence[Pair], negatives: Sequence[str | None], clusters: dict[str, set[str]]
) -> list[str]:
    """Those hard negatives of a batch that are of no cluster of any of its pairs, each once.

    Every negative of a batch stands against every anchor in it.

    Args:
        batch: its pairs.
        negatives: the hard negative of each.
        clusters: of `clusters_of`.
    """
    distinct = dict.fromkeys(text for text in negatives if text is not None)
    if not distinct:
        return []
    taken = set().union(*(clusters[text] for pair in batch for text in (pair.anchor, pair.positive)))
    return [text for text in distinct if taken.isdisjoint(clusters[text])]


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of the words of either that both have."""
    return len(one & other) / max(1, len(one | other))
