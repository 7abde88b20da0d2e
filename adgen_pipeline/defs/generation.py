"""Brief files → briefs as understood → ads with their evidence; what people did with ads → preferences."""

import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.defs.checks import schema_check, table_check, verdict
from adgen_pipeline.defs.declare import source_spec, table_asset
from adgen_pipeline.defs.jobs import tracked_run
from adgen_pipeline.defs.metadata import counts, table_result
from adgen_pipeline.feedback_schemas import COMPARISONS, FEEDBACK, PREFERENCES
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import BRIEFS, GENERATED_ADS
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker

brief_files = source_spec("generation", "brief_files", "Campaign briefs below briefs/.")
verdicts = source_spec("generation", "verdicts", "What people did with ads, as the API keeps it below ads/.")
policy_files = source_spec("generation", "policy_files", "Clients' own advertising rules below policy/.")


@table_asset(
    BRIEFS,
    version="8",
    deps=[("generation", "brief_files"), ("generation", "policy_files")],
    kinds=("polars", "parquet"),
)
def briefs(store: dg.ResourceParam[Store]) -> dg.MaterializeResult[pl.DataFrame]:
    """Read the briefs: what was understood, and what is missing."""
    from adgen_pipeline.generation.batch import read_briefs
    from adgen_pipeline.generation.policy import Policy

    table, problems = read_briefs(
        store.briefs,
        forgotten=Forgotten.read(store.root).advertisers,
        policy=Policy.with_clients(store.policy),
    )
    return table_result(BRIEFS, table, facts={"not_understood": problems})


@table_asset(
    GENERATED_ADS,
    version="13",
    ins={"briefs": "generation/briefs", "model": "training/model", "index": "index/posts"},
    deps=[("embedding", "encoder"), ("corpus", "channel_profiles"), ("generation", "policy_files")],
    kinds=("pytorch", "lancedb", "parquet"),
    also_reads=("corpus", "training"),
    is_heavy=True,
)
def ads(
    context: dg.AssetExecutionContext,
    briefs: pl.DataFrame,
    model: Artifact,
    index: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> dg.MaterializeResult[pl.DataFrame]:
    """Write, check and rank ads for the recipe's briefs and channels."""
    from adgen_pipeline.generation import batch
    from adgen_pipeline.generation.loading import load_writer

    with tracked_run(context, tracker, recipe, settings) as run:
        chosen = batch.targets(briefs, recipe.generation)
        writer = load_writer(store, recipe)
        table = batch.write_targets(writer, briefs, chosen, recipe=recipe.generation, report=context.log.info)
        by_model = int((table["written_by"] == "model").sum())
        run.metrics({"ads": table.height, "ads_by_model": by_model})
    return table_result(
        GENERATED_ADS,
        table,
        facts={"written_by_model": by_model, "model": model.version, "index": index.version},
        links={"mlflow_run": run.url},
    )


@table_asset(FEEDBACK, version="3", deps=[("generation", "verdicts")])
def feedback(store: dg.ResourceParam[Store]) -> dg.MaterializeResult[pl.DataFrame]:
    """Collect what people did with the ads that the API kept."""
    from adgen_pipeline.generation.archive import Archive
    from adgen_pipeline.generation.feedback import feedback_table

    table = feedback_table(Archive.of(store), forgotten=Forgotten.read(store.root))
    facts = {"verdicts": counts(table["verdict"]), "roles": counts(table["role"])}
    return table_result(FEEDBACK, table, facts=facts)


@table_asset(COMPARISONS, version="2", deps=[("generation", "verdicts")])
def comparisons(store: dg.ResourceParam[Store]) -> dg.MaterializeResult[pl.DataFrame]:
    """Collect the votes on two ads side by side."""
    from adgen_pipeline.generation.archive import Archive
    from adgen_pipeline.generation.comparisons import Comparisons

    table = Comparisons(Archive.of(store)).table(forgotten=Forgotten.read(store.root))
    facts = {"choices": counts(table["choice"]), "roles": counts(table["role"])}
    return table_result(COMPARISONS, table, facts=facts)


@table_asset(
    PREFERENCES,
    version="2",
    ins={"feedback": "generation/feedback", "comparisons": "generation/comparisons"},
    asked_by="generation.minimum_preferences | training.preferences",
)
def preferences(
    feedback: pl.DataFrame, comparisons: pl.DataFrame, recipe: dg.ResourceParam[Recipe]
) -> dg.MaterializeResult[pl.DataFrame]:
    """Pair ads of which people preferred one."""
    from adgen_pipeline.generation.feedback import preferences

    table = preferences(feedback, comparisons, minimum=recipe.generation.minimum_preferences)
    return table_result(PREFERENCES, table, facts={"kinds": counts(table["kind"])})


briefs_schema = schema_check(BRIEFS)
ads_schema = schema_check(GENERATED_ADS)
feedback_schema = schema_check(FEEDBACK)
comparisons_schema = schema_check(COMPARISONS)
preferences_schema = schema_check(PREFERENCES)


@dg.asset_check(
    asset=["generation", "briefs"],
    description="Every brief file was understood.",
    blocking=False,
)
def every_brief_was_understood(store: dg.ResourceParam[Store]) -> dg.AssetCheckResult:
    """Files of briefs/ that are not in the table, each with the reason."""
    from adgen_pipeline.generation.batch import read_briefs

    return verdict(read_briefs(store.briefs)[1], blocking=False)


def _invented(ads: pl.DataFrame) -> list[str]:
    from adgen_pipeline.generation.guard import invented_in_table

    return invented_in_table(ads)


no_ad_invents_a_fact = table_check(
    GENERATED_ADS,
    "no_ad_invents_a_fact",
    _invented,
    "Every number, price, contact and link of an ad comes from its brief.",
    blocking=True,
)


def _unjudged(feedback: pl.DataFrame) -> list[str]:
    from adgen_pipeline.generation.feedback import incomplete

    return incomplete(feedback)


every_verdict_says_what_it_needs = table_check(
    FEEDBACK,
    "every_verdict_says_what_it_needs",
    _unjudged,
    "An edit has its text, a rejection its reason, and every verdict is a known one.",
    blocking=True,
)


def _void(comparisons: pl.DataFrame) -> list[str]:
    from adgen_pipeline.generation.comparisons import unknown_choices

    return unknown_choices(comparisons)


every_vote_is_on_two_models = table_check(
    COMPARISONS,
    "every_vote_is_on_two_models",
    _void,
    "Every vote is a known one, on ads of two models.",
    blocking=True,
)
