"""Candidate base models side by side, before one of them becomes training/checkpoint."""

import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.checks import schema_check, table_check
from adgen_pipeline.defs.declare import table_asset
from adgen_pipeline.defs.jobs import tracked_run
from adgen_pipeline.defs.metadata import table_result
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker
from adgen_pipeline.training_schemas import LANDSCAPE


@table_asset(
    LANDSCAPE,
    version="1",
    ins={"documents": "corpus/documents"},
    kinds=("pytorch", "huggingface", "mlflow"),
    also_reads=("training.landscape",),
    is_heavy=True,
    asked_by="training.landscape",
)
def landscape(
    context: dg.AssetExecutionContext,
    documents: pl.DataFrame,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> dg.MaterializeResult[pl.DataFrame]:
    """Measure the candidates that were not measured yet, each in a process of its own."""
    from adgen_pipeline.training.landscape import charts
    from adgen_pipeline.training.landscape.survey import survey

    with tracked_run(context, tracker, recipe, settings) as run:
        table, facts = survey(documents, recipe.training, store, gpus=settings.gpus, report=context.log.info)
        figures = charts.figures(table)
        run.metrics(charts.numbers(table))
        run.text(table.write_json(), "landscape.json")
        run.images(figures)
    return table_result(LANDSCAPE, table, figures=figures, facts=facts, links={"mlflow_run": run.url})


def _shortfalls(table: pl.DataFrame) -> list[str]:
    from adgen_pipeline.training.landscape.survey import shortfalls

    return shortfalls(table)


def _unmeasured(table: pl.DataFrame) -> list[str]:
    from adgen_pipeline.training.landscape.survey import problems

    return problems(table)


landscape_schema = schema_check(LANDSCAPE)
measured_candidates_are_whole = table_check(
    LANDSCAPE,
    "measured_candidates_are_whole",
    _shortfalls,
    "What was measured has bits per byte, speeds and answers; quantised weights are smaller; something was measured.",
    blocking=True,
)
every_candidate_was_measured = table_check(
    LANDSCAPE,
    "every_candidate_was_measured",
    _unmeasured,
    "Every candidate that the recipe names was at hand and could be measured.",
    blocking=False,
)
