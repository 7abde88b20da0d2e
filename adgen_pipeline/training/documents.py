"""Rows for continued pre-training: whole texts, each ended, long ones cut; packed when they are trained on.

The split `english` holds English that is never trained on: what the network knows of it before and after tells what it
has forgotten.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
from datasets import Dataset, concatenate_datasets, load_from_disk
from transformers import AutoTokenizer

from adgen_pipeline.artifacts import replacing, write_json
from adgen_pipeline.errors import DataError
from adgen_pipeline.training.shards import ENGLISH, FEATURES, SPLITS, drop_times

HELD_OUT_SHARE = 0.02  # of the further corpora's English texts, at most HELD_OUT of them
HELD_OUT = 64


def build(
    documents: pl.DataFrame, tokenizer: Path, out: Path, *, column: str, row_tokens: int
) -> Mapping[str, object]:
    """Write `out`/train, validation and english, and manifest.json; returns the manifest.

    Args:
        documents: rows of schemas.DOCUMENTS; the test splits are left out.
        tokenizer: folder of the training tokenizer.
        out: folder to make.
        column: of the documents, post or text.
        row_tokens: texts are cut into rows of at most so many.

    Returns:
        For each split: texts, rows, tokens.

    Raises:
        DataError: a split is empty.
    """
    loaded = AutoTokenizer.from_pretrained(tokenizer)
    english = (
        files("adgen_pipeline.training").joinpath("english.txt").read_text(encoding="utf-8").splitlines()
    )
    texts = {
        split: [
            (f"{channel}/{message}", text)
            for channel, message, text in documents.filter(pl.col("split") == split)
            .sort("channel_id", "message_id")
            .select("channel_id", "message_id", column)
            .iter_rows()
        ]
        for split in SPLITS
    }
    texts[ENGLISH] = [(f"english/{number}", line) for number, line in enumerate(english, start=1)]
    rows = {split: list(encoded(named, loaded, row_tokens)) for split, named in texts.items()}
    if empty := [split for split, found in rows.items() if not found]:
        raise DataError(
            f"There is no text of the split(s) {', '.join(empty)} among {len(documents)} documents to pre-train on. "
            "Give more exports, or other dates in the recipe's corpus section."
        )
    counts = {split: _counts(len(texts[split]), rows[split]) for split in rows}
    _write({split: Dataset.from_list(found, features=FEATURES) for split, found in rows.items()}, counts, out)
    return counts


def mix(
    shards: Path,
    further: pl.DataFrame,
    tokenizer: Path,
    out: Path,
    *,
    column: str,
    row_tokens: int,
    english_share: float,
    seed: int,
) -> dict[str, object]:
    """Write the rows of `shards` with those of further corpora; returns the manifest.

    Every text that is not English is taken; English ones as many as make up the share, in an order that the seed draws.

    Args:
        shards: folder that `build` made.
        further: rows of schemas.FURTHER_DOCUMENTS.
        tokenizer: folder of the training tokenizer.
        out: folder to make.
        column: of the documents, post or text.
        row_tokens: texts are cut into rows of at most so many.
        english_share: of the tokens to train on; less where there is less English.
        seed: of what English is taken.

    Returns:
        For each split: texts, rows, tokens; english_share_reached.
    """
    loaded = AutoTokenizer.from_pretrained(tokenizer)
    keyed = further.sort("source", "origin", "row").with_columns(
        id=pl.format("{}/{}/{}", "source", "origin", "row")
    )
    other = [tuple(row) for row in keyed.filter(pl.col("language") != "en").select("id", column).iter_rows()]
    english = [
        tuple(row) for row in keyed.filter(pl.col("language") == "en").select("id", column).iter_rows()
    ]
    random.Random(seed).shuffle(english)  # noqa: S311  (an order, not a secret)
    held_out = min(HELD_OUT, int(len(english) * HELD_OUT_SHARE))
    datasets = {split: load_from_disk(str(shards / split)) for split in (*SPLITS, ENGLISH)}
    added = list(encoded(other, loaded, row_tokens))
    amharic = sum(map(len, datasets["train"]["input_ids"])) + sum(len(row["input_ids"]) for row in added)
    wanted = amharic * english_share / (1 - english_share)
    taken, tokens = [], 0
    for row in encoded(english[held_out:], loaded, row_tokens):
        if tokens >= wanted:
            break
        taken.append(row)
        tokens += len(row["input_ids"])
    kept_apart = list(encoded(english[:held_out], loaded, row_tokens))
    for split, rows in (("train", [*added, *taken]), (ENGLISH, kept_apart)):
        if rows:
            datasets[split] = concatenate_datasets(
                [datasets[split], Dataset.from_list(rows, features=FEATURES)]
            )
    counts: dict[str, object] = {
        split: {"rows": len(rows), "tokens": sum(map(len, rows["input_ids"]))}
        for split, rows in datasets.items()
    }
    counts["english_share_reached"] = round(tokens / max(1, tokens + amharic), 4)
    _write(datasets, counts, out)
    return counts


def encoded(texts: Iterable[tuple[str, str]], tokenizer: Any, row_tokens: int) -> Iterator[dict[str, Any]]:
    """Rows of texts by their ids: the pieces of each and the one that ends it, cut where they are too many."""
    for name, text in texts:
        ids: list[int] = [*tokenizer(text).input_ids, int(tokenizer.eos_token_id)]
        for start in range(0, len(ids), row_tokens):
            part = ids[start : start + row_tokens]
            if len(part) < 2:
                continue  # one piece alone has nothing to be foretold from
            whole = start == 0 and len(part) == len(ids)
            # The first piece of a later part is given, not foretold; the first of a text begins it (<bos>, if any).
            words = text if whole else tokenizer.decode(part[1 if start else 0 :], skip_special_tokens=True)
            yield {
                "row_id": f"{name}#{start // row_tokens}" if start else name,
                "input_ids": part,
                "labels": part,
                "target_bytes": max(1, len(words.encode())),
            }


def probes(documents: pl.DataFrame, column: str, count: int = 4) -> list[str]:
    """The first held-out texts: to compare a merged model with a live one on."""
    ordered = documents.sort(pl.col("split") == "train", "channel_id", "message_id")
    texts: list[str] = ordered[column].head(count).to_list()
    return texts


def _counts(texts: int, rows: list[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(texts=texts, rows=len(rows), tokens=sum(len(row["input_ids"]) for row in rows)))


def _write(datasets: dict[str, Dataset], manifest: object, out: Path) -> None:
    with replacing(out) as temporary:
        for split, rows in datasets.items():
            rows.save_to_disk(temporary / split)
        drop_times(temporary)
        write_json(temporary / "manifest.json", manifest)
