"""Posts that say the same: exact repeats by phonetic key, near-duplicates by MinHash and verified Jaccard similarity.

The older post stands for the younger one. A post is dropped only if it is similar to a post that is *kept*;
a cluster, however, follows the chain of all similar posts, so that splits can keep chains together.
Nothing here depends on the order of rows.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np
import polars as pl
from datasketch import MinHash, MinHashLSH

SHINGLE_WORDS = 3
PERMUTATIONS = 126
# 18 bands of 7 rows: a pair of similarity 0.8 becomes a candidate with probability 0.985, of 0.9 with 0.9999,
# of 0.5 with 0.13; candidates are verified, so a band layout decides about time and recall, never about precision.
BANDS, ROWS = 18, 7
_SCHEME = "affine64"

_AGE = ("date", "channel_id", "message_id")


def find(posts: pl.DataFrame, *, threshold: float) -> pl.DataFrame:
    """Each post with the post that stands for it.

    Args:
        posts: channel_id, message_id, date, search_key; the keys are unique, search_key is not null.
        threshold: Jaccard similarity of word 3-shingles, in (0, 1], from which two posts are the same.

    Returns:
        The rows of `posts`, oldest first, with
        `reason`: null for a post that stands for itself, exact_duplicate or near_duplicate;
        `kept`: row number of the post that stands for it (its own where reason is null);
        `root`: row number of the oldest post of its chain of similar posts.
    """
    aged = posts.sort(_AGE, nulls_last=True).with_row_index("row")
    first = pl.col("row").min().over("search_key")
    aged = aged.with_columns(first.alias("first"))
    unique = aged.filter(pl.col("row") == pl.col("first")).select("row", "search_key")

    kept, root = _leaders(unique["search_key"], threshold)
    rows = unique["row"].to_numpy()
    standing = pl.DataFrame(
        {"first": rows, "kept": rows[kept], "root": rows[root]},
        schema={"first": pl.UInt32, "kept": pl.UInt32, "root": pl.UInt32},
    )
    return (
        aged.join(standing, on="first", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("row") != pl.col("first"))
            .then(pl.lit("exact_duplicate"))
            .when(pl.col("row") != pl.col("kept"))
            .then(pl.lit("near_duplicate"))
            .otherwise(None)
            .alias("reason")
        )
        .drop("first")
    )


def shingles(texts: pl.Series) -> list[frozenset[int]]:
    """Sets of 64-bit hashes of word 3-shingles, one set a text; a shorter text is one shingle.

    Words are runs of letters, marks and numerals without regard to case. The hashes are the same on every machine.
    """
    found = texts.str.to_lowercase().str.extract_all(r"[\p{L}\p{M}\p{N}]+")
    hashes = {word: _word_hash(word) for word in found.explode().drop_nulls().unique()}
    return [_shingle_hashes([hashes[word] for word in words]) for words in found]


def similar_pairs(sets: Sequence[frozenset[int]], *, threshold: float) -> Iterator[tuple[int, list[int]]]:
    """For each set in turn, its number and the smaller numbers of the sets that are similar to it.

    Args:
        sets: shingle hashes.
        threshold: Jaccard similarity in (0, 1].

    Source: Broder, "On the resemblance and containment of documents" (1997); banding after Leskovec, Rajaraman and
    Ullman, "Mining of Massive Datasets", chapter 3.
    """
    permutations = MinHash(num_perm=PERMUTATIONS, scheme=_SCHEME).permutations
    lsh = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, ROWS))
    for number, members in enumerate(sets):
        signature = MinHash(
            num_perm=PERMUTATIONS, scheme=_SCHEME, permutations=permutations, hashfunc=_as_it_is
        )
        signature.update_batch(members)
        candidates = lsh.query(signature)
        yield number, sorted(c for c in candidates if jaccard(members, sets[c]) >= threshold)
        lsh.insert(number, signature)


def jaccard(left: frozenset[int], right: frozenset[int]) -> float:
    """Shared members of all members, 0…1; two empty sets are equal."""
    if not left and not right:
        return 1.0
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)


def _leaders(search_keys: pl.Series, threshold: float) -> tuple[list[int], list[int]]:
    """For each text, oldest first: the number of the kept text that it repeats, and of the oldest in its chain."""
    kept: list[int] = []
    root: list[int] = []
    for number, older in similar_pairs(shingles(search_keys), threshold=threshold):
        kept.append(next((o for o in older if kept[o] == o), number))
        root.append(number)
        for other in older:
            _join(root, number, other)
    return kept, [_find(root, number) for number in range(len(root))]


def _find(root: list[int], number: int) -> int:
    while root[number] != number:
        root[number] = root[root[number]]
        number = root[number]
    return number


def _join(root: list[int], left: int, right: int) -> None:
    left, right = _find(root, left), _find(root, right)
    root[max(left, right)] = min(left, right)


def _word_hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


def _shingle_hashes(words: list[int]) -> frozenset[int]:
    array = np.array(words or [0], dtype=np.uint64)
    combined = np.zeros(max(len(array) - SHINGLE_WORDS + 1, 1), dtype=np.uint64)
    for place in range(min(SHINGLE_WORDS, len(array))):
        # An odd multiplier of full width a step makes the order of the words count; it wraps around at 2^64.
        combined = combined * np.uint64(0x9E3779B97F4A7C15) + array[place : place + len(combined)]
    return frozenset(combined.tolist())


def _as_it_is(value: int) -> int:
    return value
