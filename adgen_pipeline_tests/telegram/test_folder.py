"""`clean_folder`: a folder of exports into a folder of tables."""

import json
from pathlib import Path

import polars as pl
import pytest

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.errors import ExportError
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline_tests.telegram.exports import chat, message, write


def run(tmp_path: Path, out: str = "out") -> dict[str, object]:
    return clean_folder(tmp_path / "raw", tmp_path / out, recipe=TelegramRecipe(), report=lambda line: None)


def test_all_channels_are_written_and_counted(tmp_path: Path) -> None:
    service = message(1, "", type="service", action="create_channel")
    write(tmp_path / "raw" / "a.json", chat([service, message(2), {"id": 3, "type": "unsupported"}], 11))
    write(tmp_path / "raw" / "deep" / "b.json", chat([message(1), message(2)], 12))
    document = run(tmp_path)
    assert document["channels"] == [
        {
            "channel_id": 11,
            "name": "ናሙና ሱቅ ™️",
            "read": 3,
            "posts": 1,
            "messages": 1,
            "service": 1,
            "unsupported": 1,
            "quarantined": 0,
            "superseded": 0,
            "deleted": 0,
            "forgotten": 0,
        },
        {
            "channel_id": 12,
            "name": "ናሙና ሱቅ ™️",
            "read": 2,
            "posts": 2,
            "messages": 2,
            "service": 0,
            "unsupported": 0,
            "quarantined": 0,
            "superseded": 0,
            "deleted": 0,
            "forgotten": 0,
        },
    ]
    assert {"megabytes", "seconds", "megabytes_per_second"} <= set(document)
    assert json.loads(json.dumps(document)) == document
    for channel, records, posts in ((11, 3, 1), (12, 2, 2)):
        assert pl.read_parquet(tmp_path / "out" / "parsed" / f"{channel}.parquet").height == records
        assert pl.read_parquet(tmp_path / "out" / "cleaned" / f"{channel}.parquet").height == posts
    assert not (tmp_path / "out" / "quarantine").exists()


def test_the_same_exports_give_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.json", chat([message(1), message(2, "ሌላ ጽሑፍ 🎁")]))
    run(tmp_path, "one")
    run(tmp_path, "two")
    assert folder_digest(tmp_path / "one") == folder_digest(tmp_path / "two")


def test_a_bad_channel_goes_to_quarantine_and_the_others_go_on(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "good.json", chat([message(1)], 11))
    write(tmp_path / "raw" / "mute.json", chat([message(1, "")], 12))
    write(tmp_path / "raw" / "none.json", chat([], 13))
    write(tmp_path / "raw" / "junk.json", b"junk")
    document = run(tmp_path)
    channels = document["channels"]
    assert isinstance(channels, list)
    assert [(c["channel_id"], c["posts"]) for c in channels] == [(11, 1), (12, 1), (13, 0)]
    cleaned = sorted(p.name for p in (tmp_path / "out" / "cleaned").iterdir())
    assert cleaned == ["11.parquet", "12.parquet"]  # a channel of pictures only is no mistake
    names = sorted(p.name for p in (tmp_path / "out" / "quarantine").iterdir())
    assert names[:1] == ["13.jsonl"]
    assert len(names) == 2
    line = json.loads((tmp_path / "out" / "quarantine" / "13.jsonl").read_text())
    assert "record" in line["reason"]


@pytest.mark.parametrize(
    "files", [{}, {"a.json": b""}, {"a.json": chat([])}], ids=["none", "empty", "no records"]
)
def test_nothing_to_clean_is_one_sentence(tmp_path: Path, files: dict[str, object]) -> None:
    (tmp_path / "raw").mkdir()
    for name, content in files.items():
        write(tmp_path / "raw" / name, content)
    with pytest.raises(ExportError, match="raw"):
        run(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no such folder"):
        run(tmp_path)
