"""Further labelled texts for the classifier: files below labelled/, each of which answers one question about a text.

They teach what a shop's posts cannot: what is an insult, what is on politics. Formats: fasttext (`__label__x`, a tab
or space, the text), CSV, TSV (without quotes, as NLP benchmarks are) and JSON lines.
"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from adgen_pipeline.errors import DataError
from adgen_pipeline.labels.functions import LABELS
from adgen_pipeline.recipe import FurtherLabels

_PREFIX = "__label__"
_ENDINGS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "fasttext"}


def read(source: FurtherLabels, folder: Path) -> list[tuple[str, bool]]:
    """Texts of a source, and whether each has its label; rows without text or label are left out.

    Args:
        source: as the recipe names it.
        folder: labelled/.

    Raises:
        DataError: the file is missing or outside the folder, is of no known format, or has no row with the label.
    """
    path = (folder / source.path).resolve()
    if source.label not in LABELS:
        raise DataError(
            f"labels.further.{source.name}: label {source.label!r} is none of {', '.join(LABELS)}."
        )
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise DataError(
            f"labelled/{source.path}: there is no such file. Put the texts of {source.name!r} there, or correct "
            "labels.further in the recipe."
        )
    kind = source.format or _ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise DataError(
            f"labelled/{source.path}: the ending tells no format. Set `format` of {source.name!r} in the recipe."
        )
    try:
        rows = list(_rows(path.read_text("utf-8-sig"), kind, source))
    except (UnicodeDecodeError, csv.Error, json.JSONDecodeError, AttributeError) as error:
        raise DataError(
            f"labelled/{source.path}: cannot be read as {kind} ({error}). Save it as UTF-8."
        ) from error
    found = [(text, label in source.given_by) for text, label in rows if text.strip() and label]
    for is_so, which in ((True, "is one of"), (False, "is none of")):
        if not any(given is is_so for _, given in found):
            raise DataError(
                f"labelled/{source.path}: no row has a text and a label that {which} {', '.join(source.given_by)}. "
                f"Correct text_column, label_column or given_by of {source.name!r} in the recipe."
            )
    return found


def _rows(text: str, kind: str, source: FurtherLabels) -> Iterator[tuple[str, str]]:
    """Text and label of each row as they stand."""
    if kind == "fasttext":
        for line in text.splitlines():
            label, _, rest = line.replace("\t", " ", 1).partition(" ")
            if label.startswith(_PREFIX):
                yield rest, label.removeprefix(_PREFIX)
        return
    if kind == "jsonl":
        items = [json.loads(line) for line in text.splitlines() if line.strip()]
    else:
        lines = io.StringIO(text, newline="")
        reader = (
            csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            if kind == "tsv"
            else csv.DictReader(lines)
        )
        items = list(reader)
    for item in items:
        yield str(item.get(source.text_column) or ""), str(item.get(source.label_column) or "").strip()
