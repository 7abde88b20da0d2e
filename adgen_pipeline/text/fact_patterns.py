"""Regular expressions of `text.facts`: what phones, prices, dates, links and quantities look like in posts.

Written against the forms in real shop posts: prices «ዋጋ፦ 1700 ብር», «💵650 ብር», «96,899», «94, 369», «120,000 በወር»,
phones with spaces, dashes, glued to words, lists of shoe sizes.

They are matched against lines with ASCII digits (`text.digits`), at the digits found before. Each kind begins with a
cheap look at what follows the digits, which spares most numbers most of the alternatives. Repeats are bounded or
possessive, so that no text costs quadratic time.
"""

import re

from adgen_pipeline.text.numbers import AMOUNT, MAXIMUM_NUMERALS, NUMBER_WORDS, SPACE, SPACES

_S = SPACE
_SS = SPACES
_D = "[0-9]"
_HOUR = r"ሰ[ዓአዐኣ]ት(?![ሀ-ፚ])"
_NO_LETTER = r"(?![ሀ-ፚ])"
_CURRENCY = rf"(?:ብር(?:(?=ብቻ)|{_NO_LETTER})|(?i:etb|birrs?|br\.|br|usd|dollars?)(?![A-Za-z])|\$|€|ዶላር|ዩሮ)"
_DASH = r"(?:-{1,2}|–|—|~|እስከ|(?i:to)\b)"
_RANGE = rf"{AMOUNT}(?:{_SS}{_CURRENCY})?(?:{_SS}{_DASH}{_SS}(?:ከ{_SS})?{AMOUNT})?"
_GAP = r"[ \t\u00a0\u202f.\-–_)]{0,2}"  # inside a phone number: 0900 00-00.12, (011) 000 0000
_ENDS = r"(?![0-9])"

_MONTH = (
    "መስከረም|ጥቅምት|[ህኅሕኀ]ዳር|ታ[ህኅሕ][ሳሣ][ስሥ]|ጥር|የካቲት|መጋቢት|ሚያ[ዝዚ]ያ|ግንቦት|[ሰሠ]ኔ|[ሀሐኀ]ምሌ|ነ[ሀሐኀ][ሴሤ]|[ጳጷ]ጉሜ[ንኑ]?"
    "|ጃንዋሪ|ጃንዩዋሪ|ፌብሩዋሪ|ፌብሯሪ|ማርች|ኤፕሪል|አፕሪል|ጁን|ጁላይ|ኦገስት|ሴፕቴምበር|ኦክቶበር|ኖቬምበር|ዲሴምበር"
)
_ENGLISH_MONTH = (
    r"(?i:january|february|march|april|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?|May|MAY"
)
_DAY = r"(?:[0-2]?[0-9]|3[01])"
_ERA = rf"(?:{_SS}ዓ{_S}?[./]{_S}?ም\.?)?"
_YEAR = rf"(?:19|20)[0-9]{{2}}{_ENDS}{_ERA}"

