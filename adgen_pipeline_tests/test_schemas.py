import polars as pl
import pytest

from adgen_pipeline.errors import DataError
from adgen_pipeline.schemas import DROPS, TABLES

ROW = {"channel_id": 1, "message_id": 2, "reason": "empty", "kept_channel_id": None, "kept_message_id": None}


@pytest.mark.parametrize("schema", TABLES.values(), ids=lambda s: s.key)
def test_an_empty_table_of_every_schema_conforms(schema) -> None:  # type: ignore[no-untyped-def]
    assert schema.violations(schema.conform(schema.empty())) == []
    assert set(schema.primary_key) <= set(schema.columns)


def test_rows_are_sorted_by_key_whatever_their_order() -> None:
    table = DROPS.frame([{**ROW, "message_id": 3}, ROW])
    assert DROPS.conform(table)["message_id"].to_list() == [2, 3]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        pytest.param(DROPS.frame([ROW, ROW]), "repeat the key", id="key twice"),
        pytest.param(DROPS.frame([{**ROW, "reason": None}]), "1 nulls", id="null"),
        pytest.param(DROPS.frame([ROW]).drop("reason"), "reason is missing", id="missing column"),
        pytest.param(DROPS.frame([ROW]).with_columns(x=pl.lit(1)), "x is unknown", id="unknown column"),
        pytest.param(DROPS.frame([ROW]).cast({"message_id": pl.Int32}), "expected Int64", id="type"),
    ],
)
def test_violations_say_what_is_wrong(table: pl.DataFrame, words: str) -> None:
    assert any(words in problem for problem in DROPS.violations(table))


def test_conform_refuses_a_table_with_a_missing_column() -> None:
    with pytest.raises(DataError, match="missing columns"):
        DROPS.conform(DROPS.empty().drop("reason"))
