"""The only module that knows MLflow. MLflow being away is a warning, never the end of a training run.

One run for each materialisation that trains, evaluates or indexes. The orchestrator opens it and passes its id by
environment; the job's rank 0 joins it.
"""

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from adgen_pipeline.errors import ResourceError

logger = logging.getLogger(__name__)

REGISTERED_NAME = "adgen-writer"  # the model that writes ads, in the registry
MAXIMUM_PARAMETER_CHARS = 500  # MLflow's limit; the whole recipe is logged as an artifact


@dataclass
class TrackedRun:
    """An MLflow run that may not be there: each call is tried once and a failure is logged.

    Usage::

        run.metrics({"loss": 1.2}, step=10)
        run.parameters({"rank": 32})
        run.file(path)                      an artifact
        run.text("…", "ads.md")             an artifact from a string
    """

    uri: str
    run_id: str | None
    url: str | None = None
    _failed: bool = field(default=False, repr=False)

    def environment(self) -> dict[str, str]:
        """Variables with which a child process joins this run."""
        if self.run_id is None:
            return {}
        return {"MLFLOW_TRACKING_URI": self.uri, "ADGEN_MLFLOW_RUN_ID": self.run_id}

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Log numbers under stable names."""
        import mlflow.entities  # noqa: PLC0415  (MLflow takes seconds to import)

        def log() -> None:
            stamp = _now_ms()
            entities = [mlflow.entities.Metric(k, float(v), stamp, step) for k, v in values.items()]
            self._client().log_batch(self.run_id, metrics=entities)

        self._try("metrics", log)

    def parameters(self, values: Mapping[str, object]) -> None:
        """Log parameters; long values are cut to MLflow's limit."""
        import mlflow.entities  # noqa: PLC0415

        def log() -> None:
            entities = [
                mlflow.entities.Param(k, str(v)[:MAXIMUM_PARAMETER_CHARS]) for k, v in sorted(values.items())
            ]
            self._client().log_batch(self.run_id, params=entities)

        self._try("parameters", log)

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags, such as data_version."""
        import mlflow.entities  # noqa: PLC0415

        def log() -> None:
            entities = [mlflow.entities.RunTag(k, v) for k, v in values.items()]
            self._client().log_batch(self.run_id, tags=entities)

        self._try("tags", log)

    def file(self, path: Path, folder: str | None = None) -> None:
        """Log a file or a folder as an artifact."""

        def log() -> None:
            if path.is_dir():
                self._client().log_artifacts(self.run_id, str(path), folder)
            else:
                self._client().log_artifact(self.run_id, str(path), folder)

        self._try(f"artifact {path.name}", log)

    def text(self, text: str, name: str) -> None:
        """Log a string as an artifact file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8")
            self.file(path)

    def image(self, content: bytes, name: str) -> None:
        """Log the bytes of a picture as an artifact file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            self.file(path)

    def images(self, contents: Mapping[str, bytes]) -> None:
        """Log figures by their names, as `<name>.png`."""
        for name, content in contents.items():
            self.image(content, f"{name}.png")

    def register(self, model_name: str, source: Path, tags: Mapping[str, str]) -> str | None:
        """Register a model folder under a name; returns its version, or None if MLflow is away."""
        versions: list[str] = []

        def register() -> None:
            import mlflow.exceptions  # noqa: PLC0415

            client = self._client()
            try:
                client.create_registered_model(model_name)
            except mlflow.exceptions.MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            version = client.create_model_version(
                model_name, source=source.resolve().as_uri(), run_id=self.run_id, tags=dict(tags)
            )
            versions.append(str(version.version))

        self._try(f"registering {model_name}", register)
        return versions[0] if versions else None

    def _client(self) -> Any:
        from mlflow.tracking import MlflowClient  # noqa: PLC0415

        return MlflowClient(self.uri)

    def _try(self, what: str, call: Callable[[], None]) -> None:
        if self.run_id is None or self._failed:
            return
        try:
            call()
        except Exception as error:
            self._failed = True
            logger.warning("MLflow did not take %s (%s); this run goes on untracked", what, error)


@dataclass(frozen=True)
class Tracker:
    """Opens runs in one MLflow store.

    Attributes:
        uri: the tracking URI.
        ui: address of MLflow's UI, for links.
        artifacts: folder or URL of run artifacts in a store without a server; None: the server decides.
    """

    uri: str
    ui: str
    artifacts: Path | str | None = None
    experiment: str = "adgen_pipeline"

    @contextmanager
    def run(self, asset_key: str, tags: Mapping[str, str]) -> Iterator[TrackedRun]:
        """A run named after the asset; FINISHED at the end, FAILED on an exception, KILLED on an interrupt."""
        tracked = self._start(asset_key, {"asset_key": asset_key, **tags})
        status = "FAILED"
        try:
            yield tracked
            status = "FINISHED"
        except (KeyboardInterrupt, SystemExit):
            status = "KILLED"
            raise
        finally:
            tracked._failed = False  # a closing call is worth one more try
            tracked._try("the end of the run", lambda: _terminate(tracked, status))

    def url_where(self, tag: str, value: str) -> str | None:
        """Address of the newest run with a tag of that value; None if there is none or MLflow is away."""
        try:
            client = _patient_client(self.uri)
            experiment = client.get_experiment_by_name(self.experiment)
            wanted = f"tags.{tag} = '{value}'"
            runs = client.search_runs([experiment.experiment_id], wanted, max_results=1) if experiment else []
        except Exception as error:
            logger.warning("MLflow at %s is away (%s); its run is not named", self.uri, error)
            return None
        return self._url(experiment.experiment_id, runs[0].info.run_id) if runs else None

    def registered(self, model_name: str) -> dict[str, str]:
        """Artifact version → version under which it is registered; none if MLflow is away."""
        try:
            found = _patient_client(self.uri).search_model_versions(f"name='{model_name}'")
        except Exception as error:
            logger.warning("MLflow at %s is away (%s); registered versions are not known", self.uri, error)
            return {}
        return {v.tags["version"]: str(v.version) for v in found if "version" in v.tags}

    def set_alias(self, model_name: str, alias: str, version: str, *, tags: Mapping[str, str]) -> None:
        """Let an alias name a registered version, and tag that version.

        Raises:
            ResourceError: MLflow is away or refuses: an alias decides what serves, so this is no mere warning.
        """
        try:
            client = _patient_client(self.uri)
            for key, value in sorted(tags.items()):
                client.set_model_version_tag(model_name, version, key, value)
            client.set_registered_model_alias(model_name, alias, version)
        except Exception as error:
            raise ResourceError(
                f"MLflow at {self.uri} did not set {model_name}@{alias} to version {version} "
                f"({' '.join(str(error).split())[:200]}). Start it and try again; nothing was changed."
            ) from error

    def aliased(self, model_name: str, alias: str) -> str | None:
        """The registered version that an alias names; None without one or if MLflow is away."""
        try:
            return str(_patient_client(self.uri).get_model_version_by_alias(model_name, alias).version)
        except Exception as error:
            logger.warning("MLflow at %s names no %s of %s (%s)", self.uri, alias, model_name, error)
            return None

    def forget_old(
        self, model_name: str, kept_versions: Collection[str], *, before: datetime, dry_run: bool = False
    ) -> tuple[int, int]:
        """Remove runs that ended before a moment, and registered versions whose model is gone.

        A version with an alias stays, and with it the run that registered it; so do runs of models that are kept.
        Where MLflow's store is a database the runs and their artifacts are gone for good; on a server they are
        marked as deleted, and `mlflow gc` there ends it.

        Args:
            model_name: of the registry.
            kept_versions: artifact versions of the models that stay.
            before: runs that ended later stay.
            dry_run: only count.

        Returns:
            Numbers of runs and of registered versions.

        Raises:
            ResourceError: MLflow is away.
        """
        from mlflow.tracking import MlflowClient  # noqa: PLC0415

        try:
            client = MlflowClient(self.uri)
            registered = client.search_model_versions(f"name='{model_name}'")
        except Exception as error:
            raise ResourceError(f"MLflow at {self.uri} is away ({error}). Start it and try again.") from error
        aliased = {str(v) for v in _aliases(client, model_name).values()}
        going = [
            v
            for v in registered
            if str(v.version) not in aliased and v.tags.get("version") not in kept_versions
        ]
        gone = {v.version for v in going}
        bound = {v.run_id for v in registered if v.version not in gone}
        experiment = client.get_experiment_by_name(self.experiment)
        ended = f"attributes.end_time < {int(before.timestamp() * 1000)}"
        runs = [] if experiment is None else _all_runs(client, experiment.experiment_id, ended)
        old = [run.info.run_id for run in runs if run.info.run_id not in bound]
        if not dry_run:
            for version in going:
                client.delete_model_version(model_name, version.version)
            for run_id in old:
                client.delete_run(run_id)
            if old and self.artifacts is not None:
                _collect(self.uri, old)
        return len(old), len(going)

    def _location(self) -> str | None:
        return self.artifacts.resolve().as_uri() if isinstance(self.artifacts, Path) else self.artifacts

    def _start(self, name: str, tags: Mapping[str, str]) -> TrackedRun:
        try:
            client = _patient_client(self.uri)
            experiment = client.get_experiment_by_name(self.experiment)
            experiment_id = (
                experiment.experiment_id
                if experiment
                else client.create_experiment(self.experiment, artifact_location=self._location())
            )
            run = client.create_run(experiment_id, run_name=name, tags=dict(tags))
        except Exception as error:
            logger.warning("MLflow at %s is away (%s); %s runs untracked", self.uri, error, name)
            return TrackedRun(self.uri, None)
        run_id = str(run.info.run_id)
        return TrackedRun(self.uri, run_id, self._url(experiment_id, run_id))

    def _url(self, experiment_id: str, run_id: str) -> str:
        return f"{self.ui}/#/experiments/{experiment_id}/runs/{run_id}"


def joined_run() -> TrackedRun:
    """The run that the launching process opened, for rank 0 of a job; untracked when there is none."""
    return TrackedRun(os.environ.get("MLFLOW_TRACKING_URI", ""), os.environ.get("ADGEN_MLFLOW_RUN_ID"))


def _patient_client(uri: str) -> Any:
    """A client that gives a server ten seconds and one more try, not MLflow's seven."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    return MlflowClient(uri)


def _aliases(client: Any, model_name: str) -> dict[str, str]:
    """Alias → version of a registered model; none where it is not registered."""
    import mlflow.exceptions  # noqa: PLC0415

    try:
        return dict(client.get_registered_model(model_name).aliases)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}


def _all_runs(client: Any, experiment_id: str, wanted: str) -> list[Any]:
    """Every run of an experiment that a filter lets through, page by page."""
    runs: list[Any] = []
    token: str | None = None
    while True:
        page = client.search_runs([experiment_id], wanted, max_results=1000, page_token=token)
        runs += page
        token = page.token
        if not token:
            return runs


def _collect(uri: str, run_ids: Sequence[str]) -> None:
    """Take runs that are marked as deleted, and their artifacts, out of a database for good."""
    arguments = ["--backend-store-uri", uri, "--tracking-uri", uri, "--run-ids", ",".join(run_ids)]
    subprocess.run([sys.executable, "-m", "mlflow", "gc", *arguments], check=True, capture_output=True)


def _terminate(run: TrackedRun, status: str) -> None:
    run._client().set_terminated(run.run_id, status)


def _now_ms() -> int:
    return int(time.time() * 1000)
