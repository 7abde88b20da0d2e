"""The whole graph from the command line: each asset in order, unchanged ones skipped, link by link.

Dagster's own "materialize all" runs everything again; here an asset runs only if its code version or the data
version of something upstream differs from what its latest materialization recorded. So a second run does nothing,
and a run that was interrupted goes on where it stopped.
"""

import hashlib
import logging
import re
import time
import warnings
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from graphlib import TopologicalSorter

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.automation import EXPORTS, data_version, latest, source_events
from adgen_pipeline.defs.partitions import channel
from adgen_pipeline.errors import AdgenError, DataError
from adgen_pipeline.schemas import TABLES

logger = logging.getLogger(__name__)

# A key without `key:` is an older syntax to Dagster, in which a plus is one step up and not all of them.
_KEY = re.compile(r"^(\+?)(\w+/\w+)(\+?)$")
INTERRUPTIONS = {"DagsterExecutionInterruptedError", "KeyboardInterrupt"}


@dataclass(frozen=True)
class Step:
    """One asset, or one partition of it, and why it is stale (empty: it is not)."""

    key: dg.AssetKey
    partition: str | None
    stale: str

    def __str__(self) -> str:
        """Key and partition for people."""
        name = "/".join(self.key.path)
        return name if self.partition is None else f"{name} [{self.partition}]"


def run(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    store: Store,
    *,
    select: str | None,
    report: Callable[[str], None],
) -> list[Step]:
    """Materialise what is stale, in order.

    Args:
        select: a Dagster asset selection such as "group:corpus" or "+training/model"; None: everything.
        report: called with a line before and after each step.

    Returns:
        The steps that ran.

    Raises:
        AdgenError: a step failed for a reason that the user can act on.
        DataError: a blocking check failed; the message names its evidence.
    """
    notice(instance, store)
    logging.getLogger("adgen_pipeline").handlers.clear()  # Dagster captures these lines and prints them once
    done: list[Step] = []
    failed: dict[str, str] = {}
    for step in _steps(definitions, instance, store, select):
        if not step.stale:
            continue
        if (step.partition or "") in failed:
            continue
        report(f"▶ {step}  ({step.stale})")
        started = time.monotonic()
        try:
            _materialise(definitions, instance, step)
        except AdgenError as error:
            if step.partition is None:
                raise
            failed[step.partition] = str(error)  # one channel's export: the others go on
            report(f"✗ {error}")
            continue
        report(f"✓ {step}  {time.monotonic() - started:.1f} s")
        done.append(step)
    if failed:
        raise DataError(
            f"{len(failed)} channel(s) were left out, everything else is done: {'; '.join(failed.values())}"
        )
    return done


def notice(instance: dg.DagsterInstance, store: Store) -> None:
    """Tell Dagster of the files that are there now: new channels become partitions."""
    events = source_events(store, instance)
    channels = sorted(str(event.partition) for event in events if event.asset_key == EXPORTS)
    instance.add_dynamic_partitions(str(channel.name), channels)
    for event in events:
        instance.report_runless_asset_event(event)


def _steps(
    definitions: dg.Definitions, instance: dg.DagsterInstance, store: Store, select: str | None
) -> Iterator[Step]:
    """Assets in topological order; each is judged when it is reached, after what is upstream of it ran."""
    graph = definitions.resolve_asset_graph()
    specs = {spec.key: spec for spec in definitions.resolve_all_asset_specs()}
    keys = graph.materializable_asset_keys
    wanted = selected(definitions, select) if select else keys
    order = TopologicalSorter(
        {
            key: sorted(dep.asset_key for dep in specs[key].deps if dep.asset_key in keys)
            for key in sorted(keys)
        }
    )
    handled: set[dg.AssetKey] = set()
    for key in order.static_order():
        if key not in wanted or key in handled:
            continue
        together = _computed_together(definitions, key)
        handled |= together
        partitions = (
            instance.get_dynamic_partitions(str(channel.name)) if specs[key].partitions_def else [None]
        )
        for partition in sorted(partitions, key=str):
            reasons = (_stale(specs, specs[k], instance, store, partition) for k in sorted(together))
            yield Step(key, partition, next(filter(None, reasons), ""))


