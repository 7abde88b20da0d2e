"""A data folder and its copy in an object store: push, pull, and what differs.

The store holds content under its digest and a manifest that says which file has which; the manifest is written last,
so whatever kills a push leaves the state before it whole, and what was uploaded is not uploaded again. Each folder
remembers the manifest on which it last agreed with the store. Hence a change here, a change there and two changes
that contradict each other are told apart without looking at a clock, and none overwrites another unless asked to.
"""

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from adgen_pipeline.artifacts import write_json
from adgen_pipeline.data_format import FILE as FORMAT
from adgen_pipeline.data_format import VERSION, read, require_current
from adgen_pipeline.errors import ObjectStoreError
from adgen_pipeline.inventory import (
    INPUTS,
    PARTS,
    Content,
    Difference,
    Files,
    Inventory,
    Memory,
    of_parts,
    part_of,
    take,
    unit_of,
    units,
)
from adgen_pipeline.locks import exclusive, temporary_path, writing
from adgen_pipeline.object_store import OBJECTS, FileChangedError, Listed, ObjectStore, Tell
from adgen_pipeline.placing import download, place, side_by_side, staging_of

MANIFEST = "manifest.json"
ATTEMPTS = 3  # at a folder, or a store, in which something is replaced meanwhile
ORPHAN_AGE = timedelta(days=1)  # younger ones may belong to a push that is under way
SHOWN = 5

Report = Callable[[str], None]


class Manifest(msgspec.Struct, frozen=True):
    """What an object store holds of a data folder.

    Attributes:
        data_format: of the folder's files (`data_format.py`).
        files: name → content; the object of each is named by its digest.
    """

    data_format: int
    files: dict[str, Content]


class OvertakenError(ObjectStoreError):
    """Another machine pushed at the same time."""


@dataclass(frozen=True)
class Moved:
    """What a push or a pull did.

    Attributes:
        files: that were uploaded, or written here.
        bytes_count: their size together.
        removed: files that are no longer in the store, or here.
        kept: people's files that are gone here and stay in the store.
    """

    files: int
    bytes_count: int
    removed: int
    kept: tuple[str, ...] = ()


def push(
    root: Path,
    store: ObjectStore,
    *,
    report: Report,
    replace: bool = False,
    remove: bool = False,
    verify: bool = False,
) -> Moved:
    """Bring what changed in a data folder into the store. Waits while a command works on the folder.

    What another machine pushed, and did not change here, stays as it is there.

    Args:
        root: the data folder.
        store: the object store.
        report: hears of progress.
        replace: this folder's state also where another machine pushed another one.
        remove: also take out people's files (`INPUTS`) that are gone here; what the pipeline made always follows.
        verify: read what the store holds already, and upload what is damaged again.

    Raises:
        ObjectStoreError: the store does not answer or refuses, or another machine changed the same.
    """
    with exclusive(root, report=report):
        require_current(root, report=report)
        for _ in range(ATTEMPTS - 1):
            try:
                return _push(root, store, report, replace=replace, remove=remove, verify=verify)
            except (FileChangedError, OvertakenError):
                continue
        return _push(root, store, report, replace=replace, remove=remove, verify=verify)


def pull(
    root: Path,
    store: ObjectStore,
    *,
    report: Report,
    parts: Collection[str] = tuple(PARTS),
    replace: bool = False,
) -> Moved:
    """Bring what changed in the store into a data folder. Waits while a command works on the folder.

    Everything is downloaded and compared with its digest before the first file appears; what a killed pull has
    downloaded is not downloaded again. What changed here alone stays.

    Args:
        root: the data folder, which may be new.
        store: the object store.
        report: hears of progress.
        parts: of `PARTS`; pointers come with the part that they point into.
        replace: the store's state also of what changed, or is gone, here.

    Raises:
        ObjectStoreError: the store does not answer, holds nothing or something damaged, or both sides changed the same.
        ResourceError: the disk is too small.
    """
    with exclusive(root, report=report), _work(root) as work:
        manifest = _manifest(store)
        if manifest is None:
            raise ObjectStoreError(
                f"{store.url} holds no data folder yet. Run `adgen store push` where one is."
            )
        memory = Memory.read(root, store.url)
        ours = of_parts(take(root, memory, work=work).files, parts)
        _agree_on_format(root, manifest, store, is_new=not ours, report=report)
        theirs, base = of_parts(manifest.files, parts), of_parts(memory.base, parts)
        difference = Difference.between(ours, theirs, base=base)
        if difference.both and not replace:
            raise ObjectStoreError(
                f"{_some(difference.both)}: changed here, and otherwise in {store.url}. Nothing was changed. "
                "`adgen store pull --replace` takes the store's, `adgen store push --replace` this folder's."
            )
        standing = units(theirs)
        taken = {*difference.there, *difference.both}
        taken |= {unit for unit in difference.here if replace and unit in standing}
        coming = {name: content for unit in taken for name, content in standing.get(unit, {}).items()}
        staging = staging_of(root)
        if coming:
            size = sum(content.size for content in coming.values())
            report(f"Pulling {len(coming)} files ({size / 1e6:.1f} MB) from {store.url}")
            download(store, coming, staging, report=report)
        removed = place(root, taken, coming=coming, staging=staging)
        # where this folder alone changed something, the store has what both had before
        memory.base = {**{n: c for n, c in memory.base.items() if n not in base}, **theirs}
        memory.write(root)
        if staging.is_dir():
            shutil.rmtree(staging)
        require_current(root, report=report)
    return Moved(len(coming), sum(content.size for content in coming.values()), removed)


