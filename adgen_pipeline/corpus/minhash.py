"""MinHash signatures of texts, folded into bands: equal bands make two texts candidates for being similar.

The permutations are datasketch's; they are applied to hundreds of texts at once, because an object a text takes many
times as long (`benchmarks/corpus.py` prints how many). A test compares the signatures with datasketch's own.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
from datasketch import MinHash
from numpy.typing import NDArray

from adgen_pipeline.corpus.shingles import Hashes, Shingles, shingles

# 18 bands of 3 rows of word and 4 rows of character signatures: a pair of similarity 0.8 in both becomes a candidate
# with probability 0.985, of 0.9 with 0.9999, of 0.5 with 0.13; candidates are verified, so the layout decides about
# time and recall, never about precision.
BANDS, WORD_ROWS, CHAR_ROWS = 18, 3, 4
SCHEME = "affine32"
WORD_SEED, CHAR_SEED = 1, 2

_BLOCK = 500  # texts at once: arrays of a megabyte stay in the cache (5,000 at once took twice as long)


def permutations(rows: int, seed: int) -> NDArray[np.uint32]:
    """(2, BANDS * rows): the factors and summands of datasketch's permutations."""
    found: NDArray[np.uint32] = MinHash(num_perm=BANDS * rows, seed=seed, scheme=SCHEME).permutations
    return found


def bands(folded: pl.Series) -> Hashes:
    """(n, BANDS): 32-bit hashes of the bands of n folded texts (`shingles.fold`), the same on every machine."""
    by_words, by_chars = permutations(WORD_ROWS, WORD_SEED), permutations(CHAR_ROWS, CHAR_SEED)

    def of_block(start: int) -> Hashes:
        words, chars = shingles(folded.slice(start, _BLOCK))
        return _bands(signatures(words, by_words), signatures(chars, by_chars))

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # numpy lets go of the interpreter's lock
        found = list(pool.map(of_block, range(0, len(folded), _BLOCK)))
    return np.concatenate(found) if found else np.empty((0, BANDS), dtype=np.uint32)


def signatures(sets: Shingles, factors: NDArray[np.uint32]) -> Hashes:
    """(permutations, n): the least value of each permutation over each set.

    Source: Broder, "On the resemblance and containment of documents" (1997).
    """
    mixed = _mix(sets.hashes)
    starts = sets.starts[:-1]
    permuted = np.empty_like(mixed)
    least = np.empty((factors.shape[1], len(starts)), dtype=np.uint32)
    for row, (factor, summand) in enumerate(factors.T):
        np.multiply(mixed, factor, out=permuted)
        permuted += summand
        np.minimum.reduceat(permuted, starts, out=least[row])
    return least


def _bands(words: Hashes, chars: Hashes) -> Hashes:
    """Rows of both signatures, hashed together band by band."""
    count = words.shape[1]
    rows = np.concatenate(
        [words.reshape(BANDS, WORD_ROWS, count), chars.reshape(BANDS, CHAR_ROWS, count)], axis=1
    ).astype(np.uint64)
    hashed = np.zeros((BANDS, count), dtype=np.uint64)
    for row in range(WORD_ROWS + CHAR_ROWS):
        hashed = (hashed ^ rows[:, row]) * np.uint64(0x9E3779B97F4A7C15)
        hashed ^= hashed >> np.uint64(32)
    hashed *= np.uint64(0x9E3779B97F4A7C15)
    return (hashed >> np.uint64(32)).astype(np.uint32).T.copy()


def _mix(values: Hashes) -> Hashes:
    """MurmurHash3's finaliser, which datasketch applies to what it is given."""
    mixed = values ^ (values >> np.uint32(16))
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed
