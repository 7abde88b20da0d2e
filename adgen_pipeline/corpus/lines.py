"""The lines of an ad post and what each of them is for: naming the product, price, contact, address, term, point."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from adgen_pipeline.corpus.signature import line_key
from adgen_pipeline.text.facts import Fact
from adgen_pipeline.text.labels import AMHARIC_LABELS, CALL, ORDER, is_label
from adgen_pipeline.text.letters import shape, shaped
from adgen_pipeline.text.promises import promised

Role = Literal["blank", "location", "contact", "price", "term", "brand", "label", "banner", "call", "point"]

_CORE = re.compile(r"[^\W_]|[@#+$(«“\"⟨]")
_WORD = re.compile(r"[^\W\d_]+")
_ETHIOPIC = re.compile(r"[ሀ-ፚ]")
_CONTACTS = frozenset(("phone", "url", "handle", "email"))
_NOT_OF_ADDRESS = _CONTACTS | {"hashtag"}
_ADDRESS_LEAD = re.compile(r"(?:[^\w(#]|_)+")
_CALL_WORDS = 11
_GREETING_WORDS = 9
_TERM_WORDS = 14  # a longer line says more than a term: it sells something in one sentence

_ADDRESS_LABEL = shaped(
    r"(?:[ሀ-ፚ]{0,2}አድራሻ(?:ችን|ው|ዎ)?|(?i:address|location|our shop))(?![ሀ-ፚA-Za-z])[\s:፡፦=\-–—.,👉👇🏢📍⤵️🌐🗺️*]*"
)
# Words of addresses in the sampled shops' posts; a line with three points is an address.
_ADDRESS_WORD = shaped(
    r"ህንፃ|ፎቅ|ፊት ?ለ ?ፊት|ጀርባ|አጠገብ|አደባባይ|(?<![ሀ-ፚ])ሞል(?![ሀ-ፚ])|ፕላዛ|ሱቅ|ቢሮ ?ቁ|ግራውንድ|ታወር|ሴንተር|ከፍ ብሎ|ዝቅ ብሎ|ማዞሪያ"
    r"|ቁጥር|(?<![ሀ-ፚ])ቁ\.|(?i:\b(?:floor|mall|building|plaza|ground|tower|shop no|office no)\b)"
)
_DOOR = shaped(r"(?:ሱቅ|ቢሮ|የቤት) ?(?:ቁጥር|ቁ\.)")  # a door's number is an address without any other word
PLACES = (
    "አዲስ አበባ|አዲሳባ|ቦሌ|መገናኛ|ሜክሲኮ|ፒያሳ|መርካቶ|ሰሚት|አያት|ሲኤምሲ|ጀሞ|ሳርቤት|ሳሪስ|ቃሊቲ|ገርጂ|ኮተቤ|ፈረንሳይ|ስታዲየም|ካዛንቺስ|ካሳንቺስ"
    "|ልደታ|ቄራ|ጎፋ|ሃያ ሁለት|አራት ኪሎ|ስድስት ኪሎ|አምስት ኪሎ|ሽሮ ሜዳ|ጦር ኃይሎች|አየር ጤና|ኮልፌ|ላፍቶ|ቡልቡላ|ጉርድ ሾላ|ሾላ"
    "|ለቡ|ኦሎምፒያ|ጎተራ|ወሎ ሰፈር|አትላስ|ሀያት|አዳማ|ናዝሬት|ሀዋሳ|አዋሳ|ድሬዳዋ|ድሬ ዳዋ|ባህር ዳር|ጎንደር|መቀሌ|መቐለ|ጅማ"
    "|ሐረር|ደሴ|ኮምቦልቻ|ቢሾፍቱ|ደብረ ዘይት|ደብረ ብርሃን|አርባ ምንጭ|ወላይታ ሶዶ|ሆሳዕና|ነቀምት|አሰላ|ሻሸመኔ|ጅግጅጋ|ሰበታ|ቡራዩ|ገላን|ዱከም|ኢትዮጵያ"
)
PLACE = shaped(rf"(?:(?<![ሀ-ፚ_#])|(?<=(?<![ሀ-ፚ_#])[በከለ]))(?:{PLACES})(?![ሀ-ፚ_])")
_LATIN_PLACE = re.compile(
    r"(?i:\b(?:addis ab[ea]ba|bole|megenagna|mexico|piassa|piazza|merkato|adama|hawassa)\b)"
)
_ADDRESS_TAIL = shaped(
    r"\s*(?:(?:ላይ|ጋር|ውስጥ|ጋ)\s+)?(?:(?:እንገኛለን|ያገኙናል|ይገኛል|እንገኛለ|ይጎብኙን|ይምጡ|ብቅ ይበሉ)\W*"
    r"|(?:(?i:or)\s+)?(?:(?i:call|tel|phone|contact)|ስልክ|ይደውሉ|ወይም)\W*)+\Z"
)
# Shouts above the product's name, not names; greetings and wishes may be longer.
_BANNER = shaped(
    r"ቅናሽ|ስጦታ|አዲስ የገ[ባቡ]|እንደገና የገ[ባቡ]|ገብተዋል|ገብቷል|በእ?ናንተ|ክፍት ነን|የምስራች|ሰላም|መልካም|ውድ|አያምልጥ"
    r"|(?i:hot sale|big sale|special offer)"
)
# English shouts with a word beside them may name something: «Original Abc Watch».
_SHOUT = re.compile(
    r"(?i:\b(?:new arrivals?|(?:re)?stock(?:ed)?|in stock|available(?: on hand)?|sold out|(?:high|best|top) quality"
    r"|original|on hand|brand new)\b)"
)
_GREETING = shaped(
    r"^\W*(?:መልካም|እንኳን|እንኳን ?ደህና|ውድ|ሰላም|ክቡራን|እንደምን)\b|አደረሳችሁ|አደረሰዎ|ጥያቄ መሰረት|በ?ድጋሚ (?:የ?ገ[ባቡ]|ገብ)|ክፍት ነን"
)
_ANNOUNCES = shaped(r"አስገብተናል|አስመጥተናል|አቅርበናል|ይዘን|አዘጋጅተናል")  # «ውድ ደንበኞቻችን አዲስ ቱታ አስገብተናል»
# What makes a line with places in it one about sending.
_SENDING = shaped(r"እናደርሳ|እንልክ|እናመጣ|ማድረ[ስሻ]|[ዴደዲ]ሊቨሪ|ይላክ|ክፍያ|ለምትኖሩ|(?i:deliver)")
# What a shop lets its customers know in every post, promises apart: wholesale, parking.
_STANDING = shaped(r"ተረካቢ|በ?ብዛት ለ|ለሱቅ\w* ?(?:እና|ና|ለ)|በጅምላ|ማቆሚያ|በመልዕክት|በፖስታ ?ቤት")
_STANDING_PROMISES = frozenset(("delivery", "payment"))
_SHOP_NAME = shaped(
    r"(?i:brand(?!\w)|shop|store|market|computer|electronics|trading|collection|fashion|online|mart\b|express)"
    r"|ብራንድ|ገበያ|ኮምፒውተር|ኤክስፕረስ|ሱቅ|ስቶር"
)
_PRICE_LABEL = shaped(r"ዋጋ\s*[:፦-]|(?i:price\s*[:;፦-])")
_NO_NAME = shaped(rf"(?i:\bbrand new\b)|መሆኑን|{CALL.pattern}")


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
    plain = shape(post)
    for raw in post.split("\n"):
        line = _read_line(plain, offset, raw, facts, signature, follows_address)
        lines.append(line)
        offset += len(raw) + 1
        if line.role != "blank":
            follows_address = line.role == "location" or (
                line.role == "label" and _ADDRESS_LABEL.search(plain, line.start, line.end) is not None
            )
    return lines


def is_promise(text: str) -> bool:
    """Whether a text promises delivery, warranty, a discount, a gift or a way to pay."""
    return not promised(text).isdisjoint(("delivery", "payment", "warranty", "discount", "gift", "stock"))


def is_standing(text: str) -> bool:
    """Whether a text tells how the shop sells, whatever it sells: delivery, payment, wholesale, parking."""
    return not promised(text).isdisjoint(_STANDING_PROMISES) or _STANDING.search(shape(text)) is not None


def is_call(text: str) -> bool:
    """Whether a text only calls to order, share or join, and says nothing of how the shop sells."""
    is_short = len(_WORD.findall(text)) <= _CALL_WORDS
    return is_short and CALL.search(shape(text)) is not None and not (is_promise(text) or is_standing(text))


def is_mere_call(text: str) -> bool:
    """Whether a text is a call of one line in Amharic words, without numbers or a shop's name: any ad may have it."""
    words = _WORD.findall(text)
    return (
        is_call(text)
        and not _SHOP_NAME.search(shape(text))
        and sum(_ETHIOPIC.match(word) is None for word in words) <= 1  # «… join ያድርጉ»
        and len(words) >= 2
        and not any(c.isdigit() or c == "\n" for c in text)
    )


