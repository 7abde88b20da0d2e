"""A linear classifier of several labels: one logistic regression a label on hashed n-grams, with honest probabilities.

Each feature is scaled by how much likelier it is with the label than without (Wang and Manning 2012), which is then
part of its weight.

Each fifth of the texts, whole clusters of near-equal ones, is judged by what the other four taught. From these scores
come each label's scaling to probabilities (Platt) and its threshold, where F1 of the label and of its absence is
highest on average; the weights are learnt from all texts. They are kept as safetensors, settings as JSON.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from adgen_pipeline.errors import DataError
from adgen_pipeline.labels.features import FEATURES, LETTER_GRAMS, STEM_GRAMS, counts, weighed

Array = NDArray[np.float32]

FOLDS = 5
MINIMUM_TEXTS = 10  # with and without a label that scaling needs; of fewer, scores are taken as they are
BATCH = 4096
WEIGHTS_FILE, SETTINGS_FILE = "classifier.safetensors", "classifier.json"


@dataclass(frozen=True)
class Classifier:
    """Weights and scaling of each label.

    Attributes:
        labels: their ids.
        weights: label × feature.
        bias, scale, shift, threshold: of each label; p = 1 / (1 + exp(-(scale * score + shift))).
    """

    labels: tuple[str, ...]
    weights: Array
    bias: Array
    scale: Array
    shift: Array
    threshold: Array

    def probabilities(self, texts: Sequence[str]) -> Array:
        """Text × label."""
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        found = [self._of(weighed(counts(batch))) for batch in batches]
        return np.concatenate([*found, np.zeros((0, len(self.labels)), np.float32)])

    def _of(self, rows: csr_matrix) -> Array:
        scores = np.asarray(rows @ self.weights.T) + self.bias
        return _sigmoid(scores * self.scale + self.shift)

    def save(self, folder: Path) -> None:
        """Write weights and settings into a folder."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        save_file(
            {name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / WEIGHTS_FILE
        )
        (folder / SETTINGS_FILE).write_text(
            json.dumps({**_SETTINGS, "labels": self.labels}, indent=1), "utf-8"
        )


_ARRAYS = ("weights", "bias", "scale", "shift", "threshold")
_SETTINGS = {"features": FEATURES, "letter_grams": LETTER_GRAMS, "stem_grams": STEM_GRAMS}


def load(folder: Path) -> Classifier:
    """The classifier of a folder.

    Raises:
        DataError: it was made with other features.
    """
    settings = json.loads((folder / SETTINGS_FILE).read_text("utf-8"))
    labels = tuple(settings.pop("labels"))
    if settings != json.loads(json.dumps(_SETTINGS)):
        raise DataError(
            f"{folder} holds a classifier with other features. Materialise labels/classifier again."
        )
    return Classifier(labels, **load_file(folder / WEIGHTS_FILE))


def train(
    texts: Sequence[str],
    targets: NDArray[np.bool_],
    labels: Sequence[str],
    *,
    clusters: Sequence[int],
    strength: float,
) -> Classifier:
    """Learn labels from texts.

    Args:
        targets: text × label.
        clusters: of near-equal texts, which are learnt from or judged together.
        strength: inverse of the regularisation.
    """
    rows = weighed(counts(texts))
    folds = np.array(clusters) % FOLDS
    learnt = [_learn(rows, targets[:, i], folds, strength) for i in range(len(labels))]
    columns = [np.array(column, dtype=np.float32) for column in zip(*learnt, strict=True)]
    return Classifier(tuple(labels), *columns)


def _learn(
    rows: csr_matrix, wanted: NDArray[np.bool_], folds: NDArray[np.int64], strength: float
) -> tuple[Array, float, float, float, float]:
    """Weights, bias, scale, shift and threshold of one label."""
    if wanted.all() or not wanted.any():
        return np.zeros(rows.shape[1], np.float32), 20.0 if wanted.all() else -20.0, 1.0, 0.0, 0.5
    scale, shift, threshold = 1.0, 0.0, 0.5
    if all(_has_both(wanted[folds != fold]) for fold in range(FOLDS)):
        scores = np.zeros(len(wanted))
        for fold in range(FOLDS):
            weights, bias = _fit(rows[folds != fold], wanted[folds != fold], strength)
            scores[folds == fold] = rows[folds == fold] @ weights + bias
        platt = LogisticRegression(C=1e3).fit(scores[:, None], wanted)
        scale, shift = float(platt.coef_[0, 0]), float(platt.intercept_[0])
        threshold = _best_threshold(_sigmoid(scores * scale + shift), wanted)
    weights, bias = _fit(rows, wanted, strength)
    return weights, bias, scale, shift, threshold


def _has_both(wanted: NDArray[np.bool_]) -> bool:
    """Whether there are enough texts with and without a label to learn from."""
    return bool(min(wanted.sum(), (~wanted).sum()) >= MINIMUM_TEXTS)


def _fit(rows: csr_matrix, wanted: NDArray[np.bool_], strength: float) -> tuple[Array, float]:
    """Weights and bias; the seed makes the solver's order of texts the same each time."""
    ratio = _likelihood(rows[wanted]) - _likelihood(rows[~wanted])
    scaled = csr_matrix((rows.data * ratio[rows.indices], rows.indices, rows.indptr), shape=rows.shape)
    solver = LogisticRegression(C=strength, solver="liblinear", dual=True, random_state=7, max_iter=1000)
    found = solver.fit(scaled, wanted)
    return (found.coef_[0] * ratio).astype(np.float32), float(found.intercept_[0])


def _likelihood(rows: csr_matrix) -> NDArray[np.float64]:
    """Logarithm of each feature's share of texts among all features' shares, smoothed."""
    present = np.bincount(rows.indices, minlength=rows.shape[1]) + 1.0
    shares: NDArray[np.float64] = np.log(present / present.sum())
    return shares


def _best_threshold(probabilities: Array, wanted: NDArray[np.bool_]) -> float:
    """The probability from which F1 of the label and of its absence is highest on average."""
    candidates = np.linspace(0.05, 0.95, 91)
    given = probabilities[None, :] >= candidates[:, None]
    both = (given & wanted).sum(axis=1)
    neither = (~given & ~wanted).sum(axis=1)
    wrong = (given != wanted).sum(axis=1)
    f1 = 2 * both / (2 * both + wrong) + 2 * neither / (2 * neither + wrong)
    return float(candidates[int(np.argmax(f1))])


def _sigmoid(scores: NDArray[np.floating]) -> Array:
    probabilities: Array = (1 / (1 + np.exp(-np.clip(scores, -50, 50)))).astype(np.float32)
    return probabilities
