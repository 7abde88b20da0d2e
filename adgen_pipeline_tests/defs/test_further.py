"""Further corpora in the graph: there only where the recipe asks, made from files, stale when these change."""

from pathlib import Path

import dagster as dg
import pytest

from adgen_pipeline.artifacts import Store
from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.defs.automation import CORPORA, source_events
from adgen_pipeline.recipe import FurtherCorpus, Recipe, load_recipe
from adgen_pipeline.schemas import DOCUMENTS, FURTHER_DOCUMENTS, FURTHER_DROPS
from adgen_pipeline.settings import Settings

NEWS = FurtherCorpus(name="news", licence="CC-BY-4.0", path="news.txt")
TEXT = "የከተማው ገበያ ነገ ጠዋት ሁለት ሰዓት ይከፈታል ሲሉ ነጋዴዎች ተናገሩ"
KEYS = {dg.AssetKey(["corpus", name]) for name in ("corpora_files", "further_documents", "further_drops")}


def asking(*further: FurtherCorpus) -> Recipe:
    recipe = load_recipe(Settings.from_environment(data=Path("unused"), recipe=Path("tiny")).recipe_path)
    return recipe.model_copy(update={"corpus": recipe.corpus.model_copy(update={"further": further})})


@pytest.mark.parametrize("further", [(), (NEWS,)], ids=["not asked for", "asked for"])
def test_further_corpora_are_in_the_graph_where_the_recipe_asks(further: tuple[FurtherCorpus, ...]) -> None:
    definitions = build_definitions(asking(*further), Settings.from_environment(data=Path("unused")))
    graph = definitions.resolve_asset_graph()
    assert {key for key in KEYS if graph.has(key)} == (KEYS if further else set())
    checks = {check.asset_key for check in graph.asset_check_keys}
    assert bool(checks & KEYS) == bool(further)


def test_files_become_documents_and_drops(tmp_path: Path) -> None:
    store = Store(tmp_path)
    held = {"channel_id": 1, "message_id": 1, "split": "test", "post": TEXT, "search_key": TEXT}
    store.write_table(
        DOCUMENTS,
        DOCUMENTS.frame([{**held, "channel_name": "", "text": "", "language": "am", "cluster": "1/1"}]),
    )
    store.corpora.mkdir()
    lines = [TEXT, TEXT.replace("ገበያ", "ሙዚየም").replace("ነገ ጠዋት", "ከሰኞ ጀምሮ"), "ሁለት ቃላት"]
    (store.corpora / "news.txt").write_text("\n".join(lines), encoding="utf-8")
    definitions = build_definitions(asking(NEWS), Settings.from_environment(data=tmp_path))
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=sorted(KEYS - {CORPORA}), raise_on_error=False
        )
        assert result.success
        assert all(check.passed for check in result.get_asset_check_evaluations())
        made = instance.fetch_materializations(dg.AssetKey(["corpus", "further_documents"]), limit=1).records[
            0
        ]
    assert store.read_table(FURTHER_DOCUMENTS).select("row", "licence").rows() == [(2, "CC-BY-4.0")]
    assert store.read_table(FURTHER_DROPS).select("row", "reason").sort("row").rows() == [
        (1, "exact_duplicate"),
        (3, "too_short"),
    ]
    assert made.asset_materialization is not None
    assert made.asset_materialization.metadata["licences"].value == {"news": "CC-BY-4.0"}


def test_a_changed_corpus_file_is_noticed_without_reading_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.raw.mkdir()

    def version() -> str | None:
        with dg.DagsterInstance.ephemeral() as instance:
            events = {event.asset_key: event for event in source_events(store, instance)}
        return (events[CORPORA].tags or {})["dagster/data_version"] if CORPORA in events else None

    assert version() is None
    store.corpora.mkdir()
    (store.corpora / "a.txt").write_text("1", encoding="utf-8")
    first = version()
    assert first == version()
    (store.corpora / "a.txt").write_text("12", encoding="utf-8")
    assert version() not in (None, first)
