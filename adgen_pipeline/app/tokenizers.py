"""Which tokenizers a person wants beside each other: the base model's own, and the one that the pipeline made of it."""

from collections.abc import Callable
from pathlib import Path

from adgen_pipeline.artifacts import Store
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.training.base_models import resolve


def trained_and_base(store: Store, recipe: Recipe, *, report: Callable[[str], None]) -> dict[str, Path]:
    """Name → folder: `base` as published, and `trimmed` or `adapted` as training uses it, if there is one.

    Raises:
        ArtifactError: the base model cannot be found.
    """
    base = resolve(
        recipe.training.base_model,
        recipe.training.base_revision,
        store.root / "models" / "base",
        report=report,
    )
    found = {"base": base}
    if store.pointer_path("tokenizer", "base").is_file():
        found["trimmed" if recipe.tokenizer.trim else "adapted"] = store.artifact("tokenizer", "base").path
    return found
