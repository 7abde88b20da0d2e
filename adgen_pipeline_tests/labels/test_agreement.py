"""Agreement against worked examples of the sources, and against the definitions written out pair by pair."""

from collections import Counter
from itertools import permutations

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adgen_pipeline.label_schemas import ADJUDICATION, AGREEMENT, ANNOTATIONS
from adgen_pipeline.labels.agreement import (
    adjudication,
    agreement,
    alpha,
    cohen_kappa,
    compared,
    confusion,
    fleiss_kappa,
    masi_distance,
    poor_agreement,
)
from adgen_pipeline.labels.agreement_charts import figures

# Krippendorff (2011), section C: four observers, twelve units, values 1 to 5; alpha is 0.743.
OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
COUNTS = np.array(
    [[sum(o[u] == str(v) for o in OBSERVERS) for v in range(1, 6)] for u in range(12)], dtype=float
)
NOMINAL = 1 - np.eye(5)


def annotations(*answers: tuple[int, str, list[str] | None]) -> pl.DataFrame:
    """Answers of message ids by annotators; None: skipped."""
    rows = [
        {"channel_id": 1, "message_id": i, "annotator": who, "labels": sorted(labels or []),
         "is_skipped": labels is None, "source": "a.json"}
        for i, who, labels in answers
    ]  # fmt: skip
    return ANNOTATIONS.conform(ANNOTATIONS.frame(rows))


def test_alpha_is_that_of_krippendorffs_example() -> None:
    assert alpha(COUNTS, NOMINAL)[0] == pytest.approx(0.743, abs=5e-4)
    interval = np.subtract.outer(np.arange(5), np.arange(5)) ** 2.0
    assert alpha(COUNTS, interval)[0] == pytest.approx(0.849, abs=5e-4)


def test_cohens_kappa_is_that_of_a_table_of_fifty_proposals() -> None:
    table = {(1, 1): 20, (1, 0): 5, (0, 1): 10, (0, 0): 15}
    pairs = [pair for pair, count in table.items() for _ in range(count)]
    assert cohen_kappa([a for a, _ in pairs], [b for _, b in pairs]) == pytest.approx(0.4)


