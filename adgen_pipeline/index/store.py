"""The index folder: one LanceDB table of posts and advertisers' documents, and a manifest of what it was built from.

Built whole under a temporary name and renamed; nothing writes to it afterwards. Lance names its files by random ids
and so the same input does not give the same bytes: an index is identified by the digest of its inputs, which the
manifest holds, and its rows are in a fixed order.
"""

import json
import logging
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import lancedb
import numpy as np
import polars as pl
import pyarrow as pa
from lancedb.index import FTS, Bitmap, BTree, IvfFlat

from adgen_pipeline.artifacts import replacing, values_digest, write_json
from adgen_pipeline.errors import ArtifactError, DataError
from adgen_pipeline.index.documents import Chunk, read_chunks
from adgen_pipeline.recipe import IndexRecipe
from adgen_pipeline.schemas import TEST_SPLITS
from adgen_pipeline.text.stems import stem_key

if TYPE_CHECKING:  # the manifest and the rows are read without the model libraries
    from adgen_pipeline.embedding.encoder import Encoder

logger = logging.getLogger(__name__)

TABLE = "posts"
MANIFEST = "manifest.json"
POST, DOCUMENT = "post", "document"

# Stems are split by spaces alone already; every switch is named, because the defaults are made for English.
FULL_TEXT = FTS(
    base_tokenizer="simple",
    lower_case=True,
    stem=False,
    remove_stop_words=False,
    ascii_folding=False,
    with_position=False,
    max_token_length=256,  # bytes, of which an Ethiopic letter takes three
)
SCALARS: dict[str, BTree | Bitmap] = {
    "key": BTree(),
    "channel_id": Bitmap(),
    "advertiser": Bitmap(),
    "kind": Bitmap(),
    "vertical": Bitmap(),
    "is_ad": Bitmap(),
}
ROWS_PER_PARTITION = 512  # of the approximate index: rows that one probe compares


@dataclass(frozen=True)
class Manifest:
    """What an index holds and what it was built from.

    Attributes:
        encoder_digest: digest of the encoder that made the vectors; queries must be encoded by the same.
        digest: of all inputs: rows, documents, encoder, recipe.
        held_out: splits that are not in the index.
        flat: whether search compares all vectors (exact) or an approximate index does.
    """

    encoder_digest: str
    digest: str
    dimensions: int
    posts_count: int
    documents_count: int
    held_out: tuple[str, ...]
    flat: bool
    dense_weight: float

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """The manifest of an index folder.

        Raises:
            ArtifactError: there is none.
        """
        file = path / MANIFEST
        if not file.is_file():
            raise ArtifactError(f"{path}: not an index ({MANIFEST} is missing). Materialise index/posts.")
        values = json.loads(file.read_text(encoding="utf-8"))
        return cls(**{**values, "held_out": tuple(values["held_out"])})


