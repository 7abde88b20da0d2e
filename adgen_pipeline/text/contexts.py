"""Neighbours that make a word harmless: «wine» among colours, «alcohol» of a hand gel, «interest each month».

Contexts are data of the rule files (generation/policy.yaml, text/promises.yaml). All places are those of folded texts
(`lexical.folded`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adgen_pipeline.text.lexical import any_pattern

_KEYS = {"words", "near", "beside", "before", "after", "unless"}
_NEAR_CHARS = 160  # on each side; a sentence that goes on for longer speaks of something else by then
_SENTENCE_END = re.compile(r"[\n።!?;|]|\.(?=\s|$)|፡፡")
# «black, wine», «navy and wine», «ጥቁር እና ወይን ጠጅ»: neighbours in a list.
_IN_LIST = re.compile(r"[^\w\n]{0,3}(?:(?:and|or|with|እና|ና|ወይም|ena|weym)[^\w\n]{1,3})?")
_JOINED = re.compile(r"[ -]?")  # «alcohol-free», «wine red»; not «cigarettes, free delivery»
_PATTERNS = tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Context:
    """Where words are harmless.

    Attributes:
        words: of the match, which the context is about; None for any.
        near: stand somewhere in the same sentence.
        beside: stand before or after the match as in a list.
        before, after: are joined to the match, by a space or hyphen at most.
        unless: a sentence with one of these is not harmless after all.
    """

    words: _PATTERNS | None
    near: _PATTERNS
    beside: _PATTERNS
    before: _PATTERNS
    after: _PATTERNS
    unless: _PATTERNS

    def excuses(self, key: str, start: int, end: int) -> bool:
        """Whether the neighbours of key[start:end] make it harmless."""
        if self.words is not None and not any(p.search(key, start, end) for p in self.words):
            return False
        low, high = sentence(key, start, end)
        if any(pattern.search(key, low, high) for pattern in self.unless):
            return False
        return (
            any(p.search(key, low, start) or p.search(key, end, high) for p in self.near)
            or any(_IN_LIST.fullmatch(key, *gap) for gap in _before(key, low, start, self.beside))
            or any(_IN_LIST.fullmatch(key, *gap) for gap in _after(key, end, high, self.beside))
            or any(_JOINED.fullmatch(key, *gap) for gap in _before(key, low, start, self.before))
            or any(_JOINED.fullmatch(key, *gap) for gap in _after(key, end, high, self.after))
        )


def _before(key: str, low: int, start: int, patterns: _PATTERNS) -> Iterator[tuple[int, int]]:
    """Gaps between words before a match and the match."""
    return ((match.end(), start) for pattern in patterns for match in pattern.finditer(key, low, start))


def _after(key: str, end: int, high: int, patterns: _PATTERNS) -> Iterator[tuple[int, int]]:
    """Gaps between a match and words after it."""
    return ((end, match.start()) for pattern in patterns for match in pattern.finditer(key, end, high))


def sentence(key: str, start: int, end: int) -> tuple[int, int]:
    """The sentence around key[start:end], cut where it is long."""
    low, high = max(0, start - _NEAR_CHARS), min(len(key), end + _NEAR_CHARS)
    for stop in _SENTENCE_END.finditer(key, low, start):
        low = stop.end()
    after = _SENTENCE_END.search(key, end, high)
    return low, after.start() if after else high


def contexts(entries: Sequence[Mapping[str, Any]]) -> tuple[Context, ...]:
    """Contexts of a rule file, compiled; lists may hold lists, so that anchors can be joined.

    Raises:
        ValueError: a key that no context has.
        TypeError, AttributeError: an entry that is no mapping, or words that are no text.
        re.error: words that are no regular expression.
    """
    found = []
    for entry in entries:
        if unknown := set(entry) - _KEYS:
            raise ValueError(f"a context has {', '.join(sorted(_KEYS))}, not {', '.join(sorted(unknown))}")
        lists = {name: any_pattern(_flat(entry.get(name, []))) for name in sorted(_KEYS)}
        words = lists.pop("words") if "words" in entry else None
        found.append(Context(words, **{name: lists[name] for name in lists if name != "words"}))
    return tuple(found)


def _flat(words: Sequence[Any]) -> list[str]:
    return [word for item in words for word in (_flat(item) if isinstance(item, list) else [item])]
