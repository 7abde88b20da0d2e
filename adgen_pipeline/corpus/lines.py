"""The lines of an ad post and what each of them is for: naming the product, price, contact, address, term, point."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from adgen_pipeline.corpus.signature import line_key
from adgen_pipeline.text.facts import Fact

Role = Literal["blank", "location", "contact", "price", "term", "brand", "label", "banner", "call", "point"]

_CORE = re.compile(r"[^\W_]|[@#+$(«“\"⟨]")
_WORD = re.compile(r"[^\W\d_]+")
_ETHIOPIC = re.compile(r"[ሀ-ፚ]")
_CONTACTS = frozenset(("phone", "url", "handle", "email"))

_ADDRESS_LABEL = re.compile(
    r"(?:[ሀ-ፚ]{0,2}አድራሻ(?:ችን|ው|ዎ)?|(?i:address|location|our shop))(?![ሀ-ፚA-Za-z])[\s:፡፦=\-–—.,👉👇🏢📍⤵️🌐🗺️*]*"
)
# Words of addresses in the sampled shops' posts; a line with three points is an address.
_ADDRESS_WORD = re.compile(
    r"[ሕህኅ]ን[ፃጻ]|ፎቅ|ፊት ?ለ ?ፊት|ጀርባ|አጠገብ|አደባባይ|(?<![ሀ-ፚ])ሞል(?![ሀ-ፚ])|ፕላዛ|ሱቅ|ቢሮ ?ቁ|ግራውንድ|ታወር|ሴንተር|ከፍ ብሎ|ዝቅ ብሎ|ማዞሪያ"
    r"|ቁጥር|(?<![ሀ-ፚ])ቁ\.|(?i:\b(?:floor|mall|building|plaza|ground|tower|shop no|office no)\b)"
)
PLACES = (
    "አዲስ አበባ|አዲሳባ|ቦሌ|መገናኛ|ሜክሲኮ|ፒያሳ|መርካቶ|ሰሚት|አያት|ሲኤምሲ|ጀሞ|ሳርቤት|ሳሪስ|ቃሊቲ|ገርጂ|ኮተቤ|ፈረንሳይ|ስታዲየም|ካዛንቺስ|ካሳንቺስ"
    "|ልደታ|ቄራ|ጎፋ|ሃያ ሁለት|ሀያ ሁለት|አራት ኪሎ|ስድስት ኪሎ|አምስት ኪሎ|ሽሮ ሜዳ|ጦር ኃይሎች|ጦር ሀይሎች|አየር ጤና|ኮልፌ|ላፍቶ|ቡልቡላ|ጉርድ ሾላ|ሾላ"
    "|ለቡ|ኦሎምፒያ|ጎተራ|ወሎ ሰፈር|አትላስ|ሀያት|አዳማ|ናዝሬት|ሀዋሳ|አዋሳ|ድሬዳዋ|ድሬ ዳዋ|ባህር ዳር|ባሕር ዳር|ጎንደር|መቀሌ|መቐለ|ጅማ"
    "|ሐረር|ሀረር|ደሴ|ኮምቦልቻ|ቢሾፍቱ|ደብረ ዘይት|ደብረ ብርሃን|አርባ ምንጭ|ወላይታ ሶዶ|ሆሳዕና|ነቀምት|አሰላ|ሻሸመኔ|ጅግጅጋ|ሰበታ|ቡራዩ|ገላን|ዱከም|ኢትዮጵያ"
)
PLACE = re.compile(rf"(?:(?<![ሀ-ፚ_#])|(?<=(?<![ሀ-ፚ_#])[በከለ]))(?:{PLACES})(?![ሀ-ፚ_])")
_LATIN_PLACE = re.compile(
    r"(?i:\b(?:addis ababa|bole|megenagna|mexico|piassa|piazza|merkato|adama|hawassa)\b)"
)
_ADDRESS_TAIL = re.compile(
    r"\s*(?:(?:ላይ|ጋር|ውስጥ|ጋ)\s+)?(?:(?:እንገኛለን|ያገኙናል|ይገኛል|እንገኛለ|ይጎብኙን|ይምጡ|ብቅ ይበሉ)\W*"
    r"|(?:(?i:or)\s+)?(?:(?i:call|tel|phone|contact)|ስልክ|ይደውሉ|ወይም)\W*)+\Z"
)

_LABELS = """
    ዋጋ ዋጋው ብር ስልክ አድራሻ አድራሻችን ለማዘዝ ለበለጠ መረጃ ለተጨማሪ ማብራሪያ ማሳሰቢያ ጥቅሞች ጥቅሙ ባህሪያት
    price size sizes color colour colors tel phone call contact contacts address location available features
    feature specs specification description benefits package includes included
    ቴሌግራም ቻናል ቻናላችን ቻናሉ ይህ ይሄ telegram channel tiktok facebook instagram link website
