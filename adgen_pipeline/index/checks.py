"""What must hold of an index beside its rows: approximate search finds what exact search does, one encoder made all."""

from pathlib import Path

import lancedb
import numpy as np
from lancedb.query import LanceVectorQueryBuilder

from adgen_pipeline.index.search import PROBES
from adgen_pipeline.index.store import TABLE, Manifest, read_with_vectors

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
    _, vectors = read_with_vectors(path, ["key"])
    table = lancedb.connect(path).open_table(TABLE)
    drawn = np.random.default_rng(seed).permutation(len(vectors))[:SAMPLED_ROWS]
    shares = []
    for vector in vectors[drawn][np.linalg.norm(vectors[drawn], axis=1) > 0]:
        exact = np.sort(vectors @ vector)[-NEIGHBOURS:]
        search = table.search(vector, query_type="vector")
        assert isinstance(search, LanceVectorQueryBuilder)
        search = search.distance_type("cosine").nprobes(PROBES).select(["_distance"]).limit(NEIGHBOURS)
        found = 1 - np.asarray(search.to_arrow()["_distance"])
        shares.append(float((found >= exact[0] - EQUAL).sum() / len(exact)))
    return float(np.mean(shares)) if shares else 1.0


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
