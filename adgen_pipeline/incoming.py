"""Exports that people drop into the object store below raw/, brought into the data folder's raw/.

An object counts as changed by its size and time of change, which one listing shows for a thousand. It is downloaded
under a hidden name and renamed. Objects are never changed or deleted from here, and a file that people changed in
raw/ themselves is left as it is. Deleting an object deletes nothing here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from adgen_pipeline.artifacts import file_digest, replacing
from adgen_pipeline.errors import ObjectStoreError
from adgen_pipeline.inventory import is_plain
from adgen_pipeline.locks import exclusive, temporary_path, writing
from adgen_pipeline.object_store import Listed, ObjectStore

FOLDER = "raw"
FILE = "incoming.json"


class Taken(msgspec.Struct, frozen=True, array_like=True):
    """An object as it was when it was looked at.

    Attributes:
        size: in bytes.
        changed: its time of change in seconds; 0 where the store says none.
        sha256: of the file that was written here; empty if none was.
    """

    size: int
    changed: float
    sha256: str


class State(msgspec.Struct):
    """What was brought from which store: `state/incoming.json`."""

    url: str
    taken: dict[str, Taken] = {}


@dataclass(frozen=True)
class Brought:
    """What a call of `fetch` did.

    Attributes:
        files: names below raw/ that are new or changed.
        left: what was left as it is, in words.
    """

    files: tuple[str, ...]
    left: tuple[str, ...]


def waiting(root: Path, store: ObjectStore) -> dict[str, Listed]:
    """Objects that `fetch` has not looked at as they are now.

    Raises:
        ObjectStoreError: the store does not answer or refuses.
    """
    known = _read(root, store).taken
    return {
        name: listed
        for name, listed in store.listed(FOLDER).items()
        if not ((taken := known.get(name)) and (taken.size, taken.changed) == _stamp(listed))
    }


def fetch(root: Path, store: ObjectStore, *, report: Callable[[str], None]) -> Brought:
    """Bring new and changed exports into raw/. Waits while another process does.

    Args:
        root: the data folder.
        store: the object store.
        report: hears of each file.

    Raises:
        ObjectStoreError: the store does not answer or refuses.
    """
    files, left = [], []
    with exclusive(root / "state" / "incoming", report=report):
        for name, listed in waiting(root, store).items():
            state = _read(root, store)
            before = state.taken.get(name)
            problem, digest = "", before.sha256 if before else ""
            if is_plain(name):
                digest, problem = _bring(root / FOLDER / name, store, name, listed.size, digest)
            else:
                problem = "its name leads out of raw/, is hidden or no text. Give the object another name"
            if problem:
                left.append(f"{name!r} below {store.url}/{FOLDER}/ was left: {problem}.")
                report(left[-1])
            elif before is None or digest != before.sha256:
                files.append(name)
                report(f"raw/{name} has come from {store.url} ({listed.size / 1e6:.1f} MB)")
            state.taken[name] = Taken(*_stamp(listed), digest)
            _write(root, state)
    return Brought(tuple(files), tuple(left))


def _bring(target: Path, store: ObjectStore, name: str, size: int, ours: str) -> tuple[str, str]:
    """Download an object onto a file, unless people changed that; returns the file's digest and what was wrong.

    Args:
        target: the file.
        store: the object store.
        name: of the object below raw/.
        size: of the object, as listed.
        ours: digest of the file that came from this object before; empty if none did.
    """
    if target.is_dir() or any(parent.is_file() for parent in target.parents):
        return ours, "a file and a folder of raw/ would have one name. Give the object another name"
    standing = file_digest(target) if target.is_file() else ""
    with writing(target.parent):
        temporary = temporary_path(target)
        try:
            digest = store.download(f"{FOLDER}/{name}", temporary)
            if temporary.stat().st_size != size:
                raise ObjectStoreError(f"{store.url}/{FOLDER}/{name} changed while it was read. Fetch again.")
            if standing not in {"", ours, digest}:
                return ours, f"{target} says something else. Rename one of the two"
            if standing != digest:
                temporary.replace(target)
            return digest, ""
        finally:
            temporary.unlink(missing_ok=True)


def _stamp(listed: Listed) -> tuple[int, float]:
    return listed.size, 0.0 if listed.changed is None else listed.changed.timestamp()


def _path(root: Path) -> Path:
    return root / "state" / FILE


def _read(root: Path, store: ObjectStore) -> State:
    try:
        state = msgspec.json.decode(_path(root).read_bytes(), type=State)
    except (FileNotFoundError, msgspec.DecodeError):
        return State(store.url)
    return state if state.url == store.url else State(store.url)


def _write(root: Path, state: State) -> None:
    with replacing(_path(root)) as temporary:
        temporary.write_bytes(msgspec.json.encode(state, order="sorted"))
