"""Damage that the fuzz tests met, each as the shortest export that shows it."""

import json
import os
import time
import zipfile
from pathlib import Path

import pytest

from adgen_pipeline.errors import ExportError
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.telegram.export import read_channel, scan
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline_tests.telegram.exports import chat, dumped, message, rested, write


def ids(raw: Path, channel_id: int) -> list[int]:
    messages = read_channel(scan(raw).channel(channel_id), raw=raw, zone="UTC").messages
    return messages["message_id"].to_list()


def account(*chats: dict[str, object]) -> bytes:
    return dumped({"about": "x", "chats": {"about": "y", "list": list(chats)}})


@pytest.mark.parametrize("piece", [b"[", b'{"a":', b'[{"id": 1, "x":', b'{"id": 7, "messages": ['])
def test_ten_thousand_brackets_in_each_other_take_seconds(tmp_path: Path, piece: bytes) -> None:
    write(tmp_path / "raw" / "a.json", piece * 10_000)
    write(tmp_path / "raw" / "b.json", dumped(chat([message(1), message(2)], 9))[:-10] + piece * 10_000)
    started = time.process_time()
    clean_folder(tmp_path / "raw", tmp_path / "out", recipe=TelegramRecipe(), report=lambda line: None)
    assert time.process_time() - started < 8
    assert 1 in ids(tmp_path / "raw", 9)


def test_a_list_of_messages_within_a_message_is_no_chat(tmp_path: Path) -> None:
    odd = message(2, id={"list": [{"messages": []}]})
    broken = dumped(message(3, photo="x")).replace(b'"photo"', b'"messages": ["photo"')
    whole = account(chat([message(1), odd, message(4)], 11), chat([message(1)], 12))
    write(tmp_path / "a.json", whole.replace(b'{\n     "id": 4', broken + b",\n" + b'{\n     "id": 4'))
    assert ids(tmp_path, 11) == [1, 4]
    assert ids(tmp_path, 12) == [1]


@pytest.mark.parametrize("wrong", [b'"id": {{', b'"id": "12", "messages": 5, "x"', b'"type'])
def test_messages_of_a_chat_whose_beginning_is_damaged_go_to_no_other_chat(
    tmp_path: Path, wrong: bytes
) -> None:
    whole = account(chat([message(1)], 11), chat([message(2), message(3)], 12), chat([message(4)], 13))
    start = whole.index(b'"id": 12')
    write(tmp_path / "a.json", whole[:start] + wrong + whole[start + 8 :])
    found = read_channel(scan(tmp_path).channel(11), raw=tmp_path, zone="UTC")
    assert found.messages["message_id"].to_list() == [1]
    assert ids(tmp_path, 13) == [4]
    assert "beginning is damaged" in str(found.quarantined) or scan(tmp_path).unreadable


def test_a_first_chat_without_a_beginning_is_told(tmp_path: Path) -> None:
    whole = account(chat([message(1)], 11), chat([message(2)], 12))
    write(tmp_path / "a.json", whole.replace(b'"messages": [', b'"massages": [', 1))
    assert ids(tmp_path, 12) == [2]
    (item,) = scan(tmp_path).unreadable
    assert whole[item.offset :].startswith(b'{\n      "id": 1')


def test_a_persons_chat_whose_type_is_damaged_is_no_channel(tmp_path: Path) -> None:
    write(
        tmp_path / "a.json",
        account(chat([message(1)], 11), chat([message(1)], 12, type="personal_chqt")),
    )
    found = scan(tmp_path)
    assert [source.channel_id for source in found.channels] == [11]
    assert len(found.unreadable) == 1


def test_a_poll_that_is_no_text_costs_its_message_alone(tmp_path: Path) -> None:
    whole = dumped(chat([message(1), message(2, poll={"question": "QUESTION"}), message(3)]))
    write(tmp_path / "a.json", whole.replace(b"QUESTION", b"\xed\xa0\x80"))
    assert ids(tmp_path, 7) == [1, 3]


def test_a_name_that_is_no_text_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    raw, cache = tmp_path / "raw", tmp_path / "cache.json"
    write(raw / "a.json", chat([message(1)], 11))
    write(raw / os.fsdecode(b"\xff\xfe.json"), chat([message(1)], 12))
    document = clean_folder(raw, tmp_path / "out", recipe=TelegramRecipe(), report=lambda line: None)
    assert [source.channel_id for source in scan(raw, cache=cache).channels] == [11]
    assert "\\xff\\xfe.json" in json.dumps(document["unreadable"], ensure_ascii=False).replace("\\\\", "\\")


def test_a_zip_bomb_is_refused_and_its_neighbours_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.json", dumped(chat([message(1)], 11)) + b" " * 10**8)
        archive.writestr("good.json", dumped(chat([message(1)], 12)))
    rested(tmp_path / "a.zip")
    found = scan(tmp_path)
    assert [source.channel_id for source in found.channels] == [12]
    assert [item.file for item in found.unreadable] == ["a.zip!bomb.json"]
    assert "packed" in found.unreadable[0].reason


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_whose_bytes_changed_is_unreadable(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("bad.json", dumped(chat([message(i) for i in range(1, 9)], 11)))
        archive.writestr("good.json", dumped(chat([message(1)], 12)))
    content = bytearray(path.read_bytes())
    content[60:80] = bytes(20)
    path.write_bytes(content)
    rested(path)
    found = scan(tmp_path)
    assert [source.channel_id for source in found.channels] == [12]
    assert [item.file for item in found.unreadable] == ["a.zip!bad.json"]


def test_nothing_but_damage_is_one_named_error(tmp_path: Path) -> None:
    write(tmp_path / "a.json", b"[" * 10**6)
    with pytest.raises(ExportError, match=r"a\.json"):
        clean_folder(tmp_path, tmp_path / "out", recipe=TelegramRecipe(), report=lambda line: None)


def test_a_list_that_stays_open_swallows_no_message_behind_it(tmp_path: Path) -> None:
    whole = account(chat([message(i) for i in range(1, 6)]))
    start = whole.index(b'"text_entities"', whole.index(b'"id": 2'))
    stop = whole.index(b"]", start) + 1
    write(
        tmp_path / "a.json", whole[:start] + b'"text_entities": [{"type": "plain", "text": "x"' + whole[stop:]
    )
    assert [i for i in ids(tmp_path, 7) if i != 2] == [1, 3, 4, 5]
