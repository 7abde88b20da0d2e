"""Which rows are trained together, in which order: a pure function of lengths, seed and epoch."""

import random
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset

from adgen_pipeline.training.shards import IGNORED

POOL_BATCHES = 32  # rows of so many batches are sorted by length together, so that little is padding


@dataclass(frozen=True)
class Batch:
    """Rows padded on the right to one length, each one example or several packed side by side.

    Attributes:
        row_ids: channel_id/message_id of each example.
        input_ids, labels: (rows, longest), int64.
        attention_mask: (rows, longest), int64; None where rows are packed.
        position_ids: (rows, longest), int64, from 0 in each example; None where rows are not packed.
        target_bytes: UTF-8 bytes of all examples' targets.
        tokens: that are not padding.
    """

    row_ids: tuple[str, ...]
    input_ids: torch.Tensor
    labels: torch.Tensor
    attention_mask: torch.Tensor | None
    position_ids: torch.Tensor | None
    target_bytes: int
    tokens: int

    def to(self, device: torch.device) -> dict[str, torch.Tensor]:
        """What the network is called with, on a device."""
        given = {
            "input_ids": self.input_ids,
            "labels": self.labels,
            "attention_mask": self.attention_mask,
            "position_ids": self.position_ids,
        }
        return {name: value.to(device) for name, value in given.items() if value is not None}


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


def pack_epoch(
    lengths: Sequence[int], *, capacity: int, batch_size: int, multiple: int, seed: int, epoch: int
) -> list[list[list[int]]]:
    """Batches of packed rows of one epoch, each row the numbers of the examples that stand side by side in it.

    Every example once. What is packed together follows from the seed alone, so that each epoch has as many steps;
    the order of the batches follows from the epoch too.

    Args:
        lengths: tokens of each example; a longer one than `capacity` has a row of its own.
        capacity: tokens of a row.
        batch_size: rows of a batch; the last one may have fewer.
        multiple: as in `plan_epoch`.
        seed: of packing and order.
        epoch: from 0.
    """
    rng = random.Random(f"{seed}/packed")  # noqa: S311  (an order, not a secret)
    examples = list(range(len(lengths)))
    rng.shuffle(examples)
    # Best fit, the longest first: each example goes where it leaves the least room.
    examples.sort(key=lambda number: -lengths[number])
    rows: list[list[int]] = []
    rooms: list[tuple[int, int]] = []  # (room, row), sorted
    for number in examples:
        place = bisect_left(rooms, (lengths[number], -1))
        if place == len(rooms):
            rows.append([number])
            insort(rooms, (capacity - lengths[number], len(rows) - 1))
            continue
        room, row = rooms.pop(place)
        rows[row].append(number)
        insort(rooms, (room - lengths[number], row))
    rng.shuffle(rows)
    batches = [rows[i : i + batch_size] for i in range(0, len(rows), batch_size)]
    random.Random(f"{seed}/{epoch}").shuffle(batches)  # noqa: S311
    missing = -len(batches) % multiple
    return batches + [batches[i % len(batches)] for i in range(missing)]


def collate(rows: Dataset | Sequence[dict[str, Any]], numbers: Sequence[int], *, pad_id: int) -> Batch:
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
        position_ids=None,
        target_bytes=sum(row["target_bytes"] for row in picked),
        tokens=sum(len(row["input_ids"]) for row in picked),
    )


def collate_packed(rows: Dataset, packs: Sequence[Sequence[int]], *, pad_id: int) -> Batch:
    """The examples of a shard with these numbers as one batch of packed rows.

    Positions begin anew with each example, and there is no attention mask: transformers then lets no position see
    another example's. The padding at a row's end counts as one more example. An example's first piece has nothing
    to be foretold from, so it is never learned.
    """
    lines: dict[str, list[list[int]]] = {"input_ids": [], "labels": [], "position_ids": []}
    picked = [[rows[int(number)] for number in pack] for pack in packs]
    longest = max(sum(len(example["input_ids"]) for example in pack) for pack in picked)
    for pack in picked:
        ids = [number for example in pack for number in example["input_ids"]]
        labels = [label for example in pack for label in (IGNORED, *example["labels"][1:])]
        positions = [place for example in pack for place in range(len(example["input_ids"]))]
        missing = longest - len(ids)
        lines["input_ids"].append(ids + [pad_id] * missing)
        lines["labels"].append(labels + [IGNORED] * missing)
        lines["position_ids"].append(positions + list(range(missing)))
    examples = [example for pack in picked for example in pack]
    return Batch(
        row_ids=tuple(example["row_id"] for example in examples),
        input_ids=torch.tensor(lines["input_ids"]),
        labels=torch.tensor(lines["labels"]),
        attention_mask=None,
        position_ids=torch.tensor(lines["position_ids"]),
        target_bytes=sum(example["target_bytes"] for example in examples),
        tokens=sum(len(example["input_ids"]) for example in examples),
    )
