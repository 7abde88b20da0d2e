"""Shares of labels among posts, and whether they moved since the last version."""

from collections.abc import Mapping

import polars as pl

from adgen_pipeline.labels.functions import LABELS
from adgen_pipeline.labels.taxonomy import AD, TAGS

PREFIX = "share_of_"  # of the metadata's names


def shares(post_labels: pl.DataFrame) -> dict[str, float]:
    """Name → share of the posts with a label, 0…1; empty without posts."""
    if not post_labels.height:
        return {}
    held = {
        label: pl.col("is_ad")
        if label == AD
        else pl.col("tags" if label in TAGS else "verticals").list.contains(label)
        for label in LABELS
    }
    row = post_labels.select(column.mean().alias(label) for label, column in held.items()).row(0, named=True)
    return {f"{PREFIX}{label}": float(share) for label, share in row.items()}


def moved(now: Mapping[str, float], before: Mapping[str, float], *, maximum: float) -> list[str]:
    """A sentence for each label whose share moved by more than `maximum` since the last version."""
    return [
        f"{name.removeprefix(PREFIX)}: {before[name]:.3f} of the posts had it, now {now[name]:.3f}"
        for name in sorted(now.keys() & before.keys())
        if abs(now[name] - before[name]) > maximum
    ]


def of_metadata(values: Mapping[str, object]) -> dict[str, float]:
    """The shares among an asset's metadata."""
    return {
        name: float(value)
        for name, value in values.items()
        if name.startswith(PREFIX) and isinstance(value, int | float)
    }
