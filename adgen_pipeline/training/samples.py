"""What a network in training writes: answers to validation prompts, for people to read beside the loss."""

import json
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import GenerationConfig

from adgen_pipeline.text.redact import redact
from adgen_pipeline.training.shards import IGNORED

WRITTEN_TOKENS = 48
SHOWN_CHARS = 300
PLAIN_PROMPT_TOKENS = 16  # of a row that is learned whole


def written_samples(
    network: Any, rows: Dataset, *, count: int, tokenizer: Any, device: torch.device
) -> list[dict[str, str]]:
    """The likeliest continuations of the first validation rows' prompts, contacts redacted.

    Every rank calls this and does the same work, as ZeRO-3 needs.

    Args:
        network: with or without an adapter; in evaluation mode.
        rows: of a shard's validation split.
        count: how many rows.
        tokenizer: of the base.
        device: of the network.

    Returns:
        row_id, prompt (its end), wanted and written for each row.
    """
    picked = [rows[number] for number in range(min(count, len(rows)))]
    cuts = [_prompt_tokens(row["labels"]) for row in picked]
    longest = max(cuts, default=0)
    if longest == 0:
        return []
    pad = int(tokenizer.pad_token_id)
    ids = [[pad] * (longest - cut) + row["input_ids"][:cut] for row, cut in zip(picked, cuts, strict=True)]
    mask = [[0] * (longest - cut) + [1] * cut for cut in cuts]
    settings: Any = GenerationConfig
    options = settings(
        max_new_tokens=WRITTEN_TOKENS,
        do_sample=False,
        pad_token_id=pad,
        eos_token_id=tokenizer.eos_token_id,
        use_cache=True,
    )
    with torch.no_grad():
        written = network.generate(
            input_ids=torch.tensor(ids, device=device),
            attention_mask=torch.tensor(mask, device=device),
            generation_config=options,
        )[:, longest:]
    return [
        {
            "row_id": str(row["row_id"]),
            "prompt": _readable(tokenizer.decode(row["input_ids"][:cut]), end=True),
            "wanted": _readable(tokenizer.decode(row["input_ids"][cut : cut + WRITTEN_TOKENS])),
            "written": _readable(tokenizer.decode(answer, skip_special_tokens=True)),
        }
        for row, cut, answer in zip(picked, cuts, written.tolist(), strict=True)
    ]


def in_markdown(samples: list[dict[str, str]]) -> str:
    """Samples as a page; nothing of them is markup."""
    parts = []
    for sample in samples:
        parts.append(f"## {sample['row_id']}")
        for name in ("prompt", "wanted", "written"):
            indented = "\n".join(f"    {line}" for line in sample[name].splitlines() or [""])
            parts.append(f"{name}\n\n{indented}")
    return "\n\n".join(parts) + "\n"


def last(folder: Path) -> list[dict[str, Any]]:
    """Those that a finished run wrote last; none where the recipe asks for none."""
    path = folder / "samples.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = [json.loads(line) for line in lines]
    return [sample for sample in found if sample["step"] == found[-1]["step"]]


def _prompt_tokens(labels: list[int]) -> int:
    """Pieces before the answer; of a row that is learned whole, the first few."""
    answer = next((place for place, label in enumerate(labels) if label != IGNORED), len(labels))
    return answer if answer > 1 else min(PLAIN_PROMPT_TOKENS, max(1, len(labels) // 2))


def _readable(text: str, *, end: bool = False) -> str:
    shown = redact(text)
    return shown[-SHOWN_CHARS:] if end else shown[:SHOWN_CHARS]
