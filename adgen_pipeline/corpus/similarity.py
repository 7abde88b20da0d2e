"""Pairs of texts that are similar in words and in characters: candidates by bands, verified by exact Jaccard.

Two posts of a shop share most of their words, whatever they sell. Asked for both kinds of shingles, a longer other
product's name tells them apart by its characters, and a price or size here and there by its words.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from adgen_pipeline.corpus.shingles import BITS, Hashes, Shingles, shingles

# A post is compared with so many older posts before it in a bucket and with so many of the bucket's oldest, and not
# with those between: thousands of posts from one template cost in proportion, and their oldest stand for them.
_BUCKET = 64
_BLOCK = 20_000  # posts whose candidates are held at once
_PAIRS = 20_000  # pairs verified at once
_TEXTS = 500  # texts shingled at once

Rows = NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.uint64)


class Pairs(NamedTuple):
    """Row numbers of similar texts, sorted; `older` is the smaller number of a pair."""

    younger: Rows
    older: Rows


def similar_pairs(bands: Hashes, folded: Callable[[Rows], pl.Series], *, threshold: float) -> Pairs:
    """The similar ones among n texts.

    Args:
        bands: (n, BANDS) of the texts, oldest first, see `minhash.bands`.
        folded: gives the folded texts of rows; it is asked once, for those that share a band with another text.
        threshold: least Jaccard similarity, in (0, 1], of the word sets as well as of the character sets.

    Source: banding after Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3.
    """
    buckets = [_buckets(bands[:, band]) for band in range(bands.shape[1])]
    shared = np.zeros(len(bands), dtype=bool)
    for bucket in buckets:
        shared |= bucket.size > 1
    involved = np.flatnonzero(shared)
    place = np.cumsum(shared) - 1  # row → row of the matrices
    words, chars = _sets(folded(involved))

    found: list[Pairs] = []
    for younger, older in _candidates(buckets, len(bands)):
        for start in range(0, len(younger), _PAIRS):
            pair = Pairs(younger[start : start + _PAIRS], older[start : start + _PAIRS])
            for sets in (words, chars):
                is_similar = _jaccard(sets, place[pair.younger], place[pair.older]) >= threshold
                pair = Pairs(pair.younger[is_similar], pair.older[is_similar])
            found.append(pair)
    if not found:
        return Pairs(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    return Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))


class _Buckets(NamedTuple):
    """One band's texts in the order of their hashes, older ones first within a hash."""

    order: Rows  # place → row
    at: Rows  # row → place
    begin: Rows  # row → first place of its bucket
    size: Rows  # row → texts in its bucket


def _buckets(hashes: Hashes) -> _Buckets:
    order = np.argsort(hashes, kind="stable")
    sorted_hashes = hashes[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = sorted_hashes[1:] != sorted_hashes[:-1]
    begins = np.flatnonzero(is_first)
    sizes = np.diff(np.append(begins, len(order)))
    number = np.cumsum(is_first) - 1
    at = np.empty_like(order)
    at[order] = np.arange(len(order))
    return _Buckets(order, at, begins[number[at]], sizes[number[at]])


def _candidates(buckets: list[_Buckets], count: int) -> Iterator[Pairs]:
    """Pairs that share a bucket, each once, sorted, some thousand younger texts at a time."""
    for start in range(0, count, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, count))
        packed = []
        for bucket in buckets:
            at, begin = bucket.at[rows], bucket.begin[rows]
            before = np.minimum(at - begin, _BUCKET)
            oldest = np.minimum(at - begin - before, _BUCKET)
            partners = bucket.order[
                np.concatenate(
                    [
                        np.repeat(at - before, before) + _counting(before),
                        np.repeat(begin, oldest) + _counting(oldest),
                    ]
                )
            ]
            packed.append(
                np.concatenate([np.repeat(rows, before), np.repeat(rows, oldest)]) * count + partners
            )
        younger, older = np.divmod(_distinct_values(np.concatenate(packed)), count)
        yield Pairs(younger, older)


def _counting(counts: Rows) -> Rows:
    """0, 1 … for each count in turn: [2, 3] gives 0, 1, 0, 1, 2."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _distinct_values(values: NDArray[Number]) -> NDArray[Number]:
    """The different values, sorted; `np.unique` hashes them, which takes ten times as long as this sorting."""
    values = np.sort(values)
    is_new = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=is_new[1:])
    return values[is_new]


def _sets(folded: pl.Series) -> tuple[csr_array, csr_array]:
    """Texts × shingles, 1 where a text has a shingle, by words and by characters."""
    words: list[tuple[Rows, NDArray[np.int32]]] = []
    chars: list[tuple[Rows, NDArray[np.int32]]] = []
    for start in range(0, len(folded), _TEXTS):
        for sets, made in zip((words, chars), shingles(folded.slice(start, _TEXTS)), strict=True):
            sets.append(_distinct(made))
    return _matrix(words), _matrix(chars)


def _distinct(made: Shingles) -> tuple[Rows, NDArray[np.int32]]:
    """How many different shingles each text has, and all of them, sorted within each text."""
    counts = np.diff(made.starts)
    text = np.repeat(np.arange(len(counts), dtype=np.uint64), counts)
    packed = _distinct_values((text << np.uint64(32)) | made.hashes)
    sizes = np.bincount((packed >> np.uint64(32)).astype(np.int64), minlength=len(counts))
    return sizes, (packed & np.uint64(0xFFFFFFFF)).astype(np.int32)


def _matrix(blocks: list[tuple[Rows, NDArray[np.int32]]]) -> csr_array:
    sizes = np.concatenate([[0], *(sizes for sizes, _ in blocks)])
    columns = np.concatenate([np.empty(0, dtype=np.int32), *(columns for _, columns in blocks)])
    ends = np.cumsum(sizes, dtype=np.int32 if len(columns) < 1 << 31 else np.int64)
    ones = np.ones(len(columns), dtype=np.int8)
    return csr_array((ones, columns, ends), shape=(len(sizes) - 1, 1 << BITS))


def _jaccard(sets: csr_array, left: Rows, right: Rows) -> NDArray[np.float64]:
    """Shared members of all members, 0…1, pair by pair; sets are never empty."""
    if not len(left):
        return np.empty(0)
    shared = np.diff(sets[left].multiply(sets[right]).tocsr().indptr)
    sizes = np.diff(sets.indptr)
    similarity: NDArray[np.float64] = shared / (sizes[left] + sizes[right] - shared)
    return similarity
