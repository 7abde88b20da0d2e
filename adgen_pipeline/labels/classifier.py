"""A linear classifier of several labels: one logistic regression a label on hashed n-grams, with honest probabilities.

It learns from weak labels, each post weighing as much as its label is sure, and from what people said: of posts, and
of further labelled texts. Each feature is scaled by how much likelier it is with the label than without (Wang and
Manning 2012), which is then part of its weight.

Each fifth or third of the texts, whole clusters of near-equal ones, is judged by what the others taught. From these
scores come each label's scaling to probabilities (Platt) and its threshold, by what people said where they said enough.
A label that too few texts have is not learnt: the classifier abstains from it. Weights are kept as safetensors,
settings as JSON.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression, SGDClassifier

from adgen_pipeline.errors import DataError
from adgen_pipeline.labels.features import FEATURES, LETTER_GRAMS, LETTER_SHARE, STEM_GRAMS, STEM_SHARE, rows

Array = NDArray[np.float32]

FOLDS = 5  # of labels that people taught
WEAK_FOLDS = 3  # of the others: 58 s of CPU for 8,000 posts with 5, and no threshold is sought there
EPOCHS = 5  # 10 leave the macro-F1 of offence where it is (0.792) and take twice as long
MINIMUM_TEXTS = 10  # with and without a label; of fewer it is not learnt
WEAK_SHARE = 0.2  # what a weak label counts where people said enough about that label
BATCH = 2048
THREADS = 2  # numpy and the solver let go of the interpreter's lock
WEIGHTS_FILE, SETTINGS_FILE = "classifier.safetensors", "classifier.json"


@dataclass(frozen=True)
class Texts:
    """Texts with what is known of their labels.

    Attributes:
        texts: n texts.
        targets: text × label.
        weights: text × label: how sure the label is, 0 (not known) … 1.
        is_said: text × label: whether people said so.
        clusters: of near-equal texts, which are learnt from or judged together.
    """

    texts: Sequence[str]
    targets: NDArray[np.bool_]
    weights: Array
    is_said: NDArray[np.bool_]
    clusters: NDArray[np.int64]


@dataclass(frozen=True)
class Classifier:
    """Weights and scaling of each label.

    Attributes:
        labels: their ids.
        weights: feature × label.
        bias, scale, shift, threshold: of each label; p = 1 / (1 + exp(-(scale * score + shift))).
        prior: share of the texts with the label among those by which it was scaled.
        is_learnt: 0 for labels that too few texts had.
        is_taught: 1 for labels of which people said enough.
    """

    labels: tuple[str, ...]
    weights: Array
    bias: Array
    scale: Array
    shift: Array
    threshold: Array
    prior: Array
    is_learnt: Array
    is_taught: Array

    def probabilities(self, texts: Sequence[str]) -> Array:
        """Text × label."""
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        if len(batches) == 1:
            return self._of(rows(texts))
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(lambda batch: self._of(rows(batch)), batches))
        return np.concatenate([*found, np.zeros((0, len(self.labels)), np.float32)])

    def _of(self, found: csr_matrix) -> Array:
        scores = np.asarray(found @ self.weights) + self.bias
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


_ARRAYS = ("weights", "bias", "scale", "shift", "threshold", "prior", "is_learnt", "is_taught")
_SETTINGS = {
    "features": FEATURES, "letter_grams": LETTER_GRAMS, "stem_grams": STEM_GRAMS,
    "letter_share": LETTER_SHARE, "stem_share": STEM_SHARE,
}  # fmt: skip


def load(folder: Path) -> Classifier:
    """The classifier of a folder.

    Raises:
        DataError: it was made with other features.
    """
    settings = json.loads((folder / SETTINGS_FILE).read_text("utf-8"))
    labels = tuple(settings.pop("labels"))
    arrays = load_file(folder / WEIGHTS_FILE)
    if settings != json.loads(json.dumps(_SETTINGS)) or set(arrays) != set(_ARRAYS):
        raise DataError(
            f"{folder} holds a classifier with other features. Materialise labels/classifier again."
        )
    return Classifier(labels, **arrays)


def train(known: Texts, labels: Sequence[str], *, strength: float, seed: int) -> tuple[Classifier, Array]:
    """Learn labels from texts.

    Args:
        known: the texts.
        labels: ids of the columns of its targets.
        strength: inverse of the regularisation.
        seed: of the order in which texts are looked at.

    Returns:
        The classifier, and for each text and label the probability by what the other clusters taught; nan where it
        was not judged.
    """
    found = rows(known.texts)

    def learn(place: int) -> tuple[dict[str, object], Array]:
        return _learn(
            found,
            known.targets[:, place],
            known.weights[:, place],
            known.is_said[:, place],
            known.clusters,
            penalty=1 / (strength * max(1, len(known.texts))),
            seed=seed,
        )

    with ThreadPoolExecutor(THREADS) as pool:
        learnt = list(pool.map(learn, range(len(labels))))
    arrays = {name: np.array([found[name] for found, _ in learnt], dtype=np.float32) for name in _ARRAYS}
    arrays["weights"] = np.ascontiguousarray(arrays["weights"].T)
    judged = np.array([likely for _, likely in learnt], dtype=np.float32).reshape(len(labels), -1).T
    return Classifier(tuple(labels), **arrays), judged


def _learn(
    found: csr_matrix,
    wanted: NDArray[np.bool_],
    weights: Array,
    is_said: NDArray[np.bool_],
    clusters: NDArray[np.int64],
    *,
    penalty: float,
    seed: int,
) -> tuple[dict[str, object], Array]:
    """The arrays of one label, and the probability of each text by what the other folds taught."""
    is_taught = _has_both(wanted[is_said])
    if is_taught:
        weights = np.where(is_said, weights, weights * WEAK_SHARE).astype(np.float32)
    known = weights > 0
    judges = is_said if is_taught else known
    nothing = dict.fromkeys(_ARRAYS, 0.0) | {
        "weights": np.zeros(found.shape[1], np.float32), "threshold": 0.5, "prior": 0.5
    }  # fmt: skip
    likely = np.full(len(wanted), np.nan, np.float32)
    count = FOLDS if is_taught else WEAK_FOLDS
    folds = clusters % count
    parts = [(known & (folds != fold), known & (folds == fold)) for fold in range(count)]
    if not all(_has_both(wanted[taught]) for taught, _ in parts):
        return nothing, likely
    scores = np.zeros(len(wanted))
    for taught, held_out in parts:
        coefficients, bias = _fit(found[taught], wanted[taught], weights[taught], penalty, seed)
        scores[held_out] = found[held_out] @ coefficients + bias
    platt = LogisticRegression(C=1e3).fit(scores[judges, None], wanted[judges], weights[judges])
    scale, shift = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    likely[known] = _sigmoid(scores * scale + shift)[known]
    coefficients, bias = _fit(found[known], wanted[known], weights[known], penalty, seed)
    prior = float(np.average(wanted[judges], weights=weights[judges]))
    threshold = _best_threshold(likely[judges], wanted[judges]) if is_taught else 0.5
    arrays = {
        "weights": coefficients, "bias": bias, "scale": scale, "shift": shift, "threshold": threshold,
        "prior": min(max(prior, 1e-4), 1 - 1e-4), "is_learnt": 1.0, "is_taught": float(is_taught),
    }  # fmt: skip
    return arrays, likely


def _has_both(wanted: NDArray[np.bool_]) -> bool:
    """Whether there are enough texts with and without a label to learn from."""
    return bool(min(wanted.sum(), (~wanted).sum()) >= MINIMUM_TEXTS)


def _fit(
    found: csr_matrix, wanted: NDArray[np.bool_], weights: Array, penalty: float, seed: int
) -> tuple[Array, float]:
    """Weights and bias by averaged stochastic gradients; the seed makes the order of texts the same each time."""
    ratio = _likelihood(found[wanted], weights[wanted]) - _likelihood(found[~wanted], weights[~wanted])
    scaled = csr_matrix((found.data * ratio[found.indices], found.indices, found.indptr), shape=found.shape)
    solver = SGDClassifier(
        loss="log_loss", alpha=penalty, max_iter=EPOCHS, tol=None, average=True, random_state=seed
    )
    solved = solver.fit(scaled, wanted, sample_weight=weights)
    return (solved.coef_[0] * ratio).astype(np.float32), float(solved.intercept_[0])


def _likelihood(found: csr_matrix, weights: Array) -> NDArray[np.float64]:
    """Logarithm of each feature's share of texts among all features' shares, smoothed.

    A text counts as much as its label is sure: else thousands of weakly labelled posts outvote what people said.
    """
    of_each = np.repeat(weights.astype(np.float64), np.diff(found.indptr))
    present = np.bincount(found.indices, weights=of_each, minlength=found.shape[1]) + 1.0
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
