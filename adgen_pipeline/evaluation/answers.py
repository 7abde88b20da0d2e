"""What each system writes for each held-out case: ours, and the baselines that it must beat.

base: the model before training, same prompt, its slots filled, nothing checked. template: no model at all.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.evaluation.baselines import template_answer, untrained
from adgen_pipeline.evaluation.metrics import Answer
from adgen_pipeline.generation.models import TextModel
from adgen_pipeline.generation.writer import AdWriter, load_writer
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import ANSWERS
from adgen_pipeline.text.brief import Brief

REPORT_SECONDS = 10.0

# Pairs of channel and brief → what it writes for each, in their order.
System = Callable[[Sequence[tuple[int, Brief]]], Iterator[Answer]]


def write_all(
    cases: pl.DataFrame, *, base: Artifact, store: Store, recipe: Recipe, report: Callable[[str], None]
) -> tuple[pl.DataFrame, dict[str, float]]:
    """ANSWERS of the three systems, with the model, encoder and index that the data folder points at.

    Args:
        cases: CASES.
        base: the model before training, with the trained model's tokenizer.
        store: the data folder.
        recipe: how ads are written.
        report: told how it is getting on, at most every ten seconds.

    Returns:
        The table, and each system's seconds an ad (they vary from run to run, so they are no part of the table).

    Raises:
        ArtifactError: an artifact is missing.
    """
    writer = load_writer(store, recipe)
    systems: dict[str, System] = {
        "ours": lambda pairs: (_ours(writer, *pair, seed=recipe.generation.seed) for pair in pairs),
        "base": lambda pairs: untrained(TextModel(base.path), writer, pairs, recipe.generation),
        "template": lambda pairs: (template_answer(brief) for _, brief in pairs),
    }
    return answers(cases, systems, report=report)


def answers(
    cases: pl.DataFrame, systems: Mapping[str, System], *, report: Callable[[str], None]
) -> tuple[pl.DataFrame, dict[str, float]]:
    """ANSWERS: what each system writes for each case; and its seconds an ad."""
    rows: list[dict[str, object]] = []
    seconds: dict[str, float] = {}
    pairs = [
        (channel_id, Brief.model_validate_json(brief))
        for channel_id, brief in cases.select("channel_id", "brief").iter_rows()
    ]
    for name, system in systems.items():
        started = reported = time.monotonic()
        for number, (case_id, written) in enumerate(zip(cases["case_id"], system(pairs), strict=True), 1):
            rows.append({"system": name, "case_id": case_id, **written._asdict()})
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                report(f"{name} wrote for {number} of {cases.height} cases")
        seconds[name] = round((time.monotonic() - started) / max(1, cases.height), 2)
    return ANSWERS.conform(ANSWERS.frame(rows)), seconds


def bits_per_byte(cases: pl.DataFrame, models: Mapping[str, Path]) -> dict[str, list[float]]:
    """Bits per byte of each held-out post, slots left out of the count, for each model by name."""
    posts = cases["reference_slotted"].to_list()
    return {name: TextModel(path).bits_per_byte(posts) for name, path in models.items()}


def _ours(writer: AdWriter, channel_id: int, brief: Brief, *, seed: int) -> Answer:
    (ad,) = writer.write(brief, channel_id=channel_id, n=1, seed=seed)
    return Answer(ad.text, ad.slotted, ad.written_by)
