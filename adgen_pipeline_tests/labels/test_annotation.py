"""Answers below annotations/ as a table; files taken in; what is left to decide."""

import csv
from pathlib import Path

import polars as pl
import pytest

from adgen_pipeline.errors import DataError
from adgen_pipeline.label_schemas import ANNOTATIONS
from adgen_pipeline.labels.agreement import adjudication
from adgen_pipeline.labels.annotation import read_annotations, take_in, write_adjudication

POSTS = pl.DataFrame({"channel_id": [1, 1, 1], "message_id": [5, 6, 7], "post": ["=ሀ 500 ብር", "ለ", "ሐ"]})


def sheet(folder: Path, name: str, *rows: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\n".join(["channel_id,message_id,annotator,labels", *rows]), encoding="utf-8")
    return path


def test_answers_of_all_files_are_one_table_and_repeats_count_once(tmp_path: Path) -> None:
    sheet(tmp_path, "a.csv", "1,5,sara,Telecom", "1,6,sara,not ad")
    sheet(tmp_path / "more", "b.csv", "1,5,sara,telecom;ad", "1,5,abel,media")
    table, problems = read_annotations(tmp_path, POSTS)
    assert problems == []
    assert ANNOTATIONS.violations(table) == []
    assert table.select("message_id", "annotator", "labels", "source").rows() == [
        (5, "abel", ["ad", "media"], "more/b.csv"),
        (5, "sara", ["ad", "telecom"], "a.csv"),
        (6, "sara", ["not_ad"], "a.csv"),
    ]


def test_nobody_annotated_is_an_empty_table(tmp_path: Path) -> None:
    table, problems = read_annotations(tmp_path / "nowhere", POSTS)
    assert (table.height, problems) == (0, [])
    assert ANNOTATIONS.violations(table) == []


def test_a_second_answer_of_a_person_is_reported_and_overwrites_nothing(tmp_path: Path) -> None:
    sheet(tmp_path, "a.csv", "1,5,sara,telecom")
    sheet(tmp_path, "b.csv", "1,5,sara,media")
    table, problems = read_annotations(tmp_path, POSTS)
    assert table["labels"].to_list() == [["ad", "telecom"]]
    assert problems == [
        "b.csv: message 1/5 is answered otherwise in a.csv by the same annotator; that answer stays. "
        "Remove one of them."
    ]


def test_answers_about_no_post_are_counted_and_a_bad_file_stops_no_other(tmp_path: Path) -> None:
    sheet(tmp_path, "a.csv", "1,99,sara,media", "1,98,sara,media", "1,5,sara,media")
    (tmp_path / "b.json").write_text("{", encoding="utf-8")
    sheet(tmp_path, "c.csv", "1,6,sara,snow", "1,7,sara,ad")
    table, problems = read_annotations(tmp_path, POSTS)
    assert table["message_id"].to_list() == [5, 7]
    assert [problem.split(":")[0] for problem in problems] == ["a.csv", "b.json", "c.csv, row 2"]
    assert "2 answers about channel 1" in problems[0]


def test_files_are_copied_and_taken_once(tmp_path: Path) -> None:
    path = sheet(tmp_path, "a.csv", "1,5,sara,media")
    folder = tmp_path / "data" / "annotations"
    assert take_in([path], folder) == ({folder / "a.csv": 1}, [])
    assert take_in([path], folder) == ({folder / "a.csv": 1}, [])
    assert (folder / "a.csv").read_bytes() == path.read_bytes()


def test_a_file_of_the_same_name_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "annotations"
    old = sheet(folder, "a.csv", "1,5,sara,media").read_bytes()
    taken, problems = take_in([sheet(tmp_path, "a.csv", "1,5,sara,travel")], folder)
    assert taken == {}
    assert "another file of that name stands in annotations/" in problems[0]
    assert (folder / "a.csv").read_bytes() == old


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.txt", "files with answers end in"),
        (".a.csv", "files with answers end in"),
        ("none.csv", "cannot be read"),
    ],
)
def test_a_file_that_would_not_be_read_is_refused(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / name
    if name != "none.csv":
        sheet(tmp_path, name, "1,5,sara,media")
    taken, problems = take_in([path], tmp_path / "annotations")
    assert taken == {}
    assert words in problems[0]
    assert not (tmp_path / "annotations").exists()


def test_a_file_without_an_answer_is_not_taken(tmp_path: Path) -> None:
    taken, problems = take_in([sheet(tmp_path, "a.csv", "1,5,sara,")], tmp_path / "annotations")
    assert (taken, problems) == ({}, ["a.csv: it holds no answer. It was not taken in."])


def test_a_filled_in_adjudication_can_be_taken_in_and_settles_the_post(tmp_path: Path) -> None:
    folder = tmp_path / "annotations"
    sheet(folder, "a.csv", "1,5,sara,telecom", "1,6,sara,ad", "1,5,abel,media", "1,6,abel,not ad")
    path = tmp_path / "to-decide.csv"
    write_adjudication(path, adjudication(read_annotations(folder, POSTS)[0], adjudicators=["boss"]), POSTS)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["message_id"], row["agreed"], row["disputed"], row["text"]) for row in rows] == [
        ("5", "ad", "media;telecom", "'=ሀ 500 ብር"),  # no spreadsheet takes it for a formula
        ("6", "", "ad;not_ad", "ለ"),
    ]
    rows[0] |= {"labels": "Telecom", "annotator": "boss"}
    filled = tmp_path / "decided.csv"
    with filled.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert take_in([filled], folder) == ({folder / "decided.csv": 1}, [])
    annotations, problems = read_annotations(folder, POSTS)
    assert problems == []
    assert adjudication(annotations, adjudicators=["boss"])["message_id"].to_list() == [6]


def test_decisions_in_progress_are_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "to-decide.csv"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match="is there already"):
        write_adjudication(path, adjudication(ANNOTATIONS.empty()), POSTS)
    assert path.read_text(encoding="utf-8") == "mine"
