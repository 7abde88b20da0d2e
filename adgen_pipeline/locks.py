"""Locks of folders. The kernel releases them when their process ends, however it ends: nothing has to be tidied up.

    exclusive(folder, …)   one command at a time works on a data folder; a second one says so and waits
    writing(folder)        files are being written in this folder; what dead processes left there is removed first

Dagster's own runs do not take the first: they work on other partitions at the same time, and each table or folder is
replaced as a whole.
"""

import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import regex

LOCK = ".lock"
_TEMPORARY = regex.compile(r"\..+\.[0-9a-f]{32}", regex.DOTALL)


@contextmanager
def exclusive(folder: Path, *, report: Callable[[str], None]) -> Iterator[None]:
    """Work on a folder alone: while another process does, `report` names it and this one waits.

    Args:
        folder: created where missing; its file `.lock` stays, and says who held it last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            report(
                f"{folder} is in use by {file.read().strip() or 'another process'}. "
                "Waiting until that is done; Ctrl-C stops waiting."
            )
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"process {os.getpid()} since {datetime.now().astimezone():%Y-%m-%d %H:%M:%S}\n")
        file.flush()
        yield


def temporary_path(path: Path) -> Path:
    """A new hidden name beside `path`, which `writing` knows as temporary."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Write temporary files in a folder, created where missing; those of processes that died are removed first.

    All writers share the folder's lock. Who gets it alone knows that no temporary file in it is anybody's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(folder) as descriptor:
        _remove_dead(folder, descriptor)
        with suppress(OSError):  # such a file system again
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of processes that died, in a folder and all below it."""
    for below in {path.parent for path in folder.rglob(".*") if _TEMPORARY.fullmatch(path.name)}:
        with _opened(below) as descriptor:
            _remove_dead(below, descriptor)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """A descriptor of the folder; closing it releases its lock."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _remove_dead(folder: Path, descriptor: int) -> None:
    """Remove the folder's temporary files, if nobody else writes there."""
    if not _is_alone(descriptor):
        return
    for left in [path for path in folder.iterdir() if _TEMPORARY.fullmatch(path.name)]:
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def _is_alone(descriptor: int) -> bool:
    """Whether nobody else writes in this folder. Some network file systems lock no folders: there it is never known."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
