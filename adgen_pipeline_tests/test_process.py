import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from adgen_pipeline import process
from adgen_pipeline.settings import Meeting

STUBBORN = (
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import signal,time;"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN);time.sleep(60)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)\n"
)


def test_the_command_of_a_job_is_plain_torchrun() -> None:
    command = process.command("adgen_pipeline.training", Path("/x/job.json"), processes=2)
    assert command[0] == sys.executable
    assert command[1:] == [
        "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "--shutdown-timeout", "50", "-m", "adgen_pipeline.training", "/x/job.json",
    ]  # fmt: skip


def test_several_hosts_meet_at_the_rendezvous() -> None:
    command = process.command("m", Path("j"), processes=1, meeting=Meeting(2, "10.0.0.1:29400"))
    assert command[3:11] == [
        "--nnodes", "2", "--rdzv-id", "adgen", "--rdzv-backend", "c10d", "--rdzv-endpoint", "10.0.0.1:29400",
    ]  # fmt: skip
    assert "--rdzv-conf" not in command


@pytest.mark.parametrize(("address", "is_first"), [("10.0.0.1", "true"), ("10.0.0.2", "false")])
def test_who_has_the_address_of_the_rendezvous_keeps_the_store(address: str, is_first: str) -> None:
    meeting = Meeting(2, "10.0.0.1:29400", local_address=address)
    command = process.command("m", Path("j"), processes=1, meeting=meeting)
    assert command[command.index("--local-addr") + 1] == address
    assert command[command.index("--rdzv-conf") + 1] == f"is_host={is_first}"


def test_stopping_a_group_ends_grandchildren_that_ignore_sigterm() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        process.stop_group(child, grace=0.5)
    deadline = time.monotonic() + 5
    while psutil.pid_exists(grandchild) and time.monotonic() < deadline:
        if psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    assert not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE
    assert child.returncode == -signal.SIGKILL


def test_only_rank_zero_is_heard(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with process.reporting() as report:
        report.line("from rank 0")
    monkeypatch.setitem(os.environ, "RANK", "1")
    with process.reporting() as report:
        report.line("from rank 1")
    assert capsys.readouterr().out == "adgen: from rank 0\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda n: n.name)
def test_ranks_end_with_torchrun_however_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "waiting.py").write_text(
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from adgen_pipeline import process\n"
        "with process.reporting():\n"
        "    Path(sys.argv[1]).write_text(str(os.getpid()))\n"
        "    time.sleep(60)\n",
        encoding="utf-8",
    )
    told = tmp_path / "pid"
    torchrun = subprocess.Popen(
        process.command("waiting", told, processes=1),
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path.cwd()}"},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (told.is_file() and told.read_text(encoding="utf-8")):
        time.sleep(0.05)
    rank = psutil.Process(int(told.read_text(encoding="utf-8")))
    torchrun.send_signal(number)
    torchrun.wait(timeout=90)
    psutil.wait_procs([rank], timeout=20)
    assert not rank.is_running() or rank.status() == psutil.STATUS_ZOMBIE
