"""All dumps of one channel as one table: the newest dump's message counts, and what that dump lacks was deleted.

Dumps are kept in parts, in memory while they are small and on disk from then on; the table comes out in blocks of
ascending message ids, so that no more than a block of it is in memory at once.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import polars as pl

from adgen_pipeline.locks import temporary_path, writing
from adgen_pipeline.schemas import MESSAGES

BLOCK_ROWS = 10_000
MEMORY_BYTES = 64 << 20  # of parts in memory; those that come later go to disk

_TYPES = pl.Enum(["message", "service", "unsupported"])


@dataclass(frozen=True)
class _Part:
    ids: pl.DataFrame  # message_id, type
    low: int
    high: int
    frame: pl.DataFrame | Path

    def between(self, low: int, high: int) -> pl.DataFrame:
        frame = pl.read_ipc(self.frame) if isinstance(self.frame, Path) else self.frame
        if low <= self.low and self.high <= high:
            return frame
        return frame.filter(pl.col("message_id").is_between(low, high))


@dataclass
class Dump:
    """One chat of one file.

    Attributes:
        label: of the file.
        newest: the latest date or edit in it, which tells the newer of two dumps; a reaction counts as an edit.
        is_whole: nothing in it is damaged, so that a message it lacks was deleted.
    """

    label: str
    newest: str = ""
    is_whole: bool = True
    parts: list[_Part] = field(default_factory=list)


class Dumps:
    """The dumps of a channel. Use it in a `with` statement: then nothing stays on disk.

    Args:
        scratch: where a folder for parts is made that do not fit into memory; None: they fit.
    """

    def __init__(self, scratch: Path | None, *, memory_bytes: int = MEMORY_BYTES) -> None:
        self._dumps: list[Dump] = []
        self._scratch = scratch
        self._folder: Path | None = None
        self._bytes_left = memory_bytes
        self._opened = ExitStack()

    def __enter__(self) -> "Dumps":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was written to disk."""
        self._opened.close()

    def begin(self, label: str) -> Dump:
        """A new dump, to which records are added."""
        self._dumps.append(Dump(label))
        return self._dumps[-1]

    def add(self, dump: Dump, frame: pl.DataFrame) -> None:
        """Some more records of a dump: `telegram/messages` without `is_deleted`."""
        if frame.is_empty():
            return
        newest, low, high = frame.select(
            pl.max_horizontal(pl.col("date").max(), pl.col("edited").max()),
            pl.col("message_id").min().alias("low"),
            pl.col("message_id").max().alias("high"),
        ).row(0)
        dump.newest = max(dump.newest, "" if newest is None else newest.isoformat())
        ids = frame.select("message_id", pl.col("type").cast(_TYPES))
        self._bytes_left -= int(frame.estimated_size())
        dump.parts.append(_Part(ids, low, high, frame if self._bytes_left > 0 else self._spilled(frame)))

    def messages(self) -> pl.DataFrame:
        """message_id, type and is_deleted of each message, ascending: of the newest dump that holds it.

        A message is deleted if a newer undamaged dump, whose ids begin before it and end behind it, lacks it.
        """
        ordered = self._ordered()
        if not ordered:
            return pl.DataFrame(schema={"message_id": pl.Int64, "type": _TYPES, "is_deleted": pl.Boolean})
        found = pl.concat(
            part.ids.with_columns(newest=pl.lit(dump.newest)) for dump in ordered for part in dump.parts
        )
        found = found.unique("message_id", keep="last", maintain_order=True).sort("message_id")
        lacks = [
            (pl.col("newest") < dump.newest)
            & pl.col("message_id").is_between(
                min(part.low for part in dump.parts), max(part.high for part in dump.parts)
            )
            for dump in ordered
            if dump.is_whole
        ]
        deleted = pl.any_horizontal(pl.lit(False), *lacks)
        return found.select("message_id", "type", is_deleted=deleted)

    def blocks(self, messages: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """`telegram/messages` of what `messages()` gave, or of some of it, block by block."""
        ordered = self._ordered()
        for block in messages.iter_slices(BLOCK_ROWS):
            low, high = block["message_id"][0], block["message_id"][-1]
            held = pl.concat(
                part.between(low, high)
                for dump in ordered
                for part in dump.parts
                if part.low <= high and low <= part.high
            )
            # Rows are told apart by their ids alone: whole records are moved once, or not at all.
            rows = held.select("message_id", row=pl.int_range(pl.len())).unique("message_id", keep="last")
            wanted = block.select("message_id", "is_deleted")
            rows = wanted.join(rows, on="message_id", maintain_order="left")
            is_as_held = len(rows) == len(held) and bool(rows.select(pl.col("row").diff().eq(1).all()).item())
            newest = held if is_as_held else held[rows["row"]]
            yield MESSAGES.conform(newest.with_columns(rows["is_deleted"]))

    def _ordered(self) -> list[Dump]:
        """Dumps with records, the newest last."""
        return sorted(
            (dump for dump in self._dumps if dump.parts), key=lambda dump: (dump.newest, dump.label)
        )

    def _spilled(self, frame: pl.DataFrame) -> pl.DataFrame | Path:
        if self._scratch is None:
            return frame
        if self._folder is None:
            self._opened.enter_context(writing(self._scratch))
            self._folder = temporary_path(self._scratch / "dumps")
            self._folder.mkdir()
            self._opened.callback(shutil.rmtree, self._folder)
        path = self._folder / f"{len(list(self._folder.iterdir()))}.arrow"
        frame.write_ipc(path)
        return path
