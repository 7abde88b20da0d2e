"""Shards of preferences: the prompt with the ad that people preferred and with the other one, tokenised before the job.

Pairs of one brief are all learned from or all held out: the ads of one brief are much alike.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
from datasets import Dataset, Features, List, Value
from transformers import AutoTokenizer

from adgen_pipeline.artifacts import replacing, write_json
from adgen_pipeline.training.shards import SPLITS, drop_times, encode
from adgen_pipeline.training_recipe import TrainingRecipe

SIDES = ("chosen", "rejected")
# Other formats are cut down after the model wrote, and the prompt does not name them: it would learn to write briefly.
FORMATS = ("post", "caption")
FEATURES = Features(
    {
        "row_id": Value("string"),  # verdict on the preferred ad / the other ad
        **{f"{side}_ids": List(Value("int32")) for side in SIDES},  # prompt and ad
        **{f"{side}_labels": List(Value("int32")) for side in SIDES},  # -100 but for the ad and the piece that ends it
        "target_bytes": Value("int32"),  # of the preferred ad
    }
)  # fmt: skip


def build(
    preferences: pl.DataFrame,
    tokenizer: Path,
    out: Path,
    *,
    maximum_tokens: int,
    held_out_share: float,
    seed: int,
) -> dict[str, int]:
    """Write `out`/train and `out`/validation (Arrow, read with `datasets`) and manifest.json; returns the manifest.

    Args:
        preferences: rows of PREFERENCES.
        tokenizer: folder of the training tokenizer.
        out: folder to make.
        maximum_tokens: pairs with a longer side are left out, and counted.
        held_out_share: of the briefs, whose pairs are for validation; at least one brief where there are two.
        seed: of the choice of those briefs.

    Returns:
        pairs, held_out_pairs, briefs, held_out_briefs, and what was left out: other_format, too_long.
    """
    loaded = AutoTokenizer.from_pretrained(tokenizer)
    counts = Counter(dict.fromkeys(("pairs", "held_out_pairs", "other_format", "too_long"), 0))
    kept: list[tuple[str, dict[str, Any]]] = []  # brief, row
    for pair in preferences.sort("chosen_feedback_id", "rejected_ad_id").iter_rows(named=True):
        if pair["format"] not in FORMATS:
            counts["other_format"] += 1
            continue
        row = _encoded(pair, loaded)
        if max(len(row[f"{side}_ids"]) for side in SIDES) > maximum_tokens:
            counts["too_long"] += 1
            continue
        kept.append((pair["brief"], row))
    briefs = {brief for brief, _ in kept}
    held_out = _held_out(briefs, share=held_out_share, seed=seed)
    rows = {
        "train": [row for brief, row in kept if brief not in held_out],
        "validation": [row for brief, row in kept if brief in held_out],
    }
    counts["pairs"], counts["held_out_pairs"] = (len(rows[split]) for split in SPLITS)
    manifest = {**counts, "briefs": len(briefs), "held_out_briefs": len(held_out)}
    with replacing(out) as temporary:
        for split in SPLITS:
            columns = {
                name: [row[name] for row in rows[split]] for name in FEATURES
            }  # there without a row, too
            Dataset.from_dict(columns, features=FEATURES).save_to_disk(temporary / split)
        drop_times(temporary)
        write_json(temporary / "manifest.json", manifest)
    return manifest


def enough(shards: Path, recipe: TrainingRecipe) -> dict[str, object]:
    """Whether there are as many pairs as the recipe asks for: pairs, pairs_needed, held_out_pairs, is_tuned.

    Without a held-out pair nothing would tell whether it learned anything, so one is needed as well.
    """
    assert recipe.preferences is not None
    manifest = json.loads((shards / "manifest.json").read_text(encoding="utf-8"))
    pairs, held_out = int(manifest["pairs"]), int(manifest["held_out_pairs"])
    needed = recipe.preferences.minimum
    return {
        "pairs": pairs,
        "pairs_needed": needed,
        "held_out_pairs": held_out,
        "is_tuned": pairs >= needed and held_out > 0,
    }


def _encoded(pair: dict[str, Any], tokenizer: Any) -> dict[str, Any]:
    sides = {
        side: encode([*pair["prompt"], {"role": "assistant", "content": pair[side]}], tokenizer)
        for side in SIDES
    }
    return {
        "row_id": f"{pair['chosen_feedback_id']}/{pair['rejected_ad_id']}",
        **{f"{side}_ids": sides[side]["input_ids"] for side in SIDES},
        **{f"{side}_labels": sides[side]["labels"] for side in SIDES},
        "target_bytes": sides["chosen"]["target_bytes"],
    }


def _held_out(briefs: set[str], *, share: float, seed: int) -> set[str]:
    """The briefs that come first by hash: another brief moves the border by one, and no brief across it otherwise."""
    if len(briefs) < 2:
        return set()
    ordered = sorted(briefs, key=lambda brief: hashlib.sha256(f"{seed}/{brief}".encode()).hexdigest())
    return set(ordered[: min(len(briefs) - 1, max(1, round(share * len(briefs))))])
