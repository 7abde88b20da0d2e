"""Training processes as people start them: by their command, watched, killed."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from adgen_pipeline import process
from adgen_pipeline.training.job import TrainingJob


class Lines:
    """A report that keeps what it hears."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, message: str) -> None:
        self.lines.append(message)


class Interrupting(Lines):
    """A report that sends SIGTERM as soon as a job has done some steps more."""

    def __init__(self, job: TrainingJob, *, steps: int) -> None:
        super().__init__()
        self._job, self._steps = job, steps

    def line(self, message: str) -> None:
        super().line(message)
        if message.startswith(("before training", "going on")):
            wanted = steps_done(self._job) + self._steps
            threading.Thread(target=self._interrupt, args=(wanted,), daemon=True).start()

    def _interrupt(self, wanted: int) -> None:
        while steps_done(self._job) < wanted:
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def alone() -> Iterator[None]:
    """This process as the only rank.

    Its process group stays for the tests after it: DeepSpeed keeps the first one that it saw, and fails with another.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
            patch.delenv(name, raising=False)
            patch.setenv(name, "")
            patch.delenv(name)
        process.join_ranks()
        yield


def launch(
    job: TrainingJob, *, processes: int = 1, before: Callable[[], None] | None = None
) -> "subprocess.Popen[str]":
    """The job's process group; `before` runs in the child before it becomes torchrun."""
    path = job.out.parent / f"{job.out.name}.json"
    job.write(path)
    return subprocess.Popen(
        process.command("adgen_pipeline.training", path, processes=processes),
        env={**os.environ, "OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=before,
    )


def finished(job: TrainingJob, *, processes: int = 1) -> str:
    """What a run said that came to its end."""
    child = launch(job, processes=processes)
    output, _ = child.communicate(timeout=500)
    assert child.returncode == 0, output[-3000:]
    return output


def broken_off(job: TrainingJob, *, at_step: int, how: str, processes: int = 1) -> str:
    """What a run said that was broken off after a step.

    Args:
        job: the job.
        at_step: of which the metrics must stand before.
        how: "SIGTERM" to the group, "kill all" (SIGKILL to the group) or "kill one" (SIGKILL to the last rank).
        processes: ranks.
    """
    child = launch(job, processes=processes)
    while child.poll() is None and steps_done(job) < at_step:
        time.sleep(0.02)
    if how == "SIGTERM":
        os.killpg(child.pid, signal.SIGTERM)
    elif how == "kill all":
        os.killpg(child.pid, signal.SIGKILL)
    else:
        last = str(processes - 1)
        ranks = psutil.Process(child.pid).children(recursive=True)
        next(rank for rank in ranks if rank.environ().get("RANK") == last).kill()
    output, _ = child.communicate(timeout=300)
    assert child.returncode != 0, "the run was over before it could be broken off"
    assert not job.out.exists()
    return output


def steps_done(job: TrainingJob) -> int:
    """Steps of which a running job has written metrics."""
    path = job.work / "metrics.jsonl"
    return path.read_text(encoding="utf-8").count("\n") if path.is_file() else 0


def result(job: TrainingJob) -> dict[str, Any]:
    """Content of result.json."""
    values: dict[str, Any] = json.loads((job.out / "result.json").read_text(encoding="utf-8"))
    return values


def metrics(job: TrainingJob) -> list[dict[str, Any]]:
    """A row a step."""
    return [json.loads(line) for line in (job.out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def losses(job: TrainingJob) -> list[float]:
    """The loss of each step, in order."""
    return [row["loss"] for row in metrics(job)]
