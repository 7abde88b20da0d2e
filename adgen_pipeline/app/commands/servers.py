"""`adgen serve`, `adgen page`, `adgen dev`: what listens on a port."""

from pathlib import Path

import click

from adgen_pipeline.app import terminal

port_type = click.IntRange(1, 65535)


@click.command(epilog=terminal.example("adgen serve --port 8008"))
@click.option(
    "--host",
    metavar="HOST",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; others than this machine's need a key (adgen keys add).",
)
@click.option(
    "--port", type=port_type, metavar="PORT", default=8008, show_default=True, help="Port to listen on."
)
@click.option(
    "--rate",
    type=click.IntRange(1),
    metavar="N",
    default=600,
    show_default=True,
    help="Requests a minute of one key (or address); a quarter of them at once.",
)
@click.option(
    "--queue",
    "waiting",
    type=click.IntRange(1, 64),
    metavar="N",
    default=8,
    show_default=True,
    help="Requests that may wait for the model; others are told when to come back.",
)
@terminal.recipe_option
@terminal.data_option
def serve(host: str, port: int, rate: int, waiting: int, recipe: str | None, data: Path | None) -> None:
    """Serve the HTTP API.

    POST /v1/ads writes, POST /v1/briefs understands, GET /v1/search finds; all of it is described at /openapi.json.
    The model is loaded in the background; GET /ready says when it is there, and a newer one is picked up while
    requests go on. Ads are kept below the data folder with their evidence.
    """
    from adgen_pipeline.app.limits import Limits
    from adgen_pipeline.app.ports import require_free
    from adgen_pipeline.app.service import serve as listen
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    require_free({"--port": port}, host=host)
    terminal.log_to_stderr(verbose=True)
    listen(settings, host=host, port=port, limits=Limits(requests_per_minute=rate, waiting=waiting))


@click.command(epilog=terminal.example("adgen page --port 8501"))
@click.option(
    "--port", type=port_type, metavar="PORT", default=8501, show_default=True, help="Port to listen on."
)
@click.option(
    "--api", metavar="URL", help="Where the API is; ADGEN_API_URL, or port 8008 here, if not given."
)
def page(port: int, api: str | None) -> None:
    """Serve the campaign manager's page."""
    from dataclasses import replace

    from adgen_pipeline.app import servers
    from adgen_pipeline.app.ports import require_free
    from adgen_pipeline.settings import Settings

    require_free({"--port": port})
    settings = Settings.from_environment()
    settings = replace(settings, api_url=api or settings.api_url)
    servers.run([servers.page_server(settings, port=port)], settings=settings, report=terminal.report)


@click.command(
    epilog=terminal.example(
        "adgen dev", "adgen dev --dagster-port 3100 --mlflow-port 5100   # if those are taken"
    )
)
@click.option(
    "--dagster-port", type=port_type, metavar="PORT", default=3000, show_default=True, help="Dagster's UI."
)
@click.option(
    "--mlflow-port", type=port_type, metavar="PORT", default=5000, show_default=True, help="MLflow's UI."
)
@click.option("--api-port", type=port_type, metavar="PORT", default=8008, show_default=True, help="The API.")
@click.option(
    "--page-port", type=port_type, metavar="PORT", default=8501, show_default=True, help="The page."
)
@terminal.recipe_option
@terminal.data_option
def dev(
    dagster_port: int, mlflow_port: int, api_port: int, page_port: int, recipe: str | None, data: Path | None
) -> None:
    """Start Dagster, MLflow, the API and the page.

    Ctrl-C stops them all. They listen on this machine only. Their logs are in the data folder's state/logs.
    """
    from adgen_pipeline.app import servers
    from adgen_pipeline.app.ports import require_free
    from adgen_pipeline.recipe import load_recipe
    from adgen_pipeline.settings import Settings, use_state_folder

    settings = servers.with_addresses(
        servers.with_key(Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)),
        dagster_port=dagster_port,
        mlflow_port=mlflow_port,
        api_port=api_port,
        page_port=page_port,
    )
    load_recipe(settings.recipe_path)
    ports = {
        "--dagster-port": dagster_port,
        "--mlflow-port": mlflow_port,
        "--api-port": api_port,
        "--page-port": page_port,
    }
    require_free(ports)
    use_state_folder(settings)
    servers.run(
        [
            servers.dagster_server(port=dagster_port),
            *servers.mlflow_servers(settings, port=mlflow_port),
            servers.api_server(settings, port=api_port),
            servers.page_server(settings, port=page_port),
        ],
        settings=settings,
        report=terminal.report,
    )
