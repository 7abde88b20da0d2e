"""The round trip through a real Label Studio on loopback: tasks in, answers by its API, export, import here.

Label Studio pins libraries that the pipeline has in other versions, so it is installed into an environment of its
own below tmp/, which is kept for the next time.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adgen_pipeline.labels.annotation import read_annotations, take_in
from adgen_pipeline.labels.label_studio import CONFIG_FILE, tasks_by_annotator, write_tasks
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline_tests.labels.test_label_studio import MARKUP, POSTS, RULES, TASKS

PACKAGE = "label-studio==1.23.2"
ENVIRONMENT = PROJECT_ROOT / "tmp" / "label-studio"
INSTALLED = ENVIRONMENT / PACKAGE
ACCOUNT, PASSWORD = "annotator@example.org", "only-for-this-test"
START_SECONDS = 300  # the first start makes its database
# It asks for its newest version and reports its use unless told otherwise.
QUIET = {"COLLECT_ANALYTICS": "0", "LATEST_VERSION_CHECK": "0", "FRONTEND_SENTRY_DSN": "", "SENTRY_DSN": ""}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client that is logged in to a Label Studio without projects."""
    if not INSTALLED.is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        subprocess.run([str(ENVIRONMENT / "bin" / "pip"), "install", "--quiet", PACKAGE], check=True)
        INSTALLED.touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("label-studio")
    command = [str(ENVIRONMENT / "bin" / "label-studio"), "start", "--no-browser", "--port", str(port)]
    command += ["--internal-host", "127.0.0.1", "--data-dir", str(folder)]
    command += ["--username", ACCOUNT, "--password", PASSWORD]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | QUIET
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=60, follow_redirects=True
            ) as client:
                _wait(client, process, folder / "log.txt")
                _log_in(client)
                yield client
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(encoding="utf-8")[-2000:]
        try:
            if client.get("/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(1)  # not listening yet
    pytest.fail(f"Label Studio did not answer: {log.read_text(encoding='utf-8')[-2000:]}")


def _log_in(client: httpx.Client) -> None:
    client.get("/user/login/").raise_for_status()
    form = {"email": ACCOUNT, "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    client.post("/user/login/", data=form, headers={"Referer": str(client.base_url)}).raise_for_status()
    assert client.get("/api/current-user/whoami").json()["email"] == ACCOUNT


def _post(client: httpx.Client, path: str, body: object) -> Any:
    headers = {"X-CSRFToken": client.cookies["csrftoken"], "Referer": str(client.base_url)}
    answer = client.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


def test_tasks_go_in_and_answers_come_back(server: httpx.Client, tmp_path: Path) -> None:
    files = write_tasks(tmp_path, tasks_by_annotator(TASKS, POSTS, RULES))
    config = (tmp_path / CONFIG_FILE).read_text(encoding="utf-8")
    exports = []
    for path in files:
        if path.suffix == ".json":
            exports.append(tmp_path / f"exported-{path.name}")
            exports[-1].write_text(json.dumps(_annotated(server, path, config)), encoding="utf-8")
    taken, problems = take_in(exports, tmp_path / "annotations")
    assert problems == []
    assert sorted(taken.values()) == [1, 2]
    table, problems = read_annotations(tmp_path / "annotations", POSTS)
    assert problems == []
    assert table.select("message_id", "annotator", "labels", "is_skipped").rows() == [
        (5, "abel", ["ad", "media", "telecom"], False),
        (5, "sara", ["ad", "media", "telecom"], False),
        (6, "sara", [], True),
    ]


def _annotated(client: httpx.Client, path: Path, config: str) -> list[dict[str, Any]]:
    """A project of a file's tasks, exported after its predictions of ads were accepted and all else skipped."""
    project = _post(client, "/api/projects/", {"title": path.stem, "label_config": config})["id"]
    tasks = json.loads(path.read_text(encoding="utf-8"))
    assert _post(client, f"/api/projects/{project}/import", tasks)["task_count"] == len(tasks)
    listed = client.get("/api/tasks/", params={"project": project, "fields": "all"}).json()["tasks"]
    assert MARKUP in [task["data"]["text"] for task in listed]
    for task in listed:
        predicted = task["predictions"][0]["result"]
        is_ad = predicted[0]["value"]["choices"] == ["ad"]
        answer = {"result": predicted if is_ad else [], "was_cancelled": not is_ad, "lead_time": 1.0}
        _post(client, f"/api/tasks/{task['id']}/annotations/", answer)
    exported = client.get(
        f"/api/projects/{project}/export", params={"exportType": "JSON", "download_all_tasks": "true"}
    )
    found: list[dict[str, Any]] = exported.json()
    assert len(found) == len(tasks)
    return found
