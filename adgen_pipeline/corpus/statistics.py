"""Which words and phrases the corpus is made of: word frequencies and n-grams, counted slice by slice.

Only distinct pieces between spaces are looked at one by one; all else is counted over numbers, so that a million
posts need no more memory than their words as 32-bit numbers. Contacts are no words: they reach people.
"""

from collections.abc import Iterator

import polars as pl

from adgen_pipeline.exploration_schemas import NGRAMS, WORD_FREQUENCIES
from adgen_pipeline.text.amharic import STOP_WORDS, normalise_expr, words
from adgen_pipeline.text.redact import redact

MAXIMUM_WORDS = 100_000  # most frequent first
MAXIMUM_NGRAMS = 5_000  # for each n, most frequent first
MINIMUM_NGRAM_DOCUMENTS = 2  # an n-gram of one document tells nothing about the corpus
NGRAM_SIZES = (2, 3)
SLICE_ROWS = 50_000  # documents whose words are in memory together: two to three million

_HAS_LETTER = r"\p{L}"
_TAG_OR_HANDLE = r"(^|[^\p{L}\p{M}\p{N}_.])[#@][\p{L}\p{M}\p{N}_]+"  # counted as a number: no word
_EMOJI_PARTS = "[\u200d\ufe0e\ufe0f\u20e3]"  # marks by their category, so they would stick to words
_MAY_BE_CONTACT = r"[\d@.:/]"
_NO_WORD = 0  # the number of what is no word: n-grams end there


def word_frequencies(documents: pl.LazyFrame) -> pl.DataFrame:
    """Counts of the words of `corpus/documents`: lower case, with at least one letter, no contacts."""
    vocabulary = _Vocabulary(documents)
    counts, by_channel = [], []
    for found in vocabulary.numbered(documents):
        real = found.filter(pl.col("word") != _NO_WORD)
        counts.append(
            real.group_by("word").agg(
                pl.len().cast(pl.Int64).alias("count"),
                pl.col("document").n_unique().cast(pl.Int64).alias("documents_count"),
            )
        )
        by_channel.append(real.select("word", "channel_id").unique())
    counted = pl.concat(counts).group_by("word").sum()
    channels = (
        pl.concat(by_channel).group_by("word").agg(pl.col("channel_id").n_unique().alias("channels_count"))
    )
    total = max(int(counted["count"].sum()), 1)
    named = vocabulary.named(counted.join(channels, on="word"), ["word"])
    top = named.sort("count", "word", descending=[True, False]).head(MAXIMUM_WORDS)
    return WORD_FREQUENCIES.conform(
        top.with_columns(
            (pl.col("count") / total).alias("share"),
            pl.col("word").is_in(list(STOP_WORDS)).alias("is_stop_word"),
        )
    )


def ngrams(documents: pl.LazyFrame) -> pl.DataFrame:
    """The most frequent word 2-grams and 3-grams of `corpus/documents`; numbers and contacts end them."""
    vocabulary = _Vocabulary(documents)
    parts: dict[int, list[pl.DataFrame]] = {n: [] for n in NGRAM_SIZES}
    for found in vocabulary.numbered(documents):
        for n in NGRAM_SIZES:
            parts[n].append(_ngrams(found, n))
    return NGRAMS.conform(pl.concat([_most_frequent(parts[n], n, vocabulary) for n in NGRAM_SIZES]))


