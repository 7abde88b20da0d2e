"""Searches before ads: whoever searches waits for an answer of milliseconds, whoever has ads written for seconds.

Both need the same cores and Python's one lock. Searches that all run at once only slow each other down, so a few run
and the others wait in the order of their coming; the model, between two of its steps, waits until none is left.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

AT_ONCE = max(2, os.cpu_count() or 2)
PATIENCE_SECONDS = 0.03  # that one step of the model waits at most: ads are written however much is searched


class Precedence:
    """What goes first in a serving process.

    Usage::

        precedence = Precedence()
        hits = await precedence.first(search)      in a thread, a few at once, in the order of coming
        precedence.give_way()                      called between steps of what may wait
    """

    def __init__(self, *, at_once: int = AT_ONCE, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Nothing runs yet.

        Args:
            at_once: searches that run at the same time.
            patience_seconds: how long `give_way` waits at most.
        """
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="search")
        self._patience_seconds = patience_seconds
        self._running = 0
        self._lock = threading.Lock()
        self._none = threading.Event()
        self._none.set()

    async def first(self, work: Callable[[], Result]) -> Result:
        """What `work` gives, done in a thread; whoever gives way waits for it.

        Raises:
            Exception: what `work` raised.
        """
        self._count(1)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._count(-1)

    def give_way(self) -> None:
        """Wait until no search runs or waits, for a short time at most."""
        self._none.wait(self._patience_seconds)

    def _count(self, change: int) -> None:
        with self._lock:
            self._running += change
            if self._running:
                self._none.clear()
            else:
                self._none.set()
