"""The training process: one rank in this process by default; torchrun, two ranks, 4-bit and interrupts are slow."""

import json
import math
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file

from adgen_pipeline import process
from adgen_pipeline.errors import TrainingError
from adgen_pipeline.recipe import TrainingRecipe
from adgen_pipeline.training.job import TrainingJob
from adgen_pipeline.training.merge import differences, merge, probes
from adgen_pipeline.training.run import curve_figure, learning_rate, train
from adgen_pipeline_tests.training.samples import conversations, tiny_base, tiny_job


class Lines:
    """A report that keeps what it hears."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, message: str) -> None:
        self.lines.append(message)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("run")
    tiny_base(root)
    return root


@pytest.fixture(scope="module")
def one_rank() -> Iterator[None]:
    """This process as the only rank."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
            patch.delenv(name, raising=False)
            patch.setenv(name, "")
            patch.delenv(name)
        process.join_ranks()
        yield
        if dist.is_initialized():
            dist.destroy_process_group()


@pytest.fixture(scope="module")
def trained(folder: Path, one_rank: None) -> TrainingJob:
    job = tiny_job(folder, "adapter", maximum_steps=30)
    train(job, report=Lines())
    return job


def result(job: TrainingJob) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((job.out / "result.json").read_text(encoding="utf-8"))
    return values


