from typing import Any

import polars as pl
import pytest

from adgen_pipeline.artifacts import Store
from adgen_pipeline.corpus.chat import messages
from adgen_pipeline.feedback_schemas import FEEDBACK, PREFERENCES
from adgen_pipeline.forgotten import Entry, Forgotten
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.comparisons import Comparisons
from adgen_pipeline.generation.feedback import feedback_table, incomplete, preferences
from adgen_pipeline.generation.prompt import spoken

BRIEF = understand("ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2,500 ብር", source="brief.md")


def ad(slotted: str, **more: Any) -> dict[str, Any]:
    values = {
        "text": slotted.replace("⟨price_1⟩", "2,500 ብር"), "slotted": slotted, "channel_id": 7, "format": "post",
        "exemplars": [], "written_by": "model", "model": "m1", "index": "i1",
    }  # fmt: skip
    return {**values, **more}


@pytest.fixture
def archive(store: Store) -> Archive:
    """Three ads for one brief and channel, and one for another channel."""
    archive = Archive.of(store)
    ads = [ad("ጥሩ ጫማ ⟨price_1⟩"), ad("ደካማ ጫማ"), ad("ሌላ ጫማ ⟨price_1⟩"), ad("ለሌላ ቻናል", channel_id=3)]
    archive.keep(BRIEF, ads, at=1.0, ids=["a", "b", "c", "d"])
    return archive


def pairs(archive: Archive, minimum: int = 1) -> list[tuple[str, str, str]]:
    found = preferences(feedback_table(archive), Comparisons(archive).table(), minimum=minimum)
    assert PREFERENCES.violations(PREFERENCES.conform(found)) == []
    return sorted(found.select("kind", "chosen", "rejected").iter_rows())


def test_a_verdict_stands_beside_its_ad_and_brief_by_role(archive: Archive) -> None:
    archive.judge("a", "edit", role="reviewer", at=2.5, text="ጥሩ ጫማ 2,500 ብር፣ 7 ቀለም")
    table = feedback_table(archive)
    assert FEEDBACK.violations(FEEDBACK.conform(table)) == []
    (row,) = table.iter_rows(named=True)
    assert (row["role"], row["verdict"], row["channel_id"], row["model"]) == ("reviewer", "edit", 7, "m1")
    assert (row["invented"], row["given_utc"].timestamp()) == (["7"], 2.5)


def test_nothing_given_is_an_empty_table(store: Store) -> None:
    assert feedback_table(Archive.of(store)).height == 0


def test_an_accepted_ad_is_preferred_to_a_rejected_one_for_the_same_brief_and_channel(
    archive: Archive,
) -> None:
    archive.judge("a", "accept", role="manager", at=2.0)
    for ad_id in ("b", "d"):
        archive.judge(ad_id, "reject", role="manager", at=2.0, reason="dull")
    assert pairs(archive) == [("verdict", "ጥሩ ጫማ ⟨price_1⟩", "ደካማ ጫማ")]


def test_an_edit_is_preferred_to_what_it_was_made_of_with_its_facts_as_slots(archive: Archive) -> None:
    archive.judge("c", "edit", role="manager", at=2.0, text="ምርጥ ጫማ በ2,500 ብር")
    assert pairs(archive) == [("edit", "ምርጥ ጫማ በ⟨price_1⟩", "ሌላ ጫማ ⟨price_1⟩")]


def test_an_edit_that_invents_a_fact_or_changes_nothing_teaches_nothing(archive: Archive) -> None:
    archive.judge("a", "edit", role="manager", at=2.0, text="ጫማ በ1,900 ብር")
    archive.judge("c", "edit", role="manager", at=2.0, text="ሌላ ጫማ 2,500 ብር")
    archive.judge("b", "reject", role="manager", at=2.0, reason="dull")
    assert pairs(archive) == [("verdict", "ሌላ ጫማ ⟨price_1⟩", "ደካማ ጫማ")]


def test_only_the_latest_verdict_on_an_ad_counts(archive: Archive) -> None:
    archive.judge("b", "reject", role="manager", at=2.0, reason="dull")
    archive.judge("a", "accept", role="manager", at=2.0)
    archive.judge("a", "reject", role="manager", at=3.0, reason="wrong")
    assert pairs(archive) == []


def test_fewer_pairs_than_the_threshold_are_none(archive: Archive) -> None:
    archive.judge("c", "edit", role="manager", at=2.0, text="ምርጥ ጫማ በ2,500 ብር")
    assert len(pairs(archive, minimum=1)) == 1
    assert pairs(archive, minimum=2) == []


def test_a_pair_stands_under_the_prompt_that_the_preferred_ad_answered(store: Store) -> None:
    archive = Archive.of(store)
    asked = [{"role": "system", "content": "ጻፍ"}, {"role": "user", "content": "መረጃ:\nምርት: ጫማ"}]
    post, document = {"channel_id": 7, "message_id": 4}, {"channel_id": None, "message_id": None}
    other = {"channel_id": 7, "message_id": 2}
    ads = [
        ad("ጥሩ ጫማ", prompt=asked, exemplars=[post, document]),
        ad("ደካማ ጫማ", prompt=asked[:1], exemplars=[other, post]),
    ]
    archive.keep(BRIEF, ads, at=1.0, ids=["a", "b"])
    archive.judge("a", "accept", role="manager", at=2.0)
    archive.judge("b", "reject", role="manager", at=2.0, reason="dull")
    (pair,) = preferences(feedback_table(archive), Comparisons(archive).table(), minimum=1).to_dicts()
    assert pair["prompt"] == asked
    assert pair["exemplars"] == [other, post]


def test_ads_kept_without_their_prompt_get_that_of_their_brief_without_posts(archive: Archive) -> None:
    archive.judge("a", "accept", role="manager", at=2.0)
    (row,) = feedback_table(archive).to_dicts()
    assert row["prompt"] == messages(spoken(BRIEF), [])


def test_what_is_forgotten_is_no_feedback(archive: Archive) -> None:
    for ad_id in ("a", "d"):
        archive.judge(ad_id, "accept", role="manager", at=2.0)
    table = feedback_table(archive, forgotten=Forgotten((Entry(channel_id=3),)))
    assert table["ad_id"].to_list() == ["a"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"verdict": "maybe"}, "means nothing", id="a verdict that is none"),
        pytest.param({"verdict": "edit"}, "no edited text", id="an edit without a text"),
        pytest.param({"edited": "ሌላ"}, "an edited text", id="another text accepted"),
        pytest.param({"verdict": "reject", "reason": " "}, "without a reason", id="a rejection for nothing"),
    ],
)
def test_a_verdict_that_lacks_what_it_needs_is_found(
    archive: Archive, change: dict[str, str], words: str
) -> None:
    archive.judge("a", "accept", role="manager", at=2.0)
    table = feedback_table(archive)
    assert incomplete(table) == []
    (problem,) = incomplete(table.with_columns(**{name: pl.lit(value) for name, value in change.items()}))
    assert words in problem
