"""`adgen run`: the whole graph, then the ads and where to look."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adgen_pipeline.app import terminal
from adgen_pipeline.errors import AdgenError, ArtifactError, ObjectStoreError

if TYPE_CHECKING:
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.settings import Settings


@click.command(
    epilog=terminal.example(
        "adgen run                                   # everything that is not up to date",
        "adgen run --recipe tiny --data /tmp/tiny    # the smallest recipe, elsewhere",
        "adgen run --select 'group:corpus'           # a part of the graph",
        "adgen run --select '+index/posts'           # an asset and all that it needs",
    )
)
@terminal.recipe_option
@click.option("--select", metavar="SEL", help="Dagster asset selection; everything if not given.")
@terminal.data_option
def run(recipe: str | None, select: str | None, data: Path | None) -> None:
    """Run the pipeline: exports in, ads and a report out.

    Only what changed since the last run is made; after Ctrl-C, or a kill, it goes on where it stopped. While another
    run works on the same data folder, this one says so and waits. With ADGEN_OBJECT_STORE, exports that were dropped
    there come first, and what was made is pushed at the end.
    """
    from adgen_pipeline.alerts import tell
    from adgen_pipeline.app.room import require_room
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.definitions import materialise
    from adgen_pipeline.recipe import load_recipe
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    loaded = load_recipe(settings.recipe_path)
    require_room(loaded, settings.data)
    terminal.report(f"Recipe {loaded.name} ({loaded.digest()}): {loaded.description}")
    terminal.report(f"Data in {settings.data}")
    started = time.monotonic()
    if settings.object_store is not None:
        fetch_incoming(settings)
    try:
        with terminal.stdout_for_results():
            steps = materialise(loaded, settings, select=select, report=terminal.report)
    except KeyboardInterrupt:
        terminal.report("Stopped. The next `adgen run` goes on from here.")
        raise click.exceptions.Exit(terminal.INTERRUPTED) from None
    except AdgenError as error:
        tell(
            settings,
            subject=f"adgen run of recipe {loaded.name} failed",
            reason=str(error),
            url=f"{settings.dagster_url}/runs",
            tracking_url=settings.mlflow_url,
        )
        raise
    seconds = time.monotonic() - started
    done = (
        f"{steps} steps in {seconds:.0f} s." if steps else f"Nothing changed: no work done ({seconds:.0f} s)."
    )
    terminal.report(done)
    if select is None:
        store = Store(settings.data)
        for line in (*best_ads(store), *where_to_look(store)):
            click.echo(line)
    if settings.object_store is not None:
        push_to_store(settings)


def fetch_incoming(settings: "Settings") -> None:
    """Bring exports from the object store; one that is away keeps nobody from working with what is here."""
    from adgen_pipeline.incoming import fetch
    from adgen_pipeline.object_store import ObjectStore

    try:
        fetch(settings.data, ObjectStore.of(settings), report=terminal.report)
    except ObjectStoreError as error:
        terminal.report(f"No exports were fetched: {error}")


def push_to_store(settings: "Settings") -> None:
    """Push what the run has made; a failure is the command's, though the run itself is done."""
    from adgen_pipeline.mirror import push
    from adgen_pipeline.object_store import ObjectStore

    with terminal.stdout_for_results():
        moved = push(settings.data, ObjectStore.of(settings), report=terminal.report)
    terminal.report(f"{settings.object_store}: {moved.files} files new, {moved.removed} gone.")


def best_ads(store: "Store") -> Iterator[str]:
    """The best ad of each brief, with the posts that it was modelled on."""
    from adgen_pipeline.app.shapes import AdShape, ad_lines
    from adgen_pipeline.schemas import GENERATED_ADS

    table = store.read_table(GENERATED_ADS)
    for row in (
        table.sort("brief_id", "rank")
        .unique("brief_id", keep="first", maintain_order=True)
        .iter_rows(named=True)
    ):
        channel = f" for channel {row['channel_id']}" if row["channel_id"] is not None else ""
        yield ""
        yield from ad_lines(AdShape.of(row), title=f"{row['brief_id']}{channel}")


def where_to_look(store: "Store") -> Iterator[str]:
    """Where the report and the user interfaces are."""
    from adgen_pipeline.schemas import GENERATED_ADS

    yield ""
    yield f"All ads:  {store.table_path(GENERATED_ADS)}"
    try:
        yield f"Report:   {store.artifact('evaluation', 'report').path / 'report.html'}"
    except ArtifactError as error:
        yield f"Report:   {error}"
    yield f"Look in:  ADGEN_DATA={store.root} adgen dev   (Dagster, MLflow, the API and the page)"
