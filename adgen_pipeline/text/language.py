"""Which script and which language a post is in, and what speaks for it: its letters, function words and affixes.

Each word speaks for a language with two points (a function word of it alone, a letter that only it has) or with one
(an affix, a shop's word, a spelling); they are in `language_words`. No ready identifier told Tigrinya from Amharic.
"""

from dataclasses import dataclass
from functools import cache
from string import ascii_lowercase

import polars as pl
import regex

from adgen_pipeline.text import language_words as clues
from adgen_pipeline.text.amharic import HOMOPHONES
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
_WORD = r"['’]?[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*"

_MINIMUM_LETTERS = 3  # an Ethiopic one counts as two, as in the shares
_ONE_SCRIPT = 0.7  # a post with this share of its writing in one script is written in that script
_FIDEL = 2  # Latin letters that an Ethiopic one stands for: a consonant and its vowel
_MINIMUM_POINTS = 2  # one function word, or two clues
_SECOND = 0.6  # a text with two languages in one script: the second has this share of the first's points …
_SECOND_POINTS = 6  # … and as many as three function words have

_ETHIOPIC_LANGUAGES = ("am", "ti")
_LATIN_LANGUAGES = ("en", "am-latn", "om")  # the first wins a tie
_LISTED = (*_ETHIOPIC_LANGUAGES, *_LATIN_LANGUAGES, "so")


