"""The training process: LoRA fine-tuning under DeepSpeed, on one rank or many, interruptible at every step."""

import json
import math
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import deepspeed
import deepspeed.ops
import torch
import torch.distributed as dist
from datasets import Dataset, load_from_disk
from transformers import AutoTokenizer

from adgen_pipeline.artifacts import replacing, write_json
from adgen_pipeline.errors import TrainingError
from adgen_pipeline.figures import lines, png
from adgen_pipeline.process import Report, join_ranks
from adgen_pipeline.recipe import TrainingRecipe
from adgen_pipeline.tracking import TrackedRun, joined_run
from adgen_pipeline.training.batches import Batch, collate, plan_epoch
from adgen_pipeline.training.job import TrainingJob, deepspeed_config, zero_stage
from adgen_pipeline.training.network import TargetLoss, load_base, new_rows, with_adapter

REPORT_SECONDS = 10.0
WARMUP_STEPS = 10  # at least so many, however short the run: from 3 steps the loss of Gemma jumped by 3 nats


@dataclass
class Progress:
    """How far a run is; stored with each checkpoint.

    Attributes:
        step: optimiser steps taken.
        tokens: tokens seen by all ranks, padding not counted.
        seconds: time spent in training steps, earlier attempts included.
        before: validation figures of the untrained adapter.
    """

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    before: dict[str, float] = field(default_factory=dict)


def train(job: TrainingJob, *, report: Report) -> dict[str, Any]:
    """Train the job's adapter and write its folder; returns the content of result.json.

    Every rank calls this. The folder `job.out` appears whole at the end: adapter_model.safetensors,
    adapter_config.json, tokenizer_config is the base's, metrics.jsonl, result.json, job.json. An interrupted run
    leaves checkpoints in `job.work`, from which the same job goes on.

    Raises:
        TrainingError: the loss is not finite, the run was stopped, or spread and recipe do not go together.
    """
    if (job.out / "result.json").is_file():
        report.line(f"{job.out.name} is finished already")
        finished: dict[str, Any] = json.loads((job.out / "result.json").read_text(encoding="utf-8"))
        return finished
    _start_ranks()
    rank, world = dist.get_rank(), dist.get_world_size()
    device = _device(rank)
    torch.manual_seed(job.recipe.seed)
    config = deepspeed_config(job.spread, job.recipe, world=world)
    # peft cannot train single rows that ZeRO-3 has cut up (peft issue 2603): there the adapter has to do without.
    rows = new_rows(job.base) if zero_stage(job.spread) < 3 else []
    network = with_adapter(load_base(job.base, job.recipe, device), job.recipe, rows)
    trainable = [p for p in network.parameters() if p.requires_grad]
    engine, _, _, _ = deepspeed.initialize(
        model=TargetLoss(network), model_parameters=trainable, config=config
    )
    shards = {split: load_from_disk(str(job.shards / split)) for split in ("train", "validation")}
    run = joined_run() if rank == 0 else TrackedRun("", None)
    loop = _Loop(job, engine, shards["train"], device, report, run)
    loop.resume()
    if not loop.progress.before:
        loop.progress.before = evaluate(engine, shards["validation"], job, device)
        report.line(f"before training: {_words(loop.progress.before)}")
    loop.run_steps()
    after = evaluate(engine, shards["validation"], job, device)
    report.line(f"after training: {_words(after)}")
    result = {
        "steps": loop.progress.step,
        "tokens": loop.progress.tokens,
        "seconds": round(loop.progress.seconds, 1),
        "tokens_per_second": round(loop.progress.tokens / max(loop.progress.seconds, 1e-9), 1),
        "epochs": round(loop.progress.step / loop.steps_per_epoch, 3),
        "train_loss": loop.recent_loss,
        "validation_before": loop.progress.before,
        "validation_after": after,
        "trained_parameters": sum(p.numel() for p in trainable),
        "trained_rows": len(rows),
        "ranks": world,
        "job_digest": job.digest(),
    }
    run.metrics({f"validation/{k}": v for k, v in after.items()}, step=loop.progress.step)
    _write_adapter(job, engine, network, result, loop.metrics_path)
    return result


def learning_rate(recipe: TrainingRecipe, share_done: float) -> float:
    """The learning rate when a share of the run (0…1) is done: a linear rise, then a linear fall to 0."""
    warm = max(recipe.warmup_share, 1e-9)
    if share_done < warm:
        # Not from 0: the first step would be taken in vain.
        return recipe.learning_rate * (0.1 + 0.9 * share_done / warm)
    return recipe.learning_rate * max(0.0, 1 - (share_done - warm) / (1 - min(warm, 0.999)))


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


