"""The process itself: does it live, can it write, what does it serve, how is it doing."""

from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from fastapi import Depends, FastAPI, Response
from fastapi.responses import JSONResponse

from adgen_pipeline.app import metrics as prometheus
from adgen_pipeline.app.contenders import contenders
from adgen_pipeline.app.problems import ALWAYS, documented, problem, without_paths
from adgen_pipeline.app.routes.shared import Parts
from adgen_pipeline.app.shapes import (
    ContenderShape,
    ModelsShape,
    ServingShape,
    StatusShape,
    VersionShape,
    utc,
)
from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.evaluation.promotion import PARTS


def add(app: FastAPI, parts: Parts) -> None:
    """Add /health, /ready, /metrics and /v1/models."""

    @app.get(
        "/health", summary="The process lives", tags=["process"], responses=documented(HTTPStatus.BAD_REQUEST)
    )
    def health() -> StatusShape:
        """Green as long as the process answers. Needs no key."""
        return StatusShape(status="ok")

    @app.get(
        "/ready", summary="Ads can be written", tags=["process"], response_model=StatusShape,
        responses=documented(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    )  # fmt: skip
    def ready() -> JSONResponse:
        """Green once model and index are loaded and as they were published; else it says why. Needs no key."""
        state = parts.engine.state()
        if state == "ready":
            return JSONResponse({"status": "ready"})
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, state)

    @app.get(
        "/metrics", summary="Numbers for Prometheus", tags=["process"], dependencies=[Depends(parts.admit)],
        response_class=Response,
        responses={**documented(*ALWAYS), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )  # fmt: skip
    def metrics() -> Response:
        """Counts and times; a key goes into X-API-Key or, as Prometheus sends it, into Authorization: Bearer."""
        return Response(parts.metrics.text(), media_type=prometheus.MEDIA_TYPE)

    @app.get(
        "/v1/models", summary="What writes the ads", tags=["models"], dependencies=[Depends(parts.admit)],
        responses=documented(*ALWAYS),
    )  # fmt: skip
    def models() -> ModelsShape:
        """What serves, what is published, and which versions stand beside it. A new one is picked up by itself."""
        serving = None
        if (current := parts.engine.serving) is not None:
            writer, since = current
            serving = ServingShape(model=writer.model_version, index=writer.index_version, since=utc(since))
        return ModelsShape(
            state=without_paths(parts.engine.state()),
            serving=serving,
            versions=versions(parts.store),
            contenders=[
                ContenderShape.model_validate(contender)
                for contender in contenders(parts.store, serving.model if serving else None)
            ],
        )


def versions(store: Store) -> list[VersionShape]:
    """Models, encoders and indexes of a data folder, newest first within each."""
    found = []
    for stage, name in PARTS:
        folder = store.index if stage == "index" else store.version_path(stage, name, "")
        try:
            published = store.artifact(stage, name).version
        except ArtifactError:
            published = ""
        there = [
            (path, _made(path))
            for path in folder.glob("*")
            if path.is_dir() and not path.name.startswith(".")
        ]
        found += [
            VersionShape(
                stage=stage, name=name, version=path.name, made=made, is_published=path.name == published
            )
            for path, made in sorted(there, key=lambda entry: entry[1], reverse=True)
        ]
    return found


def _made(path: Path) -> datetime:
    return utc(path.stat().st_mtime)
