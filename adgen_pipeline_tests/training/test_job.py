import json
from pathlib import Path

import pytest

from adgen_pipeline.errors import TrainingError
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.training.job import FILLED_KEYS, TrainingJob, auto_keys, deepspeed_config, read_spread
from adgen_pipeline.training_recipe import TrainingRecipe

SPREADS = sorted(path.stem for path in (PROJECT_ROOT / "deepspeed_configs").glob("*.json"))
RECIPE = TrainingRecipe(base_model="tiny-random", batch_size=4, accumulation_steps=3, learning_rate=1e-4)


def job(**changes: object) -> TrainingJob:
    values = {
        "base": "base",
        "base_digest": "b",
        "shards": "shards",
        "shards_digest": "s",
        "out": "models/adapter/v1",
        "recipe": RECIPE,
        "spread": {"zero_optimization": {"stage": 1}},
        **changes,
    }
    return TrainingJob.model_validate(values)


def test_the_spreads_that_recipes_may_name_are_there() -> None:
    assert {"cpu", "zero1", "zero2", "zero2_offload", "zero3", "zero3_offload"} <= set(SPREADS)


@pytest.mark.parametrize("name", SPREADS)
def test_every_auto_of_a_spread_is_filled_by_the_recipe(name: str) -> None:
    spread = read_spread(PROJECT_ROOT / "deepspeed_configs", name)
    assert set(auto_keys(spread)) <= set(FILLED_KEYS)
    config = deepspeed_config(spread, RECIPE, world=2)
    assert "auto" not in json.dumps(config)
    assert config["train_batch_size"] == 4 * 3 * 2
    assert config["optimizer"]["params"]["lr"] == 1e-4
    assert "auto" in json.dumps(spread), "the spread itself stays as it was"


def test_an_auto_that_nobody_decides_is_an_error() -> None:
    with pytest.raises(TrainingError, match=r"optimizer\.params\.eps, which the recipe does not decide"):
        deepspeed_config({"optimizer": {"params": {"eps": "auto"}}}, RECIPE, world=1)


def test_quantised_weights_are_not_shared_out_by_zero_3() -> None:
    recipe = RECIPE.model_copy(update={"load_in": "4bit"})
    with pytest.raises(TrainingError, match="does not share out quantised weights"):
        deepspeed_config({"zero_optimization": {"stage": 3}}, recipe, world=2)
    assert deepspeed_config({"zero_optimization": {"stage": 2}}, recipe, world=2)


def test_an_unknown_spread_names_the_known_ones() -> None:
    with pytest.raises(TrainingError, match="Known: cpu, zero1"):
        read_spread(PROJECT_ROOT / "deepspeed_configs", "zero9")


def test_a_job_survives_its_file(tmp_path: Path) -> None:
    job().write(tmp_path / "job.json")
    assert TrainingJob.read(tmp_path / "job.json") == job()


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such job file"), ("{}", "not a training job"), ("x", "not a training job")],
    ids=["missing", "empty", "not JSON"],
)
def test_a_wrong_job_file_is_named(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "job.json").write_text(content, encoding="utf-8")
    with pytest.raises(TrainingError, match=message):
        TrainingJob.read(tmp_path / "job.json")


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"base": "elsewhere"}, True),
        ({"out": "models/adapter/v2"}, True),
        ({"base_digest": "other"}, False),
        ({"shards_digest": "other"}, False),
        ({"recipe": RECIPE.model_copy(update={"seed": 8})}, False),
        ({"spread": {"zero_optimization": {"stage": 2}}}, False),
    ],
    ids=["moved base", "other folder", "other base", "other rows", "other seed", "other spread"],
)
def test_a_job_is_the_same_if_its_result_would_be(change: dict[str, object], is_same: bool) -> None:
    assert (job(**change).digest() == job().digest()) is is_same
