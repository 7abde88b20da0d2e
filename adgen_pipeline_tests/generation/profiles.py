"""Profiles of channels for tests."""

import polars as pl

from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES


def profile(channel_id: int, **known: object) -> dict[str, object]:
    """A profile of zeros but for what is known."""
    empty: dict[str, object] = {
        name: ([] if isinstance(column.dtype, pl.List) else "" if column.dtype == pl.String else 0)
        for name, column in CHANNEL_PROFILES.columns.items()
        if not column.nullable
    }
    return {**empty, "channel_id": channel_id, "channel_name": f"ናሙና {channel_id}", **known}
