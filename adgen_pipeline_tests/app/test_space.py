"""A Space from end to end: published by the command, fetched as the hub would, started by its own script, stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from huggingface_hub import constants, snapshot_download

from adgen_pipeline.app.ports import is_free
from adgen_pipeline.app.space import is_of_api
from adgen_pipeline.artifacts import Store
from adgen_pipeline.settings import PROJECT_ROOT, Settings
from adgen_pipeline_tests.app.browser import Manager, chromium, opened
from adgen_pipeline_tests.app.serving import BRIEF, free_port
from adgen_pipeline_tests.app.test_crash import wait_until_ready
from adgen_pipeline_tests.generation.writers import CHANNELS, published_store
from adgen_pipeline_tests.hub import READ_TOKEN, TOKEN, Hub, serving_hub

KEY = "adgen_invented-key-of-the-space"
ONLINE = {"HF_HUB_OFFLINE": "0"}


@pytest.mark.parametrize(
    ("path", "is_api"),
    [
        ("/v1/ads", True),
        ("/ready", True),
        ("/openapi.json", True),
        ("/", False),
        ("/v10", False),
        ("/_stcore/health", False),
    ],
)
def test_paths_of_the_api_go_to_the_api_and_all_others_to_the_page(path: str, is_api: bool) -> None:
    assert is_of_api(path) == is_api


def publish(store: Store, hub: Hub, *more: str) -> str:
    settings = Settings.from_environment(data=store.root, recipe=Path("tiny"))
    named = ["me/tiny", "encoder:me/tiny-encoder", "space:me/tiny", *more]
    done = subprocess.run(
        [sys.executable, "-m", "adgen_pipeline.app.cli", "publish", *named, "--licence", "apache-2.0"],
        env={**settings.child_environment(), **ONLINE, "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN},
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def started(folder: Path, data: Path, port: int, hub: Hub) -> Iterator["subprocess.Popen[bytes]"]:
    """The Space's own script in its own folder: nothing of the project's folder is imported."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    path = f"{Path(sys.executable).parent}:{environment.get('PATH', '')}"
    with (folder.parent / "space.log").open("ab") as log:
        child = subprocess.Popen(
            ["bash", "start.sh", "--host", "127.0.0.1", "--port", str(port)],
            env={
                **environment, **ONLINE, "PATH": path, "ADGEN_DATA": str(data), "HF_ENDPOINT": hub.url,
                "HF_TOKEN": READ_TOKEN, "ADGEN_API_KEY": KEY,
            },
            cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def group(leader: int) -> list[int]:
    """Processes of a group that are alive."""
    found = []
    for candidate in psutil.process_iter():
        try:
            if os.getpgid(candidate.pid) == leader and candidate.status() != psutil.STATUS_ZOMBIE:
                found.append(candidate.pid)
        except (ProcessLookupError, psutil.Error):
            continue
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Playwright leaves its pipes to the collector
@pytest.mark.parametrize("with_index", [False, True], ids=["without posts", "with the index"])
def test_a_published_space_starts_serves_api_and_page_and_leaves_no_process(
    tmp_path: Path, with_index: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    store = published_store(tmp_path)
    more = ("index:me/tiny-index", "--with-index") if with_index else ()
    folder, data, port = tmp_path / "space", tmp_path / "space-data", free_port()
    with serving_hub() as hub:
        assert publish(store, hub, *more).count("pushed, commit") == 3 + with_index
        assert publish(store, hub, *more).count("was there already") == 3 + with_index
        assert all(repository.private for repository in hub.repositories.values())
        assert hub.repositories["space", "me/tiny"].sdk == "docker"
        assert (("dataset", "me/tiny-index") in hub.repositories) == with_index
        snapshot_download("me/tiny", repo_type="space", local_dir=folder, endpoint=hub.url, token=READ_TOKEN)
        with (
            started(folder, data, port, hub) as child,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False) as client,
        ):
            wait_until_ready(client, 300)
            assert client.get("/").status_code == 200
            assert client.get("/_stcore/health").text == "ok"
            assert client.get("/v1/search", params={"q": "ጫማ"}).status_code == 401
            client.headers["X-API-Key"] = KEY
            found = client.get("/v1/search", params={"q": "የቆዳ ጫማ"})
            assert found.is_success, found.text
            assert bool(found.json()["hits"]) == with_index
            named = {channel["channel_id"]: channel["name"] for channel in client.get("/v1/channels").json()}
            assert named == (CHANNELS if with_index else {})
            answer = client.post("/v1/ads", json={"brief": BRIEF, "n": 1})
            assert answer.is_success, answer.text
            assert "2,500" in answer.json()["ads"][0]["text"]
            serving = client.get("/v1/models").json()["serving"]
            assert serving["model"] == store.artifact("training", "model").version
            if chromium() is not None:  # the page runs in the same process and asks its own API
                with opened(f"http://127.0.0.1:{port}") as page:
                    manager = Manager(page, "en")
                    manager.take_sample()
                    manager.read()
            child.send_signal(signal.SIGTERM)
            child.wait(60)
        assert group(child.pid) == []
        assert is_free(port)
        if with_index:
            return
        hub.seen.clear()
        with (
            started(folder, data, port, hub),
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False) as client,
        ):
            wait_until_ready(client, 300)
        assert [path for method, path in hub.seen if method == "GET" and "/resolve/" in path] == []


@pytest.mark.slow
def test_a_space_that_may_not_read_its_model_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    store = published_store(tmp_path)
    folder = tmp_path / "space"
    with serving_hub() as hub:
        publish(store, hub)
        snapshot_download("me/tiny", repo_type="space", local_dir=folder, endpoint=hub.url, token=READ_TOKEN)
        monkeypatch.setattr("adgen_pipeline_tests.app.test_space.READ_TOKEN", "hf_wrong")
        with started(folder, tmp_path / "space-data", free_port(), hub) as child:
            assert child.wait(300) == 1
    assert "HF_TOKEN must be a token" in (tmp_path / "space.log").read_text(encoding="utf-8").splitlines()[-1]
