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
from adgen_pipeline.text.amharic import HOMOPHONES, word_counts
from adgen_pipeline.text.patterns import EMAIL, ETHIOPIC_LETTER, HASHTAG, LINK, MENTION
from adgen_pipeline.text.pieces import Pieces

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

_TO_FOLD = "[^a-z'’\u1200-\u137f]"  # a word that NFKC or small letters may change

_WRITING = pl.Struct(
    {"words": pl.Int64, "ethiopic_share": pl.Float64, "latin_share": pl.Float64, "language": pl.String}
)

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


def writing_expr(text: pl.Expr) -> pl.Expr:
    """Of a column, as one struct: `words` (how many), `ethiopic_share`, `latin_share` and `language`.

    They are those of `text.amharic.words`, `script_shares` and `language`; what stands between two spaces is looked at
    once, wherever it stands, and for all four together.
    """
    return text.map_batches(_writing_column, return_dtype=_WRITING)


def language(text: str) -> str:
    """Language of a text: am, ti, om, en, am-latn (Amharic in Latin letters), mixed, or und where nothing tells.

    The script decides first; links, mentions and hashtags have no say. Within a script, words and affixes do: the most
    points win. Ethiopic text is Amharic where Tigrinya has no more points; Latin text in which two languages have many
    is mixed, as are two scripts.
    """
    return str(pl.select(language_expr(pl.lit(text))).item())


def language_expr(text: pl.Expr) -> pl.Expr:
    """`language` of a column."""
    return text.map_batches(
        lambda column: _writing_column(column).struct.field("language").alias(column.name),
        return_dtype=pl.String,
    )


def evidence(text: str) -> Evidence:
    """The language of a text with the words, points and shares that decided it."""
    row = _judged(pl.Series([text], dtype=pl.String)).row(0, named=True)
    words = _words(pl.Series(text.split(" "), dtype=pl.String).str.replace_all(_ADDRESSES, " "))
    points = {name: words["word"].filter(found > 0) for name, found in _points(words["word"]).items()}
    return Evidence(
        language=row["language"],
        ethiopic_share=row["ethiopic"] / max(row["letters"], 1),
        latin_share=row["latin"] / max(row["letters"], 1),
        points={name: row[name] for name in _LISTED if row[name]},
        words={name: tuple(points[name]) for name in _LISTED if row[name]},
    )


def writing(counted: pl.DataFrame) -> pl.DataFrame:
    """The fields of `writing_expr` as columns, of texts whose `counts` these are."""
    letters = pl.col("all_letters")
    return counted.select(
        pl.col("all_words").alias("words"),
        pl.when(letters > 0).then(pl.col("all_ethiopic") / letters).otherwise(0.0).alias("ethiopic_share"),
        pl.when(letters > 0).then(pl.col("all_latin") / letters).otherwise(0.0).alias("latin_share"),
        language=_decision(),
    )


def _writing_column(column: pl.Series) -> pl.Series:
    found = writing(counts(column.drop_nulls())).to_struct(column.name)
    if not column.null_count():
        return found
    is_text = column.is_not_null()
    return found.gather((is_text.cum_sum() - 1).set(~is_text, None))


def _judged(texts: pl.Series) -> pl.DataFrame:
    """`counts` of each text, and its language."""
    return counts(texts).with_columns(language=_decision())


def counts(texts: pl.Series) -> pl.DataFrame:
    """What the language of each text is judged by: letters of all and of each script, words, points of each language.

    Neither a word nor an address goes across a space: what stands between two is looked at once, wherever it stands.
    For the same reason the counts of a text are the sums of those of its parts, wherever a space parts them.
    """
    chunks = Pieces.of(texts, " ")
    return chunks.summed(_facts(chunks.distinct))


def _facts(chunks: pl.Series) -> pl.DataFrame:
    """What is summed up for a text, one row for each piece of it: letters and words, with addresses and without."""
    hold = chunks.str.contains(_ADDRESS_SIGN).arg_true()  # the exact pattern is slow, and few need it
    without = chunks.gather(hold).str.replace_all(_ADDRESSES, " ")
    letters = _letters(chunks)
    words = _words(chunks.clone().scatter(hold, without))
    distinct = words["word"].unique(maintain_order=True)
    spoken = words["word"].cast(pl.Enum(distinct)).to_physical()
    spoken_points = {name: found.gather(spoken) for name, found in _points(distinct).items()}
    points = words.select("place", **spoken_points, words=1).group_by("place").agg(pl.all().sum())
    prose = [letters[name].clone().scatter(hold, count) for name, count in _letters(without).items()]
    return (
        pl.DataFrame([*prose, *(count.alias(f"all_{name}") for name, count in letters.items())])
        .with_columns(word_counts(chunks).alias("all_words"))
        .with_row_index("place")
        .join(points, on="place", how="left", maintain_order="left")
        .select(pl.exclude("place").fill_null(0).cast(pl.Int64))
    )


