"""A simulated year: 52 dumps of growing sample channels, some damaged, one with nonsense, through the real pipeline.

    python -m benchmarks.year [--weeks 52] [--figure FILE] [--json]

Each week the dumps of that week are put into raw/; the sensor `new_files` says what is new; what Dagster makes by
itself is made, by the function behind `adgen run`; the sensor `enough_new_ads` says whether there is enough for a
training. If so, the job's assets are made and `adgen promote` judges. `adgen vacuum` runs every fourth week. The model
is a tiny random one, so its scores say nothing of ads: only whether a worse one is told from a better one.
"""

import contextlib
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import dagster as dg
import yaml
from mlflow.tracking import MlflowClient

from adgen_pipeline.app.cli import run as adgen
from adgen_pipeline.app.service import load_published
from adgen_pipeline.artifacts import Store
from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.defs import materialise as graph
from adgen_pipeline.defs.automation import new_files
from adgen_pipeline.defs.retraining import enough_new_ads
from adgen_pipeline.errors import AdgenError
from adgen_pipeline.evaluation.catalogue import MAIN
from adgen_pipeline.evaluation.promotion import Champion, champion, promotion
from adgen_pipeline.evaluation.systems import OURS
from adgen_pipeline.evaluation_schemas import MEASURES
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.schemas import MESSAGES
from adgen_pipeline.settings import Settings, switch_telemetry_off, use_state_folder
from adgen_pipeline.telegram.quarantine import read_quarantine
from adgen_pipeline.tracking import REGISTERED_NAME
from benchmarks import show
from benchmarks.year_dumps import BEGINNING, WEEKS, Dump, Year
from benchmarks.year_figure import figure, summary, table

# Beginnings of variables that say what is where.
MACHINE = ("ADGEN_", "MLFLOW_TRACKING_URI", "MLFLOW_DEFAULT_ARTIFACT_ROOT", "DAGSTER_")
CHECKED = dg.DagsterEventType.ASSET_CHECK_EVALUATION
KEPT_VERSIONS = 2
VACUUM_WEEKS = 4
RETRAIN_AFTER_ADS = 250
TRAIN = ("tokenizer", "training", "embedding", "index", "generation", "evaluation")  # groups of that job
BRIEF = "# ማስታወቂያ\n- ምርት: የቆዳ ጫማ\n- ዋጋ: 2,400 ብር\n- ስልክ: 0900 00 00 77\n"


@dataclass
class Week:
    """What a week brought and what it took.

    Attributes:
        number: of the week; 0 is the beginning.
        dumps: what was dropped.
        noticed: channels for which the sensor asks for a run.
        messages: rows of telegram/messages, all channels together.
        steps: what ran, asset and partition, without that of a training.
        seconds: of that.
        left_out: channels that failed, in words.
        quarantined: files and records that could not be read, in words.
        warned: checks that warn, `asset check`.
        new_ads: what `enough_new_ads` counted; None where it did not count.
        training: what ran for a training; empty without one.
        training_seconds: of that.
        verdict: promoted, refused, or empty.
        reasons: of the gate.
        scores: main scores of the challenger.
        champion: number of the promotion in force; None before the first one.
        ads_before, ads_during, ads_after: (model, ad) of the same brief as it is served before a training, between
            its end and the gate's judgement, and after that.
        versions: stored versions by artifact, after a vacuum of that week.
        registered: models in MLflow's registry.
        runs: runs of MLflow.
        megabytes: of the data folder, by its parts.
        was_vacuumed: whether `adgen vacuum` ran.
    """

    number: int
    dumps: list[Dump]
    noticed: list[int] = field(default_factory=list)
    messages: int = 0
    steps: list[tuple[str, str | None]] = field(default_factory=list)
    seconds: float = 0.0
    left_out: str = ""
    quarantined: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    new_ads: int | None = None
    training: list[tuple[str, str | None]] = field(default_factory=list)
    training_seconds: float = 0.0
    verdict: str = ""
    reasons: list[str] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)
    champion: int | None = None
    ads_before: tuple[str, str] | None = None
    ads_during: tuple[str, str] | None = None
    ads_after: tuple[str, str] | None = None
    versions: dict[str, int] = field(default_factory=dict)
    registered: int = 0
    runs: int = 0
    megabytes: dict[str, float] = field(default_factory=dict)
    was_vacuumed: bool = False