def difference(root: Path, store: ObjectStore) -> tuple[Difference, Manifest | None]:
    """How a data folder and the store differ, and what the store holds; changes nothing.

    Raises:
        ObjectStoreError: the store does not answer or refuses.
    """
    memory = Memory.read(root, store.url)
    with _work(root) as work:
        ours = take(root, memory, work=work).files
    manifest = _manifest(store)
    theirs = {} if manifest is None else manifest.files
    return Difference.between(ours, theirs, base={} if manifest is None else memory.base), manifest


def _push(
    root: Path, store: ObjectStore, report: Report, *, replace: bool, remove: bool, verify: bool
) -> Moved:
    memory = Memory.read(root, store.url)
    former = _manifest(store)
    theirs = {} if former is None else former.files
    with _work(root) as work:
        ours = take(root, memory, work=work)
        memory.write(root)  # digests of gigabytes need not be taken again, whatever happens to this push
        for name in ours.left_out:
            report(f"Left out, since its name is no text that other machines know: {name}")
        base = {} if former is None else memory.base  # a store that was emptied has not removed anything
        found = Difference.between(ours.files, theirs, base=base)
        if found.both and not replace:
            raise ObjectStoreError(
                f"{_some(found.both)}: changed here, and otherwise in {store.url} by another machine. Nothing was "
                "pushed. `adgen store pull --replace` takes the store's, `adgen store push --replace` this folder's."
            )
        wanted, kept = _merged(ours.files, theirs, {*found.here, *found.both}, remove=remove)
        present = store.listed(OBJECTS)
        missing = _missing(store, wanted, present, verify=verify, report=report)
        uploaded, size = _upload(store, root, ours, missing, report)
        if wanted != theirs or former is None:
            if _manifest(store) != former:
                raise OvertakenError(f"{store.url} was changed by another machine meanwhile. Push again.")
            store.write_text(
                MANIFEST, msgspec.json.encode(Manifest(VERSION, wanted), order="sorted").decode()
            )
    waiting = {name: content for name, content in base.items() if unit_of(name) in found.there}
    memory.base = {**{n: c for n, c in wanted.items() if unit_of(n) not in found.there}, **waiting}
    memory.write(root)
    _sweep(store, present, theirs, wanted, report)
    if lost := sorted(
        name for name, c in wanted.items() if c.sha256 in missing and c.sha256 not in _sources(root, ours)
    ):
        raise ObjectStoreError(
            f"{store.url} holds nothing whole of {_some(lost)}, and neither does {root}. Run `adgen store push "
            "--verify` on the machine that made it."
        )
    return Moved(uploaded, size, len(set(theirs) - set(wanted)), tuple(kept))


def _merged(
    ours: Files, theirs: Files, changed: Collection[str], *, remove: bool
) -> tuple[dict[str, Content], list[str]]:
    """The store's files with this folder's changes, and people's files that stay there although they are gone here."""
    mine, others = units(ours), units(theirs)
    kept = [u for u in changed if u not in mine and part_of(u) == INPUTS and not remove]
    merged = {**others, **{unit: mine.get(unit, {}) for unit in changed if unit not in kept}}
    return {name: content for files in merged.values() for name, content in files.items()}, sorted(kept)


