from datetime import date

import polars as pl
import pytest

from adgen_pipeline import figures
from adgen_pipeline.corpus import documents, statistics
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import CHANNEL_PROFILES, NGRAMS, POST_LABELS, WORD_FREQUENCIES
from adgen_pipeline_tests.corpus.posts import post, table

TEXTS = ["አዲስ ጫማ እና ቦርሳ በ 1200 ብር", "አዲስ ጫማ እና ሸሚዝ በ 900 ብር", "ጥቁር ቦርሳ ዛሬ መጣ Samsung samsung"]
DAYS = [date(2025, 1, 7), date(2025, 1, 8)]  # the posts are sent on three days from 2025-01-06
RECIPE = CorpusRecipe(validation_from=DAYS[0], test_from=DAYS[1])


@pytest.fixture(scope="module")
def posts() -> pl.DataFrame:
    rows = [post(text, n, hour=25 * n - 24) for n, text in enumerate(TEXTS, 1)]
    rows[0]["hashtags"] = ["#ጫማ", "#ቦርሳ"]
    rows[1]["hashtags"] = ["#ጫማ"]
    return table([*rows, post("", 9, hour=26), post(TEXTS[0] + " ነገ ይምጡ", 1, channel_id=2)])


@pytest.fixture(scope="module")
def kept(posts: pl.DataFrame) -> pl.DataFrame:
    return documents.build(posts, recipe=RECIPE).documents


def test_word_counts_are_those_of_counting_by_hand(kept: pl.DataFrame) -> None:
    found = statistics.word_frequencies(kept)
    assert WORD_FREQUENCIES.violations(found) == []
    rows = {row["word"]: row for row in found.iter_rows(named=True)}
    assert (rows["ጫማ"]["count"], rows["ጫማ"]["documents_count"], rows["ጫማ"]["channels_count"]) == (3, 3, 2)
    assert (rows["samsung"]["count"], rows["samsung"]["documents_count"]) == (2, 1)
    assert rows["እና"]["is_stop_word"]
    assert not rows["ጫማ"]["is_stop_word"]
    assert "1200" not in rows
    assert found["share"].sum() == pytest.approx(1)


def test_ngrams_stay_within_a_document_and_leave_numbers_out(kept: pl.DataFrame) -> None:
    found = statistics.ngrams(kept)
    assert NGRAMS.violations(found) == []
    counts = {
        row["ngram"]: (row["n"], row["count"], row["documents_count"]) for row in found.iter_rows(named=True)
    }
    assert counts["አዲስ ጫማ"] == (2, 3, 3)
    assert counts["አዲስ ጫማ እና"] == (3, 3, 3)
    assert not any("ብር አዲስ" in ngram or "1200" in ngram for ngram in counts)


def test_a_profile_counts_hours_in_the_zone_and_ads_among_posts_with_text(
    posts: pl.DataFrame, kept: pl.DataFrame
) -> None:
    labels = POST_LABELS.frame(
        [
            {"channel_id": 1, "message_id": 1, "vertical": "retail", "is_ad": True},
            {"channel_id": 1, "message_id": 2, "vertical": "retail", "is_ad": True},
            {"channel_id": 1, "message_id": 3, "vertical": None, "is_ad": False},
        ]
    )
    found = statistics.channel_profiles(posts, labels, kept, zone="Africa/Addis_Ababa")
    assert CHANNEL_PROFILES.violations(found) == []
    first, second = found.to_dicts()
    assert (first["posts_count"], first["documents_count"], first["ads_count"]) == (4, 3, 2)
    assert first["ad_share"] == pytest.approx(2 / 3)
    assert [hour for hour, count in enumerate(first["hour_counts"]) if count] == [10, 11, 12]
    assert first["hour_counts"][11] == 2  # the empty post came with the second one, at eleven
    assert first["weekday_counts"] == [1, 2, 1, 0, 0, 0, 0]
    assert first["verticals"] == [{"vertical": "retail", "posts_count": 2}]
    assert first["top_hashtags"] == ["#ጫማ", "#ቦርሳ"]
    assert (second["ads_count"], second["ad_share"], second["verticals"]) == (0, 0.0, [])


def test_figures_are_small_pngs_even_of_empty_tables(posts: pl.DataFrame, kept: pl.DataFrame) -> None:
    profiles = statistics.channel_profiles(posts, POST_LABELS.empty(), kept, zone="Africa/Addis_Ababa")
    charts = statistics.profile_figures(profiles)
    assert {"posting_hours", "posting_weekdays"} <= set(charts)
    charts["words"] = statistics.top_words_figure(statistics.word_frequencies(kept))
    charts["no words"] = statistics.top_words_figure(WORD_FREQUENCIES.empty())
    charts |= statistics.profile_figures(CHANNEL_PROFILES.empty())
    assert all(c.startswith(b"\x89PNG") and len(c) <= figures.MAXIMUM_BYTES for c in charts.values())
