from pathlib import Path

import pytest

from adgen_pipeline.artifacts import Store, file_digest, folder_digest, replacing
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.schemas import DROPS, MESSAGES

ROW = {"channel_id": 1, "message_id": 2, "reason": "empty", "kept_channel_id": None, "kept_message_id": None}


def write_a(folder: Path) -> dict[str, object]:
    (folder / "a.txt").write_text("a", encoding="utf-8")
    return {"letters": 1}


def test_the_same_rows_in_another_order_give_the_same_bytes(store: Store) -> None:
    rows = [ROW, {**ROW, "message_id": 3}]
    first = file_digest(store.write_table(DROPS, DROPS.frame(rows)))
    assert file_digest(store.write_table(DROPS, DROPS.frame(rows[::-1]))) == first


def test_a_partitioned_table_stands_in_its_folder_and_reads_as_one(store: Store) -> None:
    store.write_table(MESSAGES, MESSAGES.empty(), "5")
    assert store.table_path(MESSAGES, "5") == store.root / "parsed" / "5.parquet"
    assert store.scan_partitions(MESSAGES).collect().height == 0


def test_a_table_that_was_not_made_says_what_to_run(store: Store) -> None:
    with pytest.raises(ArtifactError, match="adgen run --select corpus/drops"):
        store.read_table(DROPS)


def test_an_artifact_is_built_once_for_the_same_inputs(store: Store) -> None:
    calls = []

    def build(folder: Path) -> dict[str, object]:
        calls.append(folder)
        return write_a(folder)

    first, facts = store.make("training", "base", ["x"], build)
    again, _ = store.make("training", "base", ["x"], build)
    assert first == again == store.artifact("training", "base").verify()
    assert facts == {"letters": 1}
    assert len(calls) == 1
    other, _ = store.make("training", "base", ["y"], build)
    assert other.version != first.version
    assert first.verify()  # older versions stay, so that a pointer can be rolled back


def test_a_failed_build_leaves_nothing_behind(store: Store) -> None:
    def build(folder: Path) -> dict[str, object]:
        write_a(folder)
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        store.make("training", "base", ["x"], build)
    assert not [p for p in store.root.rglob("*") if p.is_file()]


def test_a_changed_artifact_is_refused(store: Store) -> None:
    artifact, _ = store.make("training", "base", ["x"], write_a)
    (artifact.path / "a.txt").write_text("b", encoding="utf-8")
    with pytest.raises(ArtifactError, match="Materialise training/base again"):
        store.artifact("training", "base").verify()


def test_formats_that_run_code_when_loaded_are_not_published(store: Store) -> None:
    folder = store.version_path("training", "base", "1")
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_bytes(b"x")
    with pytest.raises(ArtifactError, match="safetensors"):
        store.publish("training", "base", folder)


def test_a_pointer_survives_moving_the_data_folder(store: Store, tmp_path: Path) -> None:
    store.make("training", "base", ["x"], write_a)
    moved = store.root.rename(tmp_path / "elsewhere")
    assert Store(moved).artifact("training", "base").verify().path.is_relative_to(moved.resolve())


def test_an_interrupted_replacement_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text("old", encoding="utf-8")

    def interrupted() -> None:
        with replacing(path) as temporary:
            temporary.write_text("new", encoding="utf-8")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_digest_sees_names_and_bytes_but_not_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1", encoding="utf-8")
    first = folder_digest(tmp_path)
    (tmp_path / ".hidden").write_text("x", encoding="utf-8")
    assert folder_digest(tmp_path) == first
    (tmp_path / "a").rename(tmp_path / "b")
    assert folder_digest(tmp_path) != first
