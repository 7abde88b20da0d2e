import random
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.corpus import documents
from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import DOCUMENTS, DROPS
from adgen_pipeline_tests.corpus.posts import START, post, table
from adgen_pipeline_tests.corpus.test_dedup import chain, sentence

DAYS = [START.date() + timedelta(days=day) for day in (7, 8)]
RECIPE = CorpusRecipe(validation_from=DAYS[0], test_from=DAYS[1])
# What is posted after the test is for training again: three days of the twelve lie there.
RESUMED = RECIPE.model_copy(update={"test_until": START.date() + timedelta(days=9)})
DAY = 24


def distinct(count: int, channel_id: int = 1, first: int = 1) -> list[dict[str, object]]:
    """Posts that say different things, one a day; of ten, eight are for training and one for each other split."""
    return [
        post(sentence(1000 * channel_id + n), n, channel_id=channel_id, hour=DAY * (n - 2))
        for n in range(first, first + count)
    ]


def splits(rows: list[dict[str, object]], recipe: CorpusRecipe = RECIPE) -> dict[tuple[int, int], str]:
    built = documents.build(table(rows), recipe=recipe).documents
    return {(c, m): split for c, m, split in built.select("channel_id", "message_id", "split").iter_rows()}


def test_posts_are_split_at_the_days_of_the_recipe() -> None:
    found = splits(distinct(10, 1) + distinct(4, 2, first=7))
    assert [key for key, split in found.items() if split == "validation"] == [(1, 9), (2, 9)]
    assert [key for key, split in found.items() if split == "test"] == [(1, 10), (2, 10)]


def test_the_first_moment_of_a_day_in_utc_belongs_to_its_split() -> None:
    moment = datetime(*DAYS[1].timetuple()[:3], tzinfo=UTC)
    midnight = post(sentence(5), 50) | {"date": moment}
    before = post(sentence(6), 51) | {"date": moment - timedelta(microseconds=1)}
    found = splits([*distinct(10), midnight, before])
    assert (found[1, 50], found[1, 51]) == ("test", "validation")


@pytest.mark.parametrize("recipe", [RECIPE, RESUMED])
def test_a_post_without_a_date_is_not_trained_on(recipe: CorpusRecipe) -> None:
    assert splits([*distinct(10), post(sentence(5), 50) | {"date": None}], recipe)[1, 50] == "test"


def test_posts_after_the_test_are_for_training_again_and_move_no_other() -> None:
    found = splits(distinct(14), RESUMED)
    assert [key for key, split in found.items() if split == "test"] == [(1, 10)]
    assert {found[1, number] for number in range(11, 15)} == {"train"}
    assert splits(distinct(10), RESUMED) == splits(distinct(10))


def test_a_post_that_repeats_the_test_is_not_trained_on() -> None:
    again = post(sentence(1010), 50, hour=12 * DAY)
    built = documents.build(table([*distinct(10), again]), recipe=RESUMED)
    (dropped,) = built.drops.iter_rows(named=True)
    assert (dropped["message_id"], dropped["kept_message_id"]) == (50, 10)


def test_a_held_out_channel_is_a_test_of_its_own_as_a_whole() -> None:
    recipe = RECIPE.model_copy(update={"held_out_channels": (2,)})
    found = splits(distinct(10, 1) + distinct(10, 2), recipe)
    assert {split for (c, _), split in found.items() if c == 2} == {"test_channel"}
    with pytest.raises(DataError, match="test_channel 0"):
        splits(distinct(10, 1), recipe)


def test_a_post_of_a_training_channel_that_repeats_a_held_out_one_is_dropped() -> None:
    recipe = RECIPE.model_copy(update={"held_out_channels": (2,)})
    rows = [
        *distinct(10),
        post(sentence(5), 1, channel_id=2, hour=-9),
        post(sentence(5) + " ነገ", 99, hour=-8),
    ]
    built = documents.build(table(rows), recipe=recipe)
    assert built.drops.row(0, named=True) == {
        "channel_id": 1,
        "message_id": 99,
        "reason": "near_duplicate",
        "kept_channel_id": 2,
        "kept_message_id": 1,
    }


