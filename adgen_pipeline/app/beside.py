"""The one model that may stand in memory beside the serving one, for comparisons.

It is loaded when a comparison asks for it and forgotten when none did for a while, when another one is wanted, and
before the serving model is replaced: never are there more than two, and what serves goes on meanwhile.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adgen_pipeline.app.engine import BusyError, Writer
from adgen_pipeline.app.limits import Limits
from adgen_pipeline.app.metrics import Metrics
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.generation.language_model import TEMPLATE

logger = logging.getLogger(__name__)

COMPARISONS = 2  # at once: one that runs, one that waits
KEPT_SECONDS = 600.0  # that a model is kept after the last comparison
FIRST_GUESS_SECONDS = 60.0  # that a comparison takes, until one was measured

Fit = Callable[[Writer], Writer]  # the serving writer → one with another model; index and rules are shared


class Beside:
    """Owns the second model of a serving process.

    Usage::

        beside = Beside(load)
        with beside.turn():                     one comparison at a time; raises BusyError when too many wait
            writer = beside.fit(version)(serving)
    """

    def __init__(
        self,
        load: Callable[[str], Fit],
        *,
        limits: Limits | None = None,
        metrics: Metrics | None = None,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        """Prepare; nothing is loaded.

        Args:
            load: loads a model by its version.
            limits: how long one may wait.
            metrics: counted into.
            kept_seconds: after which an unused model is forgotten.
        """
        self._load = load
        self._limits = limits or Limits()
        self._metrics = metrics or Metrics()
        self._kept_seconds = kept_seconds
        self._kept: tuple[str, Fit] | None = None
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(COMPARISONS)
        self._forgetting: threading.Timer | None = None
        self._seconds = FIRST_GUESS_SECONDS

    @property
    def kept(self) -> str | None:
        """Version of the model that is in memory."""
        return None if self._kept is None else self._kept[0]

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The second model for this comparison alone.

        Raises:
            BusyError: others wait already, or took too long.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError(
                f"{COMPARISONS} comparisons are being written. Try again when Retry-After says.",
                retry_seconds=self._seconds,
            )
        try:
            if not self._turn.acquire(timeout=self._limits.wait_seconds):
                raise BusyError(
                    f"Another comparison took over {self._limits.wait_seconds:.0f} s. Try again when Retry-After says.",
                    retry_seconds=self._seconds,
                )
            started = time.monotonic()
            try:
                self._keep_on()
                yield
                self._seconds += 0.3 * (time.monotonic() - started - self._seconds)
            finally:
                self._forget_later()
                self._turn.release()
        finally:
            self._places.release()

    def fit(self, version: str) -> Fit:
        """What makes the serving writer write with another model; inside of `turn`.

        Raises:
            ArtifactError: it is not there, or broken.
            BusyError: there is no memory for it now.
        """
        if version == TEMPLATE:  # which takes no memory: what is kept stays
            return self._load(version)
        if self._kept is None or self._kept[0] != version:
            self._drop()  # first: two beside the serving one would be three
            started = time.monotonic()
            self._kept = (version, self._load(version))
            self._metrics.beside.set(1)
            logger.info("model %s stands beside after %.1f s", version, time.monotonic() - started)
        return self._kept[1]

    def before(self, load: Callable[[], Writer]) -> Callable[[], Writer]:
        """The same loading of the serving writer, done while no second model is in memory."""

        def alone() -> Writer:
            with self._turn:
                self._keep_on()
                self._drop()
                return load()

        return alone

    def _keep_on(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
            self._forgetting = None

    def _forget_later(self) -> None:
        if self._kept is not None:
            self._forgetting = threading.Timer(self._kept_seconds, self.forget)
            self._forgetting.daemon = True
            self._forgetting.start()

    def forget(self) -> None:
        """Let go of the second model, unless a comparison uses it: that one forgets it later."""
        if self._turn.acquire(blocking=False):
            try:
                self._drop()
            finally:
                self._turn.release()

    def _drop(self) -> None:
        if self._kept is not None:
            self._kept = None
            self._metrics.beside.set(0)
            gc.collect()  # networks hold circles; their memory is wanted now


def nothing_beside(version: str) -> Fit:
    """Where there are no further models.

    Raises:
        ArtifactError: always.
    """
    raise ArtifactError(f"There is no model {version} here. GET /v1/models lists those that can be compared.")
