"""Which files of a data folder an object store keeps, what they hold, and how two states of a folder differ.

A file has a name: its path below the data folder, with slashes. A **unit** is what appears or goes as a whole: the
folder of a version (an artifact, an index, a report), or a file that stands alone.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from adgen_pipeline.artifacts import file_digest, replacing
from adgen_pipeline.databases import SQLITE_SUFFIXES, copy_sqlite
from adgen_pipeline.forgotten import FILE as FORGOTTEN

INPUTS = "inputs"
PARTS = {
    INPUTS: ("raw", "briefs", "policy", "advertisers", "annotations", "labelled", "corpora"),
    "tables": ("parsed", "cleaned", "fingerprints", "final", "quarantine"),
    "models": ("models",),
    "index": ("index",),
    "reports": ("reports",),
    "ads": ("ads",),
}
"""Part → folders of the data folder. What is forgotten goes with each of them.

Not state/ and jobs/: databases, keys and job files are of one machine, and name its folders.
"""
_PART_OF_FOLDER = {folder: part for part, folders in PARTS.items() for folder in folders}
_PART_OF_POINTERS = {"index": "index", "evaluation": "reports"}  # models/<stage>/: where not with the models
_DEPTH_OF_VERSIONS = {"models": 4, "index": 2, "reports": 2}  # models/<stage>/<name>/<version>
MEMORY = "object-store.json"
NAME_BYTES = 255  # of one part of a path, as file systems have it


class Content(msgspec.Struct, frozen=True, array_like=True):
    """What a file holds: its size in bytes and its SHA-256."""

    size: int
    sha256: str


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was when its digest was taken: while these stay the same it is not read again."""

    size: int
    changed_ns: int
    inode: int
    sha256: str


Files = Mapping[str, Content]


class Memory(msgspec.Struct):
    """What a data folder knows of its object store: `state/object-store.json`.

    Attributes:
        url: the store's address; of another store nothing is known.
        base: files as both had them when they last agreed.
        seen: digests that need not be taken again.
    """

    url: str
    base: dict[str, Content] = {}
    seen: dict[str, Seen] = {}

    @classmethod
    def read(cls, root: Path, url: str) -> "Memory":
        """What is known; nothing if that cannot be read."""
        try:
            known = msgspec.json.decode((root / "state" / MEMORY).read_bytes(), type=cls)
        except (FileNotFoundError, msgspec.DecodeError):
            return cls(url)
        return known if known.url == url else cls(url, {}, known.seen)

    def write(self, root: Path) -> None:
        """Keep it."""
        with replacing(root / "state" / MEMORY) as temporary:
            temporary.write_bytes(msgspec.json.encode(self, order="sorted"))


@dataclass(frozen=True)
class Inventory:
    """Files of a data folder.

    Attributes:
        files: what each holds.
        copies: where a database was copied to, which may be in use where it stands.
        left_out: files with names that no other machine may know, as they can be shown.
    """

    files: dict[str, Content]
    copies: dict[str, Path]
    left_out: tuple[str, ...]


def take(root: Path, memory: Memory, *, work: Path) -> Inventory:
    """Digests of all files that an object store keeps; those that `memory` has seen are not read.

    Pointers are looked at before anything else: what they name stands already, whatever is written meanwhile.

    Args:
        root: the data folder.
        memory: its `seen` is brought up to date.
        work: an empty folder for copies of databases.
    """
    names = list(_names(root))
    plain = [name for name in names if name == FORGOTTEN or part_of(name) is not None]
    files: dict[str, Content] = {}
    copies: dict[str, Path] = {}
    seen: dict[str, Seen] = {}
    for name in sorted(plain, key=lambda name: (not is_pointer(name), name)):
        path = root / name
        try:
            if path.suffix in SQLITE_SUFFIXES:
                copies[name] = work / f"{len(copies)}.copy"
                copy_sqlite(path, copies[name])
                files[name] = Content(copies[name].stat().st_size, file_digest(copies[name]))
                continue
            state = path.stat()
            stamp = (state.st_size, state.st_mtime_ns, state.st_ino)
            known = memory.seen.get(name)
            is_known = known is not None and (known.size, known.changed_ns, known.inode) == stamp
            seen[name] = known if known is not None and is_known else Seen(*stamp, file_digest(path))
        except FileNotFoundError:  # it was replaced or removed just now
            continue
        files[name] = Content(seen[name].size, seen[name].sha256)
    memory.seen = seen
    return Inventory(files, copies, tuple(repr(name) for name in sorted(set(names) - set(plain))))


