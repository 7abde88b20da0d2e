"""A real S3 server: a folder goes there, a push is killed, a new machine gets it all, a dump becomes a partition."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from adgen_pipeline import mirror
from adgen_pipeline.app.cli import run
from adgen_pipeline.app.commands.pipeline import fetch_incoming
from adgen_pipeline.artifacts import Store
from adgen_pipeline.object_store import ObjectStore
from adgen_pipeline.schemas import POSTS
from adgen_pipeline.settings import PROJECT_ROOT, Settings
from adgen_pipeline.tracking import Tracker
from adgen_pipeline_tests.defs.test_automation import look
from adgen_pipeline_tests.servers import S3, s3
from adgen_pipeline_tests.telegram.exports import chat, message, write

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore"),  # of SQLAlchemy, MLflow and boto3
]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    import boto3  # noqa: PLC0415

    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the keys of the server before
    with s3() as started:
        for name, value in started.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ADGEN_OBJECT_STORE", f"s3://{started.bucket}/some/prefix")
        yield started


@pytest.fixture
def client(server: S3) -> Any:
    import boto3  # noqa: PLC0415

    return boto3.client("s3", endpoint_url=server.endpoint)


def _keys(client: Any, server: S3, prefix: str = "") -> list[str]:
    """Names of objects, without those that stand for folders."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=server.bucket, Prefix=prefix)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return [key for key in keys if not key.endswith("/")]


def _files(root: Path) -> dict[str, bytes]:
    names = {
        path.relative_to(root).as_posix(): path
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.parts[len(root.parts)] not in {"state", "jobs", ".lock", "format.json"}
    }
    return {name: path.read_bytes() for name, path in names.items() if "/." not in name}


def test_a_run_is_pushed_and_pulled_and_answers_elsewhere(
    server: S3, client: Any, store: Store, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("ADGEN_RECIPE", "tiny")
    sample = tmp_path / "sample"
    assert run(["telegram", "sample", str(sample)]) == 0
    exports = sorted((sample / "raw").rglob("*.json"))
    for path in exports:
        name = path.relative_to(sample).as_posix()
        client.upload_file(str(path), server.bucket, f"some/prefix/{name}")
    store.root.mkdir()
    for folder in ("briefs", "advertisers"):
        (sample / folder).rename(store.root / folder)
    assert run(["run", "--select", "+index/posts"]) == 0
    shown = capfd.readouterr().err
    assert "has come from" in shown
    assert "files new" in shown
    assert server.secret not in shown
    assert len(list(store.raw.rglob("*.json"))) == len(exports)

    there = Store(tmp_path / "there")
    assert run(["store", "pull", "--data", str(there.root)]) == 0
    assert _files(there.root) == _files(store.root)
    assert there.scan_partitions(POSTS).collect().equals(store.scan_partitions(POSTS).collect())
    there.artifact("index", "posts").verify()
    capfd.readouterr()
    assert run(["search", "ጫማ", "--data", str(store.root)]) == 0
    expected = capfd.readouterr().out
    assert run(["search", "ጫማ", "--data", str(there.root)]) == 0
    assert capfd.readouterr().out == expected != ""

    before = _keys(client, server)
    assert run(["store", "push"]) == 0
    assert "nothing to do" in capfd.readouterr().out
    assert _keys(client, server) == before
    assert run(["store", "status", "--data", str(there.root)]) == 0
    assert "Changed" not in capfd.readouterr().out


def test_a_push_that_is_killed_leaves_the_former_state_and_goes_on(
    server: S3, client: Any, store: Store, tmp_path: Path
) -> None:
    remote = ObjectStore.of(Settings.from_environment())
    write(store.raw / "first.json", chat([message(3)]))
    mirror.push(store.root, remote, report=print)
    former = _files(store.root)
    for number in range(40):
        (store.raw / f"{number:02}.json").write_bytes(os.urandom(2_000_000))
    (store.raw / "large.zip").write_bytes(os.urandom(30_000_000))  # more than one part of an upload

    push = [sys.executable, "-m", "adgen_pipeline.app.cli", "store", "push"]
    child = subprocess.Popen(push, cwd=PROJECT_ROOT, env=dict(os.environ), stderr=subprocess.DEVNULL)
    while len(_keys(client, server, "some/prefix/objects/")) < 8:
        assert child.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    uploaded = len(_keys(client, server, "some/prefix/objects/"))
    assert uploaded < 40

    mirror.pull(tmp_path / "before", remote, report=print)
    assert _files(tmp_path / "before") == former
    moved = mirror.push(store.root, remote, report=print)
    assert 0 < moved.files <= 41 - (uploaded - 2), "what was there already was not sent again"
    mirror.pull(tmp_path / "after", remote, report=print)
    assert _files(tmp_path / "after") == _files(store.root)
    assert mirror.push(store.root, remote, report=print) == mirror.Moved(0, 0, 0)

    (store.raw / "large.zip").unlink()
    assert mirror.push(store.root, remote, report=print, remove=True).removed == 1
    assert len(_keys(client, server, "some/prefix/objects/")) == 41


def test_a_dump_in_the_bucket_becomes_a_partition_and_names_that_climb_do_not(
    server: S3, client: Any, store: Store
) -> None:
    from adgen_pipeline.defs.automation import EXPORTS  # noqa: PLC0415
    from adgen_pipeline.defs.object_store import fetch_incoming as fetch_job  # noqa: PLC0415
    from adgen_pipeline.defs.object_store import incoming_exports  # noqa: PLC0415

    settings = Settings.from_environment()
    write(store.root / "outside.json", chat([message(3)]))
    text = (store.root / "outside.json").read_bytes()
    for name in (
        "ሱቅ 😀/ChatExport 1/result.json",
        "../evil.json",
        "./dot.json",
        "/double.json",
        "a/../../up.json",
    ):
        client.put_object(Bucket=server.bucket, Key=f"some/prefix/raw/{name}", Body=text)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, resources={"settings": settings})
        asked = incoming_exports(context)
        assert isinstance(asked, dg.SensorResult)
        assert len(asked.run_requests or ()) == 1
        assert fetch_job.execute_in_process(instance=instance, resources={"settings": settings}).success
        exports = [path for path in store.root.parent.rglob("*.json") if path.read_bytes() == text]
        assert sorted(path.relative_to(store.root).as_posix() for path in exports) == [
            "outside.json", "raw/ሱቅ 😀/ChatExport 1/result.json",
        ]  # fmt: skip
        noticed = look(store, instance, look(store, instance, None).cursor)
        assert [event.partition for event in noticed.asset_events or () if event.asset_key == EXPORTS] == [
            "7"
        ]
        assert [request.partition_key for request in noticed.run_requests or ()] == ["7"]