def selected(definitions: dg.Definitions, select: str) -> Set[dg.AssetKey]:
    """The assets that a selection names: `corpus/ads`, `+corpus/ads` with all that it needs, or Dagster's syntax.

    Raises:
        DataError: it names none, or is no selection.
    """
    query = _KEY.sub(r'\1key:"\2"\3', select)
    reason: Exception | None = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)  # the parser of selections uses a beta parameter
            keys = dg.AssetSelection.from_string(query).resolve(definitions.resolve_asset_graph())
    except dg.DagsterError as error:
        keys, reason = set(), error
    if not keys:
        raise DataError(
            f"--select {select!r} names no asset. Examples: corpus/documents, group:corpus, +training/model "
            "(with all upstream)."
        ) from reason
    return keys


def _stale(
    specs: dict[dg.AssetKey, dg.AssetSpec],
    spec: dg.AssetSpec,
    instance: dg.DagsterInstance,
    store: Store,
    partition: str | None,
) -> str:
    """Why an asset must be materialised, in a few words; empty if it need not."""
    event = latest(instance, spec.key, partition)
    if event is None:
        return "never made"
    tags = event.tags or {}
    if tags.get("dagster/code_version") != spec.code_version:
        return "its recipe section or code changed"
    if not _is_there(store, spec.key, partition):
        return "its file is gone"
    for dep in sorted(spec.deps, key=lambda dep: dep.asset_key):
        recorded = tags.get(f"dagster/input_data_version/{'/'.join(dep.asset_key.path)}")
        if recorded not in _versions(specs, instance, dep.asset_key, partition):
            return f"{'/'.join(dep.asset_key.path)} changed"
    return ""


def _versions(
    specs: dict[dg.AssetKey, dg.AssetSpec],
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    partition: str | None,
) -> set[str | None]:
    """What a materialization made from the present data would have recorded of this upstream asset.

    Of a partitioned asset Dagster records the SHA-256 of its partitions' versions, in the order of their keys.
    """
    if specs[key].partitions_def is None:
        return {data_version(instance, key)}
    partitions = [partition] if partition is not None else instance.get_dynamic_partitions(str(channel.name))
    versions = [data_version(instance, key, p) or "" for p in sorted(partitions)]
    return {hashlib.sha256("".join(versions).encode()).hexdigest()}


def _is_there(store: Store, key: dg.AssetKey, partition: str | None) -> bool:
    """Whether the table's file, or the artifact's pointer and folder, still stand."""
    stage, name = key.path
    schema = TABLES.get(f"{stage}/{name}")
    if schema is not None:
        return store.table_path(schema, partition).is_file()
    return store.pointer_path(stage, name).is_file() and store.artifact(stage, name).path.is_dir()


def _computed_together(definitions: dg.Definitions, key: dg.AssetKey) -> set[dg.AssetKey]:
    """An asset and those that the same function yields with it."""
    return set(definitions.resolve_assets_def(key).keys)


def _materialise(definitions: dg.Definitions, instance: dg.DagsterInstance, step: Step) -> None:
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        asset_selection=sorted(_computed_together(definitions, step.key)),
        partition_key=step.partition,
        run_config={"loggers": {"console": {}}},
        raise_on_error=False,
        tags={"adgen/reason": step.stale},
    )
    failed = [e for e in result.get_asset_check_evaluations() if not e.passed and e.blocking]
    if failed:
        evidence = "; ".join(
            f"check {e.check_name} of {'/'.join(e.asset_key.path)}: "
            + str({k: v.value for k, v in e.metadata.items()})
            for e in failed
        )
        raise DataError(f"{step}: {evidence}. Mend the input or the recipe and run again.")
    if not result.success:
        raise _cause(result, step)


def _cause(result: dg.ExecuteInProcessResult, step: Step) -> AdgenError:
    """The reason of a failed step: our own error's sentence if there is one in the chain."""
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    errors = [error for failure in failures for error in _chain(failure.error)]
    if any(error.cls_name in INTERRUPTIONS for error in errors):
        raise KeyboardInterrupt  # Dagster turned Ctrl-C into a failed step; for the caller it is Ctrl-C
    ours = {cls.__name__ for cls in _all_errors(AdgenError)}
    for error in errors:
        if error.cls_name in ours:
            return AdgenError(f"{step}: {error.message.strip().split(': ', 1)[-1]}")
    message = errors[-1].message.strip() if errors else "no reason was recorded"
    return AdgenError(f"{step} failed: {message} (run {result.run_id}; the Dagster UI has its log)")


def _chain(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    while error is not None:
        yield error
        error = error.cause


def _all_errors(base: type[AdgenError]) -> Iterator[type[AdgenError]]:
    yield base
    for child in base.__subclasses__():
        yield from _all_errors(child)