_LATIN_UNIT = (
    r"(?i:gb|tb|mb|mah|kwh?|kg|kgs|gm|grams?|g|cm|mm|km|m2|m²|m|sqm|ml|liters?|litres?|litt?ers?|ltr?|l|watts?|w|v|volts?"
    r"|[gm]?hz|mp|hp|cc|inch(?:es)?|in|feet|ft|pcs|pieces?|pairs?|cores?|gen|generation|years?|months?|weeks?|days?"
    r"|hours?|hrs?|minutes?|mins?|seconds?|persons?|people)(?![A-Za-z0-9])|[\"”″](?!\w)"
)
_ETHIOPIC_UNIT = (
    "(?:ጊጋ(?:ባይት)?|ጂቢ|ጊባ|ቴራ|ኢንች|ኪሎ ?ግራም|ኪሎ ?ሜትር|ኪሎ|ኪ[./]?ግ|ኪ[./]?ሜ|ግራም|ሚሊ ?ሊትር|ሚሊ|ሊትር"
    "|ካሬ ?ሜትር|ካሬ|[ሴሳሣ][./]?ሜ|ሜ|ሴንቲ ?ሜትር|ሜትር"
    "|[ዓአዐኣ]መታት|[ዓአዐኣ]መት|ወራት|ወር|ሳምንታት|ሳምንት|ቀናት|ቀን|ሰ[ዓአዐኣ]ታት|ሰ[ዓአዐኣ]ት|ደቂቃ|ሰከንድ|ፍሬ|ፒስ|ጥንድ|ዋት|ቮልት|ፎቅ|መኝታ|በር|ሰው|ሰዎች)(?![ሀ-ፚ])"
)
_NUMBER = rf"{_D}++(?:,{_D}{{3}}{_ENDS})*+(?:\.{_D}++)*+"
# 40,41,42 · 40#41#42 · 36 37 38: one fact, not many; but not «A54 36,500»
_SIZES = rf"[2-5]{_D}(?:[ ,#፣&/.\-]{{1,3}}[2-5]{_D}(?!{_D}|,{_D}{{3}}{_ENDS}))+"
_SHAPE = (
    rf"{_SIZES}|{_NUMBER}(?:(?:{_S}?[x×*X]{_S}?{_NUMBER})++|(?:{_S}?(?:-{{1,2}}|–|/|&){_S}?{_NUMBER})++)?"
)
_NUMERALS = rf"[፩-፼]{{1,{MAXIMUM_NUMERALS}}}(?![፩-፼])"
_MULTIPLE = r"(?:ሺ|ሽ|ሚ|ቢ|(?i:million|thousand))"  # how a word for thousands, millions or more begins

