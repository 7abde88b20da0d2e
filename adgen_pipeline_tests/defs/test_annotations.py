"""The annotation round trip in the graph: tasks where the recipe asks, answers from files, agreement of them."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from adgen_pipeline.app import cli
from adgen_pipeline.artifacts import Store
from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.defs.automation import source_events
from adgen_pipeline.label_schemas import ADJUDICATION, AGREEMENT, ANNOTATIONS, LABEL_TASKS
from adgen_pipeline.labels.assignment import assign
from adgen_pipeline.labels.weak import label_posts
from adgen_pipeline.recipe import AnnotatorGroup, MessageRange, Recipe, load_recipe
from adgen_pipeline.schemas import POST_LABELS, POSTS
from adgen_pipeline.settings import Settings

FILES = dg.AssetKey(["labels", "annotation_files"])
ANSWERS = dg.AssetKey(["labels", "annotations"])
ASKED = {dg.AssetKey(["labels", name]) for name in ("tasks", "agreement", "adjudication")}
GROUP = AnnotatorGroup(name="one", annotators=("sara", "abel"), ranges=(MessageRange(channel=1),))
TEXTS = ["ስማርት ስልክ በቅናሽ ዋጋ 9,000 ብር ይደውሉ 0900 00 00 31", "ዛሬ ፓርላማው ተሰብስቧል", "ጫማ ለሽያጭ 2,000 ብር ይደውሉ"]


def asking(*groups: AnnotatorGroup) -> Recipe:
    recipe = load_recipe(Settings.from_environment(data=Path("unused"), recipe=Path("tiny")).recipe_path)
    labels = recipe.labels.model_copy(update={"groups": groups, "overlap": 0.5})
    return recipe.model_copy(update={"labels": labels})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A data folder with three posts, their weak labels and two people's answers."""
    store = Store(tmp_path / "data")
    rows = [
        {"channel_id": 1, "message_id": i, "channel_name": "", "post": text, "text": text, "search_key": text,
         "hashtags": [], "mentions": [], "links": [], "emojis": [], "symbols": [], "album_message_ids": [i],
         "reactions_count": 0, "words": 4, "ethiopic_share": 1.0, "latin_share": 0.0, "language": "am",
         "is_empty": False, "is_near_empty": False}
        for i, text in enumerate(TEXTS, start=1)
    ]  # fmt: skip
    store.write_table(POSTS, POSTS.frame(rows), "1")
    store.write_table(POST_LABELS, label_posts(POSTS.frame(rows), minimum_score=1.0))
    store.annotations.mkdir()
    answers = [
        "1,1,sara,electronics",
        "1,1,abel,telecom",
        "1,2,sara,not ad;politics",
        "1,2,abel,not ad;politics",
    ]
    (store.annotations / "answers.csv").write_text(
        "\n".join(["channel_id,message_id,annotator,labels", *answers, "1,3,sara,snow"]), encoding="utf-8"
    )
    store.raw.mkdir()
    return store


@pytest.mark.parametrize("groups", [(), (GROUP,)], ids=["not asked for", "asked for"])
def test_answers_are_always_part_of_the_graph_and_tasks_where_the_recipe_asks(
    groups: tuple[AnnotatorGroup, ...],
) -> None:
    graph = build_definitions(
        asking(*groups), Settings.from_environment(data=Path("unused"))
    ).resolve_asset_graph()
    assert graph.has(FILES)
    assert graph.has(ANSWERS)
    assert {key for key in ASKED if graph.has(key)} == (ASKED if groups else set())
    assert bool({check.asset_key for check in graph.asset_check_keys} & ASKED) == bool(groups)


def test_tasks_are_made_answers_read_and_agreement_measured(store: Store) -> None:
    definitions = build_definitions(asking(GROUP), Settings.from_environment(data=store.root))
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("channel", ["1"])
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=sorted([ANSWERS, *ASKED]), raise_on_error=False
        )
        assert result.success
        checks = {
            check.check_name: check for check in result.get_asset_check_evaluations() if not check.passed
        }
    assert set(store.read_table(LABEL_TASKS).filter(~pl.col("is_overlap"))["message_id"]) == {1, 2, 3}
    assert store.read_table(ANNOTATIONS).height == 4
    assert store.read_table(ADJUDICATION)["message_id"].to_list() == [1]
    assert store.read_table(AGREEMENT).filter(label="politics")["alpha"].to_list() == [1.0]
    assert set(checks) == {"every_answer_was_understood", "annotators_agree"}
    assert all(check.severity == dg.AssetCheckSeverity.WARN for check in checks.values())
    violations = checks["every_answer_was_understood"].metadata["violations"].value
    assert violations == ["answers.csv, row 6: unknown label 'snow'. Use one of the taxonomy's"]


def test_a_changed_file_of_answers_is_noticed(store: Store) -> None:
    def version() -> str:
        with dg.DagsterInstance.ephemeral() as instance:
            events = {event.asset_key: event for event in source_events(store, instance)}
        return (events[FILES].tags or {})["dagster/data_version"]

    first = version()
    assert first == version()
    (store.annotations / "more.csv").write_text("channel_id,message_id,labels\n1,3,retail", encoding="utf-8")
    assert version() != first


def test_the_commands_write_tasks_take_answers_in_and_measure(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "annotate.yaml"
    values = {**asking(GROUP).model_dump(mode="json"), "name": "annotate"}
    recipe.write_text(json.dumps(values), encoding="utf-8")  # JSON is YAML

    def command(*words: str, recipe: str = str(recipe)) -> tuple[int, Any, str]:
        asked = [] if words[0] == "import" else ["--recipe", recipe]
        status = cli.run(["labels", *words, "--data", str(store.root), "--json", *asked])
        said = capsys.readouterr()
        return status, json.loads(said.out) if said.out else None, said.err

    out = str(tmp_path / "out")
    assert "names no labels.groups" in command("tasks", out, recipe="tiny")[2]
    posts = store.scan_partitions(POSTS).collect()
    labels = asking(GROUP).labels
    store.write_table(LABEL_TASKS, assign(posts, store.read_table(POST_LABELS), recipe=labels))
    status, document, _ = command("tasks", out)
    assert status == 0
    assert sum(file["tasks"] for file in document["files"]) >= len(TEXTS)

    good, bad = tmp_path / "good.csv", tmp_path / "bad.json"
    good.write_text("channel_id,message_id,annotator,labels\n1,3,abel,retail", encoding="utf-8")
    bad.write_text("{", encoding="utf-8")
    status, document, error = command("import", str(good), str(bad))
    assert status == 1
    assert "1 file(s) were not taken in" in error
    assert document["answers"] == 5
    assert [problem.split(":")[0] for problem in document["problems"]] == ["bad.json", "answers.csv, row 6"]
    assert (store.annotations / "good.csv").is_file()

    csv = tmp_path / "decide.csv"
    status, document, _ = command("agreement", "--adjudication", str(csv))
    assert (status, document["disputed_posts"]) == (0, 1)
    assert {row["label"]: row["alpha"] for row in document["agreement"]}["politics"] == 1.0
    assert len(csv.read_text(encoding="utf-8-sig").splitlines()) == 2
    assert command("agreement", "--adjudication", str(csv))[0] == 1