def test_a_chain_of_similar_posts_stays_on_the_side_of_its_oldest_post() -> None:
    first, second, third = chain()
    rows = [
        *distinct(10),
        post(first, 11, hour=0),
        post(second, 12, hour=500),
        post(third, 13, hour=501),
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

DRAWN = st.tuples(TEXTS, st.integers(1, 3), st.integers(0, 12 * DAY))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(DRAWN, max_size=25),
    st.randoms(use_true_random=False),
    st.sampled_from([RECIPE, RESUMED]),
)
def test_any_posts_are_each_kept_or_dropped_once_and_no_cluster_is_in_two_splits(
    drawn: list[tuple[str, int, int]], shuffle: random.Random, recipe: CorpusRecipe
) -> None:
    rows = [post(text, 100 + n, channel_id=c, hour=h) for n, (text, c, h) in enumerate(drawn)] + distinct(10)
    posts = table(rows)
    built = documents.build(posts, recipe=recipe)
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
    again = documents.build(table(rows), recipe=recipe)
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
            distinct(8),
            r"a split of 8 documents is empty \(train 8, validation 0, test 0\).*"
            "validation_from: 2025-01-10, test_from: 2025-01-11",
            id="nothing new",
        ),
        pytest.param(distinct(1), "within too few days to be split by date: add exports", id="one post"),
    ],
)
def test_too_small_a_corpus_is_one_sentence_that_says_what_to_do(
    rows: list[dict[str, object]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        documents.build(table(rows), recipe=RECIPE)


def test_a_recipe_without_dates_is_refused_with_dates_that_work() -> None:
    rows = distinct(40)
    with pytest.raises(DataError, match="does not say from which day on") as caught:
        splits(rows, CorpusRecipe())
    proposed = re.findall(r"_from: (\d{4}-\d\d-\d\d)", str(caught.value))
    validation_from, test_from = (date.fromisoformat(day) for day in proposed)
    counts = Counter(
        splits(rows, CorpusRecipe(validation_from=validation_from, test_from=test_from)).values()
    )
    assert counts == {"train": 33, "validation": 2, "test": 5}


@settings(max_examples=40, deadline=None)
@given(st.lists(DRAWN, max_size=20), st.lists(DRAWN, max_size=10), st.sampled_from([RECIPE, RESUMED]))
def test_newer_messages_move_no_document_to_another_split_and_drop_none(
    old: list[tuple[str, int, int]], new: list[tuple[str, int, int]], recipe: CorpusRecipe
) -> None:
    before = distinct(10) + [post(text, 100 + n, channel_id=c, hour=h) for n, (text, c, h) in enumerate(old)]
    after = before + [
        post(text, 500 + n, channel_id=c, hour=12 * DAY + 1 + h) for n, (text, c, h) in enumerate(new)
    ]
    found, grown = (documents.build(table(rows), recipe=recipe) for rows in (before, after))
    same = ["channel_id", "message_id", "split"]
    kept = grown.documents.filter(pl.col("message_id") < 500)
    assert kept.select(same).equals(found.documents.select(same))
    assert grown.drops.filter(pl.col("message_id") < 500).equals(found.drops)
    assert not _parted(found.documents["cluster"], kept["cluster"])


def _parted(before: pl.Series, after: pl.Series) -> list[str]:
    """Clusters whose documents are no longer in one, or in one that had no document before."""
    now = pl.DataFrame({"before": before, "after": after}).group_by("before").agg(pl.col("after").unique())
    known = set(before)
    return [cluster for cluster, others in now.iter_rows() if len(others) != 1 or others[0] not in known]


def test_a_newer_message_that_is_like_two_clusters_of_a_split_makes_them_one() -> None:
    before = [*distinct(10), post(sentence(0, 26), 100, hour=0), post(sentence(0, 34), 101, hour=1)]
    between = post(sentence(0, 30), 500, hour=12 * DAY)
    found, grown = (documents.build(table(r), recipe=RECIPE) for r in (before, [*before, between]))
    of_both = pl.col("message_id").is_in([100, 101])
    assert found.documents.filter(of_both)["cluster"].to_list() == ["1/100", "1/101"]
    assert grown.documents.filter(of_both)["cluster"].to_list() == ["1/100", "1/100"]
    assert grown.documents.filter(of_both)["split"].to_list() == ["train", "train"]


@settings(max_examples=40, deadline=None)
@given(st.lists(DRAWN, max_size=20), st.lists(DRAWN, max_size=20))
def test_another_channel_of_any_age_moves_no_document_to_another_split(
    old: list[tuple[str, int, int]], new: list[tuple[str, int, int]]
) -> None:
    before = distinct(10) + [post(text, 100 + n, channel_id=c, hour=h) for n, (text, c, h) in enumerate(old)]
    other = [post(text, n, channel_id=9, hour=h) for n, (text, _, h) in enumerate(new)]
    found, grown = (documents.build(table(rows), recipe=RECIPE) for rows in (before, before + other))
    same = ["channel_id", "message_id", "split"]
    lost = found.documents.join(grown.documents, on=same, how="anti").select("channel_id", "message_id")
    reasons = lost.join(grown.drops, on=["channel_id", "message_id"], how="left")["reason"]
    assert set(reasons) <= {"exact_duplicate", "near_duplicate", "bridges_splits"}


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
