"""A real model small enough for tests: the random Llama of `training.tiny_model` with slots and a chat template."""

from pathlib import Path

from adgen_pipeline.recipe import TokenizerRecipe
from adgen_pipeline.tokenizer.trim import prepare
from adgen_pipeline.training.base import build_base
from adgen_pipeline.training.tiny_model import write_tiny_model

WORDS = ("የቆዳ", "ጫማ", "ዋጋ", "ብር", "ስልክ", "አድራሻ", "ለማዘዝ", "ይደውሉ", "አዲስ", "ጥራት", "ያለው")


def tiny_model(folder: Path) -> Path:
    """A model folder: weights, tokenizer with slots as pieces, ChatML template."""
    write_tiny_model(folder / "raw", WORDS)
    prepare(folder / "raw", [" ".join(WORDS)], folder / "tokenizer", recipe=TokenizerRecipe(slots_per_kind=3))
    build_base(folder / "raw", folder / "tokenizer", folder / "model")
    return folder / "model"
