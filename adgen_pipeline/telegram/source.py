"""Bytes of export files, piece by piece: plain files, and members of zip archives without unpacking them to disk."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from adgen_pipeline.errors import ExportError

PIECE_BYTES = 1 << 20
# Exports shrink to a fifth up to a thirtieth; deflate can make a thousandth of zeros. An archive that claims more
# than this is none that Telegram's users made, and would fill the disk with rows.
MAX_ZIP_RATIO = 200
# What damaged or locked files make the standard library raise; each becomes an ExportError or a quarantined file with
# its reason. RuntimeError is what zipfile raises for a member with a password.
UNREADABLE = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError),
    *(KeyError, ValueError, struct.error),  # names, sizes and dates of members that are damaged
)


@dataclass(frozen=True)
class SourceFile:
    """One chat's place in a file.

    Attributes:
        path: below the raw folder, with slashes.
        member: within a zip archive; None for a plain file.
        megabytes: of the file, or of the member when unpacked.
        start: where the chat's records begin: behind the bracket that opens them.
        stop: where the next chat begins, or the end of the file.
        type: public_channel, public_supergroup …
    """

    path: str
    member: str | None = None
    megabytes: float = 0.0
    start: int = 0
    stop: int = 0
    type: str | None = None

    @property
    def label(self) -> str:
        """How tables and quarantine name it."""
        return self.path if self.member is None else f"{self.path}!{self.member}"


def chat_bytes(raw: Path, file: SourceFile) -> Iterator[bytes]:
    """The bytes between a chat's start and stop.

    Raises:
        ExportError: the file is gone, shorter than it was, or cannot be unpacked.
    """
    path = raw / file.path
    left = file.stop - file.start
    try:
        with opened(path, file.member) as stream:
            stream.seek(file.start)
            while left and (piece := stream.read(min(PIECE_BYTES, left))):
                left -= len(piece)
                yield piece
    except UNREADABLE as error:
        raise ExportError(f"{path}: cannot be read ({error}). Put the export there again.") from error
    if left:
        raise ExportError(
            f"{path}: it became shorter while it was read. Wait until it is copied, and run again."
        )


def pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """All bytes of an open file."""
    while piece := stream.read(PIECE_BYTES):
        yield piece


@contextmanager
def opened(path: Path, member: str | None) -> Iterator[IO[bytes]]:
    """A plain file, or a zip's member as a stream."""
    if member is None:
        with path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(member)
        if reason := bomb(info):
            raise zipfile.BadZipFile(reason)
        with archive.open(info) as file:
            yield file


def bomb(info: zipfile.ZipInfo) -> str:
    """Why a member is not unpacked, in words; empty if it may be. No member yields more than it declares."""
    if info.file_size > MAX_ZIP_RATIO * max(info.compress_size, 1_000):
        return (
            f"{info.file_size:,} bytes packed into {info.compress_size:,}: more than {MAX_ZIP_RATIO} times, "
            "which no export is"
        )
    return ""
