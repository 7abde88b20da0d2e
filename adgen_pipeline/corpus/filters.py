"""Which posts can become documents at all, looked at one by one: the first reason that applies wins."""

import polars as pl

from adgen_pipeline.recipe import CorpusRecipe


def drop_reason(recipe: CorpusRecipe) -> pl.Expr:
    """Over `telegram/posts`: null to keep the post, otherwise one of `schemas.DROP_REASONS`.

    Tigrinya is written in the same script, so a share of Ethiopic letters alone would let it pass. Word shares of
    English stop words, as filters for English corpora use them, would drop nearly all Amharic.
    """
    return (
        pl.when(pl.col("is_empty") | (pl.col("post").str.strip_chars() == ""))
        .then(pl.lit("empty"))
        .when(pl.col("words") < recipe.minimum_words)
        .then(pl.lit("too_short"))
        .when(pl.col("post").str.len_chars() > recipe.maximum_chars)
        .then(pl.lit("too_long"))
        .when((pl.col("ethiopic_share") < recipe.minimum_ethiopic_share) | (pl.col("language") == "ti"))
        .then(pl.lit("not_amharic"))
        .otherwise(None)
    )
