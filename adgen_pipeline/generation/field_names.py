"""Which field a label means: by the list in fields.yaml, else by its head noun («info line», «ዋጋ በብር», «ድርጅታችን»).

The list holds the labels that a form gives; people make up others, but call a price a price. A label is guessed only
where the value fits it: a line to call holds a number, a company's name no sentence.
"""

import re
from functools import lru_cache
from pathlib import Path

import yaml

from adgen_pipeline.generation.denials import labels_what_is_left_out
from adgen_pipeline.generation.private_words import is_private_label
from adgen_pipeline.text.amharic import normalise
from adgen_pipeline.text.letters import shape, shaped

PRIVATE = "private"  # the name of a field that is not for the ad

_FILE = Path(__file__).with_name("fields.yaml")
_NAME_WORDS = 7  # of a company
_SIDE = re.compile(r"\([^)]*\)?|\[[^\]]*\]?|(?i:\b(?:per|for|of|in|each|inc\.?|incl\.?|excl\.?)\b.*)")
_NOT_THE_PRICE = re.compile(
    r"(?i:\b(?:old|regular|was|original|market|previous|normal|former|before|delivery|shipping|transport|deposit|cost|buying)\b)"
    r"|ማድረሻ|ዴሊቨሪ|ማጓጓዣ|የድሮ|የቀድሞ|የነበረ|ቅድሚያ"
)
_PRICE = shaped(
    r"(?i:\b(?:price|prices|waga|wagaw|wagachin|birr|etb)$)|(?<![ሀ-ፚ])የ?ዋጋ[ሀ-ፚ]{0,3}(?:\s+በ[ሀ-ፚ]+)?$|^በ?ብር$|(?<![ሀ-ፚ])መሸጫ(?:ው)?$"
)
_CALLS = shaped(
    r"(?i:\b(?:phones?|mobile|tel|telephone|call|hot ?line|help ?line|line|short ?code|code|reach us"
    r"|get in touch|call cent(?:er|re)"
    r"|cent(?:er|re)|whatsapp|telegram|bookings?|reservations?|enquir(?:y|ies)|inquir(?:y|ies)|contacts?|sms|info(?:rmation)?"
    r"|desk|support|care|service|numbers?|dial|app|website|site|link|page|channel|handle|inbox|dm|silk)\b)"
    r"|ስል[ክኩ]|ጥሪ|ደው[ልሉ]|ማእከ[ልሉ]|መስመ[ርሩ]|ለማዘዝ|ለመመዝገብ|መረጃ|ለመጠየቅ|ለመግዛት|ቁጥ[ርራሩ]|ድረ|ገጽ|ሊንክ|ኢሜ[ይል]|አግኙ|ያግኙ|ቴሌግራ"
)
_CALLED = re.compile(
    r"\W*(?:\*?\d{3,5}#?|\*\d{3}[*\d]*#)\W*|.*(?:\d[\d \-/.]{6,}\d|@\w{4,}|://|www\.|t\.me/|\w\.(?:com|et|org|net)\b).*",
    re.DOTALL,
)
_WHERE = shaped(
    r"(?i:\b(?:place|point|point of sale|find us|visit us|where to (?:buy|find|get)(?: it| us)?"
    r"|pick-? ?up(?: point| place)?|venue"
    r"|showrooms?|outlets?|branch(?:es)?|address(?:es)?|locations?|located(?: at)?|office|adrasha(?:chin)?)$)"
    r"|(?<![ሀ-ፚ])የ?(?:አድራሻ|ቦታ|መገኛ|ቅርንጫፍ|ቢሮ)[ሀ-ፚ]{0,5}$|የሚገኘው$|የምንገኝበት$|የሚገኝበት(?: ቦታ)?$"
)
_HOURS = shaped(r"(?i:\b(?:hours|opening times?|open(?:ing)?)$)|የ(?:አገልግሎት|ሥራ|ስራ) ሰአ?ታ?ት$|ክፍት የሚሆንበት")
_WHO = shaped(
    r"(?i:\b(?:company|business|shop|store|brand|client|operator|bank|lender|provider|vendor|seller|merchant|organi[sz]ation"
    r"|institution|hotel|clinic|hospital|pharmacy|restaurant|caf[eé]|school|college|academy|university|dealer|dealership"
    r"|manufacturer|producer|advertiser|firm|insurer|laboratory|lab|airline|tour operator|travel agent|landlord"
    r"|developer"
    r"|distributor|importer|exporter|retailer|supplier|boutique|salon|studio|factory|studio|who|who we are"
    r"|who are you|by"
    r"|sold by|made by|offered by|presented by|prepared for|on behalf of|dirijit(?:u|achin)?|suq(?:u|achin)?"
    r"|suk(?:u|achin)?)"
    r"(?:'s)?(?: name)?$)"
    r"|^የ?(?:[ሀ-ፚ]+ )?(?:ድርጅ[ትታቱ]|ኩባንያ|ሱ[ቅቃቁ]|መደብ[ርራሩ]|ባን[ክካኩ]|አበዳሪ|ደንበኛ(?!ች)|ሆቴ[ልላሉ]|ክሊኒ[ክካኩ]|ሆስፒታ[ልላሉ]|ፋርማሲ"
    r"|መድሀኒት ቤ[ትታቱ]|ካፌ|ምግብ ቤ[ትታቱ]"
    r"|ሬስቶራን[ትታቱ]|ትምህርት ቤ[ትታቱ]|ኮሌ[ጅጃጁ]|ተቋ[ምማሙ]|ማህበ[ርራሩ]|አምራች|አቅራቢ|ሻጭ|ነጋዴ|አከፋፋይ|አስመጪ|ኦፕሬተ[ርሩ]|ወኪ[ልሉ]|ብራን[ድዱ]"
    r"|አስተዋዋቂ|አገልግሎት ሰጪ|ገንቢ)"
    r"[ሀ-ፚ]{0,4}(?: ስም)?$"
)
# «Shop: Gerji, next to the university» says where, not who.
_LANDMARK = re.compile(
    r"(?i:\b(?:next to|near|opposite|behind|in front of|beside|floor|around|square)\b)"
    r"|አጠገብ|ፊት ለፊት|ፎቅ|ጀርባ|አደባባይ|አካባቢ|ማዞሪያ"
)
_MAY_BE_PLACE = re.compile(r"(?i:^(?:our )?(?:shops?|stores?|suq|suk|business)$)|^የ?ሱቅ(?:ችን|ቃችን)?$")
_LOWER_FIRST = re.compile(r"\W*[a-z]")