def is_greeting(text: str) -> bool:
    """Whether a text greets, wishes, or says that something is back in the shop."""
    plain = shape(text)
    return (
        len(_WORD.findall(plain)) <= _GREETING_WORDS
        and _GREETING.search(plain) is not None
        and not _ANNOUNCES.search(plain)
    )


def _read_line(
    plain: str,
    offset: int,
    raw: str,
    facts: Sequence[Fact],
    signature: AbstractSet[str],
    follows_address: bool,
) -> Line:
    """The line at `offset` of a post whose shape is `plain`."""
    inside = tuple(fact for fact in facts if offset <= fact.start < offset + len(raw))
    shaped_raw = plain[offset : offset + len(raw)]
    first = _CORE.search(shaped_raw)
    if first is None or not any(c.isalnum() for c in shaped_raw):
        return Line(offset, offset, inside, "blank")
    start, end = offset + first.start(), offset + _core_end(shaped_raw)
    if inside:
        start, end = min(start, inside[0].start), max(end, inside[-1].end)
    words = tuple(_WORD.findall(_without(plain, start, end, inside)))
    location = _location(plain, start, end, inside, follows_address)
    line_facts = [fact._replace(start=fact.start - offset, end=fact.end - offset) for fact in inside]
    is_signature = line_key(raw, line_facts) in signature
    role = "location" if location is not None else _role(plain, start, end, inside, words, is_signature)
    return Line(start, end, inside, role, words, location)


