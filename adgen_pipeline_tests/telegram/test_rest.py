"""Files that are being copied, or cannot be read at all, while others are read."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adgen_pipeline.errors import ExportError
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.telegram.export import scan
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline_tests.telegram.exports import chat, dumped, message, write


@contextmanager
def copied(path: Path, content: bytes) -> Iterator[None]:
    """Somebody copies a file over `path`, a few bytes at a time; it is half there at the end."""
    stop = threading.Event()
    path.write_bytes(b"")

    def copy() -> None:
        with path.open("wb", buffering=0) as file:
            for place in range(len(content) // 2):
                file.write(content[place : place + 1])
                if stop.wait(0.05):
                    return

    copier = threading.Thread(target=copy)
    copier.start()
    try:
        yield
    finally:
        stop.set()
        copier.join()


def test_a_file_that_is_being_copied_is_left_out_until_it_rests(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    raw, whole = tmp_path / "raw", dumped(chat([message(1), message(2)], 12))
    write(raw / "a.json", chat([message(1)], 11))
    with copied(raw / "b.json", whole), caplog.at_level(logging.WARNING, "adgen_pipeline"):
        document = clean_folder(raw, tmp_path / "out", recipe=TelegramRecipe(), report=lambda line: None)
    assert document["copying"] == ["b.json"]
    assert not (tmp_path / "out" / "quarantine").exists()
    assert [p.stem for p in (tmp_path / "out" / "cleaned").iterdir()] == ["11"]
    assert "b.json is still being written" in caplog.text
    write(raw / "b.json", whole)
    assert [source.channel_id for source in scan(raw).channels] == [11, 12]


def test_a_channel_whose_newer_dump_is_being_replaced_is_left_as_it_is(tmp_path: Path) -> None:
    raw, cache = tmp_path / "raw", tmp_path / "scan.json"
    write(raw / "old.json", chat([message(1)]))
    write(raw / "new.json", chat([message(1), message(2)]))
    before = scan(raw, cache=cache)
    with copied(raw / "new.json", dumped(chat([message(3)]))):
        for _again in range(2):
            found = scan(raw, cache=cache)
            assert (found.channels, found.copying) == ((), ("new.json",))
            with pytest.raises(ExportError, match=r"new\.json is still being written"):
                found.channel(7)
    write(raw / "new.json", chat([message(1), message(2)]))
    assert scan(raw, cache=cache) == before


def test_a_file_that_the_system_does_not_give_is_unreadable_and_tried_again(tmp_path: Path) -> None:
    raw, cache = tmp_path / "raw", tmp_path / "scan.json"
    write(raw / "a.json", chat([message(1)], 11))
    (raw / "b.json").symlink_to("/proc/self/mem")  # reading it fails
    for _again in range(2):
        found = scan(raw, cache=cache)
        assert [source.channel_id for source in found.channels] == [11]
        assert [item.file for item in found.unreadable] == ["b.json"]
        assert "cannot be read" in found.unreadable[0].reason
    (raw / "b.json").unlink()
    write(raw / "b.json", chat([message(1)], 12))
    assert [source.channel_id for source in scan(raw, cache=cache).channels] == [11, 12]
