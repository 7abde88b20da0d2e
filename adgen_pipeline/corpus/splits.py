"""Train, validation and test by the dates that the recipe fixes, and held-out channels; never random, never by share.

A random split leaks: shops repeat their posts with small changes for months. A share of what is there moves with
every message that is added. So a post's split depends on nothing but its date and its channel; duplicates and chains
that reach across splits are dropped (`dedup`), whichever of the splits is the older one.
"""

from datetime import UTC, date, datetime

import polars as pl

from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import SPLITS

# The dates that are proposed to a recipe without any leave these parts of the posts before them.
BEFORE_VALIDATION, BEFORE_TEST = 0.85, 0.9


def assign(posts: pl.DataFrame, *, recipe: CorpusRecipe) -> pl.DataFrame:
    """The posts with the column `split`. A post without a date counts as new: it is never trained on.

    Args:
        posts: channel_id, date.
        recipe: dates and held-out channels.

    Raises:
        DataError: the recipe has no dates; the message proposes some.
    """
    if recipe.validation_from is None or recipe.test_from is None:
        raise DataError(
            "corpus/documents: the recipe does not say from which day on posts are kept for validation and test. "
            f"{_proposal(posts)}"
        )
    is_trained_again = (
        pl.lit(False) if recipe.test_until is None else pl.col("date") >= _midnight(recipe.test_until)
    )
    split = (
        pl.when(pl.col("channel_id").is_in(list(recipe.held_out_channels)))
        .then(pl.lit("test_channel"))
        .when(is_trained_again)
        .then(pl.lit("train"))
        .when(pl.col("date") < _midnight(recipe.validation_from))
        .then(pl.lit("train"))
        .when(pl.col("date") < _midnight(recipe.test_from))
        .then(pl.lit("validation"))
        .otherwise(pl.lit("test"))
    )
    return posts.with_columns(split.alias("split"))


def refuse_empty(documents: pl.DataFrame, *, recipe: CorpusRecipe) -> None:
    """Nothing, if train, validation and test have documents, and held-out channels if the recipe names any.

    Raises:
        DataError: a split is empty; the message proposes dates.
    """
    counts = {split: documents.filter(pl.col("split") == split).height for split in SPLITS}
    wanted = SPLITS if recipe.held_out_channels else SPLITS[:-1]
    if not all(counts[split] for split in wanted):
        found = ", ".join(f"{split} {counts[split]}" for split in wanted)
        raise DataError(
            f"corpus/documents: a split of {documents.height} documents is empty ({found}). {_proposal(documents)}"
        )


def _proposal(posts: pl.DataFrame) -> str:
    dates = posts["date"].drop_nulls().dt.date().sort()
    days = (
        [dates[int(part * (len(dates) - 1))] for part in (BEFORE_VALIDATION, BEFORE_TEST)]
        if len(dates)
        else []
    )
    if len(set(days)) < len((BEFORE_VALIDATION, BEFORE_TEST)):
        return "The posts lie within too few days to be split by date: add exports below raw/."
    return (
        f"The newest 15 % of the posts are from {days[0]} on, the newest 10 % from {days[1]} on: to keep these, write "
        f"into the recipe's section corpus: validation_from: {days[0]}, test_from: {days[1]}."
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
