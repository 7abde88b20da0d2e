"""Comparisons: two models side by side, blinded, and votes on them."""

import time
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Path, Response
from fastapi.responses import JSONResponse

from adgen_pipeline.app import comparing
from adgen_pipeline.app.bodies import ComparisonRequest, VoteRequest
from adgen_pipeline.app.comparison_shapes import ComparisonShape, RateShape, SummaryShape
from adgen_pipeline.app.idempotency import REPLAYED, IdempotencyKey
from adgen_pipeline.app.keys import Holder
from adgen_pipeline.app.problems import ALWAYS, documented
from adgen_pipeline.app.routes.shared import Parts, require_channel
from adgen_pipeline.artifacts import values_digest
from adgen_pipeline.evaluation.votes import rates
from adgen_pipeline.generation.comparisons import Comparison, Comparisons

ComparisonId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="as POST /v1/comparisons gave it")]


def add(app: FastAPI, parts: Parts) -> None:
    """Add /v1/comparisons and what is below it."""
    _add_writing(app, parts)
    _add_reading(app, parts)
    _add_voting(app, parts)


def _add_writing(app: FastAPI, parts: Parts) -> None:
    @app.post(
        "/v1/comparisons", summary="Two models write for one brief", tags=["comparisons"],
        response_model=ComparisonShape, responses=documented(*ALWAYS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )  # fmt: skip
    def compare(
        request: ComparisonRequest,
        holder: Annotated[Holder, Depends(parts.admit)],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """One ad by each of two models, in an order that is drawn; who wrote which is told after the vote.

        At most one model stands in memory beside the serving one, which writes on meanwhile.
        """
        brief = request.understood(parts.policy())
        serving = parts.engine.loaded()
        require_channel(serving, request.channel_id)
        versions = comparing.chosen(parts, request.models, serving.model_version)
        with parts.tickets.ticket(idempotency_key, holder, request.model_dump(mode="json")) as ticket:
            if ticket is not None and ticket.answer is not None:
                return JSONResponse(ticket.answer, headers={REPLAYED: "true"})
            compared = comparing.compare(parts, request, brief, versions, ticket)
        return JSONResponse(compared.model_dump(mode="json"))


def _add_reading(app: FastAPI, parts: Parts) -> None:
    @app.get(
        "/v1/comparisons/summary", summary="Which model people prefer", tags=["comparisons"],
        dependencies=[Depends(parts.admit)], responses=documented(*ALWAYS),
    )  # fmt: skip
    def summary() -> SummaryShape:
        """For each two models votes and win rate with its 95 % interval, most votes first."""
        votes = Comparisons(parts.archive).table()
        return SummaryShape(votes_count=votes.height, pairs=[RateShape.of(rate) for rate in rates(votes)])

    @app.get(
        "/v1/comparisons/{comparison_id}", summary="One comparison", tags=["comparisons"],
        responses=documented(*ALWAYS, HTTPStatus.NOT_FOUND),
    )  # fmt: skip
    def one(comparison_id: ComparisonId, holder: Annotated[Holder, Depends(parts.admit)]) -> ComparisonShape:
        """Both ads; for a key that voted on them with who wrote which."""
        comparison = _kept(parts, comparison_id)
        vote = Comparisons(parts.archive).vote_of(comparison_id, _voter(holder, comparison_id))
        return ComparisonShape.of(comparison, vote)


def _add_voting(app: FastAPI, parts: Parts) -> None:
    @app.post(
        "/v1/comparisons/{comparison_id}/vote", summary="Say which ad is better", tags=["comparisons"],
        response_model=ComparisonShape, responses=documented(*ALWAYS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )  # fmt: skip
    def vote(
        comparison_id: ComparisonId,
        request: VoteRequest,
        holder: Annotated[Holder, Depends(parts.admit)],
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Keep a vote and tell who wrote which. A key votes once on a comparison."""
        comparison = _kept(parts, comparison_id)
        if comparison.is_same:
            raise HTTPException(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "Both models wrote the same ad, so neither is better. Compare them on another brief.",
            )
        asked = (comparison_id, request.model_dump())
        with parts.tickets.ticket(idempotency_key, holder, *asked) as ticket:
            if ticket is not None and ticket.answer is not None:
                return JSONResponse(ticket.answer, headers={REPLAYED: "true"})
            role = request.role or holder.role
            given = Comparisons(parts.archive).vote(
                comparison_id,
                request.choice,
                voter=_voter(holder, comparison_id),
                role=role,
                at=time.time(),
            )
            revealed = ComparisonShape.of(comparison, given)
            if ticket is not None:
                parts.archive.remember(*ticket.with_answer(revealed), at=given.given_utc)
        parts.metrics.votes.labels(request.choice, role).inc()
        return JSONResponse(revealed.model_dump(mode="json"))


def _kept(parts: Parts, comparison_id: str) -> Comparison:
    comparison = Comparisons(parts.archive).one(comparison_id)
    if comparison is None:
        raise HTTPException(
            HTTPStatus.NOT_FOUND, f"There is no comparison {comparison_id}. POST /v1/comparisons makes one."
        )
    return comparison


def _voter(holder: Holder, comparison_id: str) -> str:
    """Tells the votes of one key from another's on this comparison, and nothing about other comparisons."""
    return values_digest("vote", holder.name, comparison_id)
