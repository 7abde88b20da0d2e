"""The systems that ours must beat, and ours with parts taken away (`systems` says what each of them is)."""

from collections.abc import Callable, Iterator, Sequence

from adgen_pipeline.evaluation.metrics import Answer
from adgen_pipeline.generation.language_model import LanguageModel
from adgen_pipeline.generation.prompt import Prompt
from adgen_pipeline.generation.template import template_ad
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.recipe import GenerationRecipe
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import SLOT, escape, fill, slots_in

BATCH = 10  # briefs at once: an untrained model seldom ends an ad by itself, so all run to the limit

Pairs = Sequence[tuple[int, Brief]]  # channel, brief


def written(writer: AdWriter, pairs: Pairs, *, seed: int) -> Iterator[Answer]:
    """The best ad of a writer for each pair."""
    for channel_id, brief in pairs:
        (ad,) = writer.write(brief, channel_id=channel_id, n=1, seed=seed)
        yield Answer(ad.text, ad.slotted, ad.written_by)


def unchecked(
    model: LanguageModel,
    prompt: Callable[[Brief, int], Prompt],
    pairs: Pairs,
    recipe: GenerationRecipe,
) -> Iterator[Answer]:
    """The first and only candidate of a model for each pair: its slots are filled, and nothing is checked.

    Args:
        model: any, tuned or not.
        prompt: of a brief for a channel.
        pairs: channels and briefs.
        recipe: how candidates are drawn.
    """
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        candidates = model.generate(
            [prompt(brief, channel_id).messages for channel_id, brief in batch],
            samples=1,
            temperature=recipe.temperature,
            top_p=recipe.top_p,
            repetition_penalty=recipe.repetition_penalty,
            maximum_new_tokens=recipe.maximum_new_tokens,
            seed=recipe.seed,
        )
        for (_, brief), (slotted,) in zip(batch, candidates, strict=True):
            yield Answer(fill(slotted, brief.values()), slotted, "model")


def in_words(brief: Brief) -> Brief:
    """The brief without slots: its facts stand in its words, those that no field says as points of their own."""
    values = brief.values()
    fields = (brief.product, brief.description, *brief.features)
    said = {slot for field in fields for slot in slots_in(field)}
    unsaid = tuple(escape(fact.text) for fact in brief.facts if fact.slot not in said and fact.must)
    return brief.model_copy(
        update={
            "product": fill(brief.product, values),
            "description": fill(brief.description, values),
            "features": (*(fill(feature, values) for feature in brief.features), *unsaid),
            "facts": (),
        }
    )


def template_answer(brief: Brief) -> Answer:
    """The brief's facts and words in fixed lines."""
    slotted = template_ad(brief)
    return Answer(fill(slotted, brief.values()), slotted, "template")


def nearest_answer(writer: AdWriter, brief: Brief, channel_id: int) -> Answer:
    """The channel's training post that is nearest to a brief, its facts swapped for those of the same kind and number.

    Lines with a fact that the brief does not have are left out; what the brief has beyond them stays unsaid.
    """
    slotted = writer.nearest_post(brief, channel_id) or ""
    values = brief.values()
    lines = [line for line in slotted.split("\n") if set(slots_in(line)) <= set(values)]
    kept = "\n".join(lines).strip() or SLOT.sub("", slotted).strip()
    return Answer(fill(kept, values), kept, "post")
