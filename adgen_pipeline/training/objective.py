"""What a run learns: how rows become batches, what is lost on them, how well it goes. The loop is the same for all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset

from adgen_pipeline.training.batches import Batch, collate
from adgen_pipeline.training.job import TrainingJob
from adgen_pipeline.training.network import TargetLoss
from adgen_pipeline.training.shards import ENGLISH
from adgen_pipeline.training.validation import evaluate, in_words
from adgen_pipeline.training_recipe import TrainingRecipe

Figures = dict[str, float]


@dataclass(frozen=True)
class Objective:
    """What a run learns.

    Attributes:
        loss: of a network by a recipe: a module that takes a batch and gives a summed loss, over how many it is summed
            (targets or pairs), and perhaps more.
        prepare: shards as they are trained on, by the network that was not trained yet; all ranks call it.
        lengths: tokens of each row.
        collate: rows with some numbers as one batch; `pad_id` is a keyword.
        evaluate: figures of the network on rows, over all ranks.
        in_words: figures for people.
        examined: splits of which figures are told before and after.
        followed: figures told of each validation on the way; patience looks at the first, which should fall.
        table: where rows that cannot be learned stand.
        ids: column of a row's pieces; of one of them, where a row has several texts.
        has_answers: whether a row is a prompt and the answer that is learned.
    """

    loss: Callable[[Any, TrainingRecipe], TargetLoss]
    prepare: Callable[[Any, dict[str, Dataset], TrainingJob, torch.device], dict[str, Dataset]]
    lengths: Callable[[Dataset], list[int]]
    collate: Callable[..., Batch]
    evaluate: Callable[[Any, Dataset, TrainingJob, torch.device], Figures]
    in_words: Callable[[Figures], str]
    examined: Sequence[str]
    followed: Sequence[str]
    table: str
    ids: str
    has_answers: bool


def _target_loss(network: Any, recipe: TrainingRecipe) -> TargetLoss:
    return TargetLoss(network, loss_tokens=recipe.loss_tokens)


def _as_they_are(
    _engine: Any, shards: dict[str, Dataset], _job: TrainingJob, _device: torch.device
) -> dict[str, Dataset]:
    return shards


def _lengths(rows: Dataset) -> list[int]:
    return [len(ids) for ids in rows["input_ids"]]


# Foretelling the targets of each row: pre-training and fine-tuning.
FORETELLING = Objective(
    loss=_target_loss,
    prepare=_as_they_are,
    lengths=_lengths,
    collate=collate,
    evaluate=evaluate,
    in_words=in_words,
    examined=("validation", ENGLISH),
    followed=("bits_per_byte",),
    table="corpus/conversations",
    ids="input_ids",
    has_answers=True,
)
