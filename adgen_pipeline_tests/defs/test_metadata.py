"""What the UI shows of a table."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.defs.metadata import counts, preview, table_result
from adgen_pipeline.schemas import LABELLED_POSTS

ROW = {"channel_id": 1, "message_id": 2, "text": "", "date": None, "labels": ["ad"]}


def shown(text: str) -> str:
    return preview(LABELLED_POSTS, LABELLED_POSTS.frame([{**ROW, "text": text}]))


@given(
    st.integers(min_value=10_000_000, max_value=99_999_999), st.sampled_from(["+2519{}", "09{}", "2519{}"])
)
def test_no_phone_number_reaches_a_preview(number: int, form: str) -> None:
    phone = form.format(number)
    assert str(number) not in shown(f"ይደውሉ {phone} ዛሬ")


def test_handles_and_addresses_are_masked_too() -> None:
    text = shown("@abc_sample_shop https://t.me/abc_sample_shop abc@example.com")
    assert "abc_sample_shop" not in text
    assert "abc@example.com" not in text


@given(st.text(alphabet="<>|`*_[]&abc\\", max_size=40))
def test_nothing_in_a_cell_is_markup(text: str) -> None:
    row = shown(text).splitlines()[-1]
    assert "<" not in row
    assert row.replace("\\|", "").count("|") == len(LABELLED_POSTS.columns) + 1


def test_the_data_version_is_that_of_the_bytes_whatever_the_order() -> None:
    rows = [ROW, {**ROW, "message_id": 3}]
    versions = [
        table_result(LABELLED_POSTS, LABELLED_POSTS.frame(r)).data_version for r in (rows, rows[::-1])
    ]
    assert versions[0] == versions[1]


def test_counts_are_ordered_by_frequency_then_value() -> None:
    assert list(counts(pl.Series("x", ["b", "a", "c", "a", None, "b"]))) == ["a", "b", "c"]
