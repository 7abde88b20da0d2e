"""How fast a run is, in figures that mean the same on every machine: utilisation, words, memory."""

import json
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import regex
import torch
import torch.distributed as dist
from transformers import AutoTokenizer

from adgen_pipeline.text.patterns import ETHIOPIC_LETTER
from adgen_pipeline.training.job import TrainingJob
from adgen_pipeline.training.network import DTYPES
from adgen_pipeline.training.planner import Work, flops_per_token
from adgen_pipeline.training.shapes import count
from adgen_pipeline.training_recipe import TrainingRecipe

WORD = regex.compile(rf"(?:{ETHIOPIC_LETTER})+")
MEASURED_ROWS = 64  # for the words of a token


def peak_flops(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of a large matrix product on this process's device and threads, the best of five."""
    size = 8192 if device.type == "cuda" else 1536
    a, b = (torch.ones(size, size, device=device, dtype=dtype) for _ in "ab")
    best = 0.0
    for _ in range(6):
        started = time.perf_counter()
        a @ b
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = max(best, 2 * size**3 / (time.perf_counter() - started))
    return best


@dataclass(frozen=True)
class Speed:
    """What turns tokens a second into figures that compare.

    Attributes:
        device: of this rank.
        peak: operations a second of all ranks' matrix products.
        flops_per_token: of training.
        formula: of that.
        words_per_token: Amharic words.
    """

    device: torch.device
    peak: float
    flops_per_token: int
    formula: str
    words_per_token: float

    def figures(self, tokens_per_second: float) -> dict[str, float]:
        """Tokens and words a second, share of the peak, memory of this rank in MiB."""
        return {
            "tokens_per_second": round(tokens_per_second, 1),
            "amharic_words_per_second": round(tokens_per_second * self.words_per_token, 1),
            "utilisation": round(tokens_per_second * self.flops_per_token / self.peak, 4),
            "peak_memory_mib": round(peak_memory_mib(self.device), 1),
        }


def measure(job: TrainingJob, rows: Sequence[Sequence[int]], device: torch.device) -> Speed:
    """What a run's speed is measured by; every rank calls this, as each has its share of the machine.

    Args:
        job: the run's.
        rows: ids of the texts to train on.
        device: of this rank.
    """
    recipe = job.recipe
    peak = torch.tensor(peak_flops(device, DTYPES[recipe.precision]), dtype=torch.float64, device=device)
    dist.all_reduce(peak)
    config = json.loads((job.base / "config.json").read_text(encoding="utf-8"))
    flops, formula = work_per_token(config, recipe)
    words = words_per_token(rows, AutoTokenizer.from_pretrained(job.base))
    return Speed(device, float(peak), flops, formula, words)


def work_per_token(config: dict[str, Any], recipe: TrainingRecipe) -> tuple[int, str]:
    """Operations that a token costs, and the formula, as `adgen plan` counts them.

    Args:
        config: content of the base's config.json.
        recipe: method, and whether activations are computed twice.
    """
    work = Work("full" if recipe.method == "full" else "lora")
    return flops_per_token(count(config, "base"), work, recomputes=recipe.activation_checkpointing)


def words_per_token(rows: Sequence[Sequence[int]], tokenizer: Any) -> float:
    """Amharic words (runs of Ethiopic letters) of a token, by the first rows of a shard."""
    some = rows[:MEASURED_ROWS]
    words = sum(len(WORD.findall(tokenizer.decode(ids))) for ids in some)
    return words / max(sum(map(len, some)), 1)


def peak_memory_mib(device: torch.device) -> float:
    """Most memory that this process has held: of its GPU, or its resident pages on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
