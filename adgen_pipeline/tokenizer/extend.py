"""Amharic pieces for a tokenizer that cuts Ethiopic words into letters or bytes: its BPE is learned further.

The corpus is encoded with the tokenizer as it is, and a BPE trained on the resulting pieces goes on where the base's
merges end. Every new merge makes a piece of Ethiopic letters alone (with the space before them), and comes after all
old ones: whatever holds no Ethiopic letter encodes as before, by construction, and `problems` looks whether it does.
"""

import json
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import regex
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.trainers import BpeTrainer
from transformers import AutoTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from adgen_pipeline.artifacts import write_json
from adgen_pipeline.errors import ArtifactError, DataError
from adgen_pipeline.text.fertility import ETHIOPIC_WORD
from adgen_pipeline.tokenizer.fertility import ENGLISH, tokens_of_words
from adgen_pipeline.tokenizer.trim import ETHIOPIC, renumbered

SPACE = "▁"
# Letters and their combining marks; punctuation and numerals get pieces of their own, but are not merged into words.
LETTERS = r"\u1200-\u135F"
WORD_PIECE = regex.compile(rf"{SPACE}?[{LETTERS}]*")
# Bytes of whole Ethiopic letters, and perhaps the first ones of another: E1 88 to E1 8D begin no other script.
WORD_BYTES = regex.compile(rb" ?(?:\xE1(?:[\x88-\x8C][\x80-\xBF]|\x8D[\x80-\x9F]))*(?:\xE1(?:[\x88-\x8D])?)?")
LETTER_COUNT = 0x1360 - 0x1200
MINIMUM_COUNT = 3  # a pair of pieces that stands in fewer places is not worth a row of the embedding
PRIVATE_USE = 0xF0000  # one character of this plane a piece, so that a BPE trainer takes pieces for letters
GATES = "gates.json"
WANTED_TOKENS = 1.9  # of an Ethiopic word, where the base has nothing but letters or bytes for it
WANTED_SHARE = 0.7  # of the base's tokens, where it has pieces for Ethiopic words already
LETTERS_OR_BYTES = 3.8  # tokens a word from which the base has none: Amharic words have so many letters
ENOUGH_WORDS = 200  # different ones; of fewer nothing is wanted
_COPIED = ("tokenizer_config.json", "chat_template.jinja", "NOTICE")
_SHOWN = 3
_NOT_ETHIOPIC = regex.compile(r"[^\p{Script=Ethiopic}]+")


@dataclass(frozen=True)
class _Scheme:
    """How a tokenizer spells its pieces: as text with ▁ for a space, or as bytes."""

    is_byte_level: bool

    def fits(self, piece: str) -> bool:
        """Whether a piece may come about in a new merge: the beginning of an Ethiopic word, and nothing else."""
        if not self.is_byte_level:
            return WORD_PIECE.fullmatch(piece) is not None
        return WORD_BYTES.fullmatch(bytes(_BYTES[character] for character in piece)) is not None

    def is_whole(self, piece: str) -> bool:
        """Whether a piece ends with a letter's last byte."""
        if not self.is_byte_level:
            return True
        try:
            bytes(_BYTES[character] for character in piece).decode()
        except UnicodeDecodeError:
            return False
        return True


_SPELLED: dict[int, str] = bytes_to_unicode()  # type: ignore[no-untyped-call]
_BYTES = {character: byte for byte, character in _SPELLED.items()}


