"""A server that is killed while it writes: what it kept is whole, clients get a clean error, it soon starts again."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from adgen_pipeline.app.servers import api_server
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.settings import PROJECT_ROOT, Settings
from adgen_pipeline_tests.app.serving import BRIEF, free_port
from adgen_pipeline_tests.generation.writers import published_store

READY_SECONDS = 15

pytestmark = pytest.mark.slow


def started(data: Path, port: int) -> "subprocess.Popen[bytes]":
    settings = Settings.from_environment(data=data, recipe=Path("tiny"))
    return subprocess.Popen(
        list(api_server(settings, port=port).arguments), env=settings.child_environment(), cwd=PROJECT_ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def wait_until_ready(client: httpx.Client, seconds: float) -> float:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        with suppress(httpx.HTTPError):
            if client.get("/ready").is_success:
                return time.monotonic() - began
        time.sleep(0.05)
    pytest.fail(f"not ready after {seconds} s")


def test_a_server_killed_while_it_writes_leaves_whole_ads_and_starts_again(tmp_path: Path) -> None:
    store = published_store(tmp_path)
    port = free_port()
    errors: list[str] = []
    answers: list[int] = []

    def ask() -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as asking:
            try:
                while True:
                    answers.append(asking.post("/v1/ads", json={"brief": BRIEF, "n": 3}).status_code)
            except httpx.TransportError as error:
                errors.append(type(error).__name__)

    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
        server = started(store.root, port)
        try:
            wait_until_ready(client, 120)
            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            deadline = time.monotonic() + 300
            while len(answers) < 6:
                assert not errors, errors
                assert time.monotonic() < deadline, f"{len(answers)} answers in 300 s"
                time.sleep(0.01)
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            for thread in threads:
                thread.join()
            assert len(errors) == 4
            assert set(answers) <= {200, 503}
            kept = Archive.of(store).ads(limit=100_000)
            requests: dict[str, int] = {}
            for stored in kept:
                requests[stored.request_id] = requests.get(stored.request_id, 0) + 1
            assert len(requests) >= answers.count(200)
            assert len(set(requests.values())) == 1
            server = started(store.root, port)
            assert wait_until_ready(client, 120) < READY_SECONDS
            assert client.get(f"/v1/ads/{kept[0].ad_id}").is_success
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
