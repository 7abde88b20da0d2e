"""Hybrid search: full text and vectors propose candidates, which are scored in parts and fused by learned weights.

Reciprocal ranks were tried and lose: they forget by how much the first hit is ahead.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar

import lancedb
import numpy as np
from lancedb import background_loop
from lancedb.query import FullTextOperator, MatchQuery

from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.index.filters import DOCUMENT, POST, Filter, Kind
from adgen_pipeline.index.forward import ForwardIndex, Rows
from adgen_pipeline.index.ranking import PARTS, Frequencies, QueryTerms, codes, fuse, standardised, text_parts
from adgen_pipeline.index.reranking import Reranker
from adgen_pipeline.index.store import TABLE, Manifest
from adgen_pipeline.text.slots import SLOT

System = Literal["hybrid", "dense", "full_text"]
Result = TypeVar("Result")

CANDIDATES = 100  # of either side, before fusion
DIVERSIFIED = 50  # first hits among which diversity chooses
PROBES = 64  # partitions of 512 rows that an approximate search compares
QUERY_STEMS = 24  # of which full text looks for the rarest: more add time and no hits
MAXIMUM_QUERY_CHARS = 4096
# Not `kind`: one word for a million rows is a page that LanceDB decodes whole, which doubles a search.
SHOWN = ["channel_id", "message_id", "advertiser", "source", "post", "text"]


@dataclass(frozen=True)
class Hit:
    """A post or a piece of an advertiser's document.

    Attributes:
        channel_id, message_id: of a post; None for a document.
        post: L0 text, as published.
        text: L1 text.
        score: what the hits are ordered by; comparable within one search only.
        scores: dense (cosine), full_text (BM25 of stems, 0 if no word is shared), words, pairs and opening (BM25 of
            words as written, of neighbours, of the first words), fused, and reranker (the cross-encoder's, in its own
            scale) where the index has one and it read the hit.
        kind: post or document.
        source: <channel_id>/<message_id>, or the document's file and chunk.
        advertiser: of a document.
        matched: the query's words that stand in it, in some form.
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
    matched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidates:
    """What either side proposed for a query.

    Attributes:
        row_ids: (candidates,) of LanceDB.
        rows: what ranking reads of each.
        parts: (candidates, `ranking.PARTS`).
    """

    row_ids: np.ndarray
    rows: Rows
    parts: np.ndarray


