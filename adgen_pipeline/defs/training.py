"""A published checkpoint → resized base → adapter, trained in its own process → merged, verified, registered model."""

import json

import dagster as dg
import polars as pl

from adgen_pipeline import provenance
from adgen_pipeline.artifacts import Artifact, Store, link_files, table_digest, values_digest
from adgen_pipeline.defs.checks import artifact_check
from adgen_pipeline.defs.declare import artifact_asset
from adgen_pipeline.defs.jobs import launch, tracked_run
from adgen_pipeline.defs.metadata import artifact_result
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker

REGISTERED_NAME = "adgen-writer"


@artifact_asset(
    "training",
    "checkpoint",
    "The base model as its makers published it: configuration, safetensors weights, tokenizer.",
    version="1",
    kinds=("huggingface", "pytorch"),
)
def checkpoint(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[Artifact]:
    """Bring the recipe's base model to this machine."""
    from adgen_pipeline.training import base_models

    name, revision = recipe.training.base_model, recipe.training.base_revision
    folder = base_models.resolve(name, revision, store.root / "models" / "cache", report=context.log.info)
    artifact, info = store.make(
        "training", "checkpoint", [name, revision, "1"], lambda out: link_files(folder, out)
    )
    return artifact_result(artifact, facts={"base_model": name, "revision": revision, **info})


@artifact_asset(
    "training",
    "base",
    "The base model with the embedding rows of the adapted tokenizer, resized once, offline.",
    version="1",
    kinds=("pytorch",),
    ins={"checkpoint": "training/checkpoint", "tokenizer": "tokenizer/base"},
)
def base(
    checkpoint: Artifact, tokenizer: Artifact, store: dg.ResourceParam[Store]
) -> dg.MaterializeResult[Artifact]:
    """Keep the rows of kept pieces, add rows for new ones."""
    from adgen_pipeline.training.base import build_base

    artifact, info = store.make(
        "training",
        "base",
        [checkpoint.digest, tokenizer.digest, "1"],
        lambda out: build_base(checkpoint.path, tokenizer.path, out),
    )
    return artifact_result(artifact, facts=info)


@artifact_asset(
    "training",
    "shards",
    "Tokenised chat rows with the loss on the answer only, ready for the job.",
    version="1",
    kinds=("huggingface", "arrow"),
    ins={"conversations": "corpus/conversations", "tokenizer": "tokenizer/base"},
)
def shards(
    conversations: pl.DataFrame,
    tokenizer: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[Artifact]:
    """Tokenise outside the job: inside it, the other ranks would wait until they time out."""
    from adgen_pipeline.training.shards import build

    limit = recipe.training.maximum_tokens
    artifact, info = store.make(
        "training",
        "shards",
        [table_digest(conversations), tokenizer.digest, limit, "1"],
        lambda out: build(conversations, tokenizer.path, out, maximum_tokens=limit),
    )
    provenance.note(artifact, conversations)
    return artifact_result(artifact, facts=info)


@artifact_asset(
    "training",
    "adapter",
    "LoRA adapter, fine-tuned on briefs and slotted ads under DeepSpeed.",
    version="1",
    kinds=("pytorch", "huggingface", "mlflow"),
    ins={"base": "training/base", "shards": "training/shards"},
    is_heavy=True,
)
def adapter(
    context: dg.AssetExecutionContext,
    base: Artifact,
    shards: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
    pipes: dg.PipesSubprocessClient,
) -> dg.MaterializeResult[Artifact]:
    """Fine-tune in a process of its own; a restart with the same job resumes from its checkpoint."""
    from adgen_pipeline.training.job import TrainingJob, read_spread
    from adgen_pipeline.training.run import curve_figure

    version = values_digest(base.digest, shards.digest, recipe.training.digest(), "1")
    job_path = store.job_path("training", "adapter", version)
    job = TrainingJob(
        base=base.path,
        base_digest=base.digest,
        shards=shards.path,
        shards_digest=shards.digest,
        out=store.version_path("training", "adapter", version),
        recipe=recipe.training,
        spread=read_spread(settings.spread_dir, recipe.training.spread),
    )
    job.write(job_path)
    with tracked_run(context, tracker, recipe, settings) as run:
        command = launch(
            context, pipes, settings, run, module="adgen_pipeline.training", job=job_path, over_hosts=True
        )
        artifact = store.publish("training", "adapter", job.out)
        run.file(artifact.path, "adapter")
    provenance.hand_on(shards, artifact, splits=("train",))
    return artifact_result(
        artifact,
        figures={"loss": curve_figure(artifact.path)},
        links={"mlflow_run": run.url},
        facts={
            "command": " ".join(command),
            "job": str(job_path),
            **json.loads((artifact.path / "result.json").read_text(encoding="utf-8")),
        },
    )


@artifact_asset(
    "training",
    "model",
    "The fine-tuned model: adapter merged into the base, reloaded, compared with the live adapter, registered.",
    version="1",
    kinds=("pytorch", "huggingface", "mlflow"),
    ins={"base": "training/base", "adapter": "training/adapter", "conversations": "corpus/conversations"},
)
def model(
    context: dg.AssetExecutionContext,
    base: Artifact,
    adapter: Artifact,
    conversations: pl.DataFrame,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> dg.MaterializeResult[Artifact]:
    """Merge, verify, register."""
    from adgen_pipeline.training import merge

    with tracked_run(context, tracker, recipe, settings) as run:
        artifact, info = store.make(
            "training",
            "model",
            [base.digest, adapter.digest, "1"],
            lambda out: merge.merge(base.path, adapter.path, out, probe_texts=merge.probes(conversations)),
        )
        tags = {"digest": artifact.digest, "version": artifact.version, "base": base.digest}
        registered = run.register(REGISTERED_NAME, artifact.path, tags)
        run.tags({"data_version": artifact.digest[:32]})
    provenance.hand_on(adapter, artifact)
    return artifact_result(
        artifact, links={"mlflow_run": run.url}, facts={"registered_version": registered, **info}
    )


def _differences(artifact: Artifact) -> list[str]:
    from adgen_pipeline.training.merge import differences

    return differences(artifact.path)


merged_equals_live = artifact_check(
    ("training", "model"),
    "merged_equals_live",
    _differences,
    "The reloaded merged model gives the logits of base and adapter, within rounding.",
)
