import json
import shutil
import time
from pathlib import Path

import polars as pl
import pytest

from adgen_pipeline.app import cli
from adgen_pipeline.artifacts import Artifact, Store, write_json
from adgen_pipeline.errors import ArtifactError, DataError, ResourceError
from adgen_pipeline.evaluation import promotion, scores
from adgen_pipeline.evaluation_schemas import MEASURES
from adgen_pipeline.settings import Settings
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
    for stage, part in promotion.PARTS[:2]:
        folder = store.root / "models" / stage / part / name
        folder.mkdir(parents=True)
        (folder / "content.txt").write_text(f"{part} {name}", encoding="utf-8")
        store.publish(stage, part, folder)
    make_index(store, name)
    model = store.artifact("training", "model")
    with tracker.run("training/model", {}) as run:
        run.register(REGISTERED_NAME, model.path, {"version": model.version})
    written = answers({"ours": ads or GOOD})
    store.write_table(
        MEASURES, scores.measure(cases(4), written, {"ours": [1.0, 1.1, 1.2, 1.3]}, background())
    )
    return in_use(store)


def make_index(store: Store, name: str) -> Artifact:
    """An index by the encoder in use."""
    folder = store.index / name
    folder.mkdir(parents=True)
    write_json(folder / "manifest.json", {"encoder_digest": store.artifact("embedding", "encoder").digest})
    (folder / "content.txt").write_text(f"index {name}", encoding="utf-8")
    time.sleep(0.01)  # which of two is newer says the time of the file
    return store.publish("index", "posts", folder)


def in_use(store: Store) -> tuple[str, ...]:
    return tuple(store.artifact(*key).version for key in promotion.PARTS)


def served(store: Store) -> tuple[str, ...]:
    return tuple(artifact.version for artifact in promotion.serving(store))


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


def test_a_refused_challenger_never_answers_people(store: Store, tracker: Tracker) -> None:
    first = make(store, tracker, "one")
    promotion.promote(store, tracker)
    make(store, tracker, "two", [*GOOD[1:], f"{AD} 0911111111"])
    assert served(store) == first, "not even before it is judged"
    before = tracker.aliased(REGISTERED_NAME, "champion")
    judgement, made = promotion.promote(store, tracker)
    assert made is None
    assert "fact precision is not 1" in judgement.reasons[0]
    assert tracker.aliased(REGISTERED_NAME, "champion") == before
    assert served(store) == first
    assert in_use(store) == first, "what is indexed next is indexed for the champion"
    with pytest.raises(DataError, match="champion already"):
        promotion.promote(store, tracker)


def test_new_posts_are_found_with_the_champions_encoder(store: Store, tracker: Tracker) -> None:
    make(store, tracker, "one")
    promotion.promote(store, tracker)
    weekly = make_index(store, "weekly")
    assert promotion.serving(store)[2] == weekly
    make(store, tracker, "two", [*GOOD[1:], f"{AD} 0911111111"])
    assert promotion.serving(store)[2] == weekly, "the challenger's index is another encoder's"
    promotion.promote(store, tracker)
    assert store.artifact("index", "posts") == weekly


def test_what_is_undone_is_the_promotion_and_not_the_last_index(store: Store, tracker: Tracker) -> None:
    first = make(store, tracker, "one")
    promotion.promote(store, tracker)
    make(store, tracker, "two")
    promotion.promote(store, tracker)
    make_index(store, "weekly")
    promotion.rollback(store, tracker)
    assert in_use(store) == served(store) == first


def test_without_a_champion_the_pointers_serve(store: Store, tracker: Tracker) -> None:
    with pytest.raises(ArtifactError, match="not made yet"):
        promotion.serving(store)
    make(store, tracker, "one")
    second = make(store, tracker, "two")
    assert served(store) == in_use(store) == second


def test_where_an_erasure_left_no_index_of_the_champion_the_newest_pair_is_searched(
    store: Store, tracker: Tracker
) -> None:
    first = make(store, tracker, "one")
    promotion.promote(store, tracker)
    second = make(store, tracker, "two")
    shutil.rmtree(store.index / "one")
    assert served(store) == (first[0], *second[1:])


def test_a_training_is_judged_once_and_a_refusal_is_told(
    store: Store, tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings.from_environment(data=store.root)
    make(store, tracker, "one")
    first = promotion.judge_training(store, tracker, settings)
    assert first is not None
    assert first.is_accepted
    assert promotion.judge_training(store, tracker, settings) is None
    make(store, tracker, "two", [*GOOD[1:], f"{AD} 0911111111"])
    second = promotion.judge_training(store, tracker, settings)
    assert second is not None
    assert "refused" in caplog.text
    assert promotion.judge_training(store, tracker, settings) is None


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
    make(store, tracker, "three")
    assert cli.run(["promote", *data]) == 0
    capsys.readouterr()
    assert cli.run(["rollback", *data]) == 0
    assert json.loads(capsys.readouterr().out)["promotion"] == 1
