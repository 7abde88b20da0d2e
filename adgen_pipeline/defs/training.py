"""A published checkpoint → resized base → adapter, trained in its own process → merged, verified, registered model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

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
from adgen_pipeline.tracking import REGISTERED_NAME, Tracker
from adgen_pipeline.training_recipe import TrainingRecipe

if TYPE_CHECKING:
    from adgen_pipeline.training.job import TrainingJob

TRAINING = "adgen_pipeline.training"  # the module of the process


@artifact_asset(
    "training",
    "checkpoint",
    "The base model as its makers published it: configuration, safetensors weights, tokenizer.",
    version="1",
    kinds=("huggingface", "pytorch"),
    is_automatic=False,
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
    is_automatic=False,
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
    "pretraining_shards",
    "Tokenised posts for continued pre-training, and English by which forgetting is measured.",
    version="1",
    kinds=("huggingface", "arrow"),
    ins={"documents": "corpus/documents", "tokenizer": "tokenizer/base"},
    asked_by="training.pretraining",
    is_automatic=False,
)
def pretraining_shards(
    documents: pl.DataFrame,
    tokenizer: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[Artifact]:
    """Tokenise outside the job."""
    from adgen_pipeline.training import documents as rows

    asked = recipe.training.pretraining
    assert asked is not None
    artifact, info = store.make(
        "training",
        "pretraining_shards",
        [table_digest(documents), tokenizer.digest, asked.column, asked.row_tokens, "1"],
        lambda out: rows.build(
            documents, tokenizer.path, out, column=asked.column, row_tokens=asked.row_tokens
        ),
    )
    provenance.note(artifact, documents)
    return artifact_result(artifact, facts=info)


@artifact_asset(
    "training",
    "mixed_shards",
    "The rows for continued pre-training with those of the further corpora, English in the recipe's share.",
    version="1",
    kinds=("huggingface", "arrow"),
    ins={
        "shards": "training/pretraining_shards",
        "further": "corpus/further_documents",
        "tokenizer": "tokenizer/base",
    },
    asked_by="training.pretraining corpus.further",
    stands_for="training/pretraining_shards",
    is_automatic=False,
)
def mixed_shards(
    shards: Artifact,
    further: pl.DataFrame,
    tokenizer: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[Artifact]:
    """Add further texts to the posts."""
    from adgen_pipeline.training import documents as rows

    asked = recipe.training.pretraining
    assert asked is not None
    options = {
        **asked.model_dump(include={"column", "row_tokens", "english_share"}),
        "seed": recipe.training.seed,
    }
    artifact, info = store.make(
        "training",
        "mixed_shards",
        [shards.digest, table_digest(further), tokenizer.digest, values_digest(options), "1"],
        lambda out: rows.mix(shards.path, further, tokenizer.path, out, **options),
    )
    provenance.hand_on(shards, artifact)
    return artifact_result(artifact, facts=info)


@artifact_asset(
    "training",
    "pretraining_adapter",
    "What continued pre-training changed: an adapter, or the whole network.",
    version="1",
    kinds=("pytorch", "huggingface", "mlflow"),
    ins={"base": "training/base", "shards": "training/pretraining_shards"},
    asked_by="training.pretraining",
    is_heavy=True,
)
def pretraining_adapter(
    context: dg.AssetExecutionContext,
    base: Artifact,
    shards: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
    pipes: dg.PipesSubprocessClient,
) -> dg.MaterializeResult[Artifact]:
    """Pre-train in a process of its own: first the new pieces' rows, then all that the method trains."""
    section = recipe.training.for_pretraining()
    job_path, job = training_job("pretraining_adapter", base, shards, section, store, settings)
    with tracked_run(context, tracker, recipe, settings) as run:
        command = launch(context, pipes, settings, run, module=TRAINING, job=job_path, over_hosts=True)
        artifact = store.publish("training", "pretraining_adapter", job.out)
    provenance.hand_on(shards, artifact, splits=("train",))
    return trained(artifact, command, job_path, run.url)


