"""Which kind of fact a word introduces, as the training posts have it: after «ይደውሉ» comes a phone, never a price.

Learned by counting the words right before and after each slot, so that no table of verbs has to be kept.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from adgen_pipeline.text.amharic import STOP_WORDS
from adgen_pipeline.text.slots import slot_kind
from adgen_pipeline.text.stems import stem_key

MINIMUM_COUNT = 40  # of a word beside slots, from there on what it stands beside is a rule
MINIMUM_SHARE = 0.01  # of a kind beside a word; rarer is an accident
# Words beside sizes say what the size is of, and any noun may.
_TELLING = frozenset(("phone", "handle", "url", "location", "price"))
_TYPED = frozenset(("handle", "url", "email"))  # one stands for the other: «ለማዘዝ» before any of them
_BESIDE = re.compile(
    r"(?P<before>[^\W\d_]+)?[^\w⟨⟩\n]*(?P<slot>⟨[a-z]+_\d+⟩)(?=[^\w⟨⟩\n]*(?P<after>[^\W\d_]+)?)"
)

Beside = tuple[str, str, str]  # side («before» or «after»), stem of the word, slot


@dataclass(frozen=True)
class Leads:
    """The kinds that stand beside a word, by side and stem; words that stand beside any kind are left out."""

    kinds: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def misplaced(self, line: str, said: Collection[Beside] = ()) -> list[str]:
        """Words of a line with the slot beside them that they never introduce.

        Args:
            line: slotted.
            said: what stands beside which slot in the brief itself (`beside`); it may do so in the ad.
        """
        return [
            f"{stem} {slot}"
            for side, stem, slot in beside(line)
            if (kinds := self.kinds.get((side, stem))) is not None
            and slot_kind(slot) not in kinds
            and (side, stem, slot) not in said
        ]


def learned(posts: Iterable[str]) -> Leads:
    """What slotted posts teach."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for post in posts:
        for side, stem, slot in beside(post):
            counts[side, stem][slot_kind(slot)] += 1
    return Leads(
        {
            key: kinds
            for key, count in sorted(counts.items())
            if key[1] not in STOP_WORDS and (kinds := _kinds(count)) is not None
        }
    )


def beside(slotted: str) -> list[Beside]:
    """Each word right before or after a slot on its line, marks between them left out."""
    found: list[Beside] = []
    for match in _BESIDE.finditer(slotted):
        for side in ("before", "after"):
            if match[side] and (stem := stem_key(match[side])):
                found.append((side, stem, match["slot"]))
    return found


def _kinds(count: Counter[str]) -> frozenset[str] | None:
    """The kinds that a word introduces; None if it is rare, or stands beside anything."""
    total = count.total()
    (most, _), *_ = count.most_common(1)
    if total < MINIMUM_COUNT or most not in _TELLING:
        return None
    kinds = {kind for kind, number in count.items() if number >= MINIMUM_SHARE * total}
    return frozenset(kinds | _TYPED if kinds & _TYPED else kinds)
