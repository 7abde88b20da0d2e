"""Direct preference optimisation (DPO): a fine-tuned network learns to foretell the preferred ad of each pair better.

Rafailov et al. (2023): with p a network's log-probability of an ad after its prompt, the margin of a pair is

    m = (p(chosen) - p_before(chosen)) - (p(rejected) - p_before(rejected))

and the loss -log sigmoid(beta m). `p_before` is the network's as it was: it is computed once and kept beside the
checkpoints, so that no second network is in memory. Steps, checkpoints and resume are those of the other trainings.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from datasets import Dataset
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from adgen_pipeline.artifacts import link_files, replacing
from adgen_pipeline.figures import lines, png
from adgen_pipeline.process import Report, rank
from adgen_pipeline.training.batches import Batch, collate
from adgen_pipeline.training.job import TrainingJob, zero_stage
from adgen_pipeline.training.network import TargetLoss
from adgen_pipeline.training.objective import Figures, Objective
from adgen_pipeline.training.preference_shards import SIDES, enough
from adgen_pipeline.training.shards import SPLITS
from adgen_pipeline.training_recipe import PreferencesRecipe, TrainingRecipe

BEFORE = "before"  # column: log-probabilities of both ads by the network as it was
BEFORE_FILE = "log-probabilities.safetensors"


@dataclass(frozen=True)
class PairBatch(Batch):
    """A batch whose first half are preferred ads, its second half the other ads in the same order.

    Attributes:
        before: (pairs, 2) log-probabilities of both ads by the network as it was; zeros while they are not known.
    """

    before: torch.Tensor

    def to(self, device: torch.device) -> dict[str, torch.Tensor]:
        """What the network is called with, on a device."""
        return {**super().to(device), "before": self.before.to(device)}


class PreferenceLoss(TargetLoss):
    """Summed loss of pairs, how many they are, and the log-probabilities of both ads of each."""

    def __init__(self, network: Any, asked: PreferencesRecipe, *, loss_tokens: int | None = None) -> None:
        super().__init__(network, loss_tokens=loss_tokens)
        self.asked = asked

    def forward(  # type: ignore[override]  # pairs instead of rows
        self,
        input_ids: torch.Tensor,
        labels: torch.Tensor,
        attention_mask: torch.Tensor,
        before: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Loss, pairs and (pairs, 2) log-probabilities, without gradient, of a PairBatch."""
        picked, wanted, chosen = self._picked(input_ids, labels, attention_mask)
        nats = torch.zeros(chosen.shape, dtype=torch.float32, device=picked.device)
        nats = nats.masked_scatter(chosen, self._chunked(picked, wanted, "none"))
        pairs = len(before)
        now = -nats.sum(1).view(2, pairs).T  # (pairs, 2): chosen, rejected
        losses = preference_loss(
            now, before, beta=self.asked.beta, label_smoothing=self.asked.label_smoothing
        )
        if self.asked.sft_weight:
            losses = losses - self.asked.sft_weight * now[:, 0] / chosen[:pairs].sum(1)
        return losses.sum(), before.new_tensor(pairs), now.detach()


def preference_loss(
    now: torch.Tensor, before: torch.Tensor, *, beta: float, label_smoothing: float
) -> torch.Tensor:
    """The loss of each pair by the (pairs, 2) log-probabilities of its ads, now and before: chosen, rejected.

    Where a share of the verdicts is taken for mistakes, the loss is what one expects of it; then a margin of
    log((1 - share) / share) / beta is best, and a larger one is too sure.
    """
    scaled = beta * _margins(now, before)
    right, wrong = torch.nn.functional.logsigmoid(scaled), torch.nn.functional.logsigmoid(-scaled)
    return -(1 - label_smoothing) * right - label_smoothing * wrong


