"""When training begins by itself, and who hears of a failed run."""

from email import message_from_string, policy
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from adgen_pipeline import provenance
from adgen_pipeline.artifacts import Store, write_json
from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.defs.automation import train
from adgen_pipeline.defs.retraining import enough_new_ads, failures, trainings
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.recipe import Recipe, load_recipe
from adgen_pipeline.schemas import CONVERSATIONS
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker
from adgen_pipeline.training_recipe import TrainingRecipe
from adgen_pipeline_tests.mail_server import MailServer
from adgen_pipeline_tests.training.samples import conversations


def _recipe(count: int | None) -> Recipe:
    loaded = load_recipe(Settings.from_environment().recipe_path)
    return loaded.model_copy(
        update={"training": loaded.training.model_copy(update={"retrain_after_ads": count})}
    )


def _tick(store: Store, count: int | None, instance: dg.DagsterInstance) -> dg.SensorResult:
    context = dg.build_sensor_context(
        instance=instance, resources={"store": store, "recipe": _recipe(count)}, sensor_name="enough_new_ads"
    )
    result = enough_new_ads(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_training_starts_when_enough_ads_are_new_to_the_model(store: Store) -> None:
    table = conversations()
    train = table.filter(split="train")
    with dg.instance_for_test() as instance:
        assert "by hand" in str(_tick(store, 1, instance).skip_reason)
        store.write_table(CONVERSATIONS, table)
        adapter, _ = store.make("training", "adapter", ["a"], lambda out: write_json(out / "x.json", 1))
        provenance.note(adapter, train.head(train.height - 3))
        assert "names no" in str(_tick(store, None, instance).skip_reason)
        assert "3 new ads" in str(_tick(store, 4, instance).skip_reason)
        (request,) = _tick(store, 3, instance).run_requests or ()
        (again,) = _tick(store, 3, instance).run_requests or ()
        assert request.run_key == again.run_key, "one run for one state of the data"


def test_what_belongs_to_a_training_does_not_follow_new_posts_by_itself() -> None:
    """A model merged anew for every new tokenizer would be of an adapter that was trained on another one."""
    settings = Settings.from_environment(data=Path("unused"))
    definitions = build_definitions(load_recipe(settings.recipe_path), settings)
    automatic = {
        spec.key.path[0]
        for spec in definitions.resolve_all_asset_specs()
        if spec.automation_condition is not None
    }
    assert automatic == {"telegram", "labels", "corpus", "index", "generation"}


def test_a_training_that_succeeded_is_judged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    @dg.asset(key=["training", "model"], group_name="training")
    def model() -> None: ...

    settings = Settings.from_environment(data=store.root)
    tracker = Tracker(f"sqlite:///{store.root / 'mlflow.db'}", settings.mlflow_url, store.root / "artifacts")
    job = dg.Definitions(assets=[model], jobs=[train]).resolve_job_def("train")
    with dg.instance_for_test() as instance:
        result = job.execute_in_process(instance=instance)
        context = dg.build_run_status_sensor_context(
            sensor_name="trainings",
            dagster_event=next(e for e in result.all_events if e.event_type_value == "PIPELINE_SUCCESS"),
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            resources={"settings": settings, "tracker": tracker, "store": store},
        )
        with pytest.raises(ArtifactError, match="training/model was not made yet"):
            trainings(context)


def test_when_to_train_again_makes_no_model_stale() -> None:
    recipes = [TrainingRecipe(base_model="x", retrain_after_ads=count) for count in (None, 5)]
    assert recipes[0].digest() == recipes[1].digest()
    assert recipes[0].digest() != TrainingRecipe(base_model="x", seed=8).digest()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SQLAlchemy, inside MLflow
def test_a_failed_run_is_told_with_its_assets_and_address(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dg.asset(key=["corpus", "ads"])
    def ads() -> pl.DataFrame:
        raise ValueError("no ads")

    monkeypatch.setenv("ADGEN_ALERT_EMAIL_TO", "one@example.org")
    with (
        dg.instance_for_test() as instance,
        MailServer(starttls=0, asks_password=False).running() as server,
    ):
        monkeypatch.setenv("ADGEN_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
        settings = Settings.from_environment(data=store.root)
        tracker = Tracker(
            f"sqlite:///{store.root / 'mlflow.db'}", settings.mlflow_url, store.root / "artifacts"
        )
        job = dg.Definitions(assets=[ads], jobs=[dg.define_asset_job("j")]).resolve_job_def("j")
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        event = result.get_run_failure_event() if hasattr(result, "get_run_failure_event") else None
        event = event or next(e for e in result.all_events if e.event_type_value == "PIPELINE_FAILURE")
        with tracker.run("corpus/ads", {"dagster_run_id": result.run_id}) as tracked:
            assert tracked.url
        context = dg.build_run_status_sensor_context(
            sensor_name="failures",
            dagster_event=event,
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            resources={"settings": settings, "tracker": tracker},
        ).for_run_failure()
        failures(context)
    assert "failed" in caplog.text
    (mail,) = server.mails
    body = message_from_string(mail, policy=policy.default).get_content()
    assert f"Dagster: {settings.dagster_url}/runs/{result.run_id}" in body
    assert f"MLflow: {tracked.url}" in body
    assert "no ads" not in body
