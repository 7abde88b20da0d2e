"""Telegram Desktop's JSON exports: which channels a folder holds, and one channel's messages as a table.

    scan(raw)                → Scan: channels with the files that hold them, and files that nobody can read
    read_channel(source, …)  → ChannelExport: telegram/messages of one channel from all its dumps

Only the channel's id names a channel: file names hold emoji and change, titles are sold.
"""

import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from adgen_pipeline.errors import ExportError
from adgen_pipeline.schemas import MESSAGES
from adgen_pipeline.telegram.chats import Chat, chats
from adgen_pipeline.telegram.quarantine import Quarantined, excerpt, write_quarantine, write_unreadable
from adgen_pipeline.telegram.records import Record, read_record, table
from adgen_pipeline.telegram.repair import Repaired, repair
from adgen_pipeline.telegram.scan import WHAT_TO_DO, ChannelSource, Scan, SourceFile, scan

__all__ = [
    "ChannelExport",
    "ChannelSource",
    "Quarantined",
    "Scan",
    "SourceFile",
    "read_channel",
    "scan",
    "write_quarantine",
    "write_unreadable",
]


@dataclass(frozen=True)
class ChannelExport:
    """One channel as read.

    Attributes:
        messages: telegram/messages.
        quarantined: records that could not be read.
        counts: read (records of all dumps) = messages + service + unsupported + replaced (by a newer dump)
            + quarantined.
    """

    messages: pl.DataFrame
    quarantined: tuple[Quarantined, ...]
    counts: dict[str, int]


def read_channel(source: ChannelSource, *, raw: Path, zone: str) -> ChannelExport:
    """One channel's messages from all its dumps; where two hold a message, the newer dump's counts.

    A dump's age is the latest date or edit in it. A damaged record costs itself only.

    Raises:
        ExportError: a file is gone or changed its shape, the channel has no record, or the zone is unknown.
    """
    dumps: list[pl.DataFrame] = []
    quarantined: list[Quarantined] = []
    read = 0
    for file in source.files:
        repaired = repair(_bytes(raw, file))
        for chat in chats(repaired.data):
            if chat.channel_id == source.channel_id:
                dump, damaged = _read(chat, repaired, file.label, source, zone)
                dumps.append(dump)
                quarantined += damaged
                read += dump.height + len(damaged)
    messages = _upsert(dumps)
    if messages.is_empty():
        raise ExportError(
            f"Channel {source.channel_id} ({', '.join(f.label for f in source.files)}): "
            f"no record could be read ({len(quarantined)} damaged). {WHAT_TO_DO}"
        )
    types = Counter(messages["type"].to_list())
    counts = {
        "read": read,
        "messages": types["message"],
        "service": types["service"],
        "unsupported": types["unsupported"],
        "replaced": read - len(quarantined) - messages.height,
        "quarantined": len(quarantined),
    }
    return ChannelExport(MESSAGES.conform(messages), tuple(sorted(quarantined)), counts)


def _upsert(dumps: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One row a message: the one of the newest dump, and within a dump the last one."""
    if not dumps:
        return MESSAGES.empty()

    def age(dump: pl.DataFrame) -> tuple[str, str]:
        newest = dump.select(pl.max_horizontal(pl.col("date").max(), pl.col("edited").max())).item()
        return ("" if newest is None else newest.isoformat(), dump["source"][0])

    ordered = sorted((dump for dump in dumps if dump.height), key=age)
    if not ordered:
        return MESSAGES.empty()
    return pl.concat(ordered).unique("message_id", keep="last", maintain_order=True)


def _read(
    chat: Chat, repaired: Repaired, label: str, source: ChannelSource, zone: str
) -> tuple[pl.DataFrame, list[Quarantined]]:
    records: list[Record] = []
    quarantined = [
        Quarantined(label, repaired.offset(damage.position), damage.reason, excerpt(damage.data))
        for damage in chat.damages
    ]
    cursor = 0
    for index, record in enumerate(chat.records):
        try:
            records.append(read_record(record))
        except ValueError as error:
            content = bytes(record)
            position = (
                repaired.data.index(content, cursor) if chat.positions is None else chat.positions[index]
            )
            cursor = position + len(content)
            quarantined.append(Quarantined(label, repaired.offset(position), str(error), excerpt(content)))
    constants: dict[str, str | int | None] = {
        "channel_id": source.channel_id,
        "channel_name": source.channel_name,
        "channel_type": chat.type,
        "source": label,
    }
    return table(records, zone=zone, constants=constants), quarantined


def _bytes(raw: Path, file: SourceFile) -> bytes:
    path = raw / file.path
    try:
        if file.member is None:
            return path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            return archive.read(file.member)
    except (OSError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
        raise ExportError(f"{path}: cannot be read ({error}). Put the export there again.") from error