def extend(base: Path, texts: Sequence[str], out: Path, *, pieces: int) -> dict[str, object]:
    """Write the tokenizer of `base` with up to `pieces` Amharic pieces more into the new folder `out`.

    The folder has what `trim.prepare` writes; in kept_ids.json a new piece has the list of the base model's ids of
    which it is made, from whose mean its row of the embedding starts.

    Args:
        base: folder made by `trim.prepare`.
        texts: Amharic posts to learn from; none that anything is measured on.
        out: folder to make.
        pieces: how many to add at most, single letters that the base lacks included.

    Returns:
        pieces, new_pieces, new_letters (counts).

    Raises:
        ArtifactError: the tokenizer is no BPE.
        DataError: the texts hold too few Ethiopic words to learn any piece from.
    """
    source = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    if source["model"]["type"] != "BPE":
        raise ArtifactError(
            f"{base}: a tokenizer of type {source['model']['type']} cannot be extended, only BPE. "
            "Set tokenizer.extend_pieces to 0."
        )
    scheme = _Scheme("ByteLevel" in json.dumps(source["decoder"]))
    letters = [] if scheme.is_byte_level else _missing_letters(source["model"]["vocab"])
    with_letters = _with_pieces(source, letters, [])
    merges = _learn(Tokenizer.from_str(json.dumps(with_letters)), texts, scheme, pieces - len(letters))
    if not merges:
        raise DataError(
            f"No Amharic piece could be learned from {len(texts):,} posts: no pair of pieces recurs {MINIMUM_COUNT} "
            "times inside Ethiopic words. Give more exports, or set tokenizer.extend_pieces to 0."
        )
    words = [left + right for left, right in merges]
    extended = _with_pieces(source, [*letters, *dict.fromkeys(words)], merges)
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").write_text(json.dumps(extended, ensure_ascii=False), encoding="utf-8")
    for name in _COPIED:
        if (base / name).is_file():
            shutil.copyfile(base / name, out / name)
    kept: list[Any] = json.loads((base / "kept_ids.json").read_text(encoding="utf-8"))
    write_json(
        out / "kept_ids.json",
        _origins(source, extended, kept, merges, Tokenizer.from_str(json.dumps(source))),
    )
    size = len(extended["model"]["vocab"]) - len(source["model"]["vocab"])
    return {"pieces": len(kept) + size, "new_pieces": size, "new_letters": len(letters)}


def learning_texts(documents: pl.DataFrame) -> list[str]:
    """Posts to learn pieces from: those of the training split, sorted, each once."""
    return sorted(set(documents.filter(pl.col("split") == "train")["post"]))


def measure_gates(base: Path, extended: Path, posts: Sequence[str]) -> dict[str, object]:
    """Whether the longer tokenizer may take the place of the shorter one, on held-out posts.

    Args:
        base: folder of the tokenizer before.
        extended: folder of the tokenizer after; gates.json is written there.
        posts: held-out posts.

    Returns:
        lines (without an Ethiopic letter, compared piece by piece), words and different_words (purely Ethiopic),
        tokens_per_word_before and _after where words stand, tokens_per_different_word_before and _after; problems:
        in words, empty if all gates are passed; shortfalls: of what is wanted, in words.
    """
    before, after = AutoTokenizer.from_pretrained(base), AutoTokenizer.from_pretrained(extended)
    lines = sorted(
        {run.strip() for post in posts for run in _NOT_ETHIOPIC.findall(post)} - {""} | set(ENGLISH)
    )
    changed = [line for line in lines if before.tokenize(line) != after.tokenize(line)]
    lost = [
        text
        for text in [*map(chr, _assigned()), *posts]
        if after.decode(after(text, add_special_tokens=False).input_ids)
        != before.decode(before(text, add_special_tokens=False).input_ids)
    ]
    standing = Counter(word for post in posts for word in ETHIOPIC_WORD.findall(post))
    words = sorted(standing)
    counts = [tokens_of_words(tokenizer, words) for tokenizer in (before, after)]
    fertility = [
        sum(count * standing[word] for word, count in zip(words, found, strict=True))
        / max(1, standing.total())
        for found in counts
    ]
    different = [sum(found) / max(1, len(words)) for found in counts]
    problems = [
        f"a line without Ethiopic letters is cut otherwise: {line[:40]!r}" for line in changed[:_SHOWN]
    ]
    problems += [f"{len(lost)} texts do not come back from their pieces"] if lost else []
    if words and fertility[1] >= fertility[0]:
        problems.append(
            f"Ethiopic words need {fertility[1]:.2f} pieces, before {fertility[0]:.2f}: nothing is won"
        )
    wanted = WANTED_TOKENS if fertility[0] > LETTERS_OR_BYTES else WANTED_SHARE * fertility[0]
    shortfalls = []
    if len(words) >= ENOUGH_WORDS and wanted < fertility[1] < fertility[0]:
        shortfalls.append(
            f"Ethiopic words need {fertility[1]:.2f} pieces, wanted are {wanted:.2f}: raise "
            "tokenizer.extend_pieces, or give more exports"
        )
    settings = json.loads((extended / "tokenizer.json").read_text(encoding="utf-8"))
    problems += [
        f"tokenizer.json sets {name}" for name in ("truncation", "padding") if settings[name] is not None
    ]
    result: dict[str, object] = {
        "lines": len(lines),
        "words": standing.total(),
        "different_words": len(words),
        "tokens_per_word_before": round(fertility[0], 3),
        "tokens_per_word_after": round(fertility[1], 3),
        "tokens_per_different_word_before": round(different[0], 3),
        "tokens_per_different_word_after": round(different[1], 3),
        "problems": problems,
        "shortfalls": shortfalls,
    }
    write_json(extended / GATES, result)
    return result


