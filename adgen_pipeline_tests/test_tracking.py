import logging
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from adgen_pipeline.tracking import TrackedRun, Tracker

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    return Tracker(f"sqlite:///{tmp_path}/mlflow.db", "http://127.0.0.1:5000", tmp_path / "artifacts")


def test_a_run_keeps_parameters_metrics_tags_and_files(tracker: Tracker, tmp_path: Path) -> None:
    with tracker.run("training/adapter", {"dagster_run_id": "d1"}) as run:
        run.parameters({"rank": 4, "long": "x" * 10_000})
        run.metrics({"loss": 1.5}, step=3)
        run.text("hello", "note.md")
    client = MlflowClient(tracker.uri)
    stored = client.get_run(str(run.run_id))
    assert stored.info.status == "FINISHED"
    assert stored.data.tags["asset_key"] == "training/adapter"
    assert stored.data.tags["dagster_run_id"] == "d1"
    assert stored.data.params["rank"] == "4"
    assert stored.data.metrics == {"loss": 1.5}
    assert [f.path for f in client.list_artifacts(str(run.run_id))] == ["note.md"]


def test_an_exception_marks_the_run_failed(tracker: Tracker, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), tracker.run("training/adapter", {}) as run:
        raise RuntimeError
    assert MlflowClient(tracker.uri).get_run(str(run.run_id)).info.status == "FAILED"


def test_mlflow_being_away_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    tracker = Tracker("http://127.0.0.1:9", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING), tracker.run("training/adapter", {}) as run:
        run.metrics({"loss": 1.0})
    assert run.run_id is None
    assert run.environment() == {}
    assert any("is away" in record.message for record in caplog.records)


def test_a_run_that_mlflow_forgot_fails_once_and_is_left_alone(
    tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    run = TrackedRun(tracker.uri, "no-such-run")
    run.metrics({"loss": 1.0})
    run.metrics({"loss": 2.0})
    assert sum("did not take" in record.message for record in caplog.records) == 1
