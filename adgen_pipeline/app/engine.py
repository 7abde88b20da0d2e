"""The one writer that a serving process owns: loaded in the background and used by one request at a time.

When another model or index is published it is replaced, without a request noticing.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Protocol

from adgen_pipeline.app.limits import Limits
from adgen_pipeline.app.metrics import Metrics
from adgen_pipeline.errors import AdgenError, ResourceError
from adgen_pipeline.text.brief import Brief

logger = logging.getLogger(__name__)

RETRY_SECONDS = 10.0  # before what could not be loaded is tried again
LOOK_SECONDS = 2.0  # between two looks at what is published
FIRST_GUESS_SECONDS = 15.0  # that a request keeps the model busy, until one was measured


class Searchable(Protocol):
    """What the API needs of an index (`index.search.PostIndex`)."""

    def search(
        self,
        query: str,
        *,
        k: int,
        channel_id: int | None = None,
        is_ad: bool | None = None,
        vertical: str | None = None,
        language: str | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> Sequence[Any]:
        """Posts, best first."""
        ...


class Writer(Protocol):
    """What the API needs of a writer (`generation.writer.AdWriter`)."""

    @property
    def index(self) -> Searchable:
        """What it retrieves from."""
        ...

    @property
    def channels(self) -> Mapping[int, str]:
        """Channel id → name."""
        ...

    @property
    def model_version(self) -> str:
        """Version of training/model."""
        ...

    @property
    def index_version(self) -> str:
        """Version of index/posts."""
        ...

    def write(
        self,
        brief: Brief,
        *,
        channel_id: int | None,
        format: str = "post",
        n: int = 1,
        seed: int,
        watch: Callable[[str, Mapping[str, Any]], None] | None = None,
    ) -> Sequence[Any]:
        """Ads, best first; `watch` is told what happens meanwhile."""
        ...  # fmt: skip


class NotReadyError(ResourceError):
    """The writer is not there: still loading, or the reason why it cannot be loaded."""


class BusyError(ResourceError):
    """More requests wait for the model than may, or one waited too long; `retry_seconds` says when to come back."""

    def __init__(self, sentence: str, *, retry_seconds: float) -> None:
        super().__init__(sentence)
        self.retry_seconds = retry_seconds


class Engine:
    """Owns the writer of a serving process.

    Usage::

        engine = Engine(load, published=signature)   nothing is loaded yet
        engine.start()                               loads in the background, then looks for newer versions
        engine.state()                               "loading", "ready", or the sentence of what is wrong
        with engine.place():                         raises BusyError when too many wait
            with engine.writer() as writer:
                writer.write(…)                      one request at a time
        engine.stop()
    """

    def __init__(
        self,
        load: Callable[[], Writer],
        *,
        published: Callable[[], str] = lambda: "",
        tend: Callable[[], None] | None = None,
        limits: Limits | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """Prepare; nothing is loaded.

        Args:
            load: gives the writer of what is published now.
            published: names what is published and whether its files are as they were; when it changes, `load` is
                called again.
            tend: called after every look, for what else must follow a change; its failure is logged.
            limits: how many may wait, how long.
            metrics: counted into.
        """
        self._load = load
        self._published = published
        self._tend = tend
        self._limits = limits or Limits()
        self._metrics = metrics or Metrics()
        self._writer: Writer | None = None
        self._since_utc: float | None = None
        self._problem: str | None = None
        self._tried: tuple[str, float] | None = None  # what was loaded or failed last, and when
        self._stopping = threading.Event()
        self._looking: threading.Thread | None = None
        self._starting = threading.Lock()
        self._model = threading.Lock()
        self._places = threading.BoundedSemaphore(self._limits.waiting)
        self._seconds = FIRST_GUESS_SECONDS

    def start(self) -> None:
        """Begin to load and to look for newer versions, unless that is going on."""
        with self._starting:
            if self._looking is None:
                self._looking = threading.Thread(target=self._look_on, name="load-writer", daemon=True)
                self._looking.start()

    def stop(self) -> None:
        """Look no longer."""
        self._stopping.set()

    def state(self) -> str:
        """`ready`, `loading`, or what is wrong: with what is loaded, or with the newer version that cannot be."""
        return self._problem or ("loading" if self._writer is None else "ready")

    @property
    def serving(self) -> tuple[Writer, float] | None:
        """The writer in use and since when, in seconds since 1970; None before the first one is loaded."""
        return None if self._writer is None or self._since_utc is None else (self._writer, self._since_utc)

    def loaded(self) -> Writer:
        """The writer, for what does not use the model (search, names of channels).

        Raises:
            NotReadyError: it is not loaded.
        """
        if self._writer is None:
            state = self.state()
            raise NotReadyError(
                "The model is being loaded. Try again in a moment." if state == "loading" else state
            )
        return self._writer

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among those who may wait for the model.

        Raises:
            NotReadyError: there is no model.
            BusyError: all places are taken.
        """
        self.loaded()
        if not self._places.acquire(blocking=False):
            raise BusyError(
                f"{self._limits.waiting} requests are waiting for the model. Try again when Retry-After says.",
                retry_seconds=self._seconds,
            )
        self._metrics.waiting.inc()
        try:
            yield
        finally:
            self._metrics.waiting.dec()
            self._places.release()

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """The writer, for this request alone; inside of `place`.

        Raises:
            BusyError: others kept it for too long.
        """
        if not self._model.acquire(timeout=self._limits.wait_seconds):
            raise BusyError(
                f"The model was busy for {self._limits.wait_seconds:.0f} s. Try again when Retry-After says.",
                retry_seconds=self._seconds * self._limits.waiting,
            )
        started = time.monotonic()
        try:
            yield self.loaded()  # the newest: it may have been replaced while this request waited
        finally:
            self._seconds += 0.3 * (time.monotonic() - started - self._seconds)
            self._model.release()

    def look(self) -> None:
        """Load what is published if that is not what is loaded; a failure is tried again after a while."""
        try:
            published = self._published()
        except Exception as error:  # a pointer may hold anything; loading then says what is wrong with it
            published = f"unreadable: {error}"
        if self._tried is not None and self._tried[0] == published:
            is_waiting = time.monotonic() - self._tried[1] < RETRY_SECONDS
            if self._problem is None or is_waiting:
                return
        self._load_once(published)

    def _look_on(self) -> None:
        while not self._stopping.is_set():
            self.look()
            try:
                if self._tend is not None:
                    self._tend()
            except AdgenError as error:
                logger.warning("%s", error)
            self._stopping.wait(LOOK_SECONDS)

    def _load_once(self, published: str) -> None:
        started = time.monotonic()
        try:
            # The old one answers until the new one is whole; requests that hold it keep it to their end.
            self._writer, self._since_utc, self._problem = self._load(), time.time(), None
            logger.info("the writer is ready after %.1f s", time.monotonic() - started)
        except AdgenError as error:
            self._problem = str(error)
            logger.warning("the writer cannot be loaded: %s", error)
        except Exception as error:  # whatever a library raises must show in /ready, not vanish in a thread
            self._problem = (
                f"The model or the index cannot be loaded ({type(error).__name__}). See the API's log."
            )
            logger.exception("the writer cannot be loaded")
        finally:
            self._tried = (published, time.monotonic())
            self._metrics.loads.labels("failed" if self._problem else "loaded").inc()
            self._metrics.ready.set(self.state() == "ready")
