"""`adgen store`: the data folder and its copy in an object store."""

from collections.abc import Sequence
from pathlib import Path

import click

from adgen_pipeline.app import terminal

PARTS = ("inputs", "tables", "models", "index", "reports", "ads")
SHOWN = 10


@click.group()
def store() -> None:
    """Keep a copy of the data folder in an object store.

    ADGEN_OBJECT_STORE names it: s3://BUCKET/PREFIX of S3 or of anything that speaks it (AWS_ENDPOINT_URL), or
    file:///FOLDER. Keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Databases of Dagster and MLflow are not in it:
    `adgen backup` has them.
    """


@store.command(
    epilog=terminal.example(
        "adgen store push             # to s3://… of ADGEN_OBJECT_STORE: what changed, and nothing else",
        "adgen store push --remove    # exports that were deleted here go there too",
    )
)
@click.option(
    "--replace", is_flag=True, help="This folder's state also of what another machine pushed otherwise."
)
@click.option("--remove", is_flag=True, help="Take out exports and other people's files that are gone here.")
@click.option("--verify", is_flag=True, help="Read what is there, and upload what is damaged again.")
@terminal.data_option
@terminal.json_option
def push(replace: bool, remove: bool, verify: bool, data: Path | None, as_json: bool) -> None:
    """Upload what changed here.

    Content first, the manifest that names it last: a push that is killed leaves the former state whole, and the next
    one goes on. What the pipeline removed (an erasure, `adgen vacuum`) is removed there, too; people's files only
    with --remove. Where another machine pushed a change of the same file, nothing is pushed.
    """
    from adgen_pipeline.mirror import push as send
    from adgen_pipeline.object_store import ObjectStore
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data)
    with terminal.stdout_for_results():
        moved = send(
            settings.data, ObjectStore.of(settings), report=terminal.report,
            replace=replace, remove=remove, verify=verify,
        )  # fmt: skip
    if as_json:
        terminal.emit_json({**vars(moved), "store": settings.object_store})
        return
    if moved.kept:
        click.echo(
            f"Gone here and kept there: {_some(moved.kept)}. `adgen store push --remove` removes them."
        )
    if moved.files or moved.removed:
        click.echo(
            f"{settings.object_store}: {moved.files} files ({moved.bytes_count / 1e6:.1f} MB) are new, "
            f"{moved.removed} are gone."
        )
    else:
        click.echo(f"{settings.object_store}: nothing to do.")


@store.command(
    epilog=terminal.example(
        "adgen store pull --data data                        # a data folder on a new machine",
        "adgen store pull --only index --only models         # what search needs",
    )
)
@click.option(
    "--only", "parts", type=click.Choice(PARTS), multiple=True, help="A part; several by several --only."
)
@click.option("--replace", is_flag=True, help="The store's state also of what changed, or is gone, here.")
@terminal.data_option
@terminal.json_option
def pull(parts: tuple[str, ...], replace: bool, data: Path | None, as_json: bool) -> None:
    """Download what changed there, or a whole data folder.

    Everything is compared with its digest before the first file appears; a pull that is killed goes on where it was.
    What changed here alone stays; where both changed the same, nothing is changed and the names are printed.
    """
    from adgen_pipeline.mirror import pull as bring
    from adgen_pipeline.object_store import ObjectStore
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data)
    with terminal.stdout_for_results():
        moved = bring(
            settings.data, ObjectStore.of(settings), report=terminal.report,
            parts=parts or PARTS, replace=replace,
        )  # fmt: skip
    if as_json:
        terminal.emit_json({**vars(moved), "data": str(settings.data)})
    elif moved.files or moved.removed:
        click.echo(
            f"{settings.data}: {moved.files} files ({moved.bytes_count / 1e6:.1f} MB) have come, "
            f"{moved.removed} are gone."
        )
    else:
        click.echo(f"{settings.data}: nothing to do.")


@store.command(epilog=terminal.example("adgen store status"))
@terminal.data_option
@terminal.json_option
def status(data: Path | None, as_json: bool) -> None:
    """Say what differs between the folder and the store, and which exports wait there; changes nothing."""
    from adgen_pipeline.incoming import waiting
    from adgen_pipeline.mirror import difference
    from adgen_pipeline.object_store import ObjectStore
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data)
    there = ObjectStore.of(settings)
    with terminal.stdout_for_results():
        found, manifest = difference(settings.data, there)
        exports = sorted(waiting(settings.data, there))
    if as_json:
        terminal.emit_json(
            {
                "store": there.url,
                "files": 0 if manifest is None else len(manifest.files),
                "changed_here": list(found.here),
                "changed_there": list(found.there),
                "changed_on_both": list(found.both),
                "waiting_exports": exports,
            }
        )
        return
    size = 0 if manifest is None else sum(content.size for content in manifest.files.values())
    count = 0 if manifest is None else len(manifest.files)
    click.echo(f"{there.url}: {count} files, {size / 1e6:.1f} MB.")
    for names, meaning in (
        (found.here, "Changed here, for `adgen store push`"),
        (found.there, "Changed there, for `adgen store pull`"),
        (found.both, "Changed on both sides; --replace of either decides"),
        (exports, "Exports below raw/ there, for `adgen store fetch`"),
    ):
        if names:
            click.echo(f"{meaning}: {_some(names)}")
    if not (found.here or found.there or found.both or exports):
        click.echo("Nothing differs.")


@store.command(epilog=terminal.example("adgen store fetch"))
@terminal.data_option
@terminal.json_option
def fetch(data: Path | None, as_json: bool) -> None:
    """Bring exports that were dropped into the store below raw/ into raw/ here.

    `adgen run` and the sensor `incoming_exports` do the same. Objects there are never changed or deleted, and a file
    that was changed here is left.
    """
    from adgen_pipeline.incoming import fetch as bring
    from adgen_pipeline.object_store import ObjectStore
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data)
    with terminal.stdout_for_results():
        brought = bring(settings.data, ObjectStore.of(settings), report=terminal.report)
    if as_json:
        terminal.emit_json({"files": list(brought.files), "left": list(brought.left)})
    else:
        click.echo(f"{len(brought.files)} exports have come, {len(brought.left)} were left.")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
