"""The kinds of ads and what Telegram takes of each, checked.

Lengths are UTF-16 code units, as Telegram counts: an Ethiopic letter is one, most emoji are two. A text whose units
fit has no more characters and no more graphemes than that either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import regex

from adgen_pipeline.recipe import AdFormat
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.language import language as language_of
from adgen_pipeline.text.slots import SLOT, slots_in

CONTACT_KINDS = ("phone", "handle", "email", "url")
LINK_KINDS = ("handle", "url")
MAXIMUM_EMOJI = (
    2  # of a Sponsored Message: «intrusive emoji» have no number in Telegram's text; ours is strict
)
CAPITAL_WORDS = 3  # in a row shout; a brand of two words in capitals does not

_PAIRS = {"(": ")", "[": "]", "{": "}", "«": "»", "“": "”", "⟨": "⟩"}
_CLOSING = {closing: opening for opening, closing in _PAIRS.items()}
_EMOJI = regex.compile(r"(?=\p{Extended_Pictographic}|\p{Regional_Indicator})\X")
_EMOJI_TOGETHER = regex.compile(r"(?:(?=\p{Extended_Pictographic})\X\s*){2}")
_BULLET = regex.compile(r"[•▪▫◦‣●○■□◆◇➤➢►▶✔✅☑✓]|^\s*[-*–—+]\s|[0-9]\ufe0f?\u20e3")
_NUMBERED = regex.compile(r"(?<![\w.,])\d{1,2}[.)](?=\s)")
_CAPITALS = regex.compile(rf"(?:\b[A-Z]{{2,}}\b\W+){{{CAPITAL_WORDS - 1}}}\b[A-Z]{{2,}}\b")
_SPACED = regex.compile(r"(?<!\w)(?:[^\W\d_] [ ]?){4,}[^\W\d_](?!\w)")
_ART = regex.compile(r"[\u2500-\u259f\U0001d400-\U0001d7ff]|([!?.,*~=_#-])\1{3,}|[!?]{2,}")
_SHORTENER = regex.compile(
    r"(?i)\b(?:bit\.ly|tinyurl\.com|t\.co|goo\.gl|ow\.ly|is\.gd|cutt\.ly|rb\.gy|shorturl\.at)\b"
)
_NUMERIC_HOST = regex.compile(r"(?i)(?:https?://|\b)\d{1,3}(?:\.\d{1,3}){3}\b")
# A channel's language, and the languages in which its ads may be. Brands and models in Latin letters make an Amharic
# ad `mixed`.
_FITTING = {"am": ("am", "mixed"), "en": ("en", "mixed"), "am-latn": ("am-latn", "mixed", "am")}


@dataclass(frozen=True)
class Format:
    """What a kind of ad may hold.

    Attributes:
        maximum_units: UTF-16 units.
        is_one_line: whether line breaks are refused.
        maximum_links: handles and links together; None: any number.
        has_contacts: whether phones, handles, links and e-mail addresses may stand in it.
        is_plain: whether bullets, lists, shouting, many emoji and another language than the channel's are refused.
    """

    maximum_units: int
    is_one_line: bool = False
    maximum_links: int | None = None
    has_contacts: bool = True
    is_plain: bool = False


# Post and caption: Telegram's limits of a message and of a photo's text. Sponsored: Telegram's ad guidelines
# (ads.telegram.org/guidelines). Tagline: ours, for a banner or a button.
FORMATS: Mapping[str, Format] = {
    "post": Format(4096),
    "caption": Format(1024),
    "sponsored": Format(160, is_one_line=True, maximum_links=1, is_plain=True),
    "tagline": Format(60, is_one_line=True, has_contacts=False),
}
MAXIMUM_UNITS = {name: rules.maximum_units for name, rules in FORMATS.items()}
assert tuple(FORMATS) == get_args(AdFormat)


def utf16_units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def problems(
    text: str, format: str = "post", *, slotted: str | None = None, language: str | None = None
) -> list[str]:
    """Why a text is no valid ad of a format, in words; empty when it is.

    Args:
        text: the ad, slots filled.
        format: a key of FORMATS.
        slotted: the ad with slots, in which brackets are then looked at: a fact is copied with those that it has.
        language: of the channel (`text.language`), which a Sponsored Message must share; None: not compared.

    Raises:
        KeyError: the format is not known.
    """
    rules = FORMATS[format]
    found = []
    units = utf16_units(text)
    if not text.strip():
        found.append("it is empty")
    if units > rules.maximum_units:
        found.append(f"it has {units} UTF-16 units, {format} allows {rules.maximum_units}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        found.append("it holds half of a character")
    if unfilled := slots_in(text):
        found.append(f"{len(unfilled)} slots are not filled")
    if not is_balanced(text if slotted is None else SLOT.sub(" ", slotted)):
        found.append("a bracket is not closed")
    if rules.is_one_line and len(text.splitlines()) > 1:
        found.append(f"{format} has no line breaks")
    if rules.maximum_links is not None or not rules.has_contacts:
        found += _contact_problems(text, format)
    if rules.is_plain:
        found += _plainness_problems(text)
        if language is not None and language_of(text) not in _FITTING.get(language, (language,)):
            found.append(f"it is not in the channel's language ({language})")
    return found


def _contact_problems(text: str, format: str) -> list[str]:
    """Contacts and links beyond what the format allows."""
    rules = FORMATS[format]
    kinds = [fact.kind for fact in find_facts(text)]
    found = []
    if not rules.has_contacts and (contacts := sum(kind in CONTACT_KINDS for kind in kinds)):
        found.append(f"it holds {contacts} contacts, {format} has none")
    links = sum(kind in LINK_KINDS for kind in kinds)
    if rules.maximum_links is not None and links > rules.maximum_links:
        found.append(f"it holds {links} links, {format} allows {rules.maximum_links}")
    return found


def _plainness_problems(text: str) -> list[str]:
    """What Telegram refuses in a Sponsored Message: lists, shouting, symbols for show, hidden links."""
    found = []
    if _BULLET.search(text) or len(_NUMBERED.findall(text)) > 1:
        found.append("it is a list")
    emoji = _EMOJI.findall(text)
    if len(emoji) > MAXIMUM_EMOJI or _EMOJI_TOGETHER.search(text):
        found.append(f"it holds {len(emoji)} emoji; {MAXIMUM_EMOJI} apart from each other are allowed")
    if _CAPITALS.search(text) or _SPACED.search(text) or _ART.search(text):
        found.append("it shouts, in capitals, spaced letters or symbols")
    if _SHORTENER.search(text) or _NUMERIC_HOST.search(text):
        found.append("its link hides where it leads")
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
