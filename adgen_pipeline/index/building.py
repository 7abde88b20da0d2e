"""Building the index: only texts that are new or changed are encoded, and where rows only came, only they are written.

Each build writes a folder of its own under a temporary name. An index that grows out of another starts as hard links
to its files, which LanceDB never changes: what is killed on the way leaves the old index as it was.
"""

import hashlib
import logging
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl

from adgen_pipeline.artifacts import link_files, replacing, values_digest
from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.errors import ArtifactError, DataError
from adgen_pipeline.index import reranking
from adgen_pipeline.index import rows as index_rows
from adgen_pipeline.index.documents import read_chunks
from adgen_pipeline.index.filters import Filter
from adgen_pipeline.index.learning import DEFAULT_WEIGHTS, learn
from adgen_pipeline.index.queries import Key, varied
from adgen_pipeline.index.search import PostIndex
from adgen_pipeline.index.store import (
    BLOCK_ROWS,
    LAYOUT,
    Block,
    Manifest,
    add_rows,
    read_rows,
    read_with_vectors,
    row_ids,
    write_rows,
)
from adgen_pipeline.index.versions import MANIFEST
from adgen_pipeline.index_recipe import IndexRecipe
from adgen_pipeline.schemas import POST_LABELS, TEST_SPLITS

logger = logging.getLogger(__name__)

MAXIMUM_GROWTH = 2.0  # of an approximate index since it learned its partitions
WEIGHTS_KEEP = 1.1  # growth up to which learned weights are taken over: learning asks the index 600 times


def build(
    documents: pl.DataFrame,
    post_labels: pl.DataFrame,
    advertisers: Path,
    encoder: Encoder,
    encoder_digest: str,
    out: Path,
    *,
    recipe: IndexRecipe,
    held_out: Collection[str] = TEST_SPLITS,
    forgotten: Collection[str] = (),
    queries: Sequence[tuple[str, Key]] = (),
    previous: Path | None = None,
    reranker: Path | None = None,
) -> dict[str, object]:
    """Write an index folder.

    Args:
        documents: DOCUMENTS rows; those of the splits in `held_out` do not enter the index.
        post_labels: POST_LABELS rows, for the filters; a post without labels counts as no ad.
        advertisers: folder of one folder an advertiser; may be missing.
        encoder: makes the vectors.
        encoder_digest: its artifact's digest.
        out: the index folder; replaced if it is there.
        forgotten: advertisers whose documents stay out.
        queries: words and the post that they ask for, from which weights are learned unless the recipe gives them.
        previous: the index before this one, whose rows are taken over where they say the same.
        reranker: folder of `embedding/reranker`, where the recipe means that one.

    Returns:
        The manifest as a dict, with the counts of rows `embedded` and `removed`.

    Raises:
        DataError: nothing to index, a key that stands twice, or an advertiser's file that cannot be read.
    """
    posts = index_rows.of_posts(documents.filter(~pl.col("split").is_in(list(held_out))), post_labels)
    chunks = index_rows.of_chunks(
        read_chunks(advertisers, chunk_words=recipe.chunk_words, forgotten=forgotten)
    )
    rows = index_rows.with_content(pl.concat([posts, chunks], how="vertical"))
    if rows.height == 0:
        raise DataError("the index would be empty: no documents outside the held-out splits. Add exports.")
    flat = rows.height < recipe.flat_below_rows
    manifest = Manifest(
        layout=LAYOUT,
        encoder_digest=encoder_digest,
        digest=values_digest(
            hashlib.sha256(rows["content"].to_numpy().tobytes()).hexdigest(),
            encoder_digest,
            recipe.digest(),
            sorted(held_out),
            queries,
            *reranking.identity(recipe.reranker, reranker),
        ),
        dimensions=encoder.dimensions,
        posts_count=posts.height,
        documents_count=chunks.height,
        held_out=tuple(sorted(held_out)),
        flat=flat,
        trained_rows=0 if flat else rows.height,
        weights=recipe.weights.model_dump() if recipe.weights else dict(DEFAULT_WEIGHTS),
        weight_queries=0,
        recency=recipe.recency,
        recency_days=recipe.recency_days,
        diversity=recipe.diversity,
    )
    with replacing(out) as folder:
        folder.mkdir()
        embedded, removed, trained_rows = _write(folder, rows, encoder, manifest, previous)
        manifest = replace(
            manifest,
            trained_rows=trained_rows,
            reranker=reranking.install(recipe.reranker, folder, trained=reranker, previous=previous),
        )
        manifest.write(folder)
        if queries and recipe.weights is None:
            manifest = _with_weights(folder, encoder, manifest, queries, _usable(previous, manifest))
            manifest.write(folder)
        if manifest.reranker is not None and queries and recipe.reranker and recipe.reranker.weight is None:
            manifest = _with_reranker_weights(folder, encoder, manifest, queries, previous)
            manifest.write(folder)
    logger.info(
        "indexed %d posts and %d chunks of documents: %d embedded, %d removed",
        posts.height,
        chunks.height,
        embedded,
        removed,
    )
    return {**manifest.as_dict(), "embedded": embedded, "removed": removed}