class _Vocabulary:
    """The words of a corpus as numbers, in alphabetical order from 1."""

    def __init__(self, documents: pl.LazyFrame) -> None:
        distinct = [pieces["piece"].unique() for pieces in _pieces(documents)]
        pieces = pl.concat(distinct).unique() if distinct else pl.Series("piece", [], pl.String)
        is_word = pieces.str.contains(r"^\p{L}+$")
        whole, other = pieces.filter(is_word), pieces.filter(~is_word)
        inside = [(piece, word) for piece in other for word in words(piece)]
        found = pl.concat(
            [
                pl.DataFrame({"piece": whole, "word": whole}),
                pl.DataFrame(inside, schema={"piece": pl.String, "word": pl.String}, orient="row"),
            ]
        )
        self._words = _real_words(found["word"].unique()).sort()
        numbers = pl.DataFrame({"word": self._words}).with_row_index("number", offset=_NO_WORD + 1)
        self._numbers = (
            found.join(numbers, on="word", how="left", maintain_order="left")
            .with_columns(pl.col("number").fill_null(_NO_WORD))
            .group_by("piece", maintain_order=True)
            .agg("number")
        )

    def numbered(self, documents: pl.LazyFrame) -> Iterator[pl.DataFrame]:
        """One row a word in reading order: document, line, channel_id, word (its number); by slices."""
        for pieces in _pieces(documents):
            joined = pieces.join(self._numbers, on="piece", how="left", maintain_order="left")
            yield (
                joined.select("document", "line", "channel_id", word="number")
                .explode("word")
                .drop_nulls("word")
            )

    def named(self, table: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        """A table with the words themselves in place of their numbers."""
        return table.with_columns(
            self._words.gather(table[name] - _NO_WORD - 1).alias(name) for name in columns
        )


def _pieces(documents: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """What stands between two spaces: document and line (their numbers), channel_id, piece; by slices.

    Lines are those of `post`, for a phrase ends with its line; their words are in lower case and L1, as in `text`.
    """
    ordered = documents.select("channel_id", "message_id", "post").sort("channel_id", "message_id").collect()
    numbered = ordered.select("channel_id", "post").with_row_index("document")
    for rows in numbered.iter_slices(SLICE_ROWS):
        plain = pl.col("post").str.to_lowercase().str.replace_all(_EMOJI_PARTS, " ")
        plain = plain.str.replace_all(_TAG_OR_HANDLE, "${1} 0 ")
        lines = rows.with_columns(normalise_expr(plain).str.split("\n")).explode("post")
        pieces = lines.with_row_index("line").with_columns(pl.col("post").str.split(" ").alias("piece"))
        yield pieces.drop("post").explode("piece").filter(pl.col("piece") != "")


def _real_words(found: pl.Series) -> pl.Series:
    """Those of distinct words that have a letter and are no contact."""
    lettered = found.filter(found.str.contains(_HAS_LETTER))
    doubtful = lettered.str.contains(_MAY_BE_CONTACT)
    kept = [word for word in lettered.filter(doubtful) if redact(word) == word]
    return pl.concat([lettered.filter(~doubtful), pl.Series(lettered.name, kept, pl.String)])


def _ngrams(found: pl.DataFrame, n: int) -> pl.DataFrame:
    """Counts of a slice's n-grams, as numbers w0, w1 …, with the documents and channels that have them."""
    words_of = [pl.col("word").shift(-place).alias(f"w{place}") for place in range(n)]
    within = pl.all_horizontal(
        pl.col("line").shift(1 - n) == pl.col("line"),
        *(pl.col("word").shift(-place) != _NO_WORD for place in range(n)),
    )
    keys = [f"w{place}" for place in range(n)]
    return (
        found.select(*words_of, within.alias("within"), "document", "channel_id")
        .filter("within")
        .group_by(keys)
        .agg(
            pl.len().cast(pl.Int64).alias("count"),
            pl.col("document").n_unique().cast(pl.Int64).alias("documents_count"),
            pl.col("channel_id").unique().alias("channels"),
        )
    )


def _most_frequent(parts: list[pl.DataFrame], n: int, vocabulary: _Vocabulary) -> pl.DataFrame:
    """The n-grams of all slices that several documents have, most frequent first."""
    keys = [f"w{place}" for place in range(n)]
    counted = (
        pl.concat(parts)
        .group_by(keys)
        .agg(
            pl.col("count", "documents_count").sum(),
            pl.col("channels").explode().n_unique().cast(pl.Int64).alias("channels_count"),
        )
        .filter(pl.col("documents_count") >= MINIMUM_NGRAM_DOCUMENTS)
    )
    # By number as by word: the numbers are in alphabetical order.
    top = counted.sort("count", *keys, descending=[True, *(False for _ in keys)]).head(MAXIMUM_NGRAMS)
    ngram = pl.concat_str(keys, separator=" ").alias("ngram")
    return vocabulary.named(top, keys).with_columns(ngram, pl.lit(n).alias("n")).drop(keys)
