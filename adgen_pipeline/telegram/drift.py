"""Are a channel's newest posts like those before? A predicate for a check that warns.

No clock: a channel is compared with its own past, so the same exports give the same answer on every day.
"""

from datetime import timedelta

import polars as pl

RECENT = timedelta(days=30)  # before a channel's newest post
MINIMUM_POSTS = 50  # on either side, or chance would be taken for drift
MAXIMUM_LANGUAGE_SHIFT = 0.25  # half the sum of differences of the languages' shares, 0…1
MAXIMUM_LENGTH_RATIO = 2.0  # of median letters, either way


def shifts(posts: pl.LazyFrame) -> list[str]:
    """In words, how one channel's newest month differs from all before: languages and length."""
    table = posts.select("date", "language", pl.col("post").str.len_chars().alias("chars")).collect()
    table = table.filter(pl.col("date").is_not_null())
    if table.is_empty():
        return []
    border = table["date"].max() - RECENT  # type: ignore[operator]
    recent, before = table.filter(pl.col("date") > border), table.filter(pl.col("date") <= border)
    if min(recent.height, before.height) < MINIMUM_POSTS:
        return []
    return [*_language_shift(before, recent), *_length_shift(before, recent)]


def _language_shift(before: pl.DataFrame, recent: pl.DataFrame) -> list[str]:
    shares = [
        dict(part["language"].fill_null("none").value_counts(normalize=True).iter_rows())
        for part in (before, recent)
    ]
    names = sorted({*shares[0], *shares[1]})
    moved = {name: shares[1].get(name, 0.0) - shares[0].get(name, 0.0) for name in names}
    shift = sum(abs(value) for value in moved.values()) / 2
    if shift <= MAXIMUM_LANGUAGE_SHIFT:
        return []
    most = max(names, key=lambda name: moved[name])
    return [
        f"{shift:.0%} of the newest month's posts are in other languages than before; most: {most}, "
        f"{shares[0].get(most, 0.0):.0%} → {shares[1].get(most, 0.0):.0%}"
    ]


def _length_shift(before: pl.DataFrame, recent: pl.DataFrame) -> list[str]:
    lengths = [float(part["chars"].median() or 0.0) for part in (before, recent)]  # type: ignore[arg-type]
    ratio = max(lengths) / max(min(lengths), 1.0)
    if ratio <= MAXIMUM_LENGTH_RATIO:
        return []
    return [
        f"posts have a median of {lengths[1]:.0f} characters in the newest month, {lengths[0]:.0f} before"
    ]
