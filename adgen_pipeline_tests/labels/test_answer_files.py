"""Answers as Label Studio, Argilla and spreadsheets write them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.errors import DataError
from adgen_pipeline.labels.answer_files import Answer, read_answers
from adgen_pipeline.labels.taxonomy import AD, NOT_AD, TAGS, VERTICALS

LABELS = {AD, NOT_AD, *VERTICALS, *TAGS}


def file(tmp_path: Path, content: object, name: str = "answers.json") -> Path:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def chosen(name: str, *choices: object, kind: str = "choices") -> dict[str, object]:
    return {"from_name": name, "to_name": "text", "type": kind, "value": {kind: list(choices)}}


def annotation(account: object, *results: object, skipped: bool = False) -> dict[str, object]:
    return {"completed_by": account, "was_cancelled": skipped, "result": list(results), "lead_time": 3.2}


def task(*annotations: object, message_id: object = 5, given_to: str | None = None) -> dict[str, object]:
    data = {"text": "…", "channel_id": 1, "message_id": message_id}
    return {
        "id": 9,
        "data": data | ({"given_to": given_to} if given_to else {}),
        "annotations": list(annotations),
    }


def test_several_choices_of_several_questions_are_one_answer(tmp_path: Path) -> None:
    results = chosen("kind", "ad"), chosen("verticals", "travel", "retail"), chosen("tags", "religious")
    answers, problems = read_answers(file(tmp_path, [task(annotation(3, *results))]))
    assert (answers, problems) == (
        [Answer(1, 5, "3", ("ad", "religious", "retail", "travel"), is_skipped=False)], [],
    )  # fmt: skip


def test_a_skipped_task_is_an_answer_without_labels(tmp_path: Path) -> None:
    answers, problems = read_answers(
        file(tmp_path, [task(annotation(3, chosen("kind", "ad"), skipped=True))])
    )
    assert (answers, problems) == ([Answer(1, 5, "3", (), is_skipped=True)], [])


def test_a_task_that_nobody_answered_is_no_answer_and_no_problem(tmp_path: Path) -> None:
    assert read_answers(file(tmp_path, [task()])) == ([], [])


def test_several_annotators_are_told_by_their_accounts(tmp_path: Path) -> None:
    item = task(
        annotation({"id": 4, "email": "abebe@example.org"}, chosen("kind", "ad")),
        annotation(7, chosen("kind", "not_ad")),
        given_to="abebe",
    )
    answers, _ = read_answers(file(tmp_path, [item]))
    assert [(a.annotator, a.labels) for a in answers] == [("abebe@example.org", ("ad",)), ("7", ("not_ad",))]


def test_where_one_account_answers_all_the_answers_are_of_who_was_asked(tmp_path: Path) -> None:
    items = [
        task(annotation(1, chosen("kind", "ad")), message_id=i, given_to=who) for i, who in enumerate("ab", 1)
    ]
    assert [a.annotator for a in read_answers(file(tmp_path, items))[0]] == ["a", "b"]


def test_of_a_taxonomy_the_last_step_of_each_path_counts(tmp_path: Path) -> None:
    item = task(annotation(1, chosen("t", ["Ads", "Telecom"], ["Tags", "politics"], kind="taxonomy")))
    assert read_answers(file(tmp_path, item))[0][0].labels == ("ad", "politics", "telecom")


def test_json_min_holds_one_string_or_several_choices_a_question(tmp_path: Path) -> None:
    item = {
        "id": 1, "annotation_id": 8, "annotator": 2, "given_to": "sara", "text": "…", "channel_id": 1,
        "message_id": 5, "kind": "ad", "verticals": {"choices": ["media", "travel"]}, "lead_time": 2.0,
    }  # fmt: skip
    assert read_answers(file(tmp_path, [item])) == (
        [Answer(1, 5, "sara", ("ad", "media", "travel"), is_skipped=False)], [],
    )  # fmt: skip


def test_argilla_records_hold_responses_by_question(tmp_path: Path) -> None:
    users = "6f1c", "9ab2"
    record = {
        "id": "1/5",
        "fields": {"text": "…"},
        "metadata": {},
        "suggestions": {"kind": {"value": "not_ad", "score": None, "agent": "rule"}},
        "responses": {
            "kind": [{"value": "ad", "user_id": users[0]}, {"value": "not_ad", "user_id": users[1]}],
            "verticals": [{"value": ["telecom", "media"], "user_id": users[0]}],
        },
        "vectors": {},
    }
    answers, problems = read_answers(file(tmp_path, [record]))
    assert problems == []
    assert [(a.annotator, a.labels) for a in answers] == [
        (users[0], ("ad", "media", "telecom")),
        (users[1], ("not_ad",)),
    ]


def test_argillas_server_gives_responses_by_user_with_their_status(tmp_path: Path) -> None:
    record = {
        "fields": {"text": "…"},
        "metadata": {"channel_id": 1, "message_id": 5},
        "responses": [
            {
                "user_id": "a",
                "status": "submitted",
                "values": {"kind": {"value": "ad"}, "tags": {"value": []}},
            },
            {"user_id": "b", "status": "discarded", "values": None},
            {"user_id": "c", "status": "draft", "values": {"kind": {"value": "ad"}}},
        ],
    }
    answers, problems = read_answers(file(tmp_path, json.dumps(record) + "\n", "records.jsonl"))
    assert problems == []
    assert [(a.annotator, a.labels, a.is_skipped) for a in answers] == [
        ("a", ("ad",), False),
        ("b", (), True),
    ]


def test_a_spreadsheets_dirty_labels_are_told_and_empty_rows_are_not_answered_yet(tmp_path: Path) -> None:
    rows = '1,5, Telocom ,"a, b\nc"', "1,6,Retail; Trvel,x", "1,8,Real-estate,x", "1,7,,x"
    text = "\n".join(["\ufeffChannel ID,message_id,Human Label,text", *rows])
    answers, problems = read_answers(file(tmp_path, text, "sara.csv"))
    assert problems == []
    assert [(a.message_id, a.annotator, a.labels) for a in answers] == [
        (5, "sara", ("ad", "telecom")),
        (6, "sara", ("ad", "retail", "travel")),
        (8, "sara", ("ad",)),
    ]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        pytest.param(
            task(annotation(1, chosen("kind", "weather 0900 00 00 11"))), "unknown label 'weather", id="label"
        ),
        pytest.param(
            task(annotation(1, chosen("kind", "not_ad"), chosen("v", "travel"))), "no ad and", id="both"
        ),
        pytest.param(task(annotation(1)), "no label is given", id="nothing chosen"),
        pytest.param(task(annotation(None, chosen("kind", "ad"))), "nobody is named", id="nobody"),
        pytest.param(task(annotation(1, chosen("kind", 3))), "a label is no text", id="a number"),
        pytest.param(
            task(annotation(1, chosen("kind", "ad")), message_id="5x"), "its message_id", id="no id"
        ),
        pytest.param(
            task(annotation(1, chosen("kind", "ad")), message_id=True), "its message_id", id="a truth"
        ),
        pytest.param(
            task(annotation(1, chosen("kind", "ad")), message_id="9" * 30), "its message_id", id="huge id"
        ),
        pytest.param(task("x"), "an annotation is no record", id="no annotation"),
        pytest.param({"data": {}, "annotations": 3}, "annotations are no list", id="no list"),
        pytest.param({"responses": [3]}, "responses are no list", id="no responses"),
        pytest.param({"x": 1}, "neither a task of Label Studio nor", id="something else"),
        pytest.param(3, "it is no record", id="a number for a task"),
    ],
)
def test_an_item_that_is_wrong_is_named_and_the_others_are_read(
    tmp_path: Path, item: object, words: str
) -> None:
    good = task(annotation(1, chosen("kind", "ad")), message_id=8)
    answers, problems = read_answers(file(tmp_path, [item, good]))
    assert [a.message_id for a in answers] == [8]
    assert len(problems) == 1
    assert problems[0].startswith("answers.json, item 1: ")
    assert words in problems[0]
    assert "0900" not in problems[0]


@pytest.mark.parametrize(
    ("content", "name"),
    [("[{", "a.json"), ("{}\n{", "a.jsonl"), ("[" * 100_000, "a.json"), ('a,"b\n', "a.csv")],
    ids=["cut off", "a cut line", "nested", "an open quote"],
)
def test_a_file_that_cannot_be_read_is_one_error(tmp_path: Path, content: str, name: str) -> None:
    with pytest.raises(DataError, match=f"{name}: cannot be read"):
        read_answers(file(tmp_path, content, name))


def test_a_file_that_is_not_utf8_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("channel_id,labels\n1,ማስታወቂያ".encode("utf-16"))
    with pytest.raises(DataError, match="UTF-8"):
        read_answers(path)


def test_a_csv_without_a_column_of_labels_says_so(tmp_path: Path) -> None:
    answers, problems = read_answers(file(tmp_path, "channel_id,message_id\n1,5\n", "a.csv"))
    assert answers == []
    assert "no column is called labels" in problems[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["data", "annotations", "responses", "result", "value", "choices", "type", "completed_by", "values",
             "channel_id", "message_id", "annotation_id", "kind", "metadata", "user_id", "id"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=25,
)  # fmt: skip


@given(items=st.lists(JSON, max_size=3))
def test_any_json_is_answers_of_known_labels_or_problems(
    tmp_path_factory: pytest.TempPathFactory, items: list[object]
) -> None:
    answers, _ = read_answers(file(tmp_path_factory.mktemp("any"), items))
    assert all(set(answer.labels) <= LABELS for answer in answers)
