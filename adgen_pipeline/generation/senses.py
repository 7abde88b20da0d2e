"""What an English word of several meanings is in Amharic, by its neighbours: «ring us» is no ring, «MS Office» no room.

The lexicon translates word by word; where the neighbours do not tell, the word stays as it is rather than become
another thing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("senses.yaml")
_NEAR_WORDS = 8  # on each side
_NUMBER = re.compile(r"\d")
_SLOT = re.compile(r"⟨([a-z]+)_\d+⟩")

Entry = tuple[str, str]
SAYS_NOTHING: Entry = ("function_words", "")


@dataclass(frozen=True)
class _Sense:
    """One meaning: its neighbours, and what the word is then; None leaves it as it stands."""

    near: frozenset[str]
    before: frozenset[str]
    after: frozenset[str]
    is_alone: bool
    amharic: str | None
    section: str | None

    def fits(self, tokens: Sequence[str], position: int) -> bool:
        if not (self.near or self.before or self.after or self.is_alone):
            return True
        before = tokens[max(0, position - _NEAR_WORDS) : position]
        after = tokens[position + 1 : position + 1 + _NEAR_WORDS]
        around = (*before, *after)
        return (
            any(not self.near.isdisjoint(_forms(token)) for token in around)
            or (bool(before) and not self.before.isdisjoint(_forms(before[-1])))
            or (bool(after) and not self.after.isdisjoint(_forms(after[0])))
            or (self.is_alone and not any(token[0].isalnum() for token in around))
        )


def sense_of(tokens: Sequence[str], position: int, forms: Sequence[str], entry: Entry | None) -> Entry | None:
    """Section and Amharic of a word among its neighbours; None to leave it, `SAYS_NOTHING` for a call to order.

    Args:
        tokens: of the phrase.
        position: of the word.
        forms: the word in lower case, and what it may be the plural of.
        entry: what the lexicon says of it.
    """
    if entry is None:
        return None
    for form in forms:
        for sense in _senses().get(form, ()):
            if sense.fits(tokens, position):
                if sense.amharic is None:
                    return None
                return (sense.section or entry[0], sense.amharic) if sense.amharic else SAYS_NOTHING
        if form in _senses():
            break
    return entry


def _forms(token: str) -> set[str]:
    """A neighbour as senses.yaml may name it: in lower case, singular or plural; any number, a slot's kind."""
    lower = token.lower().replace("’", "'")
    forms = {lower, lower.removesuffix("s")}
    if lower.endswith("es"):
        forms.add(lower[:-2])
    if _NUMBER.match(lower):
        forms.add("#")
    if slot := _SLOT.fullmatch(lower):
        forms.add(f"⟨{slot[1]}⟩")
    return forms


@lru_cache(maxsize=1)
def _senses() -> dict[str, tuple[_Sense, ...]]:
    values = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {
        str(word): tuple(
            _Sense(
                frozenset(sense.get("near", ())),
                frozenset(sense.get("before", ())),
                frozenset(sense.get("after", ())),
                bool(sense.get("alone")),
                sense["amharic"],
                sense.get("section"),
            )
            for sense in senses
        )
        for word, senses in values["senses"].items()
    }
