"""The API as a process: where it may listen, what it loads."""

import ipaddress

import uvicorn

from adgen_pipeline.app.api import create_app
from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import SettingsError
from adgen_pipeline.generation.loading import load_writer
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.settings import Settings


def require_key_beyond_loopback(host: str, api_key: str | None) -> None:
    """Do nothing if the API may listen there.

    Raises:
        SettingsError: other machines could reach it and no key is set.
    """
    if api_key is None and not _is_loopback(host):
        raise SettingsError(
            f"{host} can be reached from other machines and no API key is set. "
            "Set ADGEN_API_KEY, or listen on 127.0.0.1."
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Listen until a signal; loads the writer that the pointers below the data folder name.

    Raises:
        SettingsError: the address is not loopback and there is no API key.
    """
    require_key_beyond_loopback(host, settings.api_key)
    recipe = load_recipe(settings.recipe_path)
    store = Store(settings.data)
    app = create_app(lambda: load_writer(store, recipe), api_key=settings.api_key)
    uvicorn.run(
        app, host=host, port=port, log_level="warning", server_header=False, timeout_graceful_shutdown=10
    )
