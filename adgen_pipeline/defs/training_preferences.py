"""By recipe, what people preferred → shards of pairs → the fine-tuned adapter or network, tuned on them."""

import dagster as dg
import polars as pl

from adgen_pipeline import provenance
from adgen_pipeline.artifacts import Artifact, Store, table_digest
from adgen_pipeline.defs.declare import artifact_asset
from adgen_pipeline.defs.jobs import launch, tracked_run
from adgen_pipeline.defs.metadata import artifact_result
from adgen_pipeline.defs.training import TRAINING, trained, training_job
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker


@artifact_asset(
    "training",
    "preference_shards",
    "Tokenised pairs of ads of which people preferred one, the briefs held out that tell whether tuning helped.",
    version="1",
    kinds=("huggingface", "arrow"),
    ins={"preferences": "generation/preferences", "tokenizer": "tokenizer/base"},
    asked_by="training.preferences",
    is_automatic=False,
)
def preference_shards(
    preferences: pl.DataFrame,
    tokenizer: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[Artifact]:
    """Tokenise outside the job."""
    from adgen_pipeline.training.preference_shards import build

    asked, limit, seed = recipe.training.preferences, recipe.training.maximum_tokens, recipe.training.seed
    assert asked is not None
    share = asked.held_out_share
    artifact, info = store.make(
        "training",
        "preference_shards",
        [table_digest(preferences), tokenizer.digest, limit, share, seed, "1"],
        lambda out: build(
            preferences, tokenizer.path, out, maximum_tokens=limit, held_out_share=share, seed=seed
        ),
    )
    # Pairs are of no message of their own, but for a channel, and of ads that were modelled on messages.
    provenance.note(artifact, preferences.with_columns(message_id=pl.lit(None, pl.Int64)))
    return artifact_result(artifact, facts=info)


@artifact_asset(
    "training",
    "preferred_adapter",
    "What was fine-tuned, tuned on the ads that people preferred; as it was where there are too few of them.",
    version="1",
    kinds=("pytorch", "huggingface", "mlflow"),
    ins={"base": "training/base", "adapter": "training/adapter", "shards": "training/preference_shards"},
    asked_by="training.preferences",
    stands_for="training/adapter",
    is_heavy=True,
)
def preferred_adapter(
    context: dg.AssetExecutionContext,
    base: Artifact,
    adapter: Artifact,
    shards: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
    pipes: dg.PipesSubprocessClient,
) -> dg.MaterializeResult[Artifact]:
    """Tune in a process of its own, which also decides whether there are enough pairs."""
    from adgen_pipeline.training.preference_shards import enough
    from adgen_pipeline.training.preferences import figures

    section = recipe.training.for_preferences()
    job_path, job = training_job("preferred_adapter", base, shards, section, store, settings, start=adapter)
    with tracked_run(context, tracker, recipe, settings) as run:
        command = launch(context, pipes, settings, run, module=TRAINING, job=job_path, over_hosts=True)
        artifact = store.publish("training", "preferred_adapter", job.out)
        run.file(artifact.path, "adapter")
    provenance.hand_on_all([adapter, shards], artifact)
    found = enough(shards.path, section)
    return trained(artifact, command, job_path, run.url, figures=figures(artifact.path), facts=found)
