"""Which names an object store may bring, which files stand together, and how two states differ."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adgen_pipeline.artifacts import Store, write_json
from adgen_pipeline.inventory import (
    PARTS,
    Content,
    Difference,
    Memory,
    is_plain,
    is_pointer,
    of_parts,
    part_of,
    take,
    unit_of,
    units,
)

PLAIN = st.text(
    st.characters(exclude_characters="/", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40
)
FOLDERS = [folder for folders in PARTS.values() for folder in folders]


@given(st.lists(PLAIN.filter(lambda part: not part.startswith(".")), min_size=1, max_size=5))
@example(["ሱቅ 😀 +&%.json"])
@example(["ሀ\u0300", "a b", "~", "-rf"])
def test_a_visible_path_keeps_its_name_there_and_back(parts: list[str]) -> None:
    name = "/".join(parts)
    assert is_plain(name)
    assert (Path("/data") / name).relative_to("/data").as_posix() == name


@given(st.text(max_size=60))
@example("../raw/x.json")
@example("a/../../x")
@example("/etc/passwd")
@example("a//b")
@example("a/.lock")
@example("")
@example(".")
@example("a\0b")
@example("ሀ" * 100)
def test_a_plain_name_never_leaves_its_folder(name: str) -> None:
    if is_plain(name):
        resolved = Path(os.path.normpath(Path("/data/raw") / name))
        assert resolved.is_relative_to("/data/raw")
        assert resolved != Path("/data/raw")
        assert PurePosixPath(name).as_posix() == name
        assert not any(part.startswith(".") for part in resolved.parts[3:])
        os.fsencode(name)
        assert all(len(part.encode()) <= 255 for part in name.split("/"))


@pytest.mark.parametrize(
    "name", ["../x", "a/../x", "/x", "a//x", "a/", "", ".x", "a/.x/y", "a\nb", "ሀ" * 100, "\udc80"]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    assert not is_plain(name)
    assert part_of(f"raw/{name}") is None


@pytest.mark.parametrize(
    "name", ["state/mlflow.db", "format.json", "raw", "x.json", "state/../raw/x", "hub/x/y"]
)
def test_nothing_but_parts_of_a_data_folder_has_a_part(name: str) -> None:
    assert part_of(name) is None


def test_pointers_go_with_the_part_that_they_point_into() -> None:
    assert part_of("models/index/posts.json") == part_of("index/abc/x.lance") == "index"
    assert part_of("models/evaluation/report.json") == part_of("reports/abc/report.html") == "reports"
    assert part_of("models/training/model.json") == part_of("models/training/model/abc/x") == "models"
    assert part_of("models/champion.json") == "models"


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("raw/deep/down/here/now/x.json", None),
        ("models/training/model/abc/config.json", "models/training/model/abc"),
        ("models/training/model/abc/deep/x", "models/training/model/abc"),
        ("models/training/model/abc.sources.parquet", None),
        ("models/training/model.json", None),
        ("models/champion/0001.json", None),
        ("index/abc/posts.lance/data/x.lance", "index/abc"),
        ("reports/abc/report.html", "reports/abc"),
        ("final/corpus/ads.parquet", None),
    ],
)
def test_a_version_stands_as_a_whole_and_all_else_alone(name: str, unit: str | None) -> None:
    assert unit_of(name) == (unit or name)


def test_pointers_are_what_names_versions() -> None:
    pointers = ["models/training/model.json", "models/champion.json", "models/champion/0001.json"]
    assert all(map(is_pointer, pointers))
    assert not is_pointer("models/training/model/abc/config.json")
    assert not is_pointer("raw/x.json")


def test_only_finished_files_of_parts_are_taken(store: Store, tmp_path: Path) -> None:
    store.make("training", "model", ["a"], lambda folder: write_json(folder / "x.json", 1))
    wanted = {"raw/ሱቅ/a.json", "forgotten.jsonl", "cleaned/7.parquet"}
    others = {
        "raw/.DS_Store", "jobs/training-model-1/job.json", "state/mlflow.db", "format.json",
        f"cleaned/.7.parquet.{'0' * 32}", "models/training/model/.work-1-2/x", "elsewhere/x",
    }  # fmt: skip
    for name in wanted | others:
        (store.root / name).parent.mkdir(parents=True, exist_ok=True)
        (store.root / name).write_text(name)
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "far.json").write_text("far")
    (store.raw / "linked").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "round").symlink_to(tmp_path / "disk")
    memory = Memory("file:///x")
    (tmp_path / "work").mkdir()
    files = take(store.root, memory, work=tmp_path / "work").files
    version = store.artifact("training", "model").version
    made = {f"models/training/model/{version}/{name}" for name in ("info.json", "x.json")}
    assert set(files) == wanted | made | {"models/training/model.json", "raw/linked/far.json"}
    pointer = "models/training/model.json"
    assert of_parts(files, ["models"]).keys() == made | {pointer, "forgotten.jsonl"}


def test_what_did_not_change_is_not_read_again(store: Store, tmp_path: Path) -> None:
    store.raw.mkdir(parents=True)
    file = store.raw / "a.json"
    file.write_text("one")
    memory = Memory("file:///x")
    (tmp_path / "work").mkdir()
    first = take(store.root, memory, work=tmp_path / "work").files["raw/a.json"]
    memory.write(store.root)
    known = Memory.read(store.root, "file:///x")
    seen = known.seen["raw/a.json"]
    known.seen["raw/a.json"] = type(seen)(seen.size, seen.changed_ns, seen.inode, "f" * 64)
    assert take(store.root, known, work=tmp_path / "work").files["raw/a.json"].sha256 == "f" * 64
    file.write_text("two")
    second = take(store.root, known, work=tmp_path / "work").files["raw/a.json"]
    assert second.sha256 not in {first.sha256, "f" * 64}


def test_a_database_in_use_is_copied_with_what_stands_in_its_log(store: Store, tmp_path: Path) -> None:
    path = store.root / "ads" / "archive.sqlite"
    path.parent.mkdir(parents=True)
    (tmp_path / "work").mkdir()
    with closing(sqlite3.connect(path)) as live:
        live.execute("PRAGMA journal_mode=WAL")
        live.execute("CREATE TABLE ads (text TEXT)")
        live.execute("INSERT INTO ads VALUES ('ማስታወቂያ')")
        live.commit()
        found = take(store.root, Memory("file:///x"), work=tmp_path / "work")
    assert set(found.files) == {"ads/archive.sqlite"}
    with closing(sqlite3.connect(found.copies["ads/archive.sqlite"])) as copy:
        assert copy.execute("SELECT text FROM ads").fetchall() == [("ማስታወቂያ",)]


def test_of_another_store_nothing_is_known(store: Store) -> None:
    Memory("file:///x", {"raw/a": Content(1, "a")}).write(store.root)
    assert Memory.read(store.root, "file:///x").base == {"raw/a": Content(1, "a")}
    assert Memory.read(store.root, "file:///y").base == {}


STATES = st.dictionaries(
    st.sampled_from(["raw/a", "raw/b", "index/1/x", "index/1/y", "models/t/m.json"]),
    st.sampled_from([Content(1, "a"), Content(1, "b")]),
)


@given(ours=STATES, theirs=STATES, base=STATES)
def test_each_unit_that_differs_is_told_to_be_of_one_side_or_of_both(
    ours: dict[str, Content], theirs: dict[str, Content], base: dict[str, Content]
) -> None:
    found = Difference.between(ours, theirs, base=base)
    mine, others, before = units(ours), units(theirs), units(base)
    differing = {unit for unit in {*mine, *others} if mine.get(unit) != others.get(unit)}
    assert sorted([*found.here, *found.there, *found.both]) == sorted(differing)
    assert all(others.get(unit) == before.get(unit) for unit in found.here)
    assert all(mine.get(unit) == before.get(unit) for unit in found.there)
    assert not any(before.get(unit) in (mine.get(unit), others.get(unit)) for unit in found.both)
