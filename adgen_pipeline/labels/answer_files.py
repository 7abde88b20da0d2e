"""Answers of annotators as tools write them: Label Studio (JSON, JSON-MIN), Argilla records, CSV.

A file that is none of these raises; an item that cannot be understood is a problem, and the others are read. What
is said of a problem names places and labels, never posts.

Formats: https://labelstud.io/guide/export, argilla.Record.to_dict
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adgen_pipeline.errors import DataError
from adgen_pipeline.labels.aliases import canonical
from adgen_pipeline.labels.taxonomy import AD, NOT_AD, VERTICALS, taxonomy
from adgen_pipeline.text.redact import redact

ENDINGS = {".json", ".jsonl", ".ndjson", ".csv"}
_RESULT_TYPES = ("choices", "taxonomy", "labels")
_CSV_LABELS = ("labels", "label", "human_label", "human_labels", "category")
_CSV_ANNOTATORS = ("annotator", "annotated_by", "labeler", "labeller")
_TRUE = {"1", "true", "yes", "skipped"}
_LARGEST_DIGITS = 18  # of an id: all below 2^63
_LONGEST_LABEL = 200  # characters; looking for what resembles a longer one takes too long
_SHOWN_CHARS = 40  # of an unknown label


@dataclass(frozen=True)
class Answer:
    """One person's answer about one post."""

    channel_id: int
    message_id: int
    annotator: str
    labels: tuple[str, ...]
    is_skipped: bool

    @property
    def key(self) -> tuple[int, int, str]:
        """What is answered, and by whom."""
        return (self.channel_id, self.message_id, self.annotator)


@dataclass(frozen=True)
class _Raw:
    """An answer before its labels are told.

    Attributes:
        account: who answered, as the tool knows them.
        given_to: who was asked, as the task says.
    """

    where: str
    channel_id: int
    message_id: int
    account: str | None
    given_to: str | None
    values: tuple[str, ...]
    is_skipped: bool


class _ItemError(ValueError):
    """An item is wrong; the message says how."""


def read_answers(path: Path) -> tuple[list[Answer], list[str]]:
    """Answers of a file, and a sentence for each item that was left out.

    An answer belongs to who was asked where one account gave all answers of the file (each has the tool for
    themselves), and to the account otherwise.

    Raises:
        DataError: the file is of no known format.
    """
    problems: list[str] = []
    raw = []
    for where, item in _items(path):
        try:
            raw += _raw_answers(where, item, path)
        except _ItemError as error:
            problems.append(f"{path.name}, {where}: {error}")
    is_of_one = len({answer.account for answer in raw}) == 1
    answers = []
    for answer in raw:
        try:
            answers.append(_answer(answer, is_of_one=is_of_one))
        except _ItemError as error:
            problems.append(f"{path.name}, {answer.where}: {error}")
    return answers, problems


def _items(path: Path) -> Iterator[tuple[str, object]]:
    """Items of a file, each with its place."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if path.suffix.lower() == ".csv":
            rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
            yield from ((f"row {number}", row) for number, row in enumerate(rows, start=2))
            return
        if path.suffix.lower() == ".json":
            items = json.loads(text)
            items = items if isinstance(items, list) else [items]
        else:
            items = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError, csv.Error, json.JSONDecodeError, RecursionError) as error:
        raise DataError(
            f"{path.name}: cannot be read as {path.suffix.lstrip('.').upper()} ({type(error).__name__}: {error}). "
            "Export the answers again, as JSON or as UTF-8 CSV."
        ) from error
    yield from ((f"item {number}", item) for number, item in enumerate(items, start=1))


def _raw_answers(where: str, item: object, path: Path) -> list[_Raw]:
    if not isinstance(item, Mapping):
        raise _ItemError("it is no record")
    if path.suffix.lower() == ".csv":
        return _of_csv(where, item, path)
    if isinstance(item.get("data"), Mapping):
        return _of_label_studio(where, item)
    if "responses" in item:
        return _of_argilla(where, item)
    if "annotation_id" in item:
        return _of_label_studio_min(where, item)
    raise _ItemError("it is neither a task of Label Studio nor a record of Argilla")


def _of_label_studio(where: str, task: Mapping[str, object]) -> list[_Raw]:
    data = task["data"]
    assert isinstance(data, Mapping)
    found = []
    annotations = task.get("annotations") or []
    if not isinstance(annotations, list):
        raise _ItemError("its annotations are no list")
    for annotation in annotations:
        if not isinstance(annotation, Mapping):
            raise _ItemError("an annotation is no record")
        is_skipped = annotation.get("was_cancelled") is True
        values = () if is_skipped else tuple(_of_results(annotation.get("result")))
        account = _account(annotation.get("completed_by"))
        found.append(_Raw(where, *_key(data), account, _name(data.get("given_to")), values, is_skipped))
    return found


def _of_results(results: object) -> Iterator[str]:
    """Choices of an annotation's result; of a taxonomy the last step of each path."""
    for result in results if isinstance(results, list) else ():
        kind = result.get("type") if isinstance(result, Mapping) else None
        value = result.get("value") if isinstance(result, Mapping) else None
        if kind in _RESULT_TYPES and isinstance(value, Mapping):
            yield from _texts([c[-1] if isinstance(c, list) and c else c for c in _listed(value.get(kind))])


