"""The API as a process: where it may listen, what it loads, what it watches."""

import ipaddress
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from adgen_pipeline.app.api import create_app
from adgen_pipeline.app.beside_loading import load_beside
from adgen_pipeline.app.keys import Keyring
from adgen_pipeline.app.limits import Limits
from adgen_pipeline.app.precedence import Precedence
from adgen_pipeline.artifacts import Artifact, Store, values_digest
from adgen_pipeline.errors import SettingsError
from adgen_pipeline.evaluation.promotion import serving
from adgen_pipeline.evaluation.serving import load_serving
from adgen_pipeline.generation.policy import Policy
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.recipe import Recipe, load_recipe
from adgen_pipeline.settings import Settings


def require_key_beyond_loopback(host: str, keyring: Keyring) -> None:
    """Do nothing if the API may listen there.

    Raises:
        SettingsError: other machines could reach it and there is no key.
    """
    if not is_loopback(host) and not keyring.has_keys:
        raise SettingsError(
            f"{host} can be reached from other machines and there is no API key. "
            "Make one with `adgen keys add NAME`, or listen on 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def published(store: Store) -> str:
    """What is served: changes with the champion and its index, names, sizes and times of their files, and the rules.

    Raises:
        BriefError: a client's rules are broken.
    """
    rules = Policy.with_clients(store.policy).version
    return values_digest([rules, *(_look(artifact) for artifact in serving(store))])


def load_published(store: Store, recipe: Recipe, *, give_way: Callable[[], None] | None = None) -> AdWriter:
    """The writer of what serves, after its files were compared with their digests.

    Its model calls `give_way` between its steps.

    Raises:
        ArtifactError: something is missing, broken, or does not belong together.
    """
    return load_serving(store, recipe, give_way=give_way, is_verified=True)


def service(settings: Settings, *, host: str, limits: Limits) -> FastAPI:
    """The API that serves the champion, before the first promotion what the pointers name, and follows them.

    Raises:
        SettingsError: the address is not loopback and there is no API key.
    """
    store = Store(settings.data)
    keyring = Keyring.of(store, environment_key=settings.api_key)
    require_key_beyond_loopback(host, keyring)
    recipe = load_recipe(settings.recipe_path)
    precedence = Precedence()
    return create_app(
        lambda: load_published(store, recipe, give_way=precedence.give_way),
        store=store,
        published=lambda: published(store),
        load_beside=lambda version: load_beside(store, recipe, version, give_way=precedence.give_way),
        precedence=precedence,
        keyring=keyring,
        limits=limits,
        is_open=is_loopback(host),
        minimum_score=recipe.labels.minimum_score,
    )


def serve(settings: Settings, *, host: str, port: int, limits: Limits) -> None:
    """Listen until a signal.

    Raises:
        SettingsError: the address is not loopback and there is no API key.
    """
    listen(service(settings, host=host, limits=limits), host=host, port=port, limits=limits)


def listen(app: ASGIApp, *, host: str, port: int, limits: Limits) -> None:
    """Serve an ASGI app until a signal."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=10,
    )


def _look(artifact: Artifact) -> list[object]:
    files = sorted(path for path in artifact.path.rglob("*") if path.is_file())
    looked = [(str(f.relative_to(artifact.path)), (s := f.stat()).st_size, s.st_mtime_ns) for f in files]
    return [artifact.version, artifact.digest, looked]
