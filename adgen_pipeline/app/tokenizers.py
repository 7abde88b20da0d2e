"""Which tokenizers a person wants beside each other: as published, and as the last run adapted it."""

from collections.abc import Callable
from pathlib import Path

from adgen_pipeline.artifacts import Store
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.training.base_models import resolve


def published_and_adapted(store: Store, recipe: Recipe, *, report: Callable[[str], None]) -> dict[str, Path]:
    """Name → folder: `published`, the recipe's base model; `adapted`, what training uses, once there is one.

    Raises:
        ArtifactError: the base model cannot be found.
    """
    if store.pointer_path("training", "checkpoint").is_file():
        found = {"published": store.artifact("training", "checkpoint").path}
    else:
        training = recipe.training
        cache = store.root / "models" / "cache"
        found = {"published": resolve(training.base_model, training.base_revision, cache, report=report)}
    if store.pointer_path("tokenizer", "base").is_file():
        found["adapted"] = store.artifact("tokenizer", "base").path
    return found
