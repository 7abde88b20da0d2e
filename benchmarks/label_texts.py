"""Labelled texts as others publish them: one a line, tables, fastText's lines, news by topic."""

import json
from pathlib import Path

import polars as pl


def read_texts(path: Path) -> list[str]:
    """Texts of a file."""
    if path.suffix == ".json":
        texts = [str(item.get("text") or "") for item in json.loads(path.read_text("utf-8"))]
    elif path.suffix in {".csv", ".tsv"}:
        separator = "\t" if path.suffix == ".tsv" else ","
        quote = None if path.suffix == ".tsv" else '"'
        table = pl.read_csv(path, separator=separator, quote_char=quote, infer_schema=False)
        texts = table["text"].drop_nulls().to_list()
    else:
        texts = path.read_text("utf-8").splitlines()
    return [text for text in texts if text.strip()]


def read_offence(path: Path) -> tuple[list[str], list[bool]]:
    """Texts, and whether each is offensive or hateful."""
    lines = [line.partition("\t") for line in path.read_text("utf-8").splitlines() if "\t" in line]
    return [text for _, _, text in lines], [label != "__label__normal" for label, _, _ in lines]


def read_topics(path: Path) -> tuple[list[str], list[bool]]:
    """Articles, and whether each is on politics."""
    table = pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)
    texts = table.select(pl.concat_str("headline", "text", separator="\n", ignore_nulls=True)).to_series()
    return texts.to_list(), (table["category"] == "politics").to_list()
