"""Who cleans channels side by side: threads for what takes seconds, processes for what takes longer.

Reading JSON holds the interpreter, so that two threads share one core for it. Two processes use both cores, but each
takes a second to start, as long as 25 MB take.
"""

import gc
import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

PROCESSES_FROM_MEGABYTES = 150
_THREADS = 2  # while one decodes JSON, which holds the interpreter, the other cleans a column, which does not
_MOST_PROCESSES = 4  # each may hold half a gigabyte
# Objects. Records are thousands of lists without cycles; looking for some takes a seventh of the time of reading.
_COLLECT_EVERY = 100_000


def workers(*, megabytes: float, channels: int) -> Executor:
    """Threads or processes for so many megabytes of so many channels. Use it in a `with` statement."""
    count = min(channels, os.cpu_count() or 1, _MOST_PROCESSES)
    if megabytes < PROCESSES_FROM_MEGABYTES or count < 2:
        return ThreadPoolExecutor(_THREADS)
    return processes(count)


def processes(count: int) -> ProcessPoolExecutor:
    """So many processes, which end when this one does, however it ends."""
    # A fork would copy the locks of polars' threads, and not the threads that release them.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin)


def _begin() -> None:
    """What a worker does first. A killed parent tells its workers nothing; Ctrl-C reaches all, and is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(_COLLECT_EVERY)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
