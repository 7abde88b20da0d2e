"""Putting what came from an object store into a data folder: each file, and each folder of a version, whole."""

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Lock
from typing import TypeVar

from adgen_pipeline.artifacts import replacing
from adgen_pipeline.databases import SQLITE_SUFFIXES, copy_sqlite
from adgen_pipeline.errors import ObjectStoreError, ResourceError
from adgen_pipeline.inventory import Content, Files, is_pointer, units
from adgen_pipeline.locks import temporary_path, writing
from adgen_pipeline.object_store import OBJECTS, ObjectStore, Tell

THREADS = 8  # small files wait for the network, not for the processor
REPORT_SECONDS = 5.0
SPARE_BYTES = 1 << 30  # of the disk, left to everything else

T = TypeVar("T")


def staging_of(root: Path) -> Path:
    """Where a data folder keeps what has come and has no place yet, from one call to the next."""
    return root / "state" / "object-store"


def download(store: ObjectStore, contents: Files, staging: Path, *, report: Callable[[str], None]) -> None:
    """Bring contents into a staging folder, each under its digest and compared with it.

    What stands there from an interrupted call was compared before it got its name, and is not brought again.

    Args:
        store: the object store.
        contents: by the names of the files that need them, for messages.
        staging: created where missing.
        report: hears of progress.

    Raises:
        ObjectStoreError: an object is gone or damaged, or the store does not answer.
        ResourceError: the disk is too small.
    """
    staging.mkdir(parents=True, exist_ok=True)
    needed = {c.sha256: (name, c) for name, c in contents.items() if not (staging / c.sha256).is_file()}
    size = sum(content.size for _, content in needed.values())
    free = shutil.disk_usage(staging).free - SPARE_BYTES
    if size > free:
        raise ResourceError(
            f"{staging}: {size / 1e9:.1f} GB are to come and {max(0, free) / 1e9:.1f} GB are free. Make room, or "
            "pull a part (`adgen store pull --only index`)."
        )

    def bring(item: tuple[str, Content], tell: Tell) -> None:
        name, content = item
        with replacing(staging / content.sha256) as temporary:
            if store.download(f"{OBJECTS}/{content.sha256}", temporary, tell=tell) != content.sha256:
                raise ObjectStoreError(
                    f"{store.url}/{OBJECTS}/{content.sha256} is damaged: {name} cannot be made of it. Nothing was "
                    "changed here. Run `adgen store push --verify` where that file still is."
                )

    side_by_side(bring, list(needed.values()), total=size, what="Pulled", report=report)


def place(root: Path, taken: Collection[str], *, coming: Files, staging: Path) -> int:
    """Let units take the place of those in a data folder; returns how many files were removed.

    Pointers come last and go first: at each moment what a pointer names is there.

    Args:
        root: the data folder.
        taken: units that change.
        coming: what their files hold from now on; a unit without files goes.
        staging: where the contents are, by digest.
    """
    uses = Counter(content.sha256 for content in coming.values())
    new = units(coming)
    for unit in sorted(new, key=lambda unit: (is_pointer(unit), unit)):
        files = {name: staging / content.sha256 for name, content in new[unit].items()}
        if set(files) == {unit}:
            _place_file(files[unit], root / unit, is_shared=uses[new[unit][unit].sha256] > 1)
            continue
        with replacing(root / unit) as folder:
            for name, source in files.items():
                target = folder / Path(name).relative_to(unit)
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(source, target)  # versions are never changed, so they may share content
    gone = [unit for unit in taken if unit not in new]
    return sum(_vanish(root / unit) for unit in sorted(gone, key=lambda unit: (not is_pointer(unit), unit)))


def side_by_side(
    work: Callable[[T, Tell], None],
    items: Sequence[T],
    *,
    total: int,
    what: str,
    report: Callable[[str], None],
) -> None:
    """Call `work` on items in threads; the bytes of which it tells are reported every few seconds.

    The first exception ends it: what has not begun is left.
    """
    moved, lock = 0, Lock()

    def tell(count: int) -> None:
        nonlocal moved
        with lock:
            moved += count

    with ThreadPoolExecutor(THREADS) as pool:
        pending = {pool.submit(work, item, tell) for item in items}
        try:
            while pending:
                done, pending = wait(pending, timeout=REPORT_SECONDS, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
                if pending:
                    left = f"{len(pending)} of {len(items)} files to go"
                    report(f"{what} {moved / 1e6:.0f} of {total / 1e6:.0f} MB, {left}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _place_file(source: Path, target: Path, *, is_shared: bool) -> None:
    if target.suffix in SQLITE_SUFFIXES and target.is_file():
        copy_sqlite(source, target)  # servers may have it open
        return
    with replacing(target) as temporary:
        if is_shared:
            shutil.copyfile(source, temporary)
        else:
            _link(source, temporary)


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one without such links
        shutil.copyfile(source, target)


def _vanish(path: Path) -> int:
    """Remove a file or folder, which is whole until it is gone; returns how many files it was."""
    if not path.exists():
        return 0
    with writing(path.parent):
        temporary = path.rename(temporary_path(path))
        if not temporary.is_dir():
            temporary.unlink()
            return 1
        count = sum(file.is_file() for file in temporary.rglob("*"))
        shutil.rmtree(temporary)
    return count