def _of_label_studio_min(where: str, item: Mapping[str, object]) -> list[_Raw]:
    """JSON-MIN: the data's fields beside one field a question, a string or {"choices": […]}."""
    values: list[str] = []
    for name in ("kind", "verticals", "tags", "labels", "label"):
        value = item.get(name)
        values += _texts(_listed(value.get("choices") if isinstance(value, Mapping) else value))
    return [
        _Raw(
            where,
            *_key(item),
            _account(item.get("annotator")),
            _name(item.get("given_to")),
            tuple(values),
            False,
        )
    ]


def _of_argilla(where: str, record: Mapping[str, object]) -> list[_Raw]:
    """Responses by question (as records are exported) or by user (as the server sends them)."""
    responses = record["responses"] or {}
    values: dict[str | None, list[str]] = defaultdict(list)
    skipped: set[str | None] = set()
    if isinstance(responses, Mapping):
        entries = [(entry, entry.get("value")) for given in responses.values() for entry in _records(given)]
    else:
        entries = [
            (response, answer.get("value"))
            for response in _records(responses)
            # one more without a value: a discarded response has no others
            for answer in (*_records(list(_mapping(response.get("values")).values())), {})
        ]
    for entry, value in entries:
        user = _account(entry.get("user_id"))
        status = entry.get("status", "submitted")
        if status == "discarded":
            skipped.add(user)
        if status == "submitted":
            values[user] += _texts(_listed(value))
    metadata = _mapping(record.get("metadata"))
    named = str(record.get("id") or record.get("external_id") or "").split("/")
    if "channel_id" not in metadata and len(named) == 2:
        metadata = {**metadata, "channel_id": named[0], "message_id": named[1]}
    given_to = _name(metadata.get("given_to"))
    users = sorted(values.keys() | skipped, key=str)
    return [
        _Raw(where, *_key(metadata), user, given_to, tuple(values.get(user, ())), user in skipped)
        for user in users
    ]


def _of_csv(where: str, row: Mapping[str | None, object], path: Path) -> list[_Raw]:
    """Several labels stand in one cell, parted by ; or |. A row without labels is not answered yet."""
    cells = {
        (name or "").strip().casefold().replace(" ", "_"): str(value or "") for name, value in row.items()
    }
    if not any(name in cells for name in _CSV_LABELS):
        raise _ItemError(f"no column is called {', '.join(_CSV_LABELS[:-1])} or {_CSV_LABELS[-1]}")
    typed = next(cells[name] for name in _CSV_LABELS if name in cells)
    values = tuple(part.strip() for part in typed.replace("|", ";").split(";") if part.strip())
    is_skipped = cells.get("is_skipped", "").strip().casefold() in _TRUE
    if not values and not is_skipped:
        return []
    annotator = next(
        (cells[name].strip() for name in _CSV_ANNOTATORS if cells.get(name, "").strip()), path.stem
    )
    return [_Raw(where, *_key(cells), annotator, None, () if is_skipped else values, is_skipped)]


def _answer(raw: _Raw, *, is_of_one: bool) -> Answer:
    annotator = (raw.given_to or raw.account) if is_of_one else (raw.account or raw.given_to)
    if not annotator:
        raise _ItemError("nobody is named who answered")
    labels = set()
    for value in raw.values:
        label = canonical(value) if len(value) <= _LONGEST_LABEL else None
        if label is None:
            shown = redact(" ".join(value.split()))[:_SHOWN_CHARS]
            raise _ItemError(f"unknown label {shown!r}. Use one of the taxonomy's")
        labels.add(AD if label in taxonomy().outside else label)  # real estate, jobs: ads without a vertical
    if labels & set(VERTICALS) and NOT_AD not in labels:
        labels.add(AD)
    if NOT_AD in labels and (AD in labels or labels & set(VERTICALS)):
        raise _ItemError("it says that it is no ad and what it advertises")
    if not labels and not raw.is_skipped:
        raise _ItemError("no label is given, and it is not skipped")
    return Answer(raw.channel_id, raw.message_id, annotator, tuple(sorted(labels)), raw.is_skipped)


def _key(fields: Mapping[str, object]) -> tuple[int, int]:
    return _id(fields, "channel_id"), _id(fields, "message_id")


def _id(fields: Mapping[str, object], name: str) -> int:
    value = fields.get(name)
    digits = value.strip() if isinstance(value, str) else str(value)
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _LARGEST_DIGITS
    if isinstance(value, bool) or not is_number:
        raise _ItemError(f"its {name} is no number: keep the fields channel_id and message_id of the task")
    return int(digits)


def _account(value: object) -> str | None:
    """An account as Label Studio (id, or a record with the e-mail) and Argilla (id) write it."""
    if isinstance(value, Mapping):
        value = value.get("email") or value.get("id")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _name(value)


def _name(value: object) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _texts(values: list[object]) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise _ItemError("a label is no text")
    return [str(value) for value in values]


def _records(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise _ItemError("its responses are no list of records")
    return value


def _mapping(value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _ItemError("a part of it is no record")
    return value
