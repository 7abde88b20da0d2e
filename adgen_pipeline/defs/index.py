"""LanceDB: posts of all channels and advertisers' documents."""

import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Artifact, Store, folder_digest, table_digest
from adgen_pipeline.defs.checks import artifact_check
from adgen_pipeline.defs.declare import artifact_asset, source_spec
from adgen_pipeline.defs.jobs import tracked_run
from adgen_pipeline.defs.metadata import artifact_result
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import TEST_SPLITS
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker

advertiser_files = source_spec(
    "index", "advertiser_files", "Documents of advertisers, one folder each below advertisers/."
)

HELD_OUT = TEST_SPLITS  # no held-out post may shape an ad that is scored against it


@artifact_asset(
    "index",
    "posts",
    "Hybrid index of posts and of advertisers' documents: vectors, full text, filters.",
    version="1",
    kinds=("lancedb",),
    ins={
        "documents": "corpus/documents",
        "post_labels": "labels/post_labels",
        "encoder": "embedding/encoder",
    },
    deps=[("index", "advertiser_files")],
)
def posts(
    context: dg.AssetExecutionContext,
    documents: pl.DataFrame,
    post_labels: pl.DataFrame,
    encoder: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> dg.MaterializeResult[Artifact]:
    """Embed and index posts and documents; held-out posts stay out."""
    from adgen_pipeline.embedding.encoder import Encoder
    from adgen_pipeline.index.store import build

    forgotten = Forgotten.read(store.root)
    inputs = [
        table_digest(documents),
        table_digest(post_labels),
        encoder.digest,
        folder_digest(store.advertisers) + forgotten.advertisers_digest(),
        recipe.index.digest(),
        "1",
    ]
    with tracked_run(context, tracker, recipe, settings) as run:
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
            ),
            folder=store.index,
        )
        run.metrics({name: float(value) for name, value in info.items() if isinstance(value, int | float)})
    return artifact_result(artifact, data_version=artifact.version, links={"mlflow_run": run.url}, facts=info)


def _index_problems(artifact: Artifact) -> list[str]:
    from adgen_pipeline.index.store import problems

    return problems(artifact.path)


index_is_sound = artifact_check(
    ("index", "posts"),
    "index_is_sound",
    _index_problems,
    "Keys are unique, no held-out post is in it, and every row has a vector.",
)
