import numpy as np
import pytest

from adgen_pipeline.labels.evidence import find_evidence
from adgen_pipeline.labels.functions import FUNCTIONS, LABELS, Votes, votes
from adgen_pipeline.labels.label_model import estimate

NAMES = list(FUNCTIONS)


def _vote(text: str) -> dict[tuple[str, str], int]:
    given = votes(find_evidence(text), 1.0)
    return {(NAMES[f], LABELS[label]): int(given[f, label]) for f, label in np.argwhere(given)}


@pytest.mark.parametrize(
    ("text", "function", "label", "vote"),
    [
        ("ላፕቶፖቹን ይዘናል", "amharic_words", "computing_electronics", 1),
        ("A laptop for students", "latin_words", "computing_electronics", 1),
        ("ከዳሸን ባንክ ጋር", "brands", "financial_services", 1),
        ("መልካም በዓል", "no_words", "retail", -1),
        ("ላፕቶፕ እና ኮምፒውተር", "other_vertical", "travel", -1),
        ("አፓርትመንት እና ኮንዶሚኒየም", "outside", "retail", -1),
        ("ዋጋ 500 ብር", "price", "ad", 1),
        ("0900 00 00 11", "contact", "ad", 1),
        ("ዛሬውኑ ያስውቡ", "appeals", "ad", 1),
        ("ፖሊስ አስታወቀ፤ ኮሚሽነሩ ተናገሩ", "reports", "ad", -1),
        ("ለተቸገሩ ወገኖቻችን ደብተር በማሰባሰብ ላይ ነን", "reports", "ad", -1),
        ("መልካም በዓል", "no_offer", "ad", -1),
    ],
)
def test_each_function_votes_on_the_shortest_text(text: str, function: str, label: str, vote: int) -> None:
    assert _vote(text)[function, label] == vote


def test_a_word_means_more_in_a_channel_that_mostly_sells_such_things() -> None:
    given = np.zeros((60, len(FUNCTIONS), len(LABELS)), np.int8)
    said = np.zeros((60, len(LABELS)), np.bool_)
    channels = np.repeat([1, 2], 30)
    given[:28, 0, 1] = 1  # the first channel sells mostly such things, a word of the second one sounds alike
    said[:28, 1] = True
    given[30:32, 0, 1] = 1
    given[30:32, 4, 1] = -1
    given[32:, 3, 1] = -1
    likely = estimate(given, said, channels).likely[:, 1]
    assert likely[0] > 0.9
    assert likely[30] < likely[0]
    assert likely[40] < 0.1


def _simulated(share: float, count: int) -> tuple[Votes, np.ndarray]:
    """Two functions vote for a label with misses and false alarms, the first one better; a third votes against it."""
    draw = np.random.default_rng(5)
    truth = draw.random(count) < share
    given = np.zeros((count, len(FUNCTIONS), len(LABELS)), np.int8)
    for number, (hit, alarm) in enumerate(((0.9, 0.002), (0.7, 0.05))):
        given[:, number, 0] = draw.random(count) < np.where(truth, hit, alarm)
    given[:, 2, 0] = -(draw.random(count) < np.where(truth, 0.05, 0.9)).astype(np.int8)
    return given, truth


def test_a_function_with_fewer_misses_and_false_alarms_weighs_more() -> None:
    given, truth = _simulated(0.3, 4000)
    rules = np.zeros((len(truth), len(LABELS)), np.bool_)
    rules[:, 0] = given[:, :2, 0].any(axis=1)
    model = estimate(given, rules, np.zeros(len(truth), np.int64))
    better, worse = model.chances[0, 1, :2, 2] / model.chances[0, 0, :2, 2]
    assert better > worse


def test_no_posts_give_no_probabilities() -> None:
    model = estimate(
        np.zeros((0, len(FUNCTIONS), len(LABELS)), np.int8),
        np.zeros((0, len(LABELS)), np.bool_),
        np.zeros(0, np.int64),
    )
    assert model.likely.shape == (0, len(LABELS))
    assert np.isfinite(model.chances).all()
