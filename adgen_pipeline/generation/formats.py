"""What Telegram accepts as an ordinary channel post, checked.

Telegram counts UTF-16 code units: an Ethiopic letter is one, most emoji are two.
"""

from adgen_pipeline.text.slots import SLOT, slots_in

MAXIMUM_UNITS = {"post": 4096}
_PAIRS = {"(": ")", "[": "]", "{": "}", "«": "»", "“": "”", "⟨": "⟩"}
_CLOSING = {closing: opening for opening, closing in _PAIRS.items()}


def utf16_units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def problems(text: str, format: str = "post", *, slotted: str | None = None) -> list[str]:
    """Why a text is no valid ad of a format, in words; empty when it is.

    Args:
        text: the ad as readers see it.
        format: a key of MAXIMUM_UNITS.
        slotted: the ad with slots, in which brackets are then looked at: a fact is copied with those that it has.

    Raises:
        KeyError: the format is not known.
    """
    found = []
    units = utf16_units(text)
    if not text.strip():
        found.append("it is empty")
    if units > MAXIMUM_UNITS[format]:
        found.append(f"it has {units} UTF-16 units, Telegram allows {MAXIMUM_UNITS[format]}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        found.append("it holds half of a character")
    if unfilled := slots_in(text):
        found.append(f"{len(unfilled)} slots are not filled")
    if not is_balanced(text if slotted is None else SLOT.sub(" ", slotted)):
        found.append("a bracket is not closed")
    return found


def is_balanced(text: str) -> bool:
    """Whether every bracket is closed by its like; `1)` of a numbered line, `:)` and 15.6” (inches) count as closed."""
    return not _stray_brackets(text)


def without_stray_brackets(text: str) -> str:
    """The text without brackets that are not opened or not closed."""
    stray = set(_stray_brackets(text))
    return "".join(character for place, character in enumerate(text) if place not in stray) if stray else text


def _stray_brackets(text: str) -> list[int]:
    """Places of brackets without a partner."""
    opened: list[int] = []
    stray: list[int] = []
    for place, character in enumerate(text):
        if character in _PAIRS:
            opened.append(place)
        elif character in _CLOSING:
            if opened and text[opened[-1]] == _CLOSING[character]:
                opened.pop()
            elif not _stands_alone(character, text[place - 1 : place]):
                stray.append(place)
    return opened + stray


def _stands_alone(closing: str, before: str) -> bool:
    """Whether a closing bracket needs no opening one after the character before it."""
    if closing == ")":
        return before.isalnum() or before in (":", ";", "-")
    return closing == "”" and before.isdigit()
