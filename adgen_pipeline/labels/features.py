"""Texts as sparse rows of hashed n-grams: of letters (1 to 5) and of stems (1 and 2).

Letters and stems each make a row of a length of their own, so that neither drowns the other. All texts of a batch are
hashed at once as arrays of code points, with no vocabulary to keep. What tells a channel rather than a label is made
alike first: digits, links, handles, emoji, and a channel's own mark of paid posts.
"""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from adgen_pipeline.labels.evidence import AD_MARK
from adgen_pipeline.text.letters import shape
from adgen_pipeline.text.stems import stem

LETTER_GRAMS = (1, 2, 3, 4, 5)
STEM_GRAMS = (1, 2)
LETTER_SHARE, STEM_SHARE = 0.8, 0.6  # lengths; together 1
FEATURES = 1 << 19
MAXIMUM_CHARS = 2000  # the longest articles say in their first page what they are about

_LINK = re.compile(r"(?:https?://|t\.me/|www\.)\S+")
_HANDLE = re.compile(r"[\w.]*@\w+")
_WORD = re.compile(r"[^\W_]+")
_NOT_LETTERS = re.compile(r"[^\w!?%#]+|_")
_PRIME = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: neighbouring numbers land far apart


def plain(text: str) -> str:
    """What of a text is hashed: L2 letters in lower case, digits as 0, links and handles as one sign each."""
    text = AD_MARK.sub("", unicodedata.normalize("NFKC", text[:MAXIMUM_CHARS]))
    text = _HANDLE.sub(" @ ", _LINK.sub(" @ ", text))
    text = re.sub(r"\d", "0", shape(text).lower())  # no address is left whose letters must stay
    return " ".join(_NOT_LETTERS.sub(" ", text).split())


def rows(texts: Sequence[str]) -> csr_matrix:
    """A row a text: logarithms of the counts of its n-grams; letters and stems with a length of their own."""
    cleaned = [plain(text) for text in texts]
    letters = _grams(*_codes([f" {text} " for text in cleaned]), LETTER_GRAMS, seed=1)
    stems = _grams(
        *_words([[stem(word) for word in _WORD.findall(text)] for text in cleaned]), STEM_GRAMS, seed=2
    )
    found: csr_matrix = LETTER_SHARE * _weighed(*letters, len(texts)) + STEM_SHARE * _weighed(
        *stems, len(texts)
    )
    return found


def _weighed(places: NDArray[np.int64], columns: NDArray[np.int64], count: int) -> csr_matrix:
    """Rows of length 1 of the logarithms of counts, from the text and the column of each n-gram."""
    ones = np.ones(len(places), dtype=np.float32)
    found = csr_matrix((ones, (places, columns)), shape=(count, FEATURES))
    data = 1 + np.log(found.data)
    squares = np.add.reduceat(np.append(data**2, 0), found.indptr[:-1]) * (np.diff(found.indptr) > 0)
    data /= np.repeat(np.sqrt(np.maximum(squares, 1e-12)), np.diff(found.indptr))
    return csr_matrix((data.astype(np.float32), found.indices, found.indptr), shape=found.shape)


def _codes(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Code points of all texts in a row, and the text of each."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(
        np.uint64
    )
    return codes, np.repeat(np.arange(len(texts)), [len(text) for text in texts])


def _words(texts: Sequence[Sequence[str]]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of all words in a row, and the text of each."""
    flat = [word for words in texts for word in words]
    owners = np.repeat(np.arange(len(texts)), [len(words) for words in texts])
    if not flat:
        return np.zeros(0, np.uint64), owners
    codes, places = _codes(flat)
    starts = np.searchsorted(places, np.arange(len(flat)))
    position = (np.arange(len(codes)) - starts[places]).astype(np.uint64)
    return np.add.reduceat(_mixed(codes * np.uint64(131) + position), starts), owners


def _grams(
    units: NDArray[np.uint64], owners: NDArray[np.int64], sizes: Sequence[int], *, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Text and column of each n-gram; none reaches from one text into the next."""
    rows, columns = [], []
    hashed = np.zeros(len(units), np.uint64)
    for size in range(1, max(sizes) + 1):
        count = len(units) - size + 1
        if count <= 0:
            break
        hashed = _mixed(hashed[:count] * np.uint64(31) + units[size - 1 :] + np.uint64(seed))
        if size in sizes:
            is_whole = owners[:count] == owners[size - 1 :]
            rows.append(owners[:count][is_whole])
            columns.append((hashed[is_whole] >> np.uint64(45)).astype(np.int64))
    return np.concatenate([*rows, np.zeros(0, np.int64)]), np.concatenate([*columns, np.zeros(0, np.int64)])


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers scattered over 64 bits; unsigned arithmetic wraps around."""
    scattered = numbers * _PRIME
    return (scattered ^ (scattered >> np.uint64(29))) * _PRIME
