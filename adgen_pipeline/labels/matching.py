"""Lexicon entries found in a text by stem: prefixes and suffixes, homophones and plurals do not hide a word."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.text.stems import MINIMUM_STEM_CHARS, stem, stem_key

_SIXTH_ORDER = 5  # a syllable's vowel is its code point's last three bits: ስልክ ends in the sixth order
_SEVENTH, _SECOND = 6, 1  # ስልኮ-ች (plural), ስልክ-ኡ → ስልኩ (the)
MINIMUM_PREFIXED_WEIGHT = 1.0  # of single words: those that only hint are met by chance often enough
_SHORT_PREFIXES = ("የ", "በ", "ለ", "ከ")
_LATIN = re.compile(r"[a-z]+\Z")


@dataclass(frozen=True)
class Entry:
    """One word or phrase of a lexicon, in its plain form; `kind` tells where it comes from."""

    label: str
    text: str
    weight: float
    kind: str = ""


@dataclass(frozen=True)
class Match:
    """Entries that stand at a place of a text.

    Attributes:
        start, end: positions of its stems, end exclusive.
        entries: all entries of that wording, of whatever label.
    """

    start: int
    end: int
    entries: tuple[Entry, ...]


class Matcher:
    """Finds entries in stems; at each place the longest wording wins and hides what it holds."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Index the entries by the stems of their wordings."""
        wordings: dict[tuple[str, ...], dict[str, Entry]] = {}
        for entry in sorted(entries, key=lambda e: e.weight):
            for wording in _wordings(entry):
                wordings.setdefault(wording, {})[entry.label] = entry  # the heaviest of a label's equal stems
        self._by_first: dict[str, list[tuple[tuple[str, ...], tuple[Entry, ...]]]] = {}
        for wording in sorted(wordings, key=lambda w: (-len(w), w)):
            self._by_first.setdefault(wording[0], []).append((wording, tuple(wordings[wording].values())))

    def find(self, stems: Sequence[str]) -> list[Match]:
        """Matches in order, none overlapping."""
        matches = []
        position = 0
        while position < len(stems):
            for wording, entries in self._by_first.get(stems[position], ()):
                end = position + len(wording)
                if len(wording) == 1 or tuple(stems[position:end]) == wording:
                    matches.append(Match(position, end, entries))
                    position = end
                    break
            else:
                position += 1
        return matches


def _wordings(entry: Entry) -> set[tuple[str, ...]]:
    """Stems of an entry, of its plural and definite forms, and of a short weighty one with prefixes."""
    stems = stem_key(entry.text).split()
    *first, last = stems
    lasts = {last}
    # The whole word as well as its stem: of ክርስቲያን the stem has lost the letter that ክርስቲያኑ (the) changes.
    for word in (last, search_key(entry.text).split()[-1]):
        letter = ord(word[-1])
        if 0x1200 <= letter <= 0x135A and letter & 7 == _SIXTH_ORDER:
            lasts |= {
                stem(f"{word[:-1]}{chr(letter - _SIXTH_ORDER + order)}") for order in (_SEVENTH, _SECOND)
            }
    if _LATIN.match(last) and len(last) > 2 and not last.endswith("s"):
        lasts |= {f"{last}s", f"{last}es"}
    forms = {(*first, form) for form in lasts}
    is_short = len(stems[0]) < MINIMUM_STEM_CHARS and "\u1200" <= stems[0][0] <= "\u135a"
    if is_short and (first or entry.weight >= MINIMUM_PREFIXED_WEIGHT):
        # What is left of በጫማ without its prefix is too short for a stem, so that the prefix stays.
        forms |= {(prefix + form[0], *form[1:]) for form in forms for prefix in _SHORT_PREFIXES}
    return forms
