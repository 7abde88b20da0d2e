"""`adgen join`: one of several hosts takes part in the training that the first one starts."""

import subprocess
import sys
import time
from pathlib import Path

import click

from adgen_pipeline.app import terminal
from adgen_pipeline.errors import SettingsError, TrainingError

LOOK_SECONDS = 1.0


@click.command(
    epilog=terminal.example(
        "adgen join                      # with ADGEN_HOSTS=2 and ADGEN_RENDEZVOUS=10.0.0.1:29500",
        "adgen join --job job.json       # a job that the first host repeats by hand",
    )
)
@click.option("--job", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="A job file.")
@click.option(
    "--wait",
    metavar="MINUTES",
    type=click.FloatRange(0),
    default=1440.0,
    show_default=True,
    help="For the first host to begin.",
)
@terminal.data_option
def join(job: Path | None, wait: float, data: Path | None) -> None:
    """Train together with other hosts.

    Run it on every host but the first, which runs `adgen run` (or Dagster): same ADGEN_HOSTS and ADGEN_RENDEZVOUS,
    same ADGEN_GPUS, and the data folder on storage that all of them see. Waits for the first host's job, takes part
    in it, and ends when it does.
    """
    from adgen_pipeline import process
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data)
    if settings.meeting is None:
        raise SettingsError(
            "There is no host to meet: set ADGEN_HOSTS to their number and ADGEN_RENDEZVOUS to host:port of the first."
        )
    if job is None:
        terminal.report(f"Waiting for a training job below {settings.data / 'jobs'}")
        job = _new_job(settings.data / "jobs", minutes=wait)
    command = process.command(
        "adgen_pipeline.training", job, processes=max(1, settings.gpus), meeting=settings.meeting
    )
    terminal.report(" ".join(command))
    child = subprocess.Popen(
        command, env=settings.child_environment(), stdout=sys.stderr, start_new_session=True
    )
    try:
        status = child.wait()
    except KeyboardInterrupt:
        process.stop_group(child)
        raise click.exceptions.Exit(terminal.INTERRUPTED) from None
    if status:
        raise TrainingError(
            f"{job}: the ranks of this host ended with status {status}. Their output says why."
        )


def _new_job(folder: Path, *, minutes: float) -> Path:
    """The first training job that is written from now on.

    Raises:
        TrainingError: none was in time.
    """
    before = _written(folder)
    deadline = time.monotonic() + 60 * minutes
    while time.monotonic() < deadline:
        if new := [path for path, when in _written(folder).items() if before.get(path) != when]:
            return new[0]
        time.sleep(LOOK_SECONDS)
    raise TrainingError(
        f"No training job was written below {folder} within {minutes:g} minutes. Start `adgen run` on the first host; "
        "is this folder the same there?"
    )


def _written(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in sorted(folder.glob("training-*/job.json"))}
