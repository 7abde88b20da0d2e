"""Regular expressions of `text.facts`: what phones, prices, dates, links and quantities look like in posts.

Written against the forms in real shop posts: prices «ዋጋ፦ 1700 ብር», «💵650 ብር», «96,899», «94, 369», «120,000 በወር»,
phones with spaces, dashes, glued to words, lists of shoe sizes.
"""

import re

from adgen_pipeline.text.numbers import AMOUNT, NUMBER_WORDS, SPACE

_S = SPACE
_HOUR = r"ሰ[ዓአዐኣ]ት(?![ሀ-ፚ])"
_NO_LETTER = r"(?![ሀ-ፚ])"
_CURRENCY = rf"(?:ብር(?:(?=ብቻ)|{_NO_LETTER})|(?i:etb|birrs?|br\.|br|usd|dollars?)(?![A-Za-z])|\$|€|ዶላር|ዩሮ)"
_DASH = r"(?:-{1,2}|–|—|~|እስከ|(?i:to)\b)"
_RANGE = rf"{AMOUNT}(?:{_S}*{_CURRENCY})?(?:{_S}*{_DASH}{_S}*(?:ከ{_S}*)?{AMOUNT})?"
_GAP = r"[ \t\u00a0\u202f.\-–]{0,2}"  # inside a phone number

_MONTH = (
    "መስከረም|ጥቅምት|[ህኅሕኀ]ዳር|ታ[ህኅሕ][ሳሣ][ስሥ]|ጥር|የካቲት|መጋቢት|ሚያ[ዝዚ]ያ|ግንቦት|[ሰሠ]ኔ|[ሀሐኀ]ምሌ|ነ[ሀሐኀ][ሴሤ]|[ጳጷ]ጉሜ[ንኑ]?"
    "|ጃንዋሪ|ጃንዩዋሪ|ፌብሩዋሪ|ፌብሯሪ|ማርች|ኤፕሪል|አፕሪል|ጁን|ጁላይ|ኦገስት|ሴፕቴምበር|ኦክቶበር|ኖቬምበር|ዲሴምበር"
)
_ENGLISH_MONTH = (
    r"(?i:january|february|march|april|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?|May|MAY"
)
_DAY = r"(?:[0-2]?\d|3[01])"
_ERA = rf"(?:{_S}*ዓ{_S}?[./]{_S}?ም\.?)?"
_YEAR = rf"(?:19|20)\d\d(?!\d){_ERA}"

_LATIN_UNIT = (
    r"(?i:gb|tb|mb|mah|kwh?|kg|kgs|gm|grams?|g|cm|mm|km|m2|m²|m|sqm|ml|liters?|litres?|litt?ers?|ltr?|l|watts?|w|v|volts?"
    r"|[gm]?hz|mp|hp|cc|inch(?:es)?|in|feet|ft|pcs|pieces?|pairs?|cores?|gen|generation|years?|months?|weeks?|days?"
    r"|hours?|hrs?|minutes?|mins?|seconds?|persons?|people)(?![A-Za-z0-9])|[\"”″](?!\w)"
)
_ETHIOPIC_UNIT = (
    "(?:ጊጋ(?:ባይት)?|ጂቢ|ጊባ|ቴራ|ኢንች|ኪሎ ?ግራም|ኪሎ ?ሜትር|ኪሎ|ኪ[./]?ግ|ኪ[./]?ሜ|ግራም|ሚሊ ?ሊትር|ሚሊ|ሊትር"
    "|ካሬ ?ሜትር|ካሬ|ሴ[./]?ሜ|ሳ[./]?ሜ|ሴንቲ ?ሜትር|ሜትር"
    "|[ዓአዐኣ]መታት|[ዓአዐኣ]መት|ወራት|ወር|ሳምንታት|ሳምንት|ቀናት|ቀን|ሰ[ዓአዐኣ]ታት|ሰ[ዓአዐኣ]ት|ደቂቃ|ሰከንድ|ፍሬ|ፒስ|ጥንድ|ዋት|ቮልት|ፎቅ|መኝታ|በር|ሰው|ሰዎች)(?![ሀ-ፚ])"
)
_NUMBER = r"\d+(?:,\d{3}(?!\d))*(?:\.\d+)*"
_SIZES = r"[2-5]\d(?:[ ,#፣&/.\-]{1,3}[2-5]\d(?!\d))+"  # 40,41,42 · 40#41#42 · 36 37 38: one fact, not many
_SHAPE = (
    rf"{_SIZES}|{_NUMBER}(?:{_S}?[x×*X]{_S}?{_NUMBER})+"
    rf"|{_NUMBER}(?:{_S}?(?:-{{1,2}}|–|/|&){_S}?{_NUMBER})+|{_NUMBER}"
)

