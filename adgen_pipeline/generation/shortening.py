"""An ad made to fit its format: facts stay whole or stand aside, words give way first.

Shortening works on slotted text, so that no fact can be cut: a slot is one unit, and a line or sentence is kept or
left out with the slots in it. What must be said comes first, then the headline, then the ad's other lines in order.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import regex

from adgen_pipeline.generation.coverage import CLOSING, lines_for
from adgen_pipeline.generation.formats import FORMATS, problems
from adgen_pipeline.generation.guard import Guarded
from adgen_pipeline.text.amharic import sentences
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.text.labels import CALL
from adgen_pipeline.text.letters import shape
from adgen_pipeline.text.slots import SLOT, fill, slot_kind, slots_in

# What an ad with little room says first. A link before a phone: it is what a Sponsored Message is opened by.
_FIRST = (
    "product", "brand", "price", "percent", "handle", "url", "phone", "date", "location", "quantity", "term", "time",
    "email", "hashtag",
)  # fmt: skip
_OFFERS = ("brand", "product", "price", "percent", "date", "time", "quantity", "term", "location", "hashtag")
_SAID_SHORT = {"price": "ዋጋ ", "phone": "ስልክ ", "location": "አድራሻ "}
_IN_A_TAGLINE = ("product", "brand", "price", "percent", "date", "quantity")
_BARE_SAYS_NOTHING = ("percent", "date", "time", "quantity")  # a fact of these needs the words around it
_PICTOGRAPH = regex.compile(
    r"(?=\p{Extended_Pictographic}|\p{Regional_Indicator})\X|[0-9#*]\ufe0f?\u20e3|[•▪▫◦‣●○■□◆◇➤➢►▶✔✅☑✓]"
)
_EDGE = " \t-–—:፦፣፤,;.።!"
_LETTER = regex.compile(r"\p{L}")


def fitted(guarded: Guarded, brief: Brief, format: str, *, language: str | None = None) -> Guarded:
    """A checked candidate in the shape of a format, refused if it cannot take that shape.

    Args:
        guarded: as the guards left it; one that they refused stays as it is.
        brief: what it was written for.
        format: a key of `formats.FORMATS`.
        language: of the channel, where it is known.
    """
    if guarded.refusal is not None:
        return guarded
    values = brief.values()
    slotted = shortened(guarded.slotted, brief, format)
    text = fill(slotted, values)
    found = problems(text, format, slotted=slotted, language=language)
    return replace(guarded, slotted=slotted, text=text, refusal=found[0] if found else None)


def left_out(slotted: str, brief: Brief) -> tuple[BriefFact, ...]:
    """Facts that the brief says must stand in the ad, and that this ad has no room for."""
    said = set(slots_in(slotted))
    return tuple(fact for fact in brief.facts if fact.must and fact.slot not in said)


def shortened(slotted: str, brief: Brief, format: str) -> str:
    """The slotted ad in the shape of a format; unchanged if it has that shape already.

    Must-have facts are kept in the order of what an ad needs most, as far as the format allows. If nothing at all
    fits, the result is empty.
    """
    if _fits(slotted, brief, format):
        return slotted
    if FORMATS[format].is_one_line:
        return _one_line(slotted, brief, format)
    return _lines(slotted, brief, format)


def graphemes(text: str, maximum_units: int) -> str:
    """The start of a text that fits, cut between words if one fits and between graphemes otherwise."""
    kept: list[str] = []
    units = 0
    for cluster in regex.findall(r"\X", text):
        units += len(cluster.encode("utf-16-le", "surrogatepass")) // 2
        if units > maximum_units:
            whole = "".join(kept)
            words = whole.rpartition(" ")[0].rstrip(_EDGE)
            return words if words else whole.rstrip()
        kept.append(cluster)
    return text


def _fits(slotted: str, brief: Brief, format: str) -> bool:
    return not problems(fill(slotted, brief.values()), format, slotted=slotted)


def _lines(slotted: str, brief: Brief, format: str) -> str:
    """An ad of several lines: those with must-have facts, then the first, then the others while they fit."""
    lines = [line for line in slotted.split("\n") if line.strip()]
    must = {fact.slot for fact in brief.facts if fact.must}

    def fits(places: Iterable[int]) -> bool:
        return _fits("\n".join(lines[place] for place in sorted(places)), brief, format)

    kept = {place for place, line in enumerate(lines) if must.intersection(slots_in(line))}
    if not (kept and fits(kept)):
        return _most_needed(lines, brief, format)
    for place in range(len(lines)):
        if place not in kept and fits(kept | {place}):
            kept.add(place)
    return "\n".join(lines[place] for place in sorted(kept))


def _most_needed(lines: Sequence[str], brief: Brief, format: str) -> str:
    """An ad whose must-have facts alone are too long: those that it needs most, then a headline, then other lines."""
    values = brief.values()
    chosen: list[BriefFact] = []
    body = ""
    for fact in _by_need(brief.facts):
        top, bottom = lines_for(brief, [*chosen, fact])
        longer = "\n".join([*top, *bottom])
        if _fits(longer, brief, format):
            chosen.append(fact)
            body = longer
    for line in lines:
        if any(name in body for name in slots_in(line)):
            continue
        room = FORMATS[format].maximum_units - len(fill(body, values).encode("utf-16-le")) // 2 - 1
        part = line if slots_in(line) else graphemes(line, room)
        longer = f"{part}\n{body}" if line is lines[0] and body else f"{body}\n{part}".strip("\n")
        if part and _fits(longer, brief, format):
            body = longer
    return body


def _one_line(slotted: str, brief: Brief, format: str) -> str:
    """An ad of one line: headline, further sentences, offer, contact."""
    spoken = list(_sentences(slotted))
    phrases = _phrases(spoken, brief)

    def fits(head: str, more: Sequence[str], facts: Sequence[BriefFact]) -> bool:
        return _fits(_joined(head, more, facts, brief), brief, format)

    chosen: list[BriefFact] = []
    shortest = next((p for p in sorted(phrases, key=len) if fits(p, (), ())), "")
    for fact in _by_need(brief.facts):
        if fact.slot in slots_in(shortest) or _said_short(fact, brief) is None:
            continue
        if not FORMATS[format].has_contacts and fact.kind not in _IN_A_TAGLINE:
            continue
        if fits(shortest, (), [*chosen, fact]):
            chosen.append(fact)
    head = next((p for p in phrases if fits(p, (), _unsaid(chosen, p))), shortest)
    if not head and not chosen:
        room = FORMATS[format].maximum_units
        plain = (graphemes(SLOT.sub(" ", phrase).strip(_EDGE), room) for phrase in phrases)
        head = next((p for p in plain if _LETTER.search(p) and fits(p, (), ())), "")
    more: list[str] = []
    for sentence in [*spoken, *(_plain(f) for f in brief.features), CLOSING.rstrip("።")]:
        told = _joined(head, more, _unsaid(chosen, head, *more), brief)
        if not sentence or sentence in told or any(name in told for name in slots_in(sentence)):
            continue
        if _contacts(sentence) or not _belongs(sentence, told, format):
            continue
        if fits(head, [*more, sentence], _unsaid(chosen, head, *more, sentence)):
            more.append(sentence)
    return _joined(head, more, _unsaid(chosen, head, *more), brief)


def _belongs(sentence: str, told: str, format: str) -> bool:
    """Whether a further sentence makes sense: one invitation, and that only to a contact; a tagline has no address."""
    if _invites(sentence):
        return _contacts(told) and not any(_invites(part) for part in told.split("።"))
    kinds = {slot_kind(name) for name in slots_in(sentence)}
    return FORMATS[format].has_contacts or kinds.issubset(_IN_A_TAGLINE)


def _joined(head: str, more: Sequence[str], facts: Sequence[BriefFact], brief: Brief) -> str:
    """One line: headline, sentences, offers, and contacts last, so that no mark stands behind a link."""
    said = list(dict.fromkeys(short for fact in facts if (short := _said_short(fact, brief)) is not None))
    offers = "፣ ".join(short for short in said if not _contacts(short))
    contacts = "፣ ".join(short for short in said if _contacts(short))
    points = [sentence for sentence in more if not _invites(sentence)]
    parts = [head, *points, offers, *(s for s in more if _invites(s)), contacts]
    line = ""
    for part in filter(None, parts):
        line += ("" if not line else " " if line[-1] in "?!" else "። ") + part
    return line


def _said_short(fact: BriefFact, brief: Brief) -> str | None:
    """A fact with the fewest words that make sense of it; None if the brief gives it none."""
    if fact.kind in _BARE_SAYS_NOTHING:
        feature = next((f for f in brief.features if fact.slot in slots_in(f)), None)
        return None if feature is None else _plain(feature)
    return f"{_SAID_SHORT.get(fact.kind, '')}{fact.slot}"


def _unsaid(facts: Sequence[BriefFact], *sentences_: str) -> list[BriefFact]:
    said = {name for sentence in sentences_ for name in slots_in(sentence)}
    return [fact for fact in facts if fact.slot not in said]


def _by_need(facts: Sequence[BriefFact]) -> list[BriefFact]:
    """Must-have facts, the first of every kind before any second one."""
    must = [fact for fact in facts if fact.must]
    turn = {fact.slot: int(fact.slot.rstrip("⟩").rpartition("_")[2]) for fact in must}
    return sorted(must, key=lambda fact: (turn[fact.slot] > 1, _FIRST.index(fact.kind), turn[fact.slot]))


def _sentences(slotted: str) -> Iterator[str]:
    """Sentences of an ad without marks around them."""
    for line in slotted.split("\n"):
        for sentence in sentences(line):
            plain = _plain(sentence)
            if _LETTER.search(SLOT.sub("", plain)):
                yield plain


def _plain(text: str) -> str:
    """The text without pictographs, bullets and marks at its ends."""
    return " ".join(_PICTOGRAPH.sub(" ", text).split()).strip(_EDGE)


def _phrases(spoken: Sequence[str], brief: Brief) -> list[str]:
    """What may head the ad, best first: its own sentences that name the product, then the product, then any."""
    ends = list(_ends_of(brief.product))
    plain = [s for s in spoken if all(slot_kind(n) in ("product", "brand", "quantity") for n in slots_in(s))]
    naming = [s for s in plain if ends and ends[-1] in s]
    return [*naming, *ends] or plain


def _ends_of(product: str) -> Iterator[str]:
    """The product, then its ends word by word: the thing itself stands last in Amharic («የቆዳ ጫማ» is a shoe)."""
    words = _plain(product).split()
    for start in range(len(words)):
        yield " ".join(words[start:])


def _invites(sentence: str) -> bool:
    """Whether a sentence asks to call, write or come."""
    return sentence in CLOSING or CALL.search(shape(sentence)) is not None


def _contacts(slotted: str) -> bool:
    return any(slot_kind(name) not in _OFFERS for name in slots_in(slotted))