class PostIndex:
    """An index folder, opened for reading.

    Usage::

        index = PostIndex(artifact.path, encoder, encoder_digest=encoder_artifact.digest)
        hits = index.search("የቆዳ ጫማ", k=5, is_ad=True)
    """

    def __init__(self, path: Path, encoder: Encoder, *, encoder_digest: str | None = None) -> None:
        """Open an index.

        Args:
            path: folder that `index.building.build` wrote.
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
        self._table: lancedb.AsyncTable = _wait_for(_opened(path))
        self._known = Frequencies.read(path)
        self._forward = ForwardIndex(path)
        reads_again = self.manifest.reranker
        self._reranker = Reranker(path, reads_again) if reads_again is not None else None

    def vector_index(self) -> str:
        """The kind of index over the vectors, in LanceDB's words; "exact" if there is none."""
        indices = _wait_for(self._table.list_indices())
        kinds = [index.index_type for index in indices if index.columns == ["vector"]]
        return kinds[0] if kinds else "exact"

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        channel_id: int | None = None,
        advertiser: str | None = None,
        is_ad: bool | None = None,
        vertical: str | None = None,
        language: str | None = None,
        since: date | None = None,
        until: date | None = None,
        kind: Kind | None = None,
        system: System = "hybrid",
    ) -> list[Hit]:
        """The best `k` hits, best first.

        Posts are searched, and with an advertiser that advertiser's documents too; no other's, ever.

        Args:
            query: any text; slots in it are ignored.
            k: hits at most.
            channel_id, is_ad, vertical, language, since, until: conditions on posts (`filters.Filter`).
            advertiser: whose documents to search beside the posts.
            kind: posts or documents alone.
            system: one side alone, for comparison.
        """
        wanted = Filter(channel_id, advertiser, is_ad, vertical, language, since, until, kind)
        if k < 1:
            return []
        query = SLOT.sub(" ", query[:MAXIMUM_QUERY_CHARS])
        terms = QueryTerms.of(query)
        found = self.candidates(query, wanted, k=k, system=system, terms=terms)
        if found is None:
            return []
        weights = {
            "hybrid": [self.manifest.weights[part] for part in PARTS],
            "dense": [float(part == "dense") for part in PARTS],
            "full_text": [self.manifest.weights[part] * (part != "dense") for part in PARTS],
        }[system]
        fused = self._with_recency(fuse(found.parts, weights), found.rows.seconds)
        is_read_again = self._reranker is not None and system == "hybrid"
        score, again = self._reranked(query, found, fused) if is_read_again else (fused, {})
        order = np.argsort(-score, kind="stable")
        if self.manifest.diversity:
            order = _diverse(order, score, found.rows.vectors, share=self.manifest.diversity)
        hits = self._hits(found, order[:k], fused, terms)
        both = zip(hits, order[:k].tolist(), strict=True)
        return [_read_again(hit, float(score[i]), again.get(i)) for hit, i in both] if again else hits

    def read_again(self, query: str, wanted: Filter) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row ids of the candidates that the re-ranker reads, best first, with their fused scores and its own.

        All of them are read, however long it takes: from these its weight is learned.
        """
        assert self._reranker is not None
        found = self.candidates(query, wanted)
        if found is None:
            return np.zeros(0, dtype=np.uint64), np.zeros(0), np.zeros(0)
        fused = fuse(found.parts, [self.manifest.weights[part] for part in PARTS])
        order = np.argsort(-fused, kind="stable")
        scores = self._reranker.scores(query, self._texts(found, order))
        first = order[: len(scores)]
        return found.row_ids[first], fused[first], scores

    def candidates(
        self,
        query: str,
        wanted: Filter,
        *,
        k: int = 10,
        system: System = "hybrid",
        terms: QueryTerms | None = None,
    ) -> Candidates | None:
        """What the sides propose for a query, by what it says; None for nothing."""
        condition = wanted.condition()
        if condition is None:
            return None
        if not self.manifest.documents_count and wanted == Filter(kind=wanted.kind):
            condition = ""  # all rows are posts; to be told so costs LanceDB a quarter of a search
        query = SLOT.sub(" ", query[:MAXIMUM_QUERY_CHARS])
        terms = QueryTerms.of(query) if terms is None else terms
        vector = self.encoder.encode([query])[0]
        limit = max(CANDIDATES, k)
        asked = []
        if system != "dense" and terms.stems:
            asked.append(self._full_text(terms, condition, limit))
        if system != "full_text" and vector.any():  # a query without a known word is near nothing
            asked.append(self._dense(vector, condition, limit))
        proposed = _wait_for(_all_of(asked))
        if not proposed or not len(row_ids := np.unique(np.concatenate(proposed))):
            return None
        row_ids = self._forward.in_order(row_ids)
        rows = self._forward.take(row_ids)
        scores = np.zeros((len(row_ids), len(PARTS)))
        scores[:, 0] = rows.vectors @ vector
        scores[:, 1:] = text_parts(terms, rows.tokens, self._known)
        return Candidates(row_ids, rows, scores)

    async def _full_text(self, terms: QueryTerms, condition: str, limit: int) -> np.ndarray:
        """Row ids by BM25; the stems are words and never operators of a query language."""
        inverse = self._known.inverse(terms.stems)
        rarest = sorted(terms.stems, key=lambda stem: -inverse[stem])[:QUERY_STEMS]
        words = MatchQuery(
            " ".join(rarest),
            "search_key",
            boost=1.0,
            fuzziness=0,
            max_expansions=50,
            operator=FullTextOperator.OR,
            prefix_length=0,
            document_granularity=None,
        )
        search = self._table.query().nearest_to_text(words)
        if condition:
            search = search.where(condition)
        found = await search.select(["_score"]).with_row_id().limit(limit).to_arrow()
        return np.asarray(found["_rowid"])

    async def _dense(self, vector: np.ndarray, condition: str, limit: int) -> np.ndarray:
        search = self._table.query().nearest_to(vector).distance_type("cosine")
        if condition:
            search = search.where(condition)
        if not self.manifest.flat:
            search = search.nprobes(PROBES)
        found = await search.select(["_distance"]).with_row_id().limit(limit).to_arrow()
        return np.asarray(found["_rowid"])

    async def _shown(self, row_ids: list[int]) -> dict[int, dict[str, Any]]:
        """What is shown of rows, by row id."""
        found = await self._table.take_row_ids(row_ids).select(SHOWN).with_row_id().to_arrow()
        return {row["_rowid"]: row for row in found.to_pylist()}

    def _reranked(
        self, query: str, found: Candidates, fused: np.ndarray
    ) -> tuple[np.ndarray, dict[int, float]]:
        """The scores with those of the first candidates changed, and the re-ranker's own, by row."""
        assert self._reranker is not None
        order = np.argsort(-fused, kind="stable")
        scores = self._reranker.scores(
            query, self._texts(found, order), seconds=self._reranker.settings.seconds
        )
        changed = np.empty_like(fused)
        changed[order] = self._reranker.combined(fused[order], scores)
        return changed, dict(zip(order.tolist(), scores.tolist(), strict=False))

    def _texts(self, found: Candidates, order: np.ndarray) -> list[str]:
        """The texts that the re-ranker reads, in the order of the candidates."""
        assert self._reranker is not None
        first = found.row_ids[order[: self._reranker.settings.candidates]].tolist()
        shown = _wait_for(self._shown(first))
        return [shown[row_id]["text"] for row_id in first]

    def _with_recency(self, fused: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        """The scores with the recipe's share of recency, which halves in `recency_days`; no date counts as average."""
        share = self.manifest.recency
        days = seconds / 86_400
        if not share or np.isnan(days).all():
            return fused
        recent = 0.5 ** ((np.nanmax(days) - days) / self.manifest.recency_days)
        recent = np.where(np.isnan(recent), np.nanmean(recent), recent)
        both = standardised(np.stack([fused, recent], axis=1))
        return np.asarray(both @ np.array([1 - share, share]))

    def _hits(self, found: Candidates, order: np.ndarray, fused: np.ndarray, terms: QueryTerms) -> list[Hit]:
        shown = _wait_for(self._shown(found.row_ids[order].tolist()))
        words = list(zip(terms.words, codes(terms.stems_of_words).tolist(), strict=True))
        hits = []
        for i in order.tolist():
            stems = set(found.rows.tokens.stems_of(i).tolist())
            matched = tuple(word for word, stem in words if stem in stems)
            row = shown[int(found.row_ids[i])]
            hits.append(_hit(row, found.parts[i], float(fused[i]), matched))
        return hits


def _wait_for(work: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine of LanceDB's gives, run by LanceDB's own thread."""
    loop: Any = background_loop.LOOP
    result: Result = loop.run(work)
    return result


async def _opened(path: Path) -> lancedb.AsyncTable:
    return await (await lancedb.connect_async(path)).open_table(TABLE)


async def _all_of(asked: Sequence[Awaitable[np.ndarray]]) -> list[np.ndarray]:
    """Both sides at once. LanceDB's blocking calls wait for its thread ten times a search, beside a busy model long."""
    return list(await asyncio.gather(*asked))


def _diverse(order: np.ndarray, fused: np.ndarray, vectors: np.ndarray, *, share: float) -> np.ndarray:
    """The order with its first candidates chosen one by one, each unlike those before it.

    Source: Carbonell and Goldstein, "The use of MMR, diversity-based reranking" (1998).
    """
    first, rest = order[:DIVERSIFIED], order[DIVERSIFIED:]
    scores = fused[first]
    scores = (scores - scores.min()) / max(1e-9, float(np.ptp(scores)))
    like = vectors[first]
    like = like @ like.T  # (candidates, candidates) cosines
    chosen: list[int] = []
    nearest = np.zeros(len(first))
    while len(chosen) < len(first):
        worth = (1 - share) * scores - share * nearest
        worth[chosen] = -np.inf
        chosen.append(int(np.argmax(worth)))
        nearest = np.maximum(nearest, like[chosen[-1]])
    return np.concatenate([first[chosen], rest])


def _hit(row: Mapping[str, Any], parts: np.ndarray, fused: float, matched: tuple[str, ...]) -> Hit:
    scores = dict(zip(("dense", "full_text", *PARTS[2:]), parts.tolist(), strict=True))
    return Hit(
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        post=row["post"],
        text=row["text"],
        score=fused,
        scores={**scores, "fused": fused},
        kind=POST if row["advertiser"] is None else DOCUMENT,
        source=row["source"],
        advertiser=row["advertiser"],
        matched=matched,
    )


def _read_again(hit: Hit, score: float, own: float | None) -> Hit:
    """A hit after re-ranking; without a score of the re-ranker's own where it did not read it."""
    return replace(hit, score=score, scores=hit.scores if own is None else {**hit.scores, "reranker": own})