class _Loop:
    """The steps of one run: data order, schedule, checkpoints, reports."""

    def __init__(
        self,
        job: TrainingJob,
        engine: Any,
        rows: Dataset,
        device: torch.device,
        report: Report,
        run: TrackedRun,
    ) -> None:
        self.job, self.engine, self.rows, self.device = job, engine, rows, device
        self.report, self.tracked = report, run
        self.progress = Progress()
        self.recent_loss = math.nan
        self.metrics_path = job.work / "metrics.jsonl"
        self._rank, self._world = dist.get_rank(), dist.get_world_size()
        self._pad_id = AutoTokenizer.from_pretrained(job.base).pad_token_id
        self._lengths = [len(ids) for ids in rows["input_ids"]]
        self._group = self._world * job.recipe.accumulation_steps  # batches of one step
        self.steps_per_epoch = len(self._plan(0)) // self._group
        wanted = math.ceil(job.recipe.maximum_epochs * self.steps_per_epoch)
        self._last_step = min(job.recipe.maximum_steps, wanted)
        self._stop_asked = False

    def resume(self) -> None:
        """Go on from the newest checkpoint of the same job, if there is one."""
        if self._rank == 0:
            self.job.work.mkdir(parents=True, exist_ok=True)
        dist.barrier()
        if not (self.job.work / "latest").is_file():
            return
        _, state = self.engine.load_checkpoint(str(self.job.work), load_module_strict=False)
        if state is None:
            raise TrainingError(
                f"{self.job.work}: the checkpoint there cannot be read. Remove that folder to start afresh."
            )
        self.progress = Progress(**state["progress"])
        torch.set_rng_state(state["rng"])
        if self._rank == 0:
            _cut_metrics(self.metrics_path, self.progress.step)
        self.report.line(f"going on from step {self.progress.step}")

    def run_steps(self) -> None:
        """Train until steps, epochs or minutes are used up; on SIGTERM save a checkpoint and raise."""
        before = signal.signal(signal.SIGTERM, self._on_sigterm)
        try:
            self._steps()
        finally:
            signal.signal(signal.SIGTERM, before)

    def _steps(self) -> None:
        last_report, losses, epoch_plan = time.monotonic(), [], (-1, [[0]])
        last_tokens = self.progress.tokens
        while (share := self._share_done()) < 1:
            started = time.monotonic()
            epoch, place = divmod(self.progress.step, self.steps_per_epoch)
            if epoch_plan[0] != epoch:
                epoch_plan = (epoch, self._plan(epoch))
            first = place * self._group
            rate = learning_rate(self.job.recipe, share) * min(1.0, (self.progress.step + 1) / WARMUP_STEPS)
            for group in self.engine.optimizer.param_groups:
                group["lr"] = rate
            loss, tokens = self._step(epoch_plan[1][first : first + self._group])
            self.progress.step += 1
            self.progress.tokens += tokens
            seconds, stop = self._agreed(time.monotonic() - started)
            self.progress.seconds += seconds
            losses.append(loss)
            self._note(loss, rate, tokens, seconds)
            now = time.monotonic()
            if now - last_report >= REPORT_SECONDS or self._share_done() >= 1:
                self.recent_loss = sum(losses) / len(losses)
                speed = (self.progress.tokens - last_tokens) / max(now - last_report, 1e-9)
                self._tell(self.recent_loss, rate, speed)
                last_report, losses, last_tokens = now, [], self.progress.tokens
            if stop or self.progress.step % self.job.recipe.checkpoint_steps == 0:
                self._save()
            if stop:
                raise TrainingError(
                    f"Stopped on request after step {self.progress.step}; the checkpoint is saved. "
                    "Start the same job again and it goes on from there."
                )

    def _share_done(self) -> float:
        shares = [self.progress.step / self._last_step]
        if self.job.recipe.maximum_minutes is not None:
            shares.append(self.progress.seconds / 60 / self.job.recipe.maximum_minutes)
        return max(shares)

    def _plan(self, epoch: int) -> list[list[int]]:
        recipe = self.job.recipe
        return plan_epoch(
            self._lengths, batch_size=recipe.batch_size, multiple=self._group, seed=recipe.seed, epoch=epoch
        )

    def _step(self, batches: list[list[int]]) -> tuple[float, int]:
        """Mean loss a target token and tokens of one optimiser step, over all ranks."""
        sums = torch.zeros(3, dtype=torch.float64, device=self.device)
        bad: list[str] = []
        for numbers in batches[self._rank :: self._world]:
            batch: Batch = collate(self.rows, numbers, pad_id=self._pad_id)
            loss, targets = self.engine(**batch.to(self.device))
            if not torch.isfinite(loss):
                bad = list(batch.row_ids)
                break
            self.engine.backward(loss / targets)
            self.engine.step()
            sums += torch.stack([loss.detach().double(), targets.double(), sums.new_tensor(batch.tokens)])
        if bad:
            # The other ranks wait in a collective of this step; torchrun ends them when this one fails.
            raise TrainingError(
                f"The loss is not finite at step {self.progress.step + 1}, in the rows {', '.join(bad)}. "
                "Lower training.learning_rate, or look at those rows in corpus/conversations."
            )
        dist.all_reduce(sums)
        return float(sums[0] / sums[1]), int(sums[2])

    def _agreed(self, seconds: float) -> tuple[float, bool]:
        """Seconds of the slowest rank and whether any rank was asked to stop: the same on all ranks."""
        values = torch.tensor([seconds, float(self._stop_asked)], dtype=torch.float64, device=self.device)
        dist.all_reduce(values, op=dist.ReduceOp.MAX)
        return float(values[0]), bool(values[1])

    def _note(self, loss: float, rate: float, tokens: int, seconds: float) -> None:
        if self._rank == 0:
            values = {
                "step": self.progress.step,
                "loss": loss,
                "lr": rate,
                "tokens": tokens,
                "seconds": round(seconds, 3),
            }
            with self.metrics_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")

    def _tell(self, loss: float, rate: float, speed: float) -> None:
        percent = min(100, 100 * self._share_done())
        self.report.line(
            f"step {self.progress.step} · {percent:.0f} % · loss {loss:.3f} · lr {rate:.1e} · "
            f"{speed:.0f} tokens/s · {self.progress.tokens:,} tokens"
        )
        self.tracked.metrics(
            {"training/loss": loss, "training/lr": rate, "training/tokens_per_second": speed},
            step=self.progress.step,
        )

    def _save(self) -> None:
        """Write a checkpoint and remove the older ones."""
        tag = f"step{self.progress.step}"
        self.engine.save_checkpoint(
            str(self.job.work),
            tag=tag,
            client_state={"progress": self.progress.__dict__, "rng": torch.get_rng_state()},
            exclude_frozen_parameters=True,
        )
        dist.barrier()
        if self._rank == 0:
            for folder in self.job.work.glob("step*"):
                if folder.name != tag:
                    shutil.rmtree(folder)

    def _on_sigterm(self, _signal: int, _frame: object) -> None:
        self._stop_asked = True


