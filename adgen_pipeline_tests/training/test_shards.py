import re
from pathlib import Path

import polars as pl
import pytest
from datasets import load_from_disk
from transformers import AutoTokenizer

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.errors import DataError
from adgen_pipeline.training.shards import IGNORED, build, encode
from adgen_pipeline_tests.training.samples import conversations, tiny_base


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shards")
    tiny_base(root)
    return root


def test_ids_are_those_of_the_chat_template(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    rows = load_from_disk(str(folder / "shards" / "train"))
    messages = {f"{r['channel_id']}/{r['message_id']}": r["messages"] for r in conversations().to_dicts()}
    assert len(rows) == 19
    for row in rows:
        expected = tokenizer.apply_chat_template(messages[row["row_id"]], return_dict=False)
        assert row["input_ids"] == expected


def test_only_the_answer_and_its_end_are_learned(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    for row, messages in zip(
        load_from_disk(str(folder / "shards" / "validation")),
        conversations().filter(pl.col("split") == "validation").sort("channel_id", "message_id")["messages"],
        strict=True,
    ):
        learned = [label for label in row["labels"] if label != IGNORED]
        assert tokenizer.decode(learned) == messages[-1]["content"] + "<|im_end|>"
        assert row["target_bytes"] == len(re.sub("⟨.*?⟩", "#", messages[-1]["content"]).encode())
        assert all(
            label in (IGNORED, given) for label, given in zip(row["labels"], row["input_ids"], strict=True)
        )


def test_long_rows_are_left_out_and_counted(folder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    lengths = sorted(len(encode(m, tokenizer)["input_ids"]) for m in conversations()["messages"].to_list())
    manifest = build(conversations(), folder / "tokenizer", tmp_path / "out", maximum_tokens=lengths[-5])
    longest = max(counts["longest"] for counts in manifest.values())
    left_out = sum(counts["too_long"] for counts in manifest.values())
    assert longest <= lengths[-5]
    assert 0 < left_out < 5
    assert sum(counts["rows"] for counts in manifest.values()) + left_out == 23, "the test split has no shard"


def test_no_row_left_is_an_error_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No train row is left: 19 conversations, 19 of them longer than 5"):
        build(conversations(), folder / "tokenizer", tmp_path / "out", maximum_tokens=5)
    assert not (tmp_path / "out").exists()


def test_a_template_that_begins_prompts_otherwise_is_refused(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    tokenizer.chat_template = (
        "{{ messages | length }}{% for m in messages %}{{ m['content'] }}<|im_end|>{% endfor %}"
    )
    with pytest.raises(DataError, match="begins a prompt otherwise"):
        encode(conversations()["messages"].to_list()[0], tokenizer)


def test_the_same_rows_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    build(conversations().reverse(), folder / "tokenizer", tmp_path / "again", maximum_tokens=420)
    assert folder_digest(tmp_path / "again") == folder_digest(folder / "shards")
