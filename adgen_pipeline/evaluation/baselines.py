"""The systems that ours must beat: the untrained base model, and the template filled from the brief."""

from adgen_pipeline.generation.models import TextModel
from adgen_pipeline.generation.prompt import Prompt
from adgen_pipeline.generation.template import template_ad
from adgen_pipeline.recipe import GenerationRecipe
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import fill


class BaseModel:
    """The model before training: it sees the same prompt, its slots are filled, and nothing is checked."""

    def __init__(self, model: TextModel, recipe: GenerationRecipe) -> None:
        """Take a model, and the recipe that says how it is sampled."""
        self._model = model
        self._recipe = recipe

    def answer(self, brief: Brief, prompt: Prompt) -> tuple[str, str, str]:
        """Text, slotted text and "model" for a brief: the first and only candidate."""
        ((slotted,),) = self._model.generate(
            [prompt.messages],
            samples=1,
            temperature=self._recipe.temperature,
            top_p=self._recipe.top_p,
            repetition_penalty=self._recipe.repetition_penalty,
            maximum_new_tokens=self._recipe.maximum_new_tokens,
            seed=self._recipe.seed,
        )
        return fill(slotted, brief.values()), slotted, "model"


def template_answer(brief: Brief) -> tuple[str, str, str]:
    """Text, slotted text and "template": the brief's facts and words in fixed lines."""
    slotted = template_ad(brief)
    return fill(slotted, brief.values()), slotted, "template"
