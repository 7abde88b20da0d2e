"""The whole graph on sample exports with a tiny random model: every stage for real, in a data folder of its own."""

import json
import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from adgen_pipeline.app.cli import run
from adgen_pipeline.artifacts import Store, file_digest
from adgen_pipeline.definitions import build_definitions, materialise
from adgen_pipeline.evaluation_schemas import SCORES
from adgen_pipeline.feedback_schemas import COMPARISONS
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.schemas import DOCUMENTS, DROPS, GENERATED_ADS, POST_LABELS, POSTS, TABLES
from adgen_pipeline.settings import Settings
from adgen_pipeline.telegram.sample import write_sample
from adgen_pipeline_tests.erasure.search import files_with
from adgen_pipeline_tests.telegram.exports import chat, message, write

SHOP = 9900000099
MARK = "ዝንቅላሽት"
MARKED_ID = 7
MARKED = f"{MARK} ስልክ በሳጥኑ ከነሙሉ እቃው ለሽያጭ ቀረበ\nዋጋ 18,500 ብር\n{MARK} ብለው ይደውሉ 0900 00 00 88"

# A dozen libraries in one process warn their own developers; each is held to "error" in its stage's tests.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder through which the tiny recipe went once."""
    data = tmp_path_factory.mktemp("end-to-end")
    write_sample(data, messages=600)
    marked_export(data / "raw" / "marked.json")
    (data / "annotations").mkdir()
    answers = f"channel_id,message_id,annotator,labels\n{SHOP},5,sara,Electronics\n{SHOP},5,abel,media\n"
    (data / "annotations" / "answers.csv").write_text(f"{answers}{SHOP},5,almaz,media\n", encoding="utf-8")
    keep_a_verdict(Store(data))
    settings = Settings.from_environment(data=data, recipe=Path("tiny"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADGEN_STATE", str(settings.state))
        materialise(load_recipe(settings.recipe_path), settings, report=lambda _: None)
    return settings


def marked_export(path: Path, *more: int) -> Path:
    """An export of a small shop: one ad has a word that stands nowhere else; `more` are ids of further messages."""
    ads = {5: "ኖኪያ ስልክ በቅናሽ ዋጋ 2,500 ብር ይደውሉ 0900 00 00 87", MARKED_ID: MARKED}
    texts = ads | {number: f"ኦሪጅናል ቻርጀር ቁጥር {number} ደርሷል ዋጋ {number} ብር" for number in more}
    return write(path, chat([message(number, text) for number, text in texts.items()], SHOP))


def keep_a_verdict(store: Store) -> None:
    """An ad that the API wrote, modelled on the ad with the word, and what somebody did with it."""
    brief = understand("ምርት፦ ስልክ\nዋጋ፦ 900 ብር", source="request")
    quoted = {"channel_id": SHOP, "message_id": MARKED_ID, "score": 1.0, "excerpt": MARK}
    ad = {"text": MARK, "slotted": MARK, "channel_id": None, "format": "post", "exemplars": [quoted]}
    versions = {"written_by": "model", "model": "m1", "index": "i1"}
    archive = Archive.of(store)
    (ad_id,) = archive.keep(brief, [ad | versions], at=1.0)
    archive.judge(ad_id, "accept", role="manager", at=2.0)


def run_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("ADGEN_STATE", str(settings.state))
    lines: list[str] = []
    materialise(load_recipe(settings.recipe_path), settings, report=lines.append)
    return [line.split()[1] for line in lines if line.startswith("▶")]


def test_every_table_is_there_and_conforms_to_its_schema(settings: Settings) -> None:
    store = Store(settings.data)
    only_where_asked = {"corpus/further_documents", "corpus/further_drops"}  # not by the tiny recipe
    only_where_asked |= {"labels/tasks", "labels/agreement", "labels/adjudication", "generation/preferences"}
    only_where_asked |= {"training/landscape"}
    for schema in (TABLES[key] for key in sorted(TABLES.keys() - only_where_asked)):
        table = (
            store.scan_partitions(schema).collect() if schema.folder is not None else store.read_table(schema)
        )
        assert schema.violations(table) == [], schema.key
        # nobody has voted yet
        assert table.height > 0 or schema is COMPARISONS, schema.key


def test_what_people_decided_wins_over_the_rules(settings: Settings) -> None:
    table = Store(settings.data).read_table(POST_LABELS)
    human = table.filter(source="human").select("channel_id", "message_id", "vertical").rows()
    assert human == [(SHOP, 5, "media")]
    assert set(table["source"]) == {"human", "model", "rule"}


def test_every_artifact_is_what_its_pointer_says(settings: Settings) -> None:
    store = Store(settings.data)
    pointers = sorted((settings.data / "models").glob("*/*.json"))
    assert {f"{p.parent.name}/{p.stem}" for p in pointers} == {
        "labels/classifier", "tokenizer/base", "tokenizer/extended", "training/checkpoint", "training/base",
        "training/shards", "training/adapter", "training/model", "embedding/encoder", "index/posts",
        "evaluation/report",
    }  # fmt: skip
    for pointer in pointers:
        store.artifact(pointer.parent.name, pointer.stem).verify()


def test_kept_and_dropped_are_all_that_was_read(settings: Settings) -> None:
    store = Store(settings.data)
    posts = store.scan_partitions(POSTS).collect()
    assert store.read_table(DOCUMENTS).height + store.read_table(DROPS).height == posts.height


def test_ads_carry_their_evidence(settings: Settings) -> None:
    store = Store(settings.data)
    ads = store.read_table(GENERATED_ADS)
    known = store.scan_partitions(POSTS).select("channel_id", "message_id").collect()
    for ad in ads.iter_rows(named=True):
        assert ad["text"].strip()
        assert ad["model"] == store.artifact("training", "model").version
        assert ad["index"] == store.artifact("index", "posts").version
        for exemplar in ad["exemplars"]:
            key = (exemplar["channel_id"], exemplar["message_id"])
            assert key == (None, None) or key in set(known.iter_rows())  # None: the advertiser's own document
            assert exemplar["excerpt"]
        for fact in ad["facts"]:
            assert fact["text"] in ad["text"]


def test_every_system_has_every_metric(settings: Settings) -> None:
    scores = Store(settings.data).read_table(SCORES)
    assert set(scores["system"]) == {"ours", "base", "template"}
    fact_precision = scores.filter(pl.col("metric") == "fact_precision", pl.col("system") != "base")
    assert fact_precision["value"].min() == 1.0


def test_the_training_run_stands_in_mlflow_once_with_links_both_ways(settings: Settings) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415  (only this test needs it)

    client = MlflowClient(settings.tracking_uri)
    experiment = client.get_experiment_by_name("adgen_pipeline")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    adapters = [run for run in runs if run.data.tags["asset_key"] == "training/adapter"]
    assert len(adapters) == 1
    assert adapters[0].info.status == "FINISHED"
    assert "loss" in " ".join(adapters[0].data.metrics)
    assert adapters[0].data.tags["dagster_run_id"]
    assert {run.data.tags["asset_key"] for run in runs} >= {
        "training/adapter",
        "embedding/encoder",
        "index/posts",
    }


def test_a_second_run_does_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_again(settings, monkeypatch) == []


def test_a_new_brief_touches_only_what_reads_briefs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = settings.data / "briefs" / "new.md"
    brief.write_text("# ማስታወቂያ\n- ምርት: የልጆች ጫማ\n- ዋጋ: 900 ብር\n- ስልክ: 0900 00 00 77\n", encoding="utf-8")
    assert run_again(settings, monkeypatch)[0] == "generation/briefs"


def test_a_lost_table_is_made_again_with_the_same_bytes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Store(settings.data).table_path(TABLES["corpus/ngrams"])
    before = file_digest(path)
    path.unlink()
    assert run_again(settings, monkeypatch) == ["corpus/ngrams"]
    assert file_digest(path) == before


def test_a_newer_dump_of_one_channel_reads_that_channel_only(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = next(p for p in sorted(settings.data.joinpath("raw").glob("*.json")) if "ስፖርት" in p.name)
    values = json.loads(export.read_text(encoding="utf-8"))
    last = max((m for m in values["messages"] if m["type"] == "message"), key=lambda m: m["id"])
    values["messages"].append({**last, "id": last["id"] + 100, "text": "", "text_entities": []})
    export.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    lines = run_again(settings, monkeypatch)
    assert lines.count("telegram/messages") == 1
    assert lines.count("telegram/posts") == 1
    assert "corpus/drops" in lines or "corpus/documents" in lines
    assert "training/adapter" not in lines  # one empty post changes no document


def test_a_forgotten_message_is_nowhere_and_a_later_dump_does_not_bring_it_back(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / "copy"
    shutil.copytree(settings.data, data)
    copied = Settings.from_environment(data=data, recipe=Path("tiny"))
    monkeypatch.setenv("ADGEN_STATE", str(copied.state))
    store = Store(data)
    before = store.scan_partitions(POSTS).collect()
    folders = {name.split("/")[0] for name in files_with(data, MARK)}
    assert folders >= {"parsed", "cleaned", "final", "index", "ads"}

    arguments = ["--message", f"{SHOP}/{MARKED_ID}", "--data", str(data), "--yes", "--json"]
    assert run(["forget", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    models = {model["model"].rpartition("/")[0]: model for model in document["models"]}
    assert models.keys() >= {"tokenizer/base", "training/adapter", "training/model", "embedding/encoder"}
    assert all(model["is_certain"] and model["is_current"] for model in models.values())
    assert models["training/model"]["registered_version"] == "1"
    assert document["still_in"] == [
        str(data / "annotations" / "answers.csv"),
        str(data / "raw" / "marked.json"),
    ]
    learned = tuple(model["folder"] for model in models.values())
    assert [name for name in files_with(data, MARK) if not name.startswith(learned)] == []
    assert not store.pointer_path("training", "shards").exists()
    assert store.artifact("index", "posts").verify()
    kept = before.filter((pl.col("channel_id") != SHOP) | (pl.col("message_id") != MARKED_ID))
    assert store.scan_partitions(POSTS).collect().equals(kept)

    marked_export(data / "raw" / "later.json", 8, 9)
    select = "+corpus/word_frequencies"
    materialise(load_recipe(copied.recipe_path), copied, select=select, report=lambda _: None)
    assert [name for name in files_with(data, MARK) if not name.startswith(learned)] == []
    assert store.scan_partitions(POSTS).collect().height == kept.height + 2

    assert run(["forget", "--channel", str(SHOP), "--data", str(data), "--yes", "--json"]) == 0
    materialise(load_recipe(copied.recipe_path), copied, select=select, report=lambda _: None)
    assert store.scan_partitions(POSTS).collect().equals(before.filter(pl.col("channel_id") != SHOP))
    assert not store.read_table(DOCUMENTS)["channel_id"].is_in([SHOP]).any()


def test_definitions_are_valid(settings: Settings) -> None:
    dg.Definitions.validate_loadable(build_definitions(load_recipe(settings.recipe_path), settings))
