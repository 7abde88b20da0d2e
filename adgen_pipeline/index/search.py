"""Hybrid search: what the words say (BM25 on stems) and what the vectors say, fused by weighted standardised scores.

Reciprocal ranks were tried and lose: they forget by how much the first hit is ahead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lancedb
import numpy as np
from lancedb.query import FullTextOperator, LanceVectorQueryBuilder, MatchQuery

from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.index.store import DOCUMENT, POST, TABLE, Manifest
from adgen_pipeline.text.slots import SLOT
from adgen_pipeline.text.stems import stem_key

System = Literal["hybrid", "dense", "full_text"]

CANDIDATES = 100  # of either side, before fusion
PROBES = 16  # partitions of 512 rows that an approximate search compares
MAXIMUM_QUERY_CHARS = 4096
COLUMNS = ["key", "kind", "channel_id", "message_id", "advertiser", "source", "post", "text", "vector"]


@dataclass(frozen=True)
class Hit:
    """A post or a piece of an advertiser's document.

    Attributes:
        channel_id, message_id: of a post; None for a document.
        post: L0 text, as published.
        text: L1 text.
        score: what the hits are ordered by; comparable within one search only.
        scores: dense (cosine), full_text (BM25, 0 if no word is shared) and fused.
        kind: post or document.
        source: <channel_id>/<message_id>, or the document's file and chunk.
        advertiser: of a document.
    """

    channel_id: int | None
    message_id: int | None
    post: str
    text: str
    score: float
    scores: Mapping[str, float]
    kind: Literal["post", "document"]
    source: str
    advertiser: str | None = None


class PostIndex:
    """An index folder, opened for reading.

    Usage::

        index = PostIndex(artifact.path, encoder, encoder_digest=encoder_artifact.digest)
        hits = index.search("የቆዳ ጫማ", k=5, is_ad=True)
    """

    def __init__(self, path: Path, encoder: Encoder, *, encoder_digest: str | None = None) -> None:
        """Open an index.

        Args:
            path: folder that `index.store.build` wrote.
            encoder: encodes the queries.
            encoder_digest: digest of that encoder's artifact; compared with the index's when given.

        Raises:
            ArtifactError: not an index, or built with another encoder.
        """
        self.manifest = Manifest.read(path)
        made_with, given = self.manifest.encoder_digest, encoder_digest
        if (given is not None and given != made_with) or encoder.dimensions != self.manifest.dimensions:
            raise ArtifactError(
                f"{path}: built with the encoder {made_with[:12]} of {self.manifest.dimensions} dimensions, not "
                f"with {(given or 'this one')[:12]} of {encoder.dimensions}. Materialise index/posts again."
            )
        self.path = path
        self.encoder = encoder
        self._table = lancedb.connect(path).open_table(TABLE)

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        channel_id: int | None = None,
        advertiser: str | None = None,
        is_ad: bool | None = None,
        vertical: str | None = None,
        kind: Literal["post", "document"] | None = None,
        system: System = "hybrid",
    ) -> list[Hit]:
        """The best `k` hits, best first.

        Posts are searched, and with an advertiser that advertiser's documents too; no other's, ever.

        Args:
            query: any text; slots in it are ignored.
            k: hits at most.
            channel_id, is_ad, vertical: conditions on posts.
            advertiser: whose documents to search beside the posts.
            kind: posts or documents alone.
            system: one side alone, for comparison.
        """
        condition = _condition(channel_id, advertiser, is_ad, vertical, kind)
        if k < 1 or condition is None:
            return []
        query = SLOT.sub(" ", query[:MAXIMUM_QUERY_CHARS])
        vector = self.encoder.encode([query])[0]
        wanted = max(CANDIDATES, k)
        by_text = self._full_text(query, condition, wanted) if system != "dense" else []
        by_vector = self._dense(vector, condition, wanted) if system != "full_text" else []
        rows = {(row["kind"], row["key"]): row for row in (*by_vector, *by_text)}  # text rows carry _score
        candidates = [rows[key] for key in sorted(rows)]
        if not candidates:
            return []
        dense = np.stack([row["vector"] for row in candidates]) @ vector
        # Beyond the last candidate a post may still share words; it cannot score more than that candidate.
        floor = by_text[-1]["_score"] if len(by_text) == wanted else 0.0
        full_text = np.array([float(row.get("_score", floor)) for row in candidates])
        weight = {"hybrid": self.manifest.dense_weight, "dense": 1.0, "full_text": 0.0}[system]
        fused = fuse(dense, full_text, dense_weight=weight)
        order = np.argsort(-fused, kind="stable")[:k]
        return [_hit(candidates[i], dense[i], full_text[i], fused[i]) for i in order]

    def _full_text(self, query: str, condition: str, limit: int) -> list[dict[str, Any]]:
        """Rows with `_score`; the stems are words and never operators of a query language."""
        key = stem_key(query)
        if not key:
            return []
        words = MatchQuery(
            key,
            "search_key",
            boost=1.0,
            fuzziness=0,
            max_expansions=50,
            operator=FullTextOperator.OR,
            prefix_length=0,
            document_granularity=None,
        )
        search = self._table.search(words, query_type="fts")
        return _rows(search.where(condition, prefilter=True).select([*COLUMNS, "_score"]).limit(limit))

    def _dense(self, vector: np.ndarray, condition: str, limit: int) -> list[dict[str, Any]]:
        if not vector.any():  # no known word: nothing is near
            return []
        search = self._table.search(vector, query_type="vector")
        assert isinstance(search, LanceVectorQueryBuilder)
        search = search.distance_type("cosine")
        if not self.manifest.flat:
            search = search.nprobes(PROBES)
        return _rows(search.where(condition, prefilter=True).select([*COLUMNS, "_distance"]).limit(limit))


def fuse(dense: np.ndarray, full_text: np.ndarray, *, dense_weight: float) -> np.ndarray:
    """Weighted sum of both scores, each standardised over the candidates.

    Args:
        dense, full_text: scores of the same n candidates.
        dense_weight: share of the dense side, 0…1.

    Returns:
        n scores; a side that does not tell candidates apart adds nothing.
    """
    return dense_weight * _standardised(dense) + (1 - dense_weight) * _standardised(full_text)


def _standardised(scores: np.ndarray) -> np.ndarray:
    spread = float(scores.std())
    return (scores - scores.mean()) / spread if spread > 1e-9 else np.zeros_like(scores)


def _condition(
    channel_id: int | None,
    advertiser: str | None,
    is_ad: bool | None,
    vertical: str | None,
    kind: Literal["post", "document"] | None,
) -> str | None:
    """The filter in LanceDB's SQL; None if it can match nothing."""
    posts = [f"kind = {_quoted(POST)}"]
    if channel_id is not None:
        posts.append(f"channel_id = {int(channel_id)}")
    if is_ad is not None:
        posts.append(f"is_ad = {str(bool(is_ad)).lower()}")
    if vertical is not None:
        posts.append(f"vertical = {_quoted(vertical)}")
    sides = []
    if kind in (None, POST):
        sides.append(" AND ".join(posts))
    if kind in (None, DOCUMENT) and advertiser is not None:
        sides.append(f"kind = {_quoted(DOCUMENT)} AND advertiser = {_quoted(advertiser)}")
    return " OR ".join(f"({side})" for side in sides) or None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _rows(search: lancedb.query.LanceQueryBuilder) -> list[dict[str, Any]]:
    """The rows found, in order, with their vectors as arrays (as Python lists they would take most of the time)."""
    table = search.to_arrow()
    flat = np.asarray(table["vector"].combine_chunks().flatten(), dtype=np.float32)
    vectors = flat.reshape(table.num_rows, len(flat) // max(1, table.num_rows))  # (rows, dimensions)
    found = table.drop_columns(["vector"]).to_pylist()
    return [{**row, "vector": vector} for row, vector in zip(found, vectors, strict=True)]


def _hit(row: Mapping[str, Any], dense: float, full_text: float, fused: float) -> Hit:
    return Hit(
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        post=row["post"],
        text=row["text"],
        score=float(fused),
        scores={"dense": float(dense), "full_text": float(full_text), "fused": float(fused)},
        kind=row["kind"],
        source=row["source"],
        advertiser=row["advertiser"],
    )
