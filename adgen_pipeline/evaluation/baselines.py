"""The systems that ours must beat: the untrained base model, and the template filled from the brief."""

from collections.abc import Iterator, Sequence

from adgen_pipeline.evaluation.metrics import Answer
from adgen_pipeline.generation.models import TextModel
from adgen_pipeline.generation.template import template_ad
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.recipe import GenerationRecipe
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import fill

BATCH = 10  # briefs at once: an untrained model seldom ends an ad by itself, so all run to the limit


def untrained(
    model: TextModel, writer: AdWriter, pairs: Sequence[tuple[int, Brief]], recipe: GenerationRecipe
) -> Iterator[Answer]:
    """The first and only candidate of a model for each pair of channel and brief.

    It sees the prompts of `writer`, its slots are filled, and nothing is checked.
    """
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        candidates = model.generate(
            [writer.prompt(brief, channel_id).messages for channel_id, brief in batch],
            samples=1,
            temperature=recipe.temperature,
            top_p=recipe.top_p,
            repetition_penalty=recipe.repetition_penalty,
            maximum_new_tokens=recipe.maximum_new_tokens,
            seed=recipe.seed,
        )
        for (_, brief), (slotted,) in zip(batch, candidates, strict=True):
            yield Answer(fill(slotted, brief.values()), slotted, "model")


def template_answer(brief: Brief) -> Answer:
    """The brief's facts and words in fixed lines."""
    slotted = template_ad(brief)
    return Answer(fill(slotted, brief.values()), slotted, "template")
