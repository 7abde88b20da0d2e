"""One comparison on its way: each model writes in its turn, sides are drawn, both ads are kept."""

import secrets
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import HTTPException

from adgen_pipeline.app.bodies import ComparisonRequest
from adgen_pipeline.app.comparison_shapes import ComparisonShape
from adgen_pipeline.app.contenders import contenders
from adgen_pipeline.app.engine import Writer
from adgen_pipeline.app.idempotency import Ticket
from adgen_pipeline.app.routes.shared import Parts
from adgen_pipeline.generation.archive import StoredAd, new_ids
from adgen_pipeline.generation.comparisons import Comparison, Comparisons, in_drawn_order, new_id
from adgen_pipeline.text.brief import Brief

MAXIMUM_SEED = 2**31


def chosen(parts: Parts, names: list[str], serving: str) -> list[str]:
    """Versions of the models that a request names by version or title.

    Raises:
        HTTPException: 404 for a name that no model has; 422 where two names mean one model.
    """
    known = {}
    for contender in contenders(parts.store, serving):
        known[contender.model] = contender.model
        if contender.title is not None:
            known.setdefault(contender.title, contender.model)
    for name in names:
        if name not in known:
            raise HTTPException(
                HTTPStatus.NOT_FOUND,
                f"There is no model {name}. GET /v1/models lists those that can be compared: {', '.join(known)}.",
            )
    versions = [known[name] for name in names]
    if len(set(versions)) < len(versions):
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"{' and '.join(names)} are the same model, {versions[0]}. Name two different ones.",
        )
    return versions


def compare(
    parts: Parts, request: ComparisonRequest, brief: Brief, versions: list[str], ticket: Ticket | None
) -> ComparisonShape:
    """Write an ad by each model and keep both, in an order that is drawn.

    Raises:
        BusyError: comparisons or requests wait already, or there is no memory for a model.
        ArtifactError: a model is broken.
        BriefError: the brief cannot take the format.
    """
    serving = parts.engine.loaded()
    ads: list[Mapping[str, Any]] = []
    with parts.beside.turn():
        # What is in memory writes first: then a model that both comparisons want is loaded once.
        for version in sorted(versions, key=lambda v: v not in (serving.model_version, parts.beside.kept)):
            writer = serving if version == serving.model_version else parts.beside.fit(version)(serving)
            # The second one writes for the channel that the first one found.
            channel_id = ads[0]["channel_id"] if ads else request.channel_id
            ads.append(_written(parts, writer, request, brief, channel_id))
    seed = secrets.randbelow(MAXIMUM_SEED)
    shown = in_drawn_order(ads, seed=seed)
    comparison_id, ids, at = new_id(), new_ids(2), time.time()
    first, second = (StoredAd(key, "", at, brief, ad, None) for key, ad in zip(ids, shown, strict=True))
    shape = ComparisonShape.of(Comparison(comparison_id, at, seed, first, second), None)
    Comparisons(parts.archive).keep(
        brief,
        shown,
        comparison_id=comparison_id,
        ids=ids,
        seed=seed,
        at=at,
        answer=None if ticket is None else ticket.with_answer(shape),
    )
    for ad in ads:
        parts.metrics.ads.labels(ad["written_by"], ad["policy_verdict"]).inc()
    return shape


def _written(
    parts: Parts, writer: Writer, request: ComparisonRequest, brief: Brief, channel_id: int | None
) -> Mapping[str, Any]:
    """The best ad of a writer; requests for ads have their turns between the two."""
    with parts.engine.place(), parts.engine.writer():
        (ad,) = writer.write(brief, channel_id=channel_id, format=request.format, n=1, seed=request.seed)
    written: Mapping[str, Any] = ad.model_dump()
    return written
