"""What answers are measured against beside their case: the training split, the encoder, the labelling rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from adgen_pipeline.generation.wording import stems
from adgen_pipeline.text.amharic import search_key, words


class Encodes(Protocol):
    """What similarity needs of an encoder (`embedding.encoder.Encoder`)."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts, dimensions)."""
        ...


@dataclass(frozen=True)
class Background:
    """What every system could have read, and what judges all of them alike.

    Attributes:
        posts: words of the training split's posts, by phonetic key, in lower case.
        stems: stems of their Ethiopic words.
        encoder: of sentences.
        minimum_score: weight that a vertical needs (`labels.rules`).
    """

    posts: tuple[tuple[str, ...], ...]
    stems: frozenset[str]
    encoder: Encodes
    minimum_score: float


def read_background(documents: pl.DataFrame, encoder: Encodes, *, minimum_score: float) -> Background:
    """The background of an evaluation: DOCUMENTS of the train split alone, whatever else the table holds."""
    keys = documents.filter(split="train").sort("channel_id", "message_id")["search_key"].to_list()
    posts = tuple(tuple(word.lower() for word in words(key)) for key in keys)
    known = frozenset(stems(" ".join({word for post in posts for word in post})))
    return Background(posts, known, encoder, minimum_score)


def key_words(text: str) -> tuple[str, ...]:
    """Words in order by phonetic key, lower case: two spellings of one word are one word."""
    return tuple(word.lower() for word in words(search_key(text)))
