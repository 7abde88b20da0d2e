"""What must hold of an index beside its rows: approximate search finds what exact search does, one encoder made all."""

from pathlib import Path

import lancedb
import numpy as np
from lancedb.query import LanceVectorQueryBuilder

from adgen_pipeline.index.forward import ForwardIndex
from adgen_pipeline.index.search import CANDIDATES, PROBES
from adgen_pipeline.index.store import BLOCK_ROWS, TABLE, Manifest, vectors_of

NEIGHBOURS = 10
SAMPLED_ROWS = 100
LEAST_RECALL = 0.97
EQUAL = 1e-5  # cosines that differ by less are the same: reposts lie equally near


def recall(path: Path, *, seed: int = 7) -> float:
    """Share of the ten nearest rows that search finds, asked for by rows of the index itself; 1.0 for exact search.

    Args:
        path: an index folder.
        seed: of the rows drawn.
    """
    if Manifest.read(path).flat:
        return 1.0
    table = lancedb.connect(path).open_table(TABLE)
    drawn = np.random.default_rng(seed).permutation(table.count_rows())[:SAMPLED_ROWS]
    rows = table.take_offsets(sorted(drawn.tolist())).select(["vector"]).to_arrow()
    return recall_of(path, vectors_of(rows["vector"]))


def recall_of(path: Path, queries: np.ndarray) -> float:
    """Share of the ten nearest rows that search finds for queries; 1.0 for exact search.

    Args:
        path: an index folder.
        queries: (queries, dimensions) unit vectors; zero vectors, which are near nothing, do not count.
    """
    queries = queries[np.linalg.norm(queries, axis=1) > 0]
    if Manifest.read(path).flat or not len(queries):
        return 1.0
    table = lancedb.connect(path).open_table(TABLE)
    best = np.full((len(queries), NEIGHBOURS), -np.inf, dtype=np.float32)
    for batch in table.search().select(["vector"]).to_batches(BLOCK_ROWS):
        like = queries @ vectors_of(batch["vector"]).T  # (queries, rows of the block)
        best = np.sort(np.concatenate([best, like], axis=1), axis=1)[:, -NEIGHBOURS:]
    shares, forward = [], ForwardIndex(path)
    for vector, exact in zip(queries, best, strict=True):
        search = table.search(vector, query_type="vector")
        assert isinstance(search, LanceVectorQueryBuilder)
        search = search.distance_type("cosine").nprobes(PROBES).select(["_distance"]).with_row_id(True)
        proposed = np.asarray(search.limit(CANDIDATES).to_arrow()["_rowid"])
        found = np.sort(forward.take(proposed).vectors @ vector)[-NEIGHBOURS:]
        least = exact[np.isfinite(exact)]
        shares.append(float((found >= least[0] - EQUAL).sum() / len(least)))
    return float(np.mean(shares))


def recall_problems(path: Path) -> list[str]:
    """A sentence if approximate search loses too much."""
    found = recall(path)
    if found >= LEAST_RECALL:
        return []
    return [
        f"{path.name}: approximate search finds {found:.3f} of the ten nearest, and {LEAST_RECALL} is the least. "
        "Raise index.flat_below_rows, or build the index anew."
    ]


def encoder_problems(path: Path, encoder_digest: str) -> list[str]:
    """A sentence if another encoder than the one in use made the vectors."""
    made_with = Manifest.read(path).encoder_digest
    if made_with == encoder_digest:
        return []
    return [
        f"{path.name}: the encoder {made_with[:12]} made its vectors, and {encoder_digest[:12]} is in use. "
        "Materialise index/posts."
    ]
