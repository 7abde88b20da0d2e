"""Posts → documents and drops: filters, duplicates, splits; every post is exactly one of the two."""

import logging
from typing import NamedTuple

import polars as pl

from adgen_pipeline.corpus import dedup, splits
from adgen_pipeline.corpus.fingerprints import build as make_fingerprints
from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import DOCUMENTS, DROPS

logger = logging.getLogger(__name__)

_KEY = ["channel_id", "message_id"]


class Corpus(NamedTuple):
    """What became of the posts: `corpus/documents` and `corpus/drops`; together they have each post once."""

    documents: pl.DataFrame
    drops: pl.DataFrame


def build(
    posts: pl.DataFrame | pl.LazyFrame, *, recipe: CorpusRecipe, fingerprints: pl.DataFrame | None = None
) -> Corpus:
    """Documents and drops of all channels' posts; the order of the rows does not matter.

    Args:
        posts: the table `telegram/posts` of all channels; its texts are read only where they are needed.
        recipe: limits, similarity, dates of the splits.
        fingerprints: the table `corpus/fingerprints` of all channels; None: made here.

    Raises:
        DataError: no post survives, a split is empty, the recipe has no dates to split by, or the fingerprints are
            not those of the posts.
    """
    posts = posts.lazy()
    prints = make_fingerprints(posts.collect(), recipe=recipe) if fingerprints is None else fingerprints
    unfit = prints.filter(pl.col("reason").is_not_null()).select(*_KEY, "reason")
    candidates = prints.filter(pl.col("reason").is_null()).drop("reason")
    if candidates.is_empty():
        raise DataError(_nothing_left(prints, unfit))

    aged = dedup.find(
        splits.assign(candidates, recipe=recipe),
        posts.select(*_KEY, "search_key"),
        threshold=recipe.near_duplicate_similarity,
    )
    survivors = aged.filter(pl.col("reason").is_null())
    splits.refuse_empty(survivors, recipe=recipe)

    keys = aged.select("row", *_KEY)
    named = keys.select(
        pl.col("row").alias("kept"),
        pl.col("channel_id").alias("kept_channel_id"),
        pl.col("message_id").alias("kept_message_id"),
    )
    repeats = aged.filter(pl.col("reason").is_not_null()).join(named, on="kept", how="left")
    drops = pl.concat(
        [
            unfit.with_columns(
                pl.lit(None, pl.Int64).alias("kept_channel_id"),
                pl.lit(None, pl.Int64).alias("kept_message_id"),
            ),
            repeats.select(*_KEY, "reason", "kept_channel_id", "kept_message_id"),
        ]
    )
    counts = repeats.group_by(pl.col("kept").alias("row")).agg(
        pl.len().cast(pl.Int64).alias("duplicates_count")
    )
    clusters = keys.select(
        pl.col("row").alias("root"), pl.format("{}/{}", "channel_id", "message_id").alias("cluster")
    )
    judged = (
        survivors.join(counts, on="row", how="left")
        .join(clusters, on="root", how="left")
        .select(*_KEY, "split", "cluster", pl.col("duplicates_count").fill_null(0))
    )
    documents = posts.join(judged.lazy(), on=_KEY).select(list(DOCUMENTS.columns)).collect()
    if documents.height != judged.height:
        raise DataError(
            f"corpus/fingerprints: {judged.height - documents.height} posts that have fingerprints are not in "
            "telegram/posts. Materialise corpus/fingerprints of all channels again."
        )
    _log(prints, documents, drops)
    return Corpus(DOCUMENTS.conform(documents), DROPS.conform(drops))


def unaccounted_posts(posts: pl.DataFrame, documents: pl.DataFrame, drops: pl.DataFrame) -> list[str]:
    """Violations of "kept + dropped = read", in words, by key; empty when each post is a document or a drop."""
    accounted = pl.concat([documents.select(_KEY), drops.select(_KEY)])
    twice = accounted.group_by(_KEY).len().filter(pl.col("len") > 1)
    problems = {
        "is neither a document nor a drop": posts.select(_KEY).join(accounted, on=_KEY, how="anti"),
        "was never a post": accounted.unique().join(posts, on=_KEY, how="anti"),
        "is accounted for twice": twice,
    }
    return [
        f"{channel}/{message} {problem}"
        for problem, rows in problems.items()
        for channel, message in rows.select(_KEY).sort(_KEY).iter_rows()
    ]


def _nothing_left(posts: pl.DataFrame, unfit: pl.DataFrame) -> str:
    if posts.is_empty():
        return "corpus/documents: there are no posts. Put exports that hold messages below raw/."
    return (
        f"corpus/documents: none of {posts.height} posts is kept ({_counts(unfit['reason'])}). "
        "Add exports with Amharic posts, or loosen the limits of the recipe's section corpus."
    )


def _counts(column: pl.Series) -> str:
    counts = column.value_counts().sort("count", column.name, descending=[True, False])
    return ", ".join(f"{count} {name}" for name, count in counts.iter_rows())


def _log(posts: pl.DataFrame, documents: pl.DataFrame, drops: pl.DataFrame) -> None:
    logger.info(
        "kept %s of %s posts (%s); dropped: %s",
        documents.height, posts.height, _counts(documents["split"]), _counts(drops["reason"]),
    )  # fmt: skip
