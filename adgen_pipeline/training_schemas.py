"""The tables of training.

A module of its own so that `schemas` stays readable; that one has the other tables and the list of all of them.
"""

import polars as pl

from adgen_pipeline.table_schema import Column, TableSchema

TOKENS_ONLY = "tokens only"  # an encoding whose weights nobody has
ANSWERS = pl.List(
    pl.Struct(
        {
            "scenario": pl.String,
            "text": pl.String,
            "tokens": pl.Int64,
            "ethiopic_share": pl.Float64,
            "different_runs_share": pl.Float64,
        }
    )
)

LANDSCAPE = TableSchema(
    "training",
    "landscape",
    "one candidate base model, loaded in one way, on held-out posts",
    {
        "candidate": Column(pl.String, "as the recipe names it, or an encoding of OpenAI"),
        "load": Column(pl.String, f"full, 8bit or 4bit (bitsandbytes), or {TOKENS_ONLY!r}"),
        "name": Column(pl.String, "what people call it"),
        "licence": Column(pl.String, "where the project knows it", nullable=True),
        "architecture": Column(pl.String, "class that its configuration names", nullable=True),
        "parameters": Column(pl.Int64, "numbers in its weight files", nullable=True),
        "context": Column(pl.Int64, "positions that it takes", nullable=True),
        "vocabulary_size": Column(pl.Int64, "pieces of its tokenizer", nullable=True),
        "has_chat_template": Column(
            pl.Boolean, "whether it was asked in a chat format of its own", nullable=True
        ),
        "tokens_per_ethiopic_word": Column(
            pl.Float64, "fertility on the different purely Ethiopic words of the posts, each alone", nullable=True
        ),
        "tokens_per_word": Column(pl.Float64, "fertility on all words of the posts", nullable=True),
        "unknown_share": Column(pl.Float64, "of the posts' tokens: text that it cannot read", nullable=True),
        "bits_per_byte": Column(
            pl.Float64, "to foretell the posts, by their UTF-8 bytes; null where it cannot read all", nullable=True
        ),
        "forward_tokens_per_second": Column(pl.Float64, "reading the posts, four at a time", nullable=True),
        "generation_tokens_per_second": Column(
            pl.Float64, "writing the answers, one at a time, reading the prompts included", nullable=True
        ),
        "generation_words_per_second": Column(
            pl.Float64, "the same by its tokens per word of all: what tokenizers make comparable", nullable=True
        ),
        "weights_mib": Column(pl.Float64, "parameters and buffers in memory, shared ones once", nullable=True),
        "peak_mib": Column(
            pl.Float64, "most memory of its process above that before loading; of the GPU where it is on one",
            nullable=True,
        ),
        "device": Column(pl.String, "cpu, or the GPU's name", nullable=True),
        "precision": Column(pl.String, "of what is not quantised: bf16, fp16 or fp32", nullable=True),
        "answers": Column(
            ANSWERS,
            "greedy answers by scenario, with the share of Ethiopic letters, and of different runs of four characters",
            nullable=True,
        ),
        "problem": Column(pl.String, "why it was not measured, or not in full, and what to do", nullable=True),
    },
    ("candidate", "load"),
)  # fmt: skip
