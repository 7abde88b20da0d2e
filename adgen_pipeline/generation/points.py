"""Points of a brief that an ad says as a line: clauses of a field, prices with what they are the prices of."""

import re
from collections.abc import Iterator

from adgen_pipeline.generation.lexicon import translate
from adgen_pipeline.text.promises import offered
from adgen_pipeline.text.slots import SLOT, slots_in

SPLIT = re.compile(r"\s*[;；•፤፣\n]\s*|,(?!\d)\s*|\s\+\s|\.\s+|።\s*")
# What a field of a price says besides that it is one.
_ONLY_A_PRICE = re.compile(
    r"(?<![ሀ-ፚ])(?:ዋጋ[ውችን]*|ብቻ|ብር|ነው|ሲሆን|የአንዱ|አንዱ)(?![ሀ-ፚ])|(?i:\b(?:only|just|price|is|the|birr|etb|fixed|each|total)\b)|[^\w⟨⟩]"
)
MEMBER = re.compile(r"(?:[ለከ]|በ(?!የ))[ሀ-ፚ]{2,}")
_PRICE = re.compile(r"⟨price_\d+⟩")
_SAYS_OF = re.compile(r"⟨|[^\W\d_]{2}")
_NAMED_AMOUNT = re.compile(
    r"(?P<name>(?i:\b(?:monthly |registration |entrance |down )?(?:salary|fee|deposit|rent|payment)\b)"
    r"|(?:ወርሃዊ )?(?:ደመወዝ|ደሞዝ|ኪራይ))"
    r"[ው]?(?:\W|(?i:is|of|from))*(?P<price>⟨price_\d+⟩)"
)
_FRAME = re.compile(
    r"\W*(?i:(?:(?:the|this|our|each|every|all|it|we|they|you)\b[^,;.⟨]{0,40}?)?\b(?:includes?|including|comes? with"
    r"|offers?|provides?|helps? (?:you )?with|have|has|get)\s+)"
)
_PHRASE = re.compile(
    r"^(?:one|two|three|four|five|six|up to|with|very|good|long|about)\b|\b(?:with|and|for|per)\b"
)
_DAYS = {
    "mon": "ሰኞ", "tue": "ማክሰኞ", "wed": "ረቡዕ", "thu": "ሐሙስ", "fri": "ዓርብ", "sat": "ቅዳሜ", "sun": "እሁድ"
}  # fmt: skip
_DAY_NAME = r"(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?"
_DAY = re.compile(rf"(?i:\b{_DAY_NAME}\b)")
_FROM_DAY_TO_DAY = re.compile(rf"(?i:\b(?:from )?{_DAY_NAME}\s*(?:to|until|till|-|–)\s*{_DAY_NAME}\b)")
_EVERY_DAY = re.compile(r"(?i:\b(?:every ?day|daily|7 days a week|all week)\b)")
_LETTER = re.compile(r"[^\W\d_]")
_PLAIN_PRICE_LABEL = re.compile(
    r"(?i:^\W*(?:unit |selling |our |new |sale |promo(?:tion)? )?(?:price|prices|cost|rate|waga|wagaw)\b)|ዋጋ|ብር"
)
_TERM_LABELS = {
    "delivery": ("delivery", "ዴሊቨሪ"), "shipping": ("delivery", "ዴሊቨሪ"), "ማድረስ": ("delivery", "ማድረስ"),
    "ዴሊቨሪ": ("delivery", "ዴሊቨሪ"), "warranty": ("warranty", "ዋስትና"), "guarantee": ("warranty", "ዋስትና"),
    "ዋስትና": ("warranty", "ዋስትና"), "payment": ("payment", "ክፍያ"), "ክፍያ": ("payment", "ክፍያ"),
    "አከፋፈል": ("payment", "ክፍያ"),
}  # fmt: skip


def clauses(text: str) -> list[str]:
    """The clauses of a text; the members of an Amharic list before its verb («ለሆቴል፣ ለካፌ እናቀርባለን») stay together."""
    parts: list[str] = []
    held = ""
    for part in SPLIT.split(text):
        part = f"{held}፣ {part}" if held else part
        held = part if MEMBER.fullmatch(part.split("፣")[-1].strip()) else ""
        if not held:
            parts.append(part)
    return [*parts, held] if held else parts


def price_points(slotted: str, label: str = "") -> Iterator[str]:
    """Clauses of a price field that say what the price is for: «1 ኪሎ ⟨price_1⟩», «ከ⟨price_1⟩ ጀምሮ».

    Clauses with words that have no Amharic give none: their prices stand among the facts.

    Args:
        slotted: the field's value.
        label: of the field; «registration fee» says what for, «price» does not.
    """
    named = "" if _PLAIN_PRICE_LABEL.search(label) else translate(label).text
    for clause in (part for whole in SPLIT.split(slotted) for part in _one_price_each(whole)):
        if not any(name.startswith("⟨price") for name in slots_in(clause)):
            continue
        said = translate(clause)
        rest = _ONLY_A_PRICE.sub(" ", SLOT.sub(" ", said.text))
        others = [name for name in slots_in(clause) if not name.startswith("⟨price")]
        if said.unknown or not (_LETTER.search(rest) or others or named):
            continue
        yield f"{named} {said.text}".strip()


def named_amounts(slotted: str) -> Iterator[str]:
    """Amounts of money that are no price but what the word before them says: «Salary ⟨price_1⟩» is ደመወዝ ⟨price_1⟩."""
    for match in _NAMED_AMOUNT.finditer(slotted):
        yield f"{translate(match['name']).text} {match['price']}".strip()


def without_frame(sentence: str) -> str:
    """An English sentence that lists («The package includes A, B and C») without the words before its list."""
    framed = _FRAME.match(sentence)
    return sentence[framed.end() :] if framed and framed.end() < len(sentence.rstrip(" .")) else sentence


def _one_price_each(clause: str) -> list[str]:
    """The parts of a clause that end in a price each: «1 ኪሎ ⟨price_1⟩ 2 ኪሎ ⟨price_2⟩» is two points."""
    parts: list[str] = []
    begin = 0
    for price in _PRICE.finditer(clause):
        parts.append(clause[begin : price.end()].strip())
        begin = price.end()
    if clause[begin:].strip(" .።"):
        parts.append(clause[begin:].strip())
    is_each = all(_PRICE.search(part) and _SAYS_OF.search(_PRICE.sub("", part)) for part in parts)
    return parts if len(parts) > 1 and is_each else [clause]


def term_label(label: str, text: str) -> str:
    """What stands before standing terms that do not say themselves what they are about: «ማድረስ፦ አዲስ አበባ ውስጥ»."""
    kind, naming = _TERM_LABELS.get(label.casefold().strip(), ("", ""))
    return f"{naming}፦ " if kind and kind not in offered(text) else ""


def is_phrase(value: str) -> bool:
    """Whether the value of a specification is said in words («two batteries, 6 hours») that no ad copies."""
    return _PHRASE.search(value) is not None


def days_in_amharic(text: str) -> str:
    """Opening hours with their days in Amharic; the hours stay, for Ethiopia counts them in two ways."""
    text = _EVERY_DAY.sub("በየቀኑ", text)
    text = _FROM_DAY_TO_DAY.sub(lambda m: f"ከ{_DAYS[m[1][:3].lower()]} እስከ {_DAYS[m[2][:3].lower()]}", text)
    return _DAY.sub(lambda m: _DAYS[m[1][:3].lower()], text)