def problems(extended: Path) -> list[str]:
    """What `measure_gates` found wrong with an extended tokenizer."""
    found: list[str] = json.loads((extended / GATES).read_text(encoding="utf-8"))["problems"]
    return found


def shortfalls(extended: Path) -> list[str]:
    """What `measure_gates` found to be less than is wanted of an extended tokenizer, though it may be used."""
    found: list[str] = json.loads((extended / GATES).read_text(encoding="utf-8"))["shortfalls"]
    return found


def _assigned() -> Iterator[int]:
    return (code for code in ETHIOPIC if unicodedata.category(chr(code)) != "Cn")


def _missing_letters(vocab: dict[str, int]) -> list[str]:
    """Assigned characters of the Ethiopic block that are no piece; a space and a letter is then merged from two."""
    return [chr(code) for code in _assigned() if chr(code) not in vocab]


def _learn(tokenizer: Tokenizer, texts: Sequence[str], scheme: _Scheme, wanted: int) -> list[tuple[str, str]]:
    """New merges, at most `wanted`: first those that make letters of bytes, then those that make words of letters."""
    segments = Counter(
        segment
        for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)
        for segment in _segments(encoding.tokens, scheme)
    )
    letter_merges: Counter[tuple[str, str]] = Counter()
    words: Counter[tuple[str, ...]] = Counter()
    for segment, count in segments.items():
        grouped = []
        piece = ""
        for part in segment:
            if piece:
                letter_merges[piece, part] += count
            piece += part
            if scheme.is_whole(piece):
                grouped.append(piece)
                piece = ""
        words[tuple(grouped)] += count
    ranked = sorted(letter_merges.items(), key=lambda item: (-item[1], item[0]))
    first = [merge for merge, count in ranked if count >= MINIMUM_COUNT][: max(0, wanted)]
    return [*first, *_train(words, wanted - len(first))]


def _segments(pieces: Sequence[str], scheme: _Scheme) -> Iterator[tuple[str, ...]]:
    """Runs of pieces that spell one Ethiopic word, whole letters only, at least two pieces long."""
    run: list[str] = []
    for piece in [*pieces, " "]:  # a space is no piece in either spelling
        if run and piece != " " and not piece.startswith((SPACE, "Ġ")) and _joins(run, piece, scheme):
            run.append(piece)
            continue
        while run and not scheme.is_whole("".join(run)):
            run.pop()
        if len(run) > 1:
            yield tuple(run)
        run = [piece] if piece != " " and _joins([], piece, scheme) else []


