"""From tables and files to the artifact labels/classifier: what is learnt from, learning, and how well it went."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from adgen_pipeline.artifacts import table_digest, values_digest
from adgen_pipeline.labels import classifier, classifier_scores, further
from adgen_pipeline.labels.classifier import Texts
from adgen_pipeline.labels.consensus import decided
from adgen_pipeline.labels.functions import LABELS
from adgen_pipeline.labels.lessons import draw, lessons
from adgen_pipeline.recipe import LabelsRecipe

STRENGTH = 8.0  # inverse of the regularisation; 2 and 8 gave the same macro-F1 of offence
FIGURES = "figures"


@dataclass(frozen=True)
class Lesson:
    """All that decides what the classifier becomes.

    Attributes:
        drawn: posts that it learns from.
        known: these and further texts, with what is known of their labels.
        seed: of learning.
    """

    drawn: pl.DataFrame
    known: Texts
    seed: int

    def digest(self) -> str:
        """First 12 hex digits that name the version."""
        texts = hashlib.sha256("\0".join(self.known.texts).encode("utf-8", "surrogatepass")).hexdigest()
        arrays = [
            hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
            for array in (self.known.targets, self.known.weights, self.known.is_said, self.known.clusters)
        ]
        return values_digest(texts, arrays, table_digest(self.drawn), self.seed, STRENGTH)

    def build(self, folder: Path) -> dict[str, object]:
        """Learn, write classifier and figures into a folder; returns scores by label."""
        trained, judged = classifier.train(self.known, LABELS, strength=STRENGTH, seed=self.seed)
        trained.save(folder)
        found = classifier_scores.scores(trained, self.known, judged)
        (folder / FIGURES).mkdir()
        for name, png in classifier_scores.figures(found, trained, self.known, judged).items():
            (folder / FIGURES / f"{name}.png").write_bytes(png)
        return {"texts": len(self.known.texts), "labels": found}


def lesson(
    posts: pl.DataFrame,
    weak: pl.DataFrame,
    annotations: pl.DataFrame,
    fingerprints: pl.DataFrame,
    *,
    recipe: LabelsRecipe,
    labelled: Path,
) -> Lesson:
    """What the classifier learns from.

    Args:
        posts: channel_id, message_id, post of telegram/posts.
        weak, annotations: tables of this stage.
        fingerprints: channel_id, message_id, bands of corpus/fingerprints.
        recipe: training_texts, further, adjudicators and seed.
        labelled: folder of further labelled texts.

    Raises:
        DataError: a file that the recipe names cannot be used.
    """
    human = decided(annotations, adjudicators=recipe.adjudicators)
    drawn = draw(posts, weak, human, count=recipe.training_texts, seed=recipe.seed)
    texts: dict[str, list[tuple[str, bool]]] = {}
    for source in recipe.further:
        texts.setdefault(source.label, []).extend(further.read(source, labelled))
    return Lesson(drawn, lessons(drawn, fingerprints, texts), recipe.seed)


def saved_figures(folder: Path) -> dict[str, bytes]:
    """PNGs of an artifact by name."""
    return {path.stem: path.read_bytes() for path in sorted((folder / FIGURES).glob("*.png"))}


def metrics(facts: dict[str, object]) -> dict[str, float]:
    """Precision and recall of each label as numbers with stable names."""
    labels = facts["labels"]
    assert isinstance(labels, dict)
    return {
        f"{name}_{label}": float(values[name][0])
        for label, values in labels.items()
        for name in ("precision", "recall")
        if name in values
    }
