"""How much a client may ask for: requests a minute, sizes, times. What is over a limit is told when to come back."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from adgen_pipeline.errors import ResourceError

MAXIMUM_CLIENTS = 10_000  # whose pace is remembered


@dataclass(frozen=True)
class Limits:
    """The limits of a serving process.

    Attributes:
        requests_per_minute: of one key, or of one address where no key is asked for; a quarter of it at once.
        waiting: requests that may wait for the model.
        wait_seconds: how long one waits for the model before it is told to come back.
        body_bytes: of a request; upload_bytes: of one that carries a file.
        body_seconds: in which a request must have arrived.
        keep_alive_seconds: that an idle connection stays open.
    """

    requests_per_minute: int = 600
    waiting: int = 8
    wait_seconds: float = 120.0
    body_bytes: int = 256 * 1024
    upload_bytes: int = 5 * 1024 * 1024
    body_seconds: float = 30.0
    keep_alive_seconds: int = 20


class TooManyRequestsError(ResourceError):
    """A client asks faster than it may; `retry_seconds` says when it may again."""

    def __init__(self, sentence: str, *, retry_seconds: float) -> None:
        super().__init__(sentence)
        self.retry_seconds = retry_seconds


class Pace:
    """A token bucket a client: a burst at once, then a steady rate.

    Usage::

        pace = Pace(requests_per_minute=600)
        pace.take("bot")      # raises TooManyRequestsError when the bucket is empty
    """

    def __init__(self, requests_per_minute: int) -> None:
        """Start with full buckets."""
        self._rate = requests_per_minute / 60
        self._burst = max(1.0, requests_per_minute / 4)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # name → tokens, at
        self._lock = threading.Lock()
        self._per_minute = requests_per_minute

    def take(self, client: str) -> None:
        """Count one request of a client.

        Raises:
            TooManyRequestsError: it came too soon.
        """
        now = time.monotonic()
        with self._lock:
            tokens, at = self._buckets.pop(client, (self._burst, now))
            tokens = min(self._burst, tokens + (now - at) * self._rate)
            is_refused = tokens < 1
            self._buckets[client] = (tokens if is_refused else tokens - 1, now)
            while len(self._buckets) > MAXIMUM_CLIENTS:
                self._buckets.popitem(last=False)
        if is_refused:
            raise TooManyRequestsError(
                f"More than {self._per_minute} requests a minute. Wait as long as Retry-After says.",
                retry_seconds=(1 - tokens) / self._rate,
            )
