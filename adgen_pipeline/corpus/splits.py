"""Train, validation and test: by time within each channel, whole chains of similar posts on one side, never random.

A random split leaks: shops repeat their posts with small changes for months.
"""

import polars as pl

from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import SPLITS


def assign(documents: pl.DataFrame, *, recipe: CorpusRecipe) -> pl.DataFrame:
    """The documents with the columns `split` and `bridges`.

    In each channel the newest `test_share` is the test split and what is next to it the validation split; held-out
    channels are in the test split as a whole. A channel's split does not depend on other channels, except for chains
    that cross channels. Where a chain of similar posts lies in several splits, the side of its oldest post keeps
    its posts and the others bridge.

    Args:
        documents: channel_id, message_id, date, root (the number of a chain), row (age, 0 is oldest).
    """
    newest_first = documents.sort("row", descending=True)
    place = pl.int_range(pl.len()).over("channel_id")
    size = pl.len().over("channel_id")
    test = (size * recipe.test_share + 0.5).floor()
    validation = (size * recipe.validation_share + 0.5).floor()
    split = (
        pl.when(pl.col("channel_id").is_in(list(recipe.held_out_channels)) | (place < test))
        .then(pl.lit("test"))
        .when(place < test + validation)
        .then(pl.lit("validation"))
        .otherwise(pl.lit("train"))
    )
    oldest = pl.col("split").sort_by("row").first().over("root")
    return (
        newest_first.with_columns(split.alias("split"))
        .with_columns((pl.col("split") != oldest).alias("bridges"))
        .sort("row")
    )


def refuse_empty(documents: pl.DataFrame, *, recipe: CorpusRecipe) -> None:
    """Nothing, if each split that the recipe asks for has documents.

    Raises:
        DataError: the corpus is too small.
    """
    shares = {"train": 1.0, "validation": recipe.validation_share, "test": recipe.test_share}
    counts = {split: documents.filter(pl.col("split") == split).height for split in SPLITS}
    if any(shares[split] > 0 and not counts[split] for split in SPLITS):
        found = ", ".join(f"{split} {count}" for split, count in counts.items())
        raise DataError(
            f"corpus/documents: {documents.height} documents are too few to split ({found}). Add exports below raw/, "
            "or change corpus.validation_share, corpus.test_share or corpus.held_out_channels in the recipe."
        )
