"""Fertility: how many tokens a tokenizer makes of a word, on Amharic posts, single Ethiopic words, and English."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from transformers import AutoTokenizer

from adgen_pipeline.errors import DataError
from adgen_pipeline.schemas import FERTILITY, TEST_SPLITS
from adgen_pipeline.text.fertility import ethiopic_words, fertility

PREFIX = "tokens_per_word_of_"  # of the metadata's names
MAXIMUM_RISE = 0.1  # of tokens a word since the last version; more costs a tenth of speed and room

# The words of a brief in plain English; the tokenizer must go on knowing them after trimming.
ENGLISH = (
    "We sell new running shoes for men and women at our shop near the stadium.",
    "Please write a short and friendly post that tells young families about the offer.",
    "The laptop has a fast processor, a bright screen and a battery that lasts all day.",
    "Our bank now gives small loans to farmers who want to buy better seed.",
    "Book your flight early, travel light and call us with any question.",
)


def measure(tokenizers: Mapping[str, Path], samples: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Fertility of each tokenizer on each sample: rows of schemas.FERTILITY.

    Args:
        tokenizers: name → folder.
        samples: name → texts; a sample without words is an error.

    Raises:
        DataError: a sample holds no word.
    """
    rows = []
    for name, folder in sorted(tokenizers.items()):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        for sample, texts in sorted(samples.items()):
            found = fertility(partial(_ids, tokenizer), texts)
            if found.words == 0:
                raise DataError(
                    f"The sample {sample!r} for fertility holds no word. Give exports with more text."
                )
            rows.append(
                {
                    "tokenizer": name,
                    "sample": sample,
                    "words_count": found.words,
                    "tokens_count": found.tokens,
                    "tokens_per_word": found.tokens_per_word,
                    "bytes_per_token": found.bytes_per_token,
                    "vocabulary_size": len(tokenizer),
                }
            )
    return FERTILITY.conform(FERTILITY.frame(rows))


def tokens_of_words(tokenizer: Any, words: Sequence[str]) -> list[int]:
    """Tokens of each word where it stands behind another one.

    Not of the word alone, nor with a space before it: some tokenizers put a space of their own before every text.
    """
    before = len(tokenizer.tokenize("x"))
    return [len(tokenizer.tokenize(f"x {word}")) - before for word in words]


def samples(documents: pl.DataFrame, maximum_posts: int = 500) -> dict[str, list[str]]:
    """Samples to measure fertility on: held-out posts, the different Ethiopic words in them, English sentences.

    Args:
        documents: rows of schemas.DOCUMENTS; those of the test splits count, or all where there is none.
        maximum_posts: the first so many by key.
    """
    ordered = documents.sort("channel_id", "message_id")
    held_out = ordered.filter(pl.col("split").is_in(TEST_SPLITS))
    posts = (held_out if len(held_out) else ordered)["post"].head(maximum_posts).to_list()
    return {"posts": posts, "ethiopic_words": [" ".join(ethiopic_words(posts))], "english": list(ENGLISH)}


def rates(table: pl.DataFrame) -> dict[str, float]:
    """`tokens_per_word_of_<tokenizer>_on_<sample>` → fertility, of rows of schemas.FERTILITY."""
    rows = table.select("tokenizer", "sample", "tokens_per_word").rows()
    return {f"{PREFIX}{tokenizer}_on_{sample}": float(rate) for tokenizer, sample, rate in rows}


def risen(now: Mapping[str, object], before: Mapping[str, object]) -> list[str]:
    """A sentence for each fertility that is more than MAXIMUM_RISE higher than in the last version.

    Args:
        now, before: an asset's metadata, with `rates` among it.
    """
    pairs = {
        name: (before[name], value)
        for name, value in now.items()
        if name.startswith(PREFIX) and name in before
    }
    return [
        f"{name.removeprefix(PREFIX)}: {old:.2f} tokens a word, now {new:.2f}"
        for name, (old, new) in sorted(pairs.items())
        if isinstance(old, float) and isinstance(new, float) and new > (1 + MAXIMUM_RISE) * old
    ]


def _ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(list(texts), add_special_tokens=False).input_ids
    return ids
