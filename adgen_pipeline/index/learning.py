"""Weights of the parts of a score, learned from queries whose answer is known.

The loss is the softmax over a query's candidates: the answer should score highest. Weights stay near the default where
there are few queries, and are never negative: nothing that matches should count against a post.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from adgen_pipeline.index.ranking import standardised

# On the scale of the softmax. Chosen on halves of AmharicIR's and AmQA's queries (docs/LOG.md).
DEFAULT_WEIGHTS: Mapping[str, float] = {
    "dense": 0.6, "stems": 1.0, "words": 0.5, "pairs": 0.3, "opening": 0.25,
}  # fmt: skip
STRENGTH = 10.0  # of the default: of a squared difference, in nats over all queries


def learn(
    samples: Sequence[tuple[np.ndarray, int]], *, default: Mapping[str, float] = DEFAULT_WEIGHTS
) -> dict[str, float]:
    """The weights under which the answers are likeliest.

    Args:
        samples: of each query its candidates' parts in the order of `default`, and the answer's row among them.
        default: what the weights are where the samples say nothing; as `ranking.PARTS` unless it is given.

    Returns:
        A weight a part, 0 or more.
    """
    names = tuple(default)
    start = np.array([default[name] for name in names])
    ready = [(standardised(parts), row) for parts, row in samples]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total = STRENGTH * float(((weights - start) ** 2).sum())
        gradient = 2 * STRENGTH * (weights - start)
        for parts, row in ready:
            scores = parts @ weights
            total += float(logsumexp(scores) - scores[row])
            gradient = gradient + softmax(scores) @ parts - parts[row]
        return total, gradient

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(names))
    return {part: round(float(weight), 4) for part, weight in zip(names, found.x, strict=True)}
