import random
from collections.abc import Sequence

import numpy as np
import pytest

from adgen_pipeline.embedding.negatives import LARGEST_OVERLAP, clusters_of, fitting, mine
from adgen_pipeline.embedding.pairs import Pair

ANGLES = {  # degrees from the query
    "ጫማ ፈልጌ": 0.0,
    "ምርጥ የቆዳ ጫማ አለን": 20.0,
    "ሌላ ዓይነት ጫማ በቅናሽ": 25.0,
    "የስፖርት ጫማ ለልጆች": 50.0,
    "አዲስ ላፕቶፕ": 75.0,
}
QUERY, PARTNER, TOO_NEAR, HARD, EASY = ANGLES


def _encode(texts: Sequence[str]) -> np.ndarray:
    radians = np.radians([ANGLES.get(text, 90.0) for text in texts])
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def _pairs(*further: Pair) -> list[Pair]:
    others = (TOO_NEAR, HARD, EASY)
    return [
        Pair(QUERY, PARTNER, "1/1"),
        *(Pair(f"ጥያቄ {number}", text, f"1/{number}") for number, text in enumerate(others, start=2)),
        *further,
    ]


def test_the_nearest_text_that_is_clearly_farther_than_the_partner_is_the_negative() -> None:
    assert mine(_pairs(), _encode, ceiling=0.9)[0] == HARD


def test_a_text_about_as_near_as_the_partner_may_be_one_and_is_taken_only_with_a_higher_ceiling() -> None:
    assert mine(_pairs(), _encode, ceiling=1.0)[0] == TOO_NEAR


def test_a_further_partner_of_the_same_anchor_is_no_negative() -> None:
    assert mine(_pairs(Pair(QUERY, HARD, "1/9")), _encode, ceiling=0.9)[0] == EASY


def test_a_text_of_the_partners_cluster_is_no_negative() -> None:
    assert mine(_pairs(Pair("ሌላ ጥያቄ", PARTNER, "1/3")), _encode, ceiling=0.9)[0] == EASY


def test_a_text_that_shares_half_its_words_with_the_partner_is_no_negative(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repost = f"{PARTNER} ዛሬ"
    monkeypatch.setitem(ANGLES, repost, 40.0)
    assert mine(_pairs(Pair("ሌላ ጥያቄ", repost, "2/7")), _encode, ceiling=0.9)[0] == HARD


def test_a_pair_whose_partner_is_unlike_it_has_no_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANGLES, "ጥያቄ 4", 170.0)  # 95 degrees from its partner
    assert mine(_pairs(), _encode, ceiling=0.9)[3] is None


@pytest.mark.parametrize("seed", range(5))
def test_no_negative_is_the_partner_or_a_copy_of_it_or_of_its_cluster(seed: int) -> None:
    draw = random.Random(seed)
    words = [f"ቃል{number}" for number in range(12)]  # so few that texts are often alike
    pairs = [
        Pair(" ".join(draw.sample(words, 2)), " ".join(draw.sample(words, 4)), str(draw.randrange(25)))
        for _ in range(120)
    ]

    def encode(texts: Sequence[str]) -> np.ndarray:
        vectors = np.array([[word in text.split() for word in words] for text in texts], dtype=np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    found = mine(pairs, encode, ceiling=1.0)
    assert any(found)
    clusters = clusters_of(pairs)
    for pair, negative in zip(pairs, found, strict=True):
        if negative is None:
            continue
        assert negative not in {other.positive for other in pairs if other.anchor == pair.anchor}
        assert (clusters[pair.anchor] | clusters[pair.positive]).isdisjoint(clusters[negative])
        one, other = set(negative.split()), set(pair.positive.split())
        assert len(one & other) / len(one | other) < LARGEST_OVERLAP
        near = encode([pair.anchor, negative, pair.positive])
        assert near[0] @ near[1] <= near[0] @ near[2]


def test_a_negative_that_is_of_the_cluster_of_another_pair_of_the_batch_is_left_out() -> None:
    pairs = _pairs()
    clusters = clusters_of(pairs)
    assert fitting(pairs[:1], [HARD], clusters) == [HARD]
    assert fitting([pairs[0], pairs[2]], [HARD, EASY], clusters) == [EASY]
    assert fitting([pairs[0], pairs[1]], [EASY, EASY], clusters) == [EASY]
    assert fitting(pairs[:2], [None, None], clusters) == []
