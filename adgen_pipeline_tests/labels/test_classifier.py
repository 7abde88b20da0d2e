from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.errors import DataError
from adgen_pipeline.labels.classifier import SETTINGS_FILE, Classifier, Texts, load
from adgen_pipeline.labels.classifier import train as learn
from adgen_pipeline.labels.features import LETTER_SHARE, STEM_SHARE, plain, rows

_THINGS = {"retail": ["ጫማ", "ቀሚስ", "ሸሚዝ", "ጃኬት"], "travel": ["ጉብኝት", "ቪዛ", "ሆቴል", "በረራ"]}
_FILLERS = ["ዛሬ", "በጣም", "ጥሩ", "አዲስ", "ለሁሉም", "ቦሌ", "መገናኛ", "እንዲሁም", "ብዙ", "ነገ"]


def _texts(count: int, seed: int) -> tuple[list[str], np.ndarray]:
    rng = Random(seed)
    texts, targets = [], []
    for _ in range(count):
        held = [rng.random() < 0.5 for _ in _THINGS]
        words = rng.sample(_FILLERS, 4)
        words += [rng.choice(things) for has, things in zip(held, _THINGS.values(), strict=True) if has]
        rng.shuffle(words)
        texts.append(" ".join(words))
        targets.append(held)
    return texts, np.array(targets)


def train(texts: list[str], targets: np.ndarray) -> Classifier:
    weights = np.ones(targets.shape, np.float32)
    known = Texts(texts, targets, weights, np.zeros(targets.shape, np.bool_), np.arange(len(texts)))
    return learn(known, list(_THINGS), strength=10.0, seed=7)[0]


def test_several_labels_of_a_text_are_told_on_texts_never_seen() -> None:
    texts, targets = _texts(400, seed=1)
    classifier = train(texts, targets)
    unseen, wanted = _texts(200, seed=2)
    found = classifier.probabilities(unseen)
    assert found.shape == (200, 2)
    assert ((found >= classifier.threshold) == wanted).mean() >= 0.98
    assert np.abs(found - wanted).mean() < 0.1


def test_a_saved_classifier_answers_the_same_and_the_same_texts_make_the_same_bytes(tmp_path: Path) -> None:
    texts, targets = _texts(120, seed=3)
    written = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        made = train(texts, targets)
        made.save(tmp_path / name)
        written.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert written[0] == written[1]
    assert np.array_equal(load(tmp_path / "first").probabilities(texts), made.probabilities(texts))


def test_a_classifier_of_other_features_is_refused(tmp_path: Path) -> None:
    texts, targets = _texts(40, seed=4)
    train(texts, targets).save(tmp_path)
    settings = tmp_path / SETTINGS_FILE
    settings.write_text(settings.read_text().replace("524288", "1024"))
    with pytest.raises(DataError, match="labels/classifier"):
        load(tmp_path)


def test_a_label_that_too_few_texts_have_is_not_learnt() -> None:
    texts, targets = _texts(40, seed=5)
    assert not train(texts, np.zeros_like(targets)).is_learnt.any()


def test_what_people_said_outweighs_weak_labels_and_sets_the_threshold() -> None:
    texts, targets = _texts(300, seed=8)
    is_said = np.zeros(targets.shape, np.bool_)
    is_said[:150] = True
    noise = np.random.default_rng(2).random(targets.shape) < 0.5
    wrong = np.where(is_said, targets, noise)
    weights = np.ones(targets.shape, np.float32)
    made, judged = learn(
        Texts(texts, wrong, weights, is_said, np.arange(300)), list(_THINGS), strength=10.0, seed=7
    )
    unseen, wanted = _texts(100, seed=9)
    assert made.is_taught.all()
    assert ((made.probabilities(unseen) >= made.threshold) == wanted).mean() > 0.9
    assert not np.isnan(judged).any()


def test_no_texts_have_no_probabilities() -> None:
    texts, targets = _texts(40, seed=6)
    classifier = train(texts, targets)
    assert classifier.probabilities([]).shape == (0, 2)


@given(st.lists(st.text(alphabet="ሀላፕቶ ab0@#!.", max_size=30), min_size=1, max_size=6))
def test_a_text_has_the_same_features_alone_and_among_others(texts: list[str]) -> None:
    together = rows(texts).toarray()
    alone = np.concatenate([rows([text]).toarray() for text in texts])
    assert np.array_equal(together, alone)


def test_rows_hold_each_n_gram_once_and_letters_and_stems_their_shares() -> None:
    # " ab " holds the letters space, a and b, three pairs, two triples and itself; one word.
    found = rows(["ab"])
    assert found.nnz == 3 + 3 + 2 + 1 + 1
    assert np.isclose(found.max(), STEM_SHARE)
    assert np.isclose(np.linalg.norm(found.toarray()), np.hypot(LETTER_SHARE, STEM_SHARE))
    assert rows([""]).nnz == 2  # the two spaces around nothing: a letter and a pair


def test_repeats_weigh_less_than_their_number() -> None:
    often = rows(["ቀሚስ ቀሚስ ቀሚስ"]).toarray()[0]
    assert 1 < often[often < STEM_SHARE / 2].max() / often[often > 0].min() < 3


def test_many_weak_labels_do_not_outvote_what_people_said() -> None:
    texts, targets = _texts(200, seed=11)
    others, _ = _texts(4000, seed=12)
    weak = np.zeros((len(others), 2), np.bool_)  # rules that know no sign of the labels
    is_said = np.arange(len(texts) + len(others)) < len(texts)
    made, _ = learn(
        Texts(
            [*texts, *others],
            np.concatenate([targets, weak]),
            np.concatenate([np.ones(targets.shape), np.full(weak.shape, 0.1)]).astype(np.float32),
            np.stack([is_said, is_said], axis=1),
            np.arange(len(is_said)),
        ),
        list(_THINGS),
        strength=10.0,
        seed=7,
    )
    unseen, wanted = _texts(200, seed=13)
    assert ((made.probabilities(unseen) >= made.threshold) == wanted).mean() > 0.98


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ADVERTISMENT ጫማ 500 ብር", "ጫማ 900 ብር"),
        ("ይደውሉ 0900000011 @abc_sample_shop", "ይደውሉ 0900000022 @xyz_sample_shop"),
        ("ሊንክ https://example.com/a", "ሊንክ t.me/b"),
        ("🔥🔥 ሕክምና!", "ህክምና!"),
    ],
)
def test_what_tells_a_channel_or_a_price_is_made_alike(one: str, other: str) -> None:
    assert plain(one) == plain(other)
