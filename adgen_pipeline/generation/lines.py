"""What a line of an ad is good for: it says something of the brief, calls to a contact, or heads the line below.

A small model also writes lines that do nothing of this, and points of the brief in other words or torn apart.
"""

import re
from collections.abc import Collection, Sequence

import regex

from adgen_pipeline.generation.slotting import has_words
from adgen_pipeline.generation.wording import stems
from adgen_pipeline.text.amharic import STOP_WORDS
from adgen_pipeline.text.labels import CALL, LABEL_KINDS, SIZE_LABELS
from adgen_pipeline.text.letters import shape, shaped
from adgen_pipeline.text.slots import SLOT, slot_kind, slots_in

# «ለማዘዝ በዚህ ይፃፉልን», and again «ይሄንን ይፃፉልን»: where a small model does not find the end.
SAID_AGAIN_STEMS, SAID_AGAIN_SHARE = 2, 0.6
SAME_POINT_SHARE = 0.6  # of a point's stems; a line with so many of them means it
# What calls to order are made of besides the brief's own words.
CALL_STEMS = frozenset(
    stems(
        "ለማዘዝ ይዘዙ ይዘዙን ያዘዙ አሁኑኑ አሁን ዛሬ ዛሬውኑ ፈጥነው ይደውሉ ይደውሉልን ደውሉ ይደውሉልኝ ደውለው ለበለጠ ለተጨማሪ መረጃ ማብራሪያ በስልክ ስልክ ቁጥር "
        "ቁጥራችን ቁጥሮች በቴሌግራም ቴሌግራም ቻናል ቻናላችን ይቀላቀሉ ይቀላቀሉን ያግኙን ያገኙናል ያናግሩን ያናግሩ ያነጋግሩን ያነጋግሩ ለማናገር አድሚን "
        "አድሚኑን ይፃፉልን ይጻፉልን ፃፉልን ይላኩልን ላኩልን መልእክት በውስጥ መስመር ሱቅ ሱቃችን ይጎብኙ ይጎብኙን ይምጡ ብቅ ይበሉ ይምረጡ ለመግዛት ይግዙ ከታች "
        "ከላይ ያለውን ባለው በዚህ ይህንን ይሄንን እዚህ ሊንክ ይጫኑ ተጭነው ይጠቀሙ አድራሻ አድራሻችን እንገኛለን ዋጋ ብቻ ወይም እና ጋር እኛን እናመሰግናለን "
        "ሼር ያድርጉ ለጓደኞችዎ ያጋሩ"
    )
)
# «በዚህ 👇», «ከታች ያለውን ሊንክ»: it points at what must come.
_POINTS = regex.compile(
    r"[👇⤵⬇☟]|(?<![ሀ-ፚ])(?:በዚህ|እዚህ|ከታች|ከታች ያለ\w*|ይሄ[ንኛ]\w*|ይህ[ንኛ]\w*|ሊንክ\w*|ላይ)(?![ሀ-ፚ])|(?:ቴሌግራም|ስልክ|ቻናል|አድራሻ)\W*$"
)
_ANY_CONTACT = frozenset(("phone", "handle", "url", "email", "location"))
_JOIN = re.compile("ቀላቀሉ|ቻናል")  # «join us» is a call only where the place is said
_ADDRESS = re.compile(r"(?<!\w)አድራሻ(?:ችን|ው)?(?!\w)[^\w⟨]*(?P<place>.*)")
# What the line below must hold for one of these words to stand above it: «ይደውሉ፦ 📞 📞» over hashtags calls nobody.
_ASKS_FOR = (
    (shaped("ደውሉ|ስልክ"), "phone"),
    (shaped("ዋጋ"), "price"),
    (shaped("አድራሻ"), "location"),
    (shaped("ቴሌግራም"), "handle"),
    (shaped("ቴሌግራም|ሊንክ|ቻናል"), "url"),
)
NO_LETTERS = re.compile(r"^[\W\d_]*$")
_BULLET = re.compile(r"^[^\w⟨«(\"“]*")
_PROMPT_LABEL = re.compile(r"^(?P<bullet>[^\w⟨]*)(?:ለማን|ስሜት|መረጃ|ምሳሌ)(?:[ \t]*[:፦][ \t]*|[ \t]*$)")
_PRICE_LABEL = re.compile(r"^[^\w⟨]*ዋጋ[ውችን]*[ \t]*[:፦][^\w⟨]*")
_EQUALS = re.compile(r"⟩\s*[=+]\s*⟨")


def is_answered(line: str, following: str) -> bool:
    """Whether the line below holds the fact that a label at the end of a line announces."""
    kinds = {slot_kind(name) for name in slots_in(following)} - {"hashtag"}
    wanted = {kind for words, kind in _ASKS_FOR if words.search(shape(line))}
    return bool(kinds & wanted if wanted else kinds)


def announces(line: str) -> bool:
    """Whether a line without facts calls to the fact on the next one: «ይቀላቀሉን 👇», «ስልክ፦»."""
    if slots_in(line) or not line:
        return False
    return (
        line.rstrip()[-1:] in (":", "፦") or _POINTS.search(line) is not None or set(stems(line)) <= CALL_STEMS
    )


