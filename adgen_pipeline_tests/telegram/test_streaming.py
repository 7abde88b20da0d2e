"""Exports larger than what is read at once: blocks of bytes, parts on disk, blocks of rows."""

import json
import zipfile
from itertools import accumulate
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from adgen_pipeline.errors import ExportError
from adgen_pipeline.telegram import albums, chats, dumps, export, source, split
from adgen_pipeline.telegram.dumps import Dumps
from adgen_pipeline.telegram.export import ChannelExport, read_channel, scan
from adgen_pipeline.telegram.posts import clean, clean_blocks
from adgen_pipeline.telegram.records import Row, Rows, read_record
from adgen_pipeline_tests.telegram.exports import NOT_INCLUDED, chat, dumped, message, write


def read(raw: Path, channel_id: int = 7, scratch: Path | None = None) -> ChannelExport:
    return read_channel(scan(raw).channel(channel_id), raw=raw, zone="UTC", scratch=scratch)


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    cuts = [cut for cut in accumulate(sizes) if cut < len(data)]
    return [data[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def records(data: bytes, sizes: list[int]) -> tuple[list[bytes], list[tuple[int, str]]]:
    found, damages = [], []
    for block in split.blocks(pieces(data, sizes), 0):
        found += [bytes(record) for record in block.records]
        damages += [(block.place(damage.position), damage.reason) for damage in block.damages]
    return found, damages


NESTED = {"todo_list": {"items": [{"id": 1, "text": "ሀ"}, {"id": 2, "text": "ለ"}]}}
WHOLE = dumped(chat([message(i, f'ጽሑፍ {i} {{"id": 5, ', **(NESTED if i % 3 else {})) for i in range(1, 12)]))
BODY = WHOLE[WHOLE.index(b'"messages"') + 13 :]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 900), max_size=40), st.integers(0, len(BODY)))
def test_where_the_bytes_are_cut_into_pieces_changes_no_record(sizes: list[int], length: int) -> None:
    data = BODY[:length]
    at_once, damages = records(data, [len(data)])
    assert records(data, sizes) == (at_once, damages)
    assert length < len(BODY) or len(at_once) == 11
    assert len(damages) <= 1


@pytest.mark.parametrize(
    ("old", "new"), [(b"\\u0034", b"\\x08"), (b'"id": 4,', b'"id": {{,'), (b"\n", b"\n")]
)
def test_a_damaged_record_far_from_the_cut_costs_itself_alone(old: bytes, new: bytes) -> None:
    data = BODY.replace("ጽሑፍ 4".encode(), b"\\u0034").replace(old, new)
    whole, damages = records(data, [len(data)])
    assert records(data, [900] * 40) == (whole, damages)
    assert len(whole) >= 10


def test_chats_are_found_wherever_the_bytes_are_cut() -> None:
    account = {
        "contacts": {"list": [{"id": 1}]},
        "chats": {
            "list": [chat([message(1)], 11), chat([message(1)], 12, type="personal_chat"), chat([], 13)]
        },
        "left_chats": {"list": [chat([message(2)], 14, name='N {"messages": [ \\ "')]},
    }
    data = dumped(account)
    whole = chats.contents([data])
    assert [place.channel_id for place in whole.chats] == [11, 13, 14]
    for place in whole.chats:
        rows = [bytes(r) for b in split.blocks([data[place.start : place.stop]], 0) for r in b.records]
        assert len(rows) == (place.channel_id != 13)
    random = Random(3)
    for _ in range(30):
        assert chats.contents(pieces(data, [random.randint(1, 300) for _ in range(99)])) == whole


