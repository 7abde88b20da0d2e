from datetime import UTC, date, datetime

import polars as pl
import pytest

from adgen_pipeline.corpus import documents, profiles
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import POST_LABELS
from adgen_pipeline_tests.corpus.posts import post, table

ZONE = "Africa/Addis_Ababa"
TEXTS = ["አዲስ ጫማ እና ቦርሳ በ 1200 ብር", "አዲስ ጫማ እና ሸሚዝ በ 900 ብር", "ጥቁር ቦርሳ ዛሬ መጣ Samsung samsung"]


@pytest.fixture(scope="module")
def posts() -> pl.DataFrame:
    rows = [post(text, n) for n, text in enumerate(TEXTS, 1)]
    rows[0]["hashtags"] = ["#ጫማ", "#ቦርሳ", "#ጫማ"]
    rows[1]["hashtags"] = ["#ጫማ", "#0900000012", "#42"]
    rows[0]["emojis"] = ["🔥", "🔥", "✅"]
    rows[2]["reactions_count"] = 8
    return table([*rows, post("", 9, hour=26), post(TEXTS[0] + " ነገ ይምጡ", 1, channel_id=2)])


@pytest.fixture(scope="module")
def kept(posts: pl.DataFrame) -> pl.LazyFrame:
    recipe = CorpusRecipe(validation_from=date(2025, 1, 7), test_from=date(2025, 1, 8))
    days = posts.with_columns(pl.col("date") + pl.duration(days=pl.col("message_id") - 1))  # splits need them
    return documents.build(days, recipe=recipe).documents.lazy()


def profile(posts: pl.DataFrame, labels: pl.DataFrame, kept: pl.LazyFrame) -> pl.DataFrame:
    return profiles.channel_profiles(posts.lazy(), labels.lazy(), kept, zone=ZONE)


def test_a_profile_counts_hours_in_the_zone_and_ads_among_posts_with_text(
    posts: pl.DataFrame, kept: pl.LazyFrame
) -> None:
    labels = POST_LABELS.frame(
        [
            {"channel_id": 1, "message_id": 1, "vertical": "retail", "is_ad": True},
            {"channel_id": 1, "message_id": 2, "vertical": "retail", "is_ad": True},
            {"channel_id": 1, "message_id": 3, "vertical": None, "is_ad": False},
        ]
    )
    found = profile(posts, labels, kept)
    assert CHANNEL_PROFILES.violations(found) == []
    first, second = found.to_dicts()
    assert (first["posts_count"], first["documents_count"], first["ads_count"]) == (4, 3, 2)
    assert first["ad_share"] == pytest.approx(2 / 3)
    assert [hour for hour, count in enumerate(first["hour_counts"]) if count] == [10, 11, 12]
    assert first["hour_counts"][11] == 2  # the empty post came a day and an hour later, at eleven
    assert first["weekday_counts"] == [3, 1, 0, 0, 0, 0, 0]
    assert [place for place, count in enumerate(first["week_hour_counts"]) if count] == [10, 11, 12, 24 + 11]
    assert first["months"] == [{"month": date(2025, 1, 1), "posts_count": 4}]
    assert first["verticals"] == [{"vertical": "retail", "posts_count": 2}]
    assert (second["ads_count"], second["ad_share"], second["verticals"]) == (0, 0.0, [])


def test_a_profile_tells_length_signs_and_reactions_of_posts_with_text(
    posts: pl.DataFrame, kept: pl.LazyFrame
) -> None:
    first = profile(posts, POST_LABELS.empty(), kept).to_dicts()[0]
    assert (first["words_p10"], first["median_words"], first["words_p90"]) == pytest.approx((6.2, 7, 7))
    assert first["emojis_per_post"] == 1
    assert first["hashtags_per_post"] == 2
    assert first["reactions_per_post"] == 2  # of all posts: pictures get reactions too
    assert first["top_emojis"] == [{"emoji": "✅", "posts_count": 1}, {"emoji": "🔥", "posts_count": 1}]
    assert first["top_hashtags"][0] == {"hashtag": "#ጫማ", "posts_count": 2}


def test_months_and_hours_are_those_of_the_zone_at_the_turn_of_a_month(kept: pl.LazyFrame) -> None:
    row = {**post(TEXTS[0]), "date": datetime(2025, 1, 31, 22, 30, tzinfo=UTC)}
    found = profile(table([row]), POST_LABELS.empty(), kept).to_dicts()[0]
    assert found["months"] == [{"month": date(2025, 2, 1), "posts_count": 1}]
    assert found["hour_counts"][1] == 1
    assert found["weekday_counts"][5] == 1


def test_a_channel_whose_posts_have_no_date_has_a_profile_of_zeros(kept: pl.LazyFrame) -> None:
    found = profile(table([{**post(TEXTS[0]), "date": None}]), POST_LABELS.empty(), kept)
    assert CHANNEL_PROFILES.violations(found) == []
    row = found.to_dicts()[0]
    assert (row["posts_count"], sum(row["hour_counts"]), len(row["week_hour_counts"])) == (1, 0, 168)
    assert row["months"] == []


def test_the_most_used_signs_leave_numbers_of_people_out(posts: pl.DataFrame, kept: pl.LazyFrame) -> None:
    table = profile(posts, POST_LABELS.empty(), kept)
    assert profiles.most_used(table, "top_hashtags") == {"#ጫማ": 2, "#ቦርሳ": 1}
    assert profiles.most_used(table, "top_emojis", 1) == {"✅": 1}
    assert profiles.most_used(CHANNEL_PROFILES.empty(), "top_emojis") == {}