def with_posts(path: Path, encoder: Encoder, posts: pl.DataFrame, out: Path) -> None:
    """A copy of an index with more posts in it, to measure retrieval on posts that the index leaves out.

    Args:
        path: the index folder; stays as it is.
        encoder: of the index.
        posts: columns channel_id, message_id, post and vertical; keys that the index has already are left out.
        out: folder of the copy; must not exist.
    """
    known = read_rows(path, ["key"])["key"]
    more = index_rows.of_posts(
        posts.select("channel_id", "message_id", "post"), POST_LABELS.empty()
    ).with_columns(pl.lit(value=True).alias("is_ad"))
    more = index_rows.with_keys(index_rows.with_content(more.filter(~pl.col("key").is_in(known.implode()))))
    manifest = Manifest.read(path)
    link_files(path, out)
    (out / MANIFEST).unlink()
    add_rows(out, more, encode(encoder, more["post"]))
    replace(manifest, posts_count=manifest.posts_count + more.height).write(out)


def encode(encoder: Encoder, texts: pl.Series) -> np.ndarray:
    """Vectors of texts, (texts, dimensions)."""
    blocks = [
        encoder.encode(texts[start : start + BLOCK_ROWS].to_list())
        for start in range(0, len(texts), BLOCK_ROWS)
    ]
    return np.concatenate(blocks) if blocks else encoder.encode([])


def _write(
    folder: Path, rows: pl.DataFrame, encoder: Encoder, wanted: Manifest, previous: Path | None
) -> tuple[int, int, int]:
    """Write the table; returns how many rows were embedded and removed, and how many taught the approximate index.

    Rows are added to links of the index before if nothing else happened. Where a row is gone or says something else,
    the table is written anew with the vectors of those that stay: LanceDB keeps the words of removed rows in its
    files, and what people took back must not stay in any.
    """
    before = _usable(previous, wanted)
    if before is None or previous is None:
        write_rows(folder, _blocks(rows, encoder), flat=wanted.flat)
        return rows.height, 0, wanted.trained_rows
    stored = read_rows(previous, ["key", "content"])
    changed = index_rows.with_keys(
        rows.join(stored, on=["key", "content"], how="anti", maintain_order="left")
    )
    removed = stored.join(rows, on=["key", "content"], how="anti").height
    vectors = encode(encoder, changed["post"])
    grown = not wanted.flat and rows.height > MAXIMUM_GROWTH * before.trained_rows
    if before.flat == wanted.flat and not removed and not grown:
        link_files(previous, folder)
        (folder / MANIFEST).unlink()
        add_rows(folder, changed, vectors)
        return changed.height, 0, before.trained_rows
    known, known_vectors = read_with_vectors(previous, ["key", "content", *index_rows.KEYS])
    staying = rows.join(known.with_row_index("place"), on=["key", "content"], maintain_order="left")
    places = staying["place"].to_numpy()
    stayed = (
        (staying[start : start + BLOCK_ROWS].drop("place"), known_vectors[places[start : start + BLOCK_ROWS]])
        for start in range(0, staying.height, BLOCK_ROWS)
    )
    write_rows(folder, chain(stayed, [(changed, vectors)]), flat=wanted.flat)
    return changed.height, removed, wanted.trained_rows


