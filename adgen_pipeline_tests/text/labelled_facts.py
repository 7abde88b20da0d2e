"""Invented sentences with their facts marked by hand: `⟦kind|value|as written⟧`, ⏎ for a line end.

They were marked before the finder saw them. Every second line is held out: the finder may be mended on the others.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from adgen_pipeline.text.facts import find_facts, value_text

_FILE = Path(__file__).with_name("labelled_facts.txt")
_MARK = re.compile(r"⟦([a-z:_]+)\|([^|]*)\|([^⟧]*)⟧")

Found = tuple[str, str, int]  # kind (and role), value, start


class Labelled(NamedTuple):
    """A sentence and its facts."""

    text: str
    facts: tuple[Found, ...]


class Score(NamedTuple):
    """Counts of one kind."""

    right: int
    found: int
    labelled: int

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of what is there that was found."""
        return self.right / self.labelled if self.labelled else 1.0


def read_labelled() -> list[Labelled]:
    """All sentences in the order of the file."""
    return [_read(line) for line in _FILE.read_text(encoding="utf-8").splitlines() if line]


def _read(line: str) -> Labelled:
    line = line.replace("⏎", "\n")
    text, facts, end = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[end : mark.start()]
        facts.append((mark[1], mark[2], len(text)))
        text += mark[3]
        end = mark.end()
    return Labelled(text + line[end:], tuple(facts))


def found(text: str) -> list[Found]:
    """What the finder says of a text."""
    return [
        (f"{f.kind}:{f.role}" if f.role else f.kind, value_text(f.value), f.start) for f in find_facts(text)
    ]


def scores(sentences: Sequence[Labelled]) -> dict[str, Score]:
    """Per kind: a fact is right if its kind, role, value and start are."""
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for sentence in sentences:
        answers = found(sentence.text)
        right.update(kind for kind, _, _ in set(answers) & set(sentence.facts))
        seen.update(kind for kind, _, _ in answers)
        there.update(kind for kind, _, _ in sentence.facts)
    return {kind: Score(right[kind], seen[kind], there[kind]) for kind in sorted({*seen, *there})}
