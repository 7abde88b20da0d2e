"""event → what is requested."""

from pathlib import Path

import dagster as dg
import pytest

from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.automation import new_files, source_events
from adgen_pipeline.defs.partitions import channel
from adgen_pipeline.errors import ExportError
from adgen_pipeline.telegram.sample import write_sample


@pytest.fixture
def data(tmp_path: Path) -> Store:
    write_sample(tmp_path, messages=150)
    return Store(tmp_path)


def look(store: Store, instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult:
    context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"store": store})
    result = new_files(context)
    assert isinstance(result, dg.SensorResult)
    for event in result.asset_events or []:
        instance.report_runless_asset_event(event)
    for request in result.dynamic_partitions_requests or []:
        instance.add_dynamic_partitions(str(channel.name), request.partition_keys)
    return result


def test_files_are_read_only_once_their_size_rests(data: Store) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        first = look(data, instance, None)
        assert not first.run_requests
        second = look(data, instance, first.cursor)
        assert len(second.run_requests or []) >= 6
        third = look(data, instance, second.cursor)
        assert not third.run_requests


def test_a_changed_export_requests_its_channel_only(data: Store) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        cursor = look(data, instance, look(data, instance, None).cursor).cursor
        export = next(p for p in sorted(data.raw.glob("*.json")) if "ጉዞ" in p.name)
        export.write_text(export.read_text(encoding="utf-8").replace("ጉዞ", "መንገድ"), encoding="utf-8")
        waiting = look(data, instance, cursor)
        assert not waiting.run_requests
        changed = look(data, instance, waiting.cursor)
        assert len(changed.run_requests or []) == 1


def test_a_missing_raw_folder_is_said_in_one_sentence(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(ExportError, match="raw"):
        source_events(Store(tmp_path), instance)


def test_the_weekly_schedule_ships_stopped() -> None:
    from adgen_pipeline.defs.automation import weekly_training  # noqa: PLC0415

    assert weekly_training.default_status == dg.DefaultScheduleStatus.STOPPED
