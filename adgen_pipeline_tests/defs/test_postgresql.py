"""A real PostgreSQL for Dagster's history and MLflow's store: a run, a doctor, an erasure, a backup and its return."""

import subprocess
from pathlib import Path

import pytest

from adgen_pipeline.app.cli import run
from adgen_pipeline.artifacts import Store
from adgen_pipeline.schemas import POSTS
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker
from adgen_pipeline_tests.servers import BINARIES, create_database, postgresql

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(2400),
    pytest.mark.filterwarnings("ignore"),  # of Alembic, SQLAlchemy and MLflow while they make their tables
]


def _rows(database: str, table: str) -> int:
    sql = ["psql", database, "--tuples-only", "--command", f"SELECT count(*) FROM {table}"]
    return int(subprocess.run(sql, check=True, capture_output=True, text=True).stdout)


def test_history_and_runs_live_in_postgresql_and_come_back_from_a_backup(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ADGEN_RECIPE", "tiny")
    assert run(["telegram", "sample", str(store.root)]) == 0
    with postgresql() as server:
        dagster, mlflow = (create_database(server, name) for name in ("dagster", "mlflow"))
        monkeypatch.setenv("ADGEN_POSTGRES_URL", dagster)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow)
        assert run(["run", "--select", "+labels/labelled_posts"]) == 0
        assert run(["run", "--select", "+labels/labelled_posts"]) == 0
        assert "Nothing changed" in capfd.readouterr().err
        assert _rows(dagster, "event_logs") > 0
        assert not list((store.root / "state").rglob("*.db")), "nothing went to SQLite"

        settings = Settings.from_environment()
        of_the_assets = _rows(mlflow, "runs")
        tracker = Tracker(settings.tracking_uri, settings.mlflow_url, settings.artifact_root)
        with tracker.run("training/model", {}) as tracked:
            tracked.text("…", "note.txt")
        assert _rows(mlflow, "runs") == of_the_assets + 1

        run(["doctor"])
        shown = capfd.readouterr().out
        assert "postgresql (dagster): postgresql+psycopg2://adgen:…@127.0.0.1" in shown
        assert "secret" not in shown

        file = tmp_path / "backup.tar"
        assert run(["backup", str(file)]) == 0
        dagster, mlflow = (create_database(server, name) for name in ("dagster2", "mlflow2"))
        monkeypatch.setenv("ADGEN_POSTGRES_URL", dagster)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow)
        there = Store(tmp_path / "restored")
        assert run(["restore", str(file), "--data", str(there.root)]) == 0
        capfd.readouterr()
        assert run(["run", "--select", "+labels/labelled_posts", "--data", str(there.root)]) == 0
        assert "Nothing changed" in capfd.readouterr().err
        where = ["psql", mlflow, "-At", "-c", "SELECT artifact_uri FROM runs"]
        uris = subprocess.run(where, check=True, capture_output=True, text=True).stdout.split()
        assert len(uris) == of_the_assets + 1
        assert all(uri.startswith((there.root / "state" / "mlflow-artifacts").as_uri()) for uri in uris)

        channel, message = (
            there.scan_partitions(POSTS).select("channel_id", "message_id").head(1).collect().row(0)
        )
        before = _dump(dagster)
        assert "md_str" in before
        assert run(["forget", "--message", f"{channel}/{message}", "--yes", "--data", str(there.root)]) == 0
        assert _dump(dagster).count("Removed when something was forgotten.") > 5


def _dump(database: str) -> str:
    command = [str(BINARIES[-1] / "pg_dump"), "--data-only", "--table=event_logs", database]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
