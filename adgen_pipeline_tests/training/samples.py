"""Small inputs of our own for tokenizer and training tests: invented ads, and the tiny base model."""

from pathlib import Path
from typing import Any

import polars as pl

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.feedback_schemas import PREFERENCES
from adgen_pipeline.recipe import TokenizerRecipe
from adgen_pipeline.schemas import CONVERSATIONS
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.tokenizer.trim import prepare
from adgen_pipeline.training import preference_shards, shards
from adgen_pipeline.training.base import build_base
from adgen_pipeline.training.base_models import resolve
from adgen_pipeline.training.job import TrainingJob, read_spread
from adgen_pipeline.training_recipe import TrainingRecipe

PRODUCTS = ("ጫማ", "ቦርሳ", "ልብስ", "መኪና", "ኮምፒውተር", "ሶፋ", "ሰዓት", "ምጣድ")
MEMORY: list[str] = []


def no_report(line: str) -> None:
    """Where progress goes when nobody watches."""
    MEMORY.append(line)


def conversations(count: int = 24) -> pl.DataFrame:
    """Chat rows of two channels; every sixth is for validation, the last is for the test."""
    rows = []
    for number in range(count):
        product = PRODUCTS[number % len(PRODUCTS)]
        brief = f"ምርት: አዲስ {product}\nዋጋ: ⟨price_1⟩\nስልክ: ⟨phone_1⟩"
        ad = f"አዲስ {product} ቁጥር {number}!\nዋጋ ⟨price_1⟩ ብር\nይደውሉ ⟨phone_1⟩ 📞"
        rows.append(
            {
                "channel_id": 1001 + number % 2,
                "message_id": number + 1,
                "split": "test" if number == count - 1 else "validation" if number % 6 == 0 else "train",
                "messages": [
                    {"role": "system", "content": "ማስታወቂያ ጻፍ።"},
                    {"role": "user", "content": brief},
                    {"role": "assistant", "content": ad},
                ],
                "exemplars": [],
            }
        )
    return CONVERSATIONS.conform(CONVERSATIONS.frame(rows))


def preferences(count: int = 24, *, format: str = "post") -> pl.DataFrame:
    """Pairs, two a brief: people prefer the ad that says what there is to the one that hurries them."""
    rows = []
    for number in range(count):
        product, brief = PRODUCTS[number % len(PRODUCTS)], number // 2
        asked = f"ምርት: {product} ቁጥር {brief}\nዋጋ: ⟨price_1⟩\nስልክ: ⟨phone_1⟩"
        rows.append(
            {
                "chosen_feedback_id": number + 1,
                "chosen_ad_id": f"{number:016x}",
                "rejected_ad_id": f"{number:016x}",
                "kind": "edit",
                "role": "manager",
                "brief": f"brief {brief}",
                "advertiser": None,
                "channel_id": 1001,
                "format": format,
                "prompt": [
                    {"role": "system", "content": "ማስታወቂያ ጻፍ።"},
                    {"role": "user", "content": asked},
                ],
                "exemplars": [],
                "chosen": f"አዲስ {product} አለን።\nዋጋ ⟨price_1⟩ ብር\nይደውሉ ⟨phone_1⟩",
                "rejected": f"ቶሎ ቶሎ ይግዙ! {product} ቶሎ ቶሎ ያልቃል!\n⟨price_1⟩ ብር",
                "model": "m1",
            }
        )
    return PREFERENCES.conform(PREFERENCES.frame(rows))


def texts() -> list[str]:
    """All words of the chat rows."""
    turns: list[str] = conversations()["messages"].explode().struct.field("content").to_list()
    return turns


def tiny_checkpoint(cache: Path) -> Path:
    """The tiny random model as resolved from its name."""
    return resolve("tiny-random", "main", cache, report=no_report)


def tiny_base(folder: Path, *, trim: bool = True) -> Path:
    """The tiny model, resized to a tokenizer with slots: `folder`/base, beside `folder`/tokenizer and shards."""
    checkpoint = tiny_checkpoint(folder / "cache")
    prepare(checkpoint, texts(), folder / "tokenizer", recipe=TokenizerRecipe(trim=trim, slots_per_kind=2))
    build_base(checkpoint, folder / "tokenizer", folder / "base")
    shards.build(conversations(), folder / "tokenizer", folder / "shards", maximum_tokens=420)
    return folder / "base"


def tiny_job(folder: Path, name: str = "adapter", *, spread: str = "cpu", **recipe: object) -> TrainingJob:
    """A job of a few steps on `tiny_base(folder)`; `recipe` overrides the training section."""
    values = {
        "base_model": "tiny-random",
        "spread": spread,
        "learning_rate": 5e-3,
        "lora": {"rank": 4, "alpha": 8},
        "maximum_steps": 4,
        "maximum_epochs": 100,
        "batch_size": 2,
        "evaluate_rows": 4,
        **recipe,
    }
    return TrainingJob(
        base=folder / "base",
        base_digest=folder_digest(folder / "base"),
        shards=folder / "shards",
        shards_digest=folder_digest(folder / "shards"),
        out=folder / name,
        recipe=TrainingRecipe.model_validate(values),
        spread=read_spread(PROJECT_ROOT / "deepspeed_configs", spread),
    )


def tuning_job(
    folder: Path, name: str, start: TrainingJob, pairs: pl.DataFrame | None = None, **asked: object
) -> TrainingJob:
    """A job that tunes what another one fine-tuned on pairs; `asked` overrides the recipe's preferences."""
    rows = preferences() if pairs is None else pairs
    place = folder / f"{name}-pairs"
    preference_shards.build(rows, folder / "tokenizer", place, maximum_tokens=420, held_out_share=0.2, seed=7)
    values = {"minimum": 8, "learning_rate": 5e-3, "maximum_epochs": 100, "maximum_steps": 4, **asked}
    section = TrainingRecipe.model_validate(
        {**start.recipe.model_dump(), "evaluate_rows": 64, "preferences": values}
    )
    changes = {
        "shards": place,
        "shards_digest": folder_digest(place),
        "out": folder / name,
        "recipe": section.for_preferences(),
        "start": start.out,
        "start_digest": folder_digest(start.out),
    }
    return start.model_copy(update=changes)


def learned_ids(row: dict[str, Any], side: str) -> list[int]:
    """What of one side of a pair is learned."""
    return [label for label in row[f"{side}_labels"] if label != shards.IGNORED]


def given_ids(row: dict[str, Any], side: str) -> list[int]:
    """What stands before it."""
    labels: list[int] = row[f"{side}_labels"]
    ids: list[int] = row[f"{side}_ids"]
    return ids[: next(place for place, label in enumerate(labels) if label != shards.IGNORED)]
