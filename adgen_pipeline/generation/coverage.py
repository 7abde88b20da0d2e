"""Well-formed Amharic lines for facts and points: what the template is made of, and what repairs a forgetful ad."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from adgen_pipeline.generation.lines import announces, point_line
from adgen_pipeline.generation.wording import stems
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.text.labels import CALL, LABEL_KINDS
from adgen_pipeline.text.letters import shape
from adgen_pipeline.text.slots import SLOT, slot_kind, slots_in

# How an ad introduces each kind; two spaces of the same kind are joined by " / ".
_LEADS = {
    "price": "💵 ዋጋ፦ ",
    "percent": "🎉 ",
    "date": "📅 ቀን፦ ",
    "time": "🕐 ሰዓት፦ ",
    "quantity": "✅ ",
    "location": "📍 አድራሻ፦ ",
    "phone": "📞 ስልክ፦ ",
    "handle": "💬 ቴሌግራም፦ ",
    "email": "📧 ኢሜይል፦ ",
    "url": "🔗 ",
    "hashtag": "",
    "term": "✔️ ",
    "brand": "🏷 ",
    "product": "✨ ",
}
_ORDER = (
    "brand", "product", "quantity", "percent", "price", "date", "time", "term", "location", "phone", "handle", "email",
    "url", "hashtag",
)  # fmt: skip
_WORDS = {
    "price": "ዋጋ፦",
    "location": "አድራሻ፦",
    "phone": "ስልክ፦",
    "handle": "በቴሌግራም ያግኙን፦",
    "url": "ሊንክ፦",
    "date": "ቀን፦",
}
_SIGNS = {
    "price": "💵💰💲💴",
    "location": "📍🏢🏠🗺📌🏬",
    "phone": "📞☎📱📲✆🤙",
    "handle": "💬📩📨✉📲",
    "url": "🔗🌐",
    "date": "📅🗓⏰",
}
_AT_THE_TOP = ("brand", "product")
CONTACTS = ("phone", "handle", "email", "url")
CLOSING = "ለበለጠ መረጃ ያነጋግሩን።"  # promises nothing, and fits every contact
# Longer ones by what the ad names; the first kind that it names counts.
_INVITATIONS = {
    "phone": "ለተጨማሪ መረጃ እና ለማዘዝ በስልክ ቁጥራችን ይደውሉልን።",
    "handle": "ለተጨማሪ መረጃ እና ለማዘዝ በቴሌግራም ይጻፉልን።",
    "url": "ለተጨማሪ መረጃ እና ለማዘዝ ከላይ ያለውን ሊንክ ይጫኑ።",
    "email": "ለተጨማሪ መረጃ እና ለማዘዝ በኢሜይል ይጻፉልን።",
}
SAID_SHARE = 0.5  # of a point's words; with fewer an ad leaves it out
# Before the first line of these an ad says what it has to say of its product.
_AFTER_POINTS = frozenset(("price", "percent", "date", "time", "term", "location", *CONTACTS, "hashtag"))
_KIND_SIGN = re.compile("^(?:(?P<price>[💵💰💲💴])|[📞☎])[\ufe0f\\s]*(?=[\\w⟨])")
_BULLET = re.compile(r"^[^\w⟨\s]+[ \u00a0]?")
_OFFERED = "ለእርስዎ አቅርበናል።"  # behind a name that stands alone: a sentence, and no promise


def lines_for(brief: Brief, facts: Sequence[BriefFact]) -> tuple[list[str], list[str]]:
    """Slotted lines that say some facts of a brief: those for the top of an ad, and those for its end.

    A fact that the brief uses within a feature is said with that feature, since a bare 20 % means nothing.
    """
    top: list[str] = []
    bottom: list[str] = []
    said: set[str] = set()
    for kind in _ORDER:
        alone: list[str] = []
        for fact in facts:
            if fact.kind != kind or fact.slot in said:
                continue
            if kind == "term" and not fact.must and not any(fact.slot in f for f in brief.features):
                continue  # a least order without its sentence says nothing
            feature = next((f for f in brief.features if fact.slot in f), None)
            if feature is not None and kind not in _AT_THE_TOP:
                bottom.append(point_line(feature, "✅ "))
                said.update(slots_in(feature))
            elif kind == "term":
                bottom.append(f"{_LEADS[kind]}{fact.slot}")
            else:
                alone.append(fact.slot)
        if alone:
            (top if kind in _AT_THE_TOP else bottom).append(_LEADS[kind] + " / ".join(alone))
    return top, bottom


def with_leads(slotted: str, *, beside_signs: bool = True) -> str:
    """The ad with an Amharic word before contacts, prices and places that stand alone on a line.

    Bare handles and links under a Latin product name leave an Amharic ad with few Amharic letters.

    Args:
        slotted: the ad.
        beside_signs: before facts too whose kind an emoji tells («📞 …»).
    """
    lines: list[str] = []
    last = above = ""
    for line in slotted.split("\n"):
        kinds = {slot_kind(name) for name in slots_in(line)}
        kind = kinds.pop() if len(kinds) == 1 else ""
        signs = SLOT.sub("", line)
        is_bare = kind in _WORDS and not any(character.isalpha() for character in signs)
        is_bare = is_bare and (beside_signs or not any(sign in signs for sign in _SIGNS.get(kind, "")))
        if is_bare and kind != last and (beside_signs or not announces(above)):
            place = SLOT.search(line)
            assert place is not None
            line = f"{line[: place.start()]}{_WORDS[kind]} {line[place.start() :]}"
        last = kind
        above = line or above
        lines.append(line)
    return "\n".join(lines)


def with_fitting_signs(slotted: str) -> str:
    """The ad with ✅ for a sign of money or of a phone before a line that says no price and calls nobody."""
    lines: list[str] = []
    for line in slotted.split("\n"):
        sign = _KIND_SIGN.match(line)
        if sign and not CALL.search(shape(line)):
            kind = "price" if sign["price"] else "phone"
            words = set(stems(line)) & set(LABEL_KINDS)
            if kind not in {slot_kind(name) for name in slots_in(line)} and not words:
                line = f"✅ {line[sign.end() :].lstrip()}"
        lines.append(line)
    return "\n".join(lines)


def with_closing(slotted: str) -> str:
    """The ad with an invitation at its end, if it names a contact and invites to nothing yet."""
    has_contact = any(slot_kind(name) in CONTACTS for name in slots_in(slotted))
    return f"{slotted}\n{CLOSING}" if has_contact and CLOSING not in slotted else slotted


def with_offer(slotted: str) -> str:
    """The ad with a sentence around the product's name where it stands alone on a line."""
    lines = slotted.split("\n")
    for place, line in enumerate(lines):
        if [slot_kind(name) for name in slots_in(line)] == ["product"]:
            if not any(character.isalpha() for character in SLOT.sub("", line)):
                lines[place] = f"{line.rstrip()} {_OFFERED}"
            break
    return "\n".join(lines)


