"""Rows of the index, made of posts, labels and advertisers' documents, and what tells that one has changed."""

import polars as pl

from adgen_pipeline.errors import DataError
from adgen_pipeline.index.documents import Chunk
from adgen_pipeline.index.filters import DOCUMENT, POST
from adgen_pipeline.text.stems import stem_key, word_key

# What a row says. `key` is unique: a document's holds "#" and a chunk's number, a post's does not.
SAID = (
    "key", "kind", "channel_id", "message_id", "advertiser", "source", "post", "text", "date", "language",
    "split", "vertical", "is_ad",
)  # fmt: skip
KEYS = ("search_key", "words")  # what full text and ranking read
_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "key": pl.String, "kind": pl.String, "channel_id": pl.Int64, "message_id": pl.Int64,
    "advertiser": pl.String, "source": pl.String, "post": pl.String, "text": pl.String,
    "date": pl.Datetime("us", "UTC"), "language": pl.String, "split": pl.String, "vertical": pl.String,
    "is_ad": pl.Boolean,
}  # fmt: skip


def of_posts(documents: pl.DataFrame, post_labels: pl.DataFrame) -> pl.DataFrame:
    """A row a post, by key; a post without labels counts as no ad.

    Args:
        documents: columns channel_id, message_id and post; text, date, language and split where they are known.
        post_labels: POST_LABELS rows.
    """
    key = ["channel_id", "message_id"]
    labels = post_labels.select(*key, "vertical", "is_ad")
    return _conformed(
        documents.drop("vertical", "is_ad", strict=False)
        .join(labels, on=key, how="left")
        .sort(key)
        .with_columns(
            pl.format("{}/{}", "channel_id", "message_id").alias("key"),
            pl.format("{}/{}", "channel_id", "message_id").alias("source"),
            pl.lit(POST).alias("kind"),
            pl.col("is_ad").fill_null(value=False),
        )
    )


def of_chunks(chunks: list[Chunk]) -> pl.DataFrame:
    """A row a chunk of an advertiser's document."""
    return _conformed(
        pl.DataFrame(
            {
                "key": [f"{c.advertiser}/{c.source}" for c in chunks],
                "advertiser": [c.advertiser for c in chunks],
                "source": [c.source for c in chunks],
                "post": [c.text for c in chunks],
            },
            schema=dict.fromkeys(("key", "advertiser", "source", "post"), pl.String),
        ).with_columns(pl.lit(DOCUMENT).alias("kind"), pl.lit(value=False).alias("is_ad"))
    )


def with_content(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `content`, a hash of all that they say: the same row says the same.

    Raises:
        DataError: a key stands twice.
    """
    repeated = rows.height - rows["key"].n_unique()
    if repeated:
        raise DataError(
            f"{repeated} keys stand twice among the posts and documents to index. Correct corpus/documents."
        )
    return rows.with_columns(rows.select(SAID).hash_rows(seed=7).reinterpret(signed=True).alias("content"))


def with_keys(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with what full text and ranking read: `search_key` (stems) and `words` (L2), word for word."""
    return rows.with_columns(
        pl.col("post").map_elements(stem_key, return_dtype=pl.String).alias("search_key"),
        pl.col("post").map_elements(word_key, return_dtype=pl.String).alias("words"),
    )


def _conformed(rows: pl.DataFrame) -> pl.DataFrame:
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in _TYPES.items() if name not in rows.columns]
    return (
        rows.with_columns(absent)
        .with_columns(pl.col("text").fill_null(pl.col("post")))
        .select(pl.col(name).cast(dtype) for name, dtype in _TYPES.items())
    )