def _role(
    plain: str, start: int, end: int, facts: Sequence[Fact], words: tuple[str, ...], is_signature: bool
) -> Role:
    """What a line that is no address is for."""
    text = plain[start:end]
    kinds = {fact.kind for fact in facts}
    role: Role
    if not is_signature and _orders_something(plain, start, end):
        role = "point"
    elif _is_contact(kinds, words) and not is_promise(text):
        role = "contact"
    elif is_signature and not is_label(words) and not _is_specification(text, words):
        role = "brand" if _is_shop_name(text, words) else "term"
    elif len(words) <= _TERM_WORDS and _is_fee(facts):
        role = "term"
    elif "price" in kinds and len(words) <= 4 and (_names_price(words) or not is_standing(text)):
        role = "price"
    elif not kinds and is_label(words):
        role = "label"
    elif (
        (len(words) <= 4 and _BANNER.search(text))
        or not _WORD.search(_SHOUT.sub("", text))
        or is_greeting(text)
    ):
        role = "banner"
    elif is_call(text):
        role = "call"
    elif len(words) <= _TERM_WORDS and is_standing(text) and not _PRICE_LABEL.search(text):
        role = "term"
    else:
        role = "point"
    return role


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
    order = ORDER.search(post, start, end)
    return order is not None and len(_WORD.findall(post, start, order.start())) >= 3


def _is_contact(kinds: AbstractSet[str], words: Sequence[str]) -> bool:
    """Whether a line says little more than how to reach the shop, or holds hashtags only."""
    return bool(kinds & _CONTACTS and len(words) <= 8) or (kinds == {"hashtag"} and not words)


def _is_fee(facts: Sequence[Fact]) -> bool:
    """Whether all prices among the facts are delivery fees or least orders, and there is one."""
    prices = [fact for fact in facts if fact.kind == "price"]
    return bool(prices) and all(fact.role for fact in prices)


def _names_price(words: Sequence[str]) -> bool:
    """Whether a price line begins with its label: «ዋጋ … ብር ማድረሻን ጨምሮ» is a price, «ከ… ብር ከፍለው እናደርሳለን» is not."""
    return is_label([word for word in words if len(word) > 1][:1])


def _is_specification(text: str, words: Sequence[str]) -> bool:
    """Whether a line is «Graphics: …»: said in every second post, and yet of the product."""
    return (
        bool(words)
        and words[0].casefold() in AMHARIC_LABELS
        and text[len(words[0]) :].lstrip()[:1] in tuple(":፡=-")
    )


def _is_shop_name(text: str, words: Sequence[str]) -> bool:
    return 1 <= len(words) <= 5 and _SHOP_NAME.search(text) is not None and not _NO_NAME.search(text)


def _location(
    post: str, start: int, end: int, facts: Sequence[Fact], follows_address: bool
) -> tuple[int, int] | None:
    """Span of the address in post[start:end], if the line gives one."""
    label = _ADDRESS_LABEL.match(post, start, end) or _ADDRESS_LABEL.search(post, start, end)
    begin = label.end() if label else start
    finish = min(
        (fact.start for fact in facts if fact.kind in _NOT_OF_ADDRESS and fact.start >= begin), default=end
    )
    if any(fact.kind == "price" and begin <= fact.start < finish for fact in facts):
        return None
    body = post[begin:finish]
    points = len(set(_ADDRESS_WORD.findall(body))) + 2 * bool(_DOOR.search(body))
    points += 2 * bool(PLACE.search(body) or _LATIN_PLACE.search(body))
    least = 1 if follows_address else 3
    if label and any(c.isalpha() for c in body):
        least = 0
    if points < least or _SENDING.search(body) or not any(c.isalpha() for c in body):
        return None
    tail = _ADDRESS_TAIL.search(body)
    if tail:
        body = body[: tail.start()]
    stripped = body.rstrip(" \t,፣፤-–:፡፦/(*👉⤵️🏢📍።")
    lead = _ADDRESS_LEAD.match(stripped)
    if not any(c.isalpha() for c in stripped):
        return None
    return begin + (lead.end() if lead else 0), begin + len(stripped)
