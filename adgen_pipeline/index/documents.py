"""Advertisers' documents: read from their folders and cut at sentence ends into chunks that overlap."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adgen_pipeline.errors import DataError
from adgen_pipeline.text.amharic import hygiene, sentences

SUFFIXES = {".md", ".txt"}
MAXIMUM_BYTES = 2_000_000  # a file; more is not a document that somebody wrote for a campaign
OVERLAP_SHARE = 0.25  # of a chunk's words that may be said again in the next


@dataclass(frozen=True)
class Chunk:
    """A piece of an advertiser's document.

    Attributes:
        advertiser: folder name below advertisers/.
        source: file below that folder, with "#" and the chunk's number.
        text: whole sentences, L0.
    """

    advertiser: str
    source: str
    text: str


def read_chunks(advertisers: Path, *, chunk_words: int, forgotten: Collection[str] = ()) -> list[Chunk]:
    """Chunks of all *.md and *.txt files in <advertisers>/<id>/, sorted; none if the folder is missing.

    Args:
        advertisers: the folder of folders.
        chunk_words: words of a chunk.
        forgotten: advertisers whose documents are not read.

    Raises:
        DataError: a file is too large or is not UTF-8.
    """
    if not advertisers.is_dir():
        return []
    chunks: list[Chunk] = []
    folders = [p for p in advertisers.iterdir() if p.is_dir() and not p.name.startswith(".")]
    for folder in sorted(p for p in folders if p.name not in forgotten):
        for file in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES):
            name = file.relative_to(folder)
            if any(part.startswith(".") for part in name.parts):
                continue
            for number, text in enumerate(chunk(_read(file), words=chunk_words), start=1):
                chunks.append(Chunk(folder.name, f"{name.as_posix()}#{number}", text))
    return chunks


def chunk(text: str, *, words: int) -> Iterator[str]:
    """The text in chunks of whole sentences, each of `words` words if its sentences allow it.

    The last sentences of a chunk open the next one as long as they make up a quarter of its words at most. A
    sentence longer than a chunk is cut between words. Every word stands in at least one chunk.
    """
    current: list[list[str]] = []
    fresh = False  # whether `current` holds anything that no chunk has said
    for sentence in _sentences(text, words):
        if fresh and _length(current) + len(sentence) > words:
            yield _join(current)
            current = _overlap(current, min(int(words * OVERLAP_SHARE), words - len(sentence)))
        current.append(sentence)
        fresh = True
    if fresh:
        yield _join(current)


def _read(file: Path) -> str:
    if file.stat().st_size > MAXIMUM_BYTES:
        raise DataError(
            f"{file}: larger than {MAXIMUM_BYTES:,} bytes. Split the document or take it out of the folder."
        )
    try:
        return hygiene(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error


def _sentences(text: str, words: int) -> Iterator[list[str]]:
    """Sentences as word lists, none longer than `words`. A line end ends a sentence: headings, lists, prices."""
    for line in text.splitlines():
        for sentence in sentences(line):
            tokens = sentence.split()
            for start in range(0, len(tokens), words):
                yield tokens[start : start + words]


def _overlap(said: Sequence[list[str]], words: int) -> list[list[str]]:
    kept: list[list[str]] = []
    for sentence in reversed(said):
        if _length(kept) + len(sentence) > words:
            break
        kept.insert(0, sentence)
    return kept


def _length(sentence_list: Sequence[list[str]]) -> int:
    return sum(len(sentence) for sentence in sentence_list)


def _join(sentence_list: Sequence[list[str]]) -> str:
    return " ".join(" ".join(sentence) for sentence in sentence_list)