@artifact_asset(
    "training",
    "pretrained",
    "The resized base after continued pre-training on posts and further corpora: a plain model, verified.",
    version="1",
    kinds=("pytorch", "huggingface"),
    ins={
        "base": "training/base",
        "adapter": "training/pretraining_adapter",
        "documents": "corpus/documents",
    },
    asked_by="training.pretraining",
    stands_for="training/base",
    is_automatic=False,
)
def pretrained(
    base: Artifact,
    adapter: Artifact,
    documents: pl.DataFrame,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[Artifact]:
    """Merge and verify."""
    from adgen_pipeline.training.documents import probes
    from adgen_pipeline.training.merge import merge

    asked = recipe.training.pretraining
    assert asked is not None
    artifact, info = store.make(
        "training",
        "pretrained",
        [base.digest, adapter.digest, "1"],
        lambda out: merge(base.path, adapter.path, out, probe_texts=probes(documents, asked.column)),
    )
    provenance.hand_on(adapter, artifact)
    return artifact_result(artifact, facts=info)


@artifact_asset(
    "training",
    "shards",
    "Tokenised chat rows with the loss on the answer only, ready for the job.",
    version="1",
    kinds=("huggingface", "arrow"),
    ins={"conversations": "corpus/conversations", "tokenizer": "tokenizer/base"},
    is_automatic=False,
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
    "LoRA adapter, or by recipe the whole network, fine-tuned on briefs and slotted ads under DeepSpeed.",
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
    job_path, job = training_job("adapter", base, shards, recipe.training.for_fine_tuning(), store, settings)
    with tracked_run(context, tracker, recipe, settings) as run:
        command = launch(context, pipes, settings, run, module=TRAINING, job=job_path, over_hosts=True)
        artifact = store.publish("training", "adapter", job.out)
        run.file(artifact.path, "adapter")
    provenance.hand_on(shards, artifact, splits=("train",))
    return trained(artifact, command, job_path, run.url)


@artifact_asset(
    "training",
    "model",
    "The fine-tuned model: adapter merged into the base, reloaded, compared with the live adapter, registered.",
    version="1",
    kinds=("pytorch", "huggingface", "mlflow"),
    ins={"base": "training/base", "adapter": "training/adapter", "conversations": "corpus/conversations"},
    is_automatic=False,
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


def training_job(
    name: str,
    base: Artifact,
    shards: Artifact,
    section: TrainingRecipe,
    store: Store,
    settings: Settings,
    *,
    start: Artifact | None = None,
) -> tuple[Path, "TrainingJob"]:
    """The job of a training process and its file, written.

    Args:
        start: what goes on learning; None: the base begins.
    """
    from adgen_pipeline.training.job import TrainingJob, read_spread

    begins = () if start is None else (start.digest,)
    version = values_digest(base.digest, shards.digest, section.digest(), "1", *begins)
    path, out = store.job_path("training", name, version), store.version_path("training", name, version)
    job = TrainingJob(
        base=base.path,
        base_digest=base.digest,
        shards=shards.path,
        shards_digest=shards.digest,
        out=out,
        recipe=section,
        spread=read_spread(settings.spread_dir, section.spread),
        start=None if start is None else start.path,
        start_digest=None if start is None else start.digest,
    )
    job.write(path)
    return path, job


def trained(
    artifact: Artifact,
    command: list[str],
    job_path: Path,
    mlflow_run: str | None,
    *,
    figures: Mapping[str, bytes] | None = None,
    facts: Mapping[str, object] | None = None,
) -> dg.MaterializeResult[Artifact]:
    """What a training process made, with its curve, its figures and the command that repeats it."""
    from adgen_pipeline.training.run import curve_figure
    from adgen_pipeline.training.samples import last

    result = json.loads((artifact.path / "result.json").read_text(encoding="utf-8"))
    return artifact_result(
        artifact,
        figures={"loss": curve_figure(artifact.path), **(figures or {})},
        links={"mlflow_run": mlflow_run},
        facts={
            "command": " ".join(command),
            "job": str(job_path),
            **result,
            "samples": last(artifact.path),
            **(facts or {}),
        },
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
pretrained_equals_live = artifact_check(
    ("training", "pretrained"),
    "merged_equals_live",
    _differences,
    "The reloaded pre-trained model gives the logits of what was trained, within rounding.",
)
