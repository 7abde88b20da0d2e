"""Whether an amount of money is what the product costs, or belongs to how the shop delivers.

«ዴሊቨሪ ከ100-200 ብር» is a fee, and «ከ1,000 ብር በላይ ሲገዙ ማድረሻ በነፃ» the least order for free delivery; an ad that named
either as the product's price would lie. Where a line does not say so, the amount is taken for a price.
"""

import re

DELIVERY = "delivery"
MINIMUM_ORDER = "minimum_order"

_DELIVERY_WORD = (
    r"(?:(?<![ሀ-ፚ])[የለበከእና]{0,2}(?:[ዴደዲድ]ሊ?[ቨቬቭበብ]ሪ|ማ[ድዳ]ረሻ|ማድረስ|መላኪያ|ማጓጓዣ|ትራንስፖርት)[ሀ-ፚ]{0,3}"
    r"|(?i:\bdeliver(?:y|ies)?\b|\bshipping\b|\bshipment\b|\bcourier\b|\btransport(?:ation)?\b))"
)
_HINTS = (*(f"{letter}ሪ" for letter in "ቨቬቭበብ"), "ረሻ", "ረስ", "መላኪያ", "ማጓጓዣ", "ትራንስፖርት")
_LATIN_HINTS = ("deliver", "shipping", "shipment", "courier", "transport")
_NAMING = re.compile(
    rf"{_DELIVERY_WORD}(?:[^\w\n]{{0,6}}(?:ዋጋ[ውዋ]?|ክፍያ[ውዋ]?|ሂሳብ|(?i:price|fee|cost|charge)s?))?"
    r"[^\w\n]{0,4}(?:(?i:is|only|of)\s+)?(?:[ከበ]\s?)?\Z"
)
_BEFORE = re.compile(rf"{_DELIVERY_WORD}(?P<gap>[^\n]{{0,60}})\Z")
_AFTER = re.compile(
    rf"[^\w\n]{{0,4}}(?:ብቻ[^\w\n]{{0,4}})?(?:(?i:for|as|is)\s+)?(?:(?i:the|our)\s+)?{_DELIVERY_WORD}"
)
# «ከ100 እስከ 200 ብር ከፍለው ካሉበት እናደርሳለን»
_PAID = re.compile(
    r"[^\w\n]{0,4}(?:ብቻ[^\w\n]{0,4})?(?:ከፍለው|በመክፈል|ከፍሎ|ክፍያ)[^\d\n]{0,40}?(?:እናደርሳ|ያደርሳ|እንልካ|ይላክል|እናመጣ)"
)
_FREE = re.compile(r"ነ[ፃጻጽ]|ከነ|ጨምሮ|(?i:\bfree\b|\bincluding\b|\bwith\b)")
# Words after which the amount is no fee any more, unless they name the fee itself («የማድረሻ ዋጋ»).
_OTHER_MATTER = re.compile(r"አለ[ንው]?(?![ሀ-ፚ])|ዋጋ|ብቻ|[💵💰💲💴።!]|[.?]\s|(?i:\bprice|\bavailable)")
_FEE_WORD = re.compile(r"[^\w\n]{0,6}(?:ዋጋ[ውዋ]?|ክፍያ[ውዋ]?|ሂሳብ|(?i:price|fee|cost|charge)s?)(?!\w)")
_WORD = re.compile(r"[^\W\d_]+")
_MAXIMUM_GAP_WORDS = 6
_NEAR_CHARS = 90  # on both sides of the amount; a whole line may be a book
_PRICE_CUE = re.compile(r"(?:ዋጋ|[💵💰💲💴]|(?i:price))[^\w\n]{0,12}\Z")
_NOT_FEE_AFTER = re.compile(r"[^\w\n]{0,3}(?:አለ|እንሰጣ|ይኖ|አገልግሎት|(?i:available|service|free))")
_ABOVE = re.compile(r"[^\w\n]{0,3}(?:እና\s+ከ[ዚዛ]ያ?\s+)?በላይ|\s*(?i:worth|and (?:above|more)|or more)\b")
_ABOVE_BEFORE = re.compile(r"(?i:\b(?:above|over|more than|at least|minimum)\s+)\Z")
_ORDER = re.compile(
    r"ሲገዙ|ሲያዙ|ሲያዝዙ|ሚገዙ|ሚያዙ|ለገዙ|ለገዛ|ያዘዘ|ያዘዙ|ግ[ዢዥ]|ድምር|[ዕእ]ቃ|(?i:\b(?:buy|order|purchase|spend|items?)\b|\bfree\b)"
)


def speaks_of_delivery(line: str) -> bool:
    """Whether a line may name a delivery fee: a cheap test, once a line."""
    latin = line.casefold()
    return any(hint in line for hint in _HINTS) or any(hint in latin for hint in _LATIN_HINTS)


def without_delivery_word(before: str) -> str:
    """The text before a delivery fee without the words that name it: «ጫማ፣ የማድረሻ ክፍያ » is «ጫማ፣ »."""
    return _NAMING.sub("", before)


def price_role(line: str, start: int, end: int, next_start: int, *, may_be_fee: bool) -> str:
    """The role of the amount in line[start:end]: `delivery`, `minimum_order`, or empty for a price.

    Args:
        line: one line of a post.
        start, end: of the amount.
        next_start: where the next amount of money begins; the line's end if there is none.
        may_be_fee: what `speaks_of_delivery` says of the line.
    """
    low, high = max(0, start - _NEAR_CHARS), min(len(line), end + _NEAR_CHARS)
    is_least = _ABOVE.match(line, end) or _ABOVE_BEFORE.search(line, max(0, start - 12), start)
    if is_least and _ORDER.search(line, low, high):
        return MINIMUM_ORDER
    if _PAID.match(line, end):
        return DELIVERY
    if not may_be_fee:
        return ""
    before = line[low:start]
    if (named := _BEFORE.search(before)) and not _FREE.search(before, max(0, named.start() - 12)):
        gap = named["gap"]
        if fee := _FEE_WORD.match(gap):
            gap = gap[fee.end() :]
        if not _OTHER_MATTER.search(gap) and len(_WORD.findall(gap)) <= _MAXIMUM_GAP_WORDS:
            return DELIVERY
    if (
        (named := _AFTER.match(line, end, next_start))
        and not _PRICE_CUE.search(before)
        and not _NOT_FEE_AFTER.match(line, named.end())
        and next_start >= len(line)
    ):
        return DELIVERY
    return ""
