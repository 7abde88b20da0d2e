"""Between the data folder and its object store: exports that are dropped there come, what runs have made goes.

Sensors may take a minute, so they only look; jobs carry the bytes. Without `ADGEN_OBJECT_STORE` nothing happens.
"""

from datetime import UTC, datetime

import dagster as dg

from adgen_pipeline import incoming, mirror
from adgen_pipeline.artifacts import values_digest
from adgen_pipeline.object_store import ObjectStore
from adgen_pipeline.settings import Settings

INCOMING_SECONDS, FINISHED_SECONDS = 60, 300
NO_STORE = "ADGEN_OBJECT_STORE is not set."
_again = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL)  # networks come back


@dg.op(retry_policy=_again)
def bring_exports(context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]) -> None:
    """Bring new exports into raw/, where `new_files` notices them."""
    incoming.fetch(settings.data, ObjectStore.of(settings), report=context.log.info)


@dg.op(retry_policy=_again)
def push_data(context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]) -> None:
    """Push what changed in the data folder."""
    mirror.push(settings.data, ObjectStore.of(settings), report=context.log.info)


@dg.job(
    executor_def=dg.in_process_executor,
    description="Brings exports that were dropped into the object store below raw/ into the data folder.",
)
def fetch_incoming() -> None:
    """One step, on the machine with the data folder."""
    bring_exports()


@dg.job(
    executor_def=dg.in_process_executor,
    description="Pushes what changed in the data folder to the object store.",
)
def push_to_store() -> None:
    """One step, on the machine with the data folder."""
    push_data()


@dg.sensor(
    name="incoming_exports",
    job_name=fetch_incoming.name,  # by the job itself, Dagster rebuilds the sensor with a beta parameter
    description="Notices exports that were dropped into the object store below raw/.",
    minimum_interval_seconds=INCOMING_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def incoming_exports(settings: dg.ResourceParam[Settings]) -> dg.SensorResult:
    """One run for each state of what waits; again every hour while it still waits."""
    if settings.object_store is None:
        return dg.SensorResult(skip_reason=NO_STORE)
    found = incoming.waiting(settings.data, ObjectStore.of(settings))
    if not found:
        return dg.SensorResult(skip_reason="No new export in the object store.")
    state = values_digest({name: [listed.size, listed.changed] for name, listed in found.items()})
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"{state}:{datetime.now(UTC):%Y-%m-%dT%H}")])


@dg.sensor(
    name="finished_runs",
    job_name=push_to_store.name,
    description="Pushes to the object store when runs have succeeded since the last push.",
    minimum_interval_seconds=FINISHED_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def finished_runs(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SensorResult:
    """One run for all that have succeeded since the last look; its own jobs change nothing that is pushed."""
    if settings.object_store is None:
        return dg.SensorResult(skip_reason=NO_STORE)
    wanted = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])
    own = {fetch_incoming.name, push_to_store.name}
    newest = next(
        (run for run in context.instance.get_runs(wanted, limit=50) if run.job_name not in own), None
    )
    if newest is None or newest.run_id == context.cursor:
        return dg.SensorResult(skip_reason="No run has succeeded since the last push.")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=newest.run_id)], cursor=newest.run_id)
