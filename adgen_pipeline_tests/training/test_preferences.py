"""Tuning on preferred ads: pairs as shards, whole runs, too few pairs, runs that are stopped."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from datasets import Dataset, load_from_disk
from pydantic import ValidationError
from safetensors.torch import load_file
from transformers import AutoTokenizer

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.errors import TrainingError
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.training.job import TrainingJob, read_spread
from adgen_pipeline.training.merge import differences, merge, probes
from adgen_pipeline.training.preference_shards import SIDES, build, enough
from adgen_pipeline.training.preferences import figures
from adgen_pipeline.training.run import train
from adgen_pipeline.training_recipe import PreferencesRecipe, TrainingRecipe
from adgen_pipeline_tests.training.runs import (
    Interrupting,
    Lines,
    alone,
    broken_off,
    finished,
    losses,
    metrics,
    result,
)
from adgen_pipeline_tests.training.samples import (
    conversations,
    given_ids,
    learned_ids,
    preferences,
    tiny_base,
    tiny_job,
    tuning_job,
)

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("preferences")
    tiny_base(root)
    return root


@pytest.fixture(scope="module")
def one_rank() -> Iterator[None]:
    """This process as the only rank."""
    with alone():
        yield


@pytest.fixture(scope="module")
def fine_tuned(folder: Path, one_rank: None) -> TrainingJob:
    job = tiny_job(folder, "fine-tuned", precision="fp32", maximum_steps=10)
    train(job, report=Lines())
    return job


@pytest.fixture(scope="module")
def tuned(folder: Path, fine_tuned: TrainingJob) -> TrainingJob:
    job = tuning_job(folder, "tuned", fine_tuned, maximum_steps=16)
    train(job, report=Lines())
    return job


def pairs_of(job: TrainingJob, split: str = "train") -> Dataset:
    return load_from_disk(str(job.shards / split))


def test_pairs_stand_under_the_chat_template_with_the_loss_on_the_ads_alone(
    folder: Path, fine_tuned: TrainingJob
) -> None:
    job = tuning_job(folder, "template", fine_tuned)
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    known = {str(row["chosen_feedback_id"]): row for row in preferences().to_dicts()}
    rows = [row for split in ("train", "validation") for row in pairs_of(job, split).to_list()]
    assert len(rows) == 24
    for row in rows:
        pair = known[row["row_id"].partition("/")[0]]
        prompt = tokenizer.apply_chat_template(pair["prompt"], add_generation_prompt=True, return_dict=False)
        for side in SIDES:
            assert given_ids(row, side) == prompt
            assert tokenizer.decode(learned_ids(row, side)) == pair[side] + "<|im_end|>"


def test_pairs_of_one_brief_are_all_learned_from_or_all_held_out(
    folder: Path, fine_tuned: TrainingJob
) -> None:
    job = tuning_job(folder, "split", fine_tuned)
    briefs = {str(row["chosen_feedback_id"]): row["brief"] for row in preferences().to_dicts()}
    learned_from, held_out = (
        {briefs[row_id.partition("/")[0]] for row_id in pairs_of(job, split)["row_id"]}
        for split in ("train", "validation")
    )
    assert len(learned_from) == 10
    assert len(held_out) == 2
    assert not learned_from & held_out
    # Two more pairs of one more brief: no other brief changes sides but one at the border.
    more = tuning_job(folder, "split-more", fine_tuned, preferences(26))
    ids = pairs_of(more, "validation")["row_id"]
    assert len(held_out - {briefs.get(row_id.partition("/")[0]) for row_id in ids}) <= 1


def test_shards_of_the_same_pairs_are_the_same_bytes_and_say_what_was_left_out(
    folder: Path, fine_tuned: TrainingJob, tmp_path: Path
) -> None:
    rows = pl.concat([preferences(8), preferences(10, format="tagline")[8:]])
    manifests = []
    for name in ("one", "two"):
        manifests.append(
            build(
                rows.sample(fraction=1.0, shuffle=True),
                folder / "tokenizer",
                tmp_path / name,
                maximum_tokens=420,
                held_out_share=0.2,
                seed=7,
            )
        )
    assert folder_digest(tmp_path / "one") == folder_digest(tmp_path / "two")
    assert manifests[0] == {
        "pairs": 6, "held_out_pairs": 2, "briefs": 4, "held_out_briefs": 1, "other_format": 2, "too_long": 0,
    }  # fmt: skip
    short = build(
        rows, folder / "tokenizer", tmp_path / "short", maximum_tokens=20, held_out_share=0.2, seed=7
    )
    assert (short["pairs"], short["too_long"]) == (0, 8)


def test_tuning_tells_the_pairs_apart_also_those_that_were_held_out(tuned: TrainingJob) -> None:
    figures = result(tuned)
    assert figures["train_after"]["reward_accuracy"] == 1.0
    assert figures["train_after"]["pairs"] == 20
    assert figures["validation_after"]["reward_accuracy"] == 1.0
    assert figures["validation_after"]["reward_margin"] > 0.5
    assert figures["validation_before"]["reward_margin"] == pytest.approx(0.0, abs=1e-4)
    assert figures["validation_before"]["loss"] == pytest.approx(math.log(2), abs=1e-4)


def test_the_preferred_ads_own_loss_keeps_them_likely(folder: Path, fine_tuned: TrainingJob) -> None:
    rewards = []
    for weight in (0.0, 1.0):
        job = tuning_job(folder, f"kept-{weight}", fine_tuned, maximum_steps=8, sft_weight=weight)
        rewards.append(train(job, report=Lines())["validation_after"]["chosen_reward"])
    assert rewards[1] > rewards[0]


def test_what_was_tuned_is_an_adapter_like_the_one_before_and_merges(
    folder: Path, fine_tuned: TrainingJob, tuned: TrainingJob, tmp_path: Path
) -> None:
    before, after = (load_file(job.out / "adapter_model.safetensors") for job in (fine_tuned, tuned))
    assert {name: weight.shape for name, weight in before.items()} == {
        name: weight.shape for name, weight in after.items()
    }
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert "training/base" in (tuned.out / "adapter_config.json").read_text(encoding="utf-8")
    assert not tuned.work.exists(), "checkpoints and log-probabilities are gone"
    assert figures(tuned.out)["told_apart"].startswith(b"\x89PNG")
    merge(folder / "base", tuned.out, tmp_path / "model", probe_texts=probes(conversations()))
    assert differences(tmp_path / "model") == []


def test_the_whole_network_is_tuned_as_well(folder: Path, one_rank: None) -> None:
    start = tiny_job(folder, "whole", method="full", precision="fp32", maximum_steps=4, learning_rate=1e-3)
    train(start, report=Lines())
    job = tuning_job(folder, "whole-tuned", start, maximum_steps=16, learning_rate=1e-3)
    found = train(job, report=Lines())
    assert found["train_after"]["reward_accuracy"] == 1.0
    assert found["validation_before"]["reward_margin"] == pytest.approx(0.0, abs=1e-4)
    before, after = (load_file(one.out / "model.safetensors") for one in (start, job))
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_too_few_pairs_pass_on_what_was_fine_tuned_byte_by_byte(
    folder: Path, fine_tuned: TrainingJob
) -> None:
    job = tuning_job(folder, "few", fine_tuned, preferences(6), minimum=8)
    report = Lines()
    assert train(job, report=report) == result(fine_tuned)
    assert folder_digest(job.out) == folder_digest(fine_tuned.out)
    assert report.lines == [
        "4 pairs to learn from and 2 held out, 8 and 1 are needed: what was fine-tuned stays as it is"
    ]
    assert enough(job.shards, job.recipe) == {
        "pairs": 4, "pairs_needed": 8, "held_out_pairs": 2, "is_tuned": False,
    }  # fmt: skip
    assert figures(job.out) == {}
    assert not job.work.exists()


@pytest.mark.parametrize("count", [0, 2], ids=["no pair", "one brief"])
def test_without_a_held_out_pair_nothing_is_tuned(folder: Path, fine_tuned: TrainingJob, count: int) -> None:
    job = tuning_job(folder, f"only-{count}", fine_tuned, preferences(count), minimum=1)
    train(job, report=Lines())
    assert folder_digest(job.out) == folder_digest(fine_tuned.out)


def test_a_tuning_that_is_stopped_twice_ends_as_one_that_was_not(
    folder: Path, fine_tuned: TrainingJob
) -> None:
    options: dict[str, Any] = {"maximum_steps": 12, "batch_size": 2}
    whole, broken = (tuning_job(folder, name, fine_tuned, **options) for name in ("undisturbed", "broken"))
    train(whole, report=Lines())
    for _ in range(2):
        with pytest.raises(TrainingError, match="the checkpoint is saved"):
            train(broken, report=Interrupting(broken, steps=2))
        assert (broken.work / "log-probabilities.safetensors").is_file()
    report = Lines()
    train(broken, report=report)
    assert any(line.startswith("going on from step") for line in report.lines)
    assert [row["loss"] for row in metrics(broken)] == [row["loss"] for row in metrics(whole)]
    assert folder_without_times(broken) == folder_without_times(whole)


def folder_without_times(job: TrainingJob) -> tuple[bytes, dict[str, Any]]:
    kept = ("train_after", "validation_before", "validation_after", "steps", "tokens")
    figures = result(job)
    return (job.out / "adapter_model.safetensors").read_bytes(), {name: figures[name] for name in kept}


def test_tuning_stops_where_held_out_pairs_no_longer_gain_and_keeps_the_best(
    folder: Path, fine_tuned: TrainingJob
) -> None:
    start = fine_tuned.model_copy(
        update={"recipe": fine_tuned.recipe.model_copy(update={"evaluate_steps": 4, "patience": 2})}
    )
    job = tuning_job(folder, "early", start, maximum_steps=400, learning_rate=0.2, label_smoothing=0.2)
    found = train(job, report=Lines())
    best = min(found["validations"], key=lambda row: row["loss"])
    assert set(best) == {"step", "loss", "reward_accuracy", "reward_margin"}
    assert found["best_step"] == best["step"] == found["steps"] - 8
    assert found["validation_after"]["loss"] == pytest.approx(best["loss"], rel=1e-5)
    assert figures(job.out)["told_apart"].startswith(b"\x89PNG")


def test_the_job_of_tuning_takes_what_its_section_says_and_the_rest_from_the_other() -> None:
    recipe = TrainingRecipe.model_validate(
        {
            "base_model": "x",
            "packing": True,
            "precision": "fp32",
            "batch_size": 16,
            "preferences": {"learning_rate": 1e-6, "minimum": 7},
        }
    )
    section = recipe.for_preferences()
    assert (section.learning_rate, section.batch_size, section.packing) == (1e-6, 4, False)
    assert section.precision == "fp32"
    assert section.preferences == recipe.preferences
    assert recipe.for_fine_tuning().preferences is None


@pytest.mark.parametrize(
    "options",
    [{"method": "full", "spread": "zero3"}, {"load_in": "4bit", "spread": "zero2"}, {"spread": "zero3"}],
    ids=["whole network shared out", "quantised", "adapter shared out"],
)
def test_what_can_be_fine_tuned_can_be_tuned_on_preferences(options: dict[str, Any]) -> None:
    recipe = TrainingRecipe.model_validate({"base_model": "x", **options, "preferences": {}})
    assert recipe.for_preferences().method == options.get("method", "lora")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"label_smoothing": 0.5}, "less than 0.5"),
        ({"beta": 0}, "greater than 0"),
        ({"held_out_share": 0}, "greater than 0"),
        ({"packing": True}, "Extra inputs"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_what_means_nothing_is_refused_when_the_recipe_is_read(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PreferencesRecipe.model_validate(values)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spread", "options"),
    [
        ("zero2", {"method": "lora", "precision": "bf16"}),
        ("zero2", {"method": "lora", "load_in": "4bit", "precision": "bf16"}),
        ("zero2", {"method": "lora", "load_in": "8bit", "precision": "bf16", "loss_tokens": 16}),
        ("zero3", {"method": "lora", "precision": "fp32", "activation_checkpointing": True}),
        ("zero3", {"method": "full", "precision": "fp32", "loss_tokens": 16}),
        ("zero1", {"method": "full", "precision": "bf16", "activation_checkpointing": True}),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else value,
)
def test_two_ranks_tune_what_two_ranks_fine_tuned(folder: Path, spread: str, options: dict[str, Any]) -> None:
    rate = 1e-3 if options["method"] == "full" else 5e-3
    name = f"two-{spread}-{'-'.join(map(str, options.values()))}"
    start = tiny_job(
        folder, name, spread=spread, maximum_steps=8, batch_size=1, learning_rate=rate, **options
    )
    finished(start, processes=2)
    job = tuning_job(folder, f"{name}-tuned", start, maximum_steps=24, learning_rate=rate, batch_size=2)
    finished(job, processes=2)
    found = result(job)
    assert found["ranks"] == 2
    assert found["validation_before"]["reward_margin"] == pytest.approx(0.0, abs=0.05)
    assert found["train_after"]["reward_accuracy"] == 1.0
    assert found["validation_after"]["reward_margin"] > 0.1
    merge(folder / "base", job.out, folder / f"{name}-model", probe_texts=probes(conversations()))


@pytest.mark.slow
def test_two_ranks_learn_what_one_rank_learns_from_batches_twice_as_large(
    folder: Path, fine_tuned: TrainingJob
) -> None:
    options: dict[str, Any] = {"maximum_steps": 6, "batch_size": 2, "sft_weight": 0.0}
    both = tuning_job(folder, "both", with_spread(fine_tuned, "zero2"), **options)
    accumulated = tuning_job(folder, "accumulated", fine_tuned, accumulation_steps=2, **options)
    finished(both, processes=2)
    train(accumulated, report=Lines())
    assert losses(both) == pytest.approx(losses(accumulated), abs=1e-4)


def with_spread(job: TrainingJob, spread: str) -> TrainingJob:
    recipe = job.recipe.model_copy(update={"spread": spread})
    changes = {"recipe": recipe, "spread": read_spread(PROJECT_ROOT / "deepspeed_configs", spread)}
    return job.model_copy(update=changes)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill one", "SIGTERM"])
def test_a_tuning_of_two_ranks_goes_on_twice_as_if_nothing_had_been(
    folder: Path, fine_tuned: TrainingJob, how: str
) -> None:
    start = with_spread(fine_tuned, "zero2")
    start = start.model_copy(update={"recipe": start.recipe.model_copy(update={"checkpoint_steps": 7})})
    whole, broken = (
        tuning_job(folder, f"{how.replace(' ', '-')}-{name}", start, maximum_steps=60, batch_size=1)
        for name in ("whole", "broken")
    )
    finished(whole, processes=2)
    broken_off(broken, at_step=10, how=how, processes=2)
    assert "going on from step" in broken_off(broken, at_step=30, how=how, processes=2)
    finished(broken, processes=2)
    assert losses(broken) == pytest.approx(losses(whole), abs=1e-6)
