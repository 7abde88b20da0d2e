import sqlite3
from typing import Any

import pytest

from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.feedback_schemas import COMPARISONS, FEEDBACK, PREFERENCES
from adgen_pipeline.forgotten import Entry, Forgotten
from adgen_pipeline.generation.archive import Answer, Archive
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.comparisons import (
    Comparisons,
    VotedError,
    in_drawn_order,
    preferred,
    unknown_choices,
    verdicts_digest,
)
from adgen_pipeline.generation.feedback import preferences
from adgen_pipeline_tests.generation.test_feedback import ad

BRIEF = understand("ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2,500 ብር", source="brief.md")
ADS = [ad("ጥሩ ጫማ ⟨price_1⟩", model="m1"), ad("ደካማ ጫማ", model="template", written_by="template")]


@pytest.fixture
def archive(store: Store) -> Archive:
    return Archive.of(store)


def kept(
    archive: Archive, name: str = "c1", ads: list[dict[str, Any]] | None = None, **more: Any
) -> Comparisons:
    comparisons = Comparisons(archive)
    ids = [f"{name}-a", f"{name}-b"]
    comparisons.keep(BRIEF, ads or ADS, comparison_id=name, ids=ids, seed=3, at=1.0, **more)
    return comparisons


def vote(comparisons: Comparisons, choice: Any, voter: str = "v1", name: str = "c1") -> None:
    comparisons.vote(name, choice, voter=voter, role="reviewer", at=2.0)


def test_the_seed_alone_decides_who_comes_first() -> None:
    orders = [[a["model"] for a in in_drawn_order(ADS, seed=seed)] for seed in range(200)]
    assert orders == [[a["model"] for a in in_drawn_order(ADS[::-1], seed=seed)] for seed in range(200)]
    assert 70 < sum(order == ["m1", "template"] for order in orders) < 130


def test_two_ads_come_back_as_they_were_shown(archive: Archive) -> None:
    comparison = kept(archive).one("c1")
    assert comparison is not None
    assert (comparison.seed, comparison.first.ad["model"], comparison.second.ad["model"]) == (
        3,
        "m1",
        "template",
    )
    assert not comparison.is_same
    assert Comparisons(archive).one("c2") is None


def test_a_vote_stands_beside_what_it_was_on_by_role(archive: Archive) -> None:
    comparisons = kept(archive)
    vote(comparisons, "first")
    table = comparisons.table()
    assert COMPARISONS.violations(COMPARISONS.conform(table)) == []
    (row,) = table.iter_rows(named=True)
    assert (row["choice"], row["role"], row["first_model"], row["second_model"]) == (
        "first", "reviewer", "m1", "template",
    )  # fmt: skip
    assert "v1" not in str(row)
    assert unknown_choices(table) == []


def test_a_voter_votes_once_and_another_one_too(archive: Archive) -> None:
    comparisons = kept(archive)
    vote(comparisons, "first")
    with pytest.raises(VotedError, match="voted on this comparison before"):
        vote(comparisons, "second")
    vote(comparisons, "both", voter="v2")
    assert [given.choice for given in comparisons.votes()] == ["first", "both"]
    given = comparisons.vote_of("c1", "v2")
    assert given is not None
    assert given.choice == "both"
    assert comparisons.vote_of("c1", "v3") is None


def test_a_comparison_that_is_not_there_takes_no_vote(archive: Archive) -> None:
    with pytest.raises(ArtifactError, match="no comparison c9"):
        vote(kept(archive), "first", name="c9")


def test_compared_ads_are_no_past_ads_before_somebody_voted(archive: Archive) -> None:
    (other,) = archive.keep(BRIEF, [ad("ሌላ")], at=1.0)
    comparisons = kept(archive)
    assert [stored.ad_id for stored in archive.ads()] == [other]
    vote(comparisons, "neither")
    assert {stored.ad_id for stored in archive.ads()} == {other, "c1-a", "c1-b"}


def test_a_refused_comparison_leaves_nothing(archive: Archive) -> None:
    kept(archive)
    with pytest.raises(ArtifactError):
        kept(archive, answer=("key", Answer("digest", {})))
    assert archive.answered("key") is None
    assert len(archive.ads()) == 0


def test_the_better_ad_is_preferred_and_a_draw_teaches_nothing(archive: Archive) -> None:
    comparisons = kept(archive)
    for voter, choice in (("v1", "second"), ("v2", "first"), ("v3", "first")):
        vote(comparisons, choice, voter)
    for number, choice in enumerate(("both", "neither")):
        kept(archive, f"d{number}")
        vote(comparisons, choice, name=f"d{number}")
    kept(archive, "e")
    vote(comparisons, "first", "v1", "e")
    vote(comparisons, "second", "v2", "e")
    (pair,) = preferred(comparisons.table())
    assert (pair["kind"], pair["chosen"], pair["rejected"]) == ("comparison", "ጥሩ ጫማ ⟨price_1⟩", "ደካማ ጫማ")
    assert (pair["chosen_feedback_id"], pair["model"]) == (2, "template")
    table = preferences(FEEDBACK.frame([]), comparisons.table(), minimum=1)
    assert PREFERENCES.violations(PREFERENCES.conform(table)) == []
    assert table["kind"].to_list() == ["comparison"]


def test_what_is_forgotten_is_neither_table_nor_comparison(archive: Archive) -> None:
    comparisons = kept(archive)
    kept(archive, "c2", [ad("አንድ", model="m1", channel_id=3), ad("ሁለት", model="m2", channel_id=3)])
    for name in ("c1", "c2"):
        vote(comparisons, "first", name=name)
    forgotten = Forgotten((Entry(channel_id=3),))
    assert comparisons.table(forgotten=forgotten)["comparison_id"].to_list() == ["c1"]
    archive.erase(archive.forgotten_ads(forgotten))
    assert comparisons.one("c2") is None
    assert [given.comparison_id for given in comparisons.votes()] == ["c1"]


def test_a_vote_changes_what_names_the_verdicts(archive: Archive) -> None:
    comparisons = kept(archive)
    before = verdicts_digest(archive)
    assert before == verdicts_digest(archive)
    vote(comparisons, "first")
    assert verdicts_digest(archive) != before


def test_an_archive_of_before_there_were_comparisons_is_read_and_written_on(archive: Archive) -> None:
    archive.keep(BRIEF, [ad("ሌላ")], at=1.0, ids=["old"])
    connection = sqlite3.connect(archive.path)
    for table in ("votes", "comparisons"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    assert [stored.ad_id for stored in archive.ads()] == ["old"]
    vote(kept(archive), "first")
    assert len(archive.ads()) == 3
