"""The HTTP API: the ad bot and the page are its clients.

Nothing is rendered; errors are problem+json. `/health` is green as long as the process lives, `/ready` as long as
model and index are whole. The OpenAPI document is at /openapi.json; its interactive page is off, for it fetches
scripts from another host. The operations are in `app/routes/`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from adgen_pipeline.app.beside import Beside, Fit, nothing_beside
from adgen_pipeline.app.bodies import BriefRequest
from adgen_pipeline.app.engine import Engine, Writer
from adgen_pipeline.app.idempotency import Tickets
from adgen_pipeline.app.keys import Keyring
from adgen_pipeline.app.limits import Limits, Pace
from adgen_pipeline.app.metrics import Measured, Metrics
from adgen_pipeline.app.precedence import Precedence
from adgen_pipeline.app.problems import BodyLimit, Problem, answer_problems
from adgen_pipeline.app.routes import ads, briefs, comparisons, posts, process
from adgen_pipeline.app.routes.shared import Parts, admission
from adgen_pipeline.artifacts import Store
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.generation.rejudging import Rejudging
from adgen_pipeline.recipe import LabelsRecipe

LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]", "testserver"]  # the last is Starlette's test client
DESCRIPTION = (
    "Campaign briefs in, checked Amharic ads for Telegram channels out. Every ad carries its evidence: the posts that "
    "it was modelled on, where the brief says each fact, the policy's verdict. Errors are problem+json and say what "
    "to change."
)


def create_app(
    load: Callable[[], Writer],
    *,
    store: Store,
    published: Callable[[], str] = lambda: "",
    load_beside: Callable[[str], Fit] = nothing_beside,
    precedence: Precedence | None = None,
    keyring: Keyring | None = None,
    limits: Limits | None = None,
    is_open: bool = True,
    minimum_score: float = LabelsRecipe().minimum_score,
) -> FastAPI:
    """The application.

    Args:
        load: gives the writer of what is published; called in the background.
        store: the data folder, in which ads are kept.
        published: names what is published; when it changes, `load` is called again.
        load_beside: loads another model by its version, for comparison (`beside.Beside`).
        precedence: of searches; the models that `load` and `load_beside` give should know it.
        keyring: the keys of clients; those of the data folder if not given.
        limits: how much clients may ask for.
        is_open: whether no key is asked for while there is none; only on loopback.
        minimum_score: of the recipe's labels, by which a brief's vertical is told.
    """
    limits = limits or Limits()
    keyring = keyring or Keyring.of(store)
    metrics = Metrics()
    beside = Beside(load_beside, limits=limits, metrics=metrics)
    archive = Archive.of(store)
    engine = Engine(
        beside.before(load),
        published=published,
        tend=Rejudging(archive, store.policy).follow,
        limits=limits,
        metrics=metrics,
    )
    admit = admission(keyring, Pace(limits.requests_per_minute), is_open=is_open)
    parts = Parts(
        store,
        engine,
        beside,
        archive,
        Tickets(archive),
        metrics,
        admit,
        precedence or Precedence(),
        minimum_score,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        engine.start()
        yield
        engine.stop()
        beside.forget()

    app = FastAPI(
        title="adgen_pipeline",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    answer_problems(app)
    ads.add(app, parts)
    briefs.add(app, parts)
    comparisons.add(app, parts)
    posts.add(app, parts)
    process.add(app, parts)
    app.add_middleware(BodyLimit, limits=limits, uploads=frozenset({briefs.PATH}))
    if is_open:
        app.add_middleware(LoopbackNames, keyring=keyring)
    app.add_middleware(Measured, metrics=metrics)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # the way that FastAPI documents
    return app


class LoopbackNames:
    """ASGI middleware: while no key is asked for, a web page that rebinds its name to this machine is refused."""

    def __init__(self, app: ASGIApp, *, keyring: Keyring) -> None:
        self._app = app
        self._guarded: ASGIApp = TrustedHostMiddleware(app, allowed_hosts=LOOPBACK_NAMES)
        self._keyring = keyring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, by way of the guard where there is no key."""
        app = self._app if self._keyring.has_keys else self._guarded
        await app(scope, receive, send)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document; problems are problem+json, which FastAPI does not know of."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = document["components"]["schemas"]
        for model in (Problem, BriefRequest):
            made = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(made.pop("$defs", {}))
            schemas[model.__name__] = made
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema
