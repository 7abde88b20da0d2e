"""The encodings of OpenAI's models, by which their endpoints are paid: fertility, where their files are at hand.

Nothing is ever fetched: tiktoken must be installed, and have the encoding's file in its cache.
"""

import hashlib
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from adgen_pipeline.artifacts import file_digest
from adgen_pipeline.text.fertility import ethiopic_words, fertility
from adgen_pipeline.training_recipe import Encoding

# SHA-256 of the files; tiktoken compares too, and would fetch a file again that differs.
DIGESTS: dict[Encoding, str] = {
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}
MODELS: dict[Encoding, str] = {"cl100k_base": "OpenAI, GPT-4", "o200k_base": "OpenAI, GPT-4o and later"}


def path_of(encoding: Encoding, cache: Path) -> Path:
    """Where tiktoken keeps an encoding's file."""
    address = f"https://openaipublic.blob.core.windows.net/encodings/{encoding}.tiktoken"
    return cache / hashlib.sha1(address.encode(), usedforsecurity=False).hexdigest()


def missing(encoding: Encoding, cache: Path) -> str | None:
    """Why an encoding cannot be measured, and what to do; None where it can."""
    if find_spec("tiktoken") is None:
        return "tiktoken is not installed: pip install tiktoken"
    path = path_of(encoding, cache)
    if not path.is_file():
        return f"{path}: no such file. Let tiktoken fetch {encoding} once, or name its cache by TIKTOKEN_CACHE_DIR"
    if file_digest(path) != DIGESTS[encoding]:
        return f"{path}: not the file of {encoding}, by its digest. Remove it and let tiktoken fetch it"
    return None


def measure(encoding: Encoding, texts: Sequence[str]) -> dict[str, object]:
    """Columns of a row of LANDSCAPE that a tokenizer alone has; `missing` has said None."""
    tiktoken: Any = import_module("tiktoken")
    loaded = tiktoken.get_encoding(encoding)

    def encode(some: Sequence[str]) -> list[list[int]]:
        found: list[list[int]] = loaded.encode_ordinary_batch(list(some))
        return found

    words = ethiopic_words(texts)
    return {
        "name": MODELS[encoding],
        "vocabulary_size": int(loaded.n_vocab),
        "tokens_per_ethiopic_word": fertility(encode, words).tokens_per_word if words else None,
        "tokens_per_word": fertility(encode, texts).tokens_per_word,
        "unknown_share": 0.0,
    }
