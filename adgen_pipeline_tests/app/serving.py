"""The real app on a data folder of a test, with a small writer unless another one is given."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from adgen_pipeline.app.api import create_app
from adgen_pipeline.app.beside import Fit
from adgen_pipeline.app.engine import Writer
from adgen_pipeline.artifacts import Store
from adgen_pipeline_tests.app.ad_writer import SmallWriter

OPENINGS = {"template": "✨ ለእርስዎ"}
BRIEF = "ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2,500 ብር\nስልክ፦ 0900 000 012"


def small_writer() -> Writer:
    return SmallWriter({7: "ናሙና ሱቅ", 3: "Sample news"})


def small_beside(version: str) -> Fit:
    """What writes like the small writer, under another version and with an opening of its own."""
    return lambda serving: SmallWriter(
        serving.channels, model_version=version, opening=OPENINGS.get(version, "👉 ይህን ይመልከቱ")
    )


def stored_model(folder: Path, version: str) -> None:
    """A folder that looks like a model of a data folder."""
    place = Store(folder).version_path("training", "model", version)
    place.mkdir(parents=True)
    (place / "config.json").write_text("{}", encoding="utf-8")


def small_app(folder: Path, load: Callable[[], Writer] = small_writer, **more: Any) -> FastAPI:
    """The app with its ads below a folder."""
    return create_app(load, store=Store(folder), **{"load_beside": small_beside, **more})


def ready(client: TestClient) -> TestClient:
    """The client, once its app has loaded the writer or failed to."""
    deadline = time.monotonic() + 5
    while client.get("/ready").json().get("detail") == "loading" and time.monotonic() < deadline:
        time.sleep(0.01)
    return client


def events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events: names and values."""
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """The address of an app that listens on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
