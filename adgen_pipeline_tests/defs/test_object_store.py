"""Sensors and jobs between a data folder and its object store, here a folder."""

from pathlib import Path

import dagster as dg

from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.automation import EXPORTS, new_files
from adgen_pipeline.defs.object_store import fetch_incoming, finished_runs, incoming_exports, push_to_store
from adgen_pipeline.settings import Settings
from adgen_pipeline_tests.telegram.exports import chat, message, write


def _look(
    sensor: dg.SensorDefinition, instance: dg.DagsterInstance, cursor: str | None = None
) -> dg.SensorResult:
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"settings": Settings.from_environment()}
    )
    result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def _run(job: dg.JobDefinition, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    settings = Settings.from_environment()
    return job.execute_in_process(instance=instance, resources={"settings": settings})


def test_an_export_that_is_dropped_becomes_a_partition(store: Store, bucket: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert "No new export" in str(_look(incoming_exports, instance).skip_reason)
        write(bucket / "raw" / "a.json", chat([message(3)]))
        (request,) = _look(incoming_exports, instance).run_requests or ()
        (again,) = _look(incoming_exports, instance).run_requests or ()
        assert request.run_key == again.run_key, "one run for one state of what waits"
        assert _run(fetch_incoming, instance).success
        assert not _look(incoming_exports, instance).run_requests
        first = _files(store, instance, None)
        second = _files(store, instance, first.cursor)
        assert [event.partition for event in second.asset_events if event.asset_key == EXPORTS] == ["7"]
        assert [request.partition_key for request in second.run_requests or ()] == ["7"]


def _files(store: Store, instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult:
    context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"store": store})
    result = new_files(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_runs_that_succeeded_are_pushed_once_together(store: Store, bucket: Path) -> None:
    @dg.op
    def write_table() -> None:
        (store.root / "cleaned").mkdir(parents=True, exist_ok=True)
        (store.root / "cleaned" / "7.parquet").write_text("rows")

    @dg.job
    def ingest() -> None:
        write_table()

    with dg.instance_for_test() as instance:
        assert not _look(finished_runs, instance).run_requests
        ingest.execute_in_process(instance=instance)
        found = _look(finished_runs, instance)
        assert len(found.run_requests or ()) == 1
        assert _run(push_to_store, instance).success
        assert (bucket / "manifest.json").is_file()
        assert not _look(finished_runs, instance, found.cursor).run_requests, (
            "its own run is none to push after"
        )


def test_without_a_store_nothing_is_asked_for() -> None:
    with dg.instance_for_test() as instance:
        for sensor in (incoming_exports, finished_runs):
            assert "ADGEN_OBJECT_STORE" in str(_look(sensor, instance).skip_reason)
