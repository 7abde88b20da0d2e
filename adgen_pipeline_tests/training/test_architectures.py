"""Every architecture of base_models.yaml on the whole path: extended, pre-trained, tuned, merged, writing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.recipe import TokenizerRecipe
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.tokenizer.extend import extend
from adgen_pipeline.tokenizer.trim import prepare
from adgen_pipeline.training import documents, shards
from adgen_pipeline.training.base import build_base
from adgen_pipeline.training.job import TrainingJob, read_spread
from adgen_pipeline.training.merge import differences, merge, probes
from adgen_pipeline.training.run import train
from adgen_pipeline.training_recipe import TrainingRecipe
from adgen_pipeline_tests.training.architectures import ARCHITECTURES, write_checkpoint
from adgen_pipeline_tests.training.runs import alone
from adgen_pipeline_tests.training.samples import conversations, texts


class Silent:
    """A report that nobody hears."""

    def line(self, message: str) -> None:
        del message


@pytest.fixture(scope="module")
def one_rank() -> Iterator[None]:
    with alone():
        yield


def posts(count: int = 24) -> pl.DataFrame:
    """Posts like the conversations' ads, without slots."""
    words = [text.replace("⟨", "").replace("⟩", "") for text in texts()]
    return pl.DataFrame(
        {
            "channel_id": [1001] * count,
            "message_id": list(range(1, count + 1)),
            "split": ["validation" if number % 6 == 0 else "train" for number in range(count)],
            "post": [words[number % len(words)] for number in range(count)],
        }
    )


def job(base: Path, rows: Path, out: Path, recipe: TrainingRecipe) -> TrainingJob:
    return TrainingJob(
        base=base,
        base_digest=folder_digest(base),
        shards=rows,
        shards_digest=folder_digest(rows),
        out=out,
        recipe=recipe,
        spread=read_spread(PROJECT_ROOT / "deepspeed_configs", "cpu"),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_passes_the_whole_path(name: str, tmp_path: Path, one_rank: None) -> None:
    checkpoint = write_checkpoint(name, tmp_path / "checkpoint")
    prepare(checkpoint, texts(), tmp_path / "tokenizer", recipe=TokenizerRecipe(trim=True, slots_per_kind=2))
    extend(tmp_path / "tokenizer", texts(), tmp_path / "extended", pieces=60)
    info = build_base(checkpoint, tmp_path / "extended", tmp_path / "base")
    assert info["new_rows"]
    recipe = TrainingRecipe.model_validate(
        {
            "base_model": name,
            "learning_rate": 5e-3,
            "lora": {"rank": 4, "alpha": 8},
            "maximum_steps": 14,
            "maximum_epochs": 100,
            "batch_size": 2,
            "evaluate_rows": 4,
            "pretraining": {
                "maximum_steps": 14, "maximum_epochs": 100, "row_tokens": 96, "batch_size": 2,
                "new_rows_share": 0.3, "learning_rate": 5e-3, "lora": {"rank": 4, "alpha": 8},
            },
        }
    )  # fmt: skip
    documents.build(posts(), tmp_path / "extended", tmp_path / "documents", column="post", row_tokens=96)
    pretraining = job(
        tmp_path / "base", tmp_path / "documents", tmp_path / "learned", recipe.for_pretraining()
    )
    figures = train(pretraining, report=Silent())
    assert figures["validation_after"]["loss"] < figures["validation_before"]["loss"]
    assert figures["english_after"]["bits_per_byte"] > 0
    held_out = documents.probes(posts(), "post")
    merge(tmp_path / "base", tmp_path / "learned", tmp_path / "pretrained", probe_texts=held_out)

    shards.build(conversations(), tmp_path / "extended", tmp_path / "shards", maximum_tokens=800)
    for method in ("lora", "full"):
        section = recipe.for_fine_tuning().model_copy(
            update={"method": method, "learning_rate": 5e-3 if method == "lora" else 1e-3}
        )
        tuned, model = tmp_path / f"tuned-{method}", tmp_path / f"model-{method}"
        after = train(job(tmp_path / "pretrained", tmp_path / "shards", tuned, section), report=Silent())
        assert after["validation_after"]["loss"] < after["validation_before"]["loss"], method
        merge(tmp_path / "pretrained", tuned, model, probe_texts=probes(conversations()))
        assert differences(model) == []
        assert not list(model.glob("adapter*"))

        tokenizer = AutoTokenizer.from_pretrained(model)
        again: Any = AutoModelForCausalLM.from_pretrained(model)
        prompt: Any = tokenizer.apply_chat_template(
            conversations()["messages"][0].to_list()[:-1],
            add_generation_prompt=True, return_tensors="pt", return_dict=True,
        )  # fmt: skip
        with torch.no_grad():
            written = again.generate(**prompt, max_new_tokens=5, do_sample=False)
        assert prompt["input_ids"].shape[1] < written.shape[1]
        assert int(written.max()) < len(tokenizer) == again.config.vocab_size
