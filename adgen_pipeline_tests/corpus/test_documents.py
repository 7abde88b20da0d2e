import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.corpus import documents
from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import DOCUMENTS, DROPS
from adgen_pipeline_tests.corpus.posts import post, table
from adgen_pipeline_tests.corpus.test_dedup import sentence

RECIPE = CorpusRecipe(test_share=0.2, validation_share=0.1)


def distinct(count: int, channel_id: int = 1, first: int = 1) -> list[dict[str, object]]:
    return [
        post(sentence(1000 * channel_id + n), n, channel_id=channel_id) for n in range(first, first + count)
    ]


def splits(rows: list[dict[str, object]], recipe: CorpusRecipe = RECIPE) -> dict[tuple[int, int], str]:
    built = documents.build(table(rows), recipe=recipe).documents
    return {(c, m): split for c, m, split in built.select("channel_id", "message_id", "split").iter_rows()}


def test_the_newest_posts_of_each_channel_are_the_test_split_and_the_next_the_validation_split() -> None:
    found = splits(distinct(10, 1) + distinct(20, 2))
    assert [m for (c, m), split in found.items() if c == 1 and split == "test"] == [9, 10]
    assert [m for (c, m), split in found.items() if c == 1 and split == "validation"] == [8]
    assert [m for (c, m), split in found.items() if c == 2 and split == "test"] == [17, 18, 19, 20]


def test_a_channels_splits_do_not_move_when_another_channel_grows() -> None:
    small, large = splits(distinct(10, 1)), splits(distinct(10, 1) + distinct(40, 2))
    assert {key: large[key] for key in small} == small


def test_a_held_out_channel_is_in_the_test_split_as_a_whole() -> None:
    recipe = CorpusRecipe(test_share=0.2, validation_share=0.1, held_out_channels=(2,))
    found = splits(distinct(10, 1) + distinct(5, 2), recipe)
    assert {split for (c, _), split in found.items() if c == 2} == {"test"}


def test_a_chain_of_similar_posts_stays_on_the_side_of_its_oldest_post() -> None:
    words = sentence(77, 60).split()
    chain = [" ".join(words[start : start + 50]) for start in (0, 4, 8)]
    rows = [
        *distinct(10),
        post(chain[0], 11, hour=0),
        post(chain[1], 12, hour=500),
        post(chain[2], 13, hour=501),
    ]
    built = documents.build(table(rows), recipe=RECIPE)
    dropped = {row["message_id"]: row for row in built.drops.iter_rows(named=True)}
    assert dropped[13]["reason"] == "bridges_splits"
    assert dropped[13]["kept_message_id"] == 11
    assert dropped[12]["reason"] == "near_duplicate"
    oldest = built.documents.filter(pl.col("message_id") == 11).row(0, named=True)
    assert (oldest["split"], oldest["cluster"], oldest["duplicates_count"]) == ("train", "1/11", 2)


TEXTS = st.one_of(
    st.sampled_from(["", "ሰላም", "New phones are here today!", "አዲስ ጫማ በ 1200 ብር"]),
    st.tuples(st.integers(0, 8), st.integers(26, 34)).map(lambda pair: sentence(*pair)),
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(TEXTS, st.integers(1, 3), st.integers(0, 90)), max_size=25),
    st.randoms(use_true_random=False),
)
def test_any_posts_are_each_kept_or_dropped_once_and_no_cluster_is_in_two_splits(
    drawn: list[tuple[str, int, int]], shuffle: random.Random
) -> None:
    rows = [post(text, 100 + n, channel_id=c, hour=h) for n, (text, c, h) in enumerate(drawn)] + distinct(10)
    posts = table(rows)
    built = documents.build(posts, recipe=RECIPE)
    assert documents.unaccounted_posts(posts, built.documents, built.drops) == []
    assert built.documents.height + built.drops.height == posts.height
    assert built.documents.group_by("cluster").agg(pl.col("split").n_unique())["split"].max() == 1
    assert DOCUMENTS.violations(built.documents) == []
    assert DROPS.violations(built.drops) == []
    # Who stands for a duplicate is a document, and it counts each duplicate once.
    repeats = built.drops.filter(
        pl.col("reason").is_in(["exact_duplicate", "near_duplicate", "bridges_splits"])
    )
    assert (
        repeats.join(
            built.documents,
            left_on=["kept_channel_id", "kept_message_id"],
            right_on=["channel_id", "message_id"],
        ).height
        == repeats.height
    )
    assert built.documents["duplicates_count"].sum() == repeats.height
    clusters = built.documents.select(pl.format("{}/{}", "channel_id", "message_id").alias("key"))["key"]
    assert set(built.documents["cluster"]) <= set(clusters)
    shuffle.shuffle(rows)
    again = documents.build(table(rows), recipe=RECIPE)
    assert again.documents.equals(built.documents)
    assert again.drops.equals(built.drops)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([], "there are no posts", id="no posts"),
        pytest.param(
            [post("", 1), post("ሰላም", 2)], "none of 2 posts is kept.*1 empty, 1 too_short", id="none fit"
        ),
        pytest.param(
            distinct(2), r"2 documents are too few to split \(train 2, validation 0, test 0\)", id="two"
        ),
    ],
)
def test_too_small_a_corpus_is_one_sentence_that_says_what_to_do(
    rows: list[dict[str, object]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        documents.build(table(rows), recipe=RECIPE)


def test_unaccounted_posts_names_each_violation() -> None:
    posts = table(distinct(10))
    built = documents.build(posts, recipe=RECIPE)
    lost = built.documents.filter(pl.col("message_id") != 3)
    assert documents.unaccounted_posts(posts, lost, built.drops) == ["1/3 is neither a document nor a drop"]
    both = pl.concat([built.drops, DROPS.frame([{"channel_id": 1, "message_id": 4, "reason": "empty"}])])
    assert documents.unaccounted_posts(posts, built.documents, both) == ["1/4 is accounted for twice"]
    assert documents.unaccounted_posts(posts.head(9), built.documents, built.drops) == [
        "1/10 was never a post"
    ]
