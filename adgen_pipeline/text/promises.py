"""Promises that an ad makes: delivery, payment, warranty, discount, stock, gifts, addresses …, by typed lexicon.

Trained on real posts, a model repeats their standing terms. An ad may promise only what its brief does.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from adgen_pipeline.text.lexical import amharic_pattern, english_pattern, folded

_FILE = Path(__file__).with_name("promises.yaml")


@dataclass(frozen=True)
class Promise:
    """One promise found: its kind, the stem that told, and the words as written."""

    kind: str
    stem: str
    evidence: str


@dataclass(frozen=True)
class Lexicon:
    """The rule file, compiled.

    Attributes:
        patterns: by kind, for folded texts.
        each: kinds in which every stem itself must stand in the brief (a place, a country), not just the kind.
        generic_latin: Latin words that any ad may use, lower case.
        number_words: finds spelled amounts in folded texts.
        version: of the file.
    """

    patterns: dict[str, tuple[re.Pattern[str], ...]]
    each: frozenset[str]
    generic_latin: frozenset[str]
    number_words: re.Pattern[str]
    version: str


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The typed lexicon of promises.yaml."""
    values = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return Lexicon(
        patterns={
            kind: (amharic_pattern(entry.get("am", [])), english_pattern(entry.get("en", [])))
            for kind, entry in values["kinds"].items()
        },
        each=frozenset(kind for kind, entry in values["kinds"].items() if entry.get("each")),
        generic_latin=frozenset(str(word).lower() for word in values["generic_latin"]),
        number_words=amharic_pattern([f"{word} " for word in values["number_words"]]),
        version=str(values["version"]),
    )


def promises(text: str) -> list[Promise]:
    """Promises of a text, by kind and in order."""
    key = folded(text)
    return [
        Promise(kind, match["stem"], match.group())
        for kind, patterns in lexicon().patterns.items()
        for pattern in patterns
        for match in pattern.finditer(key)
    ]


@lru_cache(maxsize=1 << 15)
def promised(text: str) -> frozenset[str]:
    """Kinds of the promises of a text; lines of posts recur, so that most are known."""
    return frozenset(promise.kind for promise in promises(text))


class Supported:
    """What a brief promises, and so what its ads may."""

    def __init__(self, brief_text: str) -> None:
        """Read the promises of a brief's text."""
        made = promises(brief_text)
        self._kinds = {promise.kind for promise in made}
        self._stems = {(promise.kind, promise.stem) for promise in made}

    def violations(self, text: str) -> list[Promise]:
        """Promises of an ad's text that the brief does not make."""
        each = lexicon().each
        return [
            promise
            for promise in promises(text)
            if (
                (promise.kind, promise.stem) not in self._stems
                if promise.kind in each
                else promise.kind not in self._kinds
            )
        ]