def _margins(now: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    moved = now - before
    return moved[:, 0] - moved[:, 1]


def passed_on(job: TrainingJob, *, report: Report) -> dict[str, Any]:
    """Write the job's folder as a copy of where it starts, byte by byte: there are too few pairs to learn from.

    Every rank may call this; returns the content of result.json.
    """
    assert job.start is not None
    if rank() == 0:
        found = enough(job.shards, job.recipe)
        report.line(
            f"{found['pairs']} pairs to learn from and {found['held_out_pairs']} held out, {found['pairs_needed']} and "
            "1 are needed: what was fine-tuned stays as it is"
        )
        with replacing(job.out) as temporary:
            temporary.mkdir()
            link_files(job.start, temporary)
    result: dict[str, Any] = json.loads((job.start / "result.json").read_text(encoding="utf-8"))
    return result


def figures(trained: Path) -> dict[str, bytes]:
    """How far held-out pairs came apart over a run, as PNG by name; none of an adapter that was passed on."""
    result = json.loads((trained / "result.json").read_text(encoding="utf-8"))
    if "reward_margin" not in result["validation_after"]:
        return {}
    first = {"step": 0.0, **result["validation_before"]}
    last = {"step": float(result["steps"]), **result["validation_after"]}
    told = [first, *(row for row in result["validations"] if row["step"] < last["step"]), last]
    series = {
        name: ([row["step"] for row in told], [row[key] for row in told])
        for name, key in (("share told rightly", "reward_accuracy"), ("margin", "reward_margin"))
    }
    return {"told_apart": png(lines(series, title="Held-out pairs", x="step", y="share; beta x nats"))}


def _loss(network: Any, recipe: TrainingRecipe) -> PreferenceLoss:
    assert recipe.preferences is not None
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = (
                0.0  # what is left out by chance would stand in the margin, and `before` was computed without
            )
    return PreferenceLoss(network, recipe.preferences, loss_tokens=recipe.loss_tokens)


def _prepare(
    engine: Any, shards: dict[str, Dataset], job: TrainingJob, device: torch.device
) -> dict[str, Dataset]:
    """The shards with the log-probabilities of the network as it is now: computed once, kept in the job's folder."""
    path = job.work / BEFORE_FILE
    if not path.is_file():
        known = {split: _log_probabilities(engine, shards[split], job, device) for split in SPLITS}
        if dist.get_rank() == 0:
            job.work.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary:
                save_file(known, temporary)
        dist.barrier()
    return {
        split: shards[split].add_column(BEFORE, values.tolist()) for split, values in load_file(path).items()
    }


def _log_probabilities(
    engine: Any, rows: Dataset, job: TrainingJob, device: torch.device, *, count: int | None = None
) -> torch.Tensor:
    """(rows, 2) log-probabilities of both ads of each pair by the network, each batch on one rank, known to all."""
    mine, world = dist.get_rank(), dist.get_world_size()
    pad_id = AutoTokenizer.from_pretrained(job.base).pad_token_id
    lengths = _lengths(rows)[:count]
    order = sorted(range(len(lengths)), key=lambda row: (lengths[row], row))
    found = torch.zeros(len(lengths), 2, dtype=torch.float32, device=device)
    engine.eval()
    with torch.no_grad():
        for turn, start in enumerate(range(0, len(order), job.recipe.batch_size)):
            numbers = order[start : start + job.recipe.batch_size]
            is_mine = turn % world == mine
            # Under ZeRO-3 all ranks must call the network equally often.
            if is_mine or zero_stage(job.spread) == 3:
                _, _, now = engine(**_collate(rows, numbers, pad_id=pad_id).to(device))
                if is_mine:
                    found[numbers] = now
    engine.train()
    dist.all_reduce(found)
    return found.cpu()


def _evaluate(engine: Any, rows: Dataset, job: TrainingJob, device: torch.device) -> Figures:
    """Figures of the first `evaluate_rows` pairs, over all ranks.

    Returns:
        loss (without the preferred ads' own), reward_accuracy (share of pairs that moved the right way),
        reward_margin (beta x how far they moved apart), chosen_reward, rejected_reward (of each side), pairs.
    """
    asked = job.recipe.preferences
    assert asked is not None
    count = min(len(rows), job.recipe.evaluate_rows)
    now = _log_probabilities(engine, rows, job, device, count=count).double()
    before = torch.tensor(rows[:count][BEFORE], dtype=torch.float64).view(count, 2)
    rewards = asked.beta * (now - before)
    margins = rewards[:, 0] - rewards[:, 1]
    losses = preference_loss(now, before, beta=asked.beta, label_smoothing=asked.label_smoothing)
    return {
        "loss": float(losses.mean()),
        "reward_accuracy": float((margins > 0).double().mean()),
        "reward_margin": float(margins.mean()),
        "chosen_reward": float(rewards[:, 0].mean()),
        "rejected_reward": float(rewards[:, 1].mean()),
        "pairs": float(count),
    }


def _in_words(found: Figures) -> str:
    return (
        f"loss {found['loss']:.3f}, {found['reward_accuracy']:.0%} of {found['pairs']:.0f} pairs told rightly, "
        f"margin {found['reward_margin']:.3f}"
    )


def _lengths(rows: Dataset) -> list[int]:
    sides = (rows[f"{side}_ids"] for side in SIDES)
    return [max(len(chosen), len(rejected)) for chosen, rejected in zip(*sides, strict=True)]


def _collate(rows: Dataset, numbers: Sequence[int], *, pad_id: int) -> PairBatch:
    """The pairs of a shard with these numbers as one batch."""
    pairs = [rows[int(number)] for number in numbers]
    sides = [
        {
            "row_id": pair["row_id"],
            "input_ids": pair[f"{side}_ids"],
            "labels": pair[f"{side}_labels"],
            "target_bytes": pair["target_bytes"],
        }
        for side in SIDES
        for pair in pairs
    ]
    batch = collate(sides, range(len(sides)), pad_id=pad_id)
    before = torch.tensor([pair.get(BEFORE, (0.0, 0.0)) for pair in pairs], dtype=torch.float32)
    return PairBatch(**{field.name: getattr(batch, field.name) for field in fields(batch)}, before=before)


# Preferring one ad of a pair: after the fine-tuning.
PREFERRING = Objective(
    loss=_loss,
    prepare=_prepare,
    lengths=_lengths,
    collate=_collate,
    evaluate=_evaluate,
    in_words=_in_words,
    examined=("train", "validation"),
    followed=("loss", "reward_accuracy", "reward_margin"),
    table="generation/preferences",
    ids="chosen_ids",
    has_answers=False,
)
