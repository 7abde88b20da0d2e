"""A simulated year: models that cannot get worse, room that does not grow, weeks that cost what is new."""

import itertools
from collections.abc import Iterator

import polars as pl
import pytest

from adgen_pipeline.schemas import MESSAGES, POSTS
from benchmarks import year_figure
from benchmarks.year import KEPT_VERSIONS, RETRAIN_AFTER_ADS, Simulation, Week, simulation
from benchmarks.year_dumps import DAMAGED_WEEKS, DAMAGES, POISON_WEEK, READ_PAST, WEEKS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600), pytest.mark.filterwarnings("ignore")]

# A vacuum leaves the newest ones, and of older ones what pointer, champion and the one before it name.
MOST_VERSIONS = KEPT_VERSIONS + 3
BETWEEN_VACUUMS = 3  # weeks, in each of which an artifact gets one version
TRAINED = ("training/model", "training/adapter", "embedding/encoder")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Simulation, list[Week]]]:
    with simulation(tmp_path_factory.mktemp("year")) as year:
        yield year, list(year.run(WEEKS, report=print))


@pytest.fixture(scope="module")
def weeks(simulated: tuple[Simulation, list[Week]]) -> list[Week]:
    return simulated[1]


def test_no_promotion_is_measurably_worse_than_the_one_before(
    simulated: tuple[Simulation, list[Week]],
) -> None:
    year, weeks = simulated
    judged = [week for week in weeks if week.verdict]
    assert 4 <= len(judged) <= 6
    assert all(bool(week.training) == bool(week.verdict) for week in weeks)
    promoted = [week for week in judged if week.verdict == "promoted"]
    assert [week.champion for week in promoted] == list(range(1, len(promoted) + 1))
    assert all(bool(week.reasons) == (week.verdict == "refused") for week in judged)
    kept = [measures(year, number) for number in range(1, len(promoted) + 1)]
    for before, after in itertools.pairwise(kept):
        for name in ("acceptable", "fact_recall", "chrf_masked"):
            assert gain(before, after, name)[1] >= 0, name
        assert gain(before, after, "bits_per_byte")[0] <= 0
    assert gain(kept[0], kept[-1], "bits_per_byte")[1] < 0, "the year made a better model"


def measures(year: Simulation, number: int) -> pl.DataFrame:
    """What was measured of a champion when it was promoted."""
    return pl.read_parquet(year.store.root / "final" / "evaluation" / "champion" / f"{number:04d}.parquet")


def gain(before: pl.DataFrame, after: pl.DataFrame, metric: str) -> tuple[float, float]:
    """Bounds of the mean difference over common cases, two standard errors wide: not the gate's own arithmetic."""
    both = before.filter(metric=metric).join(after.filter(metric=metric), on="case_id")
    differences = (both["value_right"] - both["value"]).to_numpy()
    middle, error = differences.mean(), differences.std(ddof=1) / len(differences) ** 0.5
    return float(middle - 2 * error), float(middle + 2 * error)


def test_nonsense_makes_a_worse_model_that_never_answers_anybody(weeks: list[Week]) -> None:
    week = weeks[POISON_WEEK]
    assert week.new_ads is not None
    assert week.new_ads > 1_000
    assert "labels/post_labels shares_of_labels_hold" in week.warned
    assert week.verdict == "refused"
    assert any("Bits per byte is worse" in reason for reason in week.reasons)
    assert week.champion == weeks[POISON_WEEK - 1].champion
    assert week.ads_before is not None
    assert week.ads_before == week.ads_after, "same model, same ad, letter for letter"
    assert week.ads_during == week.ads_before, "not even between the training and its judgement"
    later = [other for other in weeks if other.verdict == "promoted" and other.number > POISON_WEEK]
    assert later, "once the nonsense is withdrawn"
    assert all(other.ads_after is not None and other.ads_after[0] != week.ads_before[0] for other in later)


def test_what_is_damaged_is_said_and_the_rest_goes_on(simulated: tuple[Simulation, list[Week]]) -> None:
    year, weeks = simulated
    assert {dump.flaw for week in weeks for dump in week.dumps if dump.flaw} == {*DAMAGES, "nonsense"}
    for number, flaw in DAMAGED_WEEKS.items():
        week, (damaged, sound) = weeks[number], weeks[number].dumps
        file = damaged.path.relative_to(year.store.raw).as_posix()
        said = [reason for reason in week.quarantined if reason.startswith(file)]
        assert bool(said) == (flaw not in READ_PAST), (flaw, week.quarantined)
        assert week.left_out == ""
        assert sound.channel_id in week.noticed
        assert ("telegram/posts", str(sound.channel_id)) in week.steps


def test_nothing_is_lost(simulated: tuple[Simulation, list[Week]]) -> None:
    year, weeks = simulated
    newest = {dump.channel_id: week.number for week in weeks for dump in week.dumps if not dump.flaw}
    messages = year.store.scan_partitions(MESSAGES).filter(~pl.col("is_deleted")).collect()
    for channel_id, week in newest.items():
        posted = {record["id"] for record in year.year.posted(channel_id, week)}
        assert posted == set(messages.filter(channel_id=channel_id)["message_id"])
    nonsense = weeks[POISON_WEEK].dumps[0]
    kept = year.store.scan_table(POSTS, str(nonsense.channel_id)).collect()
    assert kept.height <= len(year.year.posted(nonsense.channel_id, WEEKS))


def test_a_week_costs_what_is_new(weeks: list[Week]) -> None:
    for week in weeks[1:]:
        dropped = {dump.channel_id for dump in week.dumps}
        assert {*week.noticed} <= dropped
        read = [(asset, partition) for asset, partition in week.steps if partition is not None]
        assert {int(partition) for _, partition in read if partition} == {*week.noticed}
        assert year_figure.channels_read(week) == len(week.noticed)
        assert not {asset for asset, _ in week.steps} & {*TRAINED, "tokenizer/base", "evaluation/answers"}
        assert len(week.steps) == len(set(week.steps))
        over_all = [asset for asset, partition in week.steps if partition is None]
        assert over_all == [asset for asset, partition in weeks[1].steps if partition is None]
        assert "index/posts" in over_all, "what is new is searched in its week"


def test_a_training_comes_when_enough_is_new_and_not_before(weeks: list[Week]) -> None:
    for week in weeks[1:]:
        assert week.new_ads is not None
        assert bool(week.training) == (week.new_ads >= RETRAIN_AFTER_ADS)
        assert {asset for asset, _ in week.training} >= {*TRAINED, "evaluation/scores"} or not week.training


def test_stored_versions_stay_within_the_rule(simulated: tuple[Simulation, list[Week]]) -> None:
    year, weeks = simulated
    for week in weeks:
        most = MOST_VERSIONS + (0 if week.was_vacuumed else BETWEEN_VACUUMS)
        assert max(week.versions.values()) <= most, (week.number, week.versions)
        assert week.registered <= week.versions["training/model"], week.number
    champions = year.champions()
    assert len(champions) == 2
    for part in (part for one in champions for part in one.parts):
        assert part.verify()


def test_where_nothing_is_new_nothing_runs(simulated: tuple[Simulation, list[Week]]) -> None:
    year, _ = simulated
    assert year.again() == []
