"""Which rows are trained together, in which order: a pure function of lengths, seed and epoch."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from datasets import Dataset

from adgen_pipeline.training.shards import IGNORED

POOL_BATCHES = 32  # rows of so many batches are sorted by length together, so that little is padding


@dataclass(frozen=True)
class Batch:
    """Rows padded on the right to one length.

    Attributes:
        row_ids: channel_id/message_id of each row.
        input_ids, attention_mask, labels: (rows, longest), int64.
        target_bytes: UTF-8 bytes of all rows' targets.
    """

    row_ids: tuple[str, ...]
    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor
    target_bytes: int

    @property
    def tokens(self) -> int:
        """Tokens that are not padding."""
        return int(self.attention_mask.sum())

    def to(self, device: torch.device) -> dict[str, torch.Tensor]:
        """What the network is called with, on a device."""
        return {
            "input_ids": self.input_ids.to(device),
            "attention_mask": self.attention_mask.to(device),
            "labels": self.labels.to(device),
        }


def plan_epoch(
    lengths: Sequence[int], *, batch_size: int, multiple: int, seed: int, epoch: int
) -> list[list[int]]:
    """Row numbers of each batch of one epoch: every row once, rows of like length together, batches shuffled.

    Args:
        lengths: tokens of each row.
        batch_size: rows of a batch; the last one of an epoch may have fewer.
        multiple: the number of batches is rounded up to a multiple of it (ranks × accumulation steps) by
            repeating batches.
        seed: of the order.
        epoch: from 0; each has an order of its own.
    """
    order = random.Random(f"{seed}/{epoch}")  # noqa: S311  (an order, not a secret)
    rows = list(range(len(lengths)))
    order.shuffle(rows)
    pool = batch_size * POOL_BATCHES
    batches: list[list[int]] = []
    for start in range(0, len(rows), pool):
        pooled = sorted(rows[start : start + pool], key=lambda row: (lengths[row], row))
        batches += [pooled[i : i + batch_size] for i in range(0, len(pooled), batch_size)]
    order.shuffle(batches)
    missing = -len(batches) % multiple
    return batches + [batches[i % len(batches)] for i in range(missing)]


def collate(rows: Dataset, numbers: Sequence[int], *, pad_id: int) -> Batch:
    """The rows of a shard with these numbers as one batch."""
    picked = [rows[int(number)] for number in numbers]
    longest = max(len(row["input_ids"]) for row in picked)

    def padded(key: str, filler: int) -> torch.Tensor:
        return torch.tensor([row[key] + [filler] * (longest - len(row[key])) for row in picked])

    return Batch(
        row_ids=tuple(row["row_id"] for row in picked),
        input_ids=padded("input_ids", pad_id),
        labels=padded("labels", IGNORED),
        attention_mask=torch.tensor(
            [[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in picked]
        ),
        target_bytes=sum(row["target_bytes"] for row in picked),
    )
