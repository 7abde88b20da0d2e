"""One request for ads on its way: waits for the model, writes, keeps the ads, and tells what happens meanwhile.

Its work runs in a thread of its own, so that a client that goes away loses nothing: the ads are kept all the same.
"""

import json
import logging
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from adgen_pipeline.app.bodies import AdsRequest
from adgen_pipeline.app.idempotency import Ticket
from adgen_pipeline.app.keys import Holder
from adgen_pipeline.app.problems import problem, problem_of
from adgen_pipeline.app.routes.shared import Parts
from adgen_pipeline.app.shapes import WrittenShape
from adgen_pipeline.errors import AdgenError
from adgen_pipeline.generation.archive import new_ids
from adgen_pipeline.generation.brief import missing
from adgen_pipeline.text.brief import Brief

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0  # between signs of life in a stream
EXAMPLE = (
    'event: started\ndata: {"missing": []}\n\n'
    'event: progress\ndata: {"stage": "drawn", "candidates": 6, "seconds": 4.1}\n\n'
    'event: candidate\ndata: {"number": 1, "text": "የቆዳ ጫማ 2,500 ብር"}\n\n'
    'event: done\ndata: {"brief": {}, "missing": [], "ads": [], "model": "m1", "index": "i1", "seconds": 5.2}\n\n'
)


@dataclass(frozen=True)
class Written:
    """What is answered in the end, and whether it was answered before."""

    document: dict[str, Any]
    is_replayed: bool = False


class Run:
    """A request for ads that was let in."""

    def __init__(self, started: Mapping[str, Any], replayed: Written | None = None) -> None:
        self._news: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._started = started
        self._replayed = replayed
        self._began = time.monotonic()

    def tell(self, event: str, data: Any) -> None:
        """Pass on what happened; `done` carries a Written, `problem` an exception, others JSON-able values."""
        self._news.put((event, data))

    def answer(self) -> Written:
        """The ads, once they are written.

        Raises:
            Exception: what went wrong, as it was raised.
        """
        if self._replayed is not None:
            return self._replayed
        while True:
            event, data = self._news.get()
            if event == "done":
                assert isinstance(data, Written)
                return data
            if event == "problem":
                raise data

    def events(self) -> Iterator[str]:
        """The same as server-sent events, with a sign of life each second."""
        yield _event("started", self._started)
        if self._replayed is not None:
            yield _event("done", self._replayed.document)
            return
        while True:
            try:
                event, data = self._news.get(timeout=BEAT_SECONDS)
            except queue.Empty:
                yield _event("progress", {"stage": "working", "seconds": self._seconds()})
                continue
            if event == "done":
                yield _event("done", data.document)
                return
            if event == "problem":
                yield f"event: problem\ndata: {_problem(data)}\n\n"
                return
            yield _event(event, {**data, "seconds": self._seconds()})

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 1)


def start(
    parts: Parts, request: AdsRequest, brief: Brief, holder: Holder, idempotency_key: str | None
) -> Run:
    """A run that has its place among those that wait for the model.

    Raises:
        BusyError: too many wait.
        HTTPException: another request runs under the idempotency key, or ran under it.
    """
    lacks = list(missing(brief))
    with ExitStack() as stack:
        ticket = stack.enter_context(
            parts.tickets.ticket(idempotency_key, holder, request.model_dump(mode="json"))
        )
        if ticket is not None and ticket.answer is not None:
            return Run({"missing": lacks}, Written(ticket.answer, is_replayed=True))
        stack.enter_context(parts.engine.place())
        run = Run({"missing": lacks})
        work = threading.Thread(
            target=_work,
            args=(run, parts, request, brief, ticket, stack.pop_all()),
            name="write-ads",
            daemon=True,
        )
        work.start()
    return run


def _work(
    run: Run, parts: Parts, request: AdsRequest, brief: Brief, ticket: Ticket | None, held: ExitStack
) -> None:
    """Write, keep, tell; then let the next one have the place and the idempotency key."""
    try:
        with held:
            written = _write(run, parts, request, brief, ticket)
        run.tell("done", written)
    except Exception as error:  # whoever waits is told; without an answer they would wait for ever
        run.tell("problem", error)


def _write(run: Run, parts: Parts, request: AdsRequest, brief: Brief, ticket: Ticket | None) -> Written:
    started = time.monotonic()
    with parts.engine.writer() as writer:
        written = writer.write(
            brief, channel_id=request.channel_id, format=request.format, n=request.n, seed=request.seed,
            watch=run.tell,
        )  # fmt: skip
    ads = [ad.model_dump() for ad in written]
    ids = new_ids(len(ads))
    shape = WrittenShape.of(brief, missing(brief), ads, seconds=time.monotonic() - started, ids=ids)
    answer = None if ticket is None else ticket.with_answer(shape)
    parts.archive.keep(brief, ads, at=time.time(), ids=ids, answer=answer)
    for ad in ads:
        parts.metrics.ads.labels(ad["written_by"], ad["policy_verdict"]).inc()
    return Written(shape.model_dump(mode="json"))


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _problem(error: Exception) -> str:
    """An exception as problem+json on one line."""
    if isinstance(error, AdgenError):
        body = problem_of(error).body
    else:
        logger.error("writing ads failed", exc_info=error)
        body = problem(500, "The server failed. Its log says why.").body
    return bytes(body).decode()
