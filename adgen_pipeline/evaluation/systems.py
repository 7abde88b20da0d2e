"""What is compared: ours, the baselines that it must beat, and ours with a part taken away.

    ours            retrieval, prompt, candidates, guards, ranking
    base            the model before training: same prompt, slots filled, nothing checked
    base_retrieval  the same, its prompt quotes the post that is nearest to the brief
    template        the brief's facts and words in fixed lines, no model
    nearest_post    the training post that is nearest to the brief, its facts swapped for the brief's
    retrieval       ours, its prompt quotes the nearest post even where training quoted none
    no_retrieval    ours, its prompt quotes nothing even where training quoted posts
    no_ranking      ours, the first candidate that passes the guards
    unchecked       the tuned model's first candidate, slots filled: no guards, no ranking
    no_slots        the same, facts in the brief's words instead of slots
    endpoint        ours with the model behind `evaluation.endpoint`: same prompt, same guards

A recipe lists them in `evaluation.systems`; ours is always there.
"""

from collections.abc import Iterable
from typing import get_args

from adgen_pipeline.recipe import BaselineName

OURS = "ours"
NAMES = (OURS, *get_args(BaselineName))  # the order in tables and figures
TITLES = {
    OURS: "Ours",
    "base": "Untrained base model",
    "base_retrieval": "Untrained base model with retrieval",
    "template": "Template",
    "nearest_post": "Nearest post, facts swapped",
    "retrieval": "Ours quoting a post",
    "no_retrieval": "Ours without retrieval",
    "no_ranking": "Ours without ranking",
    "unchecked": "Ours unchecked",
    "no_slots": "Ours unchecked without slots",
    "endpoint": "Model behind an endpoint",
}


def in_order(systems: Iterable[str]) -> list[str]:
    """Systems in the order of tables and figures: ours first; unknown names last."""
    return sorted(systems, key=lambda name: (NAMES.index(name) if name in NAMES else len(NAMES), name))
