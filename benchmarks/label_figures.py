"""Figures of labels with 95 % bootstrap intervals over the texts."""

from collections.abc import Callable, Sequence

import numpy as np

RESAMPLES = 1000
Judge = Callable[[np.ndarray, np.ndarray], float]


def interval(figure: Judge, wanted: Sequence[object], found: Sequence[object]) -> str:
    """A figure with its 95 % bootstrap interval over the texts."""
    gold, given = np.array(wanted), np.array(found)
    draw = np.random.default_rng(7)
    drawn = [
        figure(gold[rows], given[rows])
        for rows in (draw.integers(0, len(gold), len(gold)) for _ in range(RESAMPLES))
    ]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return f"{figure(gold, given):.3f} ({low:.3f}–{high:.3f})"


def accuracy(wanted: np.ndarray, found: np.ndarray) -> float:
    """Share of equal ones."""
    return float((wanted == found).mean())


def f1_of(label: object) -> Judge:
    """F1 of one label."""

    def f1(wanted: np.ndarray, found: np.ndarray) -> float:
        both = float(((wanted == label) & (found == label)).sum())
        either = float((wanted == label).sum() + (found == label).sum())
        return 2 * both / either if either else float("nan")

    return f1


def macro_f1(labels: Sequence[object]) -> Judge:
    """Mean F1 of labels; those that a resample lacks are left out."""
    judges = [f1_of(label) for label in labels]

    def macro(wanted: np.ndarray, found: np.ndarray) -> float:
        scores = [judge(wanted, found) for judge in judges]
        return float(np.nanmean(scores)) if not np.isnan(scores).all() else float("nan")

    return macro
