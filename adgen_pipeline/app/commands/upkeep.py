"""`adgen backup`, `adgen restore`, `adgen vacuum`: the data folder as one file, and room in it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adgen_pipeline.app import terminal

if TYPE_CHECKING:
    from adgen_pipeline.backup import Backup

file_type = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog=terminal.example("adgen backup /mnt/backups/adgen-monday.tar"))
@click.argument("file", metavar="FILE", type=file_type)
@terminal.data_option
@terminal.json_option
def backup(file: Path, data: Path | None, as_json: bool) -> None:
    """Write the data folder and both databases into one file.

    Everything in the folder, exports and contacts included: the file is as private as they are. Dagster's history and
    MLflow's store go with it, from SQLite or by pg_dump from PostgreSQL. Servers may stay up; a run waits meanwhile.
    """
    from adgen_pipeline.backup import backup as write
    from adgen_pipeline.settings import Settings

    with terminal.stdout_for_results():
        made = write(Settings.from_environment(data=data), file, report=terminal.report)
    _tell(made, f"{file}", as_json)


@click.command(epilog=terminal.example("adgen restore /mnt/backups/adgen-monday.tar --data data-of-monday"))
@click.argument("file", metavar="FILE", type=file_type)
@terminal.data_option
@terminal.json_option
def restore(file: Path, data: Path | None, as_json: bool) -> None:
    """Make the data folder and the databases of a backup.

    The folder must be empty or new. Every file is compared with its digest first. PostgreSQL databases in the backup
    go into those that ADGEN_POSTGRES_URL and MLFLOW_TRACKING_URI name, in the place of what they hold.
    """
    from adgen_pipeline.backup import restore as read
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data)
    with terminal.stdout_for_results():
        made = read(settings, file, report=terminal.report)
    _tell(made, f"{settings.data}", as_json)


@click.command(
    epilog=terminal.example(
        "adgen vacuum --dry-run                  # what would go",
        "adgen vacuum --keep 2 --days 14",
    )
)
@click.option(
    "--keep",
    metavar="N",
    type=click.IntRange(1),
    help="Newest versions that stay; ADGEN_KEEP_VERSIONS, or 3.",
)
@click.option(
    "--days", metavar="N", type=click.IntRange(0), help="What is younger stays; ADGEN_KEEP_DAYS, or 30."
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@terminal.data_option
@terminal.json_option
def vacuum(keep: int | None, days: int | None, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Remove old versions of artifacts, indexes and reports, and old runs of MLflow.

    Never what a pointer names, nor the champion and the one before it, nor the encoder of an index that stays; of the
    rest the newest N of each, and all that is younger than so many days, stay. Removed versions can be made again
    from the same exports and recipe.
    """
    from datetime import UTC, datetime, timedelta

    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.data_format import require_current
    from adgen_pipeline.locks import exclusive
    from adgen_pipeline.retention import Rule, kept_models, old_versions, remove
    from adgen_pipeline.settings import Settings, use_state_folder
    from adgen_pipeline.tracking import REGISTERED_NAME, Tracker

    settings = Settings.from_environment(data=data)
    use_state_folder(settings)
    store, now = Store(settings.data), datetime.now(UTC)
    rule = Rule(
        settings.keep_versions if keep is None else keep, settings.keep_days if days is None else days
    )
    with terminal.stdout_for_results(), exclusive(settings.data, report=terminal.report):
        require_current(settings.data, report=terminal.report)
        going = old_versions(store, rule, now=now)
        tracker = Tracker(settings.tracking_uri, settings.mlflow_url, settings.artifact_root)
        runs, registered = tracker.forget_old(
            REGISTERED_NAME,
            kept_models(store, going),
            before=now - timedelta(days=rule.days),
            dry_run=dry_run,
        )
        for old in going if not dry_run else ():
            remove(old)
    size = sum(old.bytes_count for old in going)
    if as_json:
        versions = [{"artifact": old.key, "version": old.version, "bytes": old.bytes_count} for old in going]
        terminal.emit_json(
            {
                "versions": versions,
                "bytes": size,
                "runs": runs,
                "registered": registered,
                "removed": not dry_run,
            }
        )
        return
    for old in going:
        click.echo(f"{old.key} {old.version}  {old.bytes_count / 1e6:.1f} MB")
    what = "Would go" if dry_run else "Gone"
    click.echo(
        f"{what}: {len(going)} versions ({size / 1e6:.1f} MB), {runs} runs and {registered} models of MLflow."
    )


def _tell(made: "Backup", where: str, as_json: bool) -> None:
    if as_json:
        terminal.emit_json(
            {
                "path": where,
                "files": made.files,
                "bytes": made.bytes_count,
                "databases": list(made.dumps),
                "left_out": list(made.left_out),
            }
        )
        return
    dumps = f", databases of {', '.join(made.dumps)}" if made.dumps else ""
    click.echo(f"{where}: {made.files} files, {made.bytes_count / 1e6:.1f} MB{dumps}.")
    for line in made.left_out:
        click.echo(f"Not in it: {line}.")