def _start_ranks() -> None:
    """Join the other ranks; DeepSpeed without operations that it would have to compile."""
    # The shared-memory collective takes minutes to compile and only serves inference. The name is private: where
    # it is gone, DeepSpeed compiles and all works as well.
    getattr(deepspeed.ops, "__compatible_ops__", {})["deepspeed_shm_comm"] = False
    join_ranks()
    if not dist.is_initialized():
        deepspeed.init_distributed(auto_mpi_discovery=False, verbose=False)


def _device(rank: int) -> torch.device:
    if deepspeed.get_accelerator().device_name() != "cuda":
        return torch.device("cpu")
    device = torch.device("cuda", rank % torch.cuda.device_count())
    torch.cuda.set_device(device)
    return device


def _write_adapter(
    job: TrainingJob,
    engine: Any,
    network: Any,
    result: dict[str, Any],
    metrics: Path,
) -> None:
    """Publish the folder of the finished adapter, then remove the checkpoints."""
    trainable = [p for p in network.parameters() if p.requires_grad]
    with deepspeed.zero.GatheredParameters(trainable, enabled=zero_stage(job.spread) == 3):
        if dist.get_rank() == 0:
            with replacing(job.out) as temporary:
                # Rows of the embedding are in the adapter already; "auto" would look the base up on the hub.
                network.save_pretrained(temporary, safe_serialization=True, save_embedding_layers=False)
                (temporary / "README.md").unlink(missing_ok=True)
                shutil.copyfile(metrics, temporary / "metrics.jsonl")
                job.write(temporary / "job.json")
                write_json(temporary / "result.json", result)
            shutil.rmtree(job.work)
    dist.barrier()
    engine.destroy()


def _cut_metrics(path: Path, step: int) -> None:
    """Take out of the metrics what came after a checkpoint's step: it will be done again."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    kept = [line for line in lines if json.loads(line)["step"] <= step]
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _words(figures: dict[str, float]) -> str:
    return f"loss {figures['loss']:.3f} nats a token, {figures['bits_per_byte']:.3f} bits per byte"


def curve_figure(adapter: Path) -> bytes:
    """The loss of a finished run over its steps, as PNG: each step, and a running mean of ten."""
    rows = [json.loads(line) for line in (adapter / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    steps, losses = [float(row["step"]) for row in rows], [float(row["loss"]) for row in rows]
    means = [
        sum(losses[max(0, i - 9) : i + 1]) / len(losses[max(0, i - 9) : i + 1]) for i in range(len(losses))
    ]
    series = {"each step": (steps, losses), "mean of ten": (steps, means)}
    return png(lines(series, title="Training loss", x="step", y="nats a target token"))