"""
_LABEL_WORDS = frozenset(_LABELS.split())
_CALL = re.compile(
    r"ይደውሉ|ደውሉ|ይዘዙ|ይዘዙን|ለማዘዝ|ይጎብኙ|ጎብኙ|ሼር|ይቀላቀሉ|ተቀላቀሉ|ይላኩልን|ያናግሩ|አናግሩ|አዋሩ|ይምጡ|ፎሎው|ይከተሉ|ቤተሰብ ይሁኑ|አባል ይሁኑ|ጆይን"
    r"|ስላጋሩ|ያጋሩ|ያድርጉት|እንዳያመል|ይመልከቱ|ይምረጡ|ያግኙን|ይፍጠኑ|ደውሉልን|ያማክሩን|እናመ[ሰሠ]ግናለን"
    r"|(?i:\b(?:join|share|forward|follow|inbox|dm|subscribe|contact (?:us|me))\b)"
)
_ORDER = re.compile(r"ለማዘዝ|ይዘዙ|ለመግዛት|ይግዙ")
# Shouts above the product's name, not names.
_BANNER = re.compile(
    r"(?i:new arrivals?|in stock|available on hand|hot sale|big sale|special offer|sold out|high quality|original)"
    r"|ቅናሽ|ስጦታ|አዲስ የገ[ባቡ]|በድጋሚ የገ[ባቡ]|እንደገና የገ[ባቡ]|በእናንተ ጥያቄ|ክፍት ነን|የምስራች|ሰላም|መልካም|ውድ ደንበኞ|እንኳን"
)
# Lines that promise something are terms or points, never mere calls.
_PROMISE = re.compile(
    r"እናደርሳለን|እናመጣለን|እንልካለን|ያደርሳሉ|ዴሊቨሪ|ደሊቨሪ|ማድረሻ|በነፃ|በነጻ|ክፍያ|ዋስትና|ቅናሽ|ስጦታ|ውስን|ዱቤ|ሞባይል ማስተላለፍ|ባንኪንግ|በባንክ"
    r"|(?i:deliver|warranty|guarantee|discount|free|gift|payment|limited)"
)
_SHOP_NAME = re.compile(
    r"(?i:brand|shop|store|market|computer|electronics|trading|collection|fashion|online|mart|express)"
)


@dataclass(frozen=True)
class Line:
    """One line of a post.

    Attributes:
        start, end: core of the line in the post, without leading and trailing decoration; equal when blank.
        facts: facts whose start lies in it, with spans in the post.
        role: what it is for.
        words: words outside of its facts.
        location: span of the address in a location line.
    """

    start: int
    end: int
    facts: tuple[Fact, ...]
    role: Role
    words: tuple[str, ...] = ()
    location: tuple[int, int] | None = None


def read_lines(post: str, facts: Sequence[Fact], signature: AbstractSet[str]) -> list[Line]:
    """The lines of a post with their roles.

    Args:
        post: L0 text.
        facts: its facts (`find_facts`).
        signature: keys of the channel's signature lines (`signature_lines`).
    """
    lines: list[Line] = []
    offset = 0
    follows_address = False
    for raw in post.split("\n"):
        line = _read_line(post, offset, raw, facts, signature, follows_address)
        lines.append(line)
        offset += len(raw) + 1
        if line.role != "blank":
            follows_address = line.role == "location" or (
                line.role == "label" and _ADDRESS_LABEL.search(raw) is not None
            )
    return lines


def is_promise(text: str) -> bool:
    """Whether a text promises delivery, warranty, a discount, a gift or a way to pay."""
    return _PROMISE.search(text) is not None


def is_mere_call(text: str) -> bool:
    """Whether a text only calls to order, share or join, in a few Amharic words, and promises nothing."""
    words = _WORD.findall(text)
    return (
        len(words) <= 7
        and all(_ETHIOPIC.match(word) for word in words)
        and _CALL.search(text) is not None
        and not is_promise(text)
        and not any(c.isdigit() or c == "\n" for c in text)
    )


def _read_line(
    post: str,
    offset: int,
    raw: str,
    facts: Sequence[Fact],
    signature: AbstractSet[str],
    follows_address: bool,
) -> Line:
    inside = tuple(fact for fact in facts if offset <= fact.start < offset + len(raw))
    first = _CORE.search(raw)
    if first is None or not any(c.isalnum() for c in raw):
        return Line(offset, offset, inside, "blank")
    start, end = offset + first.start(), offset + _core_end(raw)
    if inside:
        start, end = min(start, inside[0].start), max(end, inside[-1].end)
    words = tuple(_WORD.findall(_without(post, start, end, inside)))
    location = _location(post, start, end, inside, follows_address)
    kinds = {fact.kind for fact in inside}
    line_facts = [fact._replace(start=fact.start - offset, end=fact.end - offset) for fact in inside]
    is_signature = line_key(raw, line_facts) in signature
    role: Role
    if location is not None:
        role = "location"
    elif not is_signature and _orders_something(post, start, end):
        role = "point"
    elif _is_contact(kinds, words) and not is_promise(" ".join(words)):
        role = "contact"
    elif is_signature and not is_label(words):
        role = "brand" if _is_shop_name(words) else "term"
    elif "price" in kinds and len(words) <= 4:
        role = "price"
    elif not kinds and is_label(words):
        role = "label"
    elif len(words) <= 4 and _BANNER.search(post, start, end):
        role = "banner"
    elif _CALL.search(post, start, end) and not _PROMISE.search(post, start, end) and len(words) <= 9:
        role = "call"
    else:
        role = "point"
    return Line(start, end, inside, role, words, location)


def _core_end(raw: str) -> int:
    """Index behind the last letter, digit or closing punctuation of a line."""
    for index in range(len(raw) - 1, -1, -1):
        if raw[index].isalnum() or raw[index] in '።!?)»”"%⟩':
            return index + 1
    return 0


def _without(post: str, start: int, end: int, facts: Sequence[Fact]) -> str:
    """post[start:end] with a space for each fact."""
    parts, position = [], start
    for fact in facts:
        parts.append(post[position : fact.start])
        position = fact.end
    parts.append(post[position:end])
    return " ".join(parts)


def _orders_something(post: str, start: int, end: int) -> bool:
    """Whether a line names what to order: «… ጋወን ለማዘዝ …»."""
    order = _ORDER.search(post, start, end)
    return order is not None and len(_WORD.findall(post, start, order.start())) >= 3


def _is_contact(kinds: AbstractSet[str], words: Sequence[str]) -> bool:
    """Whether a line says little more than how to reach the shop, or holds hashtags only."""
    return bool(kinds & _CONTACTS and len(words) <= 8) or (kinds == {"hashtag"} and not words)


def is_label(words: Sequence[str]) -> bool:
    """Whether words only announce what follows, such as «ለተጨማሪ መረጃ»."""
    return all(word.casefold() in _LABEL_WORDS or len(word) == 1 for word in words)


def _is_shop_name(words: Sequence[str]) -> bool:
    return (
        1 <= len(words) <= 4
        and not any(_ETHIOPIC.search(word) for word in words)
        and any(_SHOP_NAME.search(word) for word in words)
    )


def _location(
    post: str, start: int, end: int, facts: Sequence[Fact], follows_address: bool
) -> tuple[int, int] | None:
    """Span of the address in post[start:end], if the line gives one."""
    label = _ADDRESS_LABEL.match(post, start, end) or _ADDRESS_LABEL.search(post, start, end)
    begin = label.end() if label else start
    finish = min(
        (fact.start for fact in facts if fact.kind in _CONTACTS and fact.start >= begin), default=end
    )
    if any(fact.kind == "price" and begin <= fact.start < finish for fact in facts):
        return None
    body = post[begin:finish]
    points = len(set(_ADDRESS_WORD.findall(body)))
    points += 2 * bool(PLACE.search(body) or _LATIN_PLACE.search(body))
    least = 1 if follows_address else 3
    if label and any(c.isalpha() for c in body):
        least = 0
    if points < least or _PROMISE.search(body) or not any(c.isalpha() for c in body):
        return None
    tail = _ADDRESS_TAIL.search(body)
    if tail:
        body = body[: tail.start()]
    stripped = body.rstrip(" \t,፣፤-–:፡፦/(*👉⤵️🏢📍")
    lead = len(stripped) - len(stripped.lstrip(" \t,፣-–:፡፦*"))
    if not any(c.isalpha() for c in stripped):
        return None
    return begin + lead, begin + len(stripped)
