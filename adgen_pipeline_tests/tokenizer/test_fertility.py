from pathlib import Path

import polars as pl
import pytest
from transformers import AutoTokenizer

from adgen_pipeline.errors import DataError
from adgen_pipeline.schemas import DOCUMENTS, FERTILITY
from adgen_pipeline.tokenizer.fertility import measure, rates, risen, samples, tokens_of_words
from adgen_pipeline_tests.training.samples import tiny_checkpoint


def test_fertility_is_tokens_over_words(tmp_path: Path) -> None:
    base = tiny_checkpoint(tmp_path)
    table = measure({"base": base}, {"posts": ["ጫማ ጫማ", "qq"]})
    row = table.row(0, named=True)
    # ጫ ማ at the start of a text, ▁ጫማ after a space, q q: the merges need the space.
    assert (row["words_count"], row["tokens_count"]) == (3, 5)
    assert row["tokens_per_word"] == pytest.approx(5 / 3)
    assert row["bytes_per_token"] == pytest.approx((6 + 1 + 6 + 2) / 5)
    assert table.schema == pl.Schema(FERTILITY.dtypes)


def test_a_sample_without_words_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'posts' for fertility holds no word"):
        measure({"base": tiny_checkpoint(tmp_path)}, {"posts": [" "]})


def test_posts_come_from_the_test_split_and_words_from_posts() -> None:
    rows = [
        {"channel_id": 1, "message_id": n, "post": post, "split": split}
        for n, (post, split) in enumerate([("ቀይ ጫማ A", "test"), ("ሰማያዊ", "train")])
    ]
    found = samples(DOCUMENTS.frame(rows))
    assert found["posts"] == ["ቀይ ጫማ A"]
    assert found["ethiopic_words"] == ["ቀይ ጫማ"]
    assert found["english"]


def test_a_word_is_counted_where_it_stands_behind_another_one(tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint(tmp_path))
    assert tokens_of_words(tokenizer, ["ጫማ", "ጫማጫማ", "qq"]) == [
        len(tokenizer.tokenize(f"x {word}")) - 1 for word in ("ጫማ", "ጫማጫማ", "qq")
    ]
    assert tokens_of_words(tokenizer, ["ጫማ"]) == [1]


def test_words_that_need_a_tenth_more_tokens_than_before_are_named() -> None:
    def facts(posts: float, english: float) -> dict[str, object]:
        rows = [
            {"tokenizer": "adapted", "sample": sample, "words_count": 100, "tokens_count": int(100 * rate),
             "tokens_per_word": rate, "bytes_per_token": 4.0, "vocabulary_size": 10}
            for sample, rate in (("posts", posts), ("english", english))
        ]  # fmt: skip
        return {**rates(FERTILITY.frame(rows)), "preview": "| a |"}

    before = facts(2.0, 1.5)
    assert risen(before, before) == []
    assert risen(facts(2.19, 1.0), before) == []
    assert risen(facts(2.3, 1.5), before) == ["adapted_on_posts: 2.00 tokens a word, now 2.30"]
    assert risen(before, {"preview": "| a |"}) == [], "the last version was of an older release"
