"""Which channels a raw folder holds, and in which files; files without any channel."""

import hashlib
import logging
import os
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec

from adgen_pipeline.artifacts import file_digest, values_digest, write_json
from adgen_pipeline.errors import ExportError
from adgen_pipeline.forgotten import NOTHING, Forgotten
from adgen_pipeline.telegram.chats import Contents, contents
from adgen_pipeline.telegram.quarantine import Quarantined, excerpt
from adgen_pipeline.telegram.rest import being_written, size_and_time
from adgen_pipeline.telegram.source import UNREADABLE, SourceFile, opened, pieces

logger = logging.getLogger(__name__)

_CACHE_VERSION = 3
_THREADS = 4  # each holds a megabyte or two
WHAT_TO_DO = "Export the chat from Telegram Desktop as machine-readable JSON."


@dataclass(frozen=True)
class ChannelSource:
    """A channel and all files that hold it.

    Attributes:
        channel_id: as in the export, without a -100 prefix.
        channel_name: title in the newest dump; the id where it has none.
        files: places of its chats, sorted by label.
        digest: of the channel's bytes in them, of their labels, and of what is forgotten.
        forgotten: ids of messages that are not to be read.
    """

    channel_id: int
    channel_name: str
    files: tuple[SourceFile, ...]
    digest: str
    forgotten: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Scan:
    """What a raw folder holds.

    Attributes:
        channels: by id.
        unreadable: files without any readable channel.
        copying: files that somebody still writes; neither they nor the channels that they held are among the others.
    """

    channels: tuple[ChannelSource, ...]
    unreadable: tuple[Quarantined, ...]
    copying: tuple[str, ...] = ()

    def channel(self, channel_id: int) -> ChannelSource:
        """The source of a channel.

        Raises:
            ExportError: no file holds it.
        """
        for source in self.channels:
            if source.channel_id == channel_id:
                return source
        known = ", ".join(str(source.channel_id) for source in self.channels) or "none"
        if self.copying:
            raise ExportError(
                f"Channel {channel_id} is in no finished export of the raw folder, but {', '.join(self.copying)} is "
                "still being written. Run again when that is done."
            )
        raise ExportError(
            f"Channel {channel_id} is in no export of the raw folder (channels there: {known}). "
            "Put its export there, or remove the partition."
        )


@dataclass(frozen=True)
class _Entry:
    """One chat of one file, or (without a channel id) a file that cannot be read."""

    path: str
    member: str | None
    size: int
    digest: str
    channel_id: int | None
    name: str | None = None
    type: str | None = None
    latest: str = ""
    start: int = 0
    stop: int = 0
    reason: str = ""
    beginning: str = ""


@dataclass(frozen=True)
class _Remembered:
    """A file's size and time of change, and what it held then."""

    stamp: tuple[int, int]
    entries: tuple[_Entry, ...]


@dataclass(frozen=True)
class _Cache:
    version: str
    files: dict[str, _Remembered]


def scan(raw: Path, *, cache: Path | None = None, forgotten: Forgotten = NOTHING) -> Scan:
    """Channels of the exports below a folder: `*.json` at any depth, alone or in `*.zip`.

    A file that changed just now is looked at again two seconds later; one that still changes is left out.

    Args:
        raw: the folder; only read.
        cache: JSON file that remembers files by size and time, so that unchanged ones are not read again.
        forgotten: channels that are left out, and messages that are not to be read.

    Raises:
        ExportError: the folder is missing.
    """
    if not raw.is_dir():
        raise ExportError(
            f"{raw}: there is no such folder. Create it and put Telegram exports (*.json) there."
        )
    version = f"{_CACHE_VERSION} {values_digest(sorted(forgotten.channels))}"
    known = _read_cache(cache, version)
    names = {path: path.relative_to(raw).as_posix() for path in _files(raw)}
    misnamed = [name for name in names.values() if not _is_text(name)]
    files = {name: path for path, name in names.items() if _is_text(name)}
    stamps = {name: size_and_time(path) for name, path in files.items()}
    changed = {name for name, stamp in stamps.items() if name not in known or known[name].stamp != stamp}
    written = being_written(files[name] for name in sorted(changed))
    copying = sorted(name for name in changed if files[name] in written)
    at_rest = changed - set(copying)
    new = {name: stamp for name, stamp in stamps.items() if name in at_rest and stamp is not None}
    with ThreadPoolExecutor(_THREADS) as pool:  # reading and hashing let go of the interpreter's lock
        looked = pool.map(lambda name: _look_into(files[name], name, new[name], forgotten), new)
        fresh = dict(zip(new, looked, strict=True))
    found = {
        name: fresh[name] if name in fresh else known[name]
        for name in files
        if name in fresh or name not in changed
    }
    kept = found | {name: known[name] for name in copying if name in known}
    if cache is not None and kept != known:
        write_json(cache, asdict(_Cache(version, kept)))
    for name in copying:
        logger.warning("%s is still being written: left out until it rests. Run again then.", raw / name)
    # Without the file that is replaced just now, its channels would lose what that file held.
    waiting = {entry.channel_id for name in copying if name in known for entry in known[name].entries}
    entries = [
        entry for file in found.values() for entry in file.entries if entry.channel_id not in waiting - {None}
    ]
    entries += [_misnamed(name) for name in misnamed]
    return Scan(tuple(_sources(entries, forgotten)), tuple(_unreadable(entries)), tuple(copying))