# At a digit (or the + before it), the first kind that fits; (?=…) is the cheap look ahead.
_PATTERNS: dict[str, tuple[str, ...]] = {
    "phone": (
        r"(?=[+0-9][0-9 \t\u00a0\u202f.\-–_)(/]{6})(?:"
        rf"(?:\+|00)?251{_GAP}(?:\(?0\)?)?{_GAP}[1-9](?:{_GAP}{_D}){{8}}{_ENDS}",
        rf"0[1-9](?:{_GAP}{_D}){{8}}{_ENDS}",
        rf"0[79]{_D}{{7,10}}{_ENDS}",  # a digit too many or too few is still somebody's number
        rf"(?:0|\+?251/?)[79]{_D}{{2}}(?:/{_D}{{2}}){{3}}{_ENDS}",
        rf"[79]{_D}{{8}}(?!{_D}|{_SS}{_CURRENCY})",
        rf"9{_D}{{2}}(?:[ \-]{_D}{{2}}){{3}}(?!{_D}|{_SS}{_CURRENCY})",
        rf"\+{_D}{{1,3}}(?:{_GAP}{_D}){{7,12}}{_ENDS})",
    ),
    "date": (
        rf"(?={_D}{{1,4}}+(?:[-/.]{_D}|{_SS}[A-Za-zዓመጥህኅሕኀታየሚግሰሠሀሐነጳጷጃፌማኤአጁኦሴኖዲ]))(?:"
        rf"{_D}{{4}}[-/.]{_D}{{1,2}}[-/.]{_D}{{1,2}}{_ENDS}",
        rf"{_DAY}/{_DAY}/(?:{_D}{{4}}|{_D}{{2}}){_ENDS}{_ERA}",
        rf"{_DAY}-{_DAY}-(?:{_D}{{4}}|{_D}{{2}}){_ENDS}{_ERA}",
        rf"{_D}{{1,2}}\.{_D}{{1,2}}\.{_D}{{4}}{_ENDS}{_ERA}",
        rf"{_D}{{1,2}}(?:st|nd|rd|th)?{_SS}(?:of{_S})?(?:{_ENGLISH_MONTH})(?![A-Za-z])(?:,?{_SS}{_YEAR})?",
        rf"{_D}{{1,2}}{_S}(?:{_MONTH})(?![ሀ-ፚ])(?:[,፣]?{_SS}{_YEAR})?",
        rf"(?:19|20){_D}{{2}}{_SS}ዓ{_S}?[./]{_S}?ም\.?)",
    ),
    "time": (
        rf"(?={_D}{{1,2}}+(?:[:፡.]|{_SS}[aApPሰ]))(?:"
        rf"(?:[01]?{_D}|2[0-3])[:፡][0-5]{_D}{_ENDS}(?:{_SS}(?:(?i:am|pm)(?![A-Za-z])|{_HOUR}))?",
        rf"(?:[01]?{_D}|2[0-3])\.[0-5]{_D}{_SS}{_HOUR}",
        rf"{_D}{{1,2}}{_S}?(?i:am|pm)(?![A-Za-z0-9])",
        rf"(?:1[0-2]|[1-9]){_SS}{_HOUR}(?:{_S}(?:ተኩል|ከሩብ){_NO_LETTER})?)",
    ),
    "percent": (
        rf"{_D}++(?:\.{_D}+)?(?:{_SS}[-–]{_SS}{_D}+(?:\.{_D}+)?)?{_SS}(?:[%٪％]|ፐርሰንት|በመቶ|ከመቶ|(?i:percent))",
    ),
    "price": (
        # possessive: what follows all digits, blanks and dashes begins a currency, a multiple or «እስከ»
        r"(?=[0-9፩-፼,.\-–—~ \t\u00a0\u202f]{1,60}+[ብeEbBuUdD$€ዶዩ/በ+pPሺሽሚቢመmMtTkKእከ])(?:"
        rf"{_RANGE}{_SS}[-–]?{_SS}{_CURRENCY}",
        rf"{_RANGE}/[-=]",
        rf"{_RANGE}(?={_SS}(?:በየ?ወር|በካሬ|\+{_SS}ቫት|/{_SS}(?i:month|mo)\b|(?i:per{_S}month))))",
        rf"{_NUMERALS}{_SS}{_CURRENCY}",
        rf"{_NUMERALS}{_SS}(?:{NUMBER_WORDS})(?:{_SS}{_NUMERALS})?{_SS}{_CURRENCY}",  # ፲ ሺህ ብር · ፫ መቶ ሺህ ፭፻ ብር
    ),
    "quantity": (
        rf"(?:{_SHAPE}|[፩-፼]++)(?:ኛ|G\+{_D}{{1,2}}{_ENDS}|{_S}?(?:{_LATIN_UNIT})|{_S}?{_ETHIOPIC_UNIT}|[A-Za-z][A-Za-z0-9]*+)?",
    ),
}
AT_DIGIT = re.compile("|".join(f"(?P<{kind}>{'|'.join(forms)})" for kind, forms in _PATTERNS.items()))
AMOUNT_IN = re.compile(AMOUNT)
AT_AMOUNT = re.compile(rf"{_RANGE}(?:{_SS}{_CURRENCY})?")
SPACED_AMOUNT = re.compile(rf"{_D}{{1,3}}(?: {_D}{{3}}){{1,3}}{_ENDS}(?:{_SS}{_CURRENCY})")
MULTIPLE = re.compile(rf"{_D}[0-9,.]{{0,20}}+{_SS}{_MULTIPLE}")
COUNTED = re.compile(rf"{AMOUNT}(?:{_S}?(?:{_LATIN_UNIT})|{_S}?{_ETHIOPIC_UNIT})?")
START = re.compile(r"[0-9፩-፼]")
HOLDS_FACT = re.compile(r"[\d@#.:፩-፼ብ]")  # without one of these a line has no fact

