"""Several servers as one: started together, watched, and stopped together without leaving a process behind.

Each server is its own process group with its own log file. Their processes carry a mark in their environment; what
still bears it after the groups were stopped (a run that Dagster launched, a training job) is stopped by that mark.
"""

import secrets
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

import httpx
import psutil

from adgen_pipeline import process
from adgen_pipeline.app.keys import Keyring
from adgen_pipeline.app.ports import LOOPBACK
from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import ResourceError
from adgen_pipeline.settings import PROJECT_ROOT, Settings

START_SECONDS = 180.0  # four Python servers importing their libraries at once on two cores
GRACE_SECONDS = 20.0  # between SIGTERM and SIGKILL
LOOK_SECONDS = 0.3
MARK = "ADGEN_SERVERS"  # environment variable of everything that is started here
PAGE_SCRIPT = Path(__file__).with_name("page.py")
PAGE_OPTIONS = {  # of Streamlit
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "5",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    # Of both schemes by name: a theme for all would be light whatever the reader's system prefers.
    **{f"theme.{scheme}.primaryColor": "#2481cc" for scheme in ("light", "dark")},
    **{f"theme.{scheme}.font": "'Noto Sans Ethiopic Adgen', sans-serif" for scheme in ("light", "dark")},
}
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, eq=False)
class Server:
    """One server: how it is started and where it answers.

    Attributes:
        name: what people call it; names its log file.
        arguments: its command.
        address: what a person opens.
        health: what answers with a status below 500 once it is up.
        environment: variables beside the settings'.
    """

    name: str
    arguments: Sequence[str]
    address: str
    health: str
    environment: Mapping[str, str] = field(default_factory=dict)


def with_addresses(
    settings: Settings, *, dagster_port: int, mlflow_port: int, api_port: int, page_port: int
) -> Settings:
    """The settings with the addresses that these ports give, so that links between the servers are right."""
    del page_port  # nothing links to the page
    return replace(
        settings,
        dagster_url=_url(dagster_port),
        mlflow_url=_url(mlflow_port) if settings.is_tracking_database else settings.mlflow_url,
        api_url=_url(api_port),
    )


def with_key(settings: Settings) -> Settings:
    """The settings with a key for the page where the API asks for one and the environment holds none.

    It is known to this command and its servers alone, and gone with them.
    """
    if settings.api_key is None and Keyring.of(Store(settings.data)).has_keys:
        return replace(settings, api_key=secrets.token_urlsafe(32))
    return settings


def dagster_server(*, port: int) -> Server:
    """Dagster's web server, daemon and code location."""
    return Server(
        "dagster",
        [
            sys.executable, "-m", "dagster", "dev", "--workspace", str(PROJECT_ROOT / "workspace.yaml"),
            "--host", LOOPBACK, "--port", str(port),
        ],
        address=_url(port),
        health=f"{_url(port)}/server_info",
    )  # fmt: skip


