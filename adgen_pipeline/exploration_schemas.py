"""The tables that people explore the corpus with: words, phrases, channels.

A module of its own so that `schemas` stays readable; that one has the other tables and the list of all of them.
"""

import polars as pl

from adgen_pipeline.table_schema import Column, TableSchema

_UTC = pl.Datetime("us", "UTC")


def _posts_by(name: str, dtype: type[pl.DataType]) -> pl.DataType:
    """A list of {`name`, posts_count}."""
    return pl.List(pl.Struct({name: dtype, "posts_count": pl.Int64}))


WORD_FREQUENCIES = TableSchema(
    "corpus",
    "word_frequencies",
    "one word of the documents",
    {
        "word": Column(pl.String, "L1 word, punctuation removed", personal=True),
        "count": Column(pl.Int64, "occurrences"),
        "documents_count": Column(pl.Int64, "documents that contain it"),
        "channels_count": Column(pl.Int64, "channels that use it"),
        "share": Column(pl.Float64, "of all words"),
        "is_stop_word": Column(pl.Boolean, "whether it is a function word"),
    },
    ("word",),
)

NGRAMS = TableSchema(
    "corpus",
    "ngrams",
    "a frequent word 2-gram or 3-gram of the documents",
    {
        "n": Column(pl.Int64, "number of words"),
        "ngram": Column(pl.String, "words joined by one space", personal=True),
        "count": Column(pl.Int64, "occurrences"),
        "documents_count": Column(pl.Int64, "documents that contain it"),
        "channels_count": Column(pl.Int64, "channels that use it"),
    },
    ("n", "ngram"),
)

CHANNEL_PROFILES = TableSchema(
    "corpus",
    "channel_profiles",
    "one channel: how much, when, about what and how it posts",
    {
        "channel_id": Column(pl.Int64, "the channel's id, as in the export (no -100 prefix)"),
        "channel_name": Column(pl.String, "the channel's title in its export", personal=True),
        "posts_count": Column(pl.Int64, "posts, albums counted once"),
        "documents_count": Column(pl.Int64, "posts that became documents"),
        "ads_count": Column(pl.Int64, "posts labelled as ads"),
        "ad_share": Column(pl.Float64, "ads of posts with text"),
        "first_date": Column(_UTC, "first post", nullable=True),
        "last_date": Column(_UTC, "last post", nullable=True),
        **{
            name: Column(pl.Float64, f"{meaning} of the words of a post with text", nullable=True)
            for name, meaning in (
                ("words_p10", "tenth percentile"),
                ("words_p25", "lower quartile"),
                ("median_words", "median"),
                ("words_p75", "upper quartile"),
                ("words_p90", "ninetieth percentile"),
            )
        },
        "ethiopic_share": Column(pl.Float64, "mean over posts with text", nullable=True),
        "emojis_per_post": Column(pl.Float64, "mean over posts with text", nullable=True),
        "hashtags_per_post": Column(pl.Float64, "mean over posts with text", nullable=True),
        "reactions_per_post": Column(pl.Float64, "mean", nullable=True),
        "hour_counts": Column(pl.List(pl.Int64), "posts by hour of day in the recipe's zone, 24 numbers"),
        "weekday_counts": Column(pl.List(pl.Int64), "posts by weekday, Monday first, 7 numbers"),
        "week_hour_counts": Column(
            pl.List(pl.Int64), "posts by hour of the week in that zone, from Monday midnight, 168 numbers"
        ),
        "months": Column(_posts_by("month", pl.Date), "posts by month in that zone, in order"),
        "verticals": Column(_posts_by("vertical", pl.String), "verticals of its ads, most first"),
        "languages": Column(_posts_by("language", pl.String), "languages of its posts, most first"),
        "top_hashtags": Column(
            _posts_by("hashtag", pl.String), "posts that use each, most first, ten at most", personal=True
        ),
        "top_emojis": Column(_posts_by("emoji", pl.String), "posts that use each, most first, ten at most"),
    },
    ("channel_id",),
)