def with_invitation(slotted: str) -> str:
    """The ad with its closing, if it has that, in the words of the contact that it names."""
    kinds = {slot_kind(name) for name in slots_in(slotted)}
    invitation = next((text for kind, text in _INVITATIONS.items() if kind in kinds), CLOSING)
    head, closing, _ = slotted.rpartition(CLOSING)
    return f"{head}{invitation}" if closing else slotted


# For an ad in which names, links and handles outweigh the Amharic: each says a little more, the least first.
MORE_AMHARIC = (with_leads, with_closing, with_offer, with_invitation)


def missing_facts(brief: Brief, said: Collection[str]) -> list[BriefFact]:
    """Facts that the brief says must stand in the ad, and that do not."""
    return [fact for fact in brief.facts if fact.must and fact.slot not in said]


def headline(spoken: Brief, slotted: str) -> list[str]:
    """The product as a line, if the ad says less than half of its words; no line else."""
    words, names = set(stems(spoken.product)), {n for n in slots_in(spoken.product) if "⟨product" in n}
    said = set(stems(slotted))
    is_named = len(words & said) >= SAID_SHARE * len(words) if words else names <= set(slots_in(slotted))
    return [] if is_named or not spoken.product else [spoken.product]


def missing_points(spoken: Brief, slotted: str) -> list[str]:
    """Points of a brief, in Amharic, that an ad says less than half the words or not all the facts of.

    Args:
        spoken: the brief in the words of the prompt (`prompt.spoken`).
        slotted: the ad.
    """
    said, names = set(stems(slotted)), set(slots_in(slotted))
    found = []
    for point in dict.fromkeys(spoken.features):
        words, own = set(stems(point)), set(slots_in(point))
        is_left_out = not own <= names if own else len(words & said) < SAID_SHARE * len(words)
        if (words or len(own) > 1) and is_left_out and own.isdisjoint(names):
            found.append(point)
            names |= own
    return found


def with_points(slotted: str, points: Sequence[str]) -> str:
    """The ad with points as lines of their own, before prices, places and contacts, behind the ad's own bullet."""
    if not points:
        return slotted
    lines = slotted.split("\n")
    place = next(
        (
            n
            for n, line in enumerate(lines)
            if n and any(slot_kind(s) in _AFTER_POINTS for s in slots_in(line))
        ),
        len(lines),
    )
    while place > 1 and not lines[place - 1].strip():
        place -= 1
    bullets = Counter(match.group() for line in lines[1:place] if (match := _BULLET.match(line)))
    bullet = bullets.most_common(1)[0][0] if bullets else "✅ "
    return "\n".join([*lines[:place], *(point_line(point, bullet) for point in points), *lines[place:]])
