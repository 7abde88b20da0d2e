"""The HTTP API: the ad bot and the page are its clients.

Nothing is rendered; errors are problem+json. `/health` is green as long as the process lives, `/ready` as soon as the
writer is loaded. The OpenAPI document is at /openapi.json; its interactive page is off, for it fetches scripts from
another host.
"""

import hmac
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from adgen_pipeline.app.engine import Engine, Writer
from adgen_pipeline.app.problems import BodyLimit, answer_problems, problem
from adgen_pipeline.app.shapes import ChannelShape, FoundShape, HitShape, UnderstoodShape, WrittenShape
from adgen_pipeline.generation.brief import missing, understand
from adgen_pipeline.text.brief import Brief

MAXIMUM_BRIEF_CHARS = 20_000
MAXIMUM_ADS = 8
LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]", "testserver"]  # the last is Starlette's test client

PROBLEMS: dict[int | str, dict[str, object]] = {
    HTTPStatus.UNPROCESSABLE_ENTITY: {
        "description": "What is wrong with the brief or the request (problem+json)"
    },
    HTTPStatus.SERVICE_UNAVAILABLE: {
        "description": "The model is being loaded, missing or busy (problem+json)"
    },
}


class BriefFields(BaseModel):
    """A brief by fields; all that is known, nothing that is not."""

    model_config = ConfigDict(extra="forbid")

    product: Annotated[str, Field(max_length=500)] = ""
    description: Annotated[str, Field(max_length=5000)] = ""
    features: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=30)] = []
    brand: Annotated[str, Field(max_length=200)] = ""
    price: Annotated[str, Field(max_length=200)] = ""
    offer: Annotated[str, Field(max_length=500)] = ""
    terms: Annotated[str, Field(max_length=500)] = ""
    contact: Annotated[str, Field(max_length=500)] = ""
    location: Annotated[str, Field(max_length=500)] = ""
    audience: Annotated[str, Field(max_length=500)] = ""
    tone: Annotated[str, Field(max_length=200)] = ""
    advertiser: Annotated[str, Field(max_length=100)] = ""

    def as_metadata(self) -> dict[str, str]:
        """The fields that are given, by name, as `generation.brief.understand` takes them."""
        values = self.model_dump()
        return {
            name: "\n".join(value) if isinstance(value, list) else value
            for name, value in values.items()
            if value
        }


BriefText = Annotated[str, Field(min_length=1, max_length=MAXIMUM_BRIEF_CHARS)]


class BriefRequest(BaseModel):
    """A brief to understand."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"brief": "የቆዳ ጫማ፣ ዋጋ 2,500 ብር፣ ስልክ 0900 000 001፣ ቦሌ"}]},
    )

    brief: BriefText | BriefFields
    file_name: Annotated[str, Field(pattern=r"^[^/\\]{1,120}$")] | None = Field(
        None, description="of an uploaded brief; .yaml, .yml and .json are read as such, all else as text"
    )

    def understood(self) -> Brief:
        """The brief as understood.

        Raises:
            BriefError: it says too little.
        """
        source = self.file_name or "request"
        if isinstance(self.brief, str):
            return understand(self.brief, source=source)
        return understand("", source="request", metadata=self.brief.as_metadata())


class AdsRequest(BriefRequest):
    """A brief, and what to write for it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"brief": "የቆዳ ጫማ፣ ዋጋ 2,500 ብር፣ ስልክ 0900 000 001፣ ቦሌ", "n": 2},
                {
                    "brief": {"product": "Leather shoes", "price": "2,500 ETB", "contact": "0900 000 001"},
                    "channel_id": 1000000001,
                    "n": 1,
                    "format": "post",
                },
            ]
        },
    )

    channel_id: int | None = Field(None, description="the channel to write for; the best fitting one if null")
    n: Annotated[int, Field(ge=1, le=MAXIMUM_ADS)] = 1
    format: Literal["post"] = "post"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7


def create_app(load: Callable[[], Writer], *, api_key: str | None = None) -> FastAPI:
    """The application.

    Args:
        load: gives the writer; called once, in the background, when the app starts (again if it failed).
        api_key: what clients must send as X-API-Key; None: nothing, for loopback.
    """
    engine = Engine(load)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        engine.start()
        yield

    app = FastAPI(
        title="adgen_pipeline", version="1", lifespan=lifespan, docs_url=None, redoc_url=None,
        description="Campaign briefs in, checked Amharic ads for Telegram channels out.",
    )  # fmt: skip
    answer_problems(app)
    app.add_middleware(BodyLimit)
    if api_key is None:  # a web page that rebinds its name to this machine must not reach an open API
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_NAMES)
    _open_routes(app, engine)
    _guarded_routes(app, engine, _key_check(api_key))
    return app


