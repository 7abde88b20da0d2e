"""Briefs: what was understood of a text, of fields, or of a file."""

from http import HTTPStatus

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from adgen_pipeline.app import uploads
from adgen_pipeline.app.bodies import BriefFields, BriefRequest, upload_body
from adgen_pipeline.app.problems import ALWAYS, documented
from adgen_pipeline.app.routes.shared import Parts
from adgen_pipeline.app.shapes import UnderstoodShape
from adgen_pipeline.generation.brief import missing
from adgen_pipeline.text.brief import Brief

PATH = "/v1/briefs"


def add(app: FastAPI, parts: Parts) -> None:
    """Add /v1/briefs."""

    @app.post(
        PATH, summary="Understand a brief", tags=["briefs"], dependencies=[Depends(parts.admit)],
        responses=documented(*ALWAYS, HTTPStatus.UNSUPPORTED_MEDIA_TYPE), openapi_extra=upload_body(),
    )  # fmt: skip
    async def briefs(request: Request) -> UnderstoodShape:
        """What was understood, and what a good ad would need beside it; nothing is written.

        Send JSON, or a form (multipart/form-data) whose part `file` is the brief.
        """
        brief = await _understood(request, parts)
        return UnderstoodShape(brief=brief, missing=list(missing(brief)), fields=BriefFields.of(brief))


async def _understood(request: Request, parts: Parts) -> Brief:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        name, content = await _file(request)
        return await run_in_threadpool(lambda: uploads.understood(parts.store, name, content, parts.policy()))
    if kind not in ("application/json", ""):
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"{kind} is not read. Send application/json, or multipart/form-data with the brief as its part `file`.",
        )
    try:
        asked = BriefRequest.model_validate_json(await request.body())
    except ValidationError as error:
        wrong = [{**entry, "loc": ("body", *entry["loc"])} for entry in error.errors(include_url=False)]
        raise RequestValidationError(wrong) from error
    return await run_in_threadpool(lambda: asked.understood(parts.policy()))


async def _file(request: Request) -> tuple[str | None, bytes]:
    """Name and content of the form's file."""
    try:
        form = await _InMemory(request.headers, request.stream(), max_files=1, max_fields=4).parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(
            HTTPStatus.BAD_REQUEST,
            f"The form cannot be read ({error}). Send multipart/form-data with a part `file`.",
        ) from error
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(
                HTTPStatus.UNPROCESSABLE_ENTITY, "The form has no file. Send the brief as its part `file`."
            )
        return file.filename, await file.read()
    finally:
        await form.close()


class _InMemory(MultiPartParser):
    """Keeps files in memory, where the body is already: nothing of a brief goes to the system's temporary folder."""

    spool_max_size = 1 << 30
