from collections.abc import Sequence

import pytest
import torch

from adgen_pipeline.embedding.stopping import Stopping


def _run(reached: Sequence[float], patience: int | None) -> tuple[int, float]:
    """After how many measurements training ended, and the weight that is left; the n-th measurement is of weight n."""
    model = torch.nn.Linear(1, 1, bias=False)
    stopping = Stopping(patience)
    count = 0
    for value in reached:
        count += 1
        with torch.no_grad():
            model.weight.fill_(count)
        if stopping.is_over(value, model):
            break
    stopping.restore(model)
    return count, model.weight.item()


@pytest.mark.parametrize(
    ("reached", "patience", "expected"),
    [
        ((0.1, 0.3, 0.2, 0.2, 0.9), 2, (4, 2.0)),
        ((0.1, 0.3, 0.2, 0.4, 0.3), 2, (5, 4.0)),
        ((0.3, 0.3, 0.3), 2, (3, 1.0)),  # as good is no better, and the first of equal ones stays
        ((0.0, 0.0, 0.0), 1, (2, 1.0)),
        ((0.1, 0.3, 0.2, 0.2, 0.2), None, (5, 2.0)),
        ((), 2, (0, None)),
    ],
)
def test_training_ends_after_so_many_measurements_without_a_better_one(
    reached: tuple[float, ...], patience: int | None, expected: tuple[int, float | None]
) -> None:
    count, weight = _run(reached, patience)
    assert count == expected[0]
    assert expected[1] is None or weight == expected[1]
