import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.corpus import dedup
from adgen_pipeline_tests.corpus.posts import post, table

WORDS = [
    "ጫማ",
    "ስልክ",
    "ቦርሳ",
    "ሸሚዝ",
    "አዲስ",
    "ጥሩ",
    "ውብ",
    "ርካሽ",
    "ቆዳ",
    "ጥቁር",
    "ነጭ",
    "ቀይ",
    "ትልቅ",
    "ትንሽ",
    "ዛሬ",
    "ሱቅ",
    "ብር",
    "ይምጡ",
    "ይደውሉ",
    "ለሴቶች",
]


def sentence(seed: int, length: int = 30) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def found(
    rows: list[dict[str, object]], threshold: float = 0.8
) -> dict[tuple[int, int], tuple[str | None, int]]:
    """Key → reason and message id of the post that stands for it."""
    result = dedup.find(table(rows), threshold=threshold)
    ids = result["message_id"].to_list()
    return {
        (row["channel_id"], row["message_id"]): (row["reason"], ids[row["kept"]])
        for row in result.iter_rows(named=True)
    }


def test_the_oldest_of_exact_repeats_is_kept_across_channels() -> None:
    rows = [
        post(sentence(1), 5, channel_id=1, hour=9),
        post(sentence(1), 6, channel_id=2, hour=3),
        post(sentence(1), 7, channel_id=1, hour=4),
    ]
    assert found(rows) == {(2, 6): (None, 6), (1, 7): ("exact_duplicate", 6), (1, 5): ("exact_duplicate", 6)}


def test_homophone_spellings_are_exact_repeats() -> None:
    assert found([post("ጸሐይ ሠላም ዓመት ኃይል", 1), post("ፀሀይ ሰላም አመት ሀይል", 2)])[1, 2] == ("exact_duplicate", 1)


def test_a_post_with_one_changed_word_is_a_near_duplicate_and_another_post_is_not() -> None:
    longer = sentence(2, 60)
    rows = [post(longer, 1), post(longer + " ነገ", 2), post(sentence(3, 60), 3)]
    assert found(rows) == {(1, 1): (None, 1), (1, 2): ("near_duplicate", 1), (1, 3): (None, 3)}


def test_a_chain_of_similar_posts_has_one_root_but_drops_only_what_resembles_a_kept_post() -> None:
    words = sentence(4, 60).split()
    chain = [" ".join(words[start : start + 50]) for start in (0, 4, 8)]
    keys = pl.Series([post(text)["search_key"] for text in chain])
    sets = dedup.shingles(keys)
    assert dedup.jaccard(sets[0], sets[1]) >= 0.8 > dedup.jaccard(sets[0], sets[2])
    result = dedup.find(table([post(text, n) for n, text in enumerate(chain, 1)]), threshold=0.8)
    assert result["reason"].to_list() == [None, "near_duplicate", None]
    assert result["root"].to_list() == [0, 0, 0]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(28, 34)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_duplicates_do_not_depend_on_the_order_of_rows(
    texts: list[tuple[int, int]], shuffle: random.Random
) -> None:
    rows = [post(sentence(seed, length), n, hour=n // 2) for n, (seed, length) in enumerate(texts)]
    shuffled = list(rows)
    shuffle.shuffle(shuffled)
    assert found(rows) == found(shuffled)


@pytest.mark.parametrize("threshold", [0.7, 0.8, 0.9])
def test_pairs_are_those_of_brute_force(threshold: float) -> None:
    draw = random.Random(5)
    texts = []
    for seed in range(25):
        words = sentence(seed, 60).split()
        for changes in (0, 1, 2, 4, 8):
            changed = list(words)
            for _ in range(changes):
                changed[draw.randrange(60)] = draw.choice(WORDS)
            texts.append(" ".join(changed))
    sets = [frozenset(zip(t.split(), t.split()[1:], t.split()[2:], strict=False)) for t in texts]
    brute = {
        (i, j)
        for i in range(len(sets))
        for j in range(i)
        if len(sets[i] & sets[j]) >= threshold * len(sets[i] | sets[j])
    }
    hashed = dedup.shingles(pl.Series(texts))
    pairs = {(i, j) for i, older in dedup.similar_pairs(hashed, threshold=threshold) for j in older}
    assert pairs <= brute
    assert len(pairs) >= 0.9 * len(brute) > 10


def test_shingles_depend_on_word_order_and_short_texts_are_one_shingle() -> None:
    abc, cba, ab, ab_again, none = dedup.shingles(pl.Series(["ሀ ለ ሐ", "ሐ ለ ሀ", "ሀ ለ", "ሀ፣ ለ።", "…"]))
    assert len({abc, cba, ab}) == 3
    assert ab == ab_again
    assert len(abc) == len(ab) == len(none) == 1