class Simulation:
    """One data folder over a year."""

    def __init__(self, data: Path, instance: dg.DagsterInstance, settings: Settings) -> None:
        """Prepare; nothing is written."""
        self.store, self.settings, self.instance = Store(data), settings, instance
        self.recipe = load_recipe(settings.recipe_path)
        self.year = Year(self.store.raw)
        self._definitions = build_definitions(self.recipe, settings)
        self._weekly = " or ".join(
            f'key:"{spec.key.to_user_string()}"'
            for spec in self._definitions.resolve_all_asset_specs()
            if spec.automation_condition is not None
        )
        self._cursor: str | None = None
        self._train = " or ".join(f'group:"{group}"' for group in TRAIN)

    def run(self, weeks: int, *, report: Callable[[str], None]) -> Iterator[Week]:
        """The beginning, by hand, and then week by week what comes by itself."""
        week = Week(0, self.year.begin())
        self._notice(week)
        self._make(week, None)
        week.training, week.training_seconds = week.steps, week.seconds
        self._judge(week)
        yield self._counted(week, report)
        for number in range(1, weeks + 1):
            week = Week(number, self.year.drop(number))
            self._notice(week)
            self._make(week, self._weekly)
            if self._is_enough(week):
                week.ads_before = self.served()
                started = time.perf_counter()
                week.training = self._materialise(week, self._train)
                week.training_seconds = time.perf_counter() - started
                week.ads_during = self.served()
                self._judge(week)
                week.ads_after = self.served()
            if number % VACUUM_WEEKS == 0:
                self._command("vacuum", "--keep", str(KEPT_VERSIONS), "--days", "0")
                week.was_vacuumed = True
            yield self._counted(week, report)

    def again(self) -> list[tuple[str, str | None]]:
        """What runs where nothing is new."""
        return self._materialise(Week(-1, []), self._weekly)

    def champions(self) -> list[Champion]:
        """The champion in force and the one before it."""
        now = champion(self.store)
        if now is None or now.replaces is None:
            return [] if now is None else [now]
        return [now, promotion(self.store, now.replaces)]

    def served(self) -> tuple[str, str]:
        """Model and ad of a request, as the API loads and writes them."""
        writer = load_published(self.store, self.recipe)
        (ad,) = writer.write(understand(BRIEF, source="year"), channel_id=None, n=1, seed=7)
        return writer.model_version, ad.text

    def _notice(self, week: Week) -> None:
        """What the sensor asks for: it looks twice, as files have to rest."""
        requests: Sequence[dg.RunRequest] = ()
        for _ in range(2):
            with dg.build_sensor_context(
                instance=self.instance, resources={"store": self.store}, cursor=self._cursor
            ) as context:
                result = new_files(context)
            assert isinstance(result, dg.SensorResult)
            self._cursor, requests = result.cursor or self._cursor, list(result.run_requests or ())
        week.noticed = sorted(int(request.partition_key or 0) for request in requests)

    def _make(self, week: Week, select: str | None) -> None:
        started = time.perf_counter()
        week.steps = self._materialise(week, select)
        week.seconds = time.perf_counter() - started

    def _materialise(self, week: Week, select: str | None) -> list[tuple[str, str | None]]:
        lines: list[str] = []
        try:
            graph.run(self._definitions, self.instance, self.store, select=select, report=lines.append)
        except AdgenError as error:
            week.left_out = str(error)
        words = [line.split() for line in lines if line.startswith("✓")]
        return [(w[1], w[2].strip("[]") if w[2].startswith("[") else None) for w in words]

    def _is_enough(self, week: Week) -> bool:
        with dg.build_sensor_context(
            instance=self.instance, resources={"store": self.store, "recipe": self.recipe}
        ) as context:
            result = enough_new_ads(context)
        assert isinstance(result, dg.SensorResult)
        requests = list(result.run_requests or ())
        reason = result.skip_reason or dg.SkipReason()
        counted = requests[0].tags["adgen/new_ads"] if requests else str(reason.skip_message).split()[0]
        week.new_ads = int(counted)
        return bool(requests)

    def _judge(self, week: Week) -> None:
        measures = self.store.read_table(MEASURES).filter(system=OURS)
        week.scores = {
            name: round(float(of["value"].mean()), 4)  # type: ignore[arg-type]
            for name in MAIN
            if (of := measures.filter(metric=name)).height
        }
        found = self._command("promote")
        week.verdict = "promoted" if found["accepted"] else "refused"
        week.reasons = list(found["reasons"])

    def _command(self, *arguments: str) -> dict[str, Any]:
        """What a command of `adgen` answers; it may refuse."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            adgen([*arguments, "--data", str(self.store.root), "--json"])
        found: dict[str, Any] = json.loads(out.getvalue())
        return found

    def _counted(self, week: Week, report: Callable[[str], None]) -> Week:
        store = self.store
        week.messages = store.scan_partitions(MESSAGES).collect().height
        week.quarantined = [
            f"{item.file}: {item.reason}"
            for path in sorted(store.quarantine.glob("*.jsonl"))
            for item in read_quarantine(path)
        ]
        now = champion(store)
        week.champion = None if now is None else now.number
        week.versions = versions(store)
        client = MlflowClient(self.settings.tracking_uri)
        week.registered = len(client.search_model_versions(f"name='{REGISTERED_NAME}'"))
        (experiment,) = [e for e in client.search_experiments() if e.name == "adgen_pipeline"]
        week.runs = len(client.search_runs([experiment.experiment_id], max_results=5000))
        week.megabytes = {
            part.name: round(sum(f.stat().st_size for f in part.rglob("*") if f.is_file()) / 1e6, 2)
            for part in sorted(store.root.iterdir())
            if part.is_dir()
        }
        week.warned = self._warned(week)
        report(
            f"week {week.number}: {len(week.steps)} steps, {week.seconds:.0f} s, {week.new_ads} new ads, "
            f"{week.verdict} {'; '.join(week.reasons)}"
        )
        return week

    def _warned(self, week: Week) -> list[str]:
        """Checks that failed in the runs of a week; each step was a run."""
        runs = self.instance.get_runs(limit=len(week.steps) + len(week.training)) if week.steps else []
        entries = [entry for run in runs for entry in self.instance.all_logs(run.run_id, of_type=CHECKED)]
        found = [entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event]
        return sorted({f"{c.asset_key.to_user_string()} {c.check_name}" for c in found if not c.passed})


def versions(store: Store) -> dict[str, int]:
    """Stored versions of each artifact, indexes and reports."""
    folders = [p for p in (store.root / "models").glob("*/*") if p.is_dir() and p.parent.name != "champion"]
    counted = {
        "/".join(p.parts[-2:]): sum(v.is_dir() and not v.name.startswith(".") for v in p.iterdir())
        for p in sorted(folders)
        if p.parent.name != "cache"
    }
    for name, folder in (("index/posts", store.index), ("evaluation/report", store.root / "reports")):
        counted[name] = sum(v.is_dir() and not v.name.startswith(".") for v in folder.glob("*"))
    return counted


def write_recipe(path: Path) -> None:
    """The recipe of the tests with dates of the year, and a training long enough to tell more data from less."""
    recipe = load_recipe(Settings.from_environment(recipe=Path("tiny")).recipe_path).model_dump(mode="json")
    day = BEGINNING.date()
    recipe |= {"name": "year", "description": "The tiny recipe, over a year."}
    recipe["corpus"] |= {
        "validation_from": day - timedelta(days=26),
        "test_from": day - timedelta(days=16),
        "test_until": day,
    }
    recipe["tokenizer"] |= {"extend_pieces": 0}
    recipe["training"] |= {
        "retrain_after_ads": RETRAIN_AFTER_ADS,
        "maximum_steps": 100,
        "learning_rate": 0.003,
        "batch_size": 8,
        "sample_rows": 0,
    }
    recipe["generation"] |= {"targets": []}
    recipe["evaluation"] |= {"cases": 12, "systems": ["template"]}
    path.write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")


@contextlib.contextmanager
def simulation(folder: Path) -> Iterator[Simulation]:
    """A year that is about to begin, in a folder of its own, whatever this machine is told by its environment."""
    switch_telemetry_off()
    kept = dict(os.environ)
    for name in [name for name in kept if name.startswith(MACHINE)]:
        del os.environ[name]  # no alert, no tracking server, no object store of somebody
    try:
        data, recipe = folder / "data", folder / "year.yaml"
        write_recipe(recipe)
        settings = Settings.from_environment(data=data, recipe=recipe)
        use_state_folder(settings)
        with dg.DagsterInstance.get() as instance:
            yield Simulation(data, instance, settings)
    finally:
        os.environ.clear()
        os.environ.update(kept)


@click.command()
@click.option("--weeks", default=WEEKS, show_default=True, type=click.IntRange(1, WEEKS))
@click.option(
    "--figure", "picture", type=click.Path(path_type=Path, dir_okay=False), help="A PNG of the year."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(weeks: int, picture: Path | None, as_json: bool) -> None:
    """Print what happened week by week."""
    with tempfile.TemporaryDirectory(prefix="adgen-bench-") as folder, simulation(Path(folder)) as simulated:
        found = list(simulated.run(weeks, report=lambda line: click.echo(line, err=True)))
    if as_json:
        document = {**summary(found), "by_week": [asdict(week) for week in found]}
        click.echo(json.dumps(document, ensure_ascii=False, default=str))
    else:
        click.echo(table(found))
        click.echo()
        show(summary(found), as_json=False)
    if picture is not None:
        picture.write_bytes(figure(found))


if __name__ == "__main__":
    main()