def _joins(run: Sequence[str], piece: str, scheme: _Scheme) -> bool:
    if scheme.is_byte_level and not all(character in _BYTES for character in piece):
        return False  # an added token, spelled as text
    return scheme.fits("".join([*run, piece]))


def _train(words: Counter[tuple[str, ...]], wanted: int) -> list[tuple[str, str]]:
    """Merges of a BPE whose letters are pieces."""
    symbols = sorted({piece for word in words for piece in word})
    spelled = {piece: chr(PRIVATE_USE + number) for number, piece in enumerate(symbols)}
    if wanted <= 0 or not symbols:
        return []
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = WhitespaceSplit()
    trainer = BpeTrainer(
        vocab_size=len(symbols) + wanted, min_frequency=MINIMUM_COUNT, show_progress=False, special_tokens=[]
    )
    tokenizer.train_from_iterator(_repeated(words, spelled), trainer)
    pieces = {character: piece for piece, character in spelled.items()}
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    found = [
        ("".join(map(pieces.__getitem__, left)), "".join(map(pieces.__getitem__, right)))
        for left, right in merges
    ]
    return found[:wanted]


def _repeated(words: Counter[tuple[str, ...]], spelled: dict[str, str]) -> Iterator[str]:
    """Each word as often as it occurs, a line a word."""
    for word, count in sorted(words.items()):
        text = "".join(map(spelled.__getitem__, word))
        for _ in range(count):
            yield text


def _with_pieces(
    source: dict[str, Any], pieces: Iterable[str], merges: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """The tokenizer's description with more pieces; added tokens move behind them, as the library wants."""
    model = source["model"]
    old = sorted(model["vocab"].items(), key=lambda item: item[1])
    vocab = {piece: number for number, piece in enumerate([*(piece for piece, _ in old), *pieces])}
    new_ids = {number: vocab[piece] for piece, number in old}
    outside = sorted({int(a["id"]) for a in source["added_tokens"]} - set(new_ids))
    new_ids |= {number: place for place, number in enumerate(outside, start=len(vocab))}
    lists = bool(model["merges"]) and isinstance(model["merges"][0], list)
    new_merges = [list(merge) if lists else " ".join(merge) for merge in merges]
    return {
        **source,
        "truncation": None,
        "padding": None,
        "added_tokens": [{**a, "id": new_ids[a["id"]]} for a in source["added_tokens"]],
        "model": {**model, "vocab": vocab, "merges": [*model["merges"], *new_merges]},
        "post_processor": renumbered(source["post_processor"], new_ids),
    }


def _origins(
    source: dict[str, Any],
    extended: dict[str, Any],
    kept: Sequence[int | None],
    merges: Sequence[tuple[str, str]],
    tokenizer: Tokenizer,
) -> list[int | list[int] | None]:
    """For each id of the extended tokenizer: the base model's id, the ids that a new piece is made of, or nothing."""
    old = {**source["model"]["vocab"], **{a["content"]: a["id"] for a in source["added_tokens"]}}
    made_of: dict[str, list[int]] = {}

    def parts(piece: str) -> list[int]:
        if piece in old:
            number = kept[old[piece]]
            return [] if number is None else [number]
        if piece not in made_of:  # a letter that the base spells in bytes
            ids = tokenizer.encode(piece, add_special_tokens=False).ids
            made_of[piece] = [number for number in map(kept.__getitem__, ids) if number is not None]
        return made_of[piece]

    for left, right in merges:
        made_of.setdefault(left + right, [*parts(left), *parts(right)])
    ids = {**extended["model"]["vocab"], **{a["content"]: a["id"] for a in extended["added_tokens"]}}
    ordered = sorted(ids.items(), key=lambda item: item[1])
    if any(after - before != 1 for (_, before), (_, after) in pairwise(ordered)):
        raise ArtifactError(
            "The base tokenizer's ids have gaps. Set tokenizer.trim to true, which closes them."
        )
    return [kept[old[piece]] if piece in old else parts(piece) for piece, _ in ordered]
