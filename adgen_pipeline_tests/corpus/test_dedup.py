import random
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.corpus import dedup, fingerprints
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline_tests.corpus.posts import START, post, table

WORDS = [
    "ጫማ", "ስልክ", "ቦርሳ", "ሸሚዝ", "አዲስ", "ጥሩ", "ውብ", "ርካሽ", "ቆዳ", "ጥቁር", "ነጭ", "ቀይ", "ትልቅ", "ትንሽ", "ዛሬ", "ሱቅ",
    "ብር", "ይምጡ", "ይደውሉ", "ለሴቶች",
]  # fmt: skip
NEW = START + timedelta(hours=100)  # posts from then on are of another split


def sentence(seed: int, length: int = 30) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def chain(seed: int = 4, links: int = 3) -> list[str]:
    """Texts of which each is similar to the next, and none to the one after that."""
    words = sentence(seed, 60 + 4 * links).split()
    return [" ".join(words[start : start + 50]) for start in range(0, 4 * links, 4)]


def judged(rows: list[dict[str, object]], threshold: float = 0.8) -> pl.DataFrame:
    posts = table(rows)
    prints = fingerprints.build(posts, recipe=CorpusRecipe()).with_columns(
        pl.when(pl.col("date") < NEW).then(pl.lit("train")).otherwise(pl.lit("test")).alias("split")
    )
    return dedup.find(prints.drop("reason"), posts.lazy(), threshold=threshold)


def found(
    rows: list[dict[str, object]], threshold: float = 0.8
) -> dict[tuple[int, int], tuple[str | None, int]]:
    """Key → reason and message id of the post that stands for it."""
    result = judged(rows, threshold)
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


def test_a_long_other_product_in_the_same_template_is_no_near_duplicate() -> None:
    template = sentence(8, 40)
    rows = [
        post(f"{product} {template}", n)
        for n, product in enumerate(("ጫማ", "የቤትና-የቢሮ-ዕቃዎች-ማጓጓዣ-አገልግሎት" * 3), 1)
    ]
    assert {reason for reason, _ in found(rows).values()} == {None}


def test_a_chain_of_similar_posts_has_one_root_but_drops_only_what_resembles_a_kept_post() -> None:
    result = judged([post(text, n) for n, text in enumerate(chain(), 1)])
    assert result["reason"].to_list() == [None, "near_duplicate", None]
    assert result["root"].to_list() == [0, 0, 0]


def test_a_post_that_continues_a_chain_of_another_split_bridges() -> None:
    first, second, third = chain()
    rows = [post(first, 1, hour=1), post(second, 2, hour=200), post(third, 3, hour=201)]
    assert found(rows) == {(1, 1): (None, 1), (1, 2): ("near_duplicate", 1), (1, 3): ("bridges_splits", 1)}


def test_a_post_that_resembles_posts_of_two_splits_bridges_and_leaves_both_clusters_as_they_were() -> None:
    first, second, third = chain()
    rows = [post(first, 1, hour=1), post(third, 3, hour=200), post(second, 2, hour=201)]
    assert found(rows) == {(1, 1): (None, 1), (1, 3): (None, 3), (1, 2): ("bridges_splits", 1)}
    assert judged(rows)["root"].to_list() == [0, 1, 2]


POSTS = st.lists(st.tuples(st.integers(0, 6), st.integers(28, 34), st.integers(0, 200)), max_size=14)


def drawn(texts: list[tuple[int, int, int]]) -> list[dict[str, object]]:
    return [post(sentence(seed, length), n, hour=hour) for n, (seed, length, hour) in enumerate(texts)]


@settings(max_examples=30, deadline=None)
@given(POSTS, st.randoms(use_true_random=False))
def test_duplicates_do_not_depend_on_the_order_of_rows(
    texts: list[tuple[int, int, int]], shuffle: random.Random
) -> None:
    rows = drawn(texts)
    shuffled = list(rows)
    shuffle.shuffle(shuffled)
    assert found(rows) == found(shuffled)


@settings(max_examples=30, deadline=None)
@given(POSTS)
def test_newer_posts_change_no_verdict(texts: list[tuple[int, int, int]]) -> None:
    rows = sorted(drawn(texts), key=lambda row: (str(row["date"]), str(row["message_id"]).zfill(3)))
    everything = found(rows)
    older = found(rows[: len(rows) // 2])
    assert {key: everything[key] for key in older} == older
    assert np.array_equal(
        judged(rows)["root"].head(len(older)).to_numpy(), judged(rows[: len(rows) // 2])["root"].to_numpy()
    )


@pytest.mark.parametrize("threshold", [0.7, 0.9])
def test_a_verdict_is_that_of_comparing_each_post_with_each_older_one(threshold: float) -> None:
    draw = random.Random(11)
    texts = []
    for seed in range(12):
        words = sentence(seed, 60).split()
        for changes in (0, 1, 2, 4):
            changed = list(words)
            for _ in range(changes):
                changed[draw.randrange(60)] = draw.choice(WORDS)
            texts.append(" ".join(changed))
    result = judged([post(text, n) for n, text in enumerate(texts)], threshold)
    keys = [post(text)["search_key"] for text in texts]
    kept: list[int] = []
    for number, key in enumerate(keys):
        if not any(alike(str(keys[other]), str(key)) >= threshold for other in kept):
            kept.append(number)
    assert result.filter(pl.col("reason").is_null())["message_id"].to_list() == kept


def alike(left: str, right: str) -> float:
    """The lesser Jaccard similarity of the two kinds of shingles, by sets of strings."""
    return min(
        len(a & b) / len(a | b)
        for a, b in (
            (set(zip(left.split(), left.split()[1:], left.split()[2:], strict=False)),
             set(zip(right.split(), right.split()[1:], right.split()[2:], strict=False))),
            ({left[i : i + 5] for i in range(len(left) - 4)}, {right[i : i + 5] for i in range(len(right) - 4)}),
        )
    )  # fmt: skip
