"""Invalid JSON of Telegram Desktop made valid."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.telegram.repair import repair


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (rb'{"a": "x\x08y"}', "x\x08y"),
        (rb'{"a": "x\x0Cy"}', "x\x0cy"),
        (rb'{"a": "x\\x08y"}', "x\\x08y"),  # an even number of backslashes: text, not an escape
        (rb'{"a": "x\\\x08y"}', "x\\\x08y"),
        (rb'{"a": "\"\x1F\""}', '"\x1f"'),
    ],
)
def test_hex_escapes_are_read_as_meant(written: bytes, meant: str) -> None:
    assert json.loads(repair(written).data)["a"] == meant


@pytest.mark.parametrize(
    "written",
    [
        b'{\n "document_id": video_files/sticker (2).webm\n}',
        b'{\n "document_id": video_files/sticker (2).webm,\n "x": "y"\n}',
        b'{"document_id": video_files/sticker (2).webm,"x": "y"}',
        b'{"document_id": video_files/sticker (2).webm}',
    ],
    ids=["last", "line", "one line", "one object"],
)
def test_bare_document_ids_get_quotes(written: bytes) -> None:
    assert json.loads(repair(written).data)["document_id"] == "video_files/sticker (2).webm"


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=15), max_size=4), st.booleans())
def test_valid_json_stays_as_it_is(values: dict[str, str], ascii_only: bool) -> None:
    values["document_id"] = "123"
    written = json.dumps(values, ensure_ascii=ascii_only).encode("utf-8", "replace")
    assert repair(written).data == written


def test_positions_lead_back_into_the_file() -> None:
    written = rb'{"a": "\x08", "document_id": a.webm, "b": "\x08", "c": 1}'
    repaired = repair(written)
    assert len(repaired) == 3
    for name in (b'"a"', b'"document_id"', b'"b"', b'"c"'):
        assert repaired.offset(repaired.data.index(name)) == written.index(name)
