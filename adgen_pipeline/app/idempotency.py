"""The same request sent twice is done once: answers by idempotency key, kept with the ads.

A key belongs to the client that sent it. While its first request runs a second one is told to wait; afterwards it
gets the same answer; another request under the same key is refused.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Header, HTTPException
from pydantic import BaseModel

from adgen_pipeline.app.keys import Holder
from adgen_pipeline.app.problems import RETRY_SECONDS
from adgen_pipeline.artifacts import values_digest
from adgen_pipeline.generation.archive import Answer, Archive

REPLAYED = "Idempotency-Replayed"

IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="the same key and request give the same answer for a day, and the work is done once",
    ),
]


@dataclass(frozen=True)
class Ticket:
    """A request under an idempotency key.

    Attributes:
        key: of its client.
        digest: of what it asks.
        answer: what was answered before; None for the first time.
    """

    key: str
    digest: str
    answer: dict[str, Any] | None

    def with_answer(self, answer: BaseModel) -> tuple[str, Answer]:
        """What the archive keeps: the key, and what is answered to it."""
        return self.key, Answer(self.digest, answer.model_dump(mode="json"))


class Tickets:
    """Requests under idempotency keys: those that run, and, in the archive, those that were answered."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._running: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def ticket(self, sent: str | None, holder: Holder, *asked: object) -> Iterator[Ticket | None]:
        """The ticket of a request; None where it sent no key.

        Args:
            sent: the idempotency key.
            holder: who sent it.
            asked: JSON-able values that tell one request from another.

        Raises:
            HTTPException: 409 while the first request with the key runs, 422 where it asked for something else.
        """
        if sent is None:
            yield None
            return
        key, digest = values_digest(holder.name, sent), values_digest(*asked)
        with self._lock:
            if key in self._running:
                raise HTTPException(
                    HTTPStatus.CONFLICT,
                    "A request with this idempotency key is running. Ask again in a moment.",
                    headers={"Retry-After": str(RETRY_SECONDS)},
                )
            self._running.add(key)
        try:
            known = self._archive.answered(key)
            if known is not None and known.digest != digest:
                raise HTTPException(
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                    "This idempotency key was sent with another request. Use a new key for each request.",
                )
            yield Ticket(key, digest, None if known is None else dict(known.answer))
        finally:
            with self._lock:
                self._running.discard(key)
