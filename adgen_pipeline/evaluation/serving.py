"""The writer that answers people: the champion's model, encoder and index, or a model behind an address."""

from collections.abc import Callable

from adgen_pipeline.artifacts import Store
from adgen_pipeline.evaluation.promotion import serving, serving_index
from adgen_pipeline.generation.loading import load_writer
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.recipe import Recipe


def load_serving(
    store: Store, recipe: Recipe, *, give_way: Callable[[], None] | None = None, is_verified: bool = False
) -> AdWriter:
    """The writer of what serves (`promotion.serving`).

    Args:
        store: the data folder.
        recipe: sections generation, corpus and training are used.
        give_way: called by a model of the pipeline between its steps.
        is_verified: compare all files with their digests first, a trained model's that does not write included.

    Raises:
        ArtifactError: something is missing, broken, or does not belong together.
        SettingsError: the endpoint's key is not in the environment.
    """
    is_own = recipe.generation.endpoint is None
    parts = serving(store) if is_own or is_verified else serving_index(store)
    for artifact in parts if is_verified else ():
        artifact.verify()
    *model, encoder, index = parts
    return load_writer(
        store, recipe, model=model[0] if is_own else None, encoder=encoder, index=index, give_way=give_way
    )
