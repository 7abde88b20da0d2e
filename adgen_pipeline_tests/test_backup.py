"""A backup and what is made of it: byte for byte, databases in use included, damage refused."""

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from adgen_pipeline.artifacts import Store, write_json
from adgen_pipeline.backup import MANIFEST, backup, restore
from adgen_pipeline.data_format import VERSION, require_current
from adgen_pipeline.errors import DataError
from adgen_pipeline.settings import Settings


def _settings(folder: Path) -> Settings:
    return Settings.from_environment(data=folder)


def _filled(store: Store) -> None:
    """A folder with an export, an artifact, leftovers, and two databases that are open."""
    store.raw.mkdir(parents=True)
    (store.raw / "ሱቅ.json").write_text('{"name": "ሱቅ"}', encoding="utf-8")
    store.make("tokenizer", "base", ["a"], lambda folder: write_json(folder / "vocabulary.json", ["ሀ"]))
    (store.root / "parsed").mkdir()
    (store.root / "parsed" / f".7.parquet.{'0' * 32}").write_bytes(b"half a table")
    (store.root / "state" / "logs").mkdir(parents=True)
    (store.root / "state" / "logs" / "api.log").write_text("…")
    address = (store.root / "state" / "mlflow-artifacts").as_uri()
    with closing(sqlite3.connect(store.root / "state" / "mlflow.db")) as database:
        database.execute("CREATE TABLE experiments (name TEXT, artifact_location TEXT)")
        database.execute("INSERT INTO experiments VALUES ('adgen_pipeline', ?)", (address,))
        database.commit()


def _contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock" and path.suffix != ".db"
    }


def test_a_restored_folder_is_the_same_but_for_leftovers_and_logs(store: Store, tmp_path: Path) -> None:
    _filled(store)
    file = tmp_path / "backup.tar"
    with closing(sqlite3.connect(store.root / "state" / "mlflow.db")) as live:
        live.execute("PRAGMA journal_mode=WAL")
        live.execute("INSERT INTO experiments VALUES ('second', 'elsewhere')")
        live.commit()  # stands in the log beside the database, not in its file
        made = backup(_settings(store.root), file, report=print)
    assert made.dumps == made.left_out == ()

    there = tmp_path / "restored"
    again = restore(_settings(there), file, report=print)
    assert (again.files, again.bytes_count > 0) == (made.files, True)
    expected = _contents(store.root)
    passing = {name for name in expected if "/.7.parquet." in name or name.startswith("state/logs/")}
    assert passing
    assert _contents(there) == {name: data for name, data in expected.items() if name not in passing}
    assert Store(there).artifact("tokenizer", "base").verify().version
    with closing(sqlite3.connect(there / "state" / "mlflow.db")) as database:
        rows = dict(database.execute("SELECT name, artifact_location FROM experiments"))
    assert rows == {"adgen_pipeline": (there / "state" / "mlflow-artifacts").as_uri(), "second": "elsewhere"}


def test_stored_ads_are_saved_with_what_stands_in_the_log_beside_them(store: Store, tmp_path: Path) -> None:
    path = store.root / "ads" / "archive.sqlite"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as live:
        live.execute("PRAGMA journal_mode=WAL")
        live.execute("CREATE TABLE ads (text TEXT)")
        live.execute("INSERT INTO ads VALUES ('ማስታወቂያ')")
        live.commit()
        backup(_settings(store.root), tmp_path / "backup.tar", report=print)
    restore(_settings(tmp_path / "restored"), tmp_path / "backup.tar", report=print)
    folder = tmp_path / "restored" / "ads"
    assert [file.name for file in folder.iterdir()] == ["archive.sqlite"]
    with closing(sqlite3.connect(folder / "archive.sqlite")) as database:
        assert database.execute("SELECT text FROM ads").fetchall() == [("ማስታወቂያ",)]


def test_a_backup_goes_nowhere_into_the_folder_that_it_holds(store: Store) -> None:
    _filled(store)
    with pytest.raises(DataError, match="outside"):
        backup(_settings(store.root), store.root / "backup.tar", report=print)


def test_a_folder_that_holds_something_is_not_restored_into(store: Store, tmp_path: Path) -> None:
    _filled(store)
    file = tmp_path / "backup.tar"
    backup(_settings(store.root), file, report=print)
    before = _contents(store.root)
    with pytest.raises(DataError, match="not empty"):
        restore(_settings(store.root), file, report=print)
    assert _contents(store.root) == before


@pytest.mark.parametrize("damage", ["cut", "bit", "no manifest", "no tar", "climbs"])
def test_a_damaged_backup_restores_nothing(store: Store, tmp_path: Path, damage: str) -> None:
    _filled(store)
    file = tmp_path / "backup.tar"
    backup(_settings(store.root), file, report=print)
    data = bytearray(file.read_bytes())
    if damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "bit":
        place = data.index(b'{"name"')
        data[place] ^= 1
        file.write_bytes(data)
    elif damage == "no manifest":
        with tarfile.open(file) as whole, tarfile.open(tmp_path / "less.tar", "w") as less:
            for member in whole:
                if member.name != MANIFEST:
                    less.addfile(member, whole.extractfile(member))
        file = tmp_path / "less.tar"
    elif damage == "no tar":
        file.write_text("not a backup")
    else:
        with tarfile.open(file, "w") as archive:
            archive.add(__file__, "data/../../elsewhere.py")
    there = tmp_path / "restored"
    with pytest.raises(DataError, match=r"backup|Do not use"):
        restore(_settings(there), file, report=print)
    assert [path.name for path in there.iterdir()] == [".lock"]
    assert not (tmp_path / "elsewhere.py").exists()


def test_a_folder_is_brought_to_the_current_format_step_by_step(tmp_path: Path) -> None:
    done: list[int] = []
    steps = {number: lambda root, number=number: done.append(number) for number in (1, 2, 3)}
    write_json(tmp_path / "models" / "a" / "b.json", {"path": "models/a/b/1"})
    lines: list[str] = []
    require_current(tmp_path, report=lines.append, version=3, steps=steps)
    assert done == [1, 2, 3]
    assert [line.split(": ")[1] for line in lines] == [
        "data format 0 becomes 1", "data format 1 becomes 2", "data format 2 becomes 3",
    ]  # fmt: skip
    require_current(tmp_path, report=lines.append, version=3, steps=steps)
    assert done == [1, 2, 3]


def test_a_folder_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "format.json", {"version": VERSION + 1})
    with pytest.raises(DataError, match="Install the release"):
        require_current(tmp_path, report=print)


def test_a_new_folder_is_stamped_without_a_word(tmp_path: Path) -> None:
    lines: list[str] = []
    require_current(tmp_path, report=lines.append)
    assert lines == []
    assert (tmp_path / "format.json").is_file()
