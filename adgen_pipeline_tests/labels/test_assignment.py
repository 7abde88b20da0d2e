"""Who is asked about which post: ranges, overlap, and drawing where ads are rare."""

import random
from collections.abc import Collection

import polars as pl
import pytest
from pydantic import ValidationError

from adgen_pipeline.label_schemas import LABEL_TASKS
from adgen_pipeline.labels.assignment import assign, draw
from adgen_pipeline.recipe import AnnotatorGroup, LabelsRecipe, MessageRange
from adgen_pipeline.schemas import POST_LABELS

LARGE, SMALL = 100, 200


def posts_of(sizes: dict[int, int]) -> pl.DataFrame:
    rows = [
        {"channel_id": c, "message_id": m, "search_key": f"{c} {m}", "is_empty": m % 10 == 0}
        for c, size in sizes.items()
        for m in range(1, size + 1)
    ]
    return pl.DataFrame(rows)


def labels_of(posts: pl.DataFrame, *, ads: Collection[int] = ()) -> pl.DataFrame:
    rows = [
        {"channel_id": c, "message_id": m, "vertical": "travel" if m in ads else None,
         "verticals": ["travel"] if m in ads else [], "tags": [], "is_ad": m in ads,
         "confidence": 0.5 + (m % 50) / 100, "source": "rule", "evidence": []}
        for c, m in posts.select("channel_id", "message_id").iter_rows()
    ]  # fmt: skip
    return POST_LABELS.frame(rows)


def group(name: str, *ranges: MessageRange, people: tuple[str, ...] = ()) -> AnnotatorGroup:
    return AnnotatorGroup(name=name, annotators=people or (f"{name}-1", f"{name}-2"), ranges=ranges)


CUSTOMER = LabelsRecipe(
    groups=(
        group("one", MessageRange(channel=LARGE, first=1, last=1000), MessageRange(channel=SMALL)),
        group("two", MessageRange(channel=LARGE, first=1001)),
    )
)


def test_a_group_gets_its_range_of_a_large_channel_and_the_whole_of_a_small_one() -> None:
    posts = posts_of({LARGE: 2000, SMALL: 50, 300: 20})
    tasks = assign(posts, labels_of(posts), recipe=CUSTOMER)
    assert LABEL_TASKS.violations(tasks) == []
    first = tasks.filter(~pl.col("is_overlap"))
    asked = {(c, m): g for c, m, g in first.select("channel_id", "message_id", "group").iter_rows()}
    with_text = posts.filter(~pl.col("is_empty") & (pl.col("channel_id") != 300))
    expected = {
        (c, m): "two" if c == LARGE and m > 1000 else "one"
        for c, m in with_text.select("channel_id", "message_id").iter_rows()
    }
    assert asked == expected
    assert first.height == len(expected)
    for name, people in (("one", {"one-1", "one-2"}), ("two", {"two-1", "two-2"})):
        of_group = first.filter(group=name)["annotator"].value_counts()
        assert set(of_group["annotator"]) == people
        assert of_group["count"].min() > 0.4 * of_group["count"].sum()  # type: ignore[operator]


def test_the_overlap_goes_to_one_other_person_each_of_any_group() -> None:
    posts = posts_of({LARGE: 2000, SMALL: 50})
    tasks = assign(posts, labels_of(posts), recipe=CUSTOMER)
    twice = tasks.filter("is_overlap")
    assert 0.10 <= twice.height / tasks.filter(~pl.col("is_overlap")).height <= 0.20
    by_post = tasks.group_by("channel_id", "message_id").agg(
        "annotator", pl.col("annotator").n_unique().alias("n")
    )
    assert by_post.filter(pl.col("annotator").list.len() != pl.col("n")).is_empty()
    assert set(twice["annotator"]) == {"one-1", "one-2", "two-1", "two-2"}
    assert (
        assign(posts, labels_of(posts), recipe=CUSTOMER.model_copy(update={"overlap": 0.0}))
        .filter("is_overlap")
        .is_empty()
    )