def _letters(texts: pl.Series) -> dict[str, pl.Series]:
    """Letters of each text: all, and those of each script; taking runs away is faster than counting letters."""
    scripts = {"letters": _LETTER, "ethiopic": ETHIOPIC_LETTER, "latin": _LATIN_LETTER}
    text = pl.col("text")
    counted = pl.DataFrame({"text": texts}).select(
        (text.str.len_chars() - text.str.replace_all(f"{script}+", "").str.len_chars()).alias(name)
        for name, script in scripts.items()
    )
    return {name: counted[name] for name in scripts}


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


def _words(prose: pl.Series) -> pl.DataFrame:
    """The words of pieces of text without addresses, as they are compared, in order, each beside its piece's place."""
    words = (
        pl.DataFrame({"word": prose.str.extract_all(_WORD)})
        .with_row_index("place")
        .explode("word")
        .drop_nulls("word")
    )
    styled = words["word"].str.contains(_TO_FOLD).arg_true()
    folded = words["word"].gather(styled).str.normalize("NFKC").str.to_lowercase()  # 𝐁𝐨𝐥𝐝 letters are letters
    return words.with_columns(words["word"].scatter(styled, folded))


def _points(words: pl.Series) -> dict[str, pl.Series]:
    """Points of words for each language; a word of one script has none for the languages of the other."""
    found = {}
    for script, points in _clues().items():
        rows = words.str.contains(script).arg_true()
        values = pl.DataFrame({"word": words.gather(rows)}).select(**points)
        for name in points:
            found[name] = pl.zeros(len(words), pl.Int32, eager=True).scatter(rows, values[name])
    return found


@cache
def _clues() -> dict[str, dict[str, pl.Expr]]:
    """Points of a word (column `word`, small letters) for the languages of each script, as expressions."""
    word = pl.col("word").str.replace_all("’", "'", literal=True)
    unified = word.str.replace_many(list(HOMOPHONES), list(HOMOPHONES.values()))
    single = word.str.replace_all("'", "", literal=True)
    single = single.str.replace_many([letter * 2 for letter in ascii_lowercase], list(ascii_lowercase))
    is_clue = ~word.is_in(clues.NOT_A_CLUE)
    latin_amharic = "|".join(sorted(clues.LATIN_AMHARIC))

    def points(two: pl.Expr, one: pl.Expr) -> pl.Expr:
        return pl.when(two).then(2).when(one).then(1).otherwise(0)

    ethiopic = {
        "am": points(unified.is_in(clues.AMHARIC), word.str.contains(clues.AMHARIC_AFFIX)),
        "ti": points(
            unified.is_in(clues.TIGRINYA) | word.str.contains(clues.TIGRINYA_ALONE),
            word.str.contains(clues.TIGRINYA_AFFIX) & ~unified.str.contains(clues.NOT_TIGRINYA),
        ),
    }
    latin = {
        "en": points(
            word.is_in(clues.ENGLISH),
            word.is_in(clues.ENGLISH_SHOP) | word.str.contains(clues.ENGLISH_AFFIX),
        ),
        "om": points(word.is_in(clues.OROMO), word.str.contains(clues.OROMO_AFFIX)),
        "so": points(word.is_in(clues.SOMALI), pl.lit(False)),
        "am-latn": points(
            single.str.contains(f"^(?:{latin_amharic})$"),
            single.str.contains(f"^[blky][ae](?:{latin_amharic})$|{clues.LATIN_AMHARIC_AFFIX}")
            & ~single.str.contains(clues.NOT_LATIN_AMHARIC),
        ),
    }
    latin = {name: pl.when(is_clue).then(value).otherwise(0) for name, value in latin.items()}
    return {ETHIOPIC_LETTER: ethiopic, "^['’]?[a-z]": latin}


def brief_language(document: str, ethiopic_share: float) -> str:
    """Language of a document by its scripts; Latin letters may spell Amharic."""
    if ethiopic_share >= 0.7:
        return "am"
    if ethiopic_share > 0.2:
        return "mixed"
    return "am-latn" if language(document) == "am-latn" else "en"
