"""Queries in other words: product words said in the other language or by a synonym, the rest spelled or inflected anew.

Words come from the pipeline's lexicon of English and Amharic, read both ways; what it does not know keeps its word.
"""

import random
from collections.abc import Iterator
from functools import lru_cache

from adgen_pipeline.generation.lexicon import entries
from adgen_pipeline.text.amharic import PHONETIC
from adgen_pipeline.text.stems import stem_key

SECTIONS = ("products", "qualities", "people")
LONGEST_PHRASE = 4  # words
RESPELLED_SHARE = (
    0.5  # of Ethiopic words that the lexicon does not know: letters that sound alike are exchanged
)
INFLECTED_SHARE = 0.5
PREFIXES, SUFFIXES = ("የ", "በ", "ለ", "ከ"), ("ን", "ም")
MINIMUM_WORDS = 2  # of an English query


def paraphrased(query: str, generator: random.Random) -> str | None:
    """A query with each product word that the lexicon knows said otherwise; None if it knows none.

    A word is said in the other language or by another word of its own that means the same. Other Ethiopic words get
    letters that sound alike, a prefix or a suffix; names, numbers and Latin words stay.
    """
    said, known = [], 0
    for words, others in _phrases(query):
        if others:
            said.append(generator.choice(others))
            known += 1
        else:
            said.append(_otherwise_written(words, generator))
    return " ".join(said) if known else None


def in_english(query: str) -> str | None:
    """A query as English words alone: Ethiopic ones that the lexicon does not know are left out; None if few stay.

    Nothing stays if no word was translated: such a query was English already.
    """
    said, translated = [], 0
    for words, others in _phrases(query):
        if not _is_ethiopic(words):
            said.append(words)
        elif english := [other for other in others if not _is_ethiopic(other)]:
            said.append(english[0])
            translated += 1
    found = " ".join(said)
    return found if translated and len(found.split()) >= MINIMUM_WORDS else None


def _phrases(query: str) -> Iterator[tuple[str, list[str]]]:
    """The query's phrases in order, the longest that the lexicon knows first, with their other sayings, sorted."""
    words = query.split()
    place = 0
    while place < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - place), 0, -1):
            phrase = " ".join(words[place : place + length])
            others = [
                other for other in _sayings().get(_reading(phrase), ()) if _reading(other) != _reading(phrase)
            ]
            if others or length == 1:
                break
        yield phrase, others
        place += length


@lru_cache(maxsize=1)
def _sayings() -> dict[str, list[str]]:
    """Of each English and Amharic phrase, as it is read, all phrases that mean the same, itself among them."""
    meanings: dict[str, set[str]] = {}
    for english, amharic in entries(SECTIONS).items():
        meanings.setdefault(_reading(amharic), set()).update((english, amharic))
    found: dict[str, set[str]] = {}
    for phrases in meanings.values():
        for phrase in phrases:
            found.setdefault(_reading(phrase), set()).update(phrases)
    return {reading: sorted(phrases) for reading, phrases in found.items()}


def _reading(phrase: str) -> str:
    """The phrase without affixes: stems of Ethiopic words, the singular of others."""
    words = stem_key(phrase).split()
    return " ".join(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in words
    )


def _otherwise_written(word: str, generator: random.Random) -> str:
    if not _is_ethiopic(word):
        return word
    if generator.random() < RESPELLED_SHARE:
        word = "".join(generator.choice(_sounds_alike().get(letter, letter)) for letter in word)
    if generator.random() < INFLECTED_SHARE and word.isalpha():
        word = (
            generator.choice(PREFIXES) + word
            if generator.random() < 0.5
            else word + generator.choice(SUFFIXES)
        )
    return word


@lru_cache(maxsize=1)
def _sounds_alike() -> dict[str, str]:
    """The letters that sound like a letter, itself among them."""
    groups: dict[str, set[str]] = {}
    for letter, sound in PHONETIC.items():
        base = PHONETIC.get(sound, sound)
        groups.setdefault(base, {base}).update((letter, sound))
    return {letter: "".join(sorted(group)) for group in groups.values() for letter in group}


def _is_ethiopic(text: str) -> bool:
    return any("\u1200" <= letter <= "\u135a" for letter in text)
