"""Slots: one piece of the vocabulary that stands for a fact, typed by its kind and numbered within it.

`⟨price_1⟩` is the first price of a brief and of the ad written from it. Kinds never share pieces: with untyped
slots a model wrote an address where the price belongs.
"""

import re
from collections.abc import Mapping

FACT_KINDS = ("phone", "price", "percent", "date", "time", "url", "handle", "hashtag", "email", "quantity")
NAME_KINDS = ("brand", "product", "location", "term")  # copied exactly; `term` is a signature line
SLOT_KINDS = FACT_KINDS + NAME_KINDS

SLOT = re.compile(rf"⟨({'|'.join(SLOT_KINDS)})_(\d+)⟩")


def slot(kind: str, number: int) -> str:
    """The slot of a kind, numbered from 1."""
    if kind not in SLOT_KINDS:
        raise ValueError(f"{kind!r} is not a slot kind: {', '.join(SLOT_KINDS)}")
    return f"⟨{kind}_{number}⟩"


def slot_kind(name: str) -> str:
    """The kind of a slot."""
    match = SLOT.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not a slot")
    return match.group(1)


def vocabulary(slots_per_kind: int) -> list[str]:
    """All slots that a tokenizer must know, in a fixed order."""
    return [slot(kind, number) for kind in SLOT_KINDS for number in range(1, slots_per_kind + 1)]


def slots_in(text: str) -> list[str]:
    """Slots of a text in order, repeats included."""
    return [match.group() for match in SLOT.finditer(text)]


def fill(slotted: str, values: Mapping[str, str]) -> str:
    """The text with each slot replaced by its value; slots without a value stay."""
    return SLOT.sub(lambda match: values.get(match.group(), match.group()), slotted)


def escape(text: str) -> str:
    """Untrusted text that cannot be taken for a slot: its angle brackets become ordinary ones."""
    return text.replace("⟨", "‹").replace("⟩", "›")
