"""What people preferred as assets: pairs become shards, shards and the fine-tuned adapter a tuned one."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from adgen_pipeline import provenance
from adgen_pipeline.artifacts import Artifact, Store, link_files
from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.feedback_schemas import PREFERENCES
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.settings import Settings
from adgen_pipeline_tests.training.runs import finished
from adgen_pipeline_tests.training.samples import preferences, tiny_base, tiny_job

SHARDS, ADAPTER = (dg.AssetKey(["training", name]) for name in ("preference_shards", "preferred_adapter"))
QUOTED = [{"channel_id": 1002, "message_id": 9}]


def made(store: Store, stage: str, name: str, folder: Path) -> Artifact:
    return store.make(stage, name, ["1"], lambda out: link_files(folder, out))[0]


def materialised(store: Store, minimum: int, *keys: dg.AssetKey) -> dict[str, dict[str, object]]:
    """Metadata of the assets by their names, with a recipe that asks for so many pairs."""
    recipe = load_recipe(Settings.from_environment(data=Path("unused"), recipe=Path("tiny")).recipe_path)
    section = recipe.training.model_dump() | {
        "lora": {"rank": 4, "alpha": 8},
        "precision": "fp32",
        "preferences": {"minimum": minimum, "maximum_steps": 4, "maximum_epochs": 9, "learning_rate": 5e-3},
    }
    asked = recipe.model_copy(update={"training": type(recipe.training).model_validate(section)})
    definitions = build_definitions(asked, Settings.from_environment(data=store.root))
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=list(keys)
        )
        assert result.success
        return {
            key.path[-1]: {
                name: value.value
                for name, value in result.asset_materializations_for_node("__".join(key.path))[
                    0
                ].metadata.items()
            }
            for key in keys
        }


@pytest.fixture
def pairs(store: Store, tmp_path: Path) -> pl.DataFrame:
    """The pairs of a store that holds a tiny base and its tokenizer; one pair quotes a post."""
    tiny_base(tmp_path / "tiny")
    made(store, "tokenizer", "extended", tmp_path / "tiny" / "tokenizer")
    made(store, "training", "base", tmp_path / "tiny" / "base")
    rows = preferences().to_dicts()
    table = PREFERENCES.frame(
        [{**row, "exemplars": QUOTED if number == 3 else []} for number, row in enumerate(rows)]
    )
    store.write_table(PREFERENCES, table)
    return table


def test_shards_of_pairs_say_how_many_there_are_and_whose_messages_made_them(
    store: Store, pairs: pl.DataFrame
) -> None:
    found = materialised(store, 100, SHARDS)["preference_shards"]
    assert (found["pairs"], found["held_out_pairs"], found["held_out_briefs"]) == (20, 4, 2)
    known = provenance.sources(store.artifact("training", "preference_shards").path)
    assert known is not None
    assert known.select("channel_id", "message_id").rows() == [(1001, None), (1002, 9)]


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore:AssetExecutionContext.run_id:DeprecationWarning"
)  # by Dagster Pipes itself
@pytest.mark.parametrize("minimum", [20, 21], ids=["enough pairs", "too few"])
def test_the_adapter_is_tuned_where_there_are_enough_pairs_and_passed_on_where_there_are_not(
    store: Store, tmp_path: Path, pairs: pl.DataFrame, minimum: int
) -> None:
    finished(job := tiny_job(tmp_path / "tiny", precision="fp32"))
    adapter = store.make("training", "adapter", ["1"], lambda out: link_files(job.out, out))[0]
    provenance.note(adapter, pl.DataFrame({"channel_id": [7], "message_id": [1], "split": ["train"]}))
    found = materialised(store, minimum, SHARDS, ADAPTER)["preferred_adapter"]
    tuned = store.artifact("training", "preferred_adapter")
    assert (found["pairs"], found["pairs_needed"]) == (20, minimum)
    assert found["is_tuned"] == (minimum == 20)
    assert (tuned.digest == adapter.digest) == (minimum == 21)
    assert ("told_apart" in found) == (minimum == 20)
    known = provenance.sources(tuned.path)
    assert known is not None
    assert known.select("channel_id", "message_id").rows() == [(7, 1), (1001, None), (1002, 9)]
