"""What Dagster remembers of earlier runs, without the words of messages: SQLite files, or a PostgreSQL database.

Previews of tables, figures and the evidence of failed checks go, for all assets and all times: nobody can tell
which of them showed a message that is gone. Numbers, versions, paths and the figures of training stay.
"""

import json
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

from adgen_pipeline.databases import BUSY_SECONDS, replace_text

KEPT_FIGURES = {"loss", "scores"}
REMOVED = "Removed when something was forgotten."
SHOWING = ("md_str", "JsonMetadata", "channel_name")  # in events that may show a message's words


def scrub(state: Path, channels: Collection[int], *, postgres_url: str | None = None) -> int:
    """Take people's words out of the history, for good; returns the number of changed cells.

    Args:
        state: Dagster's base folder, with its SQLite files.
        channels: forgotten channels: their names go as well.
        postgres_url: the instance's database, where it has one.
    """
    names = {str(channel) for channel in channels}

    def change(text: str) -> str | None:
        values = json.loads(text)
        return json.dumps(values) if _scrub_value(values, names) else None

    files = sorted(state.rglob("*.db"))
    changed = sum(replace_text(f"sqlite:///{path}", change, like=SHOWING) for path in files)
    for path in files:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
            database.execute("VACUUM")  # or the old pages stay in the file
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if postgres_url is not None:
        changed += replace_text(postgres_url, change, like=SHOWING)
    return changed


def _scrub_value(value: Any, channels: Collection[str], label: str = "", *, of_channel: bool = False) -> bool:
    """Change a serialised event in place; whether anything was changed.

    Metadata stands in it as a list of entries with labels, or as a mapping from labels to entries.
    """
    if isinstance(value, list):
        return sum(_scrub_value(item, channels, label, of_channel=of_channel) for item in value) > 0
    if not isinstance(value, dict):
        return False
    of_channel = of_channel or value.get("partition") in channels
    if str(value.get("__class__")).endswith(("MetadataEntryData", "MetadataValue")):
        return _scrub_entry(value, label, of_channel=of_channel)
    labels = {"entry_data": str(value.get("label"))}
    return (
        sum(
            _scrub_value(item, channels, labels.get(name, str(name)), of_channel=of_channel)
            for name, item in value.items()
        )
        > 0
    )


def _scrub_entry(entry: dict[str, Any], label: str, *, of_channel: bool) -> bool:
    if "md_str" in entry and label not in KEPT_FIGURES:
        name, kept = "md_str", REMOVED
    elif "data" in entry and not _is_counts(entry["data"]):
        name, kept = "data", REMOVED
    elif "text" in entry and of_channel and label == "channel_name":
        name, kept = "text", REMOVED
    else:
        return False
    was = entry[name]
    entry[name] = kept
    return bool(was != kept)


def _is_counts(data: Any) -> bool:
    """Whether JSON metadata is numbers by name, such as rows a split."""
    if isinstance(data, dict):
        return all(_is_counts(value) for value in data.values())
    return isinstance(data, int | float | bool) or not data
