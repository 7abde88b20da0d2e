"""A data folder and its copy in an object store, here a folder: what moves, what stays, what is refused."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from adgen_pipeline import inventory, mirror
from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import ObjectStoreError, ResourceError
from adgen_pipeline.mirror import MANIFEST, Moved, difference, pull, push
from adgen_pipeline.object_store import OBJECTS, ObjectStore
from adgen_pipeline.placing import staging_of
from adgen_pipeline.settings import PROJECT_ROOT, Settings
from adgen_pipeline_tests.folders import filled, make_artifact, make_index


@pytest.fixture
def here(store: Store) -> Store:
    return filled(store)


@pytest.fixture
def remote(bucket: Path) -> ObjectStore:
    return ObjectStore.of(Settings.from_environment())


def _files(root: Path) -> dict[str, bytes]:
    return {
        name: path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not (name := path.relative_to(root).as_posix()).startswith((".", "state/"))
    }


def _push(store: Store, remote: ObjectStore, **options: bool) -> Moved:
    return push(store.root, remote, report=lambda _: None, **options)


def _pull(root: Path, remote: ObjectStore, *, replace: bool = False) -> Moved:
    return pull(root, remote, report=lambda _: None, replace=replace)


def test_a_new_machine_gets_every_file_byte_for_byte(
    here: Store, remote: ObjectStore, tmp_path: Path
) -> None:
    pushed = _push(here, remote)
    assert pushed.files > 5
    there = Store(tmp_path / "there")
    assert (
        _pull(there.root, remote).files == len(_files(here.root)) - 1
    )  # format.json is no file of the store
    assert _files(there.root) == _files(here.root)
    assert there.artifact("training", "model").verify()
    assert not (there.root / "state" / "api-keys.json").exists(), "what opens the API stays where it is"
    assert not staging_of(there.root).exists()
    for again in (_push(here, remote), _push(there, remote)):
        assert (again.files, again.removed) == (0, 0)
    assert _pull(there.root, remote) == Moved(0, 0, 0)


def test_the_same_folder_gives_the_same_manifest_and_no_content_twice(
    here: Store, remote: ObjectStore, bucket: Path
) -> None:
    shutil.copyfile(here.raw / "ሱቅ 😀.json", here.raw / "copy.json")
    _push(here, remote)
    first = (bucket / MANIFEST).read_bytes()
    contents = set(_files(here.root).values())
    assert sorted(path.read_bytes() for path in (bucket / OBJECTS).iterdir()) == sorted(
        contents - {(here.root / "format.json").read_bytes()}
    )
    (bucket / MANIFEST).unlink()
    assert _push(here, remote).files == 0, "content that is there is not sent again"
    assert (bucket / MANIFEST).read_bytes() == first


def test_what_the_pipeline_removed_goes_and_what_people_removed_stays_until_asked(
    here: Store, remote: ObjectStore, bucket: Path, tmp_path: Path
) -> None:
    there = Store(tmp_path / "there")
    _push(here, remote)
    _pull(there.root, remote)
    (here.root / "cleaned" / "7.parquet").unlink()
    (here.raw / "ሱቅ 😀.json").unlink()
    old = here.artifact("training", "model").path
    make_artifact(here, "training", "model", 2)
    shutil.rmtree(old)
    moved = _push(here, remote)
    assert moved.kept == ("raw/ሱቅ 😀.json",)
    contents = {path.read_bytes() for path in (bucket / OBJECTS).iterdir()}
    assert b"rows" not in contents, "an erasure reaches the store with the next push"
    assert '{"name": "ሱቅ"}'.encode() in contents
    assert _push(here, remote).kept == moved.kept
    assert _pull(there.root, remote).removed == 3  # a table, and two files of the old model
    assert not (there.root / old.relative_to(here.root)).exists()
    assert there.artifact("training", "model").verify()
    assert _push(here, remote, remove=True).removed == 1
    assert '{"name": "ሱቅ"}'.encode() not in {path.read_bytes() for path in (bucket / OBJECTS).iterdir()}
    _pull(there.root, remote)
    assert _files(there.root) == _files(here.root)


def test_an_empty_folder_takes_nothing_out_of_the_store(
    here: Store, remote: ObjectStore, bucket: Path, tmp_path: Path
) -> None:
    _push(here, remote)
    before = (bucket / MANIFEST).read_bytes()
    assert _push(Store(tmp_path / "empty"), remote) == Moved(0, 0, 0)
    assert (bucket / MANIFEST).read_bytes() == before


def test_changes_of_two_machines_meet_and_contradictions_are_refused(
    here: Store, remote: ObjectStore, tmp_path: Path
) -> None:
    there = Store(tmp_path / "there")
    _push(here, remote)
    _pull(there.root, remote)
    (here.root / "cleaned" / "7.parquet").write_text("more rows")
    make_artifact(there, "training", "model", 2)
    _push(here, remote)
    _push(there, remote)  # another file: nothing is lost
    assert (there.root / "cleaned" / "7.parquet").read_text() == "rows"
    _pull(there.root, remote)
    _pull(here.root, remote)
    assert _files(here.root) == _files(there.root)

    (here.raw / "ሱቅ 😀.json").write_text("here")
    (there.raw / "ሱቅ 😀.json").write_text("there")
    _push(here, remote)
    before = _files(there.root)
    refusal = r"raw/ሱቅ 😀\.json: changed here.*--replace"
    with pytest.raises(ObjectStoreError, match=refusal):
        _push(there, remote)
    with pytest.raises(ObjectStoreError, match=refusal):
        _pull(there.root, remote)
    assert _files(there.root) == before
    assert difference(there.root, remote)[0].both == ("raw/ሱቅ 😀.json",)
    _pull(there.root, remote, replace=True)
    assert (there.raw / "ሱቅ 😀.json").read_text() == "here"
    (there.raw / "ሱቅ 😀.json").write_text("there again")
    (here.raw / "ሱቅ 😀.json").write_text("here again")
    _push(here, remote)
    _push(there, remote, replace=True)
    _pull(here.root, remote, replace=True)
    assert (here.raw / "ሱቅ 😀.json").read_text() == "there again"


def test_what_changed_here_alone_stays_and_comes_back_only_where_asked(
    here: Store, remote: ObjectStore
) -> None:
    _push(here, remote)
    (here.root / "briefs" / "brief.md").write_text("edited")
    (here.raw / "ሱቅ 😀.json").unlink()
    assert _pull(here.root, remote) == Moved(0, 0, 0)
    assert (here.root / "briefs" / "brief.md").read_text() == "edited"
    assert _pull(here.root, remote, replace=True).files == 2
    assert (here.root / "briefs" / "brief.md").read_text() == "ጫማ"
    assert (here.raw / "ሱቅ 😀.json").exists()


def test_a_part_is_enough_and_can_be_worked_on(here: Store, remote: ObjectStore, tmp_path: Path) -> None:
    _push(here, remote)
    there = Store(tmp_path / "there")
    pull(there.root, remote, report=lambda _: None, parts=["index"])
    assert there.artifact("index", "posts").verify()
    assert not there.raw.exists()
    there.make("index", "posts", ["c"], make_index, folder=there.index)
    _push(there, remote)
    _pull(here.root, remote)
    assert here.artifact("index", "posts").version == there.artifact("index", "posts").version
    assert (here.raw / "ሱቅ 😀.json").exists(), "what was not pulled was not removed"


@pytest.mark.parametrize("damage", ["cut", "bit", "gone"])
def test_a_damaged_object_changes_nothing_and_is_mended_by_whoever_has_it(
    here: Store, remote: ObjectStore, bucket: Path, tmp_path: Path, damage: str
) -> None:
    _push(here, remote)
    victim = next(p for p in (bucket / OBJECTS).iterdir() if p.read_bytes() == b"rows of vectors")
    if damage == "gone":
        victim.unlink()
    else:
        victim.write_bytes({"cut": b"rows", "bit": b"rows of vectorS"}[damage])
    there = tmp_path / "there"
    with pytest.raises(ObjectStoreError, match=r"is damaged.*--verify|is gone"):
        _pull(there, remote)
    assert set(_files(there)) == {"format.json"}
    _push(here, remote, verify=True)
    _pull(there, remote)
    assert _files(there) == _files(here.root)


def test_a_pull_goes_on_where_it_was(here: Store, remote: ObjectStore, bucket: Path, tmp_path: Path) -> None:
    _push(here, remote)
    victim = next(p for p in (bucket / OBJECTS).iterdir() if p.read_bytes() == b"rows of vectors")
    content = victim.read_bytes()
    victim.write_bytes(b"x" * len(content))
    with pytest.raises(ObjectStoreError):
        _pull(tmp_path / "there", remote)
    came = {path.name for path in staging_of(tmp_path / "there").iterdir() if not path.name.startswith(".")}
    assert came
    for name in came:
        (bucket / OBJECTS / name).unlink()  # it would fail if it were asked for again
    victim.write_bytes(content)
    _pull(tmp_path / "there", remote)
    assert _files(tmp_path / "there") == _files(here.root)


def test_a_file_that_changes_while_it_is_pushed_is_pushed_as_it_is_then(
    here: Store, remote: ObjectStore, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = here.root / "cleaned" / "7.parquet"
    taken = inventory.take
    changes = iter(["other", "again"])

    def take_and_replace(root: Path, memory: inventory.Memory, *, work: Path) -> inventory.Inventory:
        found = taken(root, memory, work=work)
        if text := next(changes, None):
            table.write_text(text)
        return found

    monkeypatch.setattr(mirror, "take", take_and_replace)
    _push(here, remote)
    named = json.loads((bucket / MANIFEST).read_text())["files"]["cleaned/7.parquet"]
    assert (bucket / OBJECTS / named[1]).read_text() == "again"


def test_a_push_is_overtaken_by_another_and_begins_again(
    here: Store, remote: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _push(here, remote)
    there = Store(tmp_path / "there")
    _pull(there.root, remote)
    (here.root / "briefs" / "brief.md").write_text("from here")
    (there.root / "briefs" / "second.md").write_text("from there")
    listed = ObjectStore.listed
    others: list[Callable[[], object]] = [lambda: _push(there, remote)]

    def list_and_let_push(store: ObjectStore, folder: str) -> object:
        found = listed(store, folder)
        if others:
            others.pop()()
        return found

    monkeypatch.setattr(ObjectStore, "listed", list_and_let_push)
    _push(here, remote)
    _pull(there.root, remote)
    assert (there.root / "briefs" / "brief.md").read_text() == "from here"
    assert (there.root / "briefs" / "second.md").read_text() == "from there"


def test_a_killed_push_leaves_the_former_state_whole(
    here: Store, remote: ObjectStore, tmp_path: Path
) -> None:
    _push(here, remote)
    before = _files(here.root)
    for number in range(12):
        (here.raw / f"{number}.json").write_text(f"export {number}")
    program = (
        "import os, signal, sys\n"
        "from adgen_pipeline import mirror, object_store as o\n"
        "from adgen_pipeline.settings import Settings\n"
        "whole, count = o.ObjectStore.upload, []\n"
        "def upload(self, *a, **k):\n"
        "    count.append(1)\n"
        "    if len(count) > 4: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    whole(self, *a, **k)\n"
        "o.ObjectStore.upload = upload\n"
        "s = Settings.from_environment()\n"
        "mirror.push(s.data, o.ObjectStore.of(s), report=print)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT_ROOT, env=dict(os.environ), check=False
    )
    assert done.returncode == -signal.SIGKILL
    _pull(tmp_path / "there", remote)
    assert _files(tmp_path / "there") == before
    assert _push(here, remote).files <= 12
    _pull(tmp_path / "there", remote)
    assert _files(tmp_path / "there") == _files(here.root)


def test_kept_ads_come_into_a_database_that_a_server_has_open(
    here: Store, remote: ObjectStore, tmp_path: Path
) -> None:
    def write(store: Store, text: str) -> None:
        path = store.root / "ads" / "archive.sqlite"
        path.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE IF NOT EXISTS ads (text TEXT)")
            database.execute("INSERT INTO ads VALUES (?)", (text,))
            database.commit()

    there = Store(tmp_path / "there")
    write(here, "one")
    _push(here, remote)
    _pull(there.root, remote)
    with closing(sqlite3.connect(there.root / "ads" / "archive.sqlite")) as server:
        write(here, "two")
        _push(here, remote)
        _pull(there.root, remote)
        assert server.execute("SELECT text FROM ads").fetchall() == [("one",), ("two",)]
        assert difference(there.root, remote)[0].here == ()
    assert _push(there, remote).files == 0


@pytest.mark.parametrize("name", ["../outside.json", "state/mlflow.db", "raw/../../x", "/etc/x", "raw/.lock"])
def test_a_manifest_that_leads_elsewhere_is_refused(
    here: Store, remote: ObjectStore, bucket: Path, tmp_path: Path, name: str
) -> None:
    _push(here, remote)
    manifest = json.loads((bucket / MANIFEST).read_text())
    manifest["files"][name] = manifest["files"]["briefs/brief.md"]
    (bucket / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ObjectStoreError, match="no place in a data folder"):
        _pull(tmp_path / "there" / "data", remote)
    assert not (tmp_path / "there" / "outside.json").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is damaged"),
        ('{"data_format": 99, "files": {}}', "Install the release"),
        (None, "holds no data folder"),
    ],
)
def test_a_store_that_cannot_be_read_is_said_in_one_sentence(
    remote: ObjectStore, bucket: Path, tmp_path: Path, text: str | None, words: str
) -> None:
    if text is not None:
        (bucket / MANIFEST).write_text(text)
    with pytest.raises(ObjectStoreError, match=words):
        _pull(tmp_path / "there", remote)


def test_a_disk_that_is_too_small_is_said_before_anything_comes(
    here: Store, remote: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _push(here, remote)
    monkeypatch.setattr("adgen_pipeline.placing.SPARE_BYTES", 1 << 60)
    with pytest.raises(ResourceError, match="Make room"):
        _pull(tmp_path / "there", remote)


def test_content_that_nothing_names_goes_once_nobody_can_be_uploading_it(
    here: Store, remote: ObjectStore, bucket: Path
) -> None:
    _push(here, remote)
    named = set((bucket / OBJECTS).iterdir())
    for name, days in (("young", 0.5), ("old", 2.0)):
        (bucket / OBJECTS / name).write_text(name)
        moment = time.time() - days * 86_400
        os.utime(bucket / OBJECTS / name, (moment, moment))
    _push(here, remote)
    assert set((bucket / OBJECTS).iterdir()) == named | {bucket / OBJECTS / "young"}
