"""Heavy jobs in their own process, and the MLflow run beside a materialization."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from adgen_pipeline import process
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import TrackedRun, Tracker


@contextmanager
def tracked_run(
    context: dg.AssetExecutionContext, tracker: Tracker, recipe: Recipe, settings: Settings
) -> Iterator[TrackedRun]:
    """An MLflow run that links to this Dagster run, with the parameters of the stage's recipe section."""
    stage = context.asset_key.path[0]
    tags = {
        "dagster_run_id": context.run.run_id,
        "dagster_run_url": f"{settings.dagster_url}/runs/{context.run.run_id}",
        "recipe": recipe.name,
        "recipe_digest": recipe.digest(),
        "stage": stage,
    }
    with tracker.run("/".join(context.asset_key.path), tags) as run:
        run.parameters(_flat(recipe.section(stage).model_dump(mode="json")))
        run.text(recipe.model_dump_json(indent=1), "recipe.json")
        yield run


def launch(
    context: dg.AssetExecutionContext,
    pipes: dg.PipesSubprocessClient,
    settings: Settings,
    run: TrackedRun,
    *,
    module: str,
    job: Path,
    over_hosts: bool = False,
) -> list[str]:
    """Run `module` on a job file under torchrun, one rank a GPU (one on the CPU), and wait for it.

    Args:
        module: with a `__main__`.
        job: the job file.
        over_hosts: together with the other hosts of the settings, which `adgen join`.

    Returns:
        The command, with which the job can be repeated by hand.
    """
    command = process.command(
        module, job, processes=max(1, settings.gpus), meeting=settings.meeting if over_hosts else None
    )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", dg.PreviewWarning
        )  # Pipes 1.13 uses a preview feature of its own reader
        pipes.run(
            context=context,
            command=command,
            env={**settings.child_environment(), **run.environment()},
        )
    return command


def _flat(values: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