def _blocks(rows: pl.DataFrame, encoder: Encoder) -> Iterator[Block]:
    for block in rows.iter_slices(BLOCK_ROWS):
        keyed = index_rows.with_keys(block)
        yield keyed, encode(encoder, keyed["post"])


def _usable(previous: Path | None, wanted: Manifest) -> Manifest | None:
    """The manifest of the index before; None if none can be taken over."""
    if previous is None:
        return None
    try:
        before = Manifest.read(previous)
    except ArtifactError:  # gone, or written by another version
        return None
    return before if before.encoder_digest == wanted.encoder_digest else None


def _with_weights(
    folder: Path,
    encoder: Encoder,
    manifest: Manifest,
    queries: Sequence[tuple[str, Key]],
    before: Manifest | None,
) -> Manifest:
    """The manifest with weights learned from the queries that find their post among the candidates.

    Those of the index before are taken over if the same queries taught them on an index of about the same size.
    """
    source = values_digest(queries)
    rows = manifest.posts_count + manifest.documents_count
    if before is not None and _teaches_the_same(before, source, rows):
        return replace(
            manifest,
            weights=before.weights,
            weight_queries=before.weight_queries,
            weight_rows=before.weight_rows,
            weight_source=source,
        )
    index = PostIndex(folder, encoder)
    asked = [f"{channel_id}/{message_id}" for _, (channel_id, message_id) in queries]
    answers = row_ids(folder, asked)
    generator = random.Random(len(queries))  # noqa: S311  (varies queries)
    samples = []
    for (text, _), key in zip(queries, asked, strict=True):
        for query in (text, varied(text, generator)):
            found = index.candidates(query, Filter(kind="post"))
            if found is not None and key in answers:
                at = np.flatnonzero(found.row_ids == answers[key])
                samples += [(found.parts, place) for place in at.tolist()]
    return replace(
        manifest,
        weights=learn(samples),
        weight_queries=len(samples),
        weight_rows=rows,
        weight_source=source,
    )


def _with_reranker_weights(
    folder: Path,
    encoder: Encoder,
    manifest: Manifest,
    queries: Sequence[tuple[str, Key]],
    previous: Path | None,
) -> Manifest:
    """The manifest with the re-ranker's weights, learned from those queries whose post it reads.

    Those of the index before are taken over where the weights of the parts were, and the re-ranker is the same.
    """
    assert manifest.reranker is not None
    before = _usable(previous, manifest)
    rows = manifest.posts_count + manifest.documents_count
    if before is not None and before.reranker is not None:
        same = (
            replace(before.reranker, weights=manifest.reranker.weights, weight_queries=0) == manifest.reranker
        )
        if same and _teaches_the_same(before, values_digest(queries), rows):
            return replace(manifest, reranker=before.reranker)
    index = PostIndex(folder, encoder)
    asked = queries[:: max(1, len(queries) // reranking.LEARNING_QUERIES)]
    keys = [f"{channel_id}/{message_id}" for _, (channel_id, message_id) in asked]
    answers = row_ids(folder, keys)
    samples = []
    for (text, _), key in zip(asked, keys, strict=True):
        read, fused, scores = index.read_again(text, Filter(kind="post"))
        samples += [(fused, scores, place) for place in np.flatnonzero(read == answers.get(key, -1)).tolist()]
    return replace(manifest, reranker=reranking.with_weights(manifest.reranker, samples))


def _teaches_the_same(before: Manifest, source: str, rows: int) -> bool:
    """Whether an index's weights were learned from these queries, on about so many rows."""
    fewer, more = sorted((rows, before.weight_rows))
    return before.weight_source == source and before.weight_queries > 0 and more <= WEIGHTS_KEEP * fewer
