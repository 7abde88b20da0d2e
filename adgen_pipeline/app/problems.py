"""Errors over HTTP: problem+json (RFC 9457) that says what was found, where and what to do."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adgen_pipeline.app.engine import BusyError, NotReadyError
from adgen_pipeline.errors import AdgenError, ArtifactError, BriefError, DataError, ResourceError

logger = logging.getLogger(__name__)

MAXIMUM_BODY_BYTES = 256 * 1024  # a brief is a few pages

# The first class that fits decides; what is not named is our fault.
STATUS_OF: tuple[tuple[type[AdgenError], HTTPStatus], ...] = (
    (BriefError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (BusyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotReadyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ResourceError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ArtifactError, HTTPStatus.SERVICE_UNAVAILABLE),
    (DataError, HTTPStatus.UNPROCESSABLE_ENTITY),
)


def problem(status: HTTPStatus | int, detail: str, **more: object) -> JSONResponse:
    """A problem+json response."""
    code = HTTPStatus(status)
    headers = {"Retry-After": "10"} if code is HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse(
        {"type": "about:blank", "title": code.phrase, "status": int(code), "detail": detail, **more},
        status_code=int(code),
        media_type="application/problem+json",
        headers=headers,
    )


def status_of(error: AdgenError) -> HTTPStatus:
    """The HTTP status that an error of ours becomes."""
    return next(
        (status for kind, status in STATUS_OF if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )


def answer_problems(app: FastAPI) -> None:
    """Make every error of the app a problem+json answer."""

    @app.exception_handler(AdgenError)
    def ours(request: Request, error: AdgenError) -> JSONResponse:
        del request
        return problem(status_of(error), str(error))

    @app.exception_handler(RequestValidationError)
    def wrong_request(request: Request, error: RequestValidationError) -> JSONResponse:
        del request
        errors = [{"where": "/".join(str(p) for p in e["loc"]), "what": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{e['where']}: {e['what']}" for e in errors)
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The request is wrong: {detail}.", errors=errors)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        del request
        return problem(error.status_code, str(error.detail))

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> JSONResponse:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed. Its log says why.")


class BodyLimit:
    """ASGI middleware: a request body over the limit is refused, whether or not it announces its length."""

    def __init__(self, app: ASGIApp, *, maximum_bytes: int = MAXIMUM_BODY_BYTES) -> None:
        self._app = app
        self._maximum_bytes = maximum_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the whole body, at most the limit, then hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await self._read(receive)
        if body is None:
            kib = self._maximum_bytes // 1024
            refusal = problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The request is over {kib} KiB. Shorten the brief."
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body; None as soon as it passes the limit."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":  # the client went away
                return bytes(body)
            body += message.get("body", b"")
            if len(body) > self._maximum_bytes:
                return None
            if not message.get("more_body", False):
                return bytes(body)


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """A receive function that gives the body once, then whatever the server says (a disconnect)."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message
