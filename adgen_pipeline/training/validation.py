"""How well a network foretells rows that it is not trained on."""

import math
from typing import Any

import torch
import torch.distributed as dist
from datasets import Dataset
from transformers import AutoTokenizer

from adgen_pipeline.training.batches import collate
from adgen_pipeline.training.job import TrainingJob, zero_stage


def evaluate(engine: Any, rows: Dataset, job: TrainingJob, device: torch.device) -> dict[str, float]:
    """Loss (nats a target token) and bits per byte of the first `evaluate_rows` rows, over all ranks."""
    rank, world = dist.get_rank(), dist.get_world_size()
    count = min(len(rows), job.recipe.evaluate_rows)
    pad_id = AutoTokenizer.from_pretrained(job.base).pad_token_id
    lengths = [len(ids) for ids in rows.select(range(count))["input_ids"]]
    order = sorted(range(count), key=lambda row: (lengths[row], row))
    sums = torch.zeros(3, dtype=torch.float64, device=device)
    engine.eval()
    with torch.no_grad():
        starts = range(0, count, job.recipe.batch_size)
        for turn, start in enumerate(starts):
            # Under ZeRO-3 all ranks must call the network equally often: a rank without a share repeats one.
            mine = turn % world == rank
            if mine or zero_stage(job.spread) == 3:
                batch = collate(rows, order[start : start + job.recipe.batch_size], pad_id=pad_id)
                loss, targets = engine(**batch.to(device))
                if mine:
                    sums += torch.stack(
                        [loss.double(), targets.double(), sums.new_tensor(batch.target_bytes)]
                    )
    engine.train()
    dist.all_reduce(sums)
    nats, targets_count, target_bytes = (float(value) for value in sums)
    return {
        "loss": nats / max(targets_count, 1),
        "bits_per_byte": nats / math.log(2) / max(target_bytes, 1),
        "rows": float(count),
    }


def in_words(figures: dict[str, float]) -> str:
    """Validation figures for people."""
    return f"loss {figures['loss']:.3f} nats a token, {figures['bits_per_byte']:.3f} bits per byte"
