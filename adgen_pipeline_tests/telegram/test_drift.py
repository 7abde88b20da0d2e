from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from adgen_pipeline.corpus.profiles import late_channels
from adgen_pipeline.telegram.drift import shifts

LAST = datetime(2024, 6, 30, tzinfo=UTC)


def _posts(recent: list[tuple[str, int]], before: list[tuple[str, int]]) -> pl.LazyFrame:
    rows = [
        {"date": LAST - timedelta(days=days, minutes=number), "language": language, "post": "ሀ" * chars}
        for days, part in ((1, recent), (100, before))
        for number, (language, chars) in enumerate(part)
    ]
    return pl.LazyFrame(
        rows, schema={"date": pl.Datetime("us", "UTC"), "language": pl.String, "post": pl.String}
    )


@pytest.mark.parametrize(
    ("recent", "words"),
    [
        pytest.param([("am", 100)] * 60, [], id="as before"),
        pytest.param([("am", 100)] * 40 + [("en", 100)] * 40, ["en, 0% → 50%"], id="another language"),
        pytest.param([("am", 300)] * 60, ["median of 300 characters in the newest month, 100 before"], id="longer"),
        pytest.param([("am", 30)] * 60, ["median of 30"], id="shorter"),
        pytest.param([("en", 900)] * 20, [], id="too few to tell"),
    ],
)  # fmt: skip
def test_a_newest_month_unlike_all_before_is_told(recent: list[tuple[str, int]], words: list[str]) -> None:
    found = shifts(_posts(recent, [("am", 100)] * 80))
    assert len(found) == len(words)
    assert all(expected in line for expected, line in zip(words, found, strict=True))


def test_a_channel_without_posts_has_not_shifted() -> None:
    assert shifts(_posts([], [])) == []


def test_a_channel_whose_newest_post_is_far_behind_the_others_is_late() -> None:
    profiles = pl.DataFrame(
        {"channel_id": [1, 2, 3], "last_date": [LAST, LAST - timedelta(days=40), LAST - timedelta(days=46)]}
    )
    (line,) = late_channels(profiles)
    assert line.startswith("channel 3: ")
    assert "46 days before the newest" in line
    assert late_channels(profiles.clear()) == []
