"""Ads: written, kept, found again, checked while they are edited, judged."""

import time
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse

from adgen_pipeline.app import writing
from adgen_pipeline.app.bodies import AdsRequest, FeedbackRequest, TextRequest
from adgen_pipeline.app.idempotency import REPLAYED, IdempotencyKey
from adgen_pipeline.app.keys import Holder
from adgen_pipeline.app.problems import ALWAYS, documented
from adgen_pipeline.app.routes.shared import AdId, Parts, require_channel
from adgen_pipeline.app.shapes import (
    CheckedShape,
    FeedbackShape,
    JudgedShape,
    PastAdShape,
    StoredAdShape,
    WrittenShape,
)
from adgen_pipeline.generation import checking
from adgen_pipeline.generation.archive import StoredAd

EVENTS = "text/event-stream"
_STREAM: dict[str, Any] = {
    "description": "The ads; with `Accept: text/event-stream` as events: started, progress, candidate, done or problem",
    "content": {EVENTS: {"schema": {"type": "string"}, "examples": {"events": {"value": writing.EXAMPLE}}}},
}


def add(app: FastAPI, parts: Parts) -> None:
    """Add /v1/ads and what is below it."""
    _add_writing(app, parts)
    _add_history(app, parts)
    _add_judging(app, parts)


def _add_writing(app: FastAPI, parts: Parts) -> None:
    @app.post(
        "/v1/ads", summary="Write ads for a brief", tags=["ads"], response_model=WrittenShape,
        responses={**documented(*ALWAYS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT), 200: _STREAM},
    )  # fmt: skip
    def ads(
        request: AdsRequest,
        holder: Annotated[Holder, Depends(parts.admit)],
        idempotency_key: IdempotencyKey = None,
        accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    ) -> Response:
        """Ads that say what the brief says and nothing else, best first, with their evidence; they are kept.

        With `Accept: text/event-stream` candidates come as soon as they passed the checks, ranked ads at the end.
        """
        brief = request.understood(parts.policy())
        require_channel(parts.engine.loaded(), request.channel_id)
        run = writing.start(parts, request, brief, holder, idempotency_key)
        if EVENTS in accept:
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(run.events(), media_type=EVENTS, headers=headers)
        answer = run.answer()
        return JSONResponse(answer.document, headers={REPLAYED: "true"} if answer.is_replayed else None)


def _add_history(app: FastAPI, parts: Parts) -> None:
    @app.get(
        "/v1/ads",
        summary="Past ads",
        tags=["ads"],
        dependencies=[Depends(parts.admit)],
        responses=documented(*ALWAYS),
    )
    def past(
        q: Annotated[
            str, Query(max_length=200, description="words of the ad or its brief", examples=["ጫማ"])
        ] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[
            float | None, Query(description="only ads written before; seconds since 1970")
        ] = None,
        channel_id: Annotated[int | None, Query(ge=-(2**63), lt=2**63)] = None,
    ) -> list[PastAdShape]:
        """Ads that were written, newest first."""
        found = parts.archive.ads(q, limit=limit, before_utc=before, channel_id=channel_id)
        return [PastAdShape.of(stored) for stored in found]

    @app.get(
        "/v1/ads/{ad_id}", summary="One ad", tags=["ads"], dependencies=[Depends(parts.admit)],
        responses=documented(*ALWAYS, HTTPStatus.NOT_FOUND),
    )  # fmt: skip
    def one(ad_id: AdId) -> StoredAdShape:
        """An ad with its brief, its evidence and what people did with it."""
        return StoredAdShape.of(_stored(parts, ad_id), parts.archive.feedback(ad_id))


def _add_judging(app: FastAPI, parts: Parts) -> None:
    @app.post(
        "/v1/ads/{ad_id}/checks", summary="Check an edited ad", tags=["ads"], dependencies=[Depends(parts.admit)],
        responses=documented(*ALWAYS, HTTPStatus.NOT_FOUND),
    )  # fmt: skip
    def checks(ad_id: AdId, request: TextRequest) -> CheckedShape:
        """What the text says that the brief does not, what it leaves out, its length, and the policy's verdict."""
        stored = _stored(parts, ad_id)
        return CheckedShape.of(
            checking.check(request.text, stored.brief, str(stored.ad["format"]), policy=parts.policy())
        )

    @app.post(
        "/v1/ads/{ad_id}/feedback", summary="Accept, edit or reject an ad", tags=["ads"], response_model=JudgedShape,
        responses=documented(*ALWAYS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )  # fmt: skip
    def feedback(
        ad_id: AdId,
        request: FeedbackRequest,
        holder: Annotated[Holder, Depends(parts.admit)],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Keep a verdict, with the role of the key that it came with. An edit says what it invents."""
        stored = _stored(parts, ad_id)
        with parts.tickets.ticket(idempotency_key, holder, ad_id, request.model_dump()) as ticket:
            if ticket is not None and ticket.answer is not None:
                return JSONResponse(ticket.answer, headers={REPLAYED: "true"})
            given = parts.archive.judge(
                ad_id,
                request.verdict,
                role=holder.role,
                at=time.time(),
                text=request.text,
                reason=request.reason,
            )
            invented = checking.invented(request.text, stored.brief) if request.text else []
            judged = JudgedShape(**FeedbackShape.of(given).model_dump(), invented=invented)
            if ticket is not None:
                parts.archive.remember(*ticket.with_answer(judged), at=given.given_utc)
        parts.metrics.feedback.labels(request.verdict, holder.role).inc()
        return JSONResponse(judged.model_dump(mode="json"))


def _stored(parts: Parts, ad_id: str) -> StoredAd:
    stored = parts.archive.ad(ad_id)
    if stored is None:
        raise HTTPException(
            HTTPStatus.NOT_FOUND, f"There is no ad {ad_id}. GET /v1/ads lists those that are kept."
        )
    return stored
