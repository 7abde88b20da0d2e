"""From a slotted post to an answer worth learning: what a small model should write for a brief, and that brief.

The post itself stays whole in `corpus/ads`. Here lines go that no Amharic brief explains (English specifications,
drawn lines, hashtag heaps, repeated contacts), English labels become Amharic ones, slots are numbered anew without
gaps, and ads in which too little Amharic is left are refused.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

import regex

from adgen_pipeline.corpus.lines import is_mere_call
from adgen_pipeline.text.amharic import STOP_WORDS, normalise
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.text.labels import AMHARIC_LABELS, is_label
from adgen_pipeline.text.letters import plain_letters
from adgen_pipeline.text.patterns import EMOJI
from adgen_pipeline.text.slots import SLOT, slot, slot_kind, slots_in

MINIMUM_ETHIOPIC_WORDS = 3
MINIMUM_CONTENT_WORDS = 2  # Ethiopic words of product and points: fewer is a form with sizes and a price
MINIMUM_ETHIOPIC_SHARE = 0.75  # of the letters outside of slots
MAXIMUM_FREE_WORDS = 6  # content words of a line that the brief need not explain: calls, labels
MINIMUM_SUPPORT = 0.4  # of a longer line's content words that the brief must hold
MAXIMUM_LATIN_WORDS = 3  # of a line whose slots stay when its English words go
MAXIMUM_CHARS = 620  # of the target; about 300 tokens of the trimmed Gemma
MAXIMUM_PROMPT_CHARS = 520  # of the brief's words
MAXIMUM_POINTS = 11
MAXIMUM_HASHTAGS = 3

_ETHIOPIC_WORD = re.compile(r"[ሀ-ፚ]+")
_WORD = re.compile(r"[^\W_]+")
_LATIN_LETTER = re.compile(r"[A-Za-z]")
_ETHIOPIC_LETTER = re.compile(r"[ሀ-ፚ]")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
# Several emoji in a row, of one kind or many, are where a small model loses its thread.
_EMOJI_RUN = regex.compile(rf"({EMOJI})(?:\s*{EMOJI})+", regex.V1)
_TAG = re.compile(r"#(?=[^\W\d])|(?<=[^\W\d])_(?=[^\W\d])")  # of labels that shops tag: «#Package_Included»
_DRAWN = re.compile(r"[-_=—–.~*➖〰•▪️·]{4,}")
_CONTACTS = frozenset(("phone", "handle", "url", "email", "hashtag"))
_SPECIFICATIONS = frozenset(("quantity", "hashtag", "percent", "time", "date"))
_MARK = "\x00"  # stands for a slot while letters are counted

_LABEL_BEFORE_SLOT = re.compile(
    rf"(?:\b(?:or|and)\s+|(?<![ሀ-ፚ] ))\b({'|'.join(AMHARIC_LABELS)})\b(?=[\s:፡፦#=–—.-]*⟨)", re.IGNORECASE
)
_FILLERS = frozenset(
    ("me", "us", "or", "and", "our", "now", "on", "at", "to", "the", "only", "for", "is", "new", "no")
)
_BARE_PRICE_LABEL = re.compile(r"\W*(?:ዋጋ|ብር)(?:\W|ብር)*")
_DOUBLED = re.compile(r"(\b[ሀ-ፚ]+)\s*/\s*\1\b")  # «ዋጋ/ዋጋ», once «ዋጋ/Price»
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]")


@dataclass(frozen=True)
class Example:
    """What the model shall write for a brief.

    Attributes:
        is_form: its brief has hardly a word: a name, sizes, a price, contacts.
    """

    target: str
    brief: Brief
    is_form: bool


def example(target: str, brief: Brief, *, slots_per_kind: int) -> Example | str:
    """The learnable form of an ad, or the reason why it has none.

    Args:
        target: the ad with slots (ADS).
        brief: its back-constructed brief.
        slots_per_kind: slots that the tokenizer has for each kind.
    """
    lines = _target_lines(plain_letters(target), brief, slots_per_kind)
    text = "\n".join(lines).strip()
    renumbered = _renumbered(slots_in(text))
    too_many = any(
        len([name for name in renumbered if slot_kind(name) == kind]) > slots_per_kind
        for kind in {slot_kind(name) for name in renumbered}
    )
    if too_many:
        return "too_many_slots"
    text = SLOT.sub(lambda match: renumbered[match.group()], text)
    words = SLOT.sub(_MARK, text)
    ethiopic, latin = len(_ETHIOPIC_LETTER.findall(words)), len(_LATIN_LETTER.findall(words))
    if len(text) > MAXIMUM_CHARS:
        return "too_long"
    if len(_ETHIOPIC_WORD.findall(words)) < MINIMUM_ETHIOPIC_WORDS:
        return "too_little_amharic"
    if ethiopic < MINIMUM_ETHIOPIC_SHARE * (ethiopic + latin):
        return "too_much_english"
    reduced = _reduced(brief, renumbered, text)
    if not reduced.product:
        return "no_product"
    content = SLOT.sub(_MARK, " ".join((reduced.product, reduced.audience, *reduced.features)))
    if len(reduced.features) > MAXIMUM_POINTS:
        return "too_many_points"
    if len(reduced.product) + sum(map(len, reduced.features)) > MAXIMUM_PROMPT_CHARS:
        return "too_long"
    if not any(fact.kind in ("price", "phone", "handle", "url", "location") for fact in reduced.facts):
        return "no_offer"
    return Example(text, reduced, len(_ETHIOPIC_WORD.findall(content)) < MINIMUM_CONTENT_WORDS)


def _target_lines(target: str, brief: Brief, slots_per_kind: int) -> list[str]:
    """The lines that stay, cleaned; at most one blank line between two."""
    hashtags = sum(slot_kind(name) == "hashtag" for name in set(slots_in(target)))
    terms = {fact.slot: fact.text for fact in brief.of_kind("term")}
    values = {fact.slot: fact.value for fact in brief.facts}
    product = _content_words(brief.product)
    said = product | _content_words(" ".join((brief.audience, *brief.features)))
    seen: set[str] = set()
    lines: list[str] = []
    for raw in target.split("\n"):
        with_calls = _with_calls(raw, terms)
        if _repeats_values(with_calls, {values.get(name, name) for name in seen}, values):
            continue
        line = _clean_line(with_calls, seen, has_many_hashtags=hashtags > MAXIMUM_HASHTAGS)
        if line is None or not _is_supported(line, product, said):  # dropped, not blank
            continue
        if _BARE_PRICE_LABEL.fullmatch(line) and "⟨price_" not in target:
            continue
        if _is_specification_too_many(line, seen, slots_per_kind):
            continue
        if line or (lines and lines[-1]):
            lines.append(line)
        seen.update(slots_in(line))
    return _without_empty_headings(lines)


def _repeats_values(line: str, said: set[str], values: dict[str, str]) -> bool:
    """Whether a line in English words only repeats sizes that an Amharic line gave: «Size: ⟨quantity_2⟩»."""
    slots = slots_in(line)
    is_english = not _ETHIOPIC_LETTER.search(SLOT.sub("", line))
    return (
        bool(slots)
        and is_english
        and all(slot_kind(name) == "quantity" and values.get(name) in said for name in slots)
    )


def _is_specification_too_many(line: str, seen: set[str], slots_per_kind: int) -> bool:
    """Whether a line of sizes alone needs more quantities than the model has slots for."""
    slots = slots_in(line)
    quantities = {name for name in (*seen, *slots) if slot_kind(name) == "quantity"}
    return (
        len(quantities) > slots_per_kind
        and not set(slots) <= seen
        and all(slot_kind(name) in _SPECIFICATIONS for name in slots)
    )


def _without_empty_headings(lines: list[str]) -> list[str]:
    """The lines without labels that nothing follows: «አድራሻችን» whose address is gone."""
    kept: list[str] = []
    for line in reversed(lines):
        words = _WORD.findall(line)
        following = next((later for later in reversed(kept) if later), "")
        if words and not slots_in(line) and is_label(words) and not slots_in(following):
            continue
        kept.append(line)
    return kept[::-1]


def _with_calls(line: str, terms: dict[str, str]) -> str:
    """The line with terms that only call («ቻናላችንን ይቀላቀሉ») as words: they promise nothing and every ad may have one."""

    def words(match: re.Match[str]) -> str:
        text = terms.get(match.group(), "")
        return text if is_mere_call(text) else match.group()

    return SLOT.sub(words, line)


def _clean_line(line: str, seen: set[str], *, has_many_hashtags: bool) -> str | None:
    """The line as an answer would have it; None if it goes."""
    if not line.strip():
        return ""
    line = _EMOJI_RUN.sub(r"\1 ", _DRAWN.sub("", " ".join(line.split())))
    line = " ".join(_outside_slots(_TAG, " ", line).split())
    line = _without_english_echo(line)
    slots = slots_in(line)
    words = SLOT.sub(_MARK, line)
    ethiopic_words = len(_ETHIOPIC_WORD.findall(words))
    if not slots and not ethiopic_words:
        return None  # English words, emoji, arrows
    if slots and ethiopic_words <= 2 and all(name in seen for name in slots):
        return None  # a contact or address once more
    if has_many_hashtags and slots and all(slot_kind(name) == "hashtag" for name in slots):
        return None
    if not _LATIN_LETTER.search(words):
        return line
    line = _amharic_labels(line)
    words = SLOT.sub(_MARK, line)
    if len(_LATIN_LETTER.findall(words)) > len(_ETHIOPIC_LETTER.findall(words)):
        musts = [name for name in slots if slot_kind(name) not in _SPECIFICATIONS]
        if not musts:
            return None  # English, with nothing that must be said
        if (
            len(_LATIN_WORD.findall(words)) > MAXIMUM_LATIN_WORDS
        ):  # a sentence: without its words, a heap of slots
            return " ".join(name for name in dict.fromkeys(musts) if name not in seen) or None
        line = _outside_slots(_LATIN_WORD, "", line)
    return " ".join(_DOUBLED.sub(r"\1", _EMPTY_BRACKETS.sub("", line)).split())


def _is_supported(line: str, product: set[str], said: set[str]) -> bool:
    """Whether a line is short, names the product, holds part of the offer, or says what the brief says.

    A shop's longer habits («if you find no parking space, call us») would be promised in every ad otherwise.
    """
    kinds = {slot_kind(name) for name in slots_in(line)}
    words = _content_words(SLOT.sub(" ", line))
    if len(words) <= MAXIMUM_FREE_WORDS or not kinds <= _CONTACTS or (product and product <= words):
        return True
    return len(words & said) >= MINIMUM_SUPPORT * len(words)


def _content_words(text: str) -> set[str]:
    """Ethiopic words in one spelling, function words left out."""
    return {w for w in _ETHIOPIC_WORD.findall(normalise(text)) if w not in STOP_WORDS}


def _without_english_echo(line: str) -> str:
    """The line without an English tail that repeats its slots: «ለማዘዝ ⟨phone_1⟩ ይደውሉ : Call ⟨phone_1⟩ to order»."""
    last = max((match.end() for match in _ETHIOPIC_WORD.finditer(line)), default=0)
    head, tail = line[:last], line[last:]
    if last and _LATIN_LETTER.search(SLOT.sub("", tail)) and set(slots_in(tail)) <= set(slots_in(head)):
        return head
    return line


def _outside_slots(pattern: re.Pattern[str], replacement: str, line: str) -> str:
    """The line with a pattern replaced between its slots."""
    return "".join(part if SLOT.fullmatch(part) else pattern.sub(replacement, part) for part in _parts(line))


def _parts(line: str) -> list[str]:
    """The line cut at its slots, slots included."""
    parts, end = [], 0
    for match in SLOT.finditer(line):
        parts += [line[end : match.start()], match.group()]
        end = match.end()
    return [part for part in (*parts, line[end:]) if part]


def _amharic_labels(line: str) -> str:
    """English labels such as «Price» in Amharic; in a line of English words alone, fillers beside them go."""
    if _ETHIOPIC_LETTER.search(SLOT.sub(_MARK, line)):
        return _LABEL_BEFORE_SLOT.sub(lambda match: AMHARIC_LABELS[match.group(1).casefold()], line)

    def translate(match: re.Match[str]) -> str:
        word = match.group().casefold()
        return "" if word in _FILLERS else AMHARIC_LABELS.get(word, match.group())

    if not any(word.casefold() in AMHARIC_LABELS for word in _LATIN_WORD.findall(SLOT.sub(_MARK, line))):
        return line
    parts = [part if SLOT.fullmatch(part) else _LATIN_WORD.sub(translate, part) for part in _parts(line)]
    return " ".join("".join(parts).split())


def _renumbered(slots: list[str]) -> dict[str, str]:
    """Old slots to new ones, numbered by first appearance within their kind."""
    counts: dict[str, int] = defaultdict(int)
    renumbered: dict[str, str] = {}
    for name in slots:
        if name not in renumbered:
            kind = slot_kind(name)
            counts[kind] += 1
            renumbered[name] = slot(kind, counts[kind])
    return renumbered


def _reduced(brief: Brief, renumbered: dict[str, str], target: str) -> Brief:
    """The brief with the slots and points that are left in the target."""

    def kept(text: str) -> str:
        text = SLOT.sub(lambda match: renumbered.get(match.group(), ""), text)
        return " ".join(text.split())

    said = set(_WORD.findall(target))

    def supported(text: str) -> str:
        """The words and slots of a field that the target still says."""
        return " ".join(
            w for w in text.split() if SLOT.search(w) or not _WORD.findall(w) or said & set(_WORD.findall(w))
        )

    features = []
    for feature in brief.features:
        text = supported(_amharic_labels(kept(feature)))
        is_offer = "⟨price_" in text and len(set(slots_in(text))) > 1  # «⟨quantity_1⟩ ⟨price_1⟩»
        if (is_offer or _ETHIOPIC_LETTER.search(SLOT.sub(_MARK, text))) and 2 * len(text.split()) >= len(
            feature.split()
        ):
            features.append(text)
    facts = tuple(
        BriefFact(**{**fact.model_dump(), "slot": renumbered[fact.slot]})
        for fact in brief.facts
        if fact.slot in renumbered
    )
    return brief.model_copy(
        update={
            "product": supported(kept(brief.product)),
            "features": tuple(dict.fromkeys(features)),
            "audience": supported(kept(brief.audience)),
            "facts": facts,
        }
    )