def _is_text(name: str) -> bool:
    """Whether a file name is UTF-8; tables and JSON cannot hold another one."""
    return name.encode("utf-8", "replace").decode() == name


def _misnamed(name: str) -> _Entry:
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()
    return _Entry(shown, None, 0, digest, None, reason="its name is no UTF-8 text: rename the file")


def _look_into(path: Path, name: str, stamp: tuple[int, int], forgotten: Forgotten) -> _Remembered:
    try:
        return _Remembered(stamp, tuple(_unnamed(entry, forgotten) for entry in _entries(path, name)))
    except OSError as error:  # another stamp than any file's: it is tried again next time
        reason = f"it cannot be read ({error.strerror})"
        digest = hashlib.sha256(name.encode()).hexdigest()
        return _Remembered((-1, -1), (_Entry(name, None, 0, digest, None, reason=reason),))


def _files(raw: Path) -> Iterator[Path]:
    """JSON and zip files at any depth in a fixed order; links to folders are followed once."""
    seen = set()
    for folder, folders, names in os.walk(raw, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and path.suffix.lower() in {".json", ".zip"} and path.is_file():
                yield path


def _entries(path: Path, relative: str) -> Iterator[_Entry]:
    if path.suffix.lower() == ".json":
        with opened(path, None) as stream:
            yield from _catalogue(contents(pieces(stream)), relative, None)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(m.filename for m in archive.infolist() if _is_export_member(m.filename))
    except UNREADABLE as error:
        yield _unreadable_entry(path, relative, None, error)
        return
    for member in members:
        try:
            with opened(path, member) as stream:
                found = contents(pieces(stream))
        except UNREADABLE as error:
            yield _unreadable_entry(path, relative, member, error)
        else:
            yield from _catalogue(found, relative, member)


def _unreadable_entry(path: Path, relative: str, member: str | None, error: BaseException) -> _Entry:
    digest = hashlib.sha256(f"{file_digest(path)}/{member}".encode()).hexdigest()
    return _Entry(
        relative,
        member,
        path.stat().st_size,
        digest,
        None,
        reason=f"the archive cannot be unpacked ({error})",
    )


def _is_export_member(name: str) -> bool:
    parts = name.split("/")
    return name.lower().endswith(".json") and not any(part.startswith((".", "__MACOSX")) for part in parts)


def _catalogue(found: Contents, path: str, member: str | None) -> Iterator[_Entry]:
    """One entry for each chat with an id, or one that says why there is none."""
    chats = [chat for chat in found.chats if chat.channel_id is not None]
    for chat in chats:
        yield _Entry(
            path,
            member,
            found.size,
            chat.digest,
            chat.channel_id,
            chat.name,
            chat.type,
            chat.latest,
            chat.start,
            chat.stop,
        )
    for chat in found.chats:
        if chats and chat.channel_id is None:
            reason = f"from byte {chat.start} on it has a chat without a readable beginning"
            yield _Entry(path, member, found.size, chat.digest, None, start=chat.start, reason=reason)
    if not chats:
        is_empty = not found.beginning.strip()
        reason = "the file is empty" if is_empty else "it has no chat with an id and messages"
        yield _Entry(
            path, member, found.size, found.digest, None, reason=reason, beginning=excerpt(found.beginning)
        )


def _unnamed(entry: _Entry, forgotten: Forgotten) -> _Entry:
    """The entry, without its title if the channel is forgotten: the cache is a file as well."""
    return replace(entry, name=None) if entry.channel_id in forgotten.channels else entry


def _sources(entries: Sequence[_Entry], forgotten: Forgotten) -> Iterator[ChannelSource]:
    by_channel: dict[int, list[_Entry]] = {}
    for entry in entries:
        if entry.channel_id is not None and entry.channel_id not in forgotten.channels:
            by_channel.setdefault(entry.channel_id, []).append(entry)
    for channel_id, found in sorted(by_channel.items()):
        files = tuple(
            SourceFile(e.path, e.member, e.size / 1e6, e.start, e.stop, e.type)
            for e in sorted(found, key=lambda e: (e.path, e.member or "", e.start))
        )
        named = [entry for entry in found if entry.name and entry.name.strip()]
        newest = max(named, key=lambda e: (e.latest, e.path, e.member or ""), default=None)
        name = str(channel_id) if newest is None or newest.name is None else newest.name
        content = sorted((e.path, e.member or "", e.digest) for e in found)
        messages = forgotten.messages_of(channel_id)
        digest = values_digest(content, sorted(messages)) if messages else values_digest(content)
        yield ChannelSource(channel_id, name, files, digest, messages)


def _unreadable(entries: Sequence[_Entry]) -> Iterator[Quarantined]:
    for entry in entries:
        if entry.channel_id is None:
            label = SourceFile(entry.path, entry.member).label
            yield Quarantined(
                label, entry.start, f"{entry.reason}. {WHAT_TO_DO}", entry.beginning, entry.digest
            )


def _read_cache(cache: Path | None, version: str) -> dict[str, _Remembered]:
    """Files as remembered; none where there is no cache, or one of another version or a broken one."""
    if cache is None or not cache.is_file():
        return {}
    try:
        values = msgspec.json.decode(cache.read_bytes(), type=_Cache)
    except msgspec.DecodeError as error:
        logger.warning("%s: not a scan cache (%s); all exports are read again", cache, error)
        return {}
    return values.files if values.version == version else {}
