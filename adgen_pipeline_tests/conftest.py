"""Shared fixtures: every test has a home, a data folder and a Dagster state of its own, and no network."""

import os
from pathlib import Path

import pytest

from adgen_pipeline.artifacts import Store
from adgen_pipeline.settings import PATIENT_THREADS, PROJECT_ROOT, TELEMETRY_OFF

os.environ.update({**TELEMETRY_OFF, **PATIENT_THREADS, "HF_HUB_OFFLINE": "1", "MPLBACKEND": "Agg"})


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's home, data or Dagster instance."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ADGEN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ADGEN_STATE", str(tmp_path / "data" / "state"))
    monkeypatch.setenv("DAGSTER_HOME", str(PROJECT_ROOT))
    for name in (
        "ADGEN_RECIPE", "ADGEN_GPUS", "ADGEN_API_KEY", "MLFLOW_TRACKING_URI", "MLFLOW_DEFAULT_ARTIFACT_ROOT",
        "ADGEN_OBJECT_STORE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty data folder."""
    return Store(tmp_path / "data")


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as an object store."""
    monkeypatch.setenv("ADGEN_OBJECT_STORE", f"file://{tmp_path / 'bucket'}")
    return tmp_path / "bucket"