def metrics(job: TrainingJob) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (job.out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def launch(job: TrainingJob, *, processes: int = 1) -> "subprocess.Popen[str]":
    path = job.out.parent / f"{job.out.name}.json"
    job.write(path)
    return subprocess.Popen(
        process.command("adgen_pipeline.training", path, processes=processes),
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finished(job: TrainingJob, *, processes: int = 1) -> str:
    child = launch(job, processes=processes)
    output, _ = child.communicate(timeout=500)
    assert child.returncode == 0, output[-3000:]
    return output


@pytest.mark.parametrize(("share", "rate"), [(0.0, 0.1), (0.05, 0.55), (0.1, 1.0), (0.55, 0.5), (1.0, 0.0)])
def test_the_learning_rate_rises_and_then_falls_to_nothing(share: float, rate: float) -> None:
    recipe = TrainingRecipe(base_model="x", learning_rate=1.0, warmup_share=0.1)
    assert learning_rate(recipe, share) == pytest.approx(rate)


def test_training_lowers_the_validation_loss(trained: TrainingJob) -> None:
    figures = result(trained)
    assert figures["validation_after"]["loss"] < figures["validation_before"]["loss"] - 0.5
    assert figures["validation_after"]["bits_per_byte"] < figures["validation_before"]["bits_per_byte"]


def test_the_folder_holds_adapter_metrics_and_result_and_nothing_that_runs_code(trained: TrainingJob) -> None:
    names = {file.name for file in trained.out.iterdir()}
    assert names == {
        "adapter_config.json", "adapter_model.safetensors", "job.json", "metrics.jsonl", "result.json",
    }  # fmt: skip
    assert not trained.work.exists(), "checkpoints are gone"
    assert str(trained.base) not in (trained.out / "adapter_config.json").read_text(encoding="utf-8")


def test_each_step_is_written_down(trained: TrainingJob) -> None:
    rows = metrics(trained)
    assert [row["step"] for row in rows] == list(range(1, 31))
    assert set(rows[0]) == {"step", "loss", "lr", "tokens", "seconds"}
    assert sum(row["tokens"] for row in rows) == result(trained)["tokens"]
    assert curve_figure(trained.out).startswith(b"\x89PNG")


def test_a_finished_job_is_not_trained_again(trained: TrainingJob) -> None:
    report = Lines()
    assert train(trained, report=report) == result(trained)
    assert report.lines == ["adapter is finished already"]


def test_the_same_job_gives_the_same_adapter(folder: Path, trained: TrainingJob) -> None:
    again = trained.model_copy(update={"out": folder / "again"})
    train(again, report=Lines())
    assert (again.out / "adapter_model.safetensors").read_bytes() == (
        trained.out / "adapter_model.safetensors"
    ).read_bytes()


def test_a_loss_that_is_not_finite_names_the_rows(folder: Path, tmp_path: Path, one_rank: None) -> None:
    tiny_base(tmp_path)
    weights = load_file(tmp_path / "base" / "model.safetensors")
    weights["model.norm.weight"] = torch.full_like(weights["model.norm.weight"], math.nan)
    save_file(weights, tmp_path / "base" / "model.safetensors", metadata={"format": "pt"})
    job = tiny_job(tmp_path)
    with pytest.raises(TrainingError, match=r"not finite at step 1, in the rows 100\d/\d+, 100\d/\d+"):
        train(job, report=Lines())
    assert not job.out.exists()


def test_merged_and_live_are_one_model(folder: Path, trained: TrainingJob, tmp_path: Path) -> None:
    report = merge(folder / "base", trained.out, tmp_path / "model", probe_texts=probes(conversations()))
    assert report["live_loss"] == pytest.approx(report["merged_loss"], abs=0.02)
    assert differences(tmp_path / "model") == []
    assert not (tmp_path / "model" / "adapter_config.json").exists()
    base = load_file(folder / "base" / "model.safetensors")
    merged = load_file(tmp_path / "model" / "model.safetensors")
    assert merged.keys() == base.keys()


def test_a_merge_that_loses_rows_is_found(trained: TrainingJob, folder: Path, tmp_path: Path) -> None:
    merge(folder / "base", trained.out, tmp_path / "model", probe_texts=probes(conversations()))
    file = tmp_path / "model" / "merge.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**values, "merged_loss": values["live_loss"] + 1}), encoding="utf-8")
    assert "with the live adapter it was" in differences(tmp_path / "model")[0]


@pytest.mark.slow
def test_the_process_runs_by_its_command(folder: Path, trained: TrainingJob) -> None:
    job = trained.model_copy(update={"out": folder / "by-command"})
    output = finished(job)
    assert "adgen: after training: loss" in output
    assert (job.out / "adapter_model.safetensors").read_bytes() == (
        trained.out / "adapter_model.safetensors"
    ).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("spread", ["zero1", "zero2", "zero3"])
def test_two_ranks_train_one_adapter(folder: Path, spread: str) -> None:
    job = tiny_job(folder, f"two-{spread}", spread=spread, maximum_steps=12, batch_size=1)
    finished(job, processes=2)
    figures = result(job)
    assert figures["ranks"] == 2
    # Under ZeRO-3 the rows of slots are not trained, so the loss falls more slowly.
    assert figures["validation_after"]["loss"] < figures["validation_before"]["loss"] - 0.1
    weights = load_file(job.out / "adapter_model.safetensors")
    assert all(weight.numel() > 0 for weight in weights.values()), "gathered, not a shard"
    assert any(weight.abs().sum() > 0 for name, weight in weights.items() if "lora_B" in name)
    merge(folder / "base", job.out, folder / f"model-{spread}", probe_texts=probes(conversations()))


@pytest.mark.slow
def test_two_ranks_learn_what_one_rank_learns_from_batches_twice_as_large(folder: Path) -> None:
    alone = tiny_job(folder, "alone", maximum_steps=6, batch_size=2, precision="fp32")
    both = tiny_job(folder, "both", spread="zero2", maximum_steps=6, batch_size=2, precision="fp32")
    accumulated = tiny_job(
        folder, "accumulated", maximum_steps=6, batch_size=2, accumulation_steps=2, precision="fp32"
    )
    for job, processes in ((alone, 1), (both, 2), (accumulated, 1)):
        finished(job, processes=processes)
    losses = {job.out.name: [row["loss"] for row in metrics(job)] for job in (alone, both, accumulated)}
    assert losses["both"] == pytest.approx(losses["accumulated"], abs=1e-4)
    assert losses["both"] != pytest.approx(losses["alone"], abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("load_in", ["4bit", "8bit"])
def test_quantised_weights_train(folder: Path, load_in: str) -> None:
    job = tiny_job(folder, load_in, load_in=load_in, maximum_steps=10)
    finished(job)
    figures = result(job)
    assert figures["validation_after"]["loss"] < figures["validation_before"]["loss"]


@pytest.mark.slow
def test_a_stopped_run_goes_on_where_it_was(folder: Path) -> None:
    job = tiny_job(folder, "stopped", maximum_steps=400, lora={"rank": 4, "alpha": 8, "dropout": 0.1})
    whole = job.model_copy(update={"out": folder / "whole"})
    child = launch(job)
    while not (job.work / "metrics.jsonl").is_file() and child.poll() is None:
        time.sleep(0.1)
    time.sleep(1)
    os.killpg(child.pid, signal.SIGTERM)
    output, _ = child.communicate(timeout=120)
    assert child.returncode != 0
    assert "the checkpoint is saved" in output
    assert not job.out.exists()
    assert "going on from step" in finished(job)
    finished(whole)
    assert [row["loss"] for row in metrics(job)] == [row["loss"] for row in metrics(whole)]
    assert (job.out / "adapter_model.safetensors").read_bytes() == (
        whole.out / "adapter_model.safetensors"
    ).read_bytes()
