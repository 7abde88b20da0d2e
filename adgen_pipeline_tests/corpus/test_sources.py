import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub.constants
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.corpus import sources
from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import FurtherCorpus

FIRST, SECOND = "አዲስ አበባ ዛሬ ዝናብ ነበረ", "ገበያው\nነገ ይከፈታል"


def corpus(**values: Any) -> FurtherCorpus:
    return FurtherCorpus(name="news", licence="CC-BY-4.0", **values)


def read(folder: Path, **values: Any) -> list[tuple[str, int, str | None]]:
    return list(sources.read(corpus(**values), folder).select("origin", "row", "raw").iter_rows())


def lines(*values: object) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def test_lines_and_paragraphs_of_plain_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"{FIRST}\n\nሁለት\r\n", encoding="utf-8")
    assert read(tmp_path, path="a.txt") == [("a.txt", 1, FIRST), ("a.txt", 2, ""), ("a.txt", 3, "ሁለት")]
    (tmp_path / "b.txt").write_text(f"\n{SECOND}\n\n \n{FIRST}", encoding="utf-8")
    found = read(tmp_path, path="b.txt", format="paragraphs")
    assert found == [("b.txt", 1, SECOND), ("b.txt", 2, FIRST)]


def test_json_lines_hold_texts_or_telegrams_lists_of_entities(tmp_path: Path) -> None:
    entities = ["ዋጋ ", {"type": "bold", "text": "900"}, " ብር"]
    text = (
        lines({"body": FIRST}, {"body": entities}, {"other": 1}, ["x"]) + "{broken\n" + lines({"body": None})
    )
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    raw = [raw for _, _, raw in read(tmp_path, path="a.jsonl", text_column="body")]
    assert raw == [FIRST, "ዋጋ 900 ብር", None, None, None, None]


def test_a_list_of_json_objects_and_a_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"text": FIRST}, {"text": SECOND}]), encoding="utf-8")
    pl.DataFrame({"text": [FIRST, None], "n": [1, 2]}).write_parquet(tmp_path / "b.parquet")
    assert read(tmp_path, path="a.json") == [("a.json", 1, FIRST), ("a.json", 2, SECOND)]
    assert read(tmp_path, path="b.parquet") == [("b.parquet", 1, FIRST), ("b.parquet", 2, None)]


def test_bytes_that_are_no_text_cost_their_row_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(FIRST.encode() + b"\n\xff\xfe\n" + FIRST.encode())
    assert [raw for _, _, raw in read(tmp_path, path="a.txt")] == [FIRST, None, FIRST]
    (tmp_path / "b.jsonl").write_text('{"text": "\\ud800"}\n' + lines({"text": FIRST}), encoding="utf-8")
    assert [raw for _, _, raw in read(tmp_path, path="b.jsonl")] == [None, FIRST]


def test_a_folder_is_read_in_the_order_of_its_names_up_to_the_most_rows(tmp_path: Path) -> None:
    (tmp_path / "n" / "deep").mkdir(parents=True)
    (tmp_path / "n" / "b.txt").write_text("1\n2\n3\n", encoding="utf-8")
    (tmp_path / "n" / "deep" / "a.jsonl").write_text(lines({"text": "4"}, {"text": "5"}), encoding="utf-8")
    found = read(tmp_path, path="n", maximum_rows=4)
    assert found == [
        ("n/b.txt", 1, "1"),
        ("n/b.txt", 2, "2"),
        ("n/b.txt", 3, "3"),
        ("n/deep/a.jsonl", 1, "4"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "values", "words"),
    [
        ("a.txt", b"", {"path": "b.txt"}, "no such file or folder"),
        ("a.csv", b"x", {"path": "a.csv"}, "Set `format`"),
        ("a.jsonl", b'{"body": "x"}\n', {"path": "a.jsonl"}, "no row has a text in 'text'"),
        ("a.json", b"[", {"path": "a.json"}, "not JSON"),
        ("a.json", b'{"text": "x"}', {"path": "a.json"}, "no list of objects"),
        ("a.parquet", b"PAR1", {"path": "a.parquet"}, "no sound Parquet file"),
    ],
    ids=["missing", "unknown ending", "no column", "broken json", "no list", "broken parquet"],
)
def test_what_cannot_be_read_at_all_is_an_error_that_says_what_to_do(
    tmp_path: Path, name: str, content: bytes, values: dict[str, str], words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words):
        read(tmp_path, **values)


def test_a_parquet_file_without_the_column_names_those_it_has(tmp_path: Path) -> None:
    pl.DataFrame({"body": [FIRST], "text": [1]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="found: body, text"):
        read(tmp_path, path="a.parquet")


@pytest.mark.parametrize("named", ["out.txt", "folder", "folder/out.txt"])
def test_links_that_lead_out_of_the_folder_are_refused(tmp_path: Path, named: str) -> None:
    corpora, outside = tmp_path / "corpora", tmp_path / "outside"
    (corpora / "folder").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.txt").write_text("x", encoding="utf-8")
    for link in (corpora / "out.txt", corpora / "folder" / "out.txt"):
        link.symlink_to(outside / "secret.txt")
    with pytest.raises(DataError, match="leads out of corpora"):
        read(corpora, path=named)


def test_the_folder_itself_may_be_a_link_to_another_disk(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "a.txt").write_text(FIRST, encoding="utf-8")
    (tmp_path / "corpora").symlink_to(tmp_path / "disk")
    assert read(tmp_path / "corpora", path="a.txt") == [("a.txt", 1, FIRST)]


def test_rows_of_a_dataset_are_read_up_to_the_most() -> None:
    rows = datasets.Dataset.from_dict({"body": [FIRST, None, SECOND]}).to_iterable_dataset()
    named = corpus(dataset="owner/name", text_column="body", maximum_rows=2, revision="abc")
    found = sources.of_dataset(rows, named)
    assert list(found.iter_rows()) == [("owner/name@abc", 1, FIRST), ("owner/name@abc", 2, None)]
    with pytest.raises(DataError, match="found: body"):
        sources.of_dataset(rows, corpus(dataset="owner/name"))


def test_a_dataset_that_breaks_off_is_an_error_with_its_name() -> None:
    def breaking() -> Iterator[Mapping[str, object]]:
        yield {"text": FIRST}
        raise ConnectionError("connection lost")

    with pytest.raises(DataError, match=r"owner/name .*connection lost.*into corpora/"):
        sources.of_dataset(breaking(), corpus(dataset="owner/name"))


def test_a_dataset_that_cannot_be_reached_is_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        DataError, match=r"dataset owner/name .*cannot be read.*Check the names and the network"
    ):
        sources.read(corpus(dataset="owner/name"), tmp_path)


def test_a_folder_here_is_never_taken_for_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="is a folder or file here"):
        sources.read(corpus(dataset="owner/name"), tmp_path)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["text", "paragraphs", "jsonl", "json", "parquet"]))
def test_any_bytes_give_rows_or_a_named_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "a").write_bytes(content)
    try:
        numbers = [row for _, row, _ in read(folder, path="a", format=kind)]
    except DataError as error:
        numbers, problem = [], str(error)
    else:
        problem = "corpora/a"
    assert "corpora/a" in problem
    assert numbers == list(range(1, len(numbers) + 1))
