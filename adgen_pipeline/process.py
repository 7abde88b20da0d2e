"""A heavy job is its own process: how it is started, watched and stopped, and how it reports.

The only module that knows Dagster Pipes. A job is one JSON file that names everything it needs; any run can be
repeated by hand with the command that is recorded beside it.
"""

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from adgen_pipeline.settings import Meeting

logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1  # linux/prctl.h
GRACE_SECONDS = 60.0  # between SIGTERM, on which a job saves a checkpoint, and SIGKILL


class Report(Protocol):
    """Where a job tells how it is getting on; only rank 0 is heard."""

    def line(self, message: str) -> None:
        """One line of progress for people."""
        ...


def rank() -> int:
    """This process's rank among the ranks that torchrun started; 0 when started by hand."""
    return int(os.environ.get("RANK", "0"))


def join_ranks() -> None:
    """Make a process that torchrun did not start the only rank of its own group (a job repeated by hand)."""
    if "RANK" in os.environ:
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    alone = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1"}
    os.environ.update({**alone, "MASTER_PORT": str(port)})


def command(module: str, job: Path, *, processes: int, meeting: Meeting | None = None) -> list[str]:
    """The command that runs `module` on a job file with some ranks on this host; the same on each of several hosts.

    Args:
        module: for example adgen_pipeline.training.
        job: the job file.
        processes: ranks on this host.
        meeting: where several hosts meet; None: this one works alone.
    """
    return [
        sys.executable, "-m", "torch.distributed.run",
        *(["--standalone"] if meeting is None else _together(meeting)),
        "--nproc-per-node", str(processes),
        # torchrun kills its ranks 30 s after SIGTERM; on the CPU a step and its checkpoint may take longer.
        "--shutdown-timeout", str(int(GRACE_SECONDS) - 10),
        "-m", module, str(job),
    ]  # fmt: skip


def _together(meeting: Meeting) -> list[str]:
    """All hosts dial the first one, which keeps the store.

    torchrun guesses from host names who is first, and nobody is where all have one name (containers, namespaces).
    With a local address there is no guess: who has the rendezvous' address is.
    """
    found = [
        "--nnodes", str(meeting.hosts), "--rdzv-id", "adgen",
        "--rdzv-backend", "c10d", "--rdzv-endpoint", meeting.rendezvous,
    ]  # fmt: skip
    if meeting.local_address is not None:
        is_first = meeting.rendezvous.rpartition(":")[0] == meeting.local_address
        found += ["--local-addr", meeting.local_address, "--rdzv-conf", f"is_host={str(is_first).lower()}"]
    return found


def stop_group(
    child: "subprocess.Popen[str] | subprocess.Popen[bytes]", grace: float = GRACE_SECONDS
) -> None:
    """End a process group that was started with its own session: SIGTERM, grace, SIGKILL."""
    if not _group_is_alive(child.pid):
        return
    _signal_group(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline:
        child.poll()
        if not _group_is_alive(child.pid):
            return
        time.sleep(0.2)
    _signal_group(child.pid, signal.SIGKILL)
    child.wait()


@contextmanager
def reporting() -> Iterator[Report]:
    """Where this job's progress goes: Pipes if Dagster watches and this is rank 0, else stdout, else nowhere."""
    _end_with_launcher()
    if rank() != 0:
        yield _Silent()
    elif "DAGSTER_PIPES_CONTEXT" in os.environ:
        from dagster_pipes import open_dagster_pipes  # noqa: PLC0415  (only under Dagster)

        with open_dagster_pipes() as pipes:
            yield _Piped(pipes)
    else:
        yield _Printed()


def _end_with_launcher() -> None:
    """Let the system end this rank when torchrun is gone, which starts each rank in a session of its own.

    SIGTERM and SIGINT are handed on by torchrun; when it is killed outright nobody else would end its ranks, and they
    would go on training, writing where the same job started again writes.
    """
    if "TORCHELASTIC_RUN_ID" in os.environ and sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class _Silent:
    def line(self, message: str) -> None:
        """Nobody listens to this rank."""


class _Printed:
    def line(self, message: str) -> None:
        sys.stdout.write(f"adgen: {message}\n")
        sys.stdout.flush()


class _Piped(_Printed):
    """Lines go to stdout, which the launcher forwards, and to Dagster's event log."""

    def __init__(self, pipes: object) -> None:
        self._pipes = pipes

    def line(self, message: str) -> None:
        self._pipes.log.info(message)  # type: ignore[attr-defined]


def _group_is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        logger.debug("process group %s is gone already", group)
