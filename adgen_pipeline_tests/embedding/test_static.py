import random

import pytest

from adgen_pipeline.embedding.static import batches, matryoshka_dimensions, train_static, train_tokenizer
from adgen_pipeline.errors import TrainingError
from adgen_pipeline.recipe import EmbeddingRecipe


def test_no_text_stands_twice_in_a_batch_and_every_row_comes_once_an_epoch() -> None:
    pairs = [(f"a{row % 7}", f"p{row}") for row in range(70)]
    epoch = list(batches(pairs, 16, random.Random(1)))
    rows = [row for batch in epoch for row in batch]
    assert sorted(rows) == list(range(70))
    for batch in epoch:
        texts = [text for row in batch for text in pairs[row]]
        assert len(texts) == len(set(texts))


def test_rows_that_share_one_text_with_all_others_are_left_out_of_the_epoch() -> None:
    assert list(batches([("a", f"p{row}") for row in range(5)], 4, random.Random(1))) == []


def test_an_epoch_ends_before_its_batches_shrink_to_repeats_of_one_text() -> None:
    pairs = [(f"a{row}", f"p{row}") for row in range(32)] + [("title", f"body {row}") for row in range(40)]
    assert [len(batch) for batch in batches(pairs, 16, random.Random(1))] in ([16, 16], [16, 16, 16])


def test_a_batch_is_never_larger_than_asked_for() -> None:
    pairs = [(f"a{row}", f"p{row}") for row in range(10)]
    assert [len(batch) for batch in batches(pairs, 4, random.Random(1))] == [4, 4, 2]


@pytest.mark.parametrize(("dimensions", "parts"), [(256, [256, 128, 64]), (32, [32, 16]), (8, [8])])
def test_halves_and_quarters_of_a_vector_are_trained_too(dimensions: int, parts: list[int]) -> None:
    assert matryoshka_dimensions(dimensions) == parts


def test_pieces_do_not_cross_words() -> None:
    tokenizer = train_tokenizer(["ቆዳ ጫማ ቆዳ ጫማ"] * 20, vocabulary=100)
    assert tokenizer.encode("ቆዳ ጫማ").tokens == ["▁ቆዳ", "▁ጫማ"]


def test_too_few_pairs_are_one_sentence_that_says_what_to_do() -> None:
    with pytest.raises(TrainingError, match=r"gave 1 text pair.*embedding\.model"):
        train_static([("ጫማ", "ቆዳ")], EmbeddingRecipe(), report=lambda step, steps, loss: None)


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    pairs = [(f"ጫማ {row}", f"ቆዳ {row}") for row in range(8)]
    recipe = EmbeddingRecipe(dimensions=16, learning_rate=3e37, epochs=4)
    with pytest.raises(TrainingError, match="learning_rate"):
        train_static(pairs, recipe, report=lambda step, steps, loss: None)
