"""Hard negatives: for each pair the text that the encoder itself finds nearest to the anchor and that is no partner."""

from collections.abc import Sequence

import numpy as np

NEAREST = 30  # texts among which one is looked for
LARGEST_SHARE = (
    0.95  # of the partner's similarity: what lies nearer is often a partner that nobody wrote down
)
LARGEST_OVERLAP = 0.5  # of stems with the partner: another cut of the same post, or a repost
BLOCK_ROWS = 512


def mine(
    pairs: Sequence[tuple[str, str]], anchors: np.ndarray, positives: np.ndarray, texts: Sequence[str]
) -> list[str | None]:
    """A hard negative of each pair; None where there is none.

    Args:
        pairs: prepared texts.
        anchors: (pairs, dimensions) unit vectors of the anchors.
        positives: (texts, dimensions) unit vectors of `texts`.
        texts: the distinct positives.
    """
    number = {text: row for row, text in enumerate(texts)}
    stems = [frozenset(text.split()) for text in texts]
    partners: dict[str, set[int]] = {}
    for anchor, positive in pairs:
        partners.setdefault(anchor, set()).add(number[positive])
    nearest = min(NEAREST, len(texts))
    found: list[str | None] = []
    for start in range(0, len(pairs), BLOCK_ROWS):
        like = anchors[start : start + BLOCK_ROWS] @ positives.T  # (pairs of the block, texts)
        rows = np.argpartition(-like, nearest - 1, axis=1)[:, :nearest]
        for place, (anchor, positive) in enumerate(pairs[start : start + BLOCK_ROWS]):
            own = number[positive]
            most = LARGEST_SHARE * like[place, own]
            order = sorted(rows[place].tolist(), key=lambda row: (-like[place, row], row))
            fitting = (
                row
                for row in order
                if row not in partners[anchor]
                and like[place, row] <= most
                and _overlap(stems[row], stems[own]) < LARGEST_OVERLAP
            )
            row = next(fitting, None)
            found.append(None if row is None else texts[row])
    return found


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of the stems of either that both have."""
    return len(one & other) / max(1, len(one | other))
