"""What people decide about a post, and that it wins over the rules."""

import pytest

from adgen_pipeline.labels.consensus import best_source, decided
from adgen_pipeline.schemas import POST_LABELS
from adgen_pipeline_tests.labels.test_agreement import annotations


def decision(*answers: tuple[str, list[str] | None]) -> dict[str, object] | None:
    """What is decided about one post; `boss` adjudicates."""
    table = decided(annotations(*((5, who, labels) for who, labels in answers)), adjudicators=["boss"])
    assert POST_LABELS.violations(table) == []
    return table.row(0, named=True) if table.height else None


@pytest.mark.parametrize(
    ("answers", "is_ad", "verticals", "tags", "confidence"),
    [
        pytest.param([("a", ["ad", "telecom"])], True, ["telecom"], [], 1.0, id="one person"),
        pytest.param(
            [("a", ["ad", "telecom"]), ("b", ["ad", "media"]), ("c", ["ad", "media"])],
            True, ["media"], [], 2 / 3, id="two of three",
        ),
        pytest.param([("a", ["ad", "telecom"]), ("b", ["ad", "media"])], True, [], [], 1.0, id="a tie of verticals"),
        pytest.param(
            [("a", ["ad", "media"]), ("b", ["not_ad"]), ("c", ["not_ad", "politics"])],
            False, [], [], 2 / 3, id="no ad has no vertical",
        ),
        pytest.param([("a", ["ad"]), ("boss", ["not_ad", "politics"])], False, [], ["politics"], 1.0, id="adjudicated"),
        pytest.param([("a", ["ad"]), ("b", None), ("c", ["politics"])], True, [], [], 1.0, id="skipped, a tag"),
    ],
)  # fmt: skip
def test_the_majority_or_an_adjudicator_decides(
    answers: list[tuple[str, list[str] | None]],
    is_ad: bool,
    verticals: list[str],
    tags: list[str],
    confidence: float,
) -> None:
    row = decision(*answers)
    assert row is not None
    assert (row["is_ad"], row["verticals"], row["tags"], row["source"]) == (is_ad, verticals, tags, "human")
    assert row["vertical"] == (verticals[0] if verticals else None)
    assert row["confidence"] == pytest.approx(confidence)


@pytest.mark.parametrize(
    "answers",
    [[("a", ["ad"]), ("b", ["not_ad"])], [("a", None)], [("a", ["politics"])]],
    ids=["a tie", "skipped", "a tag alone"],
)
def test_where_nobody_decided_nothing_is_said(answers: list[tuple[str, list[str] | None]]) -> None:
    assert decision(*answers) is None


def test_people_win_over_rules_and_add_no_posts() -> None:
    weak = POST_LABELS.frame(
        [
            {"channel_id": 1, "message_id": i, "vertical": None, "verticals": [], "tags": [], "is_ad": False,
             "confidence": 0.5, "source": "rule", "evidence": []}
            for i in (1, 2)
        ]
    )  # fmt: skip
    human = decided(annotations((2, "a", ["ad", "travel"]), (9, "a", ["ad"])))
    table = best_source(weak, human)
    assert table.select("message_id", "is_ad", "source").rows() == [(1, False, "rule"), (2, True, "human")]
    assert best_source(weak, human.clear()).equals(POST_LABELS.conform(weak))
