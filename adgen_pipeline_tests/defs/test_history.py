import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.automation import data_version
from adgen_pipeline.defs.history import REMOVED, scrub
from adgen_pipeline.defs.io import TableIOManager
from adgen_pipeline.defs.metadata import table_result
from adgen_pipeline.exploration_schemas import WORD_FREQUENCIES
from adgen_pipeline.settings import Settings, use_state_folder
from adgen_pipeline_tests.erasure.search import files_with

MARK = "ዝንቅላሽት"
KEY = dg.AssetKey(["corpus", "word_frequencies"])
EXPORTS = dg.AssetKey(["telegram", "exports"])


def test_words_leave_the_history_for_good_and_numbers_stay(store: Store) -> None:
    words = {"word": MARK, "count": 7, "documents_count": 1, "channels_count": 1, "share": 1.0}

    @dg.asset(key=KEY)
    def word_frequencies() -> dg.MaterializeResult[pl.DataFrame]:
        table = pl.DataFrame([{**words, "is_stop_word": False}])
        return table_result(
            WORD_FREQUENCIES,
            table,
            facts={"by_split": {"train": 7}, "violations": [f"{MARK} again"], "rows": 7},
        )

    @dg.asset_check(asset=KEY)
    def fails() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, metadata={"violations": [MARK]})

    settings = Settings.from_environment(data=store.root)
    use_state_folder(settings)
    with dg.DagsterInstance.get() as instance:
        tables = {"io_manager": TableIOManager(store)}
        assert dg.materialize([word_frequencies, fails], instance=instance, resources=tables).success
        for partition in ("7", "8"):
            instance.report_runless_asset_event(
                dg.AssetMaterialization(
                    EXPORTS, partition=partition, metadata={"channel_name": f"ሱቅ {partition}"}
                )
            )
        version = data_version(instance, KEY)
    assert {name.split("/")[0] for name in files_with(store.root, MARK)} == {"final", "state"}

    assert scrub(settings.state, {7}) > 0
    assert scrub(settings.state, {7}) == 0
    assert files_with(store.root, MARK, but=("final",)) == []
    assert files_with(store.root, "ሱቅ 7") == []
    assert files_with(store.root, "ሱቅ 8") != []

    with dg.DagsterInstance.get() as instance:
        event = instance.get_latest_materialization_event(KEY)
        assert event is not None
        assert event.asset_materialization is not None
        metadata = {name: value.value for name, value in event.asset_materialization.metadata.items()}
        assert data_version(instance, KEY) == version
    assert metadata["preview"] == metadata["violations"] == REMOVED
    assert (metadata["rows"], metadata["by_split"], metadata["dagster/row_count"]) == (7, {"train": 7}, 1)
