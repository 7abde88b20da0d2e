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
import pyarrow as pa
from lancedb import background_loop
from lancedb.query import FullTextOperator, MatchQuery

from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.index.filters import Filter, Kind
from adgen_pipeline.index.ranking import PARTS, Frequencies, QueryTerms, fuse, standardised, text_parts
from adgen_pipeline.index.reranking import Reranker
from adgen_pipeline.index.store import TABLE, Manifest, vectors_of
from adgen_pipeline.text.slots import SLOT

System = Literal["hybrid", "dense", "full_text"]
Result = TypeVar("Result")

CANDIDATES = 100  # of either side, before fusion
DIVERSIFIED = 50  # first hits among which diversity chooses
PROBES = 64  # partitions of 512 rows that an approximate search compares
QUERY_STEMS = 24  # of which full text looks for the rarest: more add time and no hits
MAXIMUM_QUERY_CHARS = 4096
SHOWN = ["key", "kind", "channel_id", "message_id", "advertiser", "source", "post", "text"]
RANKED = ["key", "search_key", "words", "date", "vector"]


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
        rows: key, search_key, words, date and vector of each.
        row_ids: of LanceDB.
        parts: (candidates, `ranking.PARTS`).
    """

    rows: pa.Table
    row_ids: list[int]
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
        fused = self._with_recency(fuse(found.parts, weights), found.rows["date"])
        is_read_again = self._reranker is not None and system == "hybrid"
        score, again = self._reranked(query, found, fused) if is_read_again else (fused, {})
        order = np.argsort(-score, kind="stable")
        if self.manifest.diversity:
            order = _diverse(order, score, found.rows["vector"], share=self.manifest.diversity)
        chosen = order[:k].tolist()
        hits = self._hits(found, chosen, fused, terms)
        both = zip(hits, chosen, strict=True)
        return [_read_again(hit, float(score[i]), again.get(i)) for hit, i in both] if again else hits

    def read_again(self, query: str, wanted: Filter) -> tuple[list[str], np.ndarray, np.ndarray]:
        """Keys of the candidates that the re-ranker reads, best first, with their fused scores and its own.

        All of them are read, however long it takes: from these its weight is learned.
        """
        assert self._reranker is not None
        found = self.candidates(query, wanted)
        if found is None:
            return [], np.zeros(0), np.zeros(0)
        fused = fuse(found.parts, [self.manifest.weights[part] for part in PARTS])
        order = np.argsort(-fused, kind="stable")
        scores = self._reranker.scores(query, self._texts(found, order))
        first = order[: len(scores)].tolist()
        keys = found.rows["key"].to_pylist()
        return [keys[i] for i in first], fused[first], scores

    def candidates(
        self,
        query: str,
        wanted: Filter,
        *,
        k: int = 10,
        system: System = "hybrid",
        terms: QueryTerms | None = None,
    ) -> Candidates | None:
        """What the sides propose for a query, by key; None for nothing."""
        condition = wanted.condition()
        if condition is None:
            return None
        query = SLOT.sub(" ", query[:MAXIMUM_QUERY_CHARS])
        terms = QueryTerms.of(query) if terms is None else terms
        vector = self.encoder.encode([query])[0]
        limit = max(CANDIDATES, k)
        asked = []
        if system != "dense" and terms.stems:
            asked.append(self._full_text(terms, condition, limit))
        if system != "full_text" and vector.any():  # a query without a known word is near nothing
            asked.append(self._dense(vector, condition, limit))
        tables: list[pa.Table] = _wait_for(_all_of(asked))
        if not tables or not (rows := pa.concat_tables(tables)).num_rows:
            return None
        first = {row_id: place for place, row_id in reversed(list(enumerate(rows["_rowid"].to_pylist())))}
        rows = rows.take(sorted(first.values())).sort_by("key")
        scores = np.zeros((rows.num_rows, len(PARTS)))
        scores[:, 0] = vectors_of(rows["vector"]) @ vector
        pairs = list(zip(rows["search_key"].to_pylist(), rows["words"].to_pylist(), strict=True))
        scores[:, 1:] = text_parts(terms, pairs, self._known)
        return Candidates(rows, rows["_rowid"].to_pylist(), scores)

    async def _full_text(self, terms: QueryTerms, condition: str, limit: int) -> pa.Table:
        """Rows by BM25; the stems are words and never operators of a query language."""
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
        search = self._table.query().nearest_to_text(words).where(condition)
        found = await search.select([*RANKED, "_score"]).with_row_id().limit(limit).to_arrow()
        return found.drop(["_score"])

    async def _dense(self, vector: np.ndarray, condition: str, limit: int) -> pa.Table:
        search = self._table.query().nearest_to(vector).distance_type("cosine").where(condition)
        if not self.manifest.flat:
            search = search.nprobes(PROBES)
        found = await search.select([*RANKED, "_distance"]).with_row_id().limit(limit).to_arrow()
        return found.drop(["_distance"])

    async def _shown(self, row_ids: list[int]) -> list[dict[str, Any]]:
        """What is shown of rows, in any order."""
        found: pa.Table = await self._table.take_row_ids(row_ids).select(SHOWN).to_arrow()
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows

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
        first = [found.row_ids[i] for i in order[: self._reranker.settings.candidates].tolist()]
        keys = found.rows["key"].to_pylist()
        by_key = {row["key"]: row["text"] for row in _wait_for(self._shown(first))}
        return [by_key[keys[i]] for i in order[: len(first)].tolist()]

    def _with_recency(self, fused: np.ndarray, dates: pa.ChunkedArray) -> np.ndarray:
        """The scores with the recipe's share of recency, which halves in `recency_days`; no date counts as average."""
        share = self.manifest.recency
        if not share:
            return fused
        days = np.array([np.nan if day is None else day.timestamp() / 86_400 for day in dates.to_pylist()])
        if np.isnan(days).all():
            return fused
        recent = 0.5 ** ((np.nanmax(days) - days) / self.manifest.recency_days)
        recent = np.where(np.isnan(recent), np.nanmean(recent), recent)
        both = standardised(np.stack([fused, recent], axis=1))
        return np.asarray(both @ np.array([1 - share, share]))

    def _hits(
        self, found: Candidates, order: Sequence[int], fused: np.ndarray, terms: QueryTerms
    ) -> list[Hit]:
        by_key = {row["key"]: row for row in _wait_for(self._shown([found.row_ids[i] for i in order]))}
        keys, stem_lines = found.rows["key"].to_pylist(), found.rows["search_key"].to_pylist()
        hits = []
        for i in order:
            stems = set(stem_lines[i].split(" "))
            both = zip(terms.words, terms.stems_of_words, strict=True)
            matched = tuple(word for word, stem in both if stem in stems)
            hits.append(_hit(by_key[keys[i]], found.parts[i], float(fused[i]), matched))
        return hits


