"""Rows of further corpora as they come: lines, paragraphs, JSON, Parquet below corpora/, datasets of the hub.

A row that cannot be read stays a row without text, so that it is counted and explained; a file or a dataset that
cannot be read at all is an error that says what to do.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import datasets
import polars as pl

from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import FurtherCorpus

ENDINGS = {
    ".txt": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
}
SCHEMA = {"origin": pl.String, "row": pl.Int64, "raw": pl.String}


def read(corpus: FurtherCorpus, corpora: Path) -> pl.DataFrame:
    """The rows of one corpus: origin, row (from 1), raw (null where a row cannot be read).

    Args:
        corpus: where the texts are and in which column.
        corpora: the folder that paths are below.

    Raises:
        DataError: there is no such file or dataset, it leads elsewhere, or no row has the column.
    """
    if corpus.dataset is not None:
        return of_dataset(_open_dataset(corpus), corpus)
    parts, left = [], corpus.maximum_rows
    for path in _files(corpus, corpora):
        kind = corpus.format or ENDINGS[path.suffix.lower()]
        found = _parquet(path, corpus, left) if kind == "parquet" else _texts(path, kind, corpus, left)
        rows = pl.DataFrame({"raw": found}, schema={"raw": pl.String})
        if kind in ("jsonl", "json") and rows.height and rows["raw"].null_count() == rows.height:
            raise DataError(_no_column(corpus, f"corpora/{corpus.path}"))
        origin = pl.lit(path.relative_to(corpora.resolve()).as_posix()).alias("origin")
        parts.append(rows.with_row_index("row", offset=1).select(origin, pl.col("row").cast(pl.Int64), "raw"))
        left -= rows.height
        if left <= 0:
            break
    return pl.concat(parts)


def of_dataset(rows: Iterable[Mapping[str, object]], corpus: FurtherCorpus) -> pl.DataFrame:
    """The first rows of an open dataset, as `read` gives them.

    Raises:
        DataError: a row lacks the column.
    """
    origin = f"{corpus.dataset}@{corpus.revision}"
    texts: list[str | None] = []
    try:
        for row in islice(rows, corpus.maximum_rows):
            if corpus.text_column not in row:
                raise DataError(_no_column(corpus, origin, sorted(row)))
            texts.append(_text(row[corpus.text_column]))
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise DataError(_unreachable(corpus, error)) from error
    return pl.DataFrame(
        {"origin": [origin] * len(texts), "row": range(1, len(texts) + 1), "raw": texts}, schema=SCHEMA
    )


def _open_dataset(corpus: FurtherCorpus) -> Iterable[Mapping[str, object]]:
    """The dataset, read as it is used; datasets that bring programs are refused by the library."""
    assert corpus.dataset is not None
    if Path(corpus.dataset).exists():  # the library would take a folder of this name for the dataset
        raise DataError(
            f"corpus.further.{corpus.name}: {corpus.dataset!r} is a folder or file here. Start elsewhere, or put the "
            "files below corpora/ and name them by path."
        )
    try:
        opened: Iterable[Mapping[str, object]] = datasets.load_dataset(
            corpus.dataset, corpus.subset, split=corpus.split, revision=corpus.revision, streaming=True
        )
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise DataError(_unreachable(corpus, error)) from error
    return opened


def _files(corpus: FurtherCorpus, corpora: Path) -> list[Path]:
    """The files that a path names, none of them outside `corpora`, in the order of their names."""
    assert corpus.path is not None
    root = corpora.resolve()
    named = (root / corpus.path).resolve()
    inside = [named] if named.is_file() else sorted(p.resolve() for p in named.rglob("*") if p.is_file())
    if not all(path.is_relative_to(root) for path in (named, *inside)):
        raise DataError(
            f"corpora/{corpus.path}: a link leads out of corpora/. Copy the files there, or link corpora/ itself."
        )
    if not inside:
        raise DataError(
            f"corpora/{corpus.path}: there is no such file or folder with files. Put the corpus {corpus.name!r} there, "
            "or correct corpus.further in the recipe."
        )
    unknown = [] if corpus.format else [path.name for path in inside if path.suffix.lower() not in ENDINGS]
    if unknown:
        raise DataError(
            f"corpora/{corpus.path}: the ending of {unknown[0]} tells no format (known: {', '.join(ENDINGS)}). "
            f"Set `format` of {corpus.name!r} in the recipe."
        )
    return inside


def _texts(path: Path, kind: str, corpus: FurtherCorpus, most: int) -> list[str | None]:
    """The first texts of a file of lines, paragraphs or JSON."""
    if kind == "json":
        try:
            values = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"corpora/{corpus.path}: not JSON ({error}). Mend it, or write one object a line and name it .jsonl."
            ) from error
        if not isinstance(values, list):
            raise DataError(f"corpora/{corpus.path}: JSON, but no list of objects. Write it as one.")
        return [_member(value, corpus.text_column) for value in values[:most]]
    with path.open("rb") as file:
        if kind == "paragraphs":
            return list(islice(_paragraphs(file), most))
        lines = islice(file, most)
        if kind == "jsonl":
            return [_json_line(line, corpus.text_column) for line in lines]
        return [_decoded(line.rstrip(b"\r\n")) for line in lines]


def _paragraphs(lines: Iterable[bytes]) -> Iterator[str | None]:
    """Texts parted by blank lines."""
    held: list[bytes] = []
    for line in lines:
        if line.strip():
            held.append(line)
        elif held:
            yield _decoded(b"".join(held).rstrip(b"\r\n"))
            held = []
    if held:
        yield _decoded(b"".join(held).rstrip(b"\r\n"))


def _parquet(path: Path, corpus: FurtherCorpus, most: int) -> list[str | None]:
    try:
        table = pl.scan_parquet(path)
        schema = table.collect_schema()
        if schema.get(corpus.text_column) != pl.String:
            raise DataError(_no_column(corpus, f"corpora/{corpus.path}", list(schema)))
        return table.select(corpus.text_column).head(most).collect()[corpus.text_column].to_list()
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"corpora/{corpus.path}: {path.name} is no sound Parquet file. Fetch it again."
        ) from error


def _json_line(line: bytes, column: str) -> str | None:
    try:
        return _member(json.loads(line), column)
    except (ValueError, RecursionError):
        return None


def _member(value: object, column: str) -> str | None:
    return _text(value.get(column)) if isinstance(value, dict) else None


def _text(value: object) -> str | None:
    """A text, or Telegram's list of texts and entities as one; None: neither, or no valid Unicode."""
    if isinstance(value, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in value]
        if not all(isinstance(part, str) for part in parts):
            return None
        value = "".join(map(str, parts))
    if not isinstance(value, str):
        return None
    return value if value.isprintable() or _is_unicode(value) else None


def _is_unicode(text: str) -> bool:
    """Whether a text has no lone surrogates, which JSON can name and no file can hold."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _no_column(corpus: FurtherCorpus, where: str, found: list[str] | None = None) -> str:
    columns = f" (found: {', '.join(found)})" if found else ""
    return (
        f"{where}: no row has a text in {corpus.text_column!r}{columns}. "
        f"Set `text_column` of {corpus.name!r} in the recipe."
    )


def _unreachable(corpus: FurtherCorpus, error: Exception) -> str:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return (
        f"corpus.further.{corpus.name}: the dataset {corpus.dataset} (subset {corpus.subset}, split {corpus.split}, "
        f"revision {corpus.revision}) cannot be read: {reason}. Check the names and the network, or fetch its files "
        "into corpora/ and name them by path."
    )
