"""How the classifier does on texts that it did not learn from: precision and recall a label, what it takes for what."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adgen_pipeline.figures import grouped_bars, heat_map, png
from adgen_pipeline.labels.classifier import Classifier, Texts
from adgen_pipeline.labels.taxonomy import VERTICALS

Z = 1.96  # of a 95 % interval
NONE = "none"

Interval = tuple[float, float, float]


def scores(trained: Classifier, known: Texts, judged: NDArray[np.float32]) -> dict[str, dict[str, Any]]:
    """Label → judges (people or weak labels), texts, positives, precision and recall with 95 % intervals (Wilson).

    Args:
        trained: the classifier.
        known: what it learnt from.
        judged: text × label: probabilities by what other clusters taught, nan where not judged.
    """
    found: dict[str, dict[str, Any]] = {}
    for place, label in enumerate(trained.labels):
        if not trained.is_learnt[place]:
            found[label] = {"judges": "nobody: too few texts have it", "texts": 0}
            continue
        by_people = bool(trained.is_taught[place])
        rows = ~np.isnan(judged[:, place]) & (known.is_said[:, place] | (not by_people))
        wanted = known.targets[rows, place]
        given = judged[rows, place] >= trained.threshold[place]
        both = int((wanted & given).sum())
        found[label] = {
            "judges": "people" if by_people else "weak labels",
            "texts": int(rows.sum()),
            "positives": int(wanted.sum()),
            "precision": interval(both, int(given.sum())),
            "recall": interval(both, int(wanted.sum())),
        }
    return found


def interval(right: int, count: int) -> Interval:
    """A share with its 95 % interval (Wilson 1927)."""
    if not count:
        return (0.0, 0.0, 1.0)
    share = right / count
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * np.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return (round(share, 4), round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4))


def figures(
    of_labels: Mapping[str, Mapping[str, Any]],
    trained: Classifier,
    known: Texts,
    judged: NDArray[np.float32],
) -> dict[str, bytes]:
    """PNGs by name: precision and recall of each label; which vertical is taken for which."""
    measured = {
        label: {"precision": values["precision"], "recall": values["recall"]}
        for label, values in of_labels.items()
        if "precision" in values
    }
    if not measured:
        return {}
    drawn = {
        "precision_and_recall": png(grouped_bars(measured, title="Classifier on texts it did not learn from"))
    }
    places = [trained.labels.index(vertical) for vertical in VERTICALS]
    rows = ~np.isnan(judged[:, places]).all(axis=1) & (known.weights[:, places] > 0).any(axis=1)
    names = (*VERTICALS, NONE)
    likely = np.nan_to_num(judged[rows][:, places] - trained.threshold[places], nan=-1.0)
    given = np.where((likely >= 0).any(axis=1), likely.argmax(axis=1), len(VERTICALS))
    targets = known.targets[rows][:, places]
    pairs = np.zeros((len(names), len(names)))
    for wanted, answer in zip(targets, given, strict=True):
        wished = np.flatnonzero(wanted) if wanted.any() else [len(VERTICALS)]
        pairs[answer if answer in wished else wished[0], answer] += 1
    shown = {name: list(pairs[place]) for place, name in enumerate(names)}
    drawn["confusion"] = png(
        heat_map(
            shown,
            list(names),
            title="A vertical (row) and what the classifier takes it for",
            unit="texts",
            shows_values=True,
        )
    )
    return drawn
