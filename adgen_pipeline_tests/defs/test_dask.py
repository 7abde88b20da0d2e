"""Partitions on a real Dask cluster of two workers: read in parallel, the same tables byte for byte."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from adgen_pipeline.app.cli import run
from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.materialise import notice
from adgen_pipeline.settings import PROJECT_ROOT, Settings, use_state_folder
from adgen_pipeline_tests.servers import dask

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400), pytest.mark.filterwarnings("ignore")]

STEPS = "key:telegram/messages or key:telegram/posts or key:corpus/fingerprints"


def test_two_workers_read_the_channels_and_write_the_same_bytes(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADGEN_RECIPE", "tiny")
    assert run(["telegram", "sample", str(store.root)]) == 0
    exports = sorted(path for path in store.raw.iterdir() if path.is_dir())[:5]
    alone, together = Store(tmp_path / "alone"), Store(tmp_path / "together")
    for target in (alone, together):
        target.raw.mkdir(parents=True)
        for export in exports:
            (target.raw / export.name).symlink_to(export)
    assert run(["run", "--select", "+corpus/fingerprints", "--data", str(alone.root)]) == 0

    settings = Settings.from_environment(data=together.root)
    use_state_folder(settings)
    environment = {**settings.child_environment(), "PYTHONPATH": str(PROJECT_ROOT)}
    with dg.DagsterInstance.get() as instance:
        notice(instance, together)
        partitions = sorted(instance.get_dynamic_partitions("channel"))
    assert len(partitions) > 2, "enough for two workers"
    with dask(environment, 2) as scheduler:
        runs = [
            subprocess.Popen(
                [
                    sys.executable, "-m", "dagster", "asset", "materialize", "-m", "adgen_pipeline.definitions",
                    "--select", STEPS, "--partition", partition,
                ],
                env={**environment, "ADGEN_DASK_SCHEDULER": scheduler},
                cwd=PROJECT_ROOT,
            )
            for partition in partitions
        ]  # fmt: skip
        assert [child.wait(timeout=1800) for child in runs] == [0] * len(partitions)

    for folder in ("parsed", "cleaned", "fingerprints"):
        names = sorted(path.name for path in (alone.root / folder).glob("*.parquet"))
        assert names == [f"{partition}.parquet" for partition in partitions]
        for name in names:
            assert (alone.root / folder / name).read_bytes() == (together.root / folder / name).read_bytes()
    with dg.DagsterInstance.get() as instance:
        workers = {
            log.dagster_event.pid
            for record in instance.get_run_records()
            for log in instance.all_logs(record.dagster_run.run_id, of_type=dg.DagsterEventType.STEP_START)
            if log.dagster_event
        }
    assert len(workers) == 2, "both workers took steps, and nobody else did"