def test_fleiss_kappa_is_that_of_fourteen_raters_and_ten_subjects() -> None:
    subjects = (
        "0 0 0 0 14|0 2 6 4 2|0 0 3 5 6|0 3 9 2 0|2 2 8 1 1|7 7 0 0 0|3 2 6 3 0|2 5 3 2 2|6 5 2 1 0|0 2 2 3 7"
    )
    counts = np.array([[float(n) for n in row.split()] for row in subjects.split("|")])
    assert fleiss_kappa(counts) == pytest.approx(0.210, abs=5e-4)


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=2, max_size=4), min_size=2, max_size=8))
def test_alpha_is_one_minus_disagreement_within_units_over_disagreement_at_large(
    units: list[list[str]],
) -> None:
    everything = [value for unit in units for value in unit]
    assume(len(set(everything)) > 1)
    counts = np.array([[float(unit.count(v)) for v in "abc"] for unit in units])
    within = sum(sum(a != b for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units) / len(
        everything
    )
    count = Counter(everything)
    at_large = sum(count[a] * count[b] for a, b in permutations("abc", 2))
    at_large_share = at_large / (len(everything) * (len(everything) - 1))
    assert alpha(counts, 1 - np.eye(3))[0] == pytest.approx(1 - within / at_large_share)


def test_two_who_always_agree_have_one_and_a_label_that_nobody_gave_has_none() -> None:
    given_labels = [["ad", "telecom"], ["not_ad"], ["ad", "travel"], ["not_ad"], ["ad"]]
    table = agreement(
        annotations(*((i, who, labels) for i, labels in enumerate(given_labels) for who in ("a", "b"))),
        samples=200,
        seed=1,
    )
    assert AGREEMENT.violations(table) == []
    rows = {row["label"]: row for row in table.iter_rows(named=True)}
    for label in ("ad", "telecom", "travel", "all"):
        assert rows[label]["alpha"] == pytest.approx(1)
        assert rows[label]["alpha_low"] == pytest.approx(1)
        assert rows[label]["cohen_kappa"] == pytest.approx(1)
    assert rows["ad"]["positive_share"] == pytest.approx(0.6)
    assert (rows["gambling"]["alpha"], rows["gambling"]["observed_agreement"]) == (None, 1.0)
    assert poor_agreement(table, minimum_alpha=0.67) == []


def test_two_who_answer_by_chance_have_about_zero_and_are_warned_of() -> None:
    chance = np.random.default_rng(3).integers(0, 2, size=(400, 2))
    table = agreement(
        annotations(
            *((i, f"p{p}", ["ad" if row[p] else "not_ad"]) for i, row in enumerate(chance) for p in (0, 1))
        ),
        samples=200,
        seed=1,
    )
    row = table.row(by_predicate=pl.col("label") == "ad", named=True)
    assert row["alpha_low"] < 0 < row["alpha_high"] or abs(row["alpha"]) < 0.1
    assert row["alpha_low"] < row["alpha"] < row["alpha_high"]
    assert {line.split(":")[0] for line in poor_agreement(table, minimum_alpha=0.67)} == {"ad", "all"}


def test_skipped_answers_adjudicators_and_single_answers_do_not_count() -> None:
    table = annotations(
        (1, "a", ["ad"]), (1, "b", None), (2, "a", ["ad"]), (2, "boss", ["not_ad"]), (3, "a", ["ad"])
    )
    assert compared(table, ["boss"]) == []
    row = agreement(table, adjudicators=["boss"], samples=10, seed=1).row(0, named=True)
    assert (row["posts_count"], row["answers_count"], row["alpha"]) == (0, 0, None)
    assert figures(agreement(table, adjudicators=["boss"], samples=10, seed=1), []) == {}


def test_who_gave_only_a_tag_has_not_said_whether_it_is_an_ad() -> None:
    table = agreement(
        annotations((1, "a", ["politics"]), (1, "b", ["not_ad", "politics"])), samples=10, seed=1
    )
    counts = dict(table.select("label", "posts_count").iter_rows())
    assert (counts["ad"], counts["politics"]) == (0, 1)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("ab", "ab", 0),
        ("", "", 0),
        ("a", "b", 1),
        ("", "a", 1),
        ("a", "ab", 1 - 2 / 3 / 2),
        ("ab", "bc", 1 - 1 / 9),
    ],
)
def test_masi_is_overlap_times_monotony(first: str, second: str, distance: float) -> None:
    assert masi_distance(frozenset(first), frozenset(second)) == pytest.approx(distance)
    assert masi_distance(frozenset(second), frozenset(first)) == pytest.approx(distance)


def test_confusion_shows_what_stands_against_what() -> None:
    units = compared(
        annotations((1, "a", ["ad", "telecom"]), (1, "b", ["ad", "media"]), (1, "c", ["ad", "media"]))
    )
    # columns are ad, telecom, media; three pairs of answers
    assert confusion(units) == {"ad": [3, 0, 0], "telecom": [0, 0, 2], "media": [0, 2, 1]}


def test_figures_are_small_pngs() -> None:
    pairs = [(["ad"], ["ad"]), (["not_ad"], ["ad"]), (["not_ad"], ["not_ad"])]
    table = annotations(
        *((i, who, labels) for i, pair in enumerate(pairs) for who, labels in zip("ab", pair, strict=True))
    )
    drawn = figures(agreement(table, samples=50, seed=1), compared(table))
    assert set(drawn) == {"alpha", "confusion"}
    assert all(image.startswith(b"\x89PNG") and len(image) < 100_000 for image in drawn.values())


def test_posts_on_which_people_differ_wait_until_an_adjudicator_answers() -> None:
    answers = [
        (1, "a", ["ad", "telecom"]), (1, "b", ["ad", "media"]),
        (2, "a", ["ad"]), (2, "b", ["ad"]),
        (3, "a", ["ad"]), (3, "b", None),
        (4, "a", ["ad"]), (4, "b", ["not_ad"]),
    ]  # fmt: skip
    table = adjudication(annotations(*answers), adjudicators=["boss"])
    assert ADJUDICATION.violations(table) == []
    assert table.select("message_id", "agreed", "disputed").rows() == [
        (1, ["ad"], ["media", "telecom"]),
        (4, [], ["ad", "not_ad"]),
    ]
    assert table["answers"][1].to_list() == [
        {"annotator": "a", "labels": ["ad"]},
        {"annotator": "b", "labels": ["not_ad"]},
    ]
    decided = annotations(*answers, (4, "boss", ["not_ad"]))
    assert adjudication(decided, adjudicators=["boss"])["message_id"].to_list() == [1]
