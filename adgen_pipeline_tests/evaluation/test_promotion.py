import json
from pathlib import Path

import polars as pl
import pytest

from adgen_pipeline.app import cli
from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import ArtifactError, DataError, ResourceError
from adgen_pipeline.evaluation import promotion, scores
from adgen_pipeline.evaluation_schemas import MEASURES
from adgen_pipeline.tracking import REGISTERED_NAME, Tracker
from adgen_pipeline_tests.evaluation.ads import AD, answers, background, cases

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
GOOD = [f"{AD} ጥሩ ጫማ"] * 4


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


@pytest.fixture
def tracker(store: Store) -> Tracker:
    (store.root / "state").mkdir(parents=True)
    return Tracker(
        f"sqlite:///{store.root}/state/mlflow.db",
        "http://127.0.0.1:5000",
        store.root / "state" / "mlflow-artifacts",
    )


def make(store: Store, tracker: Tracker, name: str, ads: list[str] | None = None) -> tuple[str, ...]:
    """What a run leaves: model, encoder and index of its own, the model registered, and what was measured."""
    for stage, part in promotion.PARTS:
        folder = store.root / "models" / stage / part / name
        folder.mkdir(parents=True)
        (folder / "content.txt").write_text(f"{part} {name}", encoding="utf-8")
        store.publish(stage, part, folder)
    model = store.artifact("training", "model")
    with tracker.run("training/model", {}) as run:
        run.register(REGISTERED_NAME, model.path, {"version": model.version})
    written = answers({"ours": ads or GOOD})
    store.write_table(
        MEASURES, scores.measure(cases(4), written, {"ours": [1.0, 1.1, 1.2, 1.3]}, background())
    )
    return in_use(store)


def in_use(store: Store) -> tuple[str, ...]:
    return tuple(store.artifact(*key).version for key in promotion.PARTS)


def test_model_and_index_are_promoted_and_restored_together(store: Store, tracker: Tracker) -> None:
    first = make(store, tracker, "one")
    judgement, made = promotion.promote(store, tracker)
    assert judgement.is_accepted
    assert made is not None
    assert tracker.aliased(REGISTERED_NAME, "champion") == made.registered
    with pytest.raises(DataError, match="champion already"):
        promotion.promote(store, tracker)
    with pytest.raises(DataError, match="nothing before it"):
        promotion.rollback(store, tracker)

    second = make(store, tracker, "two")
    _, newer = promotion.promote(store, tracker)
    assert newer is not None
    assert newer.registered != made.registered
    assert in_use(store) == second

    assert promotion.rollback(store, tracker) == made
    assert in_use(store) == first
    assert tracker.aliased(REGISTERED_NAME, "champion") == made.registered
    assert promotion.champion(store) == made


def test_a_refused_challenger_leaves_the_champion_and_is_taken_back_by_rollback(
    store: Store, tracker: Tracker
) -> None:
    first = make(store, tracker, "one")
    promotion.promote(store, tracker)
    make(store, tracker, "two", [*GOOD[1:], f"{AD} 0911111111"])
    before = tracker.aliased(REGISTERED_NAME, "champion")
    judgement, made = promotion.promote(store, tracker)
    assert made is None
    assert "fact precision is not 1" in judgement.reasons[0]
    assert tracker.aliased(REGISTERED_NAME, "champion") == before
    promotion.rollback(store, tracker)
    assert in_use(store) == first


def test_a_champion_whose_index_changed_is_not_restored_by_halves(store: Store, tracker: Tracker) -> None:
    make(store, tracker, "one")
    promotion.promote(store, tracker)
    (store.artifact("index", "posts").path / "content.txt").write_text("other", encoding="utf-8")
    second = make(store, tracker, "two")
    with pytest.raises(ArtifactError, match="index"):
        promotion.rollback(store, tracker)
    assert in_use(store) == second


def test_without_a_registry_nothing_changes(store: Store, tracker: Tracker) -> None:
    make(store, tracker, "one")
    away = Tracker("http://127.0.0.1:9", "http://127.0.0.1:9")
    with pytest.raises(ArtifactError, match="not registered"):
        promotion.promote(store, away)
    promotion.promote(store, tracker)
    second = make(store, tracker, "two")
    with pytest.raises(ResourceError, match="nothing was changed"):
        promotion.rollback(store, away)
    assert in_use(store) == second


def test_what_was_measured_of_a_champion_stands_where_erasure_looks(store: Store, tracker: Tracker) -> None:
    make(store, tracker, "one")
    promotion.promote(store, tracker)
    (file,) = (store.root / "final" / "evaluation" / "champion").glob("*.parquet")
    assert "case_id" in pl.read_parquet_schema(file)


def test_the_commands_promote_refuse_and_restore(
    store: Store, tracker: Tracker, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(store.root), "--json"]
    assert cli.run(["rollback", *data]) == 1
    assert "adgen promote" in capsys.readouterr().err
    make(store, tracker, "one")
    assert cli.run(["promote", *data]) == 0
    assert json.loads(capsys.readouterr().out)["promotion"] == 1
    make(store, tracker, "two", ["ጫማ"] * 4)
    assert cli.run(["promote", *data]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["accepted"] is False
    assert "The champion stays: Acceptable ads is worse" in captured.err
    assert cli.run(["rollback", *data]) == 0
    assert json.loads(capsys.readouterr().out)["promotion"] == 1
