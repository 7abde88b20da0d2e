"""The forward index: what ranking reads of a row, found by the row's number without asking LanceDB.

LanceDB takes longer to hand out texts and vectors of two hundred proposed rows than to find them. Here words are codes,
vectors lie one behind the other, and a row is a place in files that are mapped into memory: only what is looked at is
read. Rows come in segments, one a build or an addition; small ones are merged into the next, so that there are few.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import polars as pl

from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.index.ranking import Tokens, codes

FOLDER = "forward"
# Files of a segment, little-endian numbers one behind the other. `ends` are those of a row's words.
_TYPES = {
    "stems": "<u4",
    "words": "<u4",
    "ends": "<i8",
    "contents": "<i8",
    "seconds": "<f8",
    "vectors": "<f4",
}
MERGED_WITHIN = 2  # a segment that is less than so many times as large as the next is merged with it


class Rows(NamedTuple):
    """What ranking reads of some rows.

    Attributes:
        tokens: of their texts.
        seconds: (rows,) float64, dates since 1970; NaN where there is none.
        vectors: (rows, dimensions) float32.
    """

    tokens: Tokens
    seconds: np.ndarray
    vectors: np.ndarray


@dataclass(frozen=True)
class _Segment:
    """Files of one addition, mapped into memory: arrays by name (`_TYPES`)."""

    columns: dict[str, np.ndarray]

    @classmethod
    def read(cls, folder: Path) -> Self:
        return cls({name: np.memmap(folder / name, dtype=kind, mode="r") for name, kind in _TYPES.items()})

    @property
    def rows(self) -> int:
        return len(self.columns["ends"])


class ForwardIndex:
    """The forward index of an index folder, opened for reading; row numbers are LanceDB's row ids."""

    def __init__(self, folder: Path) -> None:
        """Map its files into memory.

        Raises:
            ArtifactError: they are gone.
        """
        try:
            self._segments = [_Segment.read(path) for path in _folders(folder)]
        except (OSError, ValueError) as error:  # not there; empty
            raise ArtifactError(f"{folder / FOLDER}: {error}. Materialise index/posts again.") from error
        if not self._segments:
            raise ArtifactError(f"{folder / FOLDER}: no files of the index. Materialise index/posts again.")
        self._firsts = np.cumsum([0, *(segment.rows for segment in self._segments)])[:-1]
        self.dimensions = len(self._segments[0].columns["vectors"]) // self._segments[0].rows

    @property
    def contents(self) -> np.ndarray:
        """Hashes of what all rows say, (rows,) int64, by row number."""
        return np.concatenate([segment.columns["contents"] for segment in self._segments])

    def in_order(self, row_ids: np.ndarray) -> np.ndarray:
        """Row numbers in an order that comes from what the rows say: the same in an index that was built at once."""
        contents = np.empty(len(row_ids), dtype=np.int64)
        for segment, there, places in self._places(row_ids):
            contents[there] = segment.columns["contents"][places]
        return row_ids[np.lexsort((row_ids, contents))]

    def take(self, row_ids: np.ndarray) -> Rows:
        """Rows by their numbers, in the order of these."""
        count = len(row_ids)
        starts, lengths = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
        seconds = np.empty(count)
        vectors = np.empty((count, self.dimensions), dtype=np.float32)
        found = list(self._places(row_ids))
        for segment, there, places in found:
            ends = segment.columns["ends"]
            starts[there] = np.where(places > 0, ends[places - 1], 0)
            lengths[there] = ends[places] - starts[there]
            seconds[there] = segment.columns["seconds"][places]
            vectors[there] = segment.columns["vectors"].reshape(segment.rows, -1)[places]
        behind = np.cumsum(lengths) - lengths
        stems, words = (np.empty(lengths.sum(), dtype=np.uint32) for _ in range(2))
        for segment, there, _ in found:
            source, target = (_ranges(first[there], lengths[there]) for first in (starts, behind))
            stems[target] = segment.columns["stems"][source]
            words[target] = segment.columns["words"][source]
        return Rows(Tokens(stems, words, lengths), seconds, vectors)

    def _places(self, row_ids: np.ndarray) -> Iterator[tuple[_Segment, np.ndarray, np.ndarray]]:
        """Of each segment which of the rows it has, and their places in it."""
        at = np.searchsorted(self._firsts, row_ids, side="right") - 1
        for number in np.unique(at):
            there = np.flatnonzero(at == number)
            yield self._segments[number], there, row_ids[there].astype(np.int64) - self._firsts[number]