def _wait_for(work: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine of LanceDB's gives, run by LanceDB's own thread."""
    loop: Any = background_loop.LOOP
    result: Result = loop.run(work)
    return result


async def _opened(path: Path) -> lancedb.AsyncTable:
    return await (await lancedb.connect_async(path)).open_table(TABLE)


async def _all_of(asked: Sequence[Awaitable[pa.Table]]) -> list[pa.Table]:
    """Both sides at once. LanceDB's blocking calls wait for its thread ten times a search, beside a busy model long."""
    return list(await asyncio.gather(*asked))


def _diverse(order: np.ndarray, fused: np.ndarray, vectors: pa.ChunkedArray, *, share: float) -> np.ndarray:
    """The order with its first candidates chosen one by one, each unlike those before it.

    Source: Carbonell and Goldstein, "The use of MMR, diversity-based reranking" (1998).
    """
    first, rest = order[:DIVERSIFIED], order[DIVERSIFIED:]
    scores = fused[first]
    scores = (scores - scores.min()) / max(1e-9, float(np.ptp(scores)))
    like = vectors_of(vectors)[first]
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
        kind=row["kind"],
        source=row["source"],
        advertiser=row["advertiser"],
        matched=matched,
    )


def _read_again(hit: Hit, score: float, own: float | None) -> Hit:
    """A hit after re-ranking; without a score of the re-ranker's own where it did not read it."""
    return replace(hit, score=score, scores=hit.scores if own is None else {**hit.scores, "reranker": own})
