"""What speaks for a candidate, in parts, and how the parts are weighed against each other.

LanceDB proposes candidates; here each of them is scored exactly, whichever side proposed it. All text parts use the
frequencies of stems: a word, and a pair of words, is as telling as its rarest stem.
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from adgen_pipeline.artifacts import replacing, write_json
from adgen_pipeline.text.stems import stem_key, word_key

PARTS = ("dense", "stems", "words", "pairs", "opening")

K1, B = 1.2, 0.75  # of BM25. Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009)
OPENING_WORDS = 12  # about a title: what a post or a passage is about stands first
BUCKETS = 1 << 20  # of stems by hash: 4 MB whatever the corpus; a million distinct stems share some
COUNTS, TOTALS = "frequencies.npy", "frequencies.json"


class QueryTerms(NamedTuple):
    """A query as the text parts read it: distinct stems, distinct words, and pairs of neighbouring stems."""

    stems: tuple[str, ...]
    words: tuple[str, ...]
    stems_of_words: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, query: str) -> "QueryTerms":
        """The terms of a query."""
        words, stems = word_key(query).split(), stem_key(query).split()
        by_word = dict(zip(words, stems, strict=True))
        return cls(
            tuple(dict.fromkeys(stems)),
            tuple(by_word),
            tuple(by_word.values()),
            tuple(dict.fromkeys(pairwise(stems))),
        )


class Tokens(NamedTuple):
    """Texts as codes of their words, one text behind the other.

    Attributes:
        stems, words: (words of all texts,) uint32, `codes` of stems and of words as written, word for word.
        lengths: (texts,) words of each.
    """

    stems: np.ndarray
    words: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[tuple[str, str]]) -> "Tokens":
        """Of the stem key and the word key of each text."""
        split = [(stems.split(" "), words.split(" ")) for stems, words in texts]
        stems, words = ([word for text in split for word in text[side]] for side in (0, 1))
        return cls(codes(stems), codes(words), np.array([len(found) for found, _ in split], dtype=np.int64))

    def stems_of(self, text: int) -> np.ndarray:
        """The codes of one text's stems."""
        end = int(self.lengths[: text + 1].sum())
        return self.stems[end - self.lengths[text] : end]


@dataclass(frozen=True)
class Frequencies:
    """In how many texts of an index a stem stands, and how long the texts are.

    Attributes:
        counts: texts by bucket of a stem's hash; read-only.
        texts: their number.
        words: of all of them.
    """

    counts: np.ndarray  # (BUCKETS,) uint32
    texts: int
    words: int

    @classmethod
    def of(cls, keys: pl.Series) -> "Frequencies":
        """Frequencies of stem keys."""
        rows = pl.DataFrame({"row": range(keys.len()), "stem": keys.str.split(" ")}).explode("stem")
        rows = rows.filter(pl.col("stem").str.len_bytes() > 0)
        found = rows.unique().group_by("stem").len()
        counts = np.zeros(BUCKETS, dtype=np.uint32)
        np.add.at(counts, _buckets(found["stem"]), found["len"].to_numpy().astype(np.uint32))
        return cls(counts, keys.len(), rows.height)

    def plus(self, more: "Frequencies") -> "Frequencies":
        """Both together."""
        return Frequencies(self.counts + more.counts, self.texts + more.texts, self.words + more.words)

    def inverse(self, stems: Sequence[str]) -> dict[str, float]:
        """BM25's inverse document frequency of stems, above 0."""
        found = self.counts[_buckets(stems)].astype(np.float64)
        values = np.log1p((self.texts - found + 0.5).clip(min=0.5) / (found + 0.5))
        return dict(zip(stems, values.tolist(), strict=True))

    @property
    def mean_words(self) -> float:
        """Words of a text on average."""
        return max(1.0, self.words / max(1, self.texts))

    def write(self, folder: Path) -> None:
        """Write the two files into a folder."""
        with replacing(folder / COUNTS) as temporary, temporary.open("wb") as file:
            np.save(file, self.counts, allow_pickle=False)
        write_json(folder / TOTALS, {"texts": self.texts, "words": self.words})

    @classmethod
    def read(cls, folder: Path) -> "Frequencies":
        """Those that `write` wrote."""
        totals = json.loads((folder / TOTALS).read_text(encoding="utf-8"))
        return cls(np.load(folder / COUNTS, mmap_mode="r", allow_pickle=False), **totals)


