from datetime import date

import polars as pl
import pytest

from adgen_pipeline import figures
from adgen_pipeline.corpus import charts
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES, NGRAMS, WORD_FREQUENCIES

MONTHS = [{"month": date(2024, month, 1), "posts_count": 3 * month} for month in (1, 2, 5)]


def channel(channel_id: int, **values: object) -> dict[str, object]:
    """A row of CHANNEL_PROFILES."""
    return {
        "channel_id": channel_id,
        "channel_name": "ሱቅ $x$ 🔥",
        "posts_count": 100 * channel_id,
        "documents_count": 60,
        "ads_count": 50,
        "ad_share": 0.5,
        "median_words": 20.0,
        "words_p10": 5.0,
        "words_p25": 10.0,
        "words_p75": 30.0,
        "words_p90": 60.0,
        "reactions_per_post": 2.5,
        "hour_counts": list(range(24)),
        "weekday_counts": list(range(7)),
        "week_hour_counts": list(range(168)),
        "months": MONTHS,
        "verticals": [{"vertical": "retail", "posts_count": 50}],
        "languages": [{"language": "am", "posts_count": 60}, {"language": "en", "posts_count": 40}],
        "top_hashtags": [],
        "top_emojis": [],
        **values,
    }


def silent(channel_id: int) -> dict[str, object]:
    """A channel of which nothing is known but that it is there."""
    nothing = {"months": [], "verticals": [], "languages": [], "posts_count": 0, "ad_share": 0.0}
    unknown = dict.fromkeys(("median_words", "words_p10", "words_p25", "words_p75", "words_p90"))
    return channel(channel_id, **nothing, **unknown, hour_counts=[0] * 24, week_hour_counts=[0] * 168)


def phrase(ngram: str, count: int, channels_count: int = 2) -> dict[str, object]:
    return {
        "n": len(ngram.split()),
        "ngram": ngram,
        "count": count,
        "documents_count": count,
        "channels_count": channels_count,
    }


@pytest.mark.parametrize(
    "rows",
    [[channel(1), channel(2)], [channel(1), silent(2)], [silent(1)], [channel(n) for n in range(1, 40)]],
    ids=["two of one name", "one silent", "silent alone", "many"],
)
def test_figures_of_channels_are_small_pngs(rows: list[dict[str, object]]) -> None:
    drawn = charts.of_channels(CHANNEL_PROFILES.frame(rows))
    assert {"channels", "posting_hours", "posting_week"} <= set(drawn)
    assert all(png.startswith(b"\x89PNG") and len(png) <= figures.MAXIMUM_BYTES for png in drawn.values())


def test_no_figure_is_drawn_of_what_no_channel_has() -> None:
    assert charts.of_channels(CHANNEL_PROFILES.empty()) == {}
    assert not {"posts_by_month", "ad_verticals", "languages"} & set(
        charts.of_channels(CHANNEL_PROFILES.frame([silent(1)]))
    )


def test_dates_before_telegram_do_not_stretch_the_months() -> None:
    damaged = [{"month": date(1970, 1, 1), "posts_count": 1}, *MONTHS]
    rows = CHANNEL_PROFILES.frame([channel(1)]), CHANNEL_PROFILES.frame([channel(1, months=damaged)])
    sound, mended = (charts.of_channels(table)["posts_by_month"] for table in rows)
    assert sound == mended  # and the same bytes each time


def test_figures_of_words_are_drawn_of_any_table() -> None:
    words = WORD_FREQUENCIES.frame(
        [
            {
                "word": word,
                "count": 9,
                "documents_count": 1,
                "channels_count": 1,
                "share": 0.1,
                "is_stop_word": False,
            }
            for word in ("ጫማ", "ብር")
        ]
    )
    for table in (words, WORD_FREQUENCIES.empty()):
        assert charts.top_words(table).startswith(b"\x89PNG")
    for table in (NGRAMS.frame([phrase("አዲስ ጫማ", 3)]), NGRAMS.empty()):
        assert charts.top_phrases(table).startswith(b"\x89PNG")


def test_a_phrase_is_shown_once_at_its_full_length() -> None:
    rows = NGRAMS.frame([phrase("ነፃ ማድረሻ", 10), phrase("ነፃ ማድረሻ ይሰጣል", 9), phrase("ማድረሻ ይሰጣል", 9)])
    assert charts.shared_phrases(rows) == {"ነፃ ማድረሻ ይሰጣል": 9}
    rows = NGRAMS.frame([phrase("ነፃ ማድረሻ", 10), phrase("ነፃ ማድረሻ ይሰጣል", 2)])
    assert charts.shared_phrases(rows) == {"ነፃ ማድረሻ": 10}


def test_phrases_of_one_channel_or_with_a_function_word_at_an_end_are_not_shown() -> None:
    rows = [phrase("ነፃ ማድረሻ", 3), phrase("የኛ ሱቅ", 50, channels_count=1), phrase("ሱቅ እና", 20)]
    assert charts.shared_phrases(NGRAMS.frame(rows)) == {"ነፃ ማድረሻ": 3}
    alone = [row for row in rows if row["channels_count"] == 1]
    assert charts.shared_phrases(NGRAMS.frame(alone)) == {"የኛ ሱቅ": 50}


def test_rare_languages_of_a_channel_are_drawn_as_others() -> None:
    counts = [("am", 90), ("en", 9), ("ti", 1)]
    languages = pl.DataFrame([{"language": name, "posts_count": count} for name, count in counts]).to_dicts()
    shares = charts.language_shares({row["language"]: row["posts_count"] for row in languages})
    assert shares["Amharic"] == 90
    assert shares["Tigrinya"] == 0
    assert shares[charts.OTHER] == 1
    assert sum(shares.values()) == pytest.approx(100)
