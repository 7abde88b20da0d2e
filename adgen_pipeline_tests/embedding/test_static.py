import random
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from adgen_pipeline.embedding.held_out import HeldOut
from adgen_pipeline.embedding.pairs import Pair
from adgen_pipeline.embedding.static import batches, matryoshka_dimensions, train_static, train_tokenizer
from adgen_pipeline.embedding_recipe import EmbeddingRecipe
from adgen_pipeline.errors import TrainingError


def _pairs(texts: Iterable[tuple[str, str]]) -> list[Pair]:
    return [Pair(*pair, str(number)) for number, pair in enumerate(texts)]


def test_no_text_stands_twice_in_a_batch_and_every_row_comes_once_an_epoch() -> None:
    pairs = _pairs((f"a{row % 7}", f"p{row}") for row in range(70))
    epoch = list(batches(pairs, 16, random.Random(1)))
    rows = [row for batch in epoch for row in batch]
    assert sorted(rows) == list(range(70))
    for batch in epoch:
        texts = [text for row in batch for text in pairs[row][:2]]
        assert len(texts) == len(set(texts))


def test_rows_that_share_one_text_with_all_others_are_left_out_of_the_epoch() -> None:
    assert list(batches(_pairs(("a", f"p{row}") for row in range(5)), 4, random.Random(1))) == []


def test_no_cluster_stands_twice_in_a_batch() -> None:
    pairs = [Pair(f"a{row}", f"p{row}", str(row % 10)) for row in range(60)]
    epoch = list(batches(pairs, 16, random.Random(1)))
    assert sorted(row for batch in epoch for row in batch) == list(range(60))
    for batch in epoch:
        clusters = [pairs[row].cluster for row in batch]
        assert len(clusters) == len(set(clusters))


def test_an_epoch_ends_before_its_batches_shrink_to_repeats_of_one_text() -> None:
    pairs = _pairs(
        [(f"a{row}", f"p{row}") for row in range(32)] + [("title", f"body {row}") for row in range(40)]
    )
    assert [len(batch) for batch in batches(pairs, 16, random.Random(1))] in ([16, 16], [16, 16, 16])


def test_a_batch_is_never_larger_than_asked_for() -> None:
    pairs = _pairs((f"a{row}", f"p{row}") for row in range(10))
    assert [len(batch) for batch in batches(pairs, 4, random.Random(1))] == [4, 4, 2]


@pytest.mark.parametrize(("dimensions", "parts"), [(256, [256, 128, 64]), (32, [32, 16]), (8, [8])])
def test_halves_and_quarters_of_a_vector_are_trained_too(dimensions: int, parts: list[int]) -> None:
    assert matryoshka_dimensions(dimensions) == parts


def test_pieces_do_not_cross_words() -> None:
    tokenizer = train_tokenizer(["ቆዳ ጫማ ቆዳ ጫማ"] * 20, vocabulary=100)
    assert tokenizer.encode("ቆዳ ጫማ").tokens == ["▁ቆዳ", "▁ጫማ"]


def test_too_few_pairs_are_one_sentence_that_says_what_to_do() -> None:
    with pytest.raises(TrainingError, match=r"gave 1 text pair.*embedding\.model"):
        train_static([Pair("ጫማ", "ቆዳ", "1/1")], EmbeddingRecipe(), report=lambda step, steps, loss: None)


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    pairs = _pairs((f"ጫማ {row}", f"ቆዳ {row}") for row in range(8))
    recipe = EmbeddingRecipe(dimensions=16, learning_rate=3e37, epochs=4)
    with pytest.raises(TrainingError, match="learning_rate"):
        train_static(pairs, recipe, report=lambda step, steps, loss: None)


def _topics(count: int) -> list[Pair]:
    """Pairs of random words and one word of 40 that tells what they are about."""
    draw = random.Random(1)
    words = [f"ቃል{number}" for number in range(200)]
    return [
        Pair(
            " ".join([*draw.sample(words, 2), f"ርዕስ{row % 40}"]),
            " ".join([*draw.sample(words, 6), f"ርዕስ{row % 40}"]),
            str(row % 40),
        )
        for row in range(count)
    ]


def _trained(recipe: EmbeddingRecipe) -> tuple[SentenceTransformer, HeldOut, list[tuple[int, float]], int]:
    pairs = _topics(400)
    held_out = HeldOut.of(pairs[:80], pairs[80:])
    seen: list[tuple[int, float]] = []
    steps: list[int] = []
    model = train_static(
        pairs[80:],
        recipe,
        held_out=held_out,
        report=lambda step, total, loss: steps.append(step),
        measured=lambda step, reached: seen.append((step, reached)),
    )
    return model, held_out, seen, len(steps)


# So high a rate that the encoder becomes worse again.
FALLING = EmbeddingRecipe(
    dimensions=16, vocabulary=600, batch_size=32, epochs=30, learning_rate=3.0, patience=3, evaluate_steps=2
)


def test_training_ends_when_held_out_pairs_are_found_no_better_and_the_best_weights_stay() -> None:
    model, held_out, seen, steps = _trained(FALLING)
    reached = [value for _, value in seen]
    best = reached.index(max(reached))
    assert seen[-1][0] == steps < 30 * 10
    assert len(seen) == best + 1 + 3
    assert max(reached[best + 1 :]) <= reached[best]

    def encode(texts: Sequence[str]) -> np.ndarray:
        return np.asarray(model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False))

    assert held_out.ndcg(encode) == pytest.approx(reached[best], abs=0.005)


def test_stopping_is_the_same_each_time() -> None:
    assert _trained(FALLING)[2] == _trained(FALLING)[2]


def test_without_patience_nothing_is_measured_and_all_epochs_are_taken() -> None:
    recipe = FALLING.model_copy(update={"patience": None, "epochs": 3})
    _, _, seen, steps = _trained(recipe)
    assert seen == []
    assert steps == 3 * len(list(batches(_topics(400)[80:], 32, random.Random(recipe.seed))))


def test_hard_negatives_change_what_is_learned_and_are_the_same_each_time() -> None:
    plain = FALLING.model_copy(update={"patience": None, "epochs": 2, "learning_rate": 0.1})
    hard = plain.model_copy(update={"hard_negatives": True, "negative_ceiling": 1.0})
    weights = [
        _trained(recipe)[0].state_dict()["0.embedding.weight"].numpy() for recipe in (plain, hard, hard)
    ]
    assert not np.array_equal(weights[0], weights[1])
    assert np.array_equal(weights[1], weights[2])


def test_hard_negatives_need_a_second_epoch() -> None:
    with pytest.raises(ValueError, match="set epochs to 2"):
        EmbeddingRecipe(hard_negatives=True, epochs=1)
