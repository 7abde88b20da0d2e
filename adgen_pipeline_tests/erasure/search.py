"""Looking for a word in every file of a data folder, whatever its format: the oracle of the erasure tests."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl


def files_with(root: Path, word: str, *, but: tuple[str, ...] = ("raw",)) -> list[str]:
    """Files below a folder that hold a word: as bytes in any encoding of ours, or as a value of a table."""
    found = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        relative = path.relative_to(root)
        if relative.parts[0] not in but and (_in_bytes(path, word) or _in_values(path, word)):
            found.append(str(relative))
    return found + [f"{path.relative_to(root)} (rows)" for path in _indexes(root) if _in_index(path, word)]


def _in_bytes(path: Path, word: str) -> bool:
    content = path.read_bytes()
    forms = (word.encode(), json.dumps(word)[1:-1].encode(), word.encode("utf-16-le"))
    return any(form in content for form in forms)


def _in_values(path: Path, word: str) -> bool:
    if path.suffix == ".parquet":
        return word in pl.read_parquet(path).write_json()
    if path.suffix == ".db":
        with closing(sqlite3.connect(path)) as database:
            return word in "\n".join(database.iterdump())
    return False


def _indexes(root: Path) -> list[Path]:
    return sorted(root.glob("index/*/*.lance"))


def _in_index(path: Path, word: str) -> bool:
    import lancedb  # noqa: PLC0415  (few tests have an index)

    rows = lancedb.connect(path.parent).open_table(path.stem).search().to_arrow()
    return word in str(rows.drop_columns(["vector"]).to_pylist())
