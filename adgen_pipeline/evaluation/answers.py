"""What each system writes for each held-out case: ours, and those that the recipe lists beside it (`systems`)."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.endpoint_recipe import EndpointRecipe
from adgen_pipeline.evaluation.baselines import in_words, nearest_answer, template_answer, unchecked, written
from adgen_pipeline.evaluation.metrics import Answer
from adgen_pipeline.evaluation.systems import OURS
from adgen_pipeline.evaluation_schemas import ANSWERS
from adgen_pipeline.generation.language_model import LanguageModel
from adgen_pipeline.generation.loading import endpoint_model, load_writer
from adgen_pipeline.generation.models import TextModel
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.text.brief import Brief

REPORT_SECONDS = 10.0
QUOTING_PROMPT_TOKENS = 800  # a post and its brief; training rows leave less, where they quote nothing

# Pairs of channel and brief → what it writes for each, in their order.
System = Callable[[Sequence[tuple[int, Brief]]], Iterator[Answer]]


def write_all(
    cases: pl.DataFrame, *, base: Artifact, store: Store, recipe: Recipe, report: Callable[[str], None]
) -> tuple[pl.DataFrame, dict[str, float]]:
    """ANSWERS of ours and of what the recipe lists, with the model, encoder and index of the data folder's pointers.

    Args:
        cases: CASES.
        base: the model before training, with the trained model's tokenizer.
        store: the data folder.
        recipe: which systems, and how ads are written.
        report: told how it is getting on, at most every ten seconds.

    Returns:
        The table, and each system's seconds an ad (they vary from run to run, so they are no part of the table).

    Raises:
        ArtifactError: an artifact is missing.
    """
    writer = load_writer(store, recipe)
    untrained: list[TextModel] = []

    def before_training() -> TextModel:  # loaded when first asked for, once
        if not untrained:
            untrained.append(TextModel(base.path))
        return untrained[0]

    known = systems(writer, before_training, recipe)
    chosen = [OURS, *dict.fromkeys(recipe.evaluation.systems)]
    return answers(cases, {name: known[name] for name in chosen}, report=report)


def systems(writer: AdWriter, base: Callable[[], LanguageModel], whole: Recipe) -> dict[str, System]:
    """Every system by name, none of them run yet; their names are those of `systems.NAMES`.

    Args:
        writer: ours.
        base: the model before training.
        whole: sections generation and evaluation are used.
    """
    recipe = whole.generation
    quoting = writer.variant(exemplars_in_prompt=1, maximum_prompt_tokens=QUOTING_PROMPT_TOKENS)
    silent = writer.variant(exemplars_in_prompt=0)
    unranked = writer.variant(is_ranked=False)
    return {
        OURS: lambda pairs: written(writer, pairs, seed=recipe.seed),
        "base": lambda pairs: unchecked(base(), writer.prompt, pairs, recipe),
        "base_retrieval": lambda pairs: unchecked(base(), quoting.prompt, pairs, recipe),
        "template": lambda pairs: (template_answer(brief) for _, brief in pairs),
        "nearest_post": lambda pairs: (nearest_answer(writer, brief, channel) for channel, brief in pairs),
        "retrieval": lambda pairs: written(quoting, pairs, seed=recipe.seed),
        "no_retrieval": lambda pairs: written(silent, pairs, seed=recipe.seed),
        "no_ranking": lambda pairs: written(unranked, pairs, seed=recipe.seed),
        "unchecked": lambda pairs: unchecked(writer.model, writer.prompt, pairs, recipe),
        "endpoint": lambda pairs: written(
            _behind(writer, whole.evaluation.endpoint), pairs, seed=recipe.seed
        ),
        "no_slots": lambda pairs: unchecked(
            writer.model, lambda brief, channel: writer.prompt(in_words(brief), channel), pairs, recipe
        ),
    }


def answers(
    cases: pl.DataFrame, writers: Mapping[str, System], *, report: Callable[[str], None]
) -> tuple[pl.DataFrame, dict[str, float]]:
    """ANSWERS: what each system writes for each case; and its seconds an ad."""
    rows: list[dict[str, object]] = []
    seconds: dict[str, float] = {}
    pairs = [
        (channel_id, Brief.model_validate_json(brief))
        for channel_id, brief in cases.select("channel_id", "brief").iter_rows()
    ]
    for name, write in writers.items():
        started = reported = time.monotonic()
        for number, (case_id, answer) in enumerate(zip(cases["case_id"], write(pairs), strict=True), 1):
            rows.append({"system": name, "case_id": case_id, **answer._asdict()})
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                report(f"{name} wrote for {number} of {cases.height} cases")
        seconds[name] = round((time.monotonic() - started) / max(1, cases.height), 2)
    return ANSWERS.conform(ANSWERS.frame(rows)), seconds


def bits_per_byte(cases: pl.DataFrame, models: Mapping[str, Path]) -> dict[str, list[float]]:
    """Bits per byte of each held-out post, slots left out of the count, for each model by name."""
    posts = cases["reference_slotted"].to_list()
    return {name: TextModel(path).bits_per_byte(posts) for name, path in models.items()}


def _behind(writer: AdWriter, recipe: EndpointRecipe | None) -> AdWriter:
    assert recipe is not None  # the recipe refuses the system without it
    return writer.variant(
        model=endpoint_model(recipe),
        exemplars_in_prompt=1,
        maximum_prompt_tokens=recipe.maximum_prompt_tokens,
    )
