"""Texts that a network in training writes, for people to read."""

from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer

from adgen_pipeline.training.samples import in_markdown, last, written_samples
from adgen_pipeline.training.shards import FEATURES, IGNORED
from adgen_pipeline.training.speed import words_per_token
from adgen_pipeline_tests.training.samples import tiny_base

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def network(base: Path) -> Any:
    loaded: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return loaded.eval()


def rows_of(tokenizer: Any, *pairs: tuple[str, str]) -> Dataset:
    """Chat-like rows: a prompt that is not learned, an answer that is."""
    rows = []
    for number, (prompt, answer) in enumerate(pairs):
        ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        learned = tokenizer(answer, add_special_tokens=False)["input_ids"]
        rows.append(
            {
                "row_id": f"1/{number}",
                "input_ids": ids + learned,
                "labels": [IGNORED] * len(ids) + learned,
                "target_bytes": len(answer.encode()),
            }
        )
    return Dataset.from_list(rows, features=FEATURES)


def test_a_prompt_is_continued_alike_alone_and_beside_a_longer_one(base: Path, network: Any) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base)
    rows = rows_of(tokenizer, ("ምርት: ጫማ", "አዲስ ጫማ"), ("ምርት: አዲስ ቦርሳ ዋጋ: ስልክ: ሶፋ ሰዓት", "ቦርሳ"))
    together = written_samples(network, rows, count=2, tokenizer=tokenizer, device=CPU)
    alone = written_samples(network, rows.select([0]), count=2, tokenizer=tokenizer, device=CPU)
    assert together[0] == alone[0]
    assert (together[0]["prompt"], together[0]["wanted"]) == ("ምርት: ጫማ", "አዲስ ጫማ")


def test_contacts_are_not_shown_and_nothing_is_markup(base: Path, network: Any) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base)
    rows = rows_of(tokenizer, ("ስልክ 0911234567 <b>", "@ሱቅ ጫማ"))
    sample = written_samples(network, rows, count=1, tokenizer=tokenizer, device=CPU)[0]
    assert "0911234567" not in sample["prompt"] + sample["wanted"]
    shown = in_markdown([{**sample, "written": "# ርዕስ\n<script>"}])
    assert "\n    # ርዕስ\n    <script>" in shown


def test_a_row_that_is_learned_whole_is_continued_from_its_beginning(base: Path, network: Any) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base)
    ids = tokenizer("አዲስ ጫማ ዋጋ ስልክ ቦርሳ", add_special_tokens=False)["input_ids"]
    row = {"row_id": "1/1", "input_ids": ids, "labels": ids, "target_bytes": 9}
    rows = Dataset.from_list([row], features=FEATURES)
    sample = written_samples(network, rows, count=1, tokenizer=tokenizer, device=CPU)[0]
    assert sample["prompt"] == tokenizer.decode(ids[: len(ids) // 2])


def test_a_run_that_wrote_nothing_has_no_last_samples(tmp_path: Path) -> None:
    assert last(tmp_path) == []


def test_words_of_a_token_are_those_in_ethiopic_letters(base: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base)
    rows = rows_of(tokenizer, ("አዲስ ጫማ size 42", "ዋጋ ብር"))
    assert words_per_token(rows["input_ids"], tokenizer) == pytest.approx(4 / len(rows[0]["input_ids"]))