def mlflow_servers(settings: Settings, *, port: int) -> list[Server]:
    """MLflow's UI on its database; none where the settings name a tracking server elsewhere."""
    if not settings.is_tracking_database:
        return []
    return [
        Server(
            "mlflow",
            [
                sys.executable, "-m", "mlflow", "server", "--backend-store-uri", settings.tracking_uri,
                "--default-artifact-root", str(settings.artifact_root),
                "--host", LOOPBACK, "--port", str(port), "--workers", "1",
            ],
            address=f"{_url(port)}/#/experiments",
            health=f"{_url(port)}/health",
            # Its job runner is eight more processes (2 GB) for evaluations that are not asked for here.
            environment={"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )
    ]  # fmt: skip


def api_server(settings: Settings, *, port: int) -> Server:
    """The API."""
    return Server(
        "api",
        [
            sys.executable, "-m", "adgen_pipeline.app.cli", "serve", "--port", str(port),
            "--data", str(settings.data), "--recipe", str(settings.recipe_path),
        ],
        address=f"{_url(port)}/openapi.json",
        health=f"{_url(port)}/health",
    )  # fmt: skip


def page_server(settings: Settings, *, port: int) -> Server:
    """The campaign manager's page."""
    options = {**PAGE_OPTIONS, "server.port": str(port), "server.address": LOOPBACK}
    return Server(
        "page",
        [
            sys.executable, "-m", "streamlit", "run", str(PAGE_SCRIPT),
            *(f"--{name}={value}" for name, value in options.items()),
        ],
        address=_url(port),
        health=f"{_url(port)}/_stcore/health",
        environment={"ADGEN_API_URL": settings.api_url},
    )  # fmt: skip


def run(servers: Sequence[Server], *, settings: Settings, report: Callable[[str], None]) -> None:
    """Start the servers, say where each answers, and wait until Ctrl-C, SIGTERM or one of them ending.

    Returns when a signal asked for the end and everything is stopped.

    Raises:
        ResourceError: a server ended or did not answer in time; all others are stopped first.
    """
    logs = settings.state / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex
    running: dict[Server, subprocess.Popen[bytes]] = {}
    with _stop_requests() as stop:
        try:
            for server in servers:
                running[server] = _start(server, settings, logs / f"{server.name}.log", mark)
            report(f"Starting {', '.join(s.name for s in servers)}; logs in {logs}")
            _watch(running, logs, stop, report)
        finally:
            report("Stopping …")
            _stop(list(running.values()), mark)
            report("All stopped.")


def _start(server: Server, settings: Settings, log: Path, mark: str) -> "subprocess.Popen[bytes]":
    environment = {
        **settings.child_environment(),
        "ADGEN_DAGSTER_URL": settings.dagster_url,
        "ADGEN_MLFLOW_URL": settings.mlflow_url,
        "ADGEN_API_URL": settings.api_url,
        **({"ADGEN_API_KEY": settings.api_key} if settings.api_key else {}),
        **server.environment,
        MARK: mark,
    }
    with log.open("wb") as file:
        return subprocess.Popen(
            list(server.arguments),
            env=environment,
            cwd=PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _watch(
    running: "Mapping[Server, subprocess.Popen[bytes]]",
    logs: Path,
    stop: threading.Event,
    report: Callable[[str], None],
) -> None:
    """Report each server once when it answers; return when a stop is asked for.

    Raises:
        ResourceError: one ended by itself, or did not answer in time.
    """
    silent = list(running)
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(timeout=2.0, trust_env=False) as client:
        while not stop.wait(LOOK_SECONDS):
            for server, child in running.items():
                if child.poll() is not None:
                    raise ResourceError(
                        f"{server.name} ended with status {child.returncode}: {_last_line(logs, server)} "
                        f"Look into {logs / server.name}.log."
                    )
            for server in [s for s in silent if _answers(client, s)]:
                silent.remove(server)
                report(f"{server.name:8} {server.address}")
                if not silent:
                    report("All up. Ctrl-C stops them.")
            if silent and time.monotonic() > deadline:
                names = ", ".join(s.name for s in silent)
                raise ResourceError(
                    f"{names} did not answer in {START_SECONDS:.0f} s. Look into {logs}, and close other programs."
                )


def _answers(client: httpx.Client, server: Server) -> bool:
    try:
        return client.get(server.health).status_code < 500
    except httpx.HTTPError:
        return False


def _stop(children: "Sequence[subprocess.Popen[bytes]]", mark: str) -> None:
    """Stop all groups at once, then whatever else bears the mark."""
    stoppers = [
        threading.Thread(target=process.stop_group, args=(child, GRACE_SECONDS)) for child in children
    ]
    for stopper in stoppers:
        stopper.start()
    for stopper in stoppers:
        stopper.join()
    left = list(_marked(mark))
    for survivor in left:
        _signal(survivor, signal.SIGTERM)
    _gone, alive = psutil.wait_procs(left, timeout=GRACE_SECONDS)
    for survivor in alive:
        _signal(survivor, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=5)


def _marked(mark: str) -> Iterator[psutil.Process]:
    """Processes of ours that carry the mark in their environment."""
    for candidate in psutil.process_iter():
        try:
            if candidate.environ().get(MARK) == mark:
                yield candidate
        except psutil.Error:  # gone meanwhile, or somebody else's
            continue


def _signal(target: psutil.Process, number: signal.Signals) -> None:
    try:
        target.send_signal(number)
    except psutil.NoSuchProcess:
        return


@contextmanager
def _stop_requests() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and a closed terminal set.

    Setting handlers also undoes an inherited "ignore", which a background shell gives and children would keep.
    """
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    before = {number: signal.signal(number, ask) for number in STOPPING}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _last_line(logs: Path, server: Server) -> str:
    lines = (logs / f"{server.name}.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"{lines[-1].strip().rstrip('.')}." if lines else "it wrote nothing."


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"
