"""Tasks for Label Studio: its labelling configuration, and a file of tasks for each annotator.

Tasks hold whole posts, contacts included: annotators must see what makes a post an ad, and so the files are as
private as the exports. Posts are other people's words: the `Text` tag shows them as text and never as markup.

Format: https://labelstud.io/guide/task_format
"""

import json
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import polars as pl

from adgen_pipeline.artifacts import replacing
from adgen_pipeline.labels.taxonomy import AD, NOT_AD, Label, taxonomy

CONFIG_FILE = "labelling_config.xml"
_KEY = ["channel_id", "message_id"]
_KIND, _VERTICALS, _TAGS = "kind", "verticals", "tags"  # names of the three questions


def labelling_config() -> str:
    """The labelling configuration: is it an ad, of which verticals, with which tags."""
    labels = taxonomy()
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Text", name="text", value="$text")
    kind = _question(view, _KIND, "ማስታወቂያ ነው? Is it an ad?", is_single=True)
    _choice(kind, AD, labels.ad)
    ElementTree.SubElement(kind, "Choice", value=NOT_AD, hint="ማስታወቂያ አይደለም: it sells and promotes nothing")
    verticals = _question(
        view, _VERTICALS, "ምን ያስተዋውቃል? What does it advertise? (none of these: leave empty)"
    )
    for name, label in labels.verticals.items():
        _choice(verticals, name, label)
    tags = _question(view, _TAGS, "ምን ይዟል? Does it hold any of these?")
    for name, label in labels.tags.items():
        _choice(tags, name, label)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def tasks_by_annotator(
    tasks: pl.DataFrame, posts: pl.DataFrame, post_labels: pl.DataFrame
) -> dict[tuple[str, str], list[dict[str, object]]]:
    """(group, annotator) → Label Studio tasks, weak labels as predictions.

    An annotator who is asked by several groups (overlap) has a file for each: each is a project.

    Args:
        tasks: table labels/tasks.
        posts: channel_id, message_id, post of telegram/posts.
        post_labels: table labels/post_labels.
    """
    found: dict[tuple[str, str], list[dict[str, object]]] = {}
    joined = tasks.join(posts.select(*_KEY, "post"), on=_KEY).join(post_labels, on=_KEY)
    for row in joined.sort("group", "annotator", *_KEY).iter_rows(named=True):
        found.setdefault((row["group"], row["annotator"]), []).append(_task(row))
    return found


def write_tasks(folder: Path, tasks: Mapping[tuple[str, str], list[dict[str, object]]]) -> dict[Path, int]:
    """Files written below `folder`, with the number of their tasks: the configuration (0), then one an annotator."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {folder / CONFIG_FILE: 0}
    with replacing(folder / CONFIG_FILE) as temporary:
        temporary.write_text(labelling_config(), encoding="utf-8")
    for (group, annotator), items in sorted(tasks.items()):
        path = folder / f"{group}-{annotator}.json"
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(items, ensure_ascii=False, indent=1), encoding="utf-8")
        written[path] = len(items)
    return written


def _question(
    view: ElementTree.Element, name: str, heading: str, *, is_single: bool = False
) -> ElementTree.Element:
    ElementTree.SubElement(view, "Header", value=heading)
    question = ElementTree.SubElement(view, "Choices", name=name, toName="text")
    question.attrib |= {"choice": "single", "required": "true"} if is_single else {"choice": "multiple"}
    question.attrib |= {"showInline": "true"}
    return question


def _choice(question: ElementTree.Element, name: str, label: Label) -> None:
    ElementTree.SubElement(question, "Choice", value=name, hint=f"{label.amharic}: {label.definition}")


def _task(row: Mapping[str, object]) -> dict[str, object]:
    answers = {_KIND: [AD if row["is_ad"] else NOT_AD], _VERTICALS: row["verticals"], _TAGS: row["tags"]}
    result = [
        {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": choices}}
        for name, choices in answers.items()
        if choices
    ]
    data = {
        "text": row["post"],
        "channel_id": row["channel_id"],
        "message_id": row["message_id"],
        "given_to": row["annotator"],
    }
    prediction = {"model_version": row["source"], "score": row["confidence"], "result": result}
    return {"data": data, "predictions": [prediction]}
