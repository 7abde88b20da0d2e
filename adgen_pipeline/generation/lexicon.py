"""English words of briefs and the Amharic that an ad says instead: a small lexicon, never a translation system.

A brief in English gives the prompt Amharic product words this way. What the lexicon does not know is reported, so
that names are copied exactly and other words are left out, never guessed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from adgen_pipeline.generation.senses import SAYS_NOTHING, sense_of
from adgen_pipeline.text.labels import AMHARIC_LABELS, SIZE_LABELS
from adgen_pipeline.text.letters import plain_letters

_FILE = Path(__file__).with_name("lexicon.yaml")
_LONGEST_PHRASE = 4  # words of the longest key

_TOKEN = re.compile(
    r"⟨\w+⟩|[A-Za-z][A-Za-z0-9]*(?:['’.+&/-][A-Za-z0-9]+)*|[^\W\d_A-Za-z]+|\d+(?:[.,]\d+)*\w*|[^\w\s]"
)
_LINKS = {"of": "የ", "for": "ለ", "in": "በ", "at": "በ", "and": "እና", "&": "እና"}
_PREPOSITIONS = ("ለ", "በ", "የ")
_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
_LATIN = re.compile(r"[A-Za-z]")
_PARTICIPLES = ("የሚ", "የማይ", "የተ")  # «የተቆላ»: what one leaves of it without የ is no noun
# Before the first of these stands what an English phrase is about.
_HEAD_END = re.compile(r"[,;:(]|\s(?i:of|for|in|at|with|from|to|on)\s|$")
_HEAD = re.compile(r"(?P<word>[A-Za-z][A-Za-z0-9'’.+&/-]*)\W*\Z")
# «ከ ⟨quantity_1⟩», «ኬክ ም»: what Amharic writes together and mixed texts apart.
_APART = re.compile(r"(?:(?<=^[ከበለየ])|(?<=[^\w][ከበለየ]))\s+(?=⟨)|(?<=[ሀ-ፚ])\s+(?=[ምንና](?:\s|$))")
_WITH_NO = re.compile(r"(?i:\bwith no\b)")
_AND_AT_END = re.compile(r"(?:\s+(?:እና|ወይም))+$")
_WARRANTY = re.compile(r"(?<![ሀ-ፚ])(⟨quantity_\d+⟩(?: (?:ዓመት|ወር))?) (?=ዋስትና)")
_DENIALS = frozenset(("no", "without"))
_ARTICLES = frozenset(("a", "an", "any", "the", "our"))
_NOT = re.compile(
    r"\s+(?:(?:is|are)\s+)?not(?:\s+(?:available|offered|provided|possible|included|given))?(?!\w)", re.I
)
_NOT_AMHARIC = re.compile(r"\W{1,4}(?:የለ[ምንውባ]|የሌለ|አይደረግ|አናደርግ|አንሰጥ|አይሰጥ)")


@dataclass(frozen=True)
class Translation:
    """English words in Amharic.

    Attributes:
        text: the Amharic words in Amharic order; words that were Amharic (or slots) already stay.
        unknown: Latin words that the lexicon lacks, in order; function words are not counted.
        known_share: translated or Amharic words of all that mean something, 0…1; 0 for no words.
    """

    text: str
    unknown: tuple[str, ...]
    known_share: float


def translate(phrase: str, *, keep_unknown: bool = False) -> Translation:
    """A phrase with its English words in Amharic as far as the lexicon goes, longest phrases first.

    Word order follows the commonest patterns only: «A of B» is የB A, «for A» is ለA, «in A» is በA and comes first.

    Args:
        phrase: English, Amharic or both, with slots; styled letters (𝗥𝗔𝗠) are read as plain ones.
        keep_unknown: leave Latin words that the lexicon lacks in their places instead of out.
    """
    phrase = _WITH_NO.sub("without", plain_letters(phrase))
    parts = [_Part("")]
    unknown: list[str] = []
    known = 0
    done = 0
    denial = ""
    for start, end, token, entry in _scan(phrase):
        lower = token.lower()
        if start < done or entry == SAYS_NOTHING:
            continue
        if (
            denial and entry is None and lower not in _ARTICLES
        ):  # «no ergonomic chair»: nobody knows what is denied
            unknown.append(denial)
            if keep_unknown:
                parts[-1].add(denial, start, -1)
            denial = ""
        if entry is not None:
            word, done = _denied(phrase, token, end, entry, denial=denial.lower())
            parts[-1].add(word, start, end, section=entry[0])
            denial = ""
            known += 1
        elif lower in _DENIALS:
            denial = token
        elif not _LATIN.match(token):
            if token[0].isalnum() or token[0] == "⟨":
                parts[-1].add(token, start, end)
                known += 1
        elif lower in _LINKS:
            parts.append(_Part(_LINKS[lower]))
        elif lower not in _function_words():
            unknown.append(token)
            parts[-1].is_headless = True
            if keep_unknown:
                parts[-1].add(token, start, end)
    if not keep_unknown:  # «for our new branch» is not «ለአዲስ»
        parts = [part for part in parts if not (part.link in _PREPOSITIONS and part.is_headless)]
    if denial:
        unknown.append(denial)
    meant = known + len(unknown)
    return Translation(_joined(_in_order(parts)), tuple(unknown), known / meant if meant else 0.0)


def _joined(text: str) -> str:
    """Amharic words in the form in which they stand beside each other."""
    return _AND_AT_END.sub("", _WARRANTY.sub(r"የ\1 ", _APART.sub("", text)))


def _denied(phrase: str, token: str, end: int, entry: tuple[str, str], *, denial: str) -> tuple[str, int]:
    """The Amharic of phrase[…:end], and where reading goes on; of what is denied («no delivery»), with its denial.

    A word that says in Amharic that the shop does something («እናደርሳለን») becomes its noun, of which it is said.
    """
    noun = str(_file()["denied"].get(token.lower(), entry[1]))
    if _NOT_AMHARIC.match(phrase, end):
        return noun, end
    after = _NOT.match(phrase, end) if entry[0] == "offers" else None
    if after is None and not denial:
        return entry[1], end
    if denial == "without":
        return f"ያለ {noun}", end
    end = after.end() if after else end
    goes_on = re.match(r"\s+\w", phrase[end:])
    return f"{noun} {'የሌለው' if goes_on and entry[0] != 'offers' else 'የለም'}", end


def in_amharic(point: str) -> str:
    """A point in Amharic; empty where too few of its words could be said: most of a few, four fifths of a sentence.

    Empty too where the word is unknown that the others are about: «aerobics for ladies» is not «የሴቶች».
    """
    translation = translate(point)
    enough = 0.6 if len(point.split()) <= 4 else 0.8
    return (
        translation.text if translation.known_share >= enough and not _lacks_head(point, translation) else ""
    )


def _lacks_head(phrase: str, translation: Translation) -> bool:
    """Whether the word that an English phrase is about has no translation."""
    end = _HEAD_END.search(phrase.strip())
    head = _HEAD.search(phrase.strip()[: end.start()] if end else phrase)
    return head is not None and head["word"] in translation.unknown


class _Part:
    """The words after a preposition or conjunction."""

    def __init__(self, link: str) -> None:
        self.link = link
        self.is_headless = False  # whether its last word has no translation
        self._words: list[tuple[str, str]] = []  # section, Amharic
        self._glued: list[bool] = []
        self._end = -1

    def add(self, amharic: str, start: int, end: int, *, section: str = "") -> None:
        """Add a word; Amharic written together with the word or slot before it stays so."""
        self.is_headless = False
        self._glued.append(not section and start == self._end)
        self._words.append((section, amharic))
        self._end = end

    @property
    def is_empty(self) -> bool:
        return not self._words

    @property
    def is_people(self) -> bool:
        return all(section == "people" for section, _ in self._words)

    def text(self, *, is_attribute: bool = False) -> str:
        """The words, people first; at the end of a phrase a noun is not in the genitive («ቆዳ», not «የቆዳ»)."""
        # «ladies shoes»: for whom comes first; «new home owners»: the people are the noun themselves.
        # A number is said before the people it counts.
        is_for = any(
            section in ("products", "") and not word.startswith("⟨") for section, word in self._words
        )
        people = [amharic for section, amharic in self._words if section == "people" and is_for]
        others = ""
        for (section, amharic), glued in zip(self._words, self._glued, strict=True):
            if section != "people" or not is_for:
                others += amharic if glued or not others else f" {amharic}"
        text = " ".join([*people, *([others] if others else [])])
        last = self._words[-1][0] if others else "people"
        if not is_attribute and last in ("people", "qualities"):
            head, _, tail = text.rpartition(" ")
            if tail.startswith("የ") and tail.removeprefix("የ") in _nouns():
                text = f"{head} {tail.removeprefix('የ')}".strip()
        return text


def _in_order(parts: Sequence["_Part"]) -> str:
    """The parts of a phrase in Amharic order, with prefixes for prepositions."""
    front: list[str] = []
    middle: list[str] = []
    last = middle
    is_joined = False
    for part in parts:
        is_joined = is_joined or part.link == "እና"
        if part.is_empty:
            continue
        if part.link == "የ" and last:
            last[-1] = f"{_genitive(part.text(is_attribute=True))} {last[-1]}"
            is_joined = False
            continue
        text = part.text()
        into = middle
        if part.link == "ለ":
            text = part.text(is_attribute=True) if part.is_people else _prefixed("ለ", text)
            text = text if text.startswith("የ") else _prefixed("ለ", text)
            into = front if part.is_people else middle
        elif part.link == "በ":
            text, into = _prefixed("በ", text), front
        if is_joined and last:
            last[-1] = f"{last[-1]} እና {text}"
        else:
            into.append(text)
            last = into
        is_joined = False
    return " ".join([*front, *middle])


def _genitive(text: str) -> str:
    """A phrase in the genitive: የ at its first word, unless a word of it has one."""
    return text if text.startswith("የ") or text.split()[-1].startswith("የ") else f"የ{text}"


def _prefixed(prefix: str, text: str) -> str:
    """A phrase after a preposition, which takes the place of የ."""
    return text if text.startswith((prefix, "ለ", "በ")) else f"{prefix}{text.removeprefix('የ')}"


def entries(sections: Sequence[str]) -> dict[str, str]:
    """English phrases of some sections of the lexicon (singular, lower case) with their Amharic."""
    return {english: amharic for english, (section, amharic) in _lexicon().items() if section in sections}


def unknown_words(phrase: str) -> list[tuple[int, int]]:
    """Where the Latin words stand that are neither in the lexicon nor function words.

    Specifications count as unknown: «Intel Core i5» and «16GB RAM» are names to be copied whole.
    """
    return [
        (start, end)
        for start, end, token, entry in _scan(phrase)
        if (entry is None or entry[0] == "specifications")
        and _LATIN.match(token)
        and token.lower() not in _function_words()
    ]


def _scan(phrase: str) -> Iterator[tuple[int, int, str, tuple[str, str] | None]]:
    """Tokens with their place and, for phrases of the lexicon, section and Amharic."""
    matches = list(_TOKEN.finditer(phrase))
    tokens = [match.group() for match in matches]
    position = 0
    while position < len(matches):
        length, entry = 1, None
        if _LATIN.match(matches[position].group()):
            for length in range(min(_LONGEST_PHRASE, len(matches) - position), 0, -1):
                entry = _entry(tokens[position : position + length])
                if entry is not None:
                    break
            if length == 1:
                entry = sense_of(tokens, position, _singulars(tokens[position].lower()), entry)
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
def makers() -> frozenset[str]:
    """Makers and models, in lower case, that are names however they are written."""
    return frozenset(str(name) for name in _file()["makers"])


@lru_cache(maxsize=1)
def _nouns() -> frozenset[str]:
    """Nouns that stand in the lexicon as attributes (የቆዳ, የወንዶች)."""
    sections = (_file()["qualities"], _file()["people"])
    return frozenset(
        str(amharic).removeprefix("የ")
        for entries in sections
        for amharic in entries.values()
        if amharic[0] == "የ" and not amharic.startswith(_PARTICIPLES)
    )


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, tuple[str, str]]:
    labels = {word: ("labels", label) for word, label in AMHARIC_LABELS.items() if label in SIZE_LABELS}
    return labels | {
        str(english): (section, str(amharic))
        for section, entries in _file().items()
        if isinstance(entries, dict) and section != "denied"
        for english, amharic in entries.items()
    }