def test_a_post_keeps_its_annotators_when_others_come() -> None:
    before, after = (posts_of({LARGE: size, SMALL: 50}) for size in (1500, 2500))
    old, new = (assign(posts, labels_of(posts), recipe=CUSTOMER) for posts in (before, after))
    assert old.join(new, on=old.columns, how="anti").is_empty()
    assert assign(after.sample(fraction=1, shuffle=True, seed=1), labels_of(after), recipe=CUSTOMER).equals(
        new
    )


def test_rare_ads_are_drawn_though_the_rules_find_only_some_of_them() -> None:
    chance = random.Random(5)
    posts = posts_of({LARGE: 5000}).with_columns(is_empty=pl.lit(value=False))
    ads = set(chance.sample(range(1, 5001), 150))  # 3 % of a channel of news
    found = set(chance.sample(sorted(ads), 90))  # the rules find 60 % of them
    recipe = LabelsRecipe(
        groups=(group("one", MessageRange(channel=LARGE)),), tasks_per_group=200, overlap=0.0
    )
    tasks = assign(posts, labels_of(posts, ads=found), recipe=recipe)
    assert tasks.height == 200
    drawn = len(ads & set(tasks["message_id"]))
    assert drawn >= 90  # by chance it would be 6
    assert set(tasks["chosen_for"]) == {"uncertainty", "stratum"}


def test_places_that_a_small_stratum_leaves_go_to_the_others_and_texts_are_drawn_once() -> None:
    table = pl.DataFrame(
        {
            "channel_id": [1] * 12,
            "message_id": list(range(12)),
            "search_key": [*"aabcdefghijk"],
            "stratum": ["travel"] * 2 + ["ad"] * 3 + ["not_ad"] * 7,
            "confidence": [0.9, 0.9, 0.9, 0.51, 0.9, *[0.6 + n / 100 for n in range(7)]],
        }
    )
    drawn = draw(table, 8, seed=1)
    assert drawn["stratum"].value_counts().sort("stratum").rows() == [("ad", 3), ("not_ad", 4), ("travel", 1)]
    assert 1 not in drawn["message_id"]
    doubted = drawn.filter(chosen_for="uncertainty")["message_id"].to_list()
    assert {3, 5, 6} <= set(doubted)
    assert draw(table, 100, seed=1).height == 11
    assert draw(table.clear(), 5, seed=1).is_empty()


def written(name: str, people: str, *ranges: tuple[int, int | None, int | None]) -> dict[str, object]:
    """A group as a recipe's YAML gives it; the annotators parted by spaces."""
    parts = [{"channel": channel, "first": first, "last": last} for channel, first, last in ranges]
    return {"name": name, "annotators": people.split(), "ranges": parts}


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        pytest.param(
            [written("a", "x y", (1, 9, 2))], "channel 1, messages 9 to 2 runs backwards", id="backwards"
        ),
        pytest.param(
            [written("a", "x", (1, None, 20)), written("b", "y", (1, 20, None))],
            r"channel 1, messages … to 20 \(a\) and channel 1, messages 20 to … \(b\)",
            id="two groups overlap",
        ),
        pytest.param(
            [written("a", "x y", (1, None, None), (1, 3, 5))],
            "ranges overlap",
            id="a channel and a part of it",
        ),
        pytest.param([written("a", "x", (1, None, None))], "nobody to agree with", id="one annotator alone"),
        pytest.param([written("a", "x x", (1, None, None))], "named twice: x", id="a person twice"),
        pytest.param([written("a", "../x y", (1, None, None))], "pattern", id="a name that is a path"),
        pytest.param([written("a", "x y")], "at least 1", id="no range"),
    ],
)
def test_what_cannot_be_assigned_is_refused_with_the_reason(groups: list[object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        LabelsRecipe.model_validate({"groups": groups})


def test_ranges_that_touch_do_not_overlap() -> None:
    group = written("a", "x y", (1, None, 19), (1, 20, 30), (1, 31, None), (2, None, None))
    assert len(LabelsRecipe.model_validate({"groups": [group]}).groups[0].ranges) == 4
