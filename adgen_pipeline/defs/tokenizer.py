"""The base model's tokenizer, adapted to the corpus and to slots."""

import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Artifact, Store, table_digest
from adgen_pipeline.defs.checks import schema_check
from adgen_pipeline.defs.declare import artifact_asset, table_asset
from adgen_pipeline.defs.metadata import artifact_result, table_result
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import FERTILITY


@artifact_asset(
    "tokenizer",
    "base",
    "The base model's tokenizer with slots, a chat template and, by recipe, only the pieces that are needed.",
    version="1",
    kinds=("huggingface",),
    ins={
        "checkpoint": "training/checkpoint",
        "documents": "corpus/documents",
        "conversations": "corpus/conversations",
    },
)
def base(
    checkpoint: Artifact,
    documents: pl.DataFrame,
    conversations: pl.DataFrame,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[Artifact]:
    """Adapt the tokenizer to the texts that the model will read and write."""
    from adgen_pipeline.tokenizer import trim

    texts = trim.training_texts(documents, conversations)
    inputs = [
        checkpoint.digest,
        table_digest(documents),
        table_digest(conversations),
        recipe.tokenizer.digest(),
        "1",
    ]
    artifact, info = store.make(
        "tokenizer",
        "base",
        inputs,
        lambda out: trim.prepare(checkpoint.path, texts, out, recipe=recipe.tokenizer),
    )
    return artifact_result(artifact, facts=info)


@table_asset(
    FERTILITY,
    version="1",
    ins={
        "checkpoint": "training/checkpoint",
        "tokenizer": "tokenizer/base",
        "documents": "corpus/documents",
    },
    kinds=("polars", "parquet", "huggingface"),
)
def fertility(
    checkpoint: Artifact, tokenizer: Artifact, documents: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """Measure tokens per word before and after, on held-out posts and on English."""
    from adgen_pipeline.tokenizer.fertility import measure, samples

    table = measure({"published": checkpoint.path, "adapted": tokenizer.path}, samples(documents))
    return table_result(FERTILITY, table)


fertility_schema = schema_check(FERTILITY)
