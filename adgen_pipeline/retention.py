"""Old versions of artifacts, indexes, reports and jobs: which may go, by a rule, and their removal.

What serves, what may be returned to, and what those need never goes: versions that pointers name, the champion and
the one before it, and the encoder of an index that stays.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from adgen_pipeline.artifacts import Store, folder_digest
from adgen_pipeline.index.versions import MANIFEST
from adgen_pipeline.provenance import sources_path

CHAMPION = "champion"
INDEX, REPORT = ("index", "posts"), ("evaluation", "report")


@dataclass(frozen=True)
class Rule:
    """What is kept of what nothing names.

    Attributes:
        versions: the newest so many of each artifact.
        days: everything younger than so many days.
    """

    versions: int
    days: float


@dataclass(frozen=True)
class Old:
    """A version that the rule lets go.

    Attributes:
        key: the artifact's key with a slash.
        version: its folder's name.
        paths: its folder and what stands beside it or belongs to it alone.
        bytes_count: their size together.
    """

    key: str
    version: str
    paths: tuple[Path, ...]
    bytes_count: int


def old_versions(store: Store, rule: Rule, *, now: datetime) -> list[Old]:
    """Versions that may go, by artifact and age."""
    kept = named(store)
    kept |= _encoders_of_indexes(store, kept)
    found = []
    for key, parent in _parents(store):
        versions = sorted(_versions(parent), key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
        for place, path in enumerate(versions):
            age = now - datetime.fromtimestamp(path.stat().st_mtime, tz=now.tzinfo)
            is_kept = path.resolve() in kept or place < rule.versions or age < timedelta(days=rule.days)
            if not is_kept:
                paths = tuple(p for p in _belonging(store, key, path) if p.exists())
                found.append(Old("/".join(key), path.name, paths, sum(map(_size, paths))))
    return found


def remove(old: Old) -> None:
    """Remove a version. Its folder goes last: a killed removal is found again."""
    for path in reversed(old.paths):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def kept_models(store: Store, going: list[Old]) -> set[str]:
    """Versions of training/model that are there and stay."""
    gone = {old.version for old in going if old.key == "training/model"}
    return {path.name for path in _versions(store.version_path("training", "model", ""))} - gone


def named(store: Store) -> set[Path]:
    """Folders that a pointer names, and the parts of the champion and of the one before it."""
    documents = [
        json.loads(path.read_text(encoding="utf-8")) for path in (store.root / "models").glob("*/*.json")
    ]
    pointers = [document for document in documents if "path" in document]
    promotions = [part for document in _promotions(store) for part in document["parts"]]
    return {(store.root / values["path"]).resolve() for values in (*pointers, *promotions)}


def _promotions(store: Store) -> Iterator[dict[str, list[dict[str, str]]]]:
    """The promotion in force and the one that it replaced, as `models/champion.json` and its folder tell them."""
    pointer = store.root / "models" / f"{CHAMPION}.json"
    number = json.loads(pointer.read_text(encoding="utf-8"))["number"] if pointer.is_file() else None
    for _ in range(2):
        if number is None:
            return
        path = store.root / "models" / CHAMPION / f"{number:04d}.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        yield document
        number = document["replaces"]


def _encoders_of_indexes(store: Store, kept: set[Path]) -> set[Path]:
    """Encoders without which a kept index could not be searched, by the digest that its manifest names."""
    needed = {
        json.loads((path / MANIFEST).read_text(encoding="utf-8"))["encoder_digest"]
        for path in kept
        if path.parent == store.index.resolve() and (path / MANIFEST).is_file()
    }
    return {
        path.resolve()
        for path in _versions(store.version_path("embedding", "encoder", ""))
        if needed and folder_digest(path) in needed
    }


def _parents(store: Store) -> Iterator[tuple[tuple[str, str], Path]]:
    """Key of each artifact and the folder of its versions."""
    models = store.root / "models"
    for folder in sorted(p for p in models.glob("*/*") if p.is_dir() and p.parent.name != CHAMPION):
        yield (folder.parent.name, folder.name), folder
    yield INDEX, store.index
    yield REPORT, store.report("")


def _versions(parent: Path) -> list[Path]:
    """Finished versions: what is being made, and checkpoints, have hidden names."""
    return (
        [p for p in parent.glob("*") if p.is_dir() and not p.name.startswith(".")] if parent.is_dir() else []
    )


def _belonging(store: Store, key: tuple[str, str], path: Path) -> Iterator[Path]:
    yield path
    yield sources_path(path)
    yield store.job_path(*key, path.name).parent
    yield from sorted(path.parent.glob(f".work-{path.name}-*"))


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(file.stat().st_size for file in files)
