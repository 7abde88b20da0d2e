from pathlib import Path

import pytest

from adgen_pipeline.errors import DataError
from adgen_pipeline.labels.further import read
from adgen_pipeline.recipe import FurtherLabels


def _source(path: str, **values: object) -> FurtherLabels:
    named = {"name": "insults", "licence": "CC-BY-4.0", "path": path, "label": "profanity"}
    return FurtherLabels.model_validate({**named, "given_by": ["bad", "worse"], **values})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "__label__bad\tአንተ ደደብ\n__label__good መልካም ቀን\n\n__label__worse\tባለጌ"),
        ("a.csv", 'text,label\n"አንተ ደደብ",bad\n"መልካም ቀን",good\nባለጌ,worse\n,bad'),
        ("a.tsv", "label\ttext\nbad\tአንተ ደደብ\ngood\tመልካም ቀን\nworse\tባለጌ"),
        (
            "a.jsonl",
            '{"text": "አንተ ደደብ", "label": "bad"}\n'
            '{"text": "መልካም ቀን", "label": "good"}\n{"text": "ባለጌ", "label": "worse"}',
        ),
    ],
)  # fmt: skip
def test_every_format_gives_texts_and_whether_they_have_the_label(
    tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read(_source(name), tmp_path) == [("አንተ ደደብ", True), ("መልካም ቀን", False), ("ባለጌ", True)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"path": "b.csv"}, "no such file"),
        ({"path": "../a.csv"}, "no such file"),
        ({"path": "a.dat"}, "Set `format`"),
        ({"label": "weather"}, "none of ad"),
        ({"given_by": ["unheard"]}, "is one of unheard"),
        ({"text_column": "words"}, "text_column"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_do(
    tmp_path: Path, values: dict[str, object], words: str
) -> None:
    (tmp_path / "labelled").mkdir()
    for folder in (tmp_path, tmp_path / "labelled"):
        for name in ("a.csv", "a.dat"):
            (folder / name).write_text("text,label\nአንተ ደደብ,bad\nመልካም ቀን,good", encoding="utf-8")
    with pytest.raises(DataError, match=words):
        read(_source("a.csv").model_copy(update={k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}),
             tmp_path / "labelled")  # fmt: skip
