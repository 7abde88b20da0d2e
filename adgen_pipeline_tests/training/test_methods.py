"""Method × ZeRO stage × ranks × the switches beside them, in pairs: each combination trains and merges."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adgen_pipeline.training.merge import differences, merge, probes
from adgen_pipeline.training_recipe import TrainingRecipe
from adgen_pipeline_tests.training.runs import finished, result
from adgen_pipeline_tests.training.samples import conversations, tiny_base, tiny_job

# Each value of a column meets each value of every other one where they do not exclude each other.
MATRIX: tuple[tuple[int, str, dict[str, Any]], ...] = (
    (1, "zero1", {"method": "full", "precision": "bf16", "packing": True, "loss_tokens": 16}),
    (2, "zero1", {"method": "lora", "precision": "fp32", "activation_checkpointing": True, "schedule": "cosine"}),
    (1, "zero2", {"method": "lora", "precision": "fp32", "packing": True, "new_rows_share": 0.3, "loss_tokens": 16}),
    (
        2,
        "zero2",
        {"method": "full", "precision": "bf16", "activation_checkpointing": True, "new_rows_share": 0.3},
    ),
    (2, "zero3", {"method": "full", "precision": "fp32", "packing": True, "new_rows_share": 0.3}),
    (
        2,
        "zero3",
        {"method": "lora", "packing": True, "activation_checkpointing": True, "loss_tokens": 16},
    ),
    (2, "zero2", {"method": "lora", "load_in": "4bit", "precision": "bf16", "packing": True}),
    (1, "zero1", {"method": "lora", "load_in": "8bit", "precision": "bf16", "schedule": "cosine"}),
    (2, "zero2_offload", {"method": "full", "precision": "bf16", "packing": True}),
    (1, "zero3_offload", {"method": "full", "precision": "fp32", "activation_checkpointing": True}),
    (2, "zero3_offload", {"method": "lora", "precision": "bf16"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("methods")
    tiny_base(root)
    return root


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ranks", "spread", "options"),
    MATRIX,
    ids=lambda v: "-".join(map(str, v.values())) if isinstance(v, dict) else v,
)
def test_a_combination_trains_and_merges(
    folder: Path, ranks: int, spread: str, options: dict[str, Any]
) -> None:
    if spread.endswith("offload") and shutil.which("g++") is None:
        pytest.skip("DeepSpeed compiles its optimizer for hosts' memory: needs g++")
    rate = 1e-3 if options["method"] == "full" else 5e-3
    name = f"{ranks}-{spread}-{'-'.join(map(str, options.values()))}"
    job = tiny_job(folder, name, spread=spread, maximum_steps=16, batch_size=1, learning_rate=rate, **options)
    finished(job, processes=ranks)
    figures = result(job)
    assert figures["ranks"] == ranks
    assert figures["validation_after"]["loss"] < figures["validation_before"]["loss"] - 0.05
    report = merge(folder / "base", job.out, folder / f"{name}-model", probe_texts=probes(conversations()))
    assert differences(folder / f"{name}-model") == [], report
    has_adapter = (job.out / "adapter_config.json").is_file()
    assert has_adapter == (options["method"] == "lora")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"method": "full", "load_in": "4bit"}, "quantised weights get no gradients"),
        ({"load_in": "8bit", "spread": "zero3"}, "does not share out quantised weights"),
        ({"precision": "fp16"}, "DeepSpeed has no fp16 there"),
        ({"new_rows_share": 0.1, "spread": "zero3"}, "peft cannot train single rows"),
        ({"pretraining": {}, "spread": "zero3"}, "or pretraining.method: full"),
        ({"pretraining": {"method": "full"}, "load_in": "4bit"}, "quantised weights get no gradients"),
        ({"patience": 2}, "set evaluate_steps"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_when_the_recipe_is_read(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason.replace(".", r"\.")):
        TrainingRecipe.model_validate({"base_model": "x", **options})


def test_what_works_is_not_refused() -> None:
    TrainingRecipe.model_validate({"base_model": "x", "precision": "fp16", "spread": "zero2"})
    TrainingRecipe.model_validate(
        {"base_model": "x", "spread": "zero3", "method": "full", "pretraining": {"method": "full"}}
    )


def test_the_job_of_pre_training_takes_what_its_section_says_and_the_rest_from_the_other() -> None:
    recipe = TrainingRecipe.model_validate(
        {
            "base_model": "x",
            "spread": "zero2",
            "precision": "fp32",
            "seed": 3,
            "pretraining": {"row_tokens": 64},
        }
    )
    section = recipe.for_pretraining()
    assert (section.maximum_tokens, section.packing, section.pretraining) == (64, True, None)
    assert (section.spread, section.precision, section.seed) == ("zero2", "fp32", 3)
    assert (section.new_rows_share, section.lora.rank) == (0.1, 64)
    assert recipe.for_fine_tuning() == TrainingRecipe.model_validate(
        {"base_model": "x", "spread": "zero2", "precision": "fp32", "seed": 3}
    )