def is_filler(line: str, following: str, said: Collection[str]) -> bool:
    """Whether a line without facts says nothing of the brief, calls nobody and heads nothing.

    Args:
        line, following: slotted; the line and the next one.
        said: stems of the brief's words.
    """
    found = set(stems(line))
    if slots_in(line):
        return False
    if not found:
        return NO_LETTERS.match(line) is None and not any(c.isascii() and c.isalpha() for c in line)
    if not found.isdisjoint(said) and not found <= CALL_STEMS:
        return False
    below = {slot_kind(name) for name in slots_in(following)}
    is_bare_below = bool(below) and NO_LETTERS.match(SLOT.sub("", following)) is not None
    if CALL.search(shape(line)) and found <= CALL_STEMS | set(said):
        is_pointing = len(found) == 1 or _POINTS.search(line) is not None or _JOIN.search(line) is not None
        return is_pointing and not below & _ANY_CONTACT
    if found <= CALL_STEMS or any(stem in LABEL_KINDS for stem in found):  # a label: «ስልክ» over a phone
        return not (is_bare_below and is_answered(line, following))
    return True


def says_again(line: str, kept: Collection[str], said: Collection[str]) -> bool:
    """Whether an earlier line said the same; or, without facts and news of the brief, most of the same words."""
    plain = bare(line)
    if plain and any(plain == bare(earlier) for earlier in kept):
        return True
    found = set(stems(line))
    if slots_in(line) or len(found) < SAID_AGAIN_STEMS:
        return False
    return any(
        len(found & earlier) >= SAID_AGAIN_SHARE * len(found) and not (found - earlier) & set(said)
        for earlier in (set(stems(line)) for line in kept)
    )


def is_address_of_nothing(line: str, following: str, said: Collection[str]) -> bool:
    """Whether a line that announces an address names no place: «አድራሻ፦ ሱቅ ላይ ያገኙናል»."""
    announced = _ADDRESS.search(line)
    if announced is None or slots_in(announced["place"]):
        return False
    found = stems(announced["place"])
    return not set(found) & set(said) and (bool(found) or not slots_in(following))


def bare(line: str) -> str:
    """The words and slots of a line, without marks: two lines that read the same are equal in it."""
    return " ".join(re.findall(r"⟨\w+⟩|\w+", shape(line)))


def restored(line: str, points: Sequence[str], product: str = "") -> str | None:
    """The line with a point of the brief that it means in the brief's own words; None if it mixes points.

    A number without the words around it in the brief is another statement: «ለማዘዝ ⟨quantity_1⟩ ይደውሉ».

    Args:
        line: slotted.
        points: of the brief in the words of the prompt.
        product: of the brief; «ለማዘዝ … ይዘዙ» around it goes where the line names no contact.
    """
    line = _PROMPT_LABEL.sub(lambda match: match["bullet"], line)
    line = _EQUALS.sub(lambda match: match.group().replace("=", "").replace("+", ""), line)
    words, names = set(stems(line)), set(slots_in(line))
    bullet = match.group() if (match := _BULLET.match(line)) else ""
    is_called = any(slot_kind(name) in _ANY_CONTACT for name in names)
    for point in points:
        of_point, own = set(stems(point)), set(slots_in(point))
        extra = words - of_point
        # «ለማዘዝ» and «መጠን፦» before a point say nothing of it.
        extra -= SIZE_LABELS if is_called else SIZE_LABELS | CALL_STEMS
        is_whole = of_point <= words and own <= names
        if own & names:
            if names <= own and not (is_whole and extra):  # not all of it, and more
                return point_line(point, _before(line, bullet, point))
            if not is_whole:
                return None
        elif not names and len(of_point) > 1 and len(words & of_point) >= SAME_POINT_SHARE * len(of_point):
            others = set(stems(" ".join(other for other in (*points, product) if other != point)))
            if len(extra) <= 1 or (is_whole and extra.isdisjoint(others)):
                return point_line(point, bullet)
    of_product, own = set(stems(product)), set(slots_in(product))
    if of_product and of_product <= words and names == own and words - of_product <= CALL_STEMS:
        return f"{bullet}{product}"  # «በእንጀራ …» too is «እንጀራ …»
    return line


def point_line(point: str, bullet: str) -> str:
    """A point as a line; a price without a noun («ከ⟨price_1⟩ ጀምሮ») is called one."""
    is_price = all(slot_kind(name) == "price" for name in slots_in(point)) and slots_in(point)
    return (
        f"{bullet}ዋጋ፦ {point}"
        if is_price and not has_words(point) and "ዋጋ" not in bullet
        else f"{bullet}{point}"
    )


def _before(line: str, bullet: str, point: str) -> str:
    """What stands before a point that takes a line's place: its bullet, and a price's label."""
    label = _PRICE_LABEL.match(line)
    return label.group() if label and "⟨price_" in point and "ዋጋ" not in point else bullet


def without_foreign_words(line: str, said: Collection[str]) -> str:
    """A line of facts without its words, where most of these are neither the brief's nor a call's."""
    found = set(stems(line))
    foreign = found - set(said) - CALL_STEMS - set(LABEL_KINDS) - STOP_WORDS
    names = slots_in(line)
    if not names or len(foreign) < 2 or 2 * len(foreign) < len(found):
        return line
    match = _BULLET.match(line)
    return f"{match.group() if match else ''}{' '.join(names)}"
