"""Who works side by side: threads for what takes seconds, processes for what takes longer.

Reading JSON and looking through texts hold the interpreter, so that two threads share one core for it. Two processes
use both cores, but each takes a second to start, as long as 25 MB of exports take.
"""

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing.connection import Connection
from typing import TypeVar

from adgen_pipeline.errors import ResourceError
from adgen_pipeline.settings import environment

Item = TypeVar("Item")
Result = TypeVar("Result")

PROCESSES_FROM_MEGABYTES = 150
_THREADS = 2  # while one decodes JSON, which holds the interpreter, the other cleans a column, which does not
_MOST_PROCESSES = 4  # each may hold half a gigabyte
_MEANINGS = {-9: ", most likely for want of memory", 1: ", with the error that it printed"}
_SECONDS_TO_END = 10.0  # a process that has sent what it made cleans up, and does not hang
BATCH_TEXTS = 500  # that a process is handed at a time
_BATCHES_AHEAD = 4  # that wait for each process
# Objects. Records are thousands of lists without cycles; looking for some takes a seventh of the time of reading.
_COLLECT_EVERY = 100_000


def workers(*, megabytes: float, channels: int) -> Executor:
    """Threads or processes for so many megabytes of so many channels. Use it in a `with` statement."""
    count = min(channels, os.cpu_count() or 1, _MOST_PROCESSES)
    if megabytes < PROCESSES_FROM_MEGABYTES or count < 2:
        return ThreadPoolExecutor(_THREADS)
    return processes(count)


def batches(
    look: Callable[[Sequence[Item]], Sequence[Result]], items: Iterable[Item], *, processes_from: int
) -> Iterator[Result]:
    """What `look` makes of all items, in their order; it is called with some of them at a time.

    Items are taken as they are needed: however many there are, a few batches of them are held.

    Args:
        look: a function that processes can be sent, with a result an item.
        items: what it is called with.
        processes_from: of so many items on, processes are worth their start.

    Raises:
        ResourceError: a process was killed.
    """
    count = min(os.cpu_count() or 1, _MOST_PROCESSES)
    coming = iter(items)
    first = list(islice(coming, processes_from))
    if len(first) < processes_from or count < 2:
        for some in _in_parts(chain(first, coming)):
            yield from look(some)
        return
    try:
        with processes(count) as pool:
            sent: deque[Future[Sequence[Result]]] = deque()
            for some in _in_parts(chain(first, coming)):
                sent.append(pool.submit(look, some))
                if len(sent) > _BATCHES_AHEAD * count:
                    yield from sent.popleft().result()
            while sent:
                yield from sent.popleft().result()
    except BrokenProcessPool as error:
        raise ResourceError(
            "A process that looked through texts was killed, most likely for want of memory. Free some and run again."
        ) from error


def _in_parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    coming = iter(items)
    while some := list(islice(coming, BATCH_TEXTS)):
        yield some


def processes(count: int) -> ProcessPoolExecutor:
    """So many processes, which share the cores and end when this one does, however it ends."""
    # A fork would copy the locks of polars' threads, and not the threads that release them.
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin)
    with environment(POLARS_MAX_THREADS=str(max(1, (os.cpu_count() or 1) // count))):
        for _ in range(count):
            pool.submit(int)  # starts a process, which takes the environment with it
    return pool


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


def alone(work: Callable[..., Result], *arguments: object) -> Result:
    """What `work` makes in a process of its own: its memory is gone afterwards, and what kills it kills nothing else.

    The process ends when this one does, and at once when this one is interrupted.

    Args:
        work: a function that a process can be sent. What it makes must be picklable, and so it had better not raise.
        arguments: of it.

    Raises:
        ResourceError: the process was killed, or `work` raised.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_work_alone, args=(sender, work, arguments))
    child.start()
    sender.close()
    try:
        result: Result = receiver.recv()
    except EOFError as error:
        child.join()
        code = child.exitcode or 0
        raise ResourceError(
            f"its process ended with code {code} before it was done{_MEANINGS.get(code, '')}"
        ) from error
    except BaseException:  # nobody waits for it any more
        child.kill()
        raise
    finally:
        receiver.close()
        child.join(_SECONDS_TO_END)
        child.kill()
        child.join()
    return result


def _work_alone(sender: Connection, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    _begin()
    sender.send(work(*arguments))
    sender.close()
