"""What starts by itself: one sensor for the world, one condition for data, one schedule (stopped) for training."""

import json

import dagster as dg

from adgen_pipeline.artifacts import Store, folder_digest, values_digest
from adgen_pipeline.defs.partitions import channel
from adgen_pipeline.forgotten import FILE as FORGOTTEN
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.generation.comparisons import verdicts_digest

AC = dg.AutomationCondition
_any_dep_changed = AC.any_deps_match(AC.data_version_changed()).with_label("any_dep_changed")

# Plain eager() runs again although the upstream wrote the same bytes; this waits for different ones, and runs a
# stage whose recipe section changed. Replace the sub-condition by its label only: replacing every newly_updated
# inside would also change when a request counts as handled.
_data_changed = (
    AC.eager().replace("any_deps_updated", _any_dep_changed) & AC.all_deps_blocking_checks_passed()
)
_code_changed = (
    AC.code_version_changed().since_last_handled()  # type: ignore[misc]  # Dagster's stubs
    & ~AC.any_deps_missing()
    & ~AC.in_progress()
)
on_new_data = (_data_changed | _code_changed).with_label("on_new_data")

EXPORTS = dg.AssetKey(["telegram", "exports"])
FOLDERS = {
    dg.AssetKey(["generation", "brief_files"]): "briefs",
    dg.AssetKey(["generation", "policy_files"]): "policy",
    dg.AssetKey(["index", "advertiser_files"]): "advertisers",
    dg.AssetKey(["labels", "annotation_files"]): "annotations",
    dg.AssetKey(["labels", "labelled_files"]): "labelled",
}
VERDICTS = dg.AssetKey(["generation", "verdicts"])
CORPORA = dg.AssetKey(["corpus", "corpora_files"])
SENSOR_SECONDS = 30


def source_events(store: Store, instance: dg.DagsterInstance) -> list[dg.AssetMaterialization]:
    """An event for each export and each folder of people's files whose content is not what Dagster knows.

    Files without a readable channel id go to quarantine under their digest.

    Raises:
        ExportError: the raw folder is missing.
    """
    from adgen_pipeline.telegram import export

    forgotten = Forgotten.read(store.root)
    scan = export.scan(store.raw, cache=store.root / "state" / "scan.json", forgotten=forgotten)
    export.write_unreadable(store.quarantine, scan.unreadable)
    found = [
        (EXPORTS, str(source.channel_id), source.digest, {"channel_name": source.channel_name})
        for source in scan.channels
    ]
    known = {
        partition: data_version(instance, EXPORTS, partition)
        for partition in instance.get_dynamic_partitions(str(channel.name))
    }
    events = [
        _event(key, digest, partition, metadata)
        for key, partition, digest, metadata in found
        if known.get(partition) != digest
    ]
    advertisers = forgotten.advertisers_digest()
    folders = {key: folder_digest(store.root / name) + advertisers for key, name in FOLDERS.items()}
    folders[VERDICTS] = verdicts_digest(Archive.of(store))
    if store.corpora.is_dir():
        folders[CORPORA] = _standing(store)
    return events + [
        _event(key, digest, None, {"folder": {**FOLDERS, VERDICTS: "ads", CORPORA: "corpora"}[key]})
        for key, digest in folders.items()
        if data_version(instance, key) != digest
    ]


def data_version(instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None = None) -> str | None:
    """The data version of the latest materialization, None if there is none."""
    event = latest(instance, key, partition)
    return None if event is None else (event.tags or {}).get("dagster/data_version")


def latest(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None = None
) -> dg.AssetMaterialization | None:
    """The latest materialization of an asset, or of one of its partitions."""
    found = recent(instance, key, partition, count=1)
    return found[0] if found else None


def recent(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None = None, *, count: int
) -> list[dg.AssetMaterialization]:
    """The latest materializations of an asset, or of one of its partitions, newest first."""
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=None if partition is None else [partition])
    records = instance.fetch_materializations(wanted, limit=count).records
    return [record.asset_materialization for record in records if record.asset_materialization is not None]


def _event(
    key: dg.AssetKey, digest: str, partition: str | None, metadata: dict[str, str]
) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        key, partition=partition, metadata=metadata, tags={"dagster/data_version": digest}
    )


@dg.sensor(
    name="new_files",
    description="Notices exports and other files that people drop once their size is stable, and reads new exports.",
    target=dg.AssetSelection.assets(
        ["telegram", "messages"], ["telegram", "posts"], ["corpus", "fingerprints"]
    ),
    minimum_interval_seconds=SENSOR_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def new_files(context: dg.SensorEvaluationContext, store: dg.ResourceParam[Store]) -> dg.SensorResult:
    """Events for changed files; a run for each changed channel."""
    if not store.raw.is_dir():
        return dg.SensorResult(skip_reason=f"{store.raw} is not there yet. Put exports into it.")
    sizes = json.dumps(_sizes(store))
    if sizes != context.cursor:
        return dg.SensorResult(
            cursor=sizes, skip_reason="Files changed since the last look; waiting until they rest."
        )
    events = source_events(store, context.instance)
    changed = [event for event in events if event.asset_key == EXPORTS]
    known = set(context.instance.get_dynamic_partitions(str(channel.name)))
    added = sorted({str(event.partition) for event in changed} - known)
    return dg.SensorResult(
        cursor=sizes,
        asset_events=events,
        dynamic_partitions_requests=[channel.build_add_request(added)] if added else [],
        run_requests=[
            dg.RunRequest(
                run_key=f"{event.partition}:{(event.tags or {})['dagster/data_version']}",
                partition_key=str(event.partition),
            )
            for event in changed
        ],
        skip_reason=None if changed else "No new export.",
    )


def _standing(store: Store) -> str:
    """Digest of names, sizes and times of the files of further corpora: gigabytes, too many to read at each look."""
    return values_digest([entry for entry in _sizes(store) if entry[0].startswith("corpora/")])


def _sizes(store: Store) -> list[tuple[str, int, int]]:
    """Name, size and time of every file that people drop."""
    folders = [
        *(store.raw, store.briefs, store.policy, store.advertisers),
        *(store.annotations, store.labelled, store.corpora),
    ]
    files = sorted(f for folder in folders if folder.is_dir() for f in folder.rglob("*") if f.is_file())
    files += [file for file in [store.root / FORGOTTEN] if file.is_file()]
    return [(str(f.relative_to(store.root)), f.stat().st_size, f.stat().st_mtime_ns) for f in files] + [
        (digest, 0, 0) for digest in [verdicts_digest(Archive.of(store))]
    ]


train = dg.define_asset_job(
    "train",
    selection=dg.AssetSelection.groups(
        "tokenizer", "training", "embedding", "index", "generation", "evaluation"
    ),
    description="From the corpus to a model, an index, ads and their evaluation.",
)
weekly_training = dg.ScheduleDefinition(
    name="weekly_training",
    job=train,
    cron_schedule="0 2 * * 1",
    execution_timezone="Africa/Addis_Ababa",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Re-training every Monday at two; ships stopped.",
)
data_changes = dg.AutomationConditionSensorDefinition(
    "data_changes",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Materialises what follows from changed data, link by link.",
)
