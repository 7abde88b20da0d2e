"""Promises that an ad makes: delivery, payment, warranty, discount, stock, gifts, addresses …, by typed lexicon.

Trained on real posts, a model repeats their standing terms. An ad may promise only what its brief does. What a brief
says is not offered («no delivery», «ዋስትና የለውም»), or must not be written, it does not promise; in an ad every such word
counts, for a model drops a «no» easily.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from adgen_pipeline.text.contexts import Context, contexts
from adgen_pipeline.text.denials import denied
from adgen_pipeline.text.lexical import amharic_pattern, english_pattern, folded
from adgen_pipeline.text.unsaid import Span, unsaid

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
        contexts: by kind, where its words promise nothing.
        each: kinds in which every stem itself must stand in the brief (a place, a country), not just the kind.
        generic_latin: Latin words that any ad may use, lower case.
        number_words: finds spelled amounts in folded texts.
        version: of the file.
    """

    patterns: dict[str, tuple[re.Pattern[str], ...]]
    contexts: dict[str, tuple[Context, ...]]
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
        contexts={kind: contexts(entry.get("contexts", [])) for kind, entry in values["kinds"].items()},
        each=frozenset(kind for kind, entry in values["kinds"].items() if entry.get("each")),
        generic_latin=frozenset(str(word).lower() for word in values["generic_latin"]),
        number_words=amharic_pattern([f"{word} " for word in values["number_words"]]),
        version=str(values["version"]),
    )


def promises(text: str) -> list[Promise]:
    """Promises of a text, by kind and in order."""
    return [promise for promise, _ in _found(folded(text))]


@lru_cache(maxsize=1 << 15)
def promised(text: str) -> frozenset[str]:
    """Kinds of the promises of a text; lines of posts recur, so that most are known."""
    return frozenset(promise.kind for promise in promises(text))


def offered(text: str) -> frozenset[str]:
    """Kinds of what a brief's text offers: promises that it neither denies nor forbids nor means of something else."""
    key = folded(text)
    forbidden = unsaid(key)
    return frozenset(
        promise.kind
        for promise, span in _found(key)
        if _is_said(key, span, forbidden)
        and not any(context.excuses(key, *span) for context in lexicon().contexts[promise.kind])
    )


class Supported:
    """What a brief promises, and so what its ads may."""

    def __init__(self, brief_text: str) -> None:
        """Read the promises of a brief's text."""
        key = folded(brief_text)
        forbidden = unsaid(key)
        found = list(_found(key))
        self._kinds = offered(brief_text)
        # A place may be named by an ad whatever the brief says of it: an address, or where it delivers.
        self._stems = {(p.kind, p.stem) for p, span in found if _is_said(key, span, forbidden)}
        self._denied = {promise.kind for promise, span in found if denied(key, *span)}

    def violations(self, text: str) -> list[Promise]:
        """Promises of an ad's text that the brief does not make; saying what the brief denies is none."""
        each = lexicon().each
        key = folded(text)
        return [
            promise
            for promise, span in _found(key)
            if (
                (promise.kind, promise.stem) not in self._stems
                if promise.kind in each
                else promise.kind not in self._kinds
            )
            and not (promise.kind in self._denied and denied(key, *span))
        ]


def _found(key: str) -> Iterator[tuple[Promise, Span]]:
    """Promises of a folded text with their places, by kind and in order."""
    return (
        (Promise(kind, match["stem"], match.group()), match.span())
        for kind, patterns in lexicon().patterns.items()
        for pattern in patterns
        for match in pattern.finditer(key)
    )


def _is_said(key: str, span: Span, forbidden: list[Span]) -> bool:
    return denied(key, *span) is None and not any(low < span[1] and span[0] < high for low, high in forbidden)
