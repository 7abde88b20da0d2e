"""Locks against other processes, which end in every way."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adgen_pipeline.artifacts import replacing
from adgen_pipeline.locks import LOCK, exclusive, temporary_path, writing

HOLD = """
import sys
from pathlib import Path
from adgen_pipeline.locks import exclusive, writing
folder = Path(sys.argv[2])
with exclusive(folder, report=print) if sys.argv[1] == "exclusive" else writing(folder):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(kind: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds a lock until its stdin is closed or it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, kind, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_command_says_who_works_there_and_waits(tmp_path: Path) -> None:
    lines: list[str] = []
    with another_process("exclusive", tmp_path) as first:

        def report(line: str) -> None:
            lines.append(line)
            assert first.stdin is not None
            first.stdin.close()  # it is done: what waits goes on

        with exclusive(tmp_path, report=report):
            assert first.wait(10) == 0
    assert len(lines) == 1
    assert f"in use by process {first.pid}" in lines[0]


def test_a_killed_command_holds_nothing(tmp_path: Path) -> None:
    with another_process("exclusive", tmp_path) as first:
        first.kill()
        first.wait()
    with exclusive(tmp_path, report=pytest.fail):
        assert (tmp_path / LOCK).is_file()


def test_two_folders_are_worked_on_at_once(tmp_path: Path) -> None:
    with another_process("exclusive", tmp_path / "a"), exclusive(tmp_path / "b", report=pytest.fail):
        assert (tmp_path / "b" / LOCK).is_file()


def test_what_a_dead_process_left_goes_with_the_next_writing(tmp_path: Path) -> None:
    table, version = temporary_path(tmp_path / "5.parquet"), temporary_path(tmp_path / "0123456789ab")
    others = [tmp_path / ".hidden", tmp_path / ".5.parquet.part", tmp_path / "5.parquet"]
    for file in (table, version / "weights", *others):
        file.parent.mkdir(exist_ok=True)
        file.write_text("x", encoding="utf-8")
    with replacing(tmp_path / "6.parquet") as temporary:
        temporary.write_text("y", encoding="utf-8")
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "6.parquet"])


def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    theirs = temporary_path(tmp_path / "5.parquet")
    with another_process("writing", tmp_path):
        theirs.write_text("x", encoding="utf-8")
        with writing(tmp_path):
            assert theirs.is_file()
        with replacing(tmp_path / "5.parquet") as ours:  # and neither waits for the other
            ours.write_text("y", encoding="utf-8")
        assert theirs.is_file()
    with writing(tmp_path):
        assert not theirs.exists()


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "version"
    for name in ("old", "new"):
        with replacing(path) as temporary:
            temporary.mkdir()
            (temporary / name).write_text("x", encoding="utf-8")
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()] == ["version/new"]
