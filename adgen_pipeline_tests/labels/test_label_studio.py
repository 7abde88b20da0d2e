"""Tasks for Label Studio, and the way back from what it would export of them."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl

from adgen_pipeline.label_schemas import LABEL_TASKS
from adgen_pipeline.labels.annotation import read_annotations
from adgen_pipeline.labels.label_studio import CONFIG_FILE, labelling_config, tasks_by_annotator, write_tasks
from adgen_pipeline.labels.taxonomy import AD, NOT_AD, TAGS, VERTICALS
from adgen_pipeline.schemas import POST_LABELS

MARKUP = "<script>alert('x')</script> & ስልክ በ500 ብር\n0900 00 00 44"
POSTS = pl.DataFrame({"channel_id": [1, 1], "message_id": [5, 6], "post": [MARKUP, "ዜና"]})
RULES = POST_LABELS.frame(
    [
        {"channel_id": 1, "message_id": 5, "vertical": "telecom", "verticals": ["telecom", "media"], "tags": [],
         "is_ad": True, "confidence": 0.8, "source": "rule", "evidence": []},
        {"channel_id": 1, "message_id": 6, "vertical": None, "verticals": [], "tags": ["politics"],
         "is_ad": False, "confidence": 0.7, "source": "rule", "evidence": []},
    ]
)  # fmt: skip
TASKS = LABEL_TASKS.frame(
    [
        {"annotator": who, "channel_id": 1, "message_id": i, "group": "one", "is_overlap": who == "abel",
         "stratum": "ad", "chosen_for": "range"}
        for who, i in (("sara", 5), ("sara", 6), ("abel", 5))
    ]
)  # fmt: skip


def test_the_configuration_offers_every_label_once_with_its_definition() -> None:
    view = ElementTree.fromstring(labelling_config())
    choices = [choice.attrib for choice in view.iter("Choice")]
    assert sorted(choice["value"] for choice in choices) == sorted([AD, NOT_AD, *VERTICALS, *TAGS])
    assert all(len(choice["hint"]) > 20 for choice in choices)
    questions = {question.attrib["name"]: question.attrib for question in view.iter("Choices")}
    assert {name: q["choice"] for name, q in questions.items()} == {
        "kind": "single", "verticals": "multiple", "tags": "multiple",
    }  # fmt: skip
    text = view.find("Text")
    assert text is not None
    assert text.attrib == {"name": "text", "value": "$text"}  # a HyperText would run what posts hold
    assert {q["toName"] for q in questions.values()} == {"text"}


def test_each_annotator_gets_the_posts_with_what_the_rules_say(tmp_path: Path) -> None:
    written = write_tasks(tmp_path, tasks_by_annotator(TASKS, POSTS, RULES))
    assert {path.name: count for path, count in written.items()} == {
        CONFIG_FILE: 0, "one-abel.json": 1, "one-sara.json": 2,
    }  # fmt: skip
    first, second = json.loads((tmp_path / "one-sara.json").read_text(encoding="utf-8"))
    assert first["data"] == {"text": MARKUP, "channel_id": 1, "message_id": 5, "given_to": "sara"}
    prediction = first["predictions"][0]
    assert (prediction["model_version"], prediction["score"]) == ("rule", 0.8)
    assert [(r["from_name"], r["value"]["choices"]) for r in prediction["result"]] == [
        ("kind", ["ad"]),
        ("verticals", ["telecom", "media"]),
    ]
    said = {r["from_name"]: r["value"]["choices"] for r in second["predictions"][0]["result"]}
    assert said == {"kind": ["not_ad"], "tags": ["politics"]}


def test_tasks_whose_predictions_were_accepted_come_back_as_answers(tmp_path: Path) -> None:
    folder = tmp_path / "annotations"
    for path in write_tasks(tmp_path, tasks_by_annotator(TASKS, POSTS, RULES)):
        if path.suffix == ".json":
            folder.mkdir(exist_ok=True)
            (folder / path.name).write_text(json.dumps(accepted(path)), encoding="utf-8")
    table, problems = read_annotations(folder, POSTS)
    assert problems == []
    assert table.select("message_id", "annotator", "labels").rows() == [
        (5, "abel", ["ad", "media", "telecom"]),
        (5, "sara", ["ad", "media", "telecom"]),
        (6, "sara", ["not_ad", "politics"]),
    ]


def accepted(path: Path) -> list[dict[str, Any]]:
    """What Label Studio exports when its one account accepts every prediction."""
    exported = []
    for number, task in enumerate(json.loads(path.read_text(encoding="utf-8")), start=1):
        results = [{"origin": "manual", **result} for result in task["predictions"][0]["result"]]
        annotation = {"id": number, "completed_by": 1, "was_cancelled": False, "result": results}
        exported.append({"id": number, "data": task["data"], "annotations": [annotation], "drafts": []})
    return exported