def test_artifacts_of_mlflow_lie_in_the_bucket(
    server: S3, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_DEFAULT_ARTIFACT_ROOT", f"s3://{server.bucket}/mlflow")
    settings = Settings.from_environment()
    settings.state.mkdir(parents=True)
    tracker = Tracker(settings.tracking_uri, settings.mlflow_url, settings.artifact_root)
    with tracker.run("training/model", {}) as tracked:
        tracked.text("ሰላም", "note.txt")
    (key,) = _keys(client, server, "mlflow/")
    assert key.endswith(f"{tracked.run_id}/artifacts/note.txt")
    assert client.get_object(Bucket=server.bucket, Key=key)["Body"].read().decode() == "ሰላም"


def test_a_doctor_tries_the_store_and_says_what_to_do(
    server: S3, client: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def said() -> str:
        run(["doctor"])
        return capfd.readouterr().out.partition("object store: ")[2].splitlines()[0]

    assert "takes, lists and deletes" in said()
    assert [key for key in _keys(client, server) if "probe" in key] == []
    with monkeypatch.context() as wrong:
        wrong.setenv("ADGEN_OBJECT_STORE", "s3://no-such-bucket/x")
        assert "There is no such bucket" in said()
    with monkeypatch.context() as wrong:
        wrong.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        assert "correct AWS_ACCESS_KEY_ID" in said()
    with monkeypatch.context() as wrong:
        wrong.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
        found = said()
        assert "correct AWS_SECRET_ACCESS_KEY" in found
        assert "geheim" not in found
    with monkeypatch.context() as wrong:
        wrong.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        assert "It is not reached" in said()
        fetch_incoming(Settings.from_environment())
        assert "No exports were fetched" in capfd.readouterr().err, "a run goes on with what is here"