def field_name(label: str, value: str | None = None) -> str | None:
    """The field that a label means, or None.

    Args:
        label: as the document writes it.
        value: what it labels; None for a list or mapping. A label that the list lacks counts only if this fits.
    """
    plain = re.sub(r"[*_`#\"'()]+", " ", label).replace("-", " ")
    known = _labels().get(normalise(" ".join(plain.lower().split())))
    if known is not None:
        is_place = known == "brand" and _MAY_BE_PLACE.search(plain.strip()) and _LANDMARK.search(value or "")
        return "location" if is_place else known
    if is_private_label(plain) or labels_what_is_left_out(plain):
        return PRIVATE
    return _guessed(" ".join(_SIDE.sub(" ", label.replace("_", " ")).split()), " ".join(plain.split()), value)


def names_price(header: str) -> bool:
    """Whether a table's column holds prices by its header: «Price (Birr)», «ዋጋ በብር», «ETB»."""
    name = field_name(header, "1")
    unit = re.search(r"(?i:\b(?:birr|etb)\b)|ብር", header)
    return name == "price" or (unit is not None and name != PRIVATE and not _NOT_THE_PRICE.search(header))


def _guessed(head: str, label: str, value: str | None) -> str | None:
    key = shape(head)
    text = value or ""
    if (
        _PRICE.search(key)
        and not _NOT_THE_PRICE.search(label)
        and any(c.isdigit() or "፩" <= c <= "፼" for c in text)
    ):
        return "price"
    if _CALLS.search(shape(label)) and _CALLED.fullmatch(text):
        return "contact"
    if value is None or not text.strip():
        return None
    if _HOURS.search(key) and any(c.isdigit() for c in text):
        return "hours"
    if _WHERE.search(key) and any(c.isalpha() for c in text):
        return "location"
    is_name = len(text.split()) <= _NAME_WORDS and not re.search(r"[@\d.!?።]{2}|[!?።]", text)
    if _WHO.search(key) and is_name and not _LOWER_FIRST.match(text):
        return "brand"
    return None


@lru_cache(maxsize=1)
def _labels() -> dict[str, str]:
    """Labels as compared, and the fields that they mean."""
    values = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {normalise(str(label)): field for field, labels in values.items() for label in labels}
