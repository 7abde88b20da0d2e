"""Re-ranking: a cross-encoder reads the query beside each of the first candidates and says how well they fit.

The model lies in the index folder, in `reranker/`: whoever opens the index has it, and the index's digest covers it.
"""

import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from adgen_pipeline.artifacts import folder_digest, link_files
from adgen_pipeline.embedding.cross_encoder import load_cross_encoder, save_cross_encoder
from adgen_pipeline.errors import ArtifactError, DataError
from adgen_pipeline.index.learning import learn
from adgen_pipeline.index.ranking import fuse
from adgen_pipeline.index.store import RERANKER, Manifest, Reranking
from adgen_pipeline.index_recipe import TRAINED, RerankingRecipe
from adgen_pipeline.text.amharic import search_key

logger = logging.getLogger(__name__)

BATCH_PAIRS = 8  # scored between two looks at the clock
LEARNING_QUERIES = 100  # from which its weight is learned: each costs `candidates` readings
# Of what is known before (all parts together) and of the re-ranker, on the scale of the softmax.
DEFAULT_WEIGHTS: Mapping[str, float] = {"fused": 1.0, "reranker": 1.0}


class Reranker:
    """The re-ranker of an index, loaded."""

    def __init__(self, index: Path, settings: Reranking) -> None:
        """Load it from an index folder.

        Raises:
            ArtifactError: it is not there, or is no cross-encoder with safetensors weights and one score.
        """
        self.settings = settings
        self._model = load_cross_encoder(str(index / RERANKER), maximum_tokens=settings.maximum_tokens)

    def scores(self, query: str, texts: Sequence[str], *, seconds: float | None = None) -> np.ndarray:
        """How well texts fit a query, in the model's own scale.

        Args:
            query: any text.
            texts: read in this order, in batches.
            seconds: after which no further batch is begun; the first always is. None: all are read.

        Returns:
            float64, (texts that were read,): all, or the first of them.
        """
        key = search_key(query)
        pairs = [(key, search_key(text)) for text in texts]
        read: list[np.ndarray] = []
        started = time.monotonic()
        for start in range(0, len(pairs), BATCH_PAIRS):
            if read and seconds is not None and time.monotonic() - started >= seconds:
                logger.warning("re-ranking read %d of %d texts in its %.1f s", start, len(pairs), seconds)
                break
            batch = pairs[start : start + BATCH_PAIRS]
            found = self._model.predict(batch, batch_size=BATCH_PAIRS, show_progress_bar=False)
            read.append(np.asarray(found, dtype=np.float64).reshape(len(batch)))
        return np.concatenate(read) if read else np.zeros(0)

    def combined(self, fused: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """The fused scores with those of the first candidates changed; these stay before all others.

        Args:
            fused: (candidates,), best first.
            scores: of the first of them, (read,).
        """
        read = len(scores)
        if not read:
            return fused
        names = ("fused", "reranker")
        both = fuse(np.stack([fused[:read], scores], axis=1), [self.settings.weights[name] for name in names])
        return np.concatenate([both - both.min() + fused[read - 1], fused[read:]])


def identity(recipe: RerankingRecipe | None, trained: Path | None) -> list[str]:
    """What the re-ranker of a recipe is, for digests: nothing where there is none.

    Args:
        recipe: the recipe's `index.reranker`.
        trained: folder of `embedding/reranker`, where the recipe means that one.
    """
    return [] if recipe is None else [_source(recipe, trained), recipe.model_dump_json()]


def install(
    recipe: RerankingRecipe | None, folder: Path, *, trained: Path | None, previous: Path | None
) -> Reranking | None:
    """Put the re-ranker that a recipe names into an index folder, in the place of one that is there.

    Args:
        recipe: None for none.
        folder: of an index that nobody else reads or writes.
        trained: folder of `embedding/reranker`.
        previous: another index folder, whose files are taken over if they are of the same re-ranker.

    Raises:
        ArtifactError: the model cannot be had.
        DataError: the recipe means the trained one and there is none.
    """
    place = folder / RERANKER
    if place.is_dir():
        shutil.rmtree(place)
    if recipe is None:
        return None
    source = _source(recipe, trained)
    if previous is not None and _holds(previous, source):
        link_files(previous / RERANKER, place)
    else:
        name = str(trained) if recipe.model == TRAINED else recipe.model
        model = load_cross_encoder(name, maximum_tokens=recipe.maximum_tokens)
        save_cross_encoder(model, place)
    share = recipe.weight
    return Reranking(
        source=source,
        digest=folder_digest(place),
        candidates=recipe.candidates,
        seconds=recipe.seconds,
        maximum_tokens=recipe.maximum_tokens,
        weights=dict(DEFAULT_WEIGHTS) if share is None else {"fused": 1 - share, "reranker": share},
    )


def with_weights(settings: Reranking, samples: Sequence[tuple[np.ndarray, np.ndarray, int]]) -> Reranking:
    """Its settings with weights learned from queries whose answer is among the candidates that it read.

    Args:
        samples: of each query the candidates' fused scores and its own, (read,) each, and the answer's row.
    """
    known = [(np.stack([fused, scores], axis=1), row) for fused, scores, row in samples]
    return replace(settings, weights=learn(known, default=DEFAULT_WEIGHTS), weight_queries=len(known))


def _holds(index: Path, source: str) -> bool:
    """Whether an index folder holds the re-ranker of that source, whole."""
    try:
        known = Manifest.read(index).reranker
    except ArtifactError:  # gone, or written by another version
        return False
    return known is not None and known.source == source and known.digest == folder_digest(index / RERANKER)


def _source(recipe: RerankingRecipe, trained: Path | None) -> str:
    if recipe.model == TRAINED:
        if trained is None:
            raise DataError(
                "index.reranker is to be the trained one, and there is none. Set embedding.reranker and materialise "
                "embedding/reranker, or name a model in index.reranker.model."
            )
        return folder_digest(trained)
    folder = Path(recipe.model)
    return folder_digest(folder) if folder.is_dir() else recipe.model