def _ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The numbers from each start on, as many as its length says, one range behind the other."""
    behind = np.cumsum(lengths) - lengths
    return np.repeat(starts - behind, lengths) + np.arange(lengths.sum())


class Writer:
    """Adds a segment to the forward index of a folder; use as a context manager.

    Usage::

        with Writer(folder) as forward:
            for rows, vectors in blocks:
                forward.add(rows, vectors)
    """

    def __init__(self, folder: Path) -> None:
        """Begin the segment behind those that are there."""
        before = _folders(folder)
        self._folder = folder / FOLDER / f"{len(before):04}"
        self._folder.mkdir(parents=True)
        self._files = {name: (self._folder / name).open("wb") for name in _TYPES}
        self._words = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def add(self, rows: pl.DataFrame, vectors: np.ndarray) -> None:
        """Write rows behind those before.

        Args:
            rows: with content and keys (`index.rows`).
            vectors: (rows, dimensions).
        """
        if not rows.height:
            return
        stems, words = (rows[name].str.split(" ").explode() for name in ("search_key", "words"))
        ends = self._words + np.cumsum(rows["search_key"].str.count_matches(" ", literal=True).to_numpy() + 1)
        self._words = int(ends[-1])
        found = {
            "stems": _coded(stems),
            "words": _coded(words),
            "ends": ends,
            "contents": rows["content"].to_numpy(),
            "seconds": (rows["date"].dt.epoch("us") / 1e6).fill_null(np.nan).to_numpy(),
            "vectors": vectors,
        }
        for name, values in found.items():
            self._files[name].write(np.ascontiguousarray(values, dtype=_TYPES[name]).tobytes())


def merge_small(folder: Path) -> None:
    """Merge the last segments as long as one before is not much larger than the next: there are never many."""
    paths = _folders(folder)
    while len(paths) > 1 and _rows_of(paths[-2]) < MERGED_WITHIN * _rows_of(paths[-1]):
        last, before = paths.pop(), paths.pop()
        merged = before.with_name(f"{before.name}.new")
        merged.mkdir()
        words = (before / "stems").stat().st_size // np.dtype(_TYPES["stems"]).itemsize
        for name, kind in _TYPES.items():
            more = np.fromfile(last / name, dtype=kind) + (words if name == "ends" else 0)
            with (before / name).open("rb") as start, (merged / name).open("wb") as file:
                shutil.copyfileobj(start, file)
                file.write(more.astype(kind).tobytes())
        shutil.rmtree(before)
        shutil.rmtree(last)
        paths.append(merged.rename(before))


def _rows_of(segment: Path) -> int:
    return (segment / "ends").stat().st_size // np.dtype(_TYPES["ends"]).itemsize


def _folders(folder: Path) -> list[Path]:
    """The segments' folders, in the order of their rows."""
    return sorted((folder / FOLDER).iterdir()) if (folder / FOLDER).is_dir() else []


def _coded(words: pl.Series) -> np.ndarray:
    """Codes of words, (words,); each distinct one is coded once."""
    distinct = words.unique()
    table = pl.DataFrame({"word": distinct, "code": codes(distinct.to_list())})
    return words.to_frame("word").join(table, on="word", how="left", maintain_order="left")["code"].to_numpy()
