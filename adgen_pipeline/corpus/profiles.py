"""What each channel is like: how much, when, about what, in which language and with what signs it posts.

All of it is counted by polars over the few columns that it needs; the rows of the result are as many as the channels.
"""

from datetime import timedelta

import polars as pl

from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES

TOP = 10  # hashtags and emoji of a channel
DECIMALS = 9  # means; their last digits depend on the order of summing
HOURS, WEEKDAYS = 24, 7
LATE = timedelta(days=45)  # behind the newest post of all channels: dumps of one month lie nearer than that
QUANTILES = {"words_p10": 0.1, "words_p25": 0.25, "median_words": 0.5, "words_p75": 0.75, "words_p90": 0.9}

_KEY = ["channel_id", "message_id"]
_POSTS = (
    "channel_name", "date", "hashtags", "emojis", "reactions_count", "words", "ethiopic_share", "language", "is_empty",
)  # fmt: skip


def channel_profiles(
    posts: pl.LazyFrame, post_labels: pl.LazyFrame, documents: pl.LazyFrame, *, zone: str
) -> pl.DataFrame:
    """One row a channel.

    Args:
        posts: `telegram/posts` of all channels.
        post_labels: `labels/post_labels`.
        documents: `corpus/documents`.
        zone: the zone whose hours, weekdays and months are counted.
    """
    labels = post_labels.select(*_KEY, "vertical", "is_ad")
    local = pl.col("date").dt.convert_time_zone(zone)
    rows = (
        posts.select(*_KEY, *_POSTS)
        .join(labels, on=_KEY, how="left")
        .with_columns(
            pl.col("is_ad").fill_null(False),
            ((local.dt.weekday().cast(pl.Int64) - 1) * HOURS + local.dt.hour()).alias("week_hour"),
            local.dt.truncate("1mo").dt.date().alias("month"),
        )
        .sort(_KEY)
        .collect()
    )
    profiles = _numbers(rows)
    written = rows.filter(~pl.col("is_empty"))
    ads = rows.filter(pl.col("is_ad") & pl.col("vertical").is_not_null())
    dated = rows.drop_nulls("month")
    for table in (
        _when(rows.select("channel_id", "week_hour")),
        _listed(dated, "month", "months").with_columns(pl.col("months").list.sort()),
        _listed(ads, "vertical", "verticals"),
        _listed(written, "language", "languages"),
        _listed(_each(rows, "hashtags", "hashtag"), "hashtag", "top_hashtags", TOP),
        _listed(_each(rows, "emojis", "emoji"), "emoji", "top_emojis", TOP),
        documents.group_by("channel_id").agg(pl.len().alias("documents_count")).collect(),
    ):
        profiles = profiles.join(table, on="channel_id", how="left")
    lists = ("months", "verticals", "languages", "top_hashtags", "top_emojis")
    return CHANNEL_PROFILES.conform(
        profiles.with_columns(pl.col(lists).fill_null([]), pl.col("documents_count").fill_null(0))
    )


def _numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """Counts, means and quantiles of each channel."""
    written = ~pl.col("is_empty")
    is_ad = pl.col("is_ad")
    means = {
        "ethiopic_share": pl.col("ethiopic_share").filter(written),
        "emojis_per_post": pl.col("emojis").list.len().filter(written),
        "hashtags_per_post": pl.col("hashtags").list.len().filter(written),
        "reactions_per_post": pl.col("reactions_count"),
    }
    return rows.group_by("channel_id").agg(
        pl.col("channel_name").last(),
        pl.len().alias("posts_count"),
        is_ad.sum().alias("ads_count"),
        is_ad.filter(written).mean().fill_null(0.0).alias("ad_share"),
        pl.col("date").min().alias("first_date"),
        pl.col("date").max().alias("last_date"),
        *(pl.col("words").filter(written).quantile(q, "linear").alias(name) for name, q in QUANTILES.items()),
        *(values.mean().round(DECIMALS).alias(name) for name, values in means.items()),
    )


def _when(rows: pl.DataFrame) -> pl.DataFrame:
    """By channel: posts by hour of the week, of the day, and by weekday; each list has all its places."""
    places = rows.select(pl.col("channel_id").unique()).join(
        pl.DataFrame({"week_hour": range(WEEKDAYS * HOURS)}, schema={"week_hour": pl.Int64}), how="cross"
    )
    counted = places.join(
        rows.group_by("channel_id", "week_hour").len("posts"), on=["channel_id", "week_hour"], how="left"
    )
    counted = counted.with_columns(pl.col("posts").fill_null(0).cast(pl.Int64)).sort(
        "channel_id", "week_hour"
    )
    hour, day = pl.col("week_hour") % HOURS, pl.col("week_hour") // HOURS
    return counted.group_by("channel_id").agg(
        pl.col("posts").alias("week_hour_counts"),
        pl.concat_list([pl.col("posts").filter(hour == n).sum() for n in range(HOURS)])
        .first()
        .alias("hour_counts"),
        pl.concat_list([pl.col("posts").filter(day == n).sum() for n in range(WEEKDAYS)])
        .first()
        .alias("weekday_counts"),
    )


def _each(rows: pl.DataFrame, column: str, name: str) -> pl.DataFrame:
    """One row for each different value that a post has in a column of lists."""
    distinct = rows.select("channel_id", pl.col(column).list.unique(maintain_order=True).alias(name))
    return distinct.explode(name, empty_as_null=False).drop_nulls(name)


def _listed(rows: pl.DataFrame, column: str, name: str, most: int | None = None) -> pl.DataFrame:
    """By channel, a list of {column, posts_count}, most frequent first."""
    counted = rows.group_by("channel_id", column).agg(pl.len().cast(pl.Int64).alias("posts_count"))
    ordered = counted.sort("channel_id", "posts_count", column, descending=[False, True, False])
    pairs = pl.struct(column, "posts_count")
    return ordered.group_by("channel_id", maintain_order=True).agg(
        (pairs if most is None else pairs.head(most)).alias(name)
    )


def most_used(profiles: pl.DataFrame, column: str, most: int = TOP) -> dict[str, int]:
    """The values of `top_hashtags` or `top_emojis`, with the posts of the channels that have them among theirs.

    Hashtags of digits alone are no words, and one with many may be somebody's number: both are left out.
    """
    name = column.removeprefix("top_").removesuffix("s")
    pairs = profiles.select(pl.col(column).explode(empty_as_null=False)).unnest(column)
    is_number = pl.col(name).str.contains(r"^#\d+$|\d{6}")
    counted = pairs.filter(~is_number).group_by(name).agg(pl.col("posts_count").sum())
    return dict(counted.sort("posts_count", name, descending=[True, False]).head(most).iter_rows())


def late_channels(profiles: pl.DataFrame) -> list[str]:
    """In words, whose newest post lies far behind the newest of all channels: an old dump, or a silent channel.

    No clock: the same exports give the same answer on every day.
    """
    rows = profiles.select("channel_id", "last_date").drop_nulls().rows()
    last = max((date for _, date in rows), default=None)
    return [
        f"channel {channel_id}: the newest post is of {date:%Y-%m-%d}, {(last - date).days} days before the newest of "
        "all channels. Export it again"
        for channel_id, date in rows
        if last is not None and last - date > LATE
    ]