def _open_routes(app: FastAPI, engine: Engine) -> None:
    """What a supervisor asks; needs no key."""

    @app.get("/health", summary="The process lives")
    def health() -> dict[str, str]:
        """Green as long as the process answers."""
        return {"status": "ok"}

    @app.get("/ready", summary="Ads can be written", responses={503: {"description": "Loading, or why not"}})
    def ready() -> JSONResponse:
        """Green once the writer is loaded."""
        engine.start()
        state = engine.state()
        if state == "ready":
            return JSONResponse({"status": "ready"})
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, state)


def _guarded_routes(app: FastAPI, engine: Engine, check_key: Callable[..., None]) -> None:
    guard = [Depends(check_key)]

    @app.post("/v1/ads", dependencies=guard, responses=PROBLEMS, summary="Write ads for a brief")
    def ads(request: AdsRequest) -> WrittenShape:
        """Ads that say what the brief says and nothing else, best first, with their evidence."""
        brief = request.understood()
        started = time.monotonic()
        with engine.writer() as writer:
            _require_channel(writer, request.channel_id)
            written = writer.write(
                brief, channel_id=request.channel_id, format=request.format, n=request.n, seed=request.seed
            )
        return WrittenShape.of(
            brief, missing(brief), [ad.model_dump() for ad in written], seconds=time.monotonic() - started
        )

    @app.post("/v1/briefs", dependencies=guard, responses=PROBLEMS, summary="Understand a brief")
    def briefs(request: BriefRequest) -> UnderstoodShape:
        """What was understood, and what a good ad would need beside it; nothing is written."""
        brief = request.understood()
        return UnderstoodShape(brief=brief, missing=list(missing(brief)))

    @app.get("/v1/search", dependencies=guard, responses=PROBLEMS, summary="Find posts")
    def search(
        q: Annotated[str, Query(min_length=1, max_length=500, description="words, Amharic or English")],
        k: Annotated[int, Query(ge=1, le=100)] = 10,
        channel_id: int | None = None,
        is_ad: Annotated[bool | None, Query(description="ads alone, or what is none")] = None,
        vertical: Annotated[str | None, Query(max_length=50)] = None,
        language: Annotated[str | None, Query(max_length=20, description="am, mixed, en …")] = None,
        since: Annotated[date | None, Query(description="first day of a post")] = None,
        until: Annotated[date | None, Query(description="last day of a post")] = None,
    ) -> FoundShape:
        """Posts by meaning and by words, best first, with the parts of each score and the words that matched."""
        writer = engine.loaded()
        _require_channel(writer, channel_id)
        hits = writer.index.search(
            q,
            k=k,
            channel_id=channel_id,
            is_ad=is_ad,
            vertical=vertical,
            language=language,
            since=since,
            until=until,
        )
        return FoundShape(query=q, hits=[HitShape.model_validate(hit) for hit in hits])

    @app.get("/v1/channels", dependencies=guard, responses=PROBLEMS, summary="Channels to write for")
    def channels() -> list[ChannelShape]:
        """Channels of the index, by name."""
        named = engine.loaded().channels.items()
        return [
            ChannelShape(channel_id=key, name=name) for key, name in sorted(named, key=lambda c: (c[1], c[0]))
        ]


def _require_channel(writer: Writer, channel_id: int | None) -> None:
    if channel_id is not None and channel_id not in writer.channels:
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            f"Channel {channel_id} is not in the index. GET /v1/channels lists those that are.",
        )


def _key_check(api_key: str | None) -> Callable[..., None]:
    """The dependency that refuses a request without the right key."""
    header = APIKeyHeader(name="X-API-Key", auto_error=False)

    def check(sent: Annotated[str | None, Security(header)] = None) -> None:
        if api_key is None:
            return
        if sent is None or not hmac.compare_digest(sent.encode(), api_key.encode()):
            raise HTTPException(HTTPStatus.UNAUTHORIZED, "Send the API key in the header X-API-Key.")

    return check
