"""Putting a writer together from a data folder: the artifacts that its pointers name, or a model behind an address."""

from collections.abc import Callable

import polars as pl

from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.endpoint import Endpoint
from adgen_pipeline.endpoint_recipe import EndpointRecipe
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline.generation.endpoint import EndpointModel
from adgen_pipeline.generation.language_model import TEMPLATE, LanguageModel, NoModel
from adgen_pipeline.generation.leads import learned
from adgen_pipeline.generation.models import TextModel
from adgen_pipeline.generation.policy import Policy
from adgen_pipeline.generation.wording import known_stems
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.index.search import PostIndex
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import ADS, TEST_SPLITS
from adgen_pipeline.settings import key_of

_SPARE_TOKENS = 130  # of a training row that an answer takes; the rest may be prompt


def load_writer(
    store: Store,
    recipe: Recipe,
    *,
    model: Artifact | None = None,
    encoder: Artifact | None = None,
    index: Artifact | None = None,
    give_way: Callable[[], None] | None = None,
) -> AdWriter:
    """The writer with the model, encoder and index that the data folder's pointers name.

    Args:
        store: the data folder.
        recipe: sections generation, corpus and training are used.
        model: another model than `training/model`, or than the one behind `generation.endpoint`.
        encoder, index: others than those that the pointers name.
        give_way: called by a model of the pipeline between its steps (`models.TextModel`).

    Raises:
        ArtifactError: one of them was not made yet, or they do not belong together.
        SettingsError: the endpoint's key is not in the environment.
    """
    behind = recipe.generation.endpoint
    model = model or (store.artifact("training", "model") if behind is None else None)
    encoder = encoder or store.artifact("embedding", "encoder")
    index = index or store.artifact("index", "posts")
    ads = store.read_table(ADS)
    profiles = store.read_table(CHANNEL_PROFILES)
    slotted_posts = {
        (row["channel_id"], row["message_id"]): row["target"]
        for row in ads.select("channel_id", "message_id", "target").iter_rows(named=True)
    }
    learned_from = ads.filter(~pl.col("split").is_in(TEST_SPLITS))["target"]
    writing: LanguageModel
    if model is None:
        assert behind is not None
        writing = endpoint_model(behind)
        room, version = behind.maximum_prompt_tokens, writing.endpoint.name
    else:
        writing, room, version = own_model(model, recipe, give_way=give_way), _room(recipe), model.version
    try:
        opened = PostIndex(index.path, Encoder(encoder.path), encoder_digest=encoder.digest)
    except KeyError as error:
        raise ArtifactError(
            f"{index.path}: not an index ({error}). Materialise index/posts again."
        ) from error
    return AdWriter(
        opened,
        writing,
        recipe=recipe.generation,
        channels=dict(profiles.select("channel_id", "channel_name").iter_rows()),
        languages={
            key: most[0]["language"]
            for key, most in profiles.select("channel_id", "languages").iter_rows()
            if most
        },
        slotted_posts=slotted_posts,
        policy=Policy.with_clients(store.policy),
        known=known_stems(learned_from) if ads.height else None,
        leads=learned(learned_from),
        exemplars_in_prompt=recipe.corpus.exemplars_in_prompt,
        maximum_prompt_tokens=room,
        model_version=version,
        index_version=index.version,
    )


def own_model(model: Artifact, recipe: Recipe, *, give_way: Callable[[], None] | None = None) -> TextModel:
    """A model of the pipeline, loaded as the recipe says.

    Raises:
        ArtifactError: its folder holds none.
    """
    training = recipe.training
    return TextModel(model.path, load_in=training.load_in, precision=training.precision, give_way=give_way)


def with_model(writer: AdWriter, model: LanguageModel, version: str, recipe: Recipe) -> AdWriter:
    """A writer with another model of the pipeline; index, encoder and rules are shared."""
    return writer.variant(model=model, model_version=version, maximum_prompt_tokens=_room(recipe))


def with_template(writer: AdWriter) -> AdWriter:
    """A writer that fills the template: no model, no post as a pattern."""
    return writer.variant(model=NoModel(), model_version=TEMPLATE, exemplars_in_prompt=0)


def _room(recipe: Recipe) -> int:
    """Tokens that a prompt may have."""
    return max(64, recipe.training.maximum_tokens - _SPARE_TOKENS)


def endpoint_model(recipe: EndpointRecipe) -> EndpointModel:
    """The model behind an address, with the key that the environment holds for it."""
    return EndpointModel(Endpoint(recipe, key=key_of(recipe.key_variable)))