def text_parts(terms: QueryTerms, candidates: Tokens, known: Frequencies) -> np.ndarray:
    """BM25 of each candidate by stems, by words as written, by pairs of neighbours, and of its opening's stems.

    Args:
        terms: of the query.
        candidates: their texts.
        known: frequencies of the index.

    Returns:
        float64, (candidates, 4), in the order of PARTS after `dense`.
    """
    if not len(candidates.lengths):
        return np.zeros((0, len(PARTS) - 1))
    inverse = known.inverse(terms.stems)
    stems = _Found.of(candidates.stems, candidates.lengths, terms.stems)
    words = _Found.of(candidates.words, candidates.lengths, terms.words)
    norm = K1 * (1 - B + B * stems.lengths / known.mean_words)[:, None]  # (candidates, 1)
    numbers = {stem: number for number, stem in enumerate(terms.stems)}
    pairs = [(numbers[one], numbers[other]) for one, other in terms.pairs]
    in_opening = stems.counts(stems.places < OPENING_WORDS) > 0
    sides = (
        (_saturated(stems.counts(), norm), [inverse[stem] for stem in terms.stems]),
        (_saturated(words.counts(), norm), [inverse[stem] for stem in terms.stems_of_words]),
        (
            _saturated(stems.pair_counts(pairs), norm),
            [max(inverse[one], inverse[other]) for one, other in terms.pairs],
        ),
        (in_opening, [inverse[stem] for stem in terms.stems]),
    )
    return np.stack([found @ np.array(weights, dtype=np.float64) for found, weights in sides], axis=1)


@dataclass(frozen=True)
class _Found:
    """Where a query's terms stand in candidates: of each occurrence its candidate, place and term, in text order."""

    rows: np.ndarray
    places: np.ndarray
    terms: np.ndarray
    lengths: np.ndarray  # of the candidates, in words
    terms_count: int

    @classmethod
    def of(cls, tokens: np.ndarray, lengths: np.ndarray, terms: Sequence[str]) -> "_Found":
        """The occurrences of distinct terms in texts of coded words, (words of all texts,)."""
        wanted = codes(terms)
        order = np.argsort(wanted, kind="stable")
        ends = np.cumsum(lengths)
        if not terms:
            none = np.zeros(0, dtype=np.int64)
            return cls(none, none, none, lengths, 0)
        near = np.searchsorted(wanted[order], tokens).clip(max=len(terms) - 1)
        at = np.flatnonzero(wanted[order][near] == tokens)
        rows = np.searchsorted(ends, at, side="right")
        return cls(rows, at - (ends - lengths)[rows], order[near[at]], lengths, len(terms))

    def counts(self, where: np.ndarray | None = None) -> np.ndarray:
        """How often each term stands in each candidate, (candidates, terms)."""
        cells = self.rows * self.terms_count + self.terms
        return self._table(cells if where is None else cells[where], self.terms_count)

    def pair_counts(self, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
        """How often the one term is followed at once by the other, (candidates, pairs)."""
        known = {one * self.terms_count + other: column for column, (one, other) in enumerate(pairs)}
        beside = (self.rows[1:] == self.rows[:-1]) & (self.places[1:] == self.places[:-1] + 1)
        codes = (self.terms[:-1] * self.terms_count + self.terms[1:])[beside]
        columns = np.array([known.get(code, -1) for code in codes.tolist()], dtype=np.int64)
        cells = self.rows[:-1][beside] * len(pairs) + columns
        return self._table(cells[columns >= 0], len(pairs))

    def _table(self, cells: np.ndarray, columns: int) -> np.ndarray:
        size = len(self.lengths) * columns
        return np.bincount(cells, minlength=size)[:size].reshape(len(self.lengths), columns)


def fuse(parts: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """Weighted sum of parts, each standardised over the candidates.

    Args:
        parts: (candidates, parts) scores.
        weights: one a part.

    Returns:
        A score a candidate; a part that does not tell candidates apart adds nothing.
    """
    return np.asarray(standardised(parts) @ np.asarray(weights, dtype=np.float64))


def standardised(parts: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and deviation 1; a column of equal values becomes 0."""
    centred = parts - parts.mean(axis=0)
    spread = centred.std(axis=0)
    return np.asarray(centred / np.where(spread > 1e-9, spread, np.inf))


def _saturated(counts: np.ndarray, norm: np.ndarray) -> np.ndarray:
    return np.asarray(counts * (K1 + 1) / (counts + norm))


def codes(words: Iterable[str]) -> np.ndarray:
    """CRC-32 of words, (words,) uint32: the same for ever, so that it can be kept in files."""
    return np.array([zlib.crc32(word.encode()) for word in words], dtype=np.uint32)


def _buckets(stems: Iterable[str]) -> np.ndarray:
    return (codes(stems) % BUCKETS).astype(np.int64)
