"""Shards: conversations tokenised once, before any training process starts, as Arrow files.

Each row holds the ids of the whole conversation in the tokenizer's chat template, and labels that are -100 except
on the assistant's last turn with the piece that ends it.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
from datasets import Dataset, Features, List, Value
from transformers import AutoTokenizer

from adgen_pipeline.artifacts import replacing, write_json
from adgen_pipeline.errors import DataError
from adgen_pipeline.text.slots import SLOT

IGNORED = -100  # label of what is not learned
SPLITS = ("train", "validation")
ENGLISH = "english"  # split of pre-training shards by which forgetting is measured
FEATURES = Features(
    {
        "row_id": Value("string"),  # channel_id/message_id
        "input_ids": List(Value("int32")),
        "labels": List(Value("int32")),
        "target_bytes": Value("int32"),  # UTF-8 bytes of the assistant's words, one for each slot
    }
)


def build(
    conversations: pl.DataFrame, tokenizer: Path, out: Path, *, maximum_tokens: int
) -> dict[str, dict[str, int]]:
    """Write `out`/train and `out`/validation (Arrow, read with `datasets`) and manifest.json; returns the manifest.

    Args:
        conversations: rows of schemas.CONVERSATIONS; other splits than train and validation are left out.
        tokenizer: folder of the training tokenizer.
        out: folder to make.
        maximum_tokens: longer rows are left out, and counted.

    Returns:
        For each split: rows, too_long, tokens, target_tokens, target_bytes, longest.

    Raises:
        DataError: nothing is left to train on, or the chat template does not begin a prompt as it begins a row.
    """
    loaded = AutoTokenizer.from_pretrained(tokenizer)
    manifest: dict[str, dict[str, int]] = {}
    with replacing(out) as temporary:
        for split in SPLITS:
            rows = conversations.filter(pl.col("split") == split).sort("channel_id", "message_id")
            counts: Counter[str] = Counter(
                rows=0, too_long=0, tokens=0, target_tokens=0, target_bytes=0, longest=0
            )
            kept = []
            for row in rows.iter_rows(named=True):
                encoded = encode(row["messages"], loaded)
                if len(encoded["input_ids"]) > maximum_tokens:
                    counts["too_long"] += 1
                    continue
                kept.append({"row_id": f"{row['channel_id']}/{row['message_id']}", **encoded})
                counts["rows"] += 1
                counts["tokens"] += len(encoded["input_ids"])
                counts["target_tokens"] += sum(label != IGNORED for label in encoded["labels"])
                counts["target_bytes"] += encoded["target_bytes"]
                counts["longest"] = max(counts["longest"], len(encoded["input_ids"]))
            if not kept:
                raise DataError(
                    f"No {split} row is left: {len(rows)} conversations, {counts['too_long']} of them longer than "
                    f"{maximum_tokens} tokens. Give more exports, or raise training.maximum_tokens."
                )
            Dataset.from_list(kept, features=FEATURES).save_to_disk(temporary / split)
            manifest[split] = dict(counts)
        drop_times(temporary)
        write_json(temporary / "manifest.json", manifest)
    return manifest


def encode(messages: list[dict[str, str]], tokenizer: Any) -> dict[str, Any]:
    """input_ids, labels and target_bytes of one conversation that ends with the assistant's turn.

    Raises:
        DataError: the ids of the prompt are not the beginning of the ids of the whole.
    """
    ids: list[int] = tokenizer.apply_chat_template(messages, return_dict=False)
    prompt: list[int] = tokenizer.apply_chat_template(
        messages[:-1], add_generation_prompt=True, return_dict=False
    )
    if ids[: len(prompt)] != prompt:
        raise DataError(
            f"{tokenizer.name_or_path}: the chat template begins a prompt otherwise than a whole conversation, so "
            "that what is to be learned cannot be told from what is given. Mend chat_template.jinja."
        )
    # The template may write a line break after the end of the turn: that is not to be learned.
    end = len(ids) - ids[::-1].index(tokenizer.eos_token_id)
    labels = [IGNORED] * len(prompt) + ids[len(prompt) : end] + [IGNORED] * (len(ids) - end)
    return {
        "input_ids": ids,
        "labels": labels,
        # A slot stands for what the model does not write; its name's bytes would make the text look easy.
        "target_bytes": len(SLOT.sub("#", messages[-1]["content"]).encode()),
    }


def drop_times(folder: Path) -> None:
    """Take what differs from run to run out of the metadata of `datasets`: random fingerprints."""
    for state in sorted(folder.rglob("state.json")):
        text = pl.read_json(state)  # one object
        values = text.to_dicts()[0]
        values["_fingerprint"] = "0" * 16
        write_json(state, values)
