"""Exports that are dropped into an object store, here a folder, and what of raw/ they may touch."""

import os
from pathlib import Path

import pytest

from adgen_pipeline.app import cli
from adgen_pipeline.artifacts import Store
from adgen_pipeline.incoming import Brought, fetch, waiting
from adgen_pipeline.object_store import ObjectStore
from adgen_pipeline.settings import Settings


@pytest.fixture
def dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """raw/ of a folder as an object store."""
    monkeypatch.setenv("ADGEN_OBJECT_STORE", f"file://{tmp_path / 'bucket'}")
    (tmp_path / "bucket" / "raw").mkdir(parents=True)
    return tmp_path / "bucket" / "raw"


def _fetch(store: Store) -> Brought:
    return fetch(store.root, ObjectStore.of(Settings.from_environment()), report=lambda _: None)


def _drop(path: Path, text: str, second: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1_700_000_000 + second, 1_700_000_000 + second))


def test_new_and_changed_exports_come_once(store: Store, dropped: Path) -> None:
    assert _fetch(store) == Brought((), ())
    _drop(dropped / "ሱቅ 😀" / "result.json", "one")
    _drop(dropped / "b.zip", "two")
    assert _fetch(store).files == ("b.zip", "ሱቅ 😀/result.json")
    assert (store.raw / "ሱቅ 😀" / "result.json").read_text() == "one"
    assert _fetch(store) == Brought((), ())
    _drop(dropped / "b.zip", "owt", second=1)  # as long as before
    assert _fetch(store).files == ("b.zip",)
    assert (store.raw / "b.zip").read_text() == "owt"
    assert sorted(path.name for path in store.raw.rglob("*") if path.is_file()) == ["b.zip", "result.json"]
    assert sorted(path.name for path in dropped.rglob("*") if path.is_file()) == ["b.zip", "result.json"]


def test_what_people_did_in_raw_stays(store: Store, dropped: Path) -> None:
    _drop(store.raw / "a.json", "of this machine")
    _drop(dropped / "a.json", "of the store")
    _drop(dropped / "b.json", "one")
    (left,) = _fetch(store).left
    assert "says something else" in left
    assert (store.raw / "a.json").read_text() == "of this machine"
    assert _fetch(store) == Brought((), ()), "it is said once for each state of the object"
    _drop(store.raw / "b.json", "edited")
    _drop(dropped / "b.json", "two", second=1)
    assert len(_fetch(store).left) == 1
    assert (store.raw / "b.json").read_text() == "edited"
    (store.raw / "b.json").unlink()
    assert _fetch(store) == Brought((), ()), "what was deleted here does not come back by itself"
    _drop(dropped / "b.json", "three", second=2)
    assert _fetch(store).files == ("b.json",)


def test_an_export_that_both_have_already_is_left_alone(store: Store, dropped: Path) -> None:
    _drop(store.raw / "a.json", "same", second=7)
    before = (store.raw / "a.json").stat()
    _drop(dropped / "a.json", "same")
    assert _fetch(store).left == ()
    after = (store.raw / "a.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("name", [".hidden.json", "a\nb.json", f".x.json.{'0' * 32}"])
def test_a_name_that_no_export_has_is_left_and_said(store: Store, dropped: Path, name: str) -> None:
    _drop(dropped / name, "x")
    assert len(_fetch(store).left) == 1
    assert list(store.raw.glob("*")) == [] if store.raw.exists() else True
    assert waiting(store.root, ObjectStore.of(Settings.from_environment())) == {}


def test_a_folder_is_not_replaced_by_a_file(store: Store, dropped: Path) -> None:
    _drop(store.raw / "a.json" / "x.json", "folder")
    _drop(store.raw / "b", "file")
    _drop(dropped / "a.json", "x")
    _drop(dropped / "b" / "c.json", "x")
    assert len(_fetch(store).left) == 2
    assert (store.raw / "a.json" / "x.json").read_text() == "folder"
    assert (store.raw / "b").read_text() == "file"


def test_the_command_names_what_came(store: Store, dropped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _drop(dropped / "a.json", "x")
    assert cli.run(["store", "status"]) == 0
    assert "for `adgen store fetch`: a.json" in capsys.readouterr().out
    assert cli.run(["store", "fetch"]) == 0
    shown = capsys.readouterr()
    assert "1 exports have come" in shown.out
    assert "raw/a.json has come" in shown.err