# At a digit (or the + before it), the first kind that fits.
_PATTERNS: dict[str, tuple[str, ...]] = {
    "phone": (
        rf"(?:\+|00)?251{_GAP}(?:\(?0\)?)?{_GAP}[1-9](?:{_GAP}\d){{8}}(?!\d)",
        rf"0[1-9](?:{_GAP}\d){{8}}(?!\d)",
        r"0[79]\d{7,10}(?!\d)",  # a digit too many or too few is still somebody's number
        rf"[79]\d{{8}}(?!\d|{_S}*{_CURRENCY})",
        rf"\+\d{{1,3}}(?:{_GAP}\d){{7,12}}(?!\d)",
    ),
    "date": (
        r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)",
        rf"{_DAY}/{_DAY}/(?:\d{{4}}|\d{{2}})(?!\d){_ERA}",
        rf"{_DAY}-{_DAY}-(?:\d{{4}}|\d{{2}})(?!\d){_ERA}",
        rf"\d{{1,2}}\.\d{{1,2}}\.\d{{4}}(?!\d){_ERA}",
        rf"\d{{1,2}}(?:st|nd|rd|th)?{_S}*(?:{_ENGLISH_MONTH})(?![A-Za-z])(?:,?{_S}*{_YEAR})?",
        rf"(?:19|20)\d\d{_S}*ዓ{_S}?[./]{_S}?ም\.?",
    ),
    "time": (
        rf"(?:[01]?\d|2[0-3])[:፡][0-5]\d(?!\d)(?:{_S}*(?:(?i:am|pm)(?![A-Za-z])|{_HOUR}))?",
        rf"\d{{1,2}}{_S}?(?i:am|pm)(?![A-Za-z0-9])",
        rf"(?:1[0-2]|[1-9]){_S}*{_HOUR}",
    ),
    "percent": (rf"\d+(?:\.\d+)?(?:{_S}*[-–]{_S}*\d+(?:\.\d+)?)?{_S}*(?:[%٪％]|ፐርሰንት|በመቶ|ከመቶ|(?i:percent))",),
    "price": (
        rf"{_RANGE}{_S}*[-–]?{_S}*{_CURRENCY}",
        rf"[፩-፼]+{_S}*{_CURRENCY}",
        rf"{_RANGE}/[-=]",
        rf"{_RANGE}(?={_S}*(?:በየ?ወር|በካሬ|\+{_S}*ቫት|/{_S}*(?i:month|mo)\b|(?i:per{_S}month)))",
    ),
    "quantity": (
        rf"(?:{_SHAPE}|[፩-፼]+)(?:ኛ|{_S}?(?:{_LATIN_UNIT})|{_S}?{_ETHIOPIC_UNIT}|[A-Za-z][A-Za-z0-9]*)?",
    ),
}
AT_DIGIT = re.compile("|".join(f"(?P<{kind}>{'|'.join(forms)})" for kind, forms in _PATTERNS.items()))
AMOUNT_IN = re.compile(AMOUNT)
AT_AMOUNT = re.compile(rf"{_RANGE}(?:{_S}*{_CURRENCY})?")
SPACED_AMOUNT = re.compile(rf"\d{{1,3}}(?: \d{{3}})+(?!\d)(?:{_S}*{_CURRENCY})")
START = re.compile(r"\+?\d|[፩-፼]+")
KEYCAPS = re.compile(rf"\d\ufe0f?\u20e3(?:{_S}?\d\ufe0f?\u20e3)*")

