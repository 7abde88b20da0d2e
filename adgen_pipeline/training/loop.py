"""The steps of one run: data order, learning rate, checkpoints, validations, reports; interruptible at every step."""

import json
import math
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from datasets import Dataset
from transformers import AutoTokenizer

from adgen_pipeline.errors import TrainingError
from adgen_pipeline.process import Report
from adgen_pipeline.tracking import TrackedRun
from adgen_pipeline.training import checkpoints
from adgen_pipeline.training.batches import Batch, collate_packed, pack_epoch, plan_epoch
from adgen_pipeline.training.job import TrainingJob
from adgen_pipeline.training.network import NewRowsFirst
from adgen_pipeline.training.objective import Objective
from adgen_pipeline.training.samples import in_markdown, written_samples
from adgen_pipeline.training.speed import Speed
from adgen_pipeline.training_recipe import TrainingRecipe

REPORT_SECONDS = 10.0
WARMUP_STEPS = 10  # at least so many, however short the run: from 3 steps the loss of Gemma jumped by 3 nats


@dataclass
class Progress:
    """How far a run is; stored with each checkpoint.

    Attributes:
        step: optimiser steps taken.
        tokens: tokens seen by all ranks, padding not counted.
        places: positions that were computed, padding counted.
        seconds: time spent in training steps, earlier attempts included.
        before: validation figures of the untrained network, by split.
        validations: step and the objective's figures of each validation on the way, such as bits per byte.
        best_step: of the best validation; None before the first.
        waits: validations since then.
    """

    step: int = 0
    tokens: int = 0
    places: int = 0
    seconds: float = 0.0
    before: dict[str, dict[str, float]] = field(default_factory=dict)
    validations: list[dict[str, float]] = field(default_factory=list)
    best_step: int | None = None
    waits: int = 0


def learning_rate(recipe: TrainingRecipe, share_done: float) -> float:
    """The learning rate when a share of the run (0…1) is done: a linear rise, then a straight or cosine fall to 0."""
    warm = max(recipe.warmup_share, 1e-9)
    if share_done < warm:
        # Not from 0: the first step would be taken in vain.
        return recipe.learning_rate * (0.1 + 0.9 * share_done / warm)
    fallen = min(1.0, (share_done - warm) / (1 - min(warm, 0.999)))
    left = (1 + math.cos(math.pi * fallen)) / 2 if recipe.schedule == "cosine" else 1 - fallen
    return recipe.learning_rate * max(0.0, left)


