"""Errors over HTTP: problem+json (RFC 9457) that says what was found, where and what to do."""

import asyncio
import logging
import math
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adgen_pipeline.app.engine import BusyError, NotReadyError
from adgen_pipeline.app.limits import Limits, TooManyRequestsError
from adgen_pipeline.errors import AdgenError, ArtifactError, BriefError, DataError, ResourceError
from adgen_pipeline.generation.comparisons import VotedError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 10  # where nobody knows better

# Folders of this machine; /v1/… is what clients ask for.
_BEGINNING = re.compile(r"(?:/(?!v1/)|[A-Za-z]:[\\/])[^\n]*?: (?=\S)")
_QUOTED = re.compile(r"(?<=['\"])(?:/(?!v1/)|[A-Za-z]:[\\/])[^'\"\n]*[\\/]")
_WITHIN = re.compile(r"(?<![\w/:.])/(?!v1/)(?:[^\s/:;,()'\"«»`]+/)+")

# The first class that fits decides; what is not named is our fault.
STATUS_OF: tuple[tuple[type[AdgenError], HTTPStatus], ...] = (
    (VotedError, HTTPStatus.CONFLICT),
    (BriefError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TooManyRequestsError, HTTPStatus.TOO_MANY_REQUESTS),
    (BusyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotReadyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ResourceError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ArtifactError, HTTPStatus.SERVICE_UNAVAILABLE),
    (DataError, HTTPStatus.UNPROCESSABLE_ENTITY),
)


class WrongPart(BaseModel):
    """A part of a request that is wrong."""

    where: str
    what: str


class Problem(BaseModel):
    """What went wrong and what to do about it (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(
        examples=["request: the brief says nothing that an ad could be about. Name the product."]
    )
    errors: list[WrongPart] = Field(default=[], description="each wrong part, where several are")


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Responses for an OpenAPI operation: these problems."""
    return {
        int(status): {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


_MEANINGS = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read",
    HTTPStatus.UNAUTHORIZED: "No key, a wrong one or a revoked one",
    HTTPStatus.NOT_FOUND: "There is no such thing",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time",
    HTTPStatus.CONFLICT: "The first request with this idempotency key is not answered yet, or this was voted on before",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Neither JSON nor a form",
    HTTPStatus.UNPROCESSABLE_ENTITY: "What is wrong with the brief or the request",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests of this client; Retry-After says when to come back",
    HTTPStatus.SERVICE_UNAVAILABLE: "Loading, broken or busy; Retry-After says when to come back",
}
ALWAYS = (
    HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE,
)  # fmt: skip


def problem(
    status: HTTPStatus | int, detail: str, *, retry_seconds: float | None = None, **more: object
) -> JSONResponse:
    """A problem+json response."""
    code = HTTPStatus(status)
    headers = None
    if retry_seconds is not None or code in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers = {"Retry-After": str(max(1, math.ceil(retry_seconds or RETRY_SECONDS)))}
    return JSONResponse(
        {
            "type": "about:blank",
            "title": code.phrase,
            "status": int(code),
            "detail": without_paths(detail),
            **more,
        },
        status_code=int(code),
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def without_paths(sentence: str) -> str:
    """A sentence as clients may see it: a path of this machine before it is left out, within it only its name stays."""
    if (found := _BEGINNING.match(sentence)) is not None:
        sentence = sentence[found.end() :]
        if sentence.partition(" ")[0].isalpha():
            sentence = sentence[0].upper() + sentence[1:]
    return _WITHIN.sub("", _QUOTED.sub("", sentence))


def status_of(error: AdgenError) -> HTTPStatus:
    """The HTTP status that an error of ours becomes."""
    return next(
        (status for kind, status in STATUS_OF if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )


def problem_of(error: AdgenError) -> JSONResponse:
    """The answer that an error of ours becomes."""
    status, sentence = status_of(error), str(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and without_paths(sentence) != sentence:
        logger.warning("%s", sentence)  # whoever runs the server needs to know where
    return problem(status, sentence, retry_seconds=getattr(error, "retry_seconds", None))


def answer_problems(app: FastAPI) -> None:
    """Make every error of the app a problem+json answer."""

    @app.exception_handler(AdgenError)
    def ours(request: Request, error: AdgenError) -> JSONResponse:
        del request
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    def wrong_request(request: Request, error: RequestValidationError) -> JSONResponse:
        del request
        errors = [
            {"where": _whole("/".join(str(p) for p in e["loc"])), "what": _whole(e["msg"])}
            for e in error.errors()
        ]
        detail = "; ".join(f"{e['where']}: {e['what']}" for e in errors)
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The request is wrong: {detail}.", errors=errors)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        del request
        answer = problem(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> JSONResponse:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed. Its log says why.")


def _whole(text: str) -> str:
    """The text without halves of characters, which JSON may hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


class BodyLimit:
    """ASGI middleware: a body over the limit, or one that does not arrive in time, is refused.

    It counts what arrives, whether or not the request announces its length.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits, uploads: frozenset[str] = frozenset()) -> None:
        """Wrap an app; `uploads` are the paths that take files."""
        self._app = app
        self._limits = limits
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the whole body, at most the limit, then hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._limits.upload_bytes if scope["path"] in self._uploads else self._limits.body_bytes
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                body = await _read(receive, most)
        except TimeoutError:
            sentence = f"The request did not arrive within {self._limits.body_seconds:.0f} s. Send it again."
            await problem(HTTPStatus.REQUEST_TIMEOUT, sentence)(scope, receive, send)
            return
        if body is None:
            sentence = f"The request is over {most // 1024} KiB. Shorten the brief or the file."
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


async def _read(receive: Receive, most: int) -> bytes | None:
    """The body; None as soon as it passes the limit."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":  # the client went away
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """A receive function that gives the body once, then whatever the server says (a disconnect)."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message