# What stands before a number decides what it is; looked for in the few characters before it.
LOOK_BACK_CHARS = 28
_WORD_START = r"(?:(?<![ሀ-ፚ])|(?<=(?<![ሀ-ፚ])[በከለየ])|(?<=(?<![ሀ-ፚ])እስከ))"  # ቁጥር does not hold ጥር
CURRENCY_BEFORE = re.compile(
    rf"(?:{_WORD_START}ብር|(?<![A-Za-z])(?i:etb|birr|br\.?|usd)|\$|€){_S}*[:፦፡\-]?{_S}*\Z"
)
PRICE_CUE = re.compile(
    r"(?:(?:ዋጋ[ሀ-ፚ]{0,3}|(?i:price|prize|cost))[^\w\n@+]{0,16}\n?[^\w\n@+]{0,6}|[💵💰💲💴][^\w\n@+]{0,8})"
    rf"(?:[ከበ]{_S}*)?\Z"
)
CURRENCY_ENDS = frozenset("ርBbRrDd.$€:፦፡-")  # what a currency before an amount can end in
PRICE_HINT = re.compile(r"[ዋ💵💰💲💴]|(?i:pri|cost)")  # cheap: without one of these there is no cue
PHONE_CUE = re.compile(
    r"(?:[📞☎📲✆]|(?:ስልክ|ደውሉ|በመደወል|(?i:call|phone|tel|mobile))[ሀ-ፚ]{0,3})[^\w\n]{0,8}(?:በ ?|ወደ ?)?\Z"
)
PHONE_CUE_AFTER = re.compile(rf"{_S}*(?:ላይ{_S}*)?(?:ይደውሉ|ደውሉ|በመደወል|ደውለው)")
MONTH_BEFORE = re.compile(rf"(?:{_WORD_START}(?:{_MONTH})|(?<![A-Za-z])(?:{_ENGLISH_MONTH})){_S}*\Z")
AFTER_MONTH = re.compile(rf"{_YEAR}|[፩-፼]+|\d{{1,2}}(?:st|nd|rd|th)?(?!\d)(?:{_S}*ቀን)?(?:[,፣]?{_S}*{_YEAR})?")
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
URL_TAIL = re.compile(r"[.,;:!?'*()\[\]]+\Z")
EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
)
HANDLE = re.compile(r"(?<![A-Za-z0-9_@])@[A-Za-z][A-Za-z0-9_]{2,31}")
HASHTAG = re.compile(rf"#(?!\d[\d,.]*{_S}*{_CURRENCY})(?=\w*[^\W\d_])\w+")
WORD_BEFORE_BIRR = re.compile(r"[ሀ-ፚ][ \t\u00a0\u202f]*ብር")
WORDED_PRICE = re.compile(rf"{_WORD_START}{NUMBER_WORDS}{_S}*{_CURRENCY}")
UNITS = {
    **dict.fromkeys(("ጊጋ", "ጊጋባይት", "ጂቢ", "ጊባ"), "gb"),
    **dict.fromkeys(("ኢንች", "inches", "in", '"', "”", "″"), "inch"),
    **dict.fromkeys(("ኪሎ", "ኪሎግራም", "ኪ.ግ", "ኪ/ግ", "ኪግ", "kgs"), "kg"),
    **dict.fromkeys(("ግራም", "gm", "gram", "grams"), "g"),
    **dict.fromkeys(("ሊትር", "liter", "liters", "litre", "litres", "litter", "litters", "lt", "ltr"), "l"),
    **dict.fromkeys(("ሚሊሊትር", "ሚሊ"), "ml"),
    **dict.fromkeys(("ሴሜ", "ሴ.ሜ", "ሴ/ሜ", "ሳሜ", "ሳ.ሜ", "ሳ/ሜ", "ሴንቲሜትር"), "cm"),
    **dict.fromkeys(("ሜትር",), "m"),
    **dict.fromkeys(("ካሬ", "ካሬሜትር", "sqm", "m²"), "m2"),
    **dict.fromkeys(("ዓመት", "አመት", "ዐመት", "ኣመት", "year", "years"), "year"),
    **dict.fromkeys(("ወር", "month", "months"), "month"),
    **dict.fromkeys(("ፍሬ", "ፒስ", "pcs", "piece", "pieces"), "pcs"),
    **dict.fromkeys(("ዋት", "watt", "watts"), "w"),
}
NUMERALS = re.compile(r"[፩-፼]+")
PLAIN_NUMBER = re.compile(r"\d+(?:\.\d+)?")
THOUSANDS_COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
LIST_SEPARATOR = re.compile(
    r"(?<=\d)(?:[ \t\u00a0\u202f]*[,#፣&]+[ \t\u00a0\u202f]*|[ \t\u00a0\u202f]+)(?=\d)"
)
DIGIT_GROUP_SPACE = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
TIME_PARTS = re.compile(r"(\d+)(?:[:፡](\d+))?")
HALF_DAY = re.compile(r"(?i:am|pm)")
SLASHES = re.compile(r"/{2,}")
DOLLAR = re.compile(r"\$|ዶላር|(?i:usd|dollar)")
QUANTITY_PARTS = re.compile(r"(.*\d)(\D*)", re.DOTALL)
