"""Three levels of Amharic text: L0 hygiene, L1 one spelling a sound, L2 a phonetic key; words, sentences, stop words.

L0 is safe for what a model learns to write; L1 unifies homophone letters row by row and keeps the vowel order
(the direction is ጸ → ፀ, ሠ → ሰ, ዐ → አ, ሐ and ኀ → ሀ); L2 also merges what Amharic pronounces alike across orders and
is for matching only. Mentions, links and hashtags keep their spelling on every level: they are addresses.
"""

import unicodedata
from collections.abc import Callable
from functools import lru_cache

import polars as pl
import regex

from adgen_pipeline.text.abbreviations import ABBREVIATION, DOTTED_BEFORE, INITIAL, SHORTENED
from adgen_pipeline.text.patterns import EMAIL, EMOJI, ETHIOPIC_LETTER, HASHTAG, LINK, MENTION

# 36 pairs, equal vowel orders. ሗ, ኋ, ኈ ኊ ኌ ኍ and ጿ have no partner in the target row and stay.
HOMOPHONES = dict(
    zip(
        "ሐሑሒሓሔሕሖኀኁኂኃኄኅኆሠሡሢሣሤሥሦሧዐዑዒዓዔዕዖጸጹጺጻጼጽጾ",
        "ሀሁሂሃሄህሆሀሁሂሃሄህሆሰሱሲሳሴስሶሷአኡኢኣኤእኦፀፁፂፃፄፅፆ",
        strict=True,
    )
)
PHONETIC = {**HOMOPHONES, "ሃ": "ሀ", "ሓ": "ሀ", "ኃ": "ሀ", "ኣ": "አ", "ዓ": "አ", "ሗ": "ኋ"}

_L1 = str.maketrans(HOMOPHONES)
_L2 = str.maketrans(PHONETIC)

