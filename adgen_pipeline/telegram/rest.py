"""Files that rest: one that somebody is still copying must not be read, or half of it is taken for the whole.

A file that is written to has a fresh time of change. So a file whose time is REST_SECONDS old rests; for a younger
one we wait that long and look again. A copy that stalls for longer passes for a finished one: what is there of it is
read like any truncated export, and read again when its size or time changes.
"""

import time
from collections.abc import Iterable
from pathlib import Path

REST_SECONDS = 2.0  # a copy over a slow line writes several times a second; nobody notices the wait


def being_written(files: Iterable[Path]) -> set[Path]:
    """Those of the files that change, or vanish, while we wait for the youngest of them to rest."""
    now = time.time()
    young = {}
    for file in files:
        stamp = size_and_time(file)
        if stamp is None or abs(now - stamp[1] / 1e9) < REST_SECONDS:
            young[file] = stamp
    if young:
        time.sleep(REST_SECONDS)
    return {file for file, stamp in young.items() if stamp is None or size_and_time(file) != stamp}


def size_and_time(file: Path) -> tuple[int, int] | None:
    """Size in bytes and time of change in nanoseconds; None where it is gone."""
    try:
        state = file.stat()
    except FileNotFoundError:  # a copy under a temporary name that was finished just now
        return None
    return state.st_size, state.st_mtime_ns
