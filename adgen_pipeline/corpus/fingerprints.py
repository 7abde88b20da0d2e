"""Posts looked at one by one: whether they can be documents, and by what their repeats are found.

One table a channel, so that a newer dump of a channel is fingerprinted anew and the other channels are not: that is
the costly part of finding duplicates. What it takes to compare posts with each other stands in `documents`.
"""

from hashlib import blake2b

import polars as pl

from adgen_pipeline.corpus import filters, minhash
from adgen_pipeline.corpus.shingles import fold
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import FINGERPRINTS


def build(posts: pl.DataFrame, *, recipe: CorpusRecipe) -> pl.DataFrame:
    """FINGERPRINTS: a row a post.

    Args:
        posts: `telegram/posts` of one channel or of several.
        recipe: limits of the filters.
    """
    judged = posts.with_columns(filters.drop_reason(recipe).alias("reason"))
    fit = pl.col("reason").is_null()
    table = pl.concat([add(judged.filter(fit)), judged.filter(~fit)], how="diagonal")
    return FINGERPRINTS.conform(table.select(list(FINGERPRINTS.columns)))


def add(posts: pl.DataFrame) -> pl.DataFrame:
    """The posts with `digest` and `bands` of their `search_key`."""
    texts = posts.select("search_key").unique(maintain_order=True)
    keys = texts["search_key"]
    made = texts.with_columns(
        pl.Series("digest", [_digest(key) for key in keys], dtype=pl.String),
        pl.Series("bands", minhash.bands(fold(keys)), dtype=FINGERPRINTS.dtypes["bands"]),
    )
    return posts.join(made, on="search_key", how="left")


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