@dataclass(frozen=True)
class Evidence:
    """What speaks for the language of a text.

    Attributes:
        language: one of LANGUAGES.
        ethiopic_share: Ethiopic letters in all letters outside addresses, 0…1.
        latin_share: Latin letters in these, 0…1.
        points: of each language that has any.
        words: the words that speak for each of these, in the text's order, as they are compared.
    """

    language: str
    ethiopic_share: float
    latin_share: float
    points: dict[str, int]
    words: dict[str, tuple[str, ...]]


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

    The script decides first; links, mentions and hashtags have no say. Within a script, words and affixes do: the most
    points win. Ethiopic text is Amharic where Tigrinya has no more points; Latin text in which two languages have many
    is mixed, as are two scripts.
    """
    return str(pl.select(language_expr(pl.lit(text))).item())


def language_expr(text: pl.Expr) -> pl.Expr:
    """`language` of a column; each distinct text and each distinct word is looked at once."""
    return text.map_batches(_language_column, return_dtype=pl.String)


def evidence(text: str) -> Evidence:
    """The language of a text with the words, points and shares that decided it."""
    texts = pl.Series([text], dtype=pl.String)
    row = _judged(texts).row(0, named=True)
    words = _words(texts.str.split(" ").explode()).with_columns(**_points())
    return Evidence(
        language=row["language"],
        ethiopic_share=row["ethiopic"] / max(row["letters"], 1),
        latin_share=row["latin"] / max(row["letters"], 1),
        points={name: row[name] for name in _LISTED if row[name]},
        words={name: tuple(words.filter(pl.col(name) > 0)["word"]) for name in _LISTED if row[name]},
    )


def _language_column(column: pl.Series) -> pl.Series:
    distinct = column.drop_nulls().unique()
    found = _judged(distinct)["language"]
    return column.replace_strict(distinct, found, default=None, return_dtype=pl.String)


def _judged(texts: pl.Series) -> pl.DataFrame:
    """One row a text, in order: letters of all and of each script, points of each language, language.

    Neither a word nor an address goes across a space: what stands between two is looked at once, wherever it stands.
    """
    chunks = pl.DataFrame({"chunk": texts.str.split(" ")}).with_row_index("row").explode("chunk")
    distinct = chunks["chunk"].unique()
    counted = (
        _words(distinct)
        .with_columns(**_points())
        .group_by("chunk")
        .agg(pl.col("prose").first(), pl.col("word").count().alias("words"), pl.col(_LISTED).sum())
        .select(
            "chunk",
            "words",
            *_LISTED,
            letters=pl.col("prose").str.count_matches(_LETTER),
            ethiopic=pl.col("prose").str.count_matches(ETHIOPIC_LETTER),
            latin=pl.col("prose").str.count_matches(_LATIN_LETTER),
        )
    )
    sums = (
        chunks.join(counted, on="chunk", how="left")
        .group_by("row")
        .agg(pl.col("letters", "ethiopic", "latin", "words", *_LISTED).sum())
        .sort("row")
    )
    return sums.with_columns(language=_decision())


def _decision() -> pl.Expr:
    ethiopic, latin, letters = _FIDEL * pl.col("ethiopic"), pl.col("latin"), pl.col("letters")
    written = letters - pl.col("ethiopic") + ethiopic
    needed = _ONE_SCRIPT * written
    most = pl.max_horizontal(_LATIN_LANGUAGES)
    first = pl.coalesce(pl.when(pl.col(name) == most).then(pl.lit(name)) for name in _LATIN_LANGUAGES)
    total = pl.sum_horizontal(_LATIN_LANGUAGES)
    second = total - most - pl.min_horizontal(_LATIN_LANGUAGES)
    is_two = (second >= _SECOND_POINTS) & (second >= _SECOND * most)
    # Short lines of English ads have no function word: "Baking mat".
    is_short_english = (pl.col("en") == total) & (2 * most >= pl.col("words"))
    is_nothing = (most < _MINIMUM_POINTS) & ~is_short_english | (most == 0) | (pl.col("so") > most)
    # One clue is enough where none speaks for Amharic: that misjudged one of 27,812 Amharic posts and news sentences.
    is_tigrinya = pl.col("ti") > pl.col("am")
    return (
        pl.when(written < _MINIMUM_LETTERS)
        .then(pl.lit("und"))
        .when(ethiopic >= needed)
        .then(pl.when(is_tigrinya).then(pl.lit("ti")).otherwise(pl.lit("am")))
        .when(latin >= needed)
        .then(pl.when(is_nothing).then(pl.lit("und")).when(is_two).then(pl.lit("mixed")).otherwise(first))
        .when(ethiopic + latin >= needed)
        .then(pl.lit("mixed"))
        .otherwise(pl.lit("und"))
    )


def _words(chunks: pl.Series) -> pl.DataFrame:
    """Words of what stands between two spaces, in order, each beside its chunk and that without addresses (`prose`)."""
    hold = chunks.str.contains(_ADDRESS_SIGN).arg_true()  # the exact pattern is slow, and few need it
    prose = chunks.clone().scatter(hold, chunks.gather(hold).str.replace_all(_ADDRESSES, " "))
    return (
        pl.DataFrame({"chunk": chunks, "prose": prose})
        .with_columns(word=pl.col("prose").str.extract_all(_WORD))
        .explode("word")
        .with_columns(pl.col("word").str.normalize("NFKC").str.to_lowercase())  # 𝐁𝐨𝐥𝐝 letters are letters
    )


@cache
def _points() -> dict[str, pl.Expr]:
    """Points of a word (column `word`, small letters) for each language, as expressions."""
    word = pl.col("word").str.replace_all("’", "'", literal=True)
    unified = word.str.replace_many(list(HOMOPHONES), list(HOMOPHONES.values()))
    single = word.str.replace_all("'", "", literal=True)
    single = single.str.replace_many([letter * 2 for letter in ascii_lowercase], list(ascii_lowercase))
    is_latin = word.str.contains("^'?[a-z]") & ~word.is_in(clues.NOT_A_CLUE)
    latin_amharic = "|".join(sorted(clues.LATIN_AMHARIC))

    def points(two: pl.Expr, one: pl.Expr) -> pl.Expr:
        return pl.when(two).then(2).when(one).then(1).otherwise(0)

    return {
        "am": points(unified.is_in(clues.AMHARIC), word.str.contains(clues.AMHARIC_AFFIX)),
        "ti": points(
            unified.is_in(clues.TIGRINYA) | word.str.contains(clues.TIGRINYA_ALONE),
            word.str.contains(clues.TIGRINYA_AFFIX) & ~unified.str.contains(clues.NOT_TIGRINYA),
        ),
        "en": points(
            is_latin & word.is_in(clues.ENGLISH),
            is_latin & (word.is_in(clues.ENGLISH_SHOP) | word.str.contains(clues.ENGLISH_AFFIX)),
        ),
        "om": points(is_latin & word.is_in(clues.OROMO), is_latin & word.str.contains(clues.OROMO_AFFIX)),
        "so": points(is_latin & word.is_in(clues.SOMALI), pl.lit(False)),
        "am-latn": points(
            is_latin & single.str.contains(f"^(?:{latin_amharic})$"),
            is_latin
            & single.str.contains(f"^[blky][ae](?:{latin_amharic})$|{clues.LATIN_AMHARIC_AFFIX}")
            & ~single.str.contains(clues.NOT_LATIN_AMHARIC),
        ),
    }
