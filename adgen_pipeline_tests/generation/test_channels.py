from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.channels import WEIGHTS, ChannelAdvice, advise, vertical_of
from adgen_pipeline.index.search import PostIndex
from adgen_pipeline_tests.embedding.samples import train_encoder
from adgen_pipeline_tests.generation.profiles import profile
from adgen_pipeline_tests.generation.writers import DIGEST, write_index

BRIEF = understand("ምርት፦ የቆዳ ጫማ\nባህሪያት፦ ለወንዶች የሚሆን ጠንካራ ሶል\nዘርፍ፦ retail", source="b.txt")


PROFILES = CHANNEL_PROFILES.frame(
    [
        profile(
            1,
            ads_count=100,
            verticals=[{"vertical": "retail", "posts_count": 80}],
            languages=[{"language": "am", "posts_count": 90}, {"language": "en", "posts_count": 10}],
            months=[{"month": date(2026, 6, 1), "posts_count": 90}],
            last_date=datetime(2026, 6, 20, tzinfo=UTC),
            hour_counts=[0] * 18 + [5, 9, 7, 0, 0, 0],
            weekday_counts=[1, 1, 1, 1, 9, 1, 1],
        ),
        profile(
            2,
            ads_count=100,
            languages=[{"language": "om", "posts_count": 50}],
            months=[{"month": date(2025, 1, 1), "posts_count": 90}],
            last_date=datetime(2025, 1, 20, tzinfo=UTC),
        ),
        profile(3),
    ]
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> PostIndex:
    folder = tmp_path_factory.mktemp("index")
    posts, _ = write_index(folder)
    return PostIndex(posts, train_encoder(folder, "again"), encoder_digest=DIGEST)


@pytest.fixture(scope="module")
def advice(index: PostIndex) -> list[ChannelAdvice]:
    return advise(BRIEF, index, PROFILES, minimum_score=1.0)


def test_channels_are_ranked_by_the_weighted_parts(advice: list[ChannelAdvice]) -> None:
    assert advice[0].channel_id == 1
    assert [channel.score for channel in advice] == sorted((c.score for c in advice), reverse=True)
    for channel in advice:
        assert all(0 <= value <= 1 for value in channel.parts.values())
        assert channel.score == pytest.approx(sum(WEIGHTS[n] * v for n, v in channel.parts.items()), abs=1e-3)


def test_each_part_has_its_reason(advice: list[ChannelAdvice]) -> None:
    best = advice[0]
    assert best.best_hours == (19, 20, 18)
    said = "\n".join(best.reasons)
    for words in ("similarity", "90% Amharic, 10% English", "30 posts a month", "19:00", "Friday"):
        assert words in said
    silent = next(channel for channel in advice if channel.channel_id == 2)
    assert "516 days older" in "\n".join(silent.reasons)
    assert silent.parts["language"] == 0


def test_a_channel_of_which_nothing_is_known_comes_last_and_says_so(advice: list[ChannelAdvice]) -> None:
    last = advice[-1]
    assert last.channel_id == 3
    assert "none of its ads is near the brief" in last.reasons
    assert "it has no dated posts" in last.reasons


def test_reasons_can_be_amharic_and_are_as_many(index: PostIndex, advice: list[ChannelAdvice]) -> None:
    amharic = advise(BRIEF, index, PROFILES, minimum_score=1.0, language="am")
    assert [(c.channel_id, c.parts) for c in amharic] == [(c.channel_id, c.parts) for c in advice]
    for one, other in zip(amharic, advice, strict=True):
        assert len(one.reasons) == len(other.reasons)
        assert all("\u1200" <= reason[0] <= "\u135a" for reason in one.reasons)
    assert "ዓርብ" in amharic[0].reasons[-1]
    assert "90% አማርኛ" in amharic[0].reasons[2]


def test_the_vertical_is_the_briefs_or_found_in_its_words() -> None:
    brief = understand("ምርት፦ ላፕቶፕ\nባህሪያት፦ 16GB ራም፣ ኮምፒውተር", source="b.txt")
    assert vertical_of(brief, minimum_score=1.0) == "computing_electronics"
    shoes = understand("Product: Leather shoes for men\nFeatures: light, sizes 39 to 45", source="b.txt")
    assert vertical_of(shoes, minimum_score=1.0) == "retail"
    assert vertical_of(understand("ምርት፦ ዕቃ", source="b.txt"), minimum_score=1.0) is None
    flat = understand("ምርት፦ ባለ ሦስት መኝታ አፓርታማ\nባህሪያት፦ ኮንዶሚኒየም ቤት፣ ካርታ ያለው", source="b.txt")
    assert vertical_of(flat, minimum_score=1.0) is None


def test_the_same_brief_gets_the_same_advice(
    index: PostIndex, advice: list[ChannelAdvice], tmp_path: Path
) -> None:
    assert advise(BRIEF, index, PROFILES.reverse(), minimum_score=1.0) == advice
