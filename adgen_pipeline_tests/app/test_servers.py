import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from adgen_pipeline.app import cli, room, servers
from adgen_pipeline.app.ports import is_free, require_free
from adgen_pipeline.errors import ResourceError
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.settings import Settings

TINY = Recipe.model_validate({"name": "tiny", "description": "d", "training": {"base_model": "tiny-random"}})

# Two small servers, and a grandchild in a session of its own, as Dagster's runs are.
TWO_SERVERS = """
import sys
from pathlib import Path
from adgen_pipeline.app import servers
from adgen_pipeline.settings import Settings

web = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
runaway = (
    "import subprocess, sys, os;"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], start_new_session=True);"
    f"os.execv(sys.executable, {[*web, sys.argv[2]]!r})"
)
listed = [
    servers.Server("one", [*web, sys.argv[1]], f"http://127.0.0.1:{sys.argv[1]}", f"http://127.0.0.1:{sys.argv[1]}"),
    servers.Server("two", [sys.executable, "-c", runaway], "", f"http://127.0.0.1:{sys.argv[2]}"),
]
servers.run(listed, settings=Settings.from_environment(), report=lambda line: print(line, flush=True))
"""


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def processes_that_mention(words: str) -> list[int]:
    found = []
    for candidate in psutil.process_iter(["environ"]):
        environment = candidate.info["environ"] or {}
        if words in environment.get("ADGEN_DATA", "") and candidate.pid != os.getpid():
            found.append(candidate.pid)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_stops_all_servers_and_leaves_no_process_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    ports = [free_port(), free_port()]
    # The shell of a background job ignores SIGINT, and children inherit that: it must not matter.
    command = [sys.executable, "-c", TWO_SERVERS, *map(str, ports)]
    ignoring = (
        "import os, signal as s, sys; s.signal(s.SIGINT, s.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", ignoring, *command], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert child.stdout is not None
    lines = []
    for line in child.stdout:
        lines.append(line)
        if "All up" in line:
            break
    assert all(httpx.get(f"http://127.0.0.1:{port}").is_success for port in ports)
    assert len(processes_that_mention(str(tmp_path))) == 4  # itself, two servers, the runaway
    child.send_signal(number)
    rest = child.communicate(timeout=60)[0]
    assert child.returncode == 0
    assert "All stopped." in rest
    assert processes_that_mention(str(tmp_path)) == []
    assert all(is_free(port) for port in ports)
    assert {p.name for p in (tmp_path / "data" / "state" / "logs").iterdir()} == {"one.log", "two.log"}


def test_a_server_that_ends_stops_the_others_and_names_its_log(tmp_path: Path) -> None:
    settings = Settings.from_environment()
    port = free_port()
    lasting = servers.Server(
        "web",
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)],
        "",
        f"http://127.0.0.1:{port}",
    )
    failing = servers.Server(
        "sick", [sys.executable, "-c", "raise SystemExit('no tea')"], "", "http://127.0.0.1:9"
    )
    with pytest.raises(ResourceError, match=r"sick ended with status 1: no tea\. Look into .*sick\.log"):
        servers.run([lasting, failing], settings=settings, report=lambda _line: None)
    assert is_free(port)


def test_a_port_in_use_is_told_before_anything_starts(
    taken_port: int, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.run(["dev", "--mlflow-port", str(taken_port), "--data", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert f"Port {taken_port}" in error
    assert "--mlflow-port" in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_two_servers_cannot_share_a_port() -> None:
    with pytest.raises(ResourceError, match="--api-port and --page-port both name port 8008"):
        require_free({"--api-port": 8008, "--page-port": 8008})


def test_a_lingering_connection_is_no_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        served, _ = listening.accept()
        served.close()  # the server's side closes first and lingers in TIME_WAIT
        time.sleep(0.05)
        client.close()
    assert is_free(port)


def test_a_tracking_server_elsewhere_starts_no_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    assert servers.mlflow_servers(Settings.from_environment(), port=5000)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking.example:5000")
    assert servers.mlflow_servers(Settings.from_environment(), port=5000) == []


def test_every_server_listens_on_this_machine_only() -> None:
    settings = Settings.from_environment()
    started = [
        servers.dagster_server(port=1),
        *servers.mlflow_servers(settings, port=2),
        servers.page_server(settings, port=4),
    ]
    assert all("127.0.0.1" in " ".join(server.arguments) for server in started)
    assert "--host" not in servers.api_server(settings, port=3).arguments  # its default is loopback


@pytest.mark.parametrize("have", [room.Room(0.5, 100), room.Room(100, 0.5)], ids=["memory", "disk"])
def test_too_little_room_says_how_much_is_there_and_what_to_do(have: room.Room, tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"0\.5 GiB of \w+ are free.*takes about"):
        room.compare(have, TINY, tmp_path)


def test_a_container_limit_counts_as_memory(tmp_path: Path) -> None:
    limit, used = tmp_path / "memory.max", tmp_path / "memory.current"
    limit.write_text(f"{3 * room.GIB}\n")
    used.write_text(f"{room.GIB}\n")
    assert room.available(tmp_path / "not" / "there", cgroup=tmp_path).memory_gib == pytest.approx(2.0)
    limit.write_text("max\n")
    assert room.available(tmp_path, cgroup=tmp_path).memory_gib > 2.0
