"""What the corpus and its channels look like: word frequencies, n-grams, channel profiles, and their figures."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from adgen_pipeline import figures
from adgen_pipeline.schemas import CHANNEL_PROFILES, NGRAMS, WORD_FREQUENCIES
from adgen_pipeline.text.amharic import STOP_WORDS, words

MINIMUM_NGRAM_DOCUMENTS = 2  # an n-gram of one document tells nothing about the corpus
MAXIMUM_NGRAMS = 5_000  # for each n, most frequent first
NGRAM_SIZES = (2, 3)
TOP_HASHTAGS = 10
DECIMALS = 9  # means; their last digits depend on the order of summing
CHANNELS_SHOWN = 25  # in figures, those with the most posts

_HAS_LETTER = r"\p{L}"


def word_frequencies(documents: pl.DataFrame) -> pl.DataFrame:
    """Counts of the words of `corpus/documents`: lower case, with at least one letter."""
    found = _words(documents).filter(pl.col("word").str.contains(_HAS_LETTER))
    counted = found.group_by("word").agg(
        pl.len().alias("count"),
        pl.col("document").n_unique().alias("documents_count"),
        pl.col("channel_id").n_unique().alias("channels_count"),
    )
    return WORD_FREQUENCIES.conform(
        counted.with_columns(
            (pl.col("count") / max(found.height, 1)).alias("share"),
            pl.col("word").is_in(list(STOP_WORDS)).alias("is_stop_word"),
        )
    )


def ngrams(documents: pl.DataFrame) -> pl.DataFrame:
    """The most frequent word 2-grams and 3-grams of `corpus/documents`, numbers left out."""
    found = _words(documents).with_columns(pl.col("word").str.contains(_HAS_LETTER).alias("has_letter"))
    return NGRAMS.conform(pl.concat([_ngrams(found, n) for n in NGRAM_SIZES]))


def channel_profiles(
    posts: pl.DataFrame, post_labels: pl.DataFrame, documents: pl.DataFrame, *, zone: str
) -> pl.DataFrame:
    """One row a channel: how much, when, about what and how it posts.

    Args:
        posts: `telegram/posts` of all channels.
        post_labels: `labels/post_labels`.
        documents: `corpus/documents`.
        zone: the zone whose hours and weekdays are counted.
    """
    key = ["channel_id", "message_id"]
    labelled = posts.join(post_labels.select(*key, "vertical", "is_ad"), on=key, how="left").sort(key)
    local = labelled.with_columns(pl.col("date").dt.convert_time_zone(zone).alias("local"))
    written = ~pl.col("is_empty")
    is_ad = pl.col("is_ad").fill_null(False)
    profiles = (
        local.group_by("channel_id")
        .agg(
            pl.col("channel_name").last(),
            pl.len().alias("posts_count"),
            is_ad.sum().alias("ads_count"),
            (is_ad & written).sum().alias("_written_ads"),
            written.sum().alias("_written"),
            pl.col("date").min().alias("first_date"),
            pl.col("date").max().alias("last_date"),
            pl.col("words").filter(written).median().alias("median_words"),
            pl.col("ethiopic_share").filter(written).mean().round(DECIMALS).alias("ethiopic_share"),
            pl.col("emojis").filter(written).list.len().mean().round(DECIMALS).alias("emojis_per_post"),
            pl.col("reactions_count").mean().round(DECIMALS).alias("reactions_per_post"),
            *_counts(pl.col("local").dt.hour(), range(24), "hour_counts"),
            *_counts(pl.col("local").dt.weekday(), range(1, 8), "weekday_counts"),
        )
        .with_columns(
            pl.when(pl.col("_written") > 0)
            .then(pl.col("_written_ads") / pl.col("_written"))
            .otherwise(0.0)
            .alias("ad_share"),
            pl.concat_list([f"hour_counts_{n}" for n in range(24)]).alias("hour_counts"),
            pl.concat_list([f"weekday_counts_{n}" for n in range(1, 8)]).alias("weekday_counts"),
        )
    )
    parts = {
        "verticals": _structs(
            labelled.filter(is_ad & pl.col("vertical").is_not_null()), "vertical", "verticals"
        ),
        "languages": _structs(labelled.filter(written), "language", "languages"),
        "top_hashtags": _top_hashtags(posts),
        "documents_count": documents.group_by("channel_id").agg(pl.len().alias("documents_count")),
    }
    for table in parts.values():
        profiles = profiles.join(table, on="channel_id", how="left")
    lists = ("verticals", "languages", "top_hashtags")
    filled = profiles.with_columns(
        *(pl.col(name).fill_null([]) for name in lists), pl.col("documents_count").fill_null(0)
    )
    return CHANNEL_PROFILES.conform(filled.select(list(CHANNEL_PROFILES.columns)))


def top_words_figure(frequencies: pl.DataFrame, *, words_shown: int = 25) -> bytes:
    """The most frequent words that are no function words, as PNG."""
    top = (
        frequencies.filter(~pl.col("is_stop_word"), pl.col("word").str.len_chars() > 1)
        .sort("count", "word", descending=[True, False])
        .head(words_shown)
    )
    values = dict(top.select("word", pl.col("count").cast(pl.Float64)).iter_rows())
    return figures.png(figures.bars(values, title="Words of the corpus", unit="occurrences"))


def profile_figures(profiles: pl.DataFrame) -> dict[str, bytes]:
    """Figures of `corpus/channel_profiles` as PNG: posting hours, weekdays, and verticals of the ads by channel."""
    rows = (
        profiles.sort("posts_count", "channel_id", descending=[True, False]).head(CHANNELS_SHOWN).to_dicts()
    )
    named = _unique_names(rows)
    hours = {name: _shares(row["hour_counts"]) for name, row in named.items()}
    days = {name: _shares(row["weekday_counts"]) for name, row in named.items()}
    weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    found = {name: {v["vertical"]: v["posts_count"] for v in row["verticals"]} for name, row in named.items()}
    verticals = sorted({vertical for counts in found.values() for vertical in counts})
    charts = {
        "posting_hours": figures.heat_map(
            hours, [str(h) for h in range(24)], title="When channels post", x="hour of day", unit="% of posts"
        ),
        "posting_weekdays": figures.heat_map(days, weekdays, title="On which days", unit="% of posts"),
    }
    if verticals:
        table = {
            name: _shares([counts.get(v, 0) for v in verticals]) for name, counts in found.items() if counts
        }
        labels = [vertical.replace("_", " ") for vertical in verticals]
        charts["ad_verticals"] = figures.heat_map(
            table, labels, title="What channels advertise", unit="% of ads"
        )
    return {name: figures.png(chart) for name, chart in charts.items()}


def _words(documents: pl.DataFrame) -> pl.DataFrame:
    """One row a word: document (number), channel_id, word, in reading order."""
    ordered = documents.sort("channel_id", "message_id")
    found = pl.Series("word", [words(text.lower()) for text in ordered["text"]], dtype=pl.List(pl.String))
    table = ordered.select("channel_id").with_row_index("document").with_columns(found)
    return table.explode("word").drop_nulls("word")


def _ngrams(found: pl.DataFrame, n: int) -> pl.DataFrame:
    places = range(n)
    within = pl.all_horizontal(
        *(pl.col("document").shift(-place) == pl.col("document") for place in places),
        *(pl.col("has_letter").shift(-place) for place in places),
    )
    joined = pl.concat_str([pl.col("word").shift(-place) for place in places], separator=" ")
    return (
        found.select(joined.alias("ngram"), within.alias("within"), "document")
        .filter("within")
        .group_by("ngram")
        .agg(pl.len().alias("count"), pl.col("document").n_unique().alias("documents_count"))
        .filter(pl.col("documents_count") >= MINIMUM_NGRAM_DOCUMENTS)
        .sort("count", "ngram", descending=[True, False])
        .head(MAXIMUM_NGRAMS)
        .with_columns(pl.lit(n).alias("n"))
    )


def _counts(value: pl.Expr, values: range, name: str) -> list[pl.Expr]:
    return [(value == number).sum().cast(pl.Int64).alias(f"{name}_{number}") for number in values]


def _structs(rows: pl.DataFrame, column: str, name: str) -> pl.DataFrame:
    """By channel, a list of {column, posts_count}, most frequent first."""
    counted = rows.group_by("channel_id", column).agg(pl.len().cast(pl.Int64).alias("posts_count"))
    ordered = counted.sort("channel_id", "posts_count", column, descending=[False, True, False])
    return ordered.group_by("channel_id", maintain_order=True).agg(
        pl.struct(column, "posts_count").alias(name)
    )


def _top_hashtags(posts: pl.DataFrame) -> pl.DataFrame:
    used = posts.select("channel_id", "hashtags").explode("hashtags").drop_nulls("hashtags")
    counted = used.group_by("channel_id", "hashtags").len()
    ordered = counted.sort("channel_id", "len", "hashtags", descending=[False, True, False])
    return ordered.group_by("channel_id", maintain_order=True).agg(
        pl.col("hashtags").head(TOP_HASHTAGS).alias("top_hashtags")
    )


def _unique_names(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by channel name; where two channels have the same name, with their ids."""
    names = [str(row["channel_name"]) for row in rows]
    return {
        name if names.count(name) == 1 else f"{name} {row['channel_id']}": row
        for name, row in zip(names, rows, strict=True)
    }


def _shares(counts: Sequence[int]) -> list[float]:
    """Counts as percentages of their sum."""
    total = sum(counts) or 1
    return [100 * count / total for count in counts]