class Loop:
    """One run, from its checkpoint or from the start, to its end.

    Attributes:
        progress: how far it is.
        recent_loss: mean of the steps since the last report.
        steps_per_epoch: optimiser steps that see every row once.
        metrics_path: a line a step, beside the checkpoints.
        samples_path: a line a text that was written on the way.
    """

    def __init__(
        self,
        job: TrainingJob,
        engine: Any,
        shards: dict[str, Dataset],
        device: torch.device,
        report: Report,
        run: TrackedRun,
        new_rows_first: NewRowsFirst,
        objective: Objective,
        speed: Speed,
    ) -> None:
        self.job, self.engine, self.rows, self.device = job, engine, shards["train"], device
        self.report, self.tracked, self._objective = report, run, objective
        self.progress = Progress()
        self.recent_loss = math.nan
        self.metrics_path = job.work / "metrics.jsonl"
        self.samples_path = job.work / "samples.jsonl"
        self._validation, self._new_rows_first = shards["validation"], new_rows_first
        self._rank, self._world = dist.get_rank(), dist.get_world_size()
        self._tokenizer = AutoTokenizer.from_pretrained(job.base)
        self._pad_id = self._tokenizer.pad_token_id
        self._speed = speed
        self._lengths = objective.lengths(self.rows)
        self._group = self._world * job.recipe.accumulation_steps  # batches of one step
        self.steps_per_epoch = len(self._plan(0)) // self._group
        wanted = math.ceil(job.recipe.maximum_epochs * self.steps_per_epoch)
        self._last_step = min(job.recipe.maximum_steps, wanted)
        self._stop_asked = False
        self._sampled_step: int | None = None

    def resume(self) -> None:
        """Go on from the newest checkpoint of the same job, if there is one."""
        if self._rank == 0:
            self.job.work.mkdir(parents=True, exist_ok=True)
        dist.barrier()
        found = checkpoints.load(self.engine, self.job.work)
        if found is None:
            if self._rank == 0:
                self.metrics_path.unlink(missing_ok=True)
                self.samples_path.unlink(missing_ok=True)
            return
        self.progress = Progress(**found)
        if self._rank == 0:
            _cut_lines(self.metrics_path, self.progress.step)
            _cut_lines(self.samples_path, self.progress.step)
        self.report.line(f"going on from step {self.progress.step}")

    def run_steps(self) -> None:
        """Train until steps, epochs, minutes or patience are used up; on SIGTERM save a checkpoint and raise.

        Raises:
            TrainingError: it was stopped, or a loss is not finite.
        """
        before = signal.signal(signal.SIGTERM, self._on_sigterm)
        try:
            self._steps()
        finally:
            signal.signal(signal.SIGTERM, before)
        best = self.progress.best_step
        if self.job.recipe.patience is not None and best not in (None, self.progress.step):
            checkpoints.load_best(self.engine, self.job.work)
            self._sampled_step = None  # these are other weights
            self.report.line(f"back to step {best}, which validated best")

    def _steps(self) -> None:
        recipe = self.job.recipe
        last_report, losses = time.monotonic(), []
        epoch_plan: tuple[int, list[Any]] = (-1, [])
        last_tokens = self.progress.tokens
        while (share := self._share_done()) < 1:
            started = time.monotonic()
            epoch, place = divmod(self.progress.step, self.steps_per_epoch)
            if epoch_plan[0] != epoch:
                epoch_plan = (epoch, self._plan(epoch))
            first = place * self._group
            rate = self._set_rate(share)
            loss, tokens, places = self._step(epoch_plan[1][first : first + self._group])
            self.progress.step += 1
            self.progress.tokens += tokens
            self.progress.places += places
            seconds, stop = self._agreed(time.monotonic() - started)
            self.progress.seconds += seconds
            losses.append(loss)
            norm = float(self.engine.get_global_grad_norm() or 0.0)
            self._note(loss, rate, norm, tokens, seconds)
            now = time.monotonic()
            if now - last_report >= REPORT_SECONDS or self._share_done() >= 1:
                self.recent_loss = sum(losses) / len(losses)
                speed = (self.progress.tokens - last_tokens) / max(now - last_report, 1e-9)
                self._tell(self.recent_loss, rate, norm, speed)
                last_report, losses, last_tokens = now, [], self.progress.tokens
            if recipe.evaluate_steps is not None and self.progress.step % recipe.evaluate_steps == 0:
                self._validate()
            if stop or self.progress.step % recipe.checkpoint_steps == 0:
                checkpoints.save(
                    self.engine, self.job.work, step=self.progress.step, progress=asdict(self.progress)
                )
            if stop:
                raise TrainingError(
                    f"Stopped on request after step {self.progress.step}; the checkpoint is saved. "
                    "Start the same job again and it goes on from there."
                )

    def _share_done(self) -> float:
        recipe = self.job.recipe
        shares = [self.progress.step / self._last_step]
        if recipe.maximum_minutes is not None:
            shares.append(self.progress.seconds / 60 / recipe.maximum_minutes)
        if recipe.patience is not None and self.progress.waits >= recipe.patience:
            shares.append(1.0)
        return max(shares)

    def _plan(self, epoch: int) -> list[Any]:
        """Batches of an epoch: row numbers of each, or those of each packed row of each."""
        recipe = self.job.recipe
        if recipe.packing:
            return pack_epoch(
                self._lengths,
                capacity=recipe.maximum_tokens,
                batch_size=recipe.batch_size,
                multiple=self._group,
                seed=recipe.seed,
                epoch=epoch,
            )
        return plan_epoch(
            self._lengths, batch_size=recipe.batch_size, multiple=self._group, seed=recipe.seed, epoch=epoch
        )

    def _set_rate(self, share: float) -> float:
        """The learning rate of the next step, set; in the run's first part only that of new rows is not 0."""
        rate = learning_rate(self.job.recipe, share) * min(1.0, (self.progress.step + 1) / WARMUP_STEPS)
        self._new_rows_first.is_on = share < self.job.recipe.new_rows_share
        for number, group in enumerate(self.engine.optimizer.param_groups):
            group["lr"] = 0.0 if self._new_rows_first.is_on and number > 0 else rate
        return rate

    def _step(self, batches: list[Any]) -> tuple[float, int, int]:
        """Mean loss a target token (or a pair), tokens and computed places of one optimiser step, over all ranks."""
        sums = torch.zeros(4, dtype=torch.float64, device=self.device)
        put_together = collate_packed if self.job.recipe.packing else self._objective.collate
        bad: list[str] = []
        for numbers in batches[self._rank :: self._world]:
            batch: Batch = put_together(self.rows, numbers, pad_id=self._pad_id)
            loss, targets, *_ = self.engine(**batch.to(self.device))
            if not torch.isfinite(loss):
                bad = list(batch.row_ids)
                break
            self.engine.backward(loss / targets)
            self.engine.step()
            counts = sums.new_tensor([batch.tokens, batch.input_ids.numel()])
            sums += torch.cat([torch.stack([loss.detach().double(), targets.double()]), counts])
        if bad:
            # The other ranks wait in a collective of this step; torchrun ends them when this one fails.
            raise TrainingError(
                f"The loss is not finite at step {self.progress.step + 1}, in the rows {', '.join(bad)}. "
                f"Lower training.learning_rate, or look at those rows in {self._objective.table}."
            )
        dist.all_reduce(sums)
        return float(sums[0] / sums[1]), int(sums[2]), int(sums[3])

    def _validate(self) -> None:
        """Validate on the way; where patience is limited, keep the best weights."""
        found = self._objective.evaluate(self.engine, self._validation, self.job, self.device)
        figures = {name: found[name] for name in self._objective.followed}
        judged = self._objective.followed[0]
        best = min((row[judged] for row in self.progress.validations), default=math.inf)
        self.progress.validations.append({"step": float(self.progress.step), **figures})
        self.tracked.metrics({f"validation/{k}": v for k, v in figures.items()}, step=self.progress.step)
        self.write_samples()
        if figures[judged] < best:
            self.progress.best_step, self.progress.waits = self.progress.step, 0
            if self.job.recipe.patience is not None:
                checkpoints.save_best(self.engine, self.job.work)
        else:
            self.progress.waits += 1

    def _agreed(self, seconds: float) -> tuple[float, bool]:
        """Seconds of the slowest rank and whether any rank was asked to stop: the same on all ranks."""
        values = torch.tensor([seconds, float(self._stop_asked)], dtype=torch.float64, device=self.device)
        dist.all_reduce(values, op=dist.ReduceOp.MAX)
        return float(values[0]), bool(values[1])

    def _note(self, loss: float, rate: float, norm: float, tokens: int, seconds: float) -> None:
        if self._rank == 0:
            values = {
                "step": self.progress.step,
                "loss": loss,
                "lr": rate,
                "gradient_norm": norm,
                "tokens": tokens,
                "seconds": round(seconds, 3),
            }
            with self.metrics_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")

    def _tell(self, loss: float, rate: float, norm: float, speed: float) -> None:
        percent = min(100, 100 * self._share_done())
        self.report.line(
            f"step {self.progress.step} · {percent:.0f} % · loss {loss:.3f} · lr {rate:.1e} · "
            f"{speed:.0f} tokens/s · {self.progress.tokens:,} tokens"
        )
        self.tracked.metrics(
            {
                "training/loss": loss,
                "training/lr": rate,
                "training/gradient_norm": norm,
                **{f"training/{name}": value for name, value in self._speed.figures(speed).items()},
                "training/padding_share": 1 - self.progress.tokens / max(self.progress.places, 1),
            },
            step=self.progress.step,
        )

    def write_samples(self) -> None:
        """Answer the first validation prompts with the network as it is, into `samples_path` and the tracked run."""
        is_asked = self.job.recipe.sample_rows > 0 and self._objective.has_answers
        if not is_asked or self._sampled_step == self.progress.step:
            return
        self._sampled_step = self.progress.step
        self.engine.eval()
        found = written_samples(
            self.engine.module.network,
            self._validation,
            count=self.job.recipe.sample_rows,
            tokenizer=self._tokenizer,
            device=self.device,
        )
        self.engine.train()
        if self._rank == 0:
            step = self.progress.step
            with self.samples_path.open("a", encoding="utf-8") as file:
                file.writelines(
                    json.dumps({"step": step, **sample}, ensure_ascii=False) + "\n" for sample in found
                )
            self.tracked.text(in_markdown(found), f"samples_{step:06d}.md")

    def _on_sigterm(self, _signal: int, _frame: object) -> None:
        self._stop_asked = True


def _cut_lines(path: Path, step: int) -> None:
    """Take out of a file what came after a checkpoint's step: it will be done again."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
