"""English words of briefs and the Amharic that an ad says instead: a small lexicon, never a translation system.

A brief in English gives the prompt Amharic product words this way. What the lexicon does not know is reported, so
that names are copied exactly and other words are left out, never guessed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("lexicon.yaml")
_LONGEST_PHRASE = 4  # words of the longest key

_TOKEN = re.compile(
    r"⟨\w+⟩|[A-Za-z][A-Za-z0-9]*(?:['’.+&/-][A-Za-z0-9]+)*|[^\W\d_A-Za-z]+|\d+(?:[.,]\d+)*\w*|[^\w\s]"
)
_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Translation:
    """English words in Amharic.

    Attributes:
        text: the Amharic words, people first; words that were Amharic (or slots) already stay.
        unknown: Latin words that the lexicon lacks, in order; function words are not counted.
        known_share: translated or Amharic words of all that mean something, 0…1; 0 for no words.
    """

    text: str
    unknown: tuple[str, ...]
    known_share: float


def translate(phrase: str) -> Translation:
    """A phrase with its English words in Amharic as far as the lexicon goes, longest phrases first."""
    people: list[str] = []
    others: list[str] = []
    unknown: list[str] = []
    for _, _, token, entry in _scan(phrase):
        if entry is not None:
            (people if entry[0] == "people" else others).append(entry[1])
        elif not _LATIN.match(token):
            if token[0].isalnum() or token[0] == "⟨":
                others.append(token)
        elif token.lower() not in _function_words():
            unknown.append(token)
    meant = len(people) + len(others) + len(unknown)
    return Translation(
        " ".join(people + others), tuple(unknown), (len(people) + len(others)) / meant if meant else 0.0
    )


def unknown_words(phrase: str) -> list[tuple[int, int]]:
    """Where the Latin words stand that are neither in the lexicon nor function words."""
    return [
        (start, end)
        for start, end, token, entry in _scan(phrase)
        if entry is None and _LATIN.match(token) and token.lower() not in _function_words()
    ]


def _scan(phrase: str) -> Iterator[tuple[int, int, str, tuple[str, str] | None]]:
    """Tokens with their place and, for phrases of the lexicon, section and Amharic."""
    matches = list(_TOKEN.finditer(phrase))
    position = 0
    while position < len(matches):
        length, entry = 1, None
        if _LATIN.match(matches[position].group()):
            for length in range(min(_LONGEST_PHRASE, len(matches) - position), 0, -1):
                entry = _entry([match.group() for match in matches[position : position + length]])
                if entry is not None:
                    break
        last = matches[position + length - 1]
        start = matches[position].start()
        yield start, last.end(), phrase[start : last.end()], entry
        position += length


def place(text: str) -> str | None:
    """The Amharic of a place if every word of it is known; otherwise None: it is copied as it stands."""
    translation = translate(_ORDINAL.sub(r"\1ኛ", text))
    return translation.text if translation.text and not translation.unknown else None


def _entry(tokens: list[str]) -> tuple[str, str] | None:
    """Section and Amharic of an English phrase, in singular or plural."""
    words = [token.lower().replace("’", "'") for token in tokens]
    for last in _singulars(words[-1]):
        found = _lexicon().get(
            " ".join([*(_singulars(w)[-1] if w.endswith("'s") else w for w in words[:-1]), last])
        )
        if found is not None:
            return found
    return None


def _singulars(word: str) -> list[str]:
    """The word, and what it may be the plural or possessive of."""
    forms = [word]
    if word.endswith(("'s", "s'")):
        forms.append(word[:-2])
    elif word.endswith("ies"):
        forms.append(word[:-3] + "y")
    elif word.endswith("s") and not word.endswith("ss"):
        forms += [word[:-1], word[:-2]] if word.endswith("es") else [word[:-1]]
    return forms


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    values = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    assert isinstance(values, dict)
    return values


@lru_cache(maxsize=1)
def _function_words() -> frozenset[str]:
    return frozenset(_file()["function_words"])


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, tuple[str, str]]:
    return {
        str(english): (section, str(amharic))
        for section, entries in _file().items()
        if isinstance(entries, dict)
        for english, amharic in entries.items()
    }
