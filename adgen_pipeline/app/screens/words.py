"""Every word of the page, in the language that was chosen."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
import yaml

LANGUAGES = {"am": "አማርኛ", "en": "English"}
_HOLE = re.compile(r"\{(\w+)\}")


@cache
def words() -> dict[str, dict[str, str]]:
    """Every word of the page, by key and language."""
    return dict(_file("page_words.yaml"))


@cache
def sentences() -> list[tuple[re.Pattern[str], str]]:
    """Sentences of the API: what they look like, and the same in Amharic."""
    return [(_pattern(entry["en"]), entry["am"]) for entry in _file("page_sentences.yaml")]


def language() -> str:
    """The chosen language, am or en."""
    return str(st.session_state.get("language", "en"))


def say(key: str, **values: object) -> str:
    """A word of the page in the chosen language."""
    return words()[key][language()].format(**values)


def say_or(key: str, otherwise: str) -> str:
    """A word of the page, or what stands for itself where the page has no word for it (a client's own rule)."""
    return say(key) if key in words() else otherwise


def named(kind: str, names: Iterable[str]) -> Callable[[str], str]:
    """What the options of a choice are called, looked up now: whoever asks later knows no language."""
    return {name: say(f"{kind}_{name}") for name in names}.__getitem__


def where(source: str) -> str:
    """Where in a brief something stands, such as `price:12-20`, in words."""
    field, _, span = source.partition(":")
    name = say_or(f"field_{field}", field)
    return f"{name} {span.replace('-', '–')}" if span else name


def translated(sentence: str) -> str:
    """A sentence of the API in the chosen language; one that is not known is named as the API's."""
    if language() == "en":
        return _in_words(sentence)
    for pattern, amharic in sentences():
        if (found := pattern.fullmatch(sentence)) is not None:
            return amharic.format(**{name: _named(name, value) for name, value in found.groupdict().items()})
    return f"{say('api_says')}: {sentence}"


def _in_words(sentence: str) -> str:
    """An English sentence of the API with names of fields and formats in words."""
    for pattern, _ in sentences():
        if (found := pattern.fullmatch(sentence)) is not None:
            for name, value in sorted(found.groupdict().items(), key=lambda item: -found.start(item[0])):
                start, end = found.span(name)
                sentence = f"{sentence[:start]}{_named(name, value)}{sentence[end:]}"
            return sentence
    return sentence


def _named(name: str, value: str) -> str:
    """What a hole of a sentence holds, in words."""
    if name in ("place", "other_place"):
        return where(value)
    if name == "reason":
        return "; ".join(translated(reason) for reason in value.split("; "))
    return say_or(f"{name}_{value}", value) if name in ("format", "language") else value


def _pattern(template: str) -> re.Pattern[str]:
    pieces = _HOLE.split(template)  # text, name, text, name … text
    parts = [re.escape(p) if number % 2 == 0 else f"(?P<{p}>.*?)" for number, p in enumerate(pieces)]
    return re.compile("".join(parts), re.DOTALL)


def _file(name: str) -> Any:
    return yaml.safe_load((Path(__file__).parent.parent / name).read_text(encoding="utf-8"))
