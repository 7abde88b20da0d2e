"""Exports → telegram/messages, oddities and damage included."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adgen_pipeline.errors import ExportError
from adgen_pipeline.schemas import MESSAGES
from adgen_pipeline.telegram.export import ChannelExport, read_channel, scan, write_quarantine
from adgen_pipeline_tests.telegram.exports import EPOCH, NOT_INCLUDED, chat, dumped, message, rested, write

ZONE = "Africa/Addis_Ababa"


def read(raw: Path, channel_id: int = 7, zone: str = ZONE) -> ChannelExport:
    return read_channel(scan(raw).channel(channel_id), raw=raw, zone=zone)


def texts(export: ChannelExport) -> dict[int, str]:
    return dict(export.messages.select("message_id", "text").iter_rows())


def test_every_field_of_a_record_is_kept(tmp_path: Path) -> None:
    record = message(
        3,
        [
            "ዋጋ ",
            {"type": "bold", "text": "500"},
            {"type": "text_link", "text": " ብር", "href": "https://example.com"},
        ],
        text_entities=[
            {"type": "plain", "text": "ዋጋ "},
            {"type": "bold", "text": "500"},
            {"type": "text_link", "text": " ብር", "href": "https://example.com"},
        ],
        edited="2023-11-15T02:00:00",
        edited_unixtime=str(EPOCH + 999),
        photo=NOT_INCLUDED,
        width=800,
        height=600,
        forwarded_from="Other",
        reply_to_message_id=1,
        poll={"question": "?", "answers": []},
        reactions=[{"type": "emoji", "count": 3, "emoji": "👍"}, {"type": "paid", "count": 2}],
        file_size=12,
        author=["odd"],
    )
    row = read_one(tmp_path, record)
    assert row["text"] == "ዋጋ 500 ብር"
    assert [part["type"] for part in row["text_entities"]] == ["plain", "bold", "text_link"]
    assert row["text_entities"][2]["href"] == "https://example.com"
    assert row["date"] == datetime.fromtimestamp(EPOCH + 180, UTC)
    assert row["edited"] == datetime.fromtimestamp(EPOCH + 999, UTC)
    assert (row["width"], row["height"], row["photo"]) == (800, 600, NOT_INCLUDED)
    assert row["reactions"] == [{"emoji": "👍", "count": 3}, {"emoji": "paid", "count": 2}]
    assert json.loads(row["poll"])["question"] == "?"
    assert json.loads(row["extra"]) == {"author": ["odd"], "file_size": 12}
    assert (row["channel_id"], row["channel_name"], row["source"]) == (7, "ናሙና ሱቅ ™️", "a.json")


def read_one(tmp_path: Path, record: dict[str, object]) -> dict[str, Any]:
    write(tmp_path / "a.json", chat([record]))
    found = read(tmp_path)
    assert MESSAGES.violations(found.messages) == []
    return found.messages.row(0, named=True)


def test_service_and_unsupported_records_are_rows(tmp_path: Path) -> None:
    service = {
        **message(
            1, "", type="service", actor="A", actor_id="channel7", action="create_channel", title="Old"
        ),
    }
    write(tmp_path / "a.json", chat([service, {"id": 2, "type": "unsupported"}, message(3)]))
    found = read(tmp_path)
    assert found.messages["type"].to_list() == ["service", "unsupported", "message"]
    assert found.counts == {
        "read": 3,
        "messages": 1,
        "service": 1,
        "unsupported": 1,
        "superseded": 0,
        "quarantined": 0,
        "deleted": 0,
        "forgotten": 0,
    }


@pytest.mark.parametrize(
    ("text", "flat"),
    [
        ("ሰላም\nነው", "ሰላም\nነው"),
        (["ሰላም ", {"type": "bold", "text": "ነው"}], "ሰላም ነው"),
        ([{"type": "mention", "text": "@abc_sample_shop"}], "@abc_sample_shop"),
        ("", ""),
        (None, ""),
    ],
)
def test_old_exports_without_entities_and_epochs_are_read(tmp_path: Path, text: object, flat: str) -> None:
    row = read_one(tmp_path, message(1, text, text_entities=None, date_unixtime=None))
    assert row["text"] == flat
    assert row["date"] == datetime(2023, 11, 14, 22, 0, tzinfo=UTC)  # 01:00 in Addis Ababa


def test_an_unknown_zone_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.json", chat([message(1, date_unixtime=None)]))
    with pytest.raises(ExportError, match="Nowhere/City"):
        read(tmp_path, zone="Nowhere/City")


def test_a_whole_account_yields_its_channels_and_no_private_chat(tmp_path: Path) -> None:
    account = {
        "about": "…",
        "chats": {
            "about": "…",
            "list": [
                chat([message(1, "አንድ")], 11),
                chat([message(1, "የግል")], 12, type="personal_chat"),
                {"type": "saved_messages", "id": 5, "messages": [message(1, "ማስታወሻ")]},
            ],
        },
        "left_chats": {"about": "…", "list": [chat([message(1, "ሁለት")], 13)]},
    }
    write(tmp_path / "account" / "result.json", account)
    assert [source.channel_id for source in scan(tmp_path).channels] == [11, 13]
    assert texts(read(tmp_path, 13)) == {1: "ሁለት"}
    cut = dumped(account)[:-60]  # a damaged account is told apart by hand, with the same channels
    write(tmp_path / "account" / "result.json", cut)
    assert [source.channel_id for source in scan(tmp_path).channels] == [11, 13]
    assert texts(read(tmp_path, 11)) == {1: "አንድ"}
    assert read(tmp_path, 11).quarantined == ()


def test_nested_folders_odd_names_and_archives_are_read(tmp_path: Path) -> None:
    write(tmp_path / "ChatExport (1)" / "ስፖርት 🐐™️️.json", chat([message(1)], 21))
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("inner/ሸገር ️️.json", dumped(chat([message(2)], 22)))
        archive.writestr("__MACOSX/._x.json", b"junk")
        archive.writestr("photo.jpg", b"junk")
    rested(tmp_path / "more.zip")
    found = scan(tmp_path)
    assert [(s.channel_id, s.files[0].label) for s in found.channels] == [
        (21, "ChatExport (1)/ስፖርት 🐐™️️.json"),
        (22, "more.zip!inner/ሸገር ️️.json"),
    ]
    assert found.unreadable == ()
    assert texts(read(tmp_path, 22)) == {2: "ሰላም ዋጋ 500 ብር"}


def test_control_escapes_and_bare_document_ids_are_repaired(tmp_path: Path) -> None:
    plain = dumped(chat([message(1, "አንድAሁለት", text_entities=None), message(2, document_id="DOC")]))
    written = plain.replace("አንድAሁለት".encode(), "አንድ\\x08ሁለት".encode()).replace(
        b'"DOC"', b"video_files/sticker (2).webm"
    )
    write(tmp_path / "a.json", written)
    found = read(tmp_path)
    assert texts(found)[1] == "አንድ\x08ሁለት"
    assert json.loads(found.messages["extra"][1]) == {"document_id": "video_files/sticker (2).webm"}
    assert found.quarantined == ()


@pytest.mark.parametrize("cut", [1, 5, 40, 120])
def test_a_truncated_file_yields_all_complete_messages(tmp_path: Path, cut: int) -> None:
    whole = dumped(chat([message(i) for i in range(1, 6)]))
    last = whole.rindex(b'{\n   "id"')
    write(tmp_path / "a.json", whole[: last + cut])
    found = read(tmp_path)
    assert sorted(texts(found)) == [1, 2, 3, 4]
    assert [(item.file, item.offset) for item in found.quarantined] == [("a.json", last)]
    assert found.quarantined[0].reason


def test_one_damaged_message_costs_itself_only(tmp_path: Path) -> None:
    whole = dumped(chat([message(i, f"ጽሑፍ {i}") for i in range(1, 8)])).replace(
        b"1700000060", b"1700\\x0800060"
    )
    damaged = whole.replace('"ጽሑፍ 3"'.encode(), '"ጽሑፍ 3'.encode(), 1)  # an unclosed string
    damaged = damaged.replace(b'"id": 5', b'"id": {{{', 1)
    write(tmp_path / "a.json", damaged)
    found = read(tmp_path)
    assert sorted(texts(found)) == [1, 2, 4, 6, 7]
    assert found.counts["read"] == 7
    third = damaged.index(b'{\n   "id": 3')
    assert third in [item.offset for item in found.quarantined]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.floats(min_value=0, max_value=1, exclude_max=True),
    byte=st.sampled_from([b"", b'"', b"{", b"}", b"[", b"]", b"\\", b",", b"x", b"\x00", b"\xff"]),
    inserts=st.booleans(),
)
def test_one_wrong_byte_costs_one_message_at_most_and_is_told(
    tmp_path: Path, place: float, byte: bytes, inserts: bool
) -> None:
    whole = dumped(chat([message(i, f'ጽሑፍ {i} " \\ {{ [') for i in range(1, 9)]))
    start, stop = whole.index(b'"messages"') + 14, whole.rindex(b"}\n ]")
    at = start + int(place * (stop - start))
    write(tmp_path / "a.json", whole[:at] + byte + whole[at + (not inserts) :])
    found = read(tmp_path)
    lost = 8 - found.messages.height
    assert lost <= 1
    assert lost == 0 or found.quarantined


def test_endless_nesting_is_damage_like_any_other(tmp_path: Path) -> None:
    deep = b'{"id": 2, "type": "message", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    whole = dumped(chat([message(1), message(3)])).replace(b'{\n   "id": 3', deep + b',\n  {\n   "id": 3')
    write(tmp_path / "a.json", whole)
    found = read(tmp_path)
    assert sorted(texts(found)) == [1, 3]
    assert len(found.quarantined) == 1


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"type": "message", "text": "ያለ መለያ"}, "no id"),
        ({"id": "x", "type": "message"}, "no id"),
        ({"id": 2, "type": "message", "text": 5}, "text"),
        ({"id": 2, "type": "message", "text_entities": [{"type": "plain"}]}, "text"),
        ({"id": 2, "type": "riddle"}, "type"),
        (17, "object"),
    ],
)
def test_a_record_that_is_none_is_quarantined_with_its_place(
    tmp_path: Path, record: object, reason: str
) -> None:
    whole = {**chat([]), "messages": [message(1), record, message(3)]}
    write(tmp_path / "a.json", whole)
    found = read(tmp_path)
    assert sorted(texts(found)) == [1, 3]
    (item,) = found.quarantined
    assert reason in item.reason
    assert (tmp_path / "a.json").read_bytes()[item.offset :].startswith(item.excerpt.encode()[:10])


def test_the_newer_dump_wins_and_older_messages_stay(tmp_path: Path) -> None:
    old = [message(1, "አሮጌ"), message(2, "የተሰረዘ")]
    new = [message(1, "አዲስ", edited_unixtime=str(EPOCH + 10**6)), message(3, "ሦስት")]
    write(tmp_path / "z-old.json", chat(old, name="Old"))
    write(tmp_path / "a-new.json", chat(new, name="New"))
    found = read(tmp_path)
    assert texts(found) == {1: "አዲስ", 2: "የተሰረዘ", 3: "ሦስት"}
    assert (found.counts["read"], found.counts["superseded"]) == (4, 1)
    assert scan(tmp_path).channel(7).channel_name == "New"


def test_a_digest_follows_the_channels_bytes_only(tmp_path: Path) -> None:
    account = {"chats": {"list": [chat([message(1)], 11), chat([message(1)], 12)]}}
    write(tmp_path / "a.json", account)
    before = {source.channel_id: source.digest for source in scan(tmp_path).channels}
    account["chats"]["list"][1]["messages"].append(message(2))  # type: ignore[attr-defined]
    write(tmp_path / "a.json", account)
    after = {source.channel_id: source.digest for source in scan(tmp_path).channels}
    assert before[11] == after[11]
    assert before[12] != after[12]


def test_the_cache_changes_nothing_but_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, cache = tmp_path / "raw", tmp_path / "state" / "scan.json"
    write(raw / "a.json", chat([message(1)]))
    write(raw / "b.json", b"[]")
    first = scan(raw, cache=cache)
    monkeypatch.setattr("adgen_pipeline.telegram.scan._entries", None)  # reading again would fail
    assert scan(raw, cache=cache) == first
    cache.write_text("{")
    monkeypatch.undo()
    assert scan(raw, cache=cache) == first


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"junk", b'{"name": "x", "messages": []}', b"\xff\xfe\x00"]
)
def test_a_file_without_a_channel_id_is_unreadable_and_has_a_digest(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "odd.json", content)
    write(tmp_path / "good.json", chat([message(1)]))
    found = scan(tmp_path)
    assert [source.channel_id for source in found.channels] == [7]
    (item,) = found.unreadable
    assert item.file == "odd.json"
    assert len(item.digest or "") == 64
    assert item.reason


def test_fields_behind_the_messages_are_found_too(tmp_path: Path) -> None:
    write(
        tmp_path / "a.json",
        {"messages": [message(1)], "type": "public_channel", "name": "N", "id": -1000000000031},
    )
    assert sorted(texts(read(tmp_path, 31))) == [1]


def test_a_missing_folder_and_a_missing_channel_are_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no such folder"):
        scan(tmp_path / "raw")
    write(tmp_path / "a.json", chat([message(1)]))
    with pytest.raises(ExportError, match="99"):
        scan(tmp_path).channel(99)


def test_an_empty_export_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.json", chat([]))
    with pytest.raises(ExportError, match="no record"):
        read(tmp_path)


def test_quarantine_files_go_when_nothing_is_wrong_any_more(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.json", dumped(chat([message(1), message(2)]))[:-200])
    path = write_quarantine(tmp_path, "7", read(tmp_path / "raw").quarantined)
    assert path is not None
    assert set(json.loads(path.read_text().splitlines()[0])) == {"file", "offset", "reason", "excerpt"}
    assert write_quarantine(tmp_path, "7", ()) is None
    assert not path.exists()