# What stands before a number decides what it is; looked for in the few characters before it.
LOOK_BACK_CHARS = 28
_WORD_START = r"(?:(?<![ሀ-ፚ])|(?<=(?<![ሀ-ፚ])[በከለየ])|(?<=(?<![ሀ-ፚ])እስከ))"  # ቁጥር does not hold ጥር
CURRENCY_BEFORE = re.compile(
    rf"(?:{_WORD_START}ብር|(?<![A-Za-z])(?i:etb|birr|br\.?|usd)|\$|€){_SS}[:፦፡\-]?{_SS}\Z"
)
_PRICE_WORD = r"(?:ዋጋ[ሀ-ፚ]{0,3}|(?i:price|prize|cost))"
PRICE_TAG = re.compile(rf"#{_PRICE_WORD}")
PRICE_CUE = re.compile(rf"(?:{_PRICE_WORD}[^\w\n@+]{{0,22}}|[💵💰💲💴][^\w\n@+]{{0,8}})(?:[ከበ]{_SS})?\Z")
# «ዋጋ፦» at the end of a line speaks for an amount that opens the next one.
PRICE_CUE_AT_END = re.compile(rf"{_PRICE_WORD}[^\w\n@+]{{0,16}}\Z")
OPENS_WITH_NUMBER = re.compile(rf"[^\w\n@+]{{0,6}}(?:[ከበ]{_SS})?\d")
MONTH_ENDS = frozenset("ምትርስሥያኔሌሴሤሜንኑሪችልይyhletrnbpgvcYHLETRNBPGVC.")  # what a month can end in
LETTER_ENDS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-")
CURRENCY_ENDS = frozenset("ርBbRrDd.$€:፦፡-")  # what a currency before an amount can end in
PRICE_HINT = re.compile(r"[ዋ💵💰💲💴]|(?i:pri|cost)")  # cheap: without one of these there is no cue
YEAR_PREFIXES = frozenset("በከየለ")  # «ስማርት ስልክ በ2017 የወጣ»: a year, not a number to call
PHONE_CUE = re.compile(
    r"(?:[📞☎📲✆]|(?:(?:ስልክ|አጭር)(?: ቁጥር)?|ደውሉ|በመደወል|(?i:call|(?<!\[)phone|tel|mobile|dial|sms|short ?code"
    r"|call cent(?:er|re)|hot ?line|help ?line|info(?:rmation)? line|toll[ -]free))[ሀ-ፚ]{0,3}|የ?ጥሪ ማ[ዕእ]ከል[ሀ-ፚ]{0,3})"
    r"[^\w\n]{0,8}(?:በ ?|ወደ ?)?\Z"
)
USSD_END = re.compile(r"(?:\*[0-9]{1,6}){0,3}#")  # *000# is dialled
PHONE_CUE_AFTER = re.compile(rf"{_SS}(?:ላይ{_SS})?(?:ይደውሉ|ደውሉ|በመደወል|ደውለው)")
MONTH_BEFORE = re.compile(rf"(?:{_WORD_START}(?:{_MONTH})|(?<![A-Za-z])(?:{_ENGLISH_MONTH})){_SS}\Z")
AFTER_MONTH = re.compile(
    rf"{_YEAR}|[፩-፼]++|{_DAY}(?:-{_DAY})?{_ENDS}(?:st|nd|rd|th)?(?:{_SS}ቀን)?(?:[,፣/]?{_SS}{_YEAR})?"
)
LETTERS_BEFORE = re.compile(
    r"(?<![A-Za-z0-9])(?!(?i:size|siz|no|price|tel|phone|code|id|call)[+\-]?\Z)[A-Za-z]{1,12}[+\-]?\Z"
)
UNIT_AFTER = re.compile(rf"ኛ|{_S}?(?:{_LATIN_UNIT})|{_S}?{_ETHIOPIC_UNIT}|[A-Za-z%]")