def part_of(name: str) -> str | None:
    """The part that a file belongs to; None for one that no object store may bring or take.

    Names of a manifest pass through here before anything is written: one that leads elsewhere has no part.
    """
    if not is_plain(name):
        return None
    parts = name.split("/")
    if parts[0] == "models" and len(parts) > 2:
        return _PART_OF_POINTERS.get(parts[1], "models")
    return _PART_OF_FOLDER.get(parts[0]) if len(parts) > 1 else None


def is_plain(name: str) -> bool:
    """Whether a name is a path that stays below its folder, is visible, and can be written down."""
    parts = name.split("/")
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        return False
    try:
        sizes = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:  # a name of bytes that are no text
        return False
    return all(0 < size <= NAME_BYTES for size in sizes) and not any(part.startswith(".") for part in parts)


def is_pointer(name: str) -> bool:
    """Whether a file names versions: it is written last, and read first."""
    parts = PurePosixPath(name).parts
    return parts[0] == "models" and len(parts) <= 3 and name.endswith(".json")


def unit_of(name: str) -> str:
    """The unit of a file: the folder of its version, or itself."""
    parts = name.split("/")
    depth = _DEPTH_OF_VERSIONS.get(parts[0])
    return "/".join(parts[:depth]) if depth is not None and len(parts) > depth else name


def units(files: Files) -> dict[str, dict[str, Content]]:
    """Files by unit."""
    found: dict[str, dict[str, Content]] = {}
    for name, content in files.items():
        found.setdefault(unit_of(name), {})[name] = content
    return found


def of_parts(files: Files, parts: Collection[str]) -> dict[str, Content]:
    """Those of the files that belong to some parts, and the list of what is forgotten."""
    return {name: c for name, c in files.items() if name == FORGOTTEN or part_of(name) in parts}


@dataclass(frozen=True)
class Difference:
    """How a data folder and an object store differ since they last agreed; each a sorted list of units.

    Attributes:
        here: changed, new or removed in the folder alone.
        there: changed, new or removed in the store alone.
        both: changed in both, not to the same.
    """

    here: tuple[str, ...]
    there: tuple[str, ...]
    both: tuple[str, ...]

    @classmethod
    def between(cls, ours: Files, theirs: Files, *, base: Files) -> "Difference":
        """Compare two states with the one in which they last agreed."""
        mine, others, before = units(ours), units(theirs), units(base)
        changed = sorted(u for u in {*mine, *others} if mine.get(u) != others.get(u))
        is_new_here = {u: mine.get(u) != before.get(u) for u in changed}
        is_new_there = {u: others.get(u) != before.get(u) for u in changed}
        return cls(
            tuple(u for u in changed if not is_new_there[u]),
            tuple(u for u in changed if not is_new_here[u]),
            tuple(u for u in changed if is_new_here[u] and is_new_there[u]),
        )


def _names(root: Path) -> Iterator[str]:
    """Files of all parts; links to folders are followed once, hidden names are somebody's unfinished work."""
    if (root / FORGOTTEN).is_file():
        yield FORGOTTEN
    known: set[str] = set()
    for top in sorted(_PART_OF_FOLDER):
        for folder, folders, names in os.walk(root / top, followlinks=True):
            real = os.path.realpath(folder)
            if real in known:
                folders.clear()
                continue
            known.add(real)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in names:
                path = Path(folder, name)
                relative = path.relative_to(root).as_posix()
                if not (name.startswith(".") or _is_passing(relative)) and path.is_file():
                    yield relative


def _is_passing(name: str) -> bool:
    """Whether a file is what an open database leaves, which is in the database's copy."""
    return name.endswith((".sqlite-wal", ".sqlite-shm", ".sqlite-journal"))
