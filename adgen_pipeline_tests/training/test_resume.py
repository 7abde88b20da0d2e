"""Runs that are killed, stopped or run out of disk go on as if nothing had been, twice in a row."""

import json
import resource
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from adgen_pipeline.training.job import TrainingJob
from adgen_pipeline_tests.training.runs import broken_off, finished, launch, losses
from adgen_pipeline_tests.training.samples import tiny_base, tiny_job

STEPS = 60
WAYS = ("kill one", "kill all", "SIGTERM")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("resume")
    tiny_base(root)
    return root


def job(folder: Path, name: str, *, spread: str = "zero2") -> TrainingJob:
    return tiny_job(
        folder,
        name,
        spread=spread,
        precision="fp32",
        maximum_steps=STEPS,
        checkpoint_steps=7,
        batch_size=2,
        lora={"rank": 4, "alpha": 8, "dropout": 0.1},
    )


@pytest.fixture(scope="module")
def undisturbed(folder: Path) -> TrainingJob:
    whole = job(folder, "whole")
    finished(whole, processes=2)
    return whole


@pytest.mark.slow
@pytest.mark.parametrize("how", WAYS)
def test_a_run_of_two_ranks_goes_on_twice_as_if_nothing_had_been(
    folder: Path, undisturbed: TrainingJob, how: str
) -> None:
    broken = job(folder, how.replace(" ", "-"))
    broken_off(broken, at_step=10, how=how, processes=2)
    assert "going on from step" in broken_off(broken, at_step=30, how=how, processes=2)
    assert "going on from step" in finished(broken, processes=2)
    assert losses(broken) == pytest.approx(losses(undisturbed), abs=1e-6)
    ours, theirs = (load_file(one.out / "adapter_model.safetensors") for one in (broken, undisturbed))
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        torch.testing.assert_close(weight, theirs[name], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_a_checkpoint_of_two_ranks_is_refused_by_one(folder: Path) -> None:
    broken = job(folder, "fewer")
    broken_off(broken, at_step=10, how="kill all", processes=2)
    child = launch(broken, processes=1)
    output, _ = child.communicate(timeout=300)
    assert child.returncode != 0
    assert "is of 2 rank(s), this run has 1. Start it on as many as before" in output


@pytest.mark.slow
def test_a_full_disk_leaves_the_checkpoint_before(folder: Path) -> None:
    whole, broken = job(folder, "alone", spread="cpu"), job(folder, "full-disk", spread="cpu")
    finished(whole)
    broken_off(broken, at_step=10, how="kill all")
    kept = json.loads((broken.work / "checkpoint.json").read_text(encoding="utf-8"))

    def no_room() -> None:
        """Files may grow to 20 kB only: less than a checkpoint, more than the metrics."""
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    child = launch(broken, before=no_room)
    output, _ = child.communicate(timeout=300)
    assert child.returncode != 0, output[-2000:]
    assert json.loads((broken.work / "checkpoint.json").read_text(encoding="utf-8")) == kept
    assert (broken.work / kept["tag"]).is_dir()
    assert f"going on from step {kept['tag'].removeprefix('step')}" in finished(broken)
    assert losses(broken) == pytest.approx(losses(whole), abs=1e-6)
