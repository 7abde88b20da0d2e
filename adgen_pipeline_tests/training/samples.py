"""Small inputs of our own for tokenizer and training tests: invented ads, and the tiny base model."""

from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.recipe import TokenizerRecipe
from adgen_pipeline.schemas import CONVERSATIONS
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.tokenizer.trim import prepare
from adgen_pipeline.training import shards
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
