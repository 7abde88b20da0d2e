from pathlib import Path
from typing import Any

import polars as pl
import pytest
from datasets import load_from_disk
from transformers import AutoTokenizer

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.errors import DataError
from adgen_pipeline.training import documents
from adgen_pipeline_tests.training.samples import tiny_base

POSTS = ("አዲስ ጫማ! ዋጋ 1500 ብር", "ቦርሳ እና ልብስ ሽያጭ\nይደውሉ", "መኪና ኪራይ በቦሌ")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("documents")
    tiny_base(root)
    return root


def posts(count: int = 30) -> pl.DataFrame:
    splits = ("train", "train", "validation", "train", "test")
    return pl.DataFrame(
        {
            "channel_id": [7] * count,
            "message_id": range(1, count + 1),
            "split": [splits[n % 5] for n in range(count)],
            "post": [f"{POSTS[n % 3]} ቁጥር {n}" for n in range(count)],
        }
    )


def further(english: int = 200) -> pl.DataFrame:
    lines = [f"The price of the new shoes in the street is {n}." for n in range(english)]
    lines += [f"አዲስ ቤት በፒያሳ ቁጥር {n}" for n in range(10)]
    return pl.DataFrame(
        {
            "source": ["news"] * len(lines),
            "origin": ["news.txt"] * len(lines),
            "row": range(1, len(lines) + 1),
            "language": ["en"] * english + ["am"] * 10,
            "post": lines,
        }
    )


def build(folder: Path, out: Path, table: pl.DataFrame, row_tokens: int = 64) -> Any:
    return documents.build(table, folder / "tokenizer", out, column="post", row_tokens=row_tokens)


def test_rows_are_whole_posts_each_ended_and_test_posts_are_not_among_them(
    folder: Path, tmp_path: Path
) -> None:
    manifest = build(folder, tmp_path / "out", posts())
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    rows = load_from_disk(str(tmp_path / "out" / "train"))
    texts = {
        f"7/{row['message_id']}": row["post"] for row in posts().filter(pl.col("split") == "train").to_dicts()
    }
    assert set(rows["row_id"]) == set(texts)
    for row in rows:
        assert row["input_ids"][-1] == tokenizer.eos_token_id
        assert tokenizer.decode(row["input_ids"], skip_special_tokens=True) == texts[row["row_id"]]
        assert row["target_bytes"] == len(texts[row["row_id"]].encode())
    assert manifest["train"]["texts"] == 18
    assert manifest["english"]["texts"] == 12


def test_long_posts_are_cut_and_nothing_is_lost(folder: Path, tmp_path: Path) -> None:
    build(folder, tmp_path / "whole", posts())
    build(folder, tmp_path / "cut", posts(), row_tokens=8)
    pieces = [
        [n for row in load_from_disk(str(tmp_path / name / "train")) for n in row["input_ids"]]
        for name in ("whole", "cut")
    ]
    assert max(map(len, load_from_disk(str(tmp_path / "cut" / "train"))["input_ids"])) == 8
    assert len(pieces[0]) - len(pieces[1]) <= 18, "at most one piece a post, where it would stand alone"


def test_english_is_mixed_in_by_its_share_and_some_is_held_out(folder: Path, tmp_path: Path) -> None:
    build(folder, tmp_path / "shards", posts())
    options: dict[str, Any] = {"column": "post", "row_tokens": 64, "english_share": 0.2, "seed": 7}
    made = [
        documents.mix(tmp_path / "shards", further(), folder / "tokenizer", tmp_path / name, **options)
        for name in ("mixed", "again")
    ]
    assert made[0]["english_share_reached"] == pytest.approx(0.2, abs=0.02)
    names, held_out = (
        {name.split("#")[0] for name in load_from_disk(str(tmp_path / "mixed" / split))["row_id"]}
        for split in ("train", "english")
    )
    assert {f"news/news.txt/{n}" for n in range(201, 211)} <= names, "all that is not English"
    assert len(held_out) == 12 + 4
    assert not names & held_out
    assert folder_digest(tmp_path / "mixed") == folder_digest(tmp_path / "again")


def test_too_little_english_is_all_taken_and_said(folder: Path, tmp_path: Path) -> None:
    build(folder, tmp_path / "shards", posts())
    made = documents.mix(
        tmp_path / "shards", further(english=2), folder / "tokenizer", tmp_path / "mixed",
        column="post", row_tokens=64, english_share=0.5, seed=7,
    )  # fmt: skip
    assert 0 < float(str(made["english_share_reached"])) < 0.5


def test_a_split_without_texts_is_an_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no text of the split\(s\) validation among 18 documents"):
        build(folder, tmp_path / "out", posts().filter(pl.col("split") == "train"))
    assert not (tmp_path / "out").exists()
