"""Which script and which language a post is in, from its letters and its function words."""

import re

import polars as pl
import regex

from adgen_pipeline.text.patterns import EMAIL, ETHIOPIC_LETTER, HASHTAG, LINK, MENTION

LANGUAGES = ("am", "ti", "om", "en", "am-latn", "mixed", "und")

_LETTER = r"\p{L}"
# Styled letters (𝐁𝐨𝐥𝐝) belong to no script in Unicode; shops write Latin words with them.
_LATIN_LETTER = "[A-Za-zªºÀ-ÖØ-öø-ɏḀ-ỿＡ-Ｚａ-ｚ\U0001d400-\U0001d6a5]"
_LETTERS = regex.compile(_LETTER, regex.V1)
_ETHIOPIC = regex.compile(ETHIOPIC_LETTER, regex.V1)
_LATIN = regex.compile(_LATIN_LETTER, regex.V1)
_ADDRESSES = f"{EMAIL}|{LINK}|{MENTION}|{HASHTAG}"
_ADDRESS_SIGN = r"[@#]|://|[A-Za-z0-9]\.[A-Za-z]"
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")

_MINIMUM_LETTERS = 3
_ONE_SCRIPT = 0.7  # a post with this share of its letters in one script is written in that script


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Frequent function words that the other languages of the same script do not share.
_AMHARIC = _words("""
    ነው ናቸው እና ላይ ውስጥ ጋር ወደ ስለ እንደ ብቻ ግን ነበር ይህ ሁሉ በጣም ያለው አለን አሉን ለማዘዝ ይደውሉ ዋጋ ብር
""")
_TIGRINYA = _words("""
    እዩ እያ እዮም ኣብ ካብ ናይ ናብ ምስ ከምኡ ድማ ግና እቲ እታ ነቲ ነታ እዚ እዛ ነዚ ኣሎ ኣላ ኣለዉ ኣለና የለን ንሱ ንሳ ንሕና ብዛዕባ ብምባል ከም ከምዚ
    ዘሎ ዝነበረ ኣይኮነን እየ ኢና ኮይኑ ኩሉ ብጣዕሚ ዋጋኡ ደውሉ
""")
_OROMO = _words("""
    fi kan akka irra irraa keessa keessatti ta'e waan isaa ishee isaan nu nuti kana sana jira jiru jiran
    dha hin yoo garuu waliin bira bilbila gatii gatiin qarshii magaalaa oromoo oromiyaa itti ittiin
    baay'ee haaraa keenya kee koo hunda yeroo mana bakka guddaa qabna qaba
""")
_ENGLISH = _words("""
    the and of to in is are was for with you your we our us it this that at by from on or be have has
    will can all not only now new free call price available delivery order contact buy sale quality best
    more please get size inbox shop store
""")
_AMHARIC_IN_LATIN = _words("""
    selam new nw ena wede sile gar lay wust wist bicha gin betam bizu ale alu alen yelem yihe yih yehe
    eyalew waga wagaw birr biru ebakwo ebakachu ebakih ebakish amesegnalehu ameseginalehu ameseginalew
    dewlu dewilu yidewlu yidewulu yidewlulin yimetu addis adis sira bet betoch lemazez hulu hulum ezih
    ezi zare nege mekina shiyach yemishet yemishat yemikeray kiray konjo tiru arif leliyu kinash
""")
_ENGLISH_OR_LATIN_AMHARIC = _AMHARIC_IN_LATIN & _ENGLISH  # "new" is "is" in Latin Amharic: it decides nothing


def script_shares(text: str) -> tuple[float, float]:
    """Shares of Ethiopic and of Latin letters in all letters, each 0…1; both 0 where there is no letter."""
    letters = len(_LETTERS.findall(text))
    if not letters:
        return 0.0, 0.0
    return len(_ETHIOPIC.findall(text)) / letters, len(_LATIN.findall(text)) / letters


def script_shares_expr(text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """`script_shares` of a column, as two expressions."""
    letters = text.str.count_matches(_LETTER)
    shares = (
        pl.when(letters > 0).then(text.str.count_matches(script) / letters).otherwise(0.0)
        for script in (ETHIOPIC_LETTER, _LATIN_LETTER)
    )
    ethiopic, latin = shares
    return ethiopic, latin


def language(text: str) -> str:
    """Language of a text: am, ti, om, en, am-latn (Amharic in Latin letters), mixed, or und where nothing tells.

    The script decides first; links, mentions and hashtags have no say. Within a script, function words do; Ethiopic
    without Tigrinya words is Amharic.
    """
    return str(pl.select(language_expr(pl.lit(text))).item())


def language_expr(text: pl.Expr) -> pl.Expr:
    """`language` of a column; each distinct text is looked at once."""
    return text.map_batches(_language_column, return_dtype=pl.String)


def _language_column(column: pl.Series) -> pl.Series:
    distinct = column.drop_nulls().unique()
    hold = distinct.str.contains(_ADDRESS_SIGN).arg_true()  # the exact pattern is slow, and few texts need it
    prose = distinct.clone().scatter(hold, distinct.gather(hold).str.replace_all(_ADDRESSES, " "))
    ethiopic, latin = script_shares_expr(pl.col("prose"))
    shares = pl.DataFrame({"prose": prose}).select(
        "prose", letters=pl.col("prose").str.count_matches(_LETTER), ethiopic=ethiopic, latin=latin
    )
    found = pl.Series([_language(*row) for row in shares.iter_rows()], dtype=pl.String)
    return column.replace_strict(distinct, found, default=None, return_dtype=pl.String)


def _language(prose: str, letters: int, ethiopic: float, latin: float) -> str:
    if letters < _MINIMUM_LETTERS:
        return "und"
    if ethiopic >= _ONE_SCRIPT:
        found = _WORDS.findall(prose)
        return "ti" if _hits(found, _TIGRINYA) > _hits(found, _AMHARIC) else "am"
    if latin >= _ONE_SCRIPT:
        return _latin_language(_WORDS.findall(prose.lower().replace("’", "'")))
    return "mixed" if ethiopic + latin >= _ONE_SCRIPT else "und"


def _latin_language(found: list[str]) -> str:
    hits = {
        "en": _hits(found, _ENGLISH - _ENGLISH_OR_LATIN_AMHARIC),
        "om": _hits(found, _OROMO),
        "am-latn": _hits(found, _AMHARIC_IN_LATIN - _ENGLISH_OR_LATIN_AMHARIC),
    }
    best = max(hits, key=lambda name: hits[name])
    return best if hits[best] else "und"


def _hits(found: list[str], function_words: frozenset[str]) -> int:
    return sum(word in function_words for word in found)
