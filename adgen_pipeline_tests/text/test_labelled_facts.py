"""Facts of sentences marked by hand, half of which the finder was never mended on."""

import pytest

from adgen_pipeline_tests.text.labelled_facts import read_labelled, scores

EXACT = (
    "phone",
    "handle",
    "url",
    "email",
    "hashtag",
    "percent",
    "date",
    "time",
    "price:delivery",
    "price:minimum_order",
)


def test_there_are_enough_sentences_of_every_kind() -> None:
    sentences = read_labelled()
    assert len({sentence.text for sentence in sentences}) >= 130
    assert {kind for sentence in sentences for kind, _, _ in sentence.facts} == {*EXACT, "price", "quantity"}


@pytest.mark.parametrize("half", [0, 1], ids=["mended on", "held out"])
def test_precision_and_recall_of_each_kind(half: int) -> None:
    found = scores(read_labelled()[half::2])
    for kind, score in found.items():
        least = 0.99 if kind in EXACT else 0.9 if kind == "price" else 0.8
        assert (kind, score.precision >= least, score.recall >= least) == (kind, True, True)