def test_a_chat_in_the_middle_of_a_large_file_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chats, "_TAIL_BYTES", 512)
    account = {"chats": {"list": [chat([message(i) for i in range(1, 200)], c) for c in (11, 12, 13)]}}
    data = dumped(account)
    found = chats.contents(pieces(data, [1_000] * (len(data) // 1_000)))
    assert [place.channel_id for place in found.chats] == [11, 12, 13]
    assert len({place.digest for place in found.chats}) == 3


def test_an_export_larger_than_memory_gives_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [message(i, f"አሮጌ {i}") for i in range(40, 0, -1)]
    new = [message(i, f"አዲስ {i}", edited_unixtime="1800000000") for i in range(20, 60) if i % 7]
    write(tmp_path / "raw" / "b.json", chat(old))
    write(tmp_path / "raw" / "a.json", chat(new))
    expected = read(tmp_path / "raw")
    for module, name, value in (
        (source, "PIECE_BYTES", 700),
        (export, "PART_RECORDS", 5),
        (dumps, "BLOCK_ROWS", 8),
    ):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(Dumps.__init__, "__kwdefaults__", {"memory_bytes": 5_000})
    with read(tmp_path / "raw", scratch=tmp_path / "out") as found:
        assert list((tmp_path / "out").rglob("*.arrow"))
        blocks = list(found.blocks())
        assert [block.height for block in blocks[:-1]] == [8] * (len(blocks) - 1)
        assert_frame_equal(pl.concat(blocks), expected.messages)
        posts = pl.concat(clean_blocks(blocks, near_empty_chars=20))
        assert_frame_equal(posts, clean(expected.messages, near_empty_chars=20))
    assert found.counts == expected.counts
    assert not list((tmp_path / "out").iterdir())


def test_an_album_at_the_border_of_two_blocks_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [
        message(i, "ሀ" if i == 3 else "", date_unixtime="1700000000", photo=NOT_INCLUDED) for i in range(3, 8)
    ]
    write(tmp_path / "a.json", chat([message(1), message(2), *items, message(8)]))
    messages = read(tmp_path).messages
    whole = clean(messages, near_empty_chars=20)
    assert [3, 4, 5, 6, 7] in whole["album_message_ids"].to_list()
    for size in range(1, 9):
        blocks = clean_blocks(messages.iter_slices(size), near_empty_chars=20)
        assert_frame_equal(pl.concat(blocks), whole)
    monkeypatch.setattr(albums, "MAX_RUN", 3)  # what no album is, is cut, and nothing lost
    cut = pl.concat(clean_blocks(messages.iter_slices(2), near_empty_chars=20))
    assert sorted(cut.explode("album_message_ids")["album_message_ids"]) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_zip_bomb_is_refused_by_name_and_the_rest_goes_on(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.json", dumped(chat([message(1, "ሀ" * 3_000_000)], 9)))
        archive.writestr("good.json", dumped(chat([message(1)])))
    found = scan(tmp_path)
    assert [channel.channel_id for channel in found.channels] == [7]
    (item,) = found.unreadable
    assert item.file == "a.zip!bomb.json"
    assert "more than 200 times" in item.reason


def test_a_damaged_archive_member_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("one.json", dumped(chat([message(1)], 8)))
        archive.writestr("two.json", dumped(chat([message(1)])))
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace("ናሙና".encode(), "ናሙኖ".encode(), 1))  # the checksum tells
    found = scan(tmp_path)
    assert [channel.channel_id for channel in found.channels] == [7]
    assert [item.file for item in found.unreadable] == ["a.zip!one.json"]


def test_a_file_that_became_shorter_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", chat([message(1), message(2)]))
    found = scan(tmp_path).channel(7)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ExportError, match="shorter"):
        read_channel(found, raw=tmp_path, zone="UTC")


def test_what_never_ends_is_damage_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "MAX_RECORD_BYTES", 2_000)
    endless = b'\n  {\n   "id": 1,\n   "text": "' + b"x" * 50_000
    data = endless + b'\n  },\n  {\n   "id": 2,\n   "type": "message"\n  },\n  {"id": 3, "type": "message"}]}'
    found, damages = records(data, [1_000] * 60)
    assert [json.loads(record)["id"] for record in found] == [2, 3]
    assert damages


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.text(max_size=4),
    st.just([]),
    st.lists(
        st.one_of(st.text(max_size=3), st.fixed_dictionaries({"text": st.text(max_size=3)})), max_size=3
    ),
    st.dictionaries(
        st.sampled_from(["type", "text", "href", "count", "emoji"]), st.text(max_size=3), max_size=3
    ),
)
FIELDS = st.sampled_from([*Row.__struct_encode_fields__, "file_name", "inline_bot_buttons"])


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(FIELDS, VALUES, max_size=8), st.integers(0, 3))
def test_a_record_decoded_at_once_is_the_record_read_field_by_field(
    fields: dict[str, object], kind: int
) -> None:
    record = json.dumps(
        {"id": 1, "type": ("message", "service", "unsupported", "?")[kind], **fields}
    ).encode()
    rows = Rows()
    try:
        row, extra = read_record(record)
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)[:12]):
            rows.read(record)
        return
    rows.read(record)
    row.text = "".join(part.text for part in row.text_entities or [])
    (found,) = rows.rows
    assert (found.poll == b"") == (row.poll == b"") or json.loads(bytes(found.poll)) is None
    for name in Row.__struct_fields__:
        if name != "poll":
            assert (getattr(found, name) or None) == (getattr(row, name) or None), name
    assert rows.extra.get(0, {}) == extra