def _missing(
    store: ObjectStore, wanted: Files, present: dict[str, Listed], *, verify: bool, report: Report
) -> set[str]:
    """Digests whose object is not there, or not whole."""
    sizes = {content.sha256: content.size for content in wanted.values()}
    missing = {sha for sha, size in sizes.items() if sha not in present or present[sha].size != size}
    if verify:
        there = sorted(set(sizes) - missing)

        def check(sha: str, tell: Tell) -> None:
            if store.digest(f"{OBJECTS}/{sha}", tell=tell) != sha:
                missing.add(sha)

        side_by_side(check, there, total=sum(map(sizes.__getitem__, there)), what="Verified", report=report)
    return missing


def _sources(root: Path, ours: Inventory) -> dict[str, Path]:
    """Digest → a file that holds it."""
    return {content.sha256: ours.copies.get(name, root / name) for name, content in ours.files.items()}


def _upload(
    store: ObjectStore, root: Path, ours: Inventory, missing: Collection[str], report: Report
) -> tuple[int, int]:
    """Upload what is missing and here; returns the number of objects and their bytes."""
    sources = {sha: path for sha, path in _sources(root, ours).items() if sha in missing}
    sizes = {content.sha256: content.size for content in ours.files.values()}
    total = sum(sizes[sha] for sha in sources)
    if sources:
        report(f"Pushing {len(sources)} files ({total / 1e6:.1f} MB) to {store.url}")

    def send(item: tuple[str, Path], tell: Tell) -> None:
        sha, path = item
        store.upload(path, f"{OBJECTS}/{sha}", sha256=sha, tell=tell)

    side_by_side(send, list(sources.items()), total=total, what="Pushed", report=report)
    return len(sources), total


def _sweep(
    store: ObjectStore, present: dict[str, Listed], former: Files, wanted: Files, report: Report
) -> None:
    """Delete content that no file has any more: at once what the former state named, else what nobody is uploading."""
    named, before = ({content.sha256 for content in files.values()} for files in (wanted, former))
    now = datetime.now(UTC)

    def is_dead(name: str) -> bool:
        changed = present[name].changed
        return name not in named and (name in before or (changed is not None and now - changed > ORPHAN_AGE))

    def delete(name: str, tell: Tell) -> None:
        store.delete(f"{OBJECTS}/{name}")
        tell(present[name].size)

    dead = sorted(filter(is_dead, present))
    total = sum(present[name].size for name in dead)
    side_by_side(delete, dead, total=total, what="Deleted", report=report)


def _manifest(store: ObjectStore) -> Manifest | None:
    """What the store holds; None if nothing was pushed to it yet.

    Raises:
        ObjectStoreError: there is no such bucket, or the manifest is damaged, of a newer release, or leads out of the
            data folder.
    """
    text = store.text(MANIFEST)
    if text is None:
        store.listed(OBJECTS)  # says so where there is no such bucket
        return None
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise ObjectStoreError(
            f"{store.url}/{MANIFEST} is damaged ({error}). Delete it and run `adgen store push` where the data are."
        ) from error
    if manifest.data_format > VERSION:
        raise ObjectStoreError(
            f"{store.url} has data format {manifest.data_format}, this release knows {VERSION}. Install the release "
            "that pushed it."
        )
    strange = sorted(set(manifest.files) - set(of_parts(manifest.files, PARTS)))
    if strange:
        raise ObjectStoreError(
            f"{store.url}/{MANIFEST} names {_some([repr(name) for name in strange])}, which has no place in a data "
            "folder. Somebody else wrote it: do not use this store."
        )
    return manifest


def _agree_on_format(
    root: Path, manifest: Manifest, store: ObjectStore, *, is_new: bool, report: Report
) -> None:
    """See that files of the store may stand beside those of the folder; a new folder takes the store's format."""
    if not is_new:
        require_current(root, report=report)
    if read(root) not in {0, manifest.data_format}:
        raise ObjectStoreError(
            f"{store.url} has data format {manifest.data_format}, {root} has {read(root)}. Pull into a new folder, "
            "which is brought up to date, and push from there."
        )
    if read(root) == 0:
        write_json(root / FORMAT, {"version": manifest.data_format})


@contextmanager
def _work(root: Path) -> Iterator[Path]:
    """A folder for copies of databases, gone at the end; that of a killed process goes with the next."""
    state = root / "state"
    with writing(state):
        folder = temporary_path(state / "object-store-copies")
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def _some(names: Collection[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(sorted(names)[:SHOWN]) + more
