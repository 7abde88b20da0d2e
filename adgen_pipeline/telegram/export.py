"""Telegram Desktop's JSON exports: which channels a folder holds, and one channel's messages as a table.

    scan(raw)                → Scan: channels with the files that hold them, and files that nobody can read
    read_channel(source, …)  → ChannelExport: telegram/messages of one channel from all its dumps, in blocks

Only the channel's id names a channel: file names hold emoji and change, titles are sold.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType

import polars as pl

from adgen_pipeline.errors import ExportError
from adgen_pipeline.schemas import MESSAGES
from adgen_pipeline.telegram.dumps import Dumps
from adgen_pipeline.telegram.frames import table
from adgen_pipeline.telegram.quarantine import (
    Quarantined,
    excerpt,
    without,
    write_quarantine,
    write_unreadable,
)
from adgen_pipeline.telegram.records import Rows
from adgen_pipeline.telegram.scan import WHAT_TO_DO, ChannelSource, Scan, scan
from adgen_pipeline.telegram.source import SourceFile, chat_bytes
from adgen_pipeline.telegram.split import Block, blocks

__all__ = [
    "ChannelExport",
    "ChannelSource",
    "Quarantined",
    "Scan",
    "SourceFile",
    "contradictions",
    "read_channel",
    "scan",
    "unaccounted",
    "write_quarantine",
    "write_unreadable",
]

PART_RECORDS = 10_000


@dataclass
class ChannelExport:
    """One channel as read. Use it in a `with` statement where an export may be larger than memory.

    Attributes:
        quarantined: records that could not be read.
        counts: read (records of all dumps) = messages + service + unsupported + superseded (by a newer dump)
            + quarantined + forgotten; `deleted` of the first three are in no newer dump that should hold them.
    """

    quarantined: tuple[Quarantined, ...]
    counts: dict[str, int]
    _dumps: Dumps
    _found: pl.DataFrame

    def blocks(self) -> Iterator[pl.DataFrame]:
        """telegram/messages in blocks of ascending message ids."""
        return self._dumps.blocks(self._found)

    @cached_property
    def messages(self) -> pl.DataFrame:
        """telegram/messages as a whole."""
        return pl.concat([MESSAGES.empty(), *self.blocks()])

    def __enter__(self) -> "ChannelExport":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._dumps.close()


def read_channel(
    source: ChannelSource, *, raw: Path, zone: str, scratch: Path | None = None
) -> ChannelExport:
    """One channel's messages from all its dumps; where two hold a message, the newer dump's counts.

    A dump's age is the latest date or edit in it. A damaged record costs itself only.

    Args:
        source: from `scan`.
        raw: the folder of the exports.
        zone: of local dates where an old export has no epoch seconds.
        scratch: a folder for what does not fit into memory; None: it does.

    Raises:
        ExportError: a file is gone or changed its shape, the channel has no record, or the zone is unknown.
    """
    dumps = Dumps(scratch)
    try:
        quarantined: list[Quarantined] = []
        read = sum(_read(file, source, dumps, quarantined, raw=raw, zone=zone) for file in source.files)
        found = dumps.messages()
        if found.is_empty():
            raise ExportError(
                f"Channel {source.channel_id} ({', '.join(sorted({f.label for f in source.files}))}): "
                f"no record could be read ({len(quarantined)} damaged). {WHAT_TO_DO}"
            )
    except BaseException:
        dumps.close()
        raise
    kept = found.filter(~pl.col("message_id").is_in(list(source.forgotten)))
    damaged = without(quarantined, source.forgotten)
    types = dict(kept.group_by("type").len().iter_rows())
    counts = {
        "read": read + len(quarantined),
        "messages": types.get("message", 0),
        "service": types.get("service", 0),
        "unsupported": types.get("unsupported", 0),
        "superseded": read - found.height,
        "quarantined": len(damaged),
        "deleted": int(kept["is_deleted"].sum()),
        "forgotten": found.height - kept.height + len(quarantined) - len(damaged),
    }
    return ChannelExport(tuple(sorted(damaged)), counts, dumps, kept)


def unaccounted(counts: Mapping[str, int], messages: pl.LazyFrame, quarantined: int) -> list[str]:
    """Where records were lost or made on the way from the exports to the table, in words.

    Args:
        counts: of the reading, as `ChannelExport.counts`.
        messages: the table that was written.
        quarantined: items in the channel's quarantine file.
    """
    types = dict(messages.group_by("type").len().collect().iter_rows())
    kinds = {"messages": "message", "service": "service", "unsupported": "unsupported"}
    found = {name: types.get(kind, 0) for name, kind in kinds.items()}
    found |= {
        "quarantined": quarantined,
        "superseded": counts["superseded"],
        "forgotten": counts["forgotten"],
    }
    problems = [
        f"{counts[name]} {name} were read, {count} are there"
        for name, count in found.items()
        if counts[name] != count
    ]
    if counts["read"] != sum(found.values()):
        parts = " + ".join(f"{count} {name}" for name, count in found.items())
        problems.append(f"{counts['read']} records were read, but {parts} = {sum(found.values())}")
    return problems


def contradictions(messages: pl.LazyFrame) -> list[str]:
    """Messages whose `text` says something else than its parts, in words; the parts count."""
    ids = messages.filter(pl.col("extra").str.json_path_match("$.text").is_not_null()).select("message_id")
    return [
        f"message {message_id}: text and text_entities differ" for (message_id,) in ids.collect().iter_rows()
    ]


def _read(
    file: SourceFile,
    source: ChannelSource,
    dumps: Dumps,
    quarantined: list[Quarantined],
    *,
    raw: Path,
    zone: str,
) -> int:
    """How many records a chat of a file has; they are added to the dumps, and damage to the quarantine."""
    dump = dumps.begin(file.label)
    damages = len(quarantined)
    constants: dict[str, str | int | None] = {
        "channel_id": source.channel_id,
        "channel_name": source.channel_name,
        "channel_type": file.type,
        "source": file.label,
    }
    rows, read = Rows(), 0
    for block in blocks(chat_bytes(raw, file), file.start):
        quarantined += _decoded(block, rows, file.label)
        if len(rows.rows) >= PART_RECORDS:
            dumps.add(dump, table(rows, zone=zone, constants=constants))
            rows, read = Rows(), read + len(rows.rows)
    dumps.add(dump, table(rows, zone=zone, constants=constants))
    dump.is_whole = len(quarantined) == damages
    return read + len(rows.rows)


def _decoded(block: Block, rows: Rows, label: str) -> Iterator[Quarantined]:
    """Add the records of a block to `rows`; what cannot be read comes out."""
    for damage in block.damages:
        yield Quarantined(label, block.place(damage.position), damage.reason, excerpt(damage.data))
    cursor = 0
    for index, record in enumerate(block.records):
        try:
            rows.read(record)
        except ValueError as error:
            content = bytes(record)
            if block.positions is None:
                position = block.data.data.index(content, cursor)
                cursor = position + len(content)
            else:
                position = block.positions[index]
            yield Quarantined(label, block.place(position), str(error), excerpt(content))
