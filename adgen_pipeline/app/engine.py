"""The one writer that a serving process owns: loaded once in the background, used by one request at a time."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Protocol

from adgen_pipeline.errors import AdgenError, ResourceError
from adgen_pipeline.text.brief import Brief

logger = logging.getLogger(__name__)

WAITING_REQUESTS = 8  # for the model; more than that are told to come back
RETRY_SECONDS = 10.0  # before what could not be loaded is tried again


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

    def write(
        self, brief: Brief, *, channel_id: int | None, format: str = "post", n: int = 1, seed: int
    ) -> Sequence[Any]:
        """Ads, best first."""
        ...


class NotReadyError(ResourceError):
    """The writer is not there: still loading, or the reason why it cannot be loaded."""


class BusyError(ResourceError):
    """More requests wait for the model than are let wait."""


class Engine:
    """Owns the writer of a serving process.

    Usage::

        engine = Engine(load)     nothing is loaded yet
        engine.start()            loading starts in the background
        engine.state()            "loading", "ready", or the sentence of what went wrong
        with engine.writer() as writer:
            writer.write(…)       one request at a time
    """

    def __init__(self, load: Callable[[], Writer]) -> None:
        self._load = load
        self._writer: Writer | None = None
        self._problem: str | None = None
        self._tried = 0.0
        self._loading: threading.Thread | None = None
        self._starting = threading.Lock()
        self._model = threading.Lock()
        self._places = threading.BoundedSemaphore(WAITING_REQUESTS)

    def start(self) -> None:
        """Load in the background, unless it is loaded, loading, or failed a moment ago."""
        with self._starting:
            waiting = self._problem is not None and time.monotonic() - self._tried < RETRY_SECONDS
            if self._writer is not None or self._loading is not None or waiting:
                return
            self._problem = None
            self._loading = threading.Thread(target=self._load_once, name="load-writer", daemon=True)
            self._loading.start()

    def state(self) -> str:
        """`ready`, `loading`, or why it cannot be loaded."""
        if self._writer is not None:
            return "ready"
        return self._problem or "loading"

    def loaded(self) -> Writer:
        """The writer, for what does not use the model (search, names of channels).

        Raises:
            NotReadyError: it is not loaded; loading is tried again.
        """
        if self._writer is None:
            self.start()
            state = self.state()
            raise NotReadyError(
                "The model is being loaded. Try again in a moment." if state == "loading" else state
            )
        return self._writer

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """The writer, for this request alone.

        Raises:
            NotReadyError: it is not loaded.
            BusyError: too many requests wait for it.
        """
        writer = self.loaded()
        if not self._places.acquire(blocking=False):
            raise BusyError(f"{WAITING_REQUESTS} requests are waiting for the model. Try again in a minute.")
        try:
            with self._model:
                yield writer
        finally:
            self._places.release()

    def _load_once(self) -> None:
        started = time.monotonic()
        try:
            self._writer = self._load()
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
            self._tried = time.monotonic()
            self._loading = None
