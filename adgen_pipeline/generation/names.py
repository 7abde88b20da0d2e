"""Who advertises, where a brief says it in a sentence rather than in a field of its own: «We are …», «ሱቃችን … ይባላል».

A name is copied, never translated: the common nouns in it («… Tours», «… ባንክ») would come out as goods. Names are told
by the words around them and, in Latin letters, by their capitals; a list of kinds of business closes a name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.fields import Field
from adgen_pipeline.generation.lexicon import unknown_words
from adgen_pipeline.generation.places import place_in
from adgen_pipeline.text.letters import shape, shaped

_ADVERTISER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_FREE = ("body", "features", "description", "title", "other")
_WORD = r"[A-Z][\w'’&.-]*\w|[A-Z]"
_NAME = (
    rf"(?:{_WORD})(?:[ ](?:&[ ]|and[ ](?=[A-Z])|of[ ](?=[A-Z]))?(?:{_WORD}|\d{{1,4}}(?![\d,.]*\d))){{0,4}}"
)
# Kinds of business that end a name.
_BUSINESS = (
    "Bank|Banks|Tours?|Travels?|Pharmacy|Clinic|Hospital|Laborator(?:y|ies)|Lab|Diagnostics?|Hotel|Resort|Lodge"
    "|Guest ?[Hh]ouse"
    "|Restaurant|Caf[eé]|Coffee|Bakery|Foods?|Supermarket|Market|Mart|Mall|Cent(?:er|re)|Store|Stores|Shop|Boutique|Fashion"
    "|Furniture|Curtains|Shoes|Electronics|Computers?|Technolog(?:y|ies)|Tech|Solutions|Systems|Network(?:s|ing)?|Telecom|Mobile"
    "|Motors|Autos?|Garage|Trading|Traders|Import(?:s|ers)?|Enterprises?|Group|Holdings?|Industr(?:y|ies)|Manufacturing|Factory"
    "|Construction|Real [Ee]state|Homes|Properties|Insurance|Microfinance|Finance|Capital|Savings|Academy"
    "|School|College"
    "|University|Institute|Training|Consult(?:ing|ancy|ants)|Agency|Services?|Logistics|Express|Airlines|Transport|Repairs?|Maintenance|Dental|Consult|Dairy|Kitchen|Beauty|Cosmetics|Salon"
    "|Spa|Gym|Fitness|Hygiene|Cleaning|Solar|Energy|Water|Farms?|Agro|Printing|Studio|Media|Events?|Gallery|Design"
)
_COMPANY = r"(?:[ ](?:PLC|P\.?L\.?C\.?|S\.?C\.?|Ltd\.?|Inc\.?|Share Company|Company|Ethiopia))?"
_BUSINESS_NAME = re.compile(
    rf"(?<![\w@./])(?:(?:[A-Z][\w'’&-]*)[ ]){{1,3}}(?:{_BUSINESS})\b{_COMPANY}(?![\w@])"
)
_SAYS_WHO = re.compile(
    r"(?:\b[Ww]e(?: are|'re|’re)|\b[Tt]his is|\b(?:I am|I'm|I’m|[Ww]e are|[Gg]reetings|[Hh]ello|[Hh]i) from"
    r"|\b[Oo]n behalf of"
    r"|\b(?:[Pp]repared|[Bb]rief|[Aa]dvert(?:isement)?|[Cc]ampaign|[Pp]roposal) (?:for|by)|\b(?:[Oo]ur|[Tt]he) "
    r"(?:shop|store|company|business|clinic|hotel|school|bank|pharmacy|restaurant|caf[eé]|brand|name"
    r"|firm)(?:'s name)? is"
    r"(?: called| named)?|\b(?:shop|store|company|business|clinic|hotel|school|pharmacy|restaurant|caf[eé]|brand|firm)"
    r"[, ]+(?:called|named)|\b(?:made|sold|run|offered|brought to you) by|\btrading as)[ ]*[*_\"“«:]*[ ]*"
    rf"(?P<name>{_NAME})(?P<after>[*_\"”»]*\s*(?:[,.;!–—(-]|\bin\b|\bat\b|\bhere\b|\bfrom\b|\band\b|\ba\b|$))"
)
# «Selam Eye Clinic would like to advertise …»: who begins a sentence and does what advertisers do.
_DOES = re.compile(
    rf"(?:^|[.!?:]\s+|\n)\W*(?P<name>{_NAME}) (?:would (?:like|love)|wants?|wishes|plans"
    r"|is (?:hiring|looking|launching|opening|offering|introducing|pleased|happy)"
    r"|opens|launches|offers|introduces|presents|announces|invites|provides)\b"
)
# «our dental clinic, Fikir Dental»
_APPOSED = re.compile(
    r"\b(?:[Oo]ur|[Mm]y) (?:[a-z]+ ){0,3}(?:shop|store|company|business|clinic|hotel|school|academy|bank|pharmacy"
    r"|restaurant|caf[eé]|bakery|boutique|salon|lodge|gym)"
    rf"(?:, | named | called )(?P<name>{_NAME})(?=[.,;!\n]|$)"
)
_SIGNED = re.compile(
    rf"(?:[Rr]egards|[Ss]incerely|[Tt]hank you|[Tt]hanks"
    rf"|[Cc]heers)[,.!]?\s*(?:[A-Z]\w+[ ]?){{0,2}}[,\n]\s*(?P<name>(?:(?:{_WORD})[ ]){{1,3}}"
    rf"(?:{_BUSINESS}){_COMPANY})"
)
_LANDMARK_BEFORE = re.compile(
    r"(?i:\b(?:at|near|opposite|behind|beside|inside|to|of|via|through|by|with|in|from|next|front|facing|past|around|like|and|or)"
    r"(?: (?:the|a|our|your))?\s*)\Z|[(:]\s*\Z"
)
_FIVE = r"(?:[ሀ-ፚ/.&A-Za-z0-9'-]+[ ]){0,3}[ሀ-ፚ/.&A-Za-z0-9'-]+"
_OUR = (
    r"(?:ድርጅ[ትታቱ]|ኩባንያ|ሱ[ቅቃቁ]|መደብ[ርራሩ]|ካፌ|ሆቴ[ልላሉ]|ክሊኒ[ክካኩ]|ፋርማሲ|ምግብ ቤ[ትታቱ]"
    r"|ትምህርት ቤ[ትታቱ]|ባን[ክካኩ]|ተቋ[ምማሙ]|ማ[ህኅ]በ[ርራሩ]|ብራን[ድዳዱ]|ቤ[ትታቱ]|ስማ|ስም|ስሙ|ስሟ)"
)
_CALLED = r"(?:ይባላ|እን?ባላ|ተብሎ ይጠራ|ይሰኛ|ብለን እንጠራ)[ሀ-ፚ]*"
_SAYS_WHO_AMHARIC = tuple(
    shaped(pattern)
    for pattern in (
        rf"(?:(?<![ሀ-ፚ])የ?{_OUR}[ሀ-ፚ]*\s+(?:ስም\s+)?)?[«\"“](?P<name>[^»\"”\n]{{2,40}})[»\"”]\s+(?:{_CALLED}|የሚባ[ሀ-ፚ]*|የተባ[ሀ-ፚ]*|ነ[ውን])",
        rf"(?<![ሀ-ፚ])የ?{_OUR}[ሀ-ፚ]*\s+(?:ስም\s+)?(?P<name>{_FIVE})\s+{_CALLED}",
        rf"(?<![ሀ-ፚ])(?:የ{_OUR}[ሀ-ፚ]*\s+ስም|ስማችን|የምርታችን ስም)[፦:]?\s+(?P<name>{_FIVE})\s+(?:ነው|ነን)",
        r"(?<![ሀ-ፚ])እኛ\s+(?P<name>(?:[ሀ-ፚ/.]+[ ])?[ሀ-ፚ/.]+)\s+ነን(?![ሀ-ፚ])",
        r"(?:^|[,፣።]\s*)(?P<name>(?:[ሀ-ፚ]+\s){1,2}[ሀ-ፚ]+)\s+(?:በለው|በይው|በሉት|ብለው ይጠይቁ|ብላችሁ ጠይቁ)",
        r"(?i:\b(?:ye)?(?:suq|suk|dirijit|dirigit|kubaniya|hotel|cafe|sim|bet)(?:u|achin|achen|yachin|chin)?\s+(?:sim\s+)?)"
        rf"[\"“«]?(?P<name>{_NAME})[\"”»]?\s+(?i:yibalal|ybalal|yibalall|newu?|naw)\b",
    )
)
_PLURAL = re.compile(r"[ዎኞቶሮኖሎሞቆዮጮዶጆሶኮ]ች|ያለን|ጥሩ|ምርጥ")  # «እኛ ልምድ ያለን ባለሙያዎች ነን» is no name
_NO_NAME = frozenset(
    [
        "the",
        "this",
        "that",
        "our",
        "my",
        "your",
        "we",
        "it",
        "a",
        "an",
        "and",
        "or",
        "please",
        "dear",
        "thank",
        "thanks",
        "price",
        "contact",
        "phone",
        "sale",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
)
MAXIMUM_NAMES = 2


@dataclass(frozen=True)
class _Found:
    """A name: its text, the field and place of the name, and of the words that say it."""

    text: str
    field: int
    start: int
    cut: tuple[int, int]


def with_names(fields: Sequence[Field]) -> list[Field]:
    """The fields, with a field `brand` for each name that a sentence says, and without the words that say it.

    A brief that names its company in a field needs no other.
    """
    has_brand = any(field.name == "brand" for field in fields)
    found: list[_Found] = []
    for number, field in enumerate(fields):
        if field.name in _FREE:
            found += [
                name for name in _said(field, number) if name.text not in {other.text for other in found}
            ]
    if not found and not has_brand:
        found = _by_business(fields)
    kept = [] if has_brand else found[:MAXIMUM_NAMES]
    named = [
        Field(
            "brand",
            "",
            name.text,
            None if (start := fields[name.field].start) is None else start + name.start,
        )
        for name in kept
    ]
    told = list(fields)
    for name in kept:
        value = told[name.field].value
        begin, end = name.cut
        told[name.field] = replace(told[name.field], value=value[:begin] + " " * (end - begin) + value[end:])
    return [*named, *(field for field in told if field.value.strip())]


def _said(field: Field, number: int) -> list[_Found]:
    """Names that words such as «we are» and «ይባላል» announce."""
    found: list[_Found] = []
    for pattern in (_SAYS_WHO, _SIGNED, _DOES, _APPOSED):
        for match in pattern.finditer(field.value):
            # «Selam Eye Clinic»: words that all mean something are a name where a kind of business ends them.
            is_business = pattern in (_DOES, _APPOSED) and _BUSINESS_NAME.fullmatch(match["name"]) is not None
            if is_business or _is_name(match["name"]):
                # What somebody does goes on to say what is sold: only the name is cut out.
                begin = match.start("name") if pattern in (_DOES, _APPOSED) else match.start()
                found.append(
                    _Found(
                        match["name"].strip(" ."),
                        number,
                        match.start("name"),
                        (begin, match.end("name")),
                    )
                )
    key = shape(field.value)
    for pattern in _SAYS_WHO_AMHARIC:
        for match in pattern.finditer(key):
            begin, end = match.span("name")
            name = field.value[begin:end]
            if not _PLURAL.search(name) and not any(
                begin < f.start + len(f.text) and f.start < end for f in found
            ):
                found.append(_Found(name, number, begin, match.span()))
    return found


def _by_business(fields: Sequence[Field]) -> list[_Found]:
    """The first name that ends in a kind of business and is no landmark: «… Tours», not «opposite … Bank»."""
    for number, field in enumerate(fields):
        if field.name not in _FREE:
            continue
        for match in _BUSINESS_NAME.finditer(field.value):
            if _stands_in_place(field.value, match.start()):
                continue
            if not _LANDMARK_BEFORE.search(field.value, 0, match.start()) and _is_name(match.group()):
                return [_Found(match.group(), number, match.start(), (match.start(), match.start()))]
    return []


def _stands_in_place(text: str, at: int) -> bool:
    """Whether text[at:] is named in a sentence of landmarks: «We are in Megenagna, Grand Mall, 5th floor»."""
    begin = max(text.rfind(mark, 0, at) for mark in (". ", "\n", "! ")) + 1
    end = min(
        (place for mark in (". ", "\n", "! ") if (place := text.find(mark, at)) >= 0), default=len(text)
    )
    return place_in(text[begin:end].strip()) is not None


def _is_name(text: str) -> bool:
    """Whether capitalised words are a name: one of them is in no lexicon."""
    first = text.split()[0].lower().strip(".")
    return first not in _NO_NAME and not _LANDMARK_BEFORE.search(first) and bool(unknown_words(text))


def advertiser(value: str, source: str) -> str:
    """The folder name of an advertiser.

    Raises:
        BriefError: it is none.
    """
    if not _ADVERTISER.fullmatch(value):
        raise BriefError(
            f"{source}: advertiser {value!r} is not a folder name below advertisers/ (letters, "
            "digits, - and _). Use that folder's name."
        )
    return value
