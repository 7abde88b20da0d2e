"""When training begins by itself beside the weekly schedule, who judges it, and who hears when a run fails."""

import dagster as dg

from adgen_pipeline import alerts, provenance
from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.automation import data_version, train
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import CONVERSATIONS
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker

LOOK_SECONDS = 600


@dg.sensor(
    name="enough_new_ads",
    job=train,
    description="Trains anew when the recipe's training.retrain_after_ads ads have come that the model has not seen.",
    minimum_interval_seconds=LOOK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def enough_new_ads(
    context: dg.SensorEvaluationContext, store: dg.ResourceParam[Store], recipe: dg.ResourceParam[Recipe]
) -> dg.SensorResult:
    """One run for each state of corpus/conversations that has enough."""
    wanted = recipe.training.retrain_after_ads
    if wanted is None:
        return dg.SensorResult(skip_reason="The recipe names no training.retrain_after_ads.")
    try:
        adapter = store.artifact("training", "adapter")
        table = store.scan_table(CONVERSATIONS)
    except ArtifactError as error:
        return dg.SensorResult(skip_reason=f"The first training is by hand: {error}")
    count = provenance.unseen(table, adapter.path, split="train")
    if count < wanted:
        return dg.SensorResult(skip_reason=f"{count} new ads for training; {wanted} are enough.")
    version = data_version(context.instance, dg.AssetKey(["corpus", "conversations"]))
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=f"{adapter.version}:{version}", tags={"adgen/new_ads": str(count)})
        ]
    )


@dg.run_status_sensor(
    name="trainings",
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[train],
    description="Lets the gate judge what a training made: the champion from now on, or a refusal that people hear of.",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def trainings(
    context: dg.RunStatusSensorContext,
    store: dg.ResourceParam[Store],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> dg.SkipReason:
    """One judgement a run."""
    from adgen_pipeline.evaluation.promotion import judge_training

    judgement = judge_training(store, tracker, settings)
    context.log.info("run %s: %s", context.dagster_run.run_id, judgement)
    return dg.SkipReason("Judged; nothing else is to run.")


@dg.run_failure_sensor(
    name="failures",
    description="Tells the webhook of ADGEN_ALERT_WEBHOOK and the people of ADGEN_ALERT_EMAIL_TO which run failed.",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failures(
    context: dg.RunFailureSensorContext,
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> None:
    """One message a failed run."""
    run = context.dagster_run
    assets = sorted("/".join(key.path) for key in run.asset_selection or ())
    alerts.tell(
        settings,
        subject=f"Run of {', '.join(assets) or run.job_name} failed",
        reason=" ".join(context.failure_event.message.split())
        if context.failure_event.message
        else "no reason given",
        url=f"{settings.dagster_url}/runs/{run.run_id}",
        tracking_url=tracker.url_where("dagster_run_id", run.run_id),
    )
