"""The training process: one rank in this process by default; torchrun, two ranks, 4-bit and interrupts are slow."""

import json
import math
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from adgen_pipeline.errors import TrainingError
from adgen_pipeline.training.job import TrainingJob
from adgen_pipeline.training.loop import learning_rate
from adgen_pipeline.training.merge import differences, merge, probes
from adgen_pipeline.training.network import new_rows
from adgen_pipeline.training.run import curve_figure, train
from adgen_pipeline.training.samples import last
from adgen_pipeline.training_recipe import TrainingRecipe
from adgen_pipeline_tests.training.runs import Interrupting, Lines, alone, finished, launch, metrics, result
from adgen_pipeline_tests.training.samples import conversations, tiny_base, tiny_job


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("run")
    tiny_base(root)
    return root


@pytest.fixture(scope="module")
def one_rank() -> Iterator[None]:
    """This process as the only rank."""
    with alone():
        yield


@pytest.fixture(scope="module")
def trained(folder: Path, one_rank: None) -> TrainingJob:
    job = tiny_job(folder, "adapter", maximum_steps=30)
    train(job, report=Lines())
    return job


@pytest.mark.parametrize(("share", "rate"), [(0.0, 0.1), (0.05, 0.55), (0.1, 1.0), (0.55, 0.5), (1.0, 0.0)])
def test_the_learning_rate_rises_and_then_falls_to_nothing(share: float, rate: float) -> None:
    recipe = TrainingRecipe(base_model="x", learning_rate=1.0, warmup_share=0.1)
    assert learning_rate(recipe, share) == pytest.approx(rate)


def test_a_cosine_falls_late_and_then_fast() -> None:
    recipe = TrainingRecipe(base_model="x", learning_rate=1.0, warmup_share=0.0, schedule="cosine")
    rates = [learning_rate(recipe, share) for share in (0.25, 0.5, 0.75, 1.0)]
    assert rates == pytest.approx([0.8536, 0.5, 0.1464, 0.0], abs=1e-4)


def test_training_stops_where_validation_no_longer_improves_and_keeps_the_best(
    folder: Path, one_rank: None
) -> None:
    # Far too high a rate: the loss falls, then the network forgets what it knew.
    job = tiny_job(
        folder, "early", learning_rate=0.2, maximum_steps=400, evaluate_steps=4, patience=2, batch_size=8
    )
    figures = train(job, report=Lines())
    validations = figures["validations"]
    best = min(validations, key=lambda row: row["bits_per_byte"])
    assert figures["best_step"] == best["step"] == figures["steps"] - 8
    assert figures["steps"] < 400
    assert figures["validation_after"]["bits_per_byte"] == pytest.approx(best["bits_per_byte"], rel=1e-6)


def test_only_new_rows_learn_in_the_first_part_of_a_run(folder: Path, one_rank: None) -> None:
    job = tiny_job(
        folder, "rows-first", method="full", precision="fp32", maximum_steps=10, new_rows_share=0.95
    )
    train(job, report=Lines())
    before, after = (load_file(place / "model.safetensors") for place in (folder / "base", job.out))
    table = "model.embed_tokens.weight"
    rows = new_rows(folder / "base")
    old = [number for number in range(len(before[table])) if number not in rows]
    assert torch.equal(before[table].float()[old], after[table].float()[old])
    assert not torch.equal(before[table].float()[rows], after[table].float()[rows])
    assert all(torch.equal(before[name].float(), after[name].float()) for name in before if name != table)


def test_training_lowers_the_validation_loss(trained: TrainingJob) -> None:
    figures = result(trained)
    assert figures["validation_after"]["loss"] < figures["validation_before"]["loss"] - 0.5
    assert figures["validation_after"]["bits_per_byte"] < figures["validation_before"]["bits_per_byte"]


def test_the_folder_holds_adapter_metrics_and_result_and_nothing_that_runs_code(trained: TrainingJob) -> None:
    names = {file.name for file in trained.out.iterdir()}
    assert names == {
        "adapter_config.json", "adapter_model.safetensors", "job.json", "metrics.jsonl", "result.json",
        "samples.jsonl",
    }  # fmt: skip
    assert not trained.work.exists(), "checkpoints are gone"
    assert str(trained.base) not in (trained.out / "adapter_config.json").read_text(encoding="utf-8")


def test_each_step_is_written_down(trained: TrainingJob) -> None:
    rows = metrics(trained)
    assert [row["step"] for row in rows] == list(range(1, 31))
    assert set(rows[0]) == {"step", "loss", "lr", "gradient_norm", "tokens", "seconds"}
    assert all(row["gradient_norm"] > 0 for row in rows)
    assert sum(row["tokens"] for row in rows) == result(trained)["tokens"]
    assert curve_figure(trained.out).startswith(b"\x89PNG")


def test_texts_are_written_before_and_after_and_learned_meanwhile(trained: TrainingJob) -> None:
    lines = (trained.out / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["step"] for row in rows] == [0, 0, 30, 30]
    assert rows[0]["row_id"] == rows[2]["row_id"]
    assert rows[0]["written"] != rows[2]["written"]
    assert last(trained.out) == rows[2:]
    assert "ማስታወቂያ" in rows[0]["prompt"] + rows[0]["wanted"]


def test_speed_is_told_in_words_and_as_a_share_of_the_machine(trained: TrainingJob) -> None:
    figures = result(trained)
    assert 0 < figures["utilisation"] < 1
    assert 0 < figures["amharic_words_per_second"] < figures["tokens_per_second"]
    assert figures["peak_memory_mib"] > 50
    assert figures["utilisation_formula"].startswith("tokens/s × 4N, N = ")


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


def test_a_run_that_is_stopped_twice_ends_as_one_that_was_not(folder: Path, one_rank: None) -> None:
    options: dict[str, Any] = {
        "maximum_steps": 40, "precision": "fp32", "packing": True, "lora": {"rank": 4, "alpha": 8, "dropout": 0.1},
    }  # fmt: skip
    whole, broken = (tiny_job(folder, name, **options) for name in ("undisturbed", "stopped-twice"))
    train(whole, report=Lines())
    for _ in range(2):
        with pytest.raises(TrainingError, match="the checkpoint is saved"):
            train(broken, report=Interrupting(broken, steps=4))
    report = Lines()
    train(broken, report=report)
    assert any(line.startswith("going on from step") for line in report.lines)
    assert [row["loss"] for row in metrics(broken)] == [row["loss"] for row in metrics(whole)]
    adapters = [(job.out / "adapter_model.safetensors").read_bytes() for job in (broken, whole)]
    assert adapters[0] == adapters[1]


def test_a_checkpoint_of_more_ranks_is_refused(folder: Path, one_rank: None) -> None:
    job = tiny_job(folder, "more-ranks", maximum_steps=40, precision="fp32")
    with pytest.raises(TrainingError, match="the checkpoint is saved"):
        train(job, report=Interrupting(job, steps=4))
    pointer = job.work / "checkpoint.json"
    values = json.loads(pointer.read_text(encoding="utf-8"))
    pointer.write_text(json.dumps({**values, "ranks": 2}), encoding="utf-8")
    with pytest.raises(TrainingError, match=r"is of 2 rank\(s\), this run has 1"):
        train(job, report=Lines())


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