_URL_CHAR = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]"
URL = re.compile(
    rf"(?i:https?|tg|ftp)://{_URL_CHAR}+"
    r"|(?<![A-Za-z0-9@_\-.])(?:[A-Za-z0-9_-]+\.)+(?:"
    r"(?i:com|et|net|org|io|app|shop|store|info|biz|tv|online|site)(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"
    rf"(?:/{_URL_CHAR}*)?"
    # these endings are words as well, so that only a path makes them a link
    rf"|(?i:me|ly|co|be|gl|link|dev|ai|page)/{_URL_CHAR}+)"
)
HOLDS_URL = re.compile(r"[:.](?:(?<=:)//|(?<=\.)[A-Za-z]{2})")  # cheap: without it there is no link
URL_TAIL = re.compile(r"[.,;:!?'*()\[\]]+\Z")
EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
)
HOLDS_EMAIL = re.compile(r"@[A-Za-z0-9-]+\.")
HANDLE = re.compile(r"@(?<![A-Za-z0-9_@]@)[A-Za-z][A-Za-z0-9_]{2,31}")
HASHTAG = re.compile(rf"#(?!\d[\d,.]*{_SS}{_CURRENCY})(?=\w*[^\W\d_])\w+")
WORD_BEFORE_BIRR = re.compile(r"ብር(?:(?<=[ሀ-ፚ]ብር)|(?<=[ሀ-ፚ][ \t\u00a0\u202f]ብር))")  # cheap
WORDS_CHARS = 80  # the longest amount in words: «ዘጠና ዘጠኝ ሚሊዮን ዘጠኝ መቶ ዘጠና ዘጠኝ ሺህ ዘጠኝ መቶ …»
WORDED_PRICE = re.compile(rf"{_WORD_START}{NUMBER_WORDS}{_SS}{_CURRENCY}")
UNITS = {
    **dict.fromkeys(("ጊጋ", "ጊጋባይት", "ጂቢ", "ጊባ"), "gb"),
    **dict.fromkeys(("ኢንች", "inches", "in", '"', "”", "″"), "inch"),
    **dict.fromkeys(("ኪሎ", "ኪሎግራም", "ኪ.ግ", "ኪ/ግ", "ኪግ", "kgs"), "kg"),
    **dict.fromkeys(("ግራም", "gm", "gram", "grams"), "g"),
    **dict.fromkeys(("ሊትር", "liter", "liters", "litre", "litres", "litter", "litters", "lt", "ltr"), "l"),
    **dict.fromkeys(("ሚሊሊትር", "ሚሊ"), "ml"),
    **dict.fromkeys(("ሴሜ", "ሴ.ሜ", "ሴ/ሜ", "ሳሜ", "ሣሜ", "ሳ.ሜ", "ሳ/ሜ", "ሴንቲሜትር"), "cm"),
    **dict.fromkeys(("ሜትር", "ሜ"), "m"),
    **dict.fromkeys(("ካሬ", "ካሬሜትር", "sqm", "m²"), "m2"),
    **dict.fromkeys(("ዓመት", "አመት", "ዐመት", "ኣመት", "year", "years"), "year"),
    **dict.fromkeys(("ወር", "month", "months"), "month"),
    **dict.fromkeys(("ፍሬ", "ፒስ", "pcs", "piece", "pieces"), "pcs"),
    **dict.fromkeys(("ዋት", "watt", "watts"), "w"),
}
NUMERALS = re.compile(_NUMERALS)
PLAIN_NUMBER = re.compile(r"\d+(?:\.\d+)?")
THOUSANDS_COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
LIST_SEPARATOR = re.compile(
    r"(?<=\d)(?:[ \t\u00a0\u202f]{0,3}[,#፣&]+[ \t\u00a0\u202f]{0,3}|[ \t\u00a0\u202f]{1,3})(?=\d)"
)
DIGIT_GROUP_SPACE = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
TIME_PARTS = re.compile(r"([0-9]+)(?:[:፡.]([0-9]+))?")
HALF_DAY = re.compile(r"(?i:am|pm)")
SLASHES = re.compile(r"/{2,}")
DOLLAR = re.compile(r"\$|ዶላር|(?i:usd|dollar)")
QUANTITY_PARTS = re.compile(r"(.*\d)(\D*)", re.DOTALL)
