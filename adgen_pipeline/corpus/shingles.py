"""Texts as sets of hashed shingles, words and characters, computed for many texts at once.

A text is folded first: lower case, runs of letters, marks and numerals joined by one space. The hashes are the same
on every machine. They are 30 bits wide, because scipy's matrices number their columns in 32 bits with a sign; two
given shingles collide with probability 1e-9.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

WORDS, CHARS = 3, 5  # lengths of the shingles
BITS = 30

_GAP = "\n"  # folded texts have none; as many as a window is long stand between two texts
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE = pow(_BASE, -1, 1 << 64)
_SPACE = ord(" ")

Hashes = NDArray[np.uint32]
Wide = NDArray[np.uint64]


@dataclass(frozen=True)
class Shingles:
    """The shingles of n texts, end to end, repeats included; each text has one at least.

    Attributes:
        hashes: below 2^BITS.
        starts: n + 1 places in `hashes` (int64): text i has hashes[starts[i] : starts[i + 1]].
    """

    hashes: Hashes
    starts: NDArray[np.int64]


def fold(texts: pl.Series) -> pl.Series:
    """Texts in lower case without anything but letters, marks, numerals and single spaces."""
    return texts.str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars()


def shingles(folded: pl.Series) -> tuple[Shingles, Shingles]:
    """Word 3-shingles and character 5-shingles of folded texts; a shorter text is one shingle of what it has."""
    joined = (_GAP * CHARS).join(["", *folded.to_list(), ""])
    points = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)
    lengths = folded.str.len_chars().to_numpy().astype(np.int64)
    starts = CHARS + _places(lengths + CHARS)[:-1]

    letters = _mix(points.astype(np.uint64))
    letters[points == ord(_GAP)] = 0
    words, words_count = _word_hashes(letters, points, starts, lengths)
    return _windows(words, words_count, WORDS), _windows_at(letters, starts, lengths, CHARS)


def _word_hashes(
    letters: Wide, points: Hashes, starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[Wide, NDArray[np.int64]]:
    """A hash a word, all texts' end to end, and the number of words of each text.

    A word's hash is the polynomial of its letters; the polynomial of a stretch is a difference of two prefix sums,
    divided by the power at its beginning.
    """
    is_letter = (points != _SPACE) & (letters != 0)
    edges = np.flatnonzero(np.diff(is_letter.astype(np.int8), prepend=0, append=0))
    begins, ends = edges[::2], edges[1::2]
    powers = np.full(len(letters) + 1, _BASE, dtype=np.uint64)
    powers[0] = 1
    np.multiply.accumulate(powers, out=powers)
    sums = np.zeros(len(letters) + 1, dtype=np.uint64)
    np.cumsum(letters * powers[:-1], out=sums[1:])
    inverses = np.full(len(letters) + 1, _INVERSE, dtype=np.uint64)
    inverses[0] = 1
    np.multiply.accumulate(inverses, out=inverses)
    hashes = _mix((sums[ends] - sums[begins]) * inverses[begins])
    counts = np.searchsorted(begins, starts + lengths) - np.searchsorted(begins, starts)
    return hashes, counts


def _windows(tokens: Wide, counts: NDArray[np.int64], width: int) -> Shingles:
    """Shingles of token hashes that stand end to end: the tokens are spread so that zeros part the texts."""
    starts = _places(counts + width)[:-1]
    shift = np.repeat(starts - _places(counts)[:-1], counts)
    spread = np.zeros(int((counts + width).sum()), dtype=np.uint64)
    spread[np.arange(len(tokens)) + shift] = tokens
    return _windows_at(spread, starts, counts, width)


def _windows_at(tokens: Wide, starts: NDArray[np.int64], lengths: NDArray[np.int64], width: int) -> Shingles:
    """Shingles of tokens between which at least `width` zeros part the texts."""
    combined = np.zeros(max(len(tokens) - width + 1, 0), dtype=np.uint64)
    for place in range(width):
        # An odd multiplier of full width a step makes the order of the tokens count; it wraps around at 2^64.
        combined *= np.uint64(_BASE)
        combined += tokens[place : place + len(combined)]
    counts = np.maximum(lengths - width + 1, 1)
    places = _places(counts)
    at = np.arange(places[-1]) + np.repeat(starts - places[:-1], counts)
    return Shingles((_mix(combined[at]) >> np.uint64(64 - BITS)).astype(np.uint32), places)


def _places(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 and the running sums: where each of several stretches begins, and the end of the last."""
    return np.concatenate([[0], np.cumsum(counts)])


def _mix(values: Wide) -> Wide:
    """MurmurHash3's finaliser: each bit of the input reaches each bit of the output."""
    mixed = values ^ (values >> np.uint64(33))
    mixed *= np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(33)
    mixed *= np.uint64(0xC4CEB9FE1A85EC53)
    mixed ^= mixed >> np.uint64(33)
    return mixed
