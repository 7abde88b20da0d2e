from collections import Counter

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.training.batches import collate, plan_epoch


@given(
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=200),
    batch_size=st.integers(1, 9),
    multiple=st.integers(1, 6),
    seed=st.integers(0, 3),
)
def test_every_row_is_seen_once_but_for_the_batches_that_fill_up(
    lengths: list[int], batch_size: int, multiple: int, seed: int
) -> None:
    batches = plan_epoch(lengths, batch_size=batch_size, multiple=multiple, seed=seed, epoch=0)
    assert len(batches) % multiple == 0
    whole = -(-len(lengths) // batch_size)
    assert whole <= len(batches) < whole + multiple
    seen = Counter(row for batch in batches[:whole] for row in batch)
    assert seen == Counter(range(len(lengths)))


def test_rows_of_a_batch_are_of_like_length() -> None:
    lengths = [10 + 37 * n % 400 for n in range(256)]
    batches = plan_epoch(lengths, batch_size=8, multiple=1, seed=7, epoch=0)
    padding = sum(max(lengths[r] for r in b) * len(b) - sum(lengths[r] for r in b) for b in batches)
    assert padding / sum(lengths) < 0.05


@pytest.mark.parametrize(("seed", "epoch", "is_same"), [(7, 0, True), (7, 1, False), (8, 0, False)])
def test_the_order_follows_from_seed_and_epoch(seed: int, epoch: int, is_same: bool) -> None:
    lengths = list(range(1, 101))
    first = plan_epoch(lengths, batch_size=4, multiple=1, seed=7, epoch=0)
    other = plan_epoch(lengths, batch_size=4, multiple=1, seed=seed, epoch=epoch)
    assert (first == other) is is_same


def test_a_batch_is_padded_on_the_right() -> None:
    rows = Dataset.from_list(
        [
            {"row_id": "1/1", "input_ids": [5, 6, 7], "labels": [-100, 6, 7], "target_bytes": 4},
            {"row_id": "1/2", "input_ids": [8], "labels": [8], "target_bytes": 3},
        ]
    )
    batch = collate(rows, [1, 0], pad_id=0)
    assert batch.row_ids == ("1/2", "1/1")
    assert batch.input_ids.tolist() == [[8, 0, 0], [5, 6, 7]]
    assert batch.labels.tolist() == [[8, -100, -100], [-100, 6, 7]]
    assert batch.attention_mask is not None
    assert batch.attention_mask.tolist() == [[1, 0, 0], [1, 1, 1]]
    assert (batch.tokens, batch.target_bytes) == (4, 7)
