"""What each system writes for each held-out case: ours, and the baselines that it must beat.

base: the model before training, same prompt, its slots filled, nothing checked. template: no model at all.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.evaluation.baselines import BaseModel, template_answer
from adgen_pipeline.generation.models import TextModel
from adgen_pipeline.generation.writer import AdWriter, load_writer
from adgen_pipeline.recipe import GenerationRecipe, Recipe
from adgen_pipeline.schemas import ANSWERS
from adgen_pipeline.text.brief import Brief

REPORT_SECONDS = 10.0

# (channel, brief) → text, slotted, written_by.
System = Callable[[int, Brief], tuple[str, str, str]]


def write_all(
    cases: pl.DataFrame, *, base: Artifact, store: Store, recipe: Recipe, report: Callable[[str], None]
) -> pl.DataFrame:
    """ANSWERS of the three systems, with the model, encoder and index that the data folder points at.

    Args:
        cases: CASES.
        base: the model before training, with the trained model's tokenizer.
        store: the data folder.
        recipe: how ads are written.
        report: told how it is getting on, at most every ten seconds.

    Raises:
        ArtifactError: an artifact is missing.
    """
    writer = load_writer(store, recipe)
    systems: dict[str, System] = {
        "ours": lambda channel_id, brief: _ours(writer, channel_id, brief, seed=recipe.generation.seed),
        "base": untrained(base.path, writer, recipe.generation),
        "template": lambda _channel_id, brief: template_answer(brief),
    }
    return answers(cases, systems, report=report)


def answers(
    cases: pl.DataFrame, systems: Mapping[str, System], *, report: Callable[[str], None]
) -> pl.DataFrame:
    """ANSWERS: what each system writes for each case, timed."""
    rows: list[dict[str, object]] = []
    reported = time.monotonic()
    for name, system in systems.items():
        for number, case in enumerate(cases.iter_rows(named=True), start=1):
            brief = Brief.model_validate_json(case["brief"])
            started = time.monotonic()
            text, slotted, written_by = system(case["channel_id"], brief)
            seconds = time.monotonic() - started
            rows.append(
                {
                    "system": name,
                    "case_id": case["case_id"],
                    "text": text,
                    "slotted": slotted,
                    "written_by": written_by,
                    "seconds": round(seconds, 3),
                }
            )
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                report(f"{name} wrote for {number} of {cases.height} cases")
    return ANSWERS.conform(ANSWERS.frame(rows))


def untrained(path: Path, writer: AdWriter, recipe: GenerationRecipe) -> System:
    """The system that answers with an untrained model to the prompts of `writer`."""
    model = BaseModel(TextModel(path), recipe)
    return lambda channel_id, brief: model.answer(brief, writer.prompt(brief, channel_id))


def bits_per_byte(cases: pl.DataFrame, models: Mapping[str, Path]) -> dict[str, list[float]]:
    """Bits per byte of each held-out post, slots left out of the count, for each model by name."""
    posts = cases["reference_slotted"].to_list()
    return {name: TextModel(path).bits_per_byte(posts) for name, path in models.items()}


def _ours(writer: AdWriter, channel_id: int, brief: Brief, *, seed: int) -> tuple[str, str, str]:
    (ad,) = writer.write(brief, channel_id=channel_id, n=1, seed=seed)
    return ad.text, ad.slotted, ad.written_by
