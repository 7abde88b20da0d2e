"""`kill -9` at random moments: tables are the old ones or the new ones, never half of one, and a re-run mends all."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from adgen_pipeline.app import cli
from adgen_pipeline.artifacts import file_digest
from adgen_pipeline.locks import LOCK
from adgen_pipeline.telegram.sample import write_sample
from adgen_pipeline_tests.telegram.exports import rested

# The libraries are imported first, so that the kills fall into the work.
COMMAND = """
import sys
from importlib import import_module
from adgen_pipeline.app import cli
import_module({"telegram": "adgen_pipeline.telegram.folder", "run": "adgen_pipeline.definitions"}[sys.argv[1]])
print("ready", flush=True)
sys.exit(cli.run(sys.argv[1:]))
"""
WRITTEN = ("parsed", "cleaned", "quarantine", "final")


def run(arguments: Sequence[str]) -> float:
    """Seconds that an `adgen` command took, which nobody disturbs and which succeeds."""
    started = time.monotonic()
    assert cli.run(list(arguments)) == 0
    return time.monotonic() - started


def run_killed(arguments: Sequence[str], *, after: float) -> None:
    """Start an `adgen` command and kill it after some seconds of work (or let it end, if that is sooner)."""
    command = [sys.executable, "-c", COMMAND, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(after)
        process.kill()


def sample(folder: Path, messages: int) -> None:
    """Sample exports that rest, so that no command waits for them."""
    for path in write_sample(folder, messages=messages):
        rested(path)


def digests(out: Path) -> dict[str, str]:
    """SHA-256 of each table and quarantine file by its path; hidden files, which are unfinished, left out."""
    files = (path for folder in WRITTEN for path in (out / folder).rglob("*") if path.is_file())
    return {p.relative_to(out).as_posix(): file_digest(p) for p in files if not p.name.startswith(".")}


def unfinished(out: Path) -> list[str]:
    return [p.name for folder in WRITTEN for p in (out / folder).rglob(".*") if p.name != LOCK]


def clean_while_killed(tmp_path: Path, *, kills: int, messages: int) -> None:
    old, new, out = tmp_path / "old", tmp_path / "new", tmp_path / "out"
    sample(old, messages)
    sample(new, messages + messages // 2)
    seconds = run(["telegram", "clean", str(new / "raw"), str(tmp_path / "undisturbed")])
    after = digests(tmp_path / "undisturbed")
    run(["telegram", "clean", str(old / "raw"), str(out)])
    before = digests(out)
    command = ["telegram", "clean", str(new / "raw"), str(out)]
    rng = Random(kills)
    for _ in range(kills):
        run_killed(command, after=rng.uniform(0, seconds))
        found = digests(out)
        assert set(before) & set(after) <= set(found)
        wrong = [name for name, digest in found.items() if digest not in {before.get(name), after.get(name)}]
        assert wrong == []
    run(command)
    assert digests(out) == after
    assert unfinished(out) == []


def test_cleaning_survives_being_killed(tmp_path: Path) -> None:
    clean_while_killed(tmp_path, kills=3, messages=300)


@pytest.mark.slow
def test_cleaning_survives_being_killed_thirty_times(tmp_path: Path) -> None:
    clean_while_killed(tmp_path, kills=30, messages=6000)


@pytest.mark.slow
def test_a_run_survives_being_killed(tmp_path: Path) -> None:
    data, fresh = tmp_path / "data", tmp_path / "fresh"
    arguments = ["run", "--recipe", "tiny", "--select", "+corpus/documents", "--data"]
    sample(fresh, 600)
    seconds = run([*arguments, str(fresh)])
    rng = Random(8)
    for messages in (600, 900) * 4:  # other exports each time, so that there always is work
        sample(data, messages)
        run_killed([*arguments, str(data)], after=rng.uniform(0, seconds))
    sample(data, 600)
    run([*arguments, str(data)])
    assert digests(data) == digests(fresh)
    assert unfinished(data) == []
