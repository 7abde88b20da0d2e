"""The base model's tokenizer, adapted to the corpus and to slots."""

from pathlib import Path

import dagster as dg
import polars as pl

from adgen_pipeline import provenance
from adgen_pipeline.artifacts import Artifact, Store, table_digest
from adgen_pipeline.defs.automation import recent
from adgen_pipeline.defs.checks import artifact_check, schema_check, verdict
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
    is_automatic=False,
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
    provenance.note(artifact, documents)
    return artifact_result(artifact, facts=info)


@artifact_asset(
    "tokenizer",
    "extended",
    "The tokenizer with Amharic pieces learned from the corpus, for bases that cut Ethiopic words into letters.",
    version="2",
    kinds=("huggingface",),
    ins={"tokenizer": "tokenizer/base", "documents": "corpus/documents"},
    asked_by="tokenizer.extend_pieces",
    stands_for="tokenizer/base",
    is_automatic=False,
)
def extended(
    tokenizer: Artifact,
    documents: pl.DataFrame,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[Artifact]:
    """Learn pieces from the training split, and look on held-out posts whether they may be used."""
    from adgen_pipeline.tokenizer import extend, fertility

    pieces = recipe.tokenizer.extend_pieces

    def make(out: Path) -> dict[str, object]:
        made = extend.extend(tokenizer.path, extend.learning_texts(documents), out, pieces=pieces)
        return {**made, **extend.measure_gates(tokenizer.path, out, fertility.samples(documents)["posts"])}

    artifact, info = store.make(
        "tokenizer", "extended", [tokenizer.digest, table_digest(documents), pieces, "2"], make
    )
    provenance.note(artifact, documents, splits=("train",))
    return artifact_result(artifact, facts=info)


@table_asset(
    FERTILITY,
    version="3",
    ins={
        "checkpoint": "training/checkpoint",
        "tokenizer": "tokenizer/base",
        "documents": "corpus/documents",
    },
    kinds=("polars", "parquet", "huggingface"),
    is_automatic=False,
)
def fertility(
    checkpoint: Artifact, tokenizer: Artifact, documents: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """Measure tokens per word before and after, on held-out posts and on English."""
    from adgen_pipeline.tokenizer.fertility import measure, rates, samples

    table = measure({"published": checkpoint.path, "adapted": tokenizer.path}, samples(documents))
    return table_result(FERTILITY, table, facts=rates(table))


def _problems(artifact: Artifact) -> list[str]:
    from adgen_pipeline.tokenizer.extend import problems

    return problems(artifact.path)


def _shortfalls(artifact: Artifact) -> list[str]:
    from adgen_pipeline.tokenizer.extend import shortfalls

    return shortfalls(artifact.path)


@dg.asset_check(
    asset=["tokenizer", "fertility"],
    description="Words need no more than a tenth more tokens than in the last version.",
    blocking=False,
)
def fertility_holds(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Compare tokens a word with those of the last version."""
    from adgen_pipeline.tokenizer.fertility import risen

    made = recent(context.instance, dg.AssetKey(["tokenizer", "fertility"]), count=2)
    facts = [{name: value.value for name, value in event.metadata.items()} for event in made]
    return verdict(risen(facts[0], facts[-1]), blocking=False)


fertility_schema = schema_check(FERTILITY)
extension_gates = artifact_check(
    ("tokenizer", "extended"),
    "gates",
    _problems,
    "What is not Ethiopic is cut as before, all comes back from its pieces, and Ethiopic words need fewer.",
)
wanted_fertility = artifact_check(
    ("tokenizer", "extended"),
    "wanted_fertility",
    _shortfalls,
    "Held-out Ethiopic words need no more pieces than are wanted: 1.9, or 70 % of what a base with such pieces needs.",
    blocking=False,
)
