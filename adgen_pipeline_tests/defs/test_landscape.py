"""training/landscape in the graph: there where the recipe asks, measured by its own processes, checked."""

from pathlib import Path

import dagster as dg
import pytest

from adgen_pipeline.artifacts import Store
from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.recipe import Recipe, load_recipe
from adgen_pipeline.schemas import DOCUMENTS
from adgen_pipeline.settings import Settings
from adgen_pipeline.training_recipe import LandscapeRecipe
from adgen_pipeline.training_schemas import LANDSCAPE

KEY = dg.AssetKey(["training", "landscape"])


def asking(*candidates: str) -> Recipe:
    recipe = load_recipe(Settings.from_environment(data=Path("unused"), recipe=Path("tiny")).recipe_path)
    asked = LandscapeRecipe(candidates=candidates, loads=("full",), answer_tokens=4) if candidates else None
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"landscape": asked})})


@pytest.mark.parametrize("candidates", [(), ("embedded",)], ids=["not asked for", "asked for"])
def test_the_landscape_is_in_the_graph_where_the_recipe_asks(candidates: tuple[str, ...]) -> None:
    definitions = build_definitions(asking(*candidates), Settings.from_environment(data=Path("unused")))
    graph = definitions.resolve_asset_graph()
    assert graph.has(KEY) == bool(candidates)
    assert {key.name for key in graph.asset_check_keys if key.asset_key == KEY} == (
        {"schema", "measured_candidates_are_whole", "every_candidate_was_measured"} if candidates else set()
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Alembic, SQLAlchemy and MLflow while they make their tables
def test_candidates_become_a_table_figures_and_a_run_and_a_missing_one_is_warned_of(tmp_path: Path) -> None:
    store = Store(tmp_path)
    posts = [
        {"channel_id": 1, "message_id": number, "post": f"አዲስ ጫማ ዋጋ {number} ብር", "split": "validation"}
        | {"channel_name": "", "text": "", "search_key": "", "language": "am", "cluster": f"1/{number}"}
        for number in range(5)
    ]
    store.write_table(DOCUMENTS, DOCUMENTS.frame(posts))
    definitions = build_definitions(
        asking("nobody/nothing", "tiny-random"), Settings.from_environment(data=tmp_path)
    )
    made = []
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
                instance=instance, asset_selection=[KEY]
            )
            made.append(result.asset_materializations_for_node("training__landscape")[0])
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()} == {
        "schema": True,
        "measured_candidates_are_whole": True,
        "every_candidate_was_measured": False,
    }
    table = store.read_table(LANDSCAPE)
    assert table["candidate"].to_list() == ["nobody/nothing", "tiny-random"]
    assert {"bits_per_byte", "fertility", "speed_and_memory", "mlflow_run"} <= made[0].metadata.keys()
    assert [event.metadata["kept"].value for event in made] == [0, 1]
    versions = [(event.tags or {})["dagster/data_version"] for event in made]
    assert versions[0] == versions[1]
