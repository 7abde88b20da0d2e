"""LanceDB: posts of all channels and advertisers' documents."""

import logging
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import polars as pl

from adgen_pipeline import locks, retention
from adgen_pipeline.artifacts import Artifact, Store, folder_digest, table_digest
from adgen_pipeline.defs.checks import artifact_check, verdict
from adgen_pipeline.defs.declare import artifact_asset, source_spec
from adgen_pipeline.defs.jobs import tracked_run
from adgen_pipeline.defs.metadata import artifact_result
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.index_recipe import TRAINED
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import TEST_SPLITS
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker

advertiser_files = source_spec(
    "index", "advertiser_files", "Documents of advertisers, one folder each below advertisers/."
)

logger = logging.getLogger(__name__)

HELD_OUT = TEST_SPLITS  # no held-out post may shape an ad that is scored against it


@artifact_asset(
    "index",
    "posts",
    "Hybrid index of posts and of advertisers' documents: vectors, full text, filters.",
    version="3",
    kinds=("lancedb",),
    ins={
        "documents": "corpus/documents",
        "post_labels": "labels/post_labels",
        "ads": "corpus/ads",
        "encoder": "embedding/encoder",
    },
    deps=[("index", "advertiser_files"), ("embedding", "reranker")],
)
def posts(
    context: dg.AssetExecutionContext,
    documents: pl.DataFrame,
    post_labels: pl.DataFrame,
    ads: pl.DataFrame,
    encoder: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> dg.MaterializeResult[Artifact]:
    """Embed and index what is new or changed among posts and documents; held-out posts stay out."""
    from adgen_pipeline.embedding.encoder import Encoder
    from adgen_pipeline.index import versions
    from adgen_pipeline.index.building import build
    from adgen_pipeline.index.queries import brief_queries

    forgotten = Forgotten.read(store.root)
    reranker, named = _trained_reranker(store, recipe)
    queries = brief_queries(
        ads,
        splits=("validation",),
        maximum=recipe.index.weight_queries,
        seed=recipe.index.seed,
    )
    inputs = [
        table_digest(documents),
        table_digest(post_labels),
        encoder.digest,
        folder_digest(store.advertisers) + forgotten.advertisers_digest(),
        recipe.index.digest(),
        queries,
        "3",
        *named,
    ]
    with (
        tracked_run(context, tracker, recipe, settings) as run,
        locks.exclusive(store.index, report=logger.info),
    ):
        artifact, info = store.make(
            "index",
            "posts",
            inputs,
            lambda out: build(
                documents,
                post_labels,
                store.advertisers,
                Encoder(encoder.path),
                encoder.digest,
                out,
                recipe=recipe.index,
                held_out=HELD_OUT,
                forgotten=forgotten.advertisers,
                queries=queries,
                previous=versions.current(store),
                reranker=reranker,
            ),
            folder=store.index,
        )
        versions.retire(store, kept=recipe.index.kept_versions, protected=retention.named(store))
        run.metrics(_numbers(info))
    return artifact_result(artifact, data_version=artifact.version, links={"mlflow_run": run.url}, facts=info)


def _trained_reranker(store: Store, recipe: Recipe) -> tuple[Path | None, list[str]]:
    """Folder of `embedding/reranker` if the index is to read hits with it, and what the re-ranker is, for digests."""
    from adgen_pipeline.index.reranking import identity

    wanted = recipe.index.reranker
    path = store.artifact("embedding", "reranker").path if wanted and wanted.model == TRAINED else None
    return path, identity(wanted, path)


def _numbers(info: Mapping[str, object]) -> dict[str, float]:
    """Counts and learned weights of a build, for MLflow."""
    weights = info["weights"]
    assert isinstance(weights, dict)
    facts = {**info, **{f"weight_{part}": value for part, value in weights.items()}}
    return {name: float(value) for name, value in facts.items() if isinstance(value, int | float)}


def _index_problems(artifact: Artifact) -> list[str]:
    from adgen_pipeline.index.store import problems

    return problems(artifact.path)


index_is_sound = artifact_check(
    ("index", "posts"),
    "index_is_sound",
    _index_problems,
    "Keys are unique, no held-out post is in it, and every row has a vector.",
)


def _recall_problems(artifact: Artifact) -> list[str]:
    from adgen_pipeline.index.checks import recall_problems

    return recall_problems(artifact.path)


near_posts_are_found = artifact_check(
    ("index", "posts"),
    "near_posts_are_found",
    _recall_problems,
    "Approximate search finds what exact search finds.",
)


@dg.asset_check(
    asset=["index", "posts"], blocking=True, description="The encoder in use made the vectors of the index."
)
def encoder_made_the_vectors(store: dg.ResourceParam[Store]) -> dg.AssetCheckResult:
    """Compare the digests of encoder and index."""
    from adgen_pipeline.index.checks import encoder_problems

    index, encoder = store.artifact("index", "posts"), store.artifact("embedding", "encoder")
    return verdict(encoder_problems(index.path, encoder.digest), blocking=True)
