"""The training process: an adapter or the whole network under DeepSpeed, on one rank or many."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import deepspeed
import deepspeed.ops
import torch
import torch.distributed as dist
from datasets import Dataset, load_from_disk
from safetensors.torch import save_file

from adgen_pipeline.artifacts import replacing, write_json
from adgen_pipeline.figures import lines, png
from adgen_pipeline.process import Report, join_ranks
from adgen_pipeline.tracking import TrackedRun, joined_run
from adgen_pipeline.training.job import TrainingJob, deepspeed_config, zero_stage
from adgen_pipeline.training.loop import Loop
from adgen_pipeline.training.network import NewRowsFirst, load_base, new_rows, parameter_groups, trainable
from adgen_pipeline.training.objective import FORETELLING, Objective
from adgen_pipeline.training.packing import attend_one_by_one, refuse_if_examples_see_each_other
from adgen_pipeline.training.preference_shards import enough
from adgen_pipeline.training.preferences import PREFERRING, passed_on
from adgen_pipeline.training.shards import ENGLISH, SPLITS
from adgen_pipeline.training.speed import measure

WEIGHTS = "model.safetensors"


def train(job: TrainingJob, *, report: Report) -> dict[str, Any]:
    """Train what the job says and write its folder; returns the content of result.json.

    Every rank calls this. The folder `job.out` appears whole at the end: metrics.jsonl, samples.jsonl, result.json,
    job.json and adapter_model.safetensors with adapter_config.json, or, by method `full`, a whole model in the
    training precision. An interrupted run leaves checkpoints in `job.work`, from which the same job goes on.
    Preferences of too few pairs train nothing: the folder is then a copy of where the job starts.

    Raises:
        TrainingError: the loss is not finite, the run was stopped, or spread and recipe do not go together.
    """
    if (job.out / "result.json").is_file():
        report.line(f"{job.out.name} is finished already")
        finished: dict[str, Any] = json.loads((job.out / "result.json").read_text(encoding="utf-8"))
        return finished
    if job.recipe.preferences is not None and not enough(job.shards, job.recipe)["is_tuned"]:
        return passed_on(job, report=report)
    objective = FORETELLING if job.recipe.preferences is None else PREFERRING
    _start_ranks()
    rank, world = dist.get_rank(), dist.get_world_size()
    device = _device(rank)
    torch.manual_seed(job.recipe.seed)
    config = deepspeed_config(job.spread, job.recipe, world=world)
    is_full = job.recipe.method == "full"
    # peft cannot train single rows that ZeRO-3 has cut up (peft issue 2603): there the adapter has to do without.
    rows = new_rows(job.base) if is_full or zero_stage(job.spread) < 3 else []
    base = load_base(job.base, job.recipe, device, weights=job.start if is_full else None)
    if job.recipe.packing:
        attend_one_by_one(base)
        refuse_if_examples_see_each_other(base)
    network = trainable(base, job.recipe, rows, start=job.start)
    first = NewRowsFirst(network, rows)
    trained = [p for p in network.parameters() if p.requires_grad]
    trained_count = sum(p.numel() for p in trained)
    engine, _, _, _ = deepspeed.initialize(
        model=objective.loss(network, job.recipe),
        model_parameters=parameter_groups(network, job.recipe),
        config=config,
    )
    shards = objective.prepare(engine, _shards(job.shards), job, device)
    run = joined_run() if rank == 0 else TrackedRun("", None)
    speed = measure(job, shards["train"][objective.ids], device)
    loop = Loop(job, engine, shards, device, report, run, first, objective, speed)
    loop.resume()
    if not loop.progress.before:
        loop.progress.before = _examined(engine, shards, job, device, objective)
        loop.write_samples()
        report.line(f"before training: {objective.in_words(loop.progress.before['validation'])}")
    loop.run_steps()
    after = _examined(engine, shards, job, device, objective)
    loop.write_samples()
    report.line(f"after training: {objective.in_words(after['validation'])}")
    progress = loop.progress
    result = {
        "method": job.recipe.method,
        "steps": progress.step,
        "tokens": progress.tokens,
        "padding_share": round(1 - progress.tokens / max(progress.places, 1), 4),
        "seconds": round(progress.seconds, 1),
        **speed.figures(progress.tokens / max(progress.seconds, 1e-9)),
        "utilisation_formula": f"tokens/s × {speed.formula} ÷ {speed.peak / 1e9:.0f} GFLOP/s of a matrix product",
        "epochs": round(progress.step / loop.steps_per_epoch, 3),
        "train_loss": loop.recent_loss,
        **{f"{split}_before": figures for split, figures in progress.before.items()},
        **{f"{split}_after": figures for split, figures in after.items()},
        "validations": progress.validations,
        "best_step": progress.best_step,
        "trained_parameters": trained_count,
        "trained_rows": len(rows),
        "ranks": world,
        "job_digest": job.digest(),
    }
    run.metrics({f"validation/{k}": v for k, v in after["validation"].items()}, step=progress.step)
    _write(job, engine, network, result, (loop.metrics_path, loop.samples_path))
    return result


def _shards(folder: Path) -> dict[str, Dataset]:
    """Rows to train on, to validate on and, where there are some, English ones to see what is forgotten."""
    names = [split for split in (*SPLITS, ENGLISH) if (folder / split).is_dir()]
    return {split: load_from_disk(str(folder / split)) for split in names}


def _examined(
    engine: Any, shards: dict[str, Dataset], job: TrainingJob, device: torch.device, objective: Objective
) -> dict[str, dict[str, float]]:
    """Figures of each split that the objective examines, as far as it is there."""
    splits = [split for split in objective.examined if split in shards]
    return {split: objective.evaluate(engine, shards[split], job, device) for split in splits}


def _start_ranks() -> None:
    """Join the other ranks; DeepSpeed without operations that it would have to compile."""
    # The shared-memory collective takes minutes to compile and only serves inference. The name is private: where
    # it is gone, DeepSpeed compiles and all works as well.
    getattr(deepspeed.ops, "__compatible_ops__", {})["deepspeed_shm_comm"] = False
    join_ranks()
    if not dist.is_initialized():
        deepspeed.init_distributed(auto_mpi_discovery=False, verbose=False)


def leave_ranks() -> None:
    """Part from the other ranks, at the end of the process.

    Without it the interpreter's end may meet a thread of gloo that still runs, and abort a rank that has done its work.
    """
    if dist.is_initialized():
        dist.destroy_process_group()


def _device(rank: int) -> torch.device:
    if deepspeed.get_accelerator().device_name() != "cuda":
        return torch.device("cpu")
    device = torch.device("cuda", rank % torch.cuda.device_count())
    torch.cuda.set_device(device)
    return device


def _write(job: TrainingJob, engine: Any, network: Any, result: dict[str, Any], kept: Sequence[Path]) -> None:
    """Publish the folder of the finished run, then remove the checkpoints."""
    is_full = job.recipe.method == "full"
    weights = _whole_weights(network, job) if is_full else {}
    trained = [] if is_full else [p for p in network.parameters() if p.requires_grad]
    with deepspeed.zero.GatheredParameters(trained, enabled=bool(trained) and zero_stage(job.spread) == 3):
        if dist.get_rank() == 0:
            with replacing(job.out) as temporary:
                if is_full:
                    temporary.mkdir(parents=True)
                    network.config.save_pretrained(temporary)
                    network.generation_config.save_pretrained(temporary)
                    save_file(weights, temporary / WEIGHTS, metadata={"format": "pt"})
                else:
                    # Rows of the embedding are in the adapter already; "auto" would look the base up on the hub.
                    network.save_pretrained(temporary, safe_serialization=True, save_embedding_layers=False)
                    (temporary / "README.md").unlink(missing_ok=True)
                for path in kept:
                    if path.is_file():
                        shutil.copyfile(path, temporary / path.name)
                job.write(temporary / "job.json")
                write_json(temporary / "result.json", result)
            shutil.rmtree(job.work)
    dist.barrier()
    engine.destroy()


def _whole_weights(network: Any, job: TrainingJob) -> dict[str, torch.Tensor]:
    """All weights on the CPU of rank 0, gathered one by one where ZeRO-3 has cut them up; shared ones once."""
    weights: dict[str, torch.Tensor] = {}
    for name, parameter in network.named_parameters():
        with deepspeed.zero.GatheredParameters([parameter], enabled=zero_stage(job.spread) == 3):
            if dist.get_rank() == 0:
                weights[name] = parameter.detach().cpu().clone().contiguous()
    return weights


def curve_figure(adapter: Path) -> bytes:
    """The loss of a finished run over its steps, as PNG: each step, and a running mean of ten."""
    rows = [json.loads(line) for line in (adapter / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    steps, losses = [float(row["step"]) for row in rows], [float(row["loss"]) for row in rows]
    means = [
        sum(losses[max(0, i - 9) : i + 1]) / len(losses[max(0, i - 9) : i + 1]) for i in range(len(losses))
    ]
    series = {"each step": (steps, losses), "mean of ten": (steps, means)}
    result = json.loads((adapter / "result.json").read_text(encoding="utf-8"))
    unit = "a pair" if "pairs" in result["validation_after"] else "a target token"
    return png(lines(series, title="Training loss", x="step", y=f"nats {unit}"))
