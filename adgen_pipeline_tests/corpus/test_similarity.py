import random

import numpy as np
import polars as pl
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.corpus import minhash
from adgen_pipeline.corpus.shingles import CHARS, WORDS, Shingles, fold, shingles
from adgen_pipeline.corpus.similarity import similar_pairs
from adgen_pipeline_tests.corpus.test_dedup import WORDS as VOCABULARY
from adgen_pipeline_tests.corpus.test_dedup import alike, sentence

FOLDED = st.lists(
    st.text(st.sampled_from("ሀለሐመ ab1"), max_size=20).map(lambda text: " ".join(text.split())), max_size=6
)


def members(sets: Shingles) -> list[list[int]]:
    return (
        [part.tolist() for part in np.split(sets.hashes, sets.starts[1:-1])] if len(sets.starts) > 1 else []
    )


def series(texts: list[str]) -> pl.Series:
    return pl.Series(texts, dtype=pl.String)


@given(FOLDED)
def test_shingles_of_many_texts_are_equal_exactly_where_the_strings_are(texts: list[str]) -> None:
    words, chars = shingles(series(texts))
    hashes: dict[tuple[str, ...], int] = {}
    for text, of_words, of_chars in zip(texts, members(words), members(chars), strict=True):
        for tokens, width, hashed in ((text.split(), WORDS, of_words), (list(text), CHARS, of_chars)):
            windows = [
                ("" if width == CHARS else " ", *tokens[start : start + width])
                for start in range(max(len(tokens) - width + 1, 1))
            ]
            assert len(windows) == len(hashed)
            for window, value in zip(windows, hashed, strict=True):
                assert hashes.setdefault(window, value) == value
    by_words = [value for window, value in hashes.items() if window[0]]
    by_chars = [value for window, value in hashes.items() if not window[0]]
    assert len(set(by_words)) == len(by_words)
    assert len(set(by_chars)) == len(by_chars)


def test_folding_leaves_lower_case_words_and_single_spaces() -> None:
    assert fold(series(["ሀ፣  ለ።", "…", "Air-Max 90!", ""])).to_list() == ["ሀ ለ", "", "air max 90", ""]


def test_signatures_are_those_of_datasketch() -> None:
    words, chars = shingles(series([sentence(seed, 3 + 7 * seed) for seed in range(12)]))
    for sets, rows, seed in (
        (words, minhash.WORD_ROWS, minhash.WORD_SEED),
        (chars, minhash.CHAR_ROWS, minhash.CHAR_SEED),
    ):
        found = minhash.signatures(sets, minhash.permutations(rows, seed))
        for number, hashes in enumerate(members(sets)):
            expected = MinHash(
                num_perm=minhash.BANDS * rows, seed=seed, scheme=minhash.SCHEME, hashfunc=lambda value: value
            )
            expected.update_batch(hashes)
            assert found[:, number].tolist() == expected.hashvalues.tolist()


def test_bands_of_a_text_do_not_depend_on_the_texts_beside_it() -> None:
    texts = series([sentence(seed, seed % 40) for seed in range(1200)])
    together = minhash.bands(texts)
    assert together.shape == (1200, minhash.BANDS)
    assert (minhash.bands(texts.slice(700, 3)) == together[700:703]).all()
    assert minhash.bands(series([])).shape == (0, minhash.BANDS)


@pytest.mark.parametrize("threshold", [0.7, 0.8, 0.9])
def test_pairs_are_those_of_comparing_all_texts(threshold: float) -> None:
    draw = random.Random(5)
    texts = []
    for seed in range(40):
        words = sentence(seed, 60).split()
        for changes in (0, 1, 2, 4, 8):
            changed = list(words)
            for _ in range(changes):
                changed[draw.randrange(60)] = draw.choice(VOCABULARY)
            texts.append(" ".join(changed))
    every = {(i, j) for i in range(len(texts)) for j in range(i) if alike(texts[i], texts[j]) >= threshold}
    found = similar_pairs(minhash.bands(series(texts)), series(texts).gather, threshold=threshold)
    pairs = list(zip(found.younger.tolist(), found.older.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert set(pairs) <= every
    assert len(pairs) >= 0.9 * len(every) > 20


def test_a_post_in_a_crowd_of_one_template_still_finds_the_oldest_and_the_one_before() -> None:
    base = sentence(1, 80)
    texts = series([f"{base} {number}" for number in range(600)])
    found = similar_pairs(minhash.bands(texts), texts.gather, threshold=0.8)
    assert len(found.younger) < 600 * 599 // 2 // 2
    of_last = found.older[found.younger == 599].tolist()
    assert of_last[0] == 0
    assert of_last[-1] == 598


@settings(max_examples=30, deadline=None)
@given(FOLDED)
def test_texts_of_any_length_are_similar_to_their_copies(texts: list[str]) -> None:
    doubled = series([*texts, *texts])
    found = similar_pairs(minhash.bands(doubled), doubled.gather, threshold=1.0)
    pairs = set(zip(found.younger.tolist(), found.older.tolist(), strict=True))
    assert {(len(texts) + number, number) for number in range(len(texts))} <= pairs