def build(
    documents: pl.DataFrame,
    post_labels: pl.DataFrame,
    advertisers: Path,
    encoder: "Encoder",
    encoder_digest: str,
    out: Path,
    *,
    recipe: IndexRecipe,
    held_out: Collection[str] = TEST_SPLITS,
    forgotten: Collection[str] = (),
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

    Returns:
        The manifest as a dict.

    Raises:
        DataError: nothing to index, a key that stands twice, or an advertiser's file that cannot be read.
    """
    posts = _post_rows(documents.filter(~pl.col("split").is_in(list(held_out))), post_labels)
    chunks = _chunk_rows(read_chunks(advertisers, chunk_words=recipe.chunk_words, forgotten=forgotten))
    rows = pl.concat([posts, chunks], how="vertical")
    if rows.height == 0:
        raise DataError("the index would be empty: no documents outside the held-out splits. Add exports.")
    _check_keys(rows)
    rows = rows.with_columns(
        pl.col("post").map_elements(stem_key, return_dtype=pl.String).alias("search_key")
    )
    vectors = encoder.encode(rows["post"].to_list())  # (rows, dimensions)
    manifest = Manifest(
        encoder_digest=encoder_digest,
        digest=values_digest(rows.write_ndjson(), encoder_digest, recipe.digest(), sorted(held_out)),
        dimensions=encoder.dimensions,
        posts_count=posts.height,
        documents_count=chunks.height,
        held_out=tuple(sorted(held_out)),
        flat=rows.height < recipe.flat_below_rows,
        dense_weight=recipe.dense_weight,
    )
    with replacing(out) as folder:
        folder.mkdir()
        write_rows(folder, rows, vectors, flat=manifest.flat)
        write_json(folder / MANIFEST, asdict(manifest))
    logger.info("indexed %d posts and %d chunks of documents", posts.height, chunks.height)
    return asdict(manifest)


def with_posts(path: Path, encoder: "Encoder", posts: pl.DataFrame, out: Path) -> None:
    """A copy of an index with more posts in it, to measure retrieval on posts that the index leaves out.

    Args:
        path: the index folder; stays as it is.
        encoder: of the index.
        posts: columns channel_id, message_id, post and vertical; keys that the index has already are left out.
        out: folder of the copy; must not exist.
    """
    shutil.copytree(path, out)
    stored = lancedb.connect(out).open_table(TABLE)
    known = set(stored.search().where(f"kind = '{POST}'").select(["key"]).to_arrow()["key"].to_pylist())
    key = pl.format("{}/{}", "channel_id", "message_id")
    rows = posts.select(
        key.alias("key"),
        pl.lit(POST).alias("kind"),
        "channel_id",
        "message_id",
        key.alias("source"),
        "post",
        pl.col("post").alias("text"),
        "vertical",
        pl.lit(True).alias("is_ad"),
        pl.col("post").map_elements(stem_key, return_dtype=pl.String).alias("search_key"),
    ).filter(~pl.col("key").is_in(known))
    if rows.height:
        table = _arrow(rows, encoder.encode(rows["post"].to_list()))
        absent = [field for field in stored.schema if field.name not in table.column_names]
        for field in absent:
            table = table.append_column(field, pa.nulls(rows.height, field.type))
        stored.add(table.select(stored.schema.names))
        stored.optimize()


def problems(path: Path) -> list[str]:
    """What is wrong with an index folder, in words; empty when it is sound.

    Keys are unique, row counts are the manifest's, no post of a held-out split is in it, and every row has a vector
    of finite numbers and a key for full text.
    """
    manifest = Manifest.read(path)
    table = lancedb.connect(path).open_table(TABLE)
    rows = table.search().select(["key", "kind", "split", "search_key", "vector"]).to_arrow()
    frame = pl.from_arrow(rows.drop_columns(["vector"]))
    assert isinstance(frame, pl.DataFrame)
    vectors = rows["vector"].combine_chunks()
    expected = manifest.posts_count + manifest.documents_count
    counts = {
        "rows more or fewer than the manifest says": abs(frame.height - expected),
        "keys stand twice": frame.height - frame.n_unique(subset=["kind", "key"]),
        "posts are of a held-out split": frame.filter(pl.col("split").is_in(manifest.held_out)).height,
        "rows have no full-text key": frame["search_key"].null_count(),
        "rows have no vector": vectors.null_count,
        "vector elements are not finite": int((~np.isfinite(np.asarray(vectors.flatten()))).sum()),
    }
    return [f"{path.name}: {count} {what}" for what, count in counts.items() if count]


def write_rows(folder: Path, rows: pl.DataFrame, vectors: np.ndarray, *, flat: bool) -> None:
    """Write a LanceDB table with its indices into an empty folder.

    Raises:
        ArtifactError: LanceDB took fewer rows than it was given.
    """
    table = _arrow(rows, vectors)
    stored = lancedb.connect(folder).create_table(TABLE, table)
    stored.create_index("search_key", config=FULL_TEXT)
    for column, config in SCALARS.items():
        stored.create_index(column, config=config)
    if not flat:
        partitions = max(1, rows.height // ROWS_PER_PARTITION)
        stored.create_index("vector", config=IvfFlat(distance_type="cosine", num_partitions=partitions))
    written = stored.count_rows()
    if written != rows.height:
        raise ArtifactError(f"the index took {written} of {rows.height} rows. Materialise index/posts again.")


def _arrow(rows: pl.DataFrame, vectors: np.ndarray) -> pa.Table:
    """The rows with their vectors, in the types that LanceDB can index: fixed-size lists, strings below 2 GiB."""
    table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    fields = [f.with_type(pa.string()) if pa.types.is_large_string(f.type) else f for f in table.schema]
    flat = pa.array(vectors.reshape(-1), pa.float32())
    column = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    return table.cast(pa.schema(fields)).append_column("vector", column)


def _post_rows(documents: pl.DataFrame, post_labels: pl.DataFrame) -> pl.DataFrame:
    key = ["channel_id", "message_id"]
    labels = post_labels.select(*key, "vertical", "is_ad")
    return (
        documents.join(labels, on=key, how="left")
        .sort(key)
        .select(
            pl.format("{}/{}", "channel_id", "message_id").alias("key"),
            pl.lit(POST).alias("kind"),
            "channel_id",
            "message_id",
            pl.lit(None, pl.String).alias("advertiser"),
            pl.format("{}/{}", "channel_id", "message_id").alias("source"),
            "post",
            "text",
            "date",
            "language",
            "split",
            "vertical",
            pl.col("is_ad").fill_null(value=False),
        )
    )


def _chunk_rows(chunks: list[Chunk]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "key": [f"{c.advertiser}/{c.source}" for c in chunks],
            "advertiser": [c.advertiser for c in chunks],
            "source": [c.source for c in chunks],
            "post": [c.text for c in chunks],
        },
        schema={"key": pl.String, "advertiser": pl.String, "source": pl.String, "post": pl.String},
    ).select(
        "key",
        pl.lit(DOCUMENT).alias("kind"),
        pl.lit(None, pl.Int64).alias("channel_id"),
        pl.lit(None, pl.Int64).alias("message_id"),
        "advertiser",
        "source",
        "post",
        pl.col("post").alias("text"),
        pl.lit(None, pl.Datetime("us", "UTC")).alias("date"),
        pl.lit(None, pl.String).alias("language"),
        pl.lit(None, pl.String).alias("split"),
        pl.lit(None, pl.String).alias("vertical"),
        pl.lit(False).alias("is_ad"),
    )


def _check_keys(rows: pl.DataFrame) -> None:
    repeated = rows.height - rows.n_unique(subset=["kind", "key"])
    if repeated:
        raise DataError(
            f"{repeated} keys stand twice among the posts and documents to index. Correct corpus/documents."
        )
