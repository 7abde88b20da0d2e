"""What Dagster remembers of earlier runs, without the words of messages: its history is a set of SQLite files.

Previews of tables, figures and the evidence of failed checks go, for all assets and all times: nobody can tell
which of them showed a message that is gone. Numbers, versions, paths and the figures of training stay.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

KEPT_FIGURES = {"loss", "scores"}
REMOVED = "Removed when something was forgotten."
BUSY_SECONDS = 60.0


def scrub(state: Path, channels: Collection[int]) -> int:
    """Take people's words out of the history below a state folder, for good; returns the number of changed cells.

    Args:
        state: Dagster's base folder.
        channels: forgotten channels: their names go as well.
    """
    changed = 0
    names = {str(channel) for channel in channels}
    for path in sorted(state.rglob("*.db")):
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
            changed += sum(
                _scrub_column(database, table, column, names) for table, column in _columns(database)
            )
            database.execute("VACUUM")  # or the old pages stay in the file
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return changed


def _columns(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Tables and their columns of text; names as SQL writes them."""
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        quoted = _quoted(table)
        for _, column, kind, *_ in database.execute(f"PRAGMA table_info({quoted})").fetchall():
            if "TEXT" in kind.upper() or "CHAR" in kind.upper():
                yield quoted, _quoted(column)


def _scrub_column(database: sqlite3.Connection, table: str, column: str, channels: Collection[str]) -> int:
    like = " OR ".join(f"{column} LIKE '%{word}%'" for word in ("md_str", "JsonMetadata", "channel_name"))
    query = f"SELECT rowid, {column} FROM {table} WHERE {like}"  # noqa: S608  (names from the schema)
    changed = 0
    for row, text in database.execute(query).fetchall():
        values = json.loads(text)
        if _scrub_value(values, channels):
            statement = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608
            database.execute(statement, (json.dumps(values), row))
            changed += 1
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


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