# Zero-width and direction marks vanish, no-break spaces and odd line ends become ordinary ones. ZWJ and
# variation selectors are not here: they hold emoji together.
_LINE_ENDS = "\r\u2028\u2029\u0085\v\f"
_INVISIBLE = (
    "\ufeff\u200b\u2060\u200c\u200e\u200f\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_CONTROLS = "".join(map(chr, (*range(9), *range(14, 32), *range(127, 160)))).replace("\u0085", "")
_SPACES = "\u00a0\u2007\u202f"
_DIRT: dict[str, str] = {
    **dict.fromkeys(_LINE_ENDS, "\n"),
    **dict.fromkeys(_INVISIBLE + _CONTROLS, ""),
    **dict.fromkeys(_SPACES, " "),
}
_L0 = str.maketrans(_DIRT)

# All but letters, signs and emoji that L0 leaves alone, whatever stands beside them: dirt, and what NFC may change.
# Joiners and selectors are looked at on their own.
_JOINERS = "[\u200d\ufe0e\ufe0f]"
UNUSUAL = (
    "[^\t\n -~\u00a1-\u00ac\u00ae-\u02ff\u0400-\u0482\u1200-\u135c\u1360-\u139f\u200d\u2010-\u2027"
    "\u2030-\u205e\u2070-\u20cf\u20e3\u2100-\u2125\u2150-\u2328\u232b-\u2adb\u2b00-\u2bff\u3001-\u3020\u3030-\u303f\ufdd0-\ufdef"
    "\ufe0e\ufe0f\U0001d400-\U0001d7ff\U0001f000-\U0001faff]"
)

_EXEMPT = f"(?:{EMAIL}|{LINK}|{MENTION}|@{ETHIOPIC_LETTER}+|{HASHTAG})"
_EXEMPT_PATTERN = regex.compile(_EXEMPT, regex.V1)
_JOINERS_PATTERN = regex.compile(f"({EMOJI})|[\u200d\ufe0e\ufe0f]", regex.V1)
# A joiner or selector that may be outside an emoji. Ordinary ones are: a selector after a pictograph or in a keycap,
# a joiner between two pictographs, the first of them with or without a selector.
_LOOSE_JOINER = (
    r"(?:^|[^\p{Extended_Pictographic}0-9#*\ufe0f])[\u200d\ufe0e\ufe0f]"
    r"|[0-9#*](?:[\u200d\ufe0e]|\ufe0f(?:$|[^\u20e3]))"
    r"|(?:^|[^\p{Extended_Pictographic}])\ufe0f[\u200d\ufe0e\ufe0f]|\ufe0f[\ufe0e\ufe0f]"
    r"|\u200d(?:$|[^\p{Extended_Pictographic}])"
)
# A doubled colon that ends a sentence: exactly two, after a word, before a space, the end or an Ethiopic letter.
_FULL_STOP_PATTERN = regex.compile(
    rf"{_EXEMPT}(*SKIP)(*FAIL)"
    r"|(?<![:፡።])(?<!\d)፡፡(?![:፡።])"
    r"|(?<![:፡።])(?<=\d)፡፡(?![:፡።\d])"
    rf"|(?<=[\p{{L}}\p{{N}}%)\]»”\"']\ ?)::(?:(?![\w:/፡።])|(?={ETHIOPIC_LETTER}))",
    regex.V1,
)

_FUNCTION_WORDS = """
    ነው ናቸው ነበር ነበረ ነበሩ ናት ነኝ ነህ ነን እና ና ወይም ግን ነገር ስለ ስለዚህ እንደ እንዲሁም እንኳን ወደ ከ በ ለ የ ጋር ላይ ውስጥ ስር ፊት ኋላ
    በኋላ በፊት መካከል ዘንድ ድረስ ጀምሮ ብቻ ሁሉ ሁሉም ሁሉንም ይህ ይህን ይህንን ይህም ይሄ ያ ያንን እነዚህ እነዚያ እሱ እሷ እነሱ እኛ እኔ አንተ አንቺ
    እናንተ እርስዎ እርሱ እርሷ የእኛ የእኔ የእሱ የእሷ የእነሱ ምን ማን ማንኛውም የት መቼ እንዴት ለምን ስንት የትኛው አለ አለው አላት አሉ አላቸው አለን
    የለም አይደለም ሆነ ሆኖ ሆነው ሆኑ ይሆናል ይችላል ይችላሉ መሆኑን መሆኑ የሆነ የሆነው የሆኑ ያለ ያለው ያላቸው ያሉ እዚህ እዚያ አሁን ዛሬ ትናንት ነገ
    እጅግ በጣም ጥቂት ብዙ ሌላ ሌሎች አንድ አንዱ አንዳንድ ሁለት እስከ ምክንያት ወቅት ጊዜ ሲሆን ሲሆኑ ስለሆነ ከሆነ ቢሆን ቢሆንም ይሁን ይሁንና ደግሞ ደሞ
    እንጂ እንዲህ እንዲሁ እንዲህም ከዚህ ከዚያ በዚህ በዚያ ለዚህ ወይ እስኪ አዎ አይ ዘመን ያህል ተብሎ ብሎ ብለው አድርጎ በተለይ በተመለከተ በላይ በታች
    አጠገብ ተጨማሪ the a an and or but of to in on at by for with from as is are was were be been being it
    its this that these those i you he she we they me him her us them my your his our their not no do
    does did have has had will would can could should may if then than so too very just about into over
    under up down out all any each more most other some such only own same which who whom what when
    where why how there here
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.translate(_L1).split())


def hygiene(text: str) -> str:
    """L0: NFC, no invisible characters, ordinary spaces and line ends, one full stop; spelling and layout stay."""
    clean = text.replace("\r\n", "\n").translate(_L0)
    if "\u200d" in clean or "\ufe0f" in clean or "\ufe0e" in clean:
        clean = _drop_joiners(clean)
    # Last but one: what stood between a letter and its mark is gone by now.
    return unify_full_stops(unicodedata.normalize("NFC", clean))


def unify_full_stops(text: str) -> str:
    """The text with `::` and `፡፡` as `።` where they end a sentence: not in links, times or drawn lines."""
    if "::" not in text and "፡፡" not in text:
        return text
    lines = text.split("\n")  # the pattern looks at each character, and beyond none of its line
    return "\n".join(
        _FULL_STOP_PATTERN.sub("።", line) if "::" in line or "፡፡" in line else line for line in lines
    )


def normalise(text: str) -> str:
    """L1: homophone letters unified within their vowel order; links, mentions and hashtags keep their letters."""
    return _translate(text, _L1)


def search_key(text: str) -> str:
    """L2: L1, and the letters that sound alike across orders (ሃ ኣ ሗ); for matching, never shown."""
    return _translate(text, _L2)


def hygiene_expr(text: pl.Expr) -> pl.Expr:
    """`hygiene` of a column."""
    return text.map_batches(_hygiene_column, return_dtype=pl.String)


def normalise_expr(text: pl.Expr) -> pl.Expr:
    """`normalise` of a column."""
    return text.map_batches(
        lambda column: _translate_column(column, HOMOPHONES, normalise), return_dtype=pl.String
    )


def search_key_expr(text: pl.Expr) -> pl.Expr:
    """`search_key` of a column."""
    return text.map_batches(
        lambda column: _translate_column(column, PHONETIC, search_key), return_dtype=pl.String
    )


def _translate(text: str, table: dict[int, str]) -> str:
    if "@" not in text and "#" not in text and "." not in text and "://" not in text:
        return text.translate(table)
    parts, end = [], 0
    for match in _EXEMPT_PATTERN.finditer(text):
        parts += [text[end : match.start()].translate(table), match.group()]
        end = match.end()
    parts.append(text[end:].translate(table))
    return "".join(parts)


def _drop_joiners(text: str) -> str:
    """The text without joiners and variation selectors outside emoji."""
    return str(_JOINERS_PATTERN.sub(lambda match: match[1] or "", text))


def _hygiene_column(column: pl.Series) -> pl.Series:
    """One pass for all; what costs more only for the few rows where a quick look says that it may matter."""
    unusual = column.str.contains(UNUSUAL).fill_null(False).arg_true()
    dirty = column.gather(unusual).str.replace_all("\r\n", "\n", literal=True)
    dirty = dirty.str.replace_many(list(_DIRT), list(_DIRT.values()))
    clean = column.clone().scatter(unusual, dirty)
    joined = clean.str.contains(_JOINERS).fill_null(False).arg_true()
    clean = _mend(clean, joined.filter(clean.gather(joined).str.contains(_LOOSE_JOINER)), _drop_joiners)
    unusual = unusual.filter(dirty.str.contains(UNUSUAL))  # most were dirty only
    clean = _mend(clean, unusual, lambda text: unicodedata.normalize("NFC", text))
    colons = clean.str.contains("::|፡፡").fill_null(False).arg_true()
    return _mend(clean, colons, unify_full_stops)


def _translate_column(column: pl.Series, table: dict[str, str], exact: Callable[[str], str]) -> pl.Series:
    """The table applied to a whole column, and row by row where an address may hold one of its letters."""
    letters = "".join(table)
    translated = column.str.replace_many(list(table), list(table.values()))
    with_address = column.str.contains(rf"[@#]\w*[{letters}]|[/?=&.]\S*[{letters}]")
    return _mend(translated, with_address.fill_null(False).arg_true(), exact, source=column)


def _mend(
    column: pl.Series, rows: pl.Series, exact: Callable[[str], str], *, source: pl.Series | None = None
) -> pl.Series:
    """The column with the exact function's results (of the source, if given) in some rows."""
    if rows.is_empty():
        return column
    texts = (column if source is None else source).gather(rows)
    return column.clone().scatter(rows, [exact(text) for text in texts])


_NUMBER = r"\d+(?:[.,:/]\d+)*"
_WORD_LETTER = r"[\p{L}\p{M}\p{N}_]"
_WORDS = regex.compile(
    rf"{EMAIL}|{LINK}|{MENTION}|{ABBREVIATION}|{_NUMBER}|{_WORD_LETTER}+(?:['’-]{_WORD_LETTER}+)*",
    regex.V1,
)
_UNASSIGNED = r"\p{Cn}"  # to polars, whose tables of Unicode are older than those of `regex`
_ONE_WORD = r"^[^\p{L}\p{M}\p{N}_@]*(?:[\p{L}\p{M}_][\p{L}\p{M}\p{N}_]*|[0-9]+)[^\p{L}\p{M}\p{N}_]*$"
_CLOSING = r"[»”\"')\]]*"
_SENTENCE_END = regex.compile(
    rf"(?:{EMAIL}|{LINK})(*SKIP)(*FAIL)"
    rf"|(?:[።፧፨]|(?<!\d)፡፡|፡፡(?!\d))[።፧፨፡!?.]*{_CLOSING}"
    rf"|(?<=[\p{{L}}\p{{N}}%)])::+{_CLOSING}(?=\s|$)"
    rf"|[!?]+{_CLOSING}(?=\s|$|{ETHIOPIC_LETTER})"
    # One dot: an ellipsis is a pause, not an end.
    rf"|(?<!\.|(?<![\p{{L}}\p{{N}}])(?:{INITIAL}|{SHORTENED})|{DOTTED_BEFORE}|(?:^|\n)\s*\d{{2}})"
    rf"\.{_CLOSING}(?=\s|$)"
    r"|\n+",
    regex.V1,
)


def words(text: str) -> list[str]:
    """Words in order without punctuation; abbreviations (ት/ቤት, ዓ.ም), numbers (1,500) and times (2:30) stay whole."""
    found: list[str] = []
    for chunk in text.split():
        if chunk.isalpha():
            found.append(chunk)
        else:
            found += _chunk_words(chunk)
    return found


@lru_cache(maxsize=100_000)
def _chunk_words(chunk: str) -> tuple[str, ...]:
    """Words of what stands between two spaces; posts repeat such pieces, so that most are known already."""
    return tuple(match.group() for match in _WORDS.finditer(chunk))


def word_counts(column: pl.Series) -> pl.Series:
    """How many words each text of a column has; the exact, slow way only where letters stand in several places."""
    counts = column.str.contains(_ONE_WORD).cast(pl.Int64)
    several = column.str.contains(_WORD_LETTER) & (counts == 0)
    rows = (several | column.str.contains(_UNASSIGNED)).arg_true()
    return counts.scatter(rows, [len(words(text)) for text in column.gather(rows)])


def sentences(text: str) -> list[str]:
    """Sentences in order with their punctuation; never cut within an abbreviation, a number, a time or a link."""
    parts, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        parts.append(text[start : match.end()])
        start = match.end()
    parts.append(text[start:])
    return [stripped for part in parts if (stripped := part.strip())]
