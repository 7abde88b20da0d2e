"""The sentence encoder: one folder in the sentence-transformers format and how texts are prepared for it.

Query and post go through the same preparation, so that spellings that sound alike (ዓመት, አመት, ኣመት) are one text to
the encoder. An encoder trained here reads stems; a model taken from elsewhere reads L2 text, which keeps inflection.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from sentence_transformers import SentenceTransformer

from adgen_pipeline.artifacts import write_json
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.text.stems import stem_key

Preparation = Literal["stems", "search_key"]

DESCRIPTION = "encoder.json"  # beside the model's files: how texts are prepared, where the model came from
BATCH_TEXTS = 1024


def prepare(text: str, preparation: Preparation) -> str:
    """What the model reads of a text."""
    return stem_key(text) if preparation == "stems" else search_key(text)


class Encoder:
    """An encoder folder, loaded; reads safetensors only and runs no code of the model's.

    Usage::

        encoder = Encoder(artifact.path)
        vectors = encoder.encode(["የቆዳ ጫማ", "leather shoes"])     # (2, encoder.dimensions), unit length
    """

    def __init__(self, path: Path, *, device: str = "cpu") -> None:
        """Load a folder that `embedding.run.train` wrote.

        Raises:
            ArtifactError: it is not such a folder, or its weights are not safetensors.
        """
        description = path / DESCRIPTION
        if not description.is_file():
            raise ArtifactError(
                f"{path}: not an encoder ({DESCRIPTION} is missing). Materialise embedding/encoder again."
            )
        values = json.loads(description.read_text(encoding="utf-8"))
        self.path = path
        self.preparation: Preparation = "stems" if values["preparation"] == "stems" else "search_key"
        self._model = load_model(str(path), device=device)
        self.dimensions: int = int(values["dimensions"])

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of texts.

        Returns:
            float32, (len(texts), dimensions). A text without a known word is the zero vector: it is like nothing.
        """
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        prepared = [prepare(text, self.preparation) for text in texts]
        vectors = np.asarray(
            self._model.encode(
                prepared, batch_size=BATCH_TEXTS, show_progress_bar=False, convert_to_numpy=True
            ),
            dtype=np.float32,
        )  # (texts, dimensions)
        vectors[[not text.strip() for text in prepared]] = 0.0
        vectors = np.nan_to_num(vectors)  # a static model's mean over no pieces
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths > 0, lengths, 1.0).astype(np.float32)


def load_model(name: str, *, device: str = "cpu") -> SentenceTransformer:
    """A sentence-transformers model from a local folder or, if it is none, from the hub's cache or the hub.

    Raises:
        ArtifactError: it cannot be had, for example because there is no network, or has no safetensors weights.
    """
    try:
        return SentenceTransformer(
            name, device=device, trust_remote_code=False, model_kwargs={"use_safetensors": True}
        )
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise ArtifactError(
            f"{name}: no sentence-transformers model could be loaded ({' '.join(str(error).split())[:300]}). "
            'Set embedding.model to "static", to a local folder, or to a hub id with the network on.'
        ) from error


def save_model(
    model: SentenceTransformer, out: Path, *, preparation: Preparation, origin: str
) -> dict[str, object]:
    """Write a model as an encoder folder that exists already; returns its description."""
    model.save(str(out), create_model_card=False, safe_serialization=True)
    description: dict[str, object] = {
        "preparation": preparation,
        "dimensions": model.get_embedding_dimension(),
        "origin": origin,
    }
    write_json(out / DESCRIPTION, description)
    return description
