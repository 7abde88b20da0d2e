"""Thousands of damaged exports: what is whole is read to the letter, what is not is told, and nothing else happens."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import polars as pl
import pytest

from adgen_pipeline.artifacts import file_digest
from adgen_pipeline.errors import ExportError
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.schemas import MESSAGES
from adgen_pipeline.telegram.export import read_channel, scan
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline_tests.telegram.exports import chat, dumped, message, rested, write
from adgen_pipeline_tests.telegram.mutations import Export, damaged_archive, export, mutated

FILES = 20  # at once in a folder: one that is damaged must not touch the others
CHANNELS = 10  # numbers that each file may use
# Names that mean something to a file system, a shell or a terminal.
NAMES = (
    *(
        "-rf.json",
        "a\nb.json",
        "a\tb\x1b[2J.json",
        "x .json",
        "%2e%2e%2f.json",
        "ስፖርት 🐐™️️.json",
        "$(x).json",
    ),
    *("é.JSON", "CON.json", "*.json", "x" * 240 + ".json"),
)

Texts = dict[tuple[int, int], str]


def folder_of_exports(raw: Path, rng: Random, files: int = FILES) -> dict[str, tuple[Export, list[str]]]:
    """Damaged exports with their mutations by file name, and one that is whole."""
    found: dict[str, tuple[Export, list[str]]] = {"whole.json": (export(rng, [1]), [])}
    for index in range(1, files + 1):
        first = CHANNELS * index
        found[f"{index}.json"] = mutated(rng, range(first, first + rng.choice((1, 1, 2, 3))))
    for name, (file, _) in found.items():
        write(raw / name, file.data)
    return found


def read(raw: Path) -> tuple[Texts, set[str]]:
    """Texts of all messages by channel and id, and the files that are said to be damaged.

    Every table is sound and every record accounted for.
    """
    texts: Texts = {}
    found = scan(raw)
    damaged = {item.file for item in found.unreadable}
    for source in found.channels:
        try:
            channel = read_channel(source, raw=raw, zone="Africa/Addis_Ababa")
        except ExportError:  # nothing in it could be read: `missing` tells whether something should have been
            damaged |= {file.label for file in source.files}
            continue
        assert MESSAGES.violations(channel.messages) == []
        counts = {name: count for name, count in channel.counts.items() if name != "deleted"}
        assert counts.pop("read") == sum(counts.values())
        texts |= _texts(channel.messages)
        damaged |= {item.file for item in channel.quarantined}
    return texts, damaged


def _texts(messages: pl.DataFrame) -> Texts:
    return {(c, m): text for c, m, text in messages.select("channel_id", "message_id", "text").iter_rows()}


def missing(
    exports: dict[str, tuple[Export, list[str]]], found: Texts, damaged: set[str]
) -> Iterator[tuple[str, list[str], tuple[int, int], str | None]]:
    """Whole records that were not read, or with another text: file, mutations, key and the text that was read.

    Records of a chat whose beginning is damaged may be anywhere, or nowhere if their file is said to be damaged.
    """
    for name, (file, mutations) in exports.items():
        for key, text in file.intact().items():
            if found.get(key) != text:
                yield name, mutations, key, found.get(key)
        known = {message for _, message in found}
        for key in file.unknown():
            if key[1] not in known and name not in damaged:
                yield name, mutations, key, None


def read_back(tmp_path: Path, seeds: Iterable[int]) -> None:
    for seed in seeds:
        raw = tmp_path / str(seed)
        exports = folder_of_exports(raw, Random(seed))
        assert list(missing(exports, *read(raw))) == [], f"seed {seed}"


def clean_back(tmp_path: Path, seeds: Iterable[int]) -> None:
    """The same through `clean_folder`: tables, quarantine, and no file but below its folder."""
    for seed in seeds:
        rng = Random(seed)
        raw, out = tmp_path / f"{seed}" / "raw", tmp_path / f"{seed}-out"
        exports = folder_of_exports(raw, rng, files=6)
        for index, name in enumerate(rng.sample(NAMES, 3)):
            write(raw / name, dumped(chat([message(1)], 500 + index)))
        for index in range(3):
            rested_bytes(raw / f"{index}.zip", damaged_archive(rng, 600 + CHANNELS * index))
        before = files_below(raw)
        document = clean_folder(raw, out, recipe=TelegramRecipe(), report=lambda line: None)
        assert json.dumps(document)
        found: Texts = {}
        for path in (out / "parsed").iterdir():
            found |= _texts(pl.read_parquet(path))
        assert list(missing(exports, found, set(exports))) == [], f"seed {seed}"
        assert {(500 + index, 1) for index in range(3)} <= set(found), f"seed {seed}"
        assert files_below(raw) == before
        for path in (out / "quarantine").glob("*.jsonl"):
            assert all(
                {"file", "reason"} <= set(json.loads(line)) for line in path.read_text().strip().split("\n")
            )


def rested_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    rested(path)


def files_below(folder: Path) -> dict[Path, str]:
    return {path: file_digest(path) for path in folder.rglob("*") if path.is_file()}


def test_what_is_whole_is_read_whatever_is_damaged_beside_it(tmp_path: Path) -> None:
    read_back(tmp_path, range(10))


def test_what_is_whole_is_cleaned_and_no_other_folder_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    clean_back(tmp_path / "there", range(3))
    assert list(here.iterdir()) == []
    names = {path.name for path in tmp_path.iterdir()} | {
        path.name for path in (tmp_path / "there").iterdir()
    }
    assert names == {"here", "there", *map(str, range(3)), *(f"{seed}-out" for seed in range(3))}


@pytest.mark.slow
def test_what_is_whole_is_read_in_twenty_thousand_damaged_exports(tmp_path: Path) -> None:
    read_back(tmp_path, range(1000, 2000))


@pytest.mark.slow
def test_what_is_whole_is_cleaned_in_six_hundred_damaged_exports(tmp_path: Path) -> None:
    clean_back(tmp_path, range(3000, 3100))
