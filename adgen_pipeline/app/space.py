"""A Space at work: fetches its published parts, lays them out as a data folder, and serves API and page on one port.

    python -m adgen_pipeline.app.space --port 7860

The API is at /v1, /health, /ready, /metrics and /openapi.json; all other paths are the page's. The page knows a key of
the API; others need the one that the Space's secret ADGEN_API_KEY holds, and without that secret nobody else has one.
"""

import argparse
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from adgen_pipeline.app import servers, terminal
from adgen_pipeline.app.limits import Limits
from adgen_pipeline.app.ports import LOOPBACK
from adgen_pipeline.app.service import listen, service
from adgen_pipeline.app.space_folder import PORT, POSTS, RECIPE, Part, read_parts
from adgen_pipeline.artifacts import Store, replacing
from adgen_pipeline.errors import AdgenError
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline.index_recipe import IndexRecipe
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.schemas import ADS, DOCUMENTS, POST_LABELS
from adgen_pipeline.settings import (
    PROJECT_ROOT,
    Settings,
    environment,
    quieten_libraries,
    switch_telemetry_off,
    use_plain_transfers,
)

API_PATHS = ("/v1", "/health", "/ready", "/metrics", "/openapi.json")
TABLES = (ADS, CHANNEL_PROFILES)
# Search needs a document, and a Space without anybody's posts has none.
DOCUMENT = "ይህ የናሙና ጽሑፍ ነው።"
EVERYWHERE = "0.0.0.0"  # noqa: S104  (the hub reaches a Space's container from outside; the API asks for a key)


class OnePort:
    """ASGI: the API's paths go to the API, everything else to the page."""

    def __init__(self, api: FastAPI, page: ASGIApp, lifespan: Callable[..., object]) -> None:
        """Take both; `lifespan` starts and stops them."""
        self._api = api
        self._page = page
        self._both = Starlette(lifespan=lifespan)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] == "lifespan":
            await self._both(scope, receive, send)
        elif scope["type"] == "http" and is_of_api(scope["path"]):
            await self._api(scope, receive, send)
        else:
            await self._page(scope, receive, send)


def is_of_api(path: str) -> bool:
    """Whether a path is the API's."""
    return any(path == own or path.startswith(f"{own}/") for own in API_PATHS)


def lay_out(
    folder: Path, store: Store, *, url: str, token: str | None, report: Callable[[str], None]
) -> None:
    """Make a data folder of the published parts that a Space's folder names; what is there is not fetched again.

    Raises:
        ArtifactError: what was fetched is not what was published.
        HubError: the hub refuses, is away, or this is no folder of a Space.
    """
    parts = read_parts(folder)
    for kind in ("model", "encoder"):
        place = store.version_path(parts[kind].stage, parts[kind].name, parts[kind].version)
        _install(parts[kind], store, _fetched(parts[kind], store, url=url, token=token, report=report), place)
    if "index" in parts:
        fetched = _fetched(parts["index"], store, url=url, token=token, report=report)
        _install(parts["index"], store, fetched / POSTS, store.index / parts["index"].version)
        for table in TABLES:
            path = store.table_path(table)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fetched / f"{table.name}.parquet", path)
        return
    for table in TABLES:
        store.write_table(table, table.empty())
    _without_posts(store, load_recipe(folder / RECIPE).index)


def one_port(settings: Settings, *, host: str, limits: Limits) -> OnePort:
    """API and page as one ASGI app."""
    from streamlit import config  # noqa: PLC0415  (takes a second)
    from streamlit.starlette import App  # noqa: PLC0415

    for name, value in servers.PAGE_OPTIONS.items():
        config.set_option(name, _option(value))
    api = service(settings, host=host, limits=limits)
    page = App(servers.PAGE_SCRIPT)
    page_lifespan = page.lifespan()

    @asynccontextmanager
    async def both(app: Starlette) -> AsyncIterator[None]:
        async with api.router.lifespan_context(api), page_lifespan(app):
            yield

    return OnePort(api, page, both)


def _fetched(part: Part, store: Store, *, url: str, token: str | None, report: Callable[[str], None]) -> Path:
    """A folder with a part's files, as they stand in its repository."""
    from huggingface_hub import snapshot_download  # noqa: PLC0415

    from adgen_pipeline.training.publish import refused  # noqa: PLC0415

    target = store.root / "hub" / f"{part.stage}-{part.name}-{part.version}"
    report(f"Fetching {part.repo} ({part.revision[:12]})")
    try:
        snapshot_download(
            part.repo,
            repo_type=part.repo_type,
            revision=part.revision,
            local_dir=target,
            allow_patterns=list(part.files),
            endpoint=url,
            token=token or False,
        )
    except Exception as error:  # the client lets through whatever its HTTP library raises
        raise refused(part.repo, error) from error
    return target


def _install(part: Part, store: Store, fetched: Path, place: Path) -> None:
    """Put a part's files where its artifact stands, compare them with the digest, point at it."""
    if not place.is_dir():
        with replacing(place) as temporary:
            temporary.mkdir()
            for name in part.files:
                inner = name.removeprefix(POSTS) if part.stage == "index" else name
                if (fetched / inner).is_file():
                    (temporary / inner).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(fetched / inner, temporary / inner)
    store.point(part.at(place.resolve()).verify())


def _without_posts(store: Store, recipe: IndexRecipe) -> None:
    """An index that holds one invented document of an invented advertiser."""
    from adgen_pipeline.embedding.encoder import Encoder  # noqa: PLC0415  (torch)
    from adgen_pipeline.index.building import build  # noqa: PLC0415

    encoder = store.artifact("embedding", "encoder")
    document = store.advertisers / "sample" / "about.md"
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(f"{DOCUMENT}\n", encoding="utf-8")
    store.make(
        "index",
        "posts",
        [encoder.digest, DOCUMENT, recipe.digest()],
        lambda out: build(
            DOCUMENTS.empty(),
            POST_LABELS.empty(),
            store.advertisers,
            Encoder(encoder.path),
            encoder.digest,
            out,
            recipe=recipe,
        ),
        folder=store.index,
    )


def _option(value: str) -> object:
    """A Streamlit option as its type."""
    return {"true": True, "false": False}.get(value, int(value) if value.isdigit() else value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Lay out, then serve until a signal. Returns the exit status."""
    switch_telemetry_off()
    use_plain_transfers()
    quieten_libraries()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default=EVERYWHERE)
    parser.add_argument("--port", type=int, default=PORT)
    asked = parser.parse_args(arguments)
    terminal.log_to_stderr(verbose=True)
    try:
        settings = Settings.from_environment(recipe=PROJECT_ROOT / RECIPE)
        settings = replace(
            settings,
            api_url=f"http://{LOOPBACK}:{asked.port}",
            api_key=settings.api_key or secrets.token_urlsafe(32),
        )
        lay_out(
            PROJECT_ROOT,
            Store(settings.data),
            url=settings.hub_url,
            token=settings.hub_token,
            report=terminal.report,
        )
        limits = Limits()
        with environment(ADGEN_API_URL=settings.api_url, ADGEN_API_KEY=str(settings.api_key)):  # for the page
            listen(
                one_port(settings, host=asked.host, limits=limits),
                host=asked.host,
                port=asked.port,
                limits=limits,
            )
    except AdgenError as error:
        terminal.report(f"adgen: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
