"""The Amharic sentence encoder, and a re-ranker where the recipe asks for one."""

import json
from pathlib import Path

import dagster as dg
import polars as pl

from adgen_pipeline import provenance
from adgen_pipeline.artifacts import Artifact, Store, file_digest, table_digest, values_digest
from adgen_pipeline.defs.declare import artifact_asset
from adgen_pipeline.defs.jobs import launch, tracked_run
from adgen_pipeline.defs.metadata import artifact_result
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import ADS, DOCUMENTS
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker


@artifact_asset(
    "embedding",
    "encoder",
    "Sentence encoder that puts Amharic texts of like meaning side by side.",
    version="2",
    kinds=("pytorch", "huggingface"),
    ins={"documents": "corpus/documents", "ads": "corpus/ads"},
    is_heavy=True,
)
def encoder(
    context: dg.AssetExecutionContext,
    documents: pl.DataFrame,
    ads: pl.DataFrame,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
    pipes: dg.PipesSubprocessClient,
) -> dg.MaterializeResult[Artifact]:
    """Train the encoder in its own process, or take a ready one."""
    from adgen_pipeline.embedding.job import EncoderJob

    parallel = tuple(store.corpora / name for name in recipe.embedding.parallel)
    read = sorted(path for name in parallel for path in name.parent.glob(f"{name.stem}.*"))
    inputs = (
        table_digest(documents),
        table_digest(ads),
        recipe.embedding.digest(),
        [file_digest(path) for path in read],
        "2",
    )
    version = values_digest(*inputs)
    job_path = store.job_path("embedding", "encoder", version)
    job = EncoderJob(
        documents=store.table_path(DOCUMENTS),
        ads=store.table_path(ADS),
        parallel=parallel,
        recipe=recipe.embedding,
        out=store.version_path("embedding", "encoder", version),
    )
    job.write(job_path)
    with tracked_run(context, tracker, recipe, settings) as run:
        command = launch(context, pipes, settings, run, module="adgen_pipeline.embedding", job=job_path)
    artifact = store.publish("embedding", "encoder", job.out)
    return _trained(artifact, documents, job_path, command, run.url)


@artifact_asset(
    "embedding",
    "reranker",
    "Cross-encoder that reads a query beside a post and says how well they fit, trained on the encoder's pairs.",
    version="1",
    kinds=("pytorch", "huggingface"),
    ins={"documents": "corpus/documents", "ads": "corpus/ads", "encoder": "embedding/encoder"},
    is_heavy=True,
    also_reads=("embedding.reranker",),
    asked_by="embedding.reranker",
)
def reranker(
    context: dg.AssetExecutionContext,
    documents: pl.DataFrame,
    ads: pl.DataFrame,
    encoder: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
    pipes: dg.PipesSubprocessClient,
) -> dg.MaterializeResult[Artifact]:
    """Train the re-ranker in its own process."""
    from adgen_pipeline.embedding.job import RerankerJob

    version = values_digest(
        table_digest(documents),
        table_digest(ads),
        encoder.digest,
        recipe.embedding.digest(),
        recipe.embedding.digest("reranker"),
        "1",
    )
    job_path = store.job_path("embedding", "reranker", version)
    job = RerankerJob(
        documents=store.table_path(DOCUMENTS),
        ads=store.table_path(ADS),
        encoder=encoder.path,
        recipe=recipe.embedding,
        out=store.version_path("embedding", "reranker", version),
    )
    job.write(job_path)
    with tracked_run(context, tracker, recipe, settings) as run:
        command = launch(context, pipes, settings, run, module="adgen_pipeline.embedding", job=job_path)
    artifact = store.publish("embedding", "reranker", job.out)
    return _trained(artifact, documents, job_path, command, run.url)


def _trained(
    artifact: Artifact, documents: pl.DataFrame, job_path: Path, command: list[str], mlflow_run: str | None
) -> dg.MaterializeResult[Artifact]:
    """What the process made of the documents for training, with its curves and the command that repeats it."""
    from adgen_pipeline.embedding.curve import figures

    provenance.note(artifact, documents, splits=("train",))
    result = json.loads(job_path.with_name("result.json").read_text(encoding="utf-8"))
    curve = result.pop("curve", {})
    return artifact_result(
        artifact,
        figures=figures(curve),
        links={"mlflow_run": mlflow_run},
        facts={"command": " ".join(command), **result},
    )
