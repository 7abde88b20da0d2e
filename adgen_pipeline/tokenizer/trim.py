"""The tokenizer that training uses: the base's, with slots as pieces of their own, and trimmed where the recipe asks.

Trimming keeps the pieces that the corpus uses, and what briefs need beside it; the embedding shrinks with it (Gemma
3 270M: 262,144 rows to some 15,000, training twice as fast). Text whose pieces are all kept encodes as it did.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from adgen_pipeline.artifacts import write_json
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.recipe import TokenizerRecipe
from adgen_pipeline.text.slots import vocabulary
from adgen_pipeline.tokenizer.chat_template import chat_template, turn_end

# English pieces kept beside those of the texts: briefs come in English too. Ids of a BPE follow the order of its
# merges, so the first ones are the most frequent.
ENGLISH_PIECES = 6000
# Added where the base pads with the piece that ends a text, or not at all.
PADDING = "<|pad|>"
# Sizes of matrices that GPUs like; trimming fills up to it with real pieces, so that no row needs masking.
ROW_MULTIPLE = 64
# The Unicode block Ethiopic: letters, punctuation, numerals.
ETHIOPIC = range(0x1200, 0x1380)


def prepare(base: Path, texts: Sequence[str], out: Path, *, recipe: TokenizerRecipe) -> dict[str, object]:
    """Write the training tokenizer into the new folder `out`; returns what it holds.

    The folder has tokenizer.json, tokenizer_config.json, chat_template.jinja and kept_ids.json: a list that gives
    for each new id the base's id, or null for a new piece.

    Args:
        base: folder of a base model with tokenizer.json.
        texts: what the model will read and write, as the corpus has it; only their pieces survive trimming.
        out: folder to make.
        recipe: whether to trim, and how many slots a kind has.

    Returns:
        base_pieces, pieces, kept_pieces, new_pieces (counts), turn_end (the piece that ends a turn), trimmed.

    Raises:
        ArtifactError: the base's tokenizer is not of a kind that can be trimmed, or has no end of turn.
    """
    source = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    base_tokenizer = Tokenizer.from_str(json.dumps(source))
    wrapped = AutoTokenizer.from_pretrained(base)
    template, chat_pieces = chat_template(wrapped)
    special = {
        name: str(piece) for name, piece in wrapped.special_tokens_map.items() if isinstance(piece, str)
    }
    if special.get("pad_token") in {None, special.get("eos_token")}:
        special["pad_token"] = PADDING  # padding that ended turns would teach the model to end nothing
    slots = vocabulary(recipe.slots_per_kind)
    specials = [piece for piece in (special["pad_token"], *chat_pieces) if _missing(source, piece)]
    if recipe.trim:
        always = {*special.values(), *chat_pieces}
        keep = _kept_ids(base, source, base_tokenizer, texts, always, len(slots) + len(specials))
        source = _with_pieces(source, keep)
    else:
        keep = list(range(max(base_tokenizer.get_vocab(with_added_tokens=True).values()) + 1))
    _append(source, slots, specials)
    for entry in source["added_tokens"]:
        entry["special"] = entry["special"] or entry["content"] in chat_pieces
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").write_text(json.dumps(source, ensure_ascii=False), encoding="utf-8")
    (out / "chat_template.jinja").write_text(template, encoding="utf-8")
    config = {
        # The class that takes tokenizer.json as it stands; the models' own classes rebuild it from parts.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": int(min(wrapped.model_max_length, 1 << 20)),
        **special,
    }
    write_json(out / "tokenizer_config.json", config)
    end = turn_end(AutoTokenizer.from_pretrained(out))
    write_json(out / "tokenizer_config.json", {**config, "eos_token": end})
    write_json(out / "kept_ids.json", [*keep, *[None] * (len(slots) + len(specials))])
    notice = base / "NOTICE"
    if notice.is_file():
        shutil.copyfile(notice, out / "NOTICE")
    return {
        "base_pieces": base_tokenizer.get_vocab_size(with_added_tokens=True),
        "pieces": len(keep) + len(slots) + len(specials),
        "kept_pieces": len(keep),
        "new_pieces": len(slots) + len(specials),
        "turn_end": end,
        "trimmed": recipe.trim,
    }


def _kept_ids(
    base: Path,
    source: dict[str, Any],
    tokenizer: Tokenizer,
    texts: Sequence[str],
    always: set[str],
    new_pieces: int,
) -> list[int]:
    """Ids of the base to keep, ascending: used pieces, bytes, letters, English, and what their merges pass through."""
    model = source["model"]
    if model["type"] != "BPE":
        raise ArtifactError(
            f"{base}: a tokenizer of type {model['type']} cannot be trimmed, only BPE. Set tokenizer.trim to false."
        )
    ids: dict[str, int] = {**model["vocab"], **{a["content"]: a["id"] for a in source["added_tokens"]}}
    pieces = {number: piece for piece, number in ids.items()}
    used = {number for encoding in tokenizer.encode_batch(list(texts)) for number in encoding.ids}
    used |= {number for piece, number in ids.items() if piece in always or piece == model["unk_token"]}
    used |= {number for piece, number in ids.items() if _is_alphabet(piece)}
    letters = tokenizer.encode_batch(
        [chr(code) for code in ETHIOPIC] + [f" {chr(code)}" for code in ETHIOPIC]
    )
    used |= {number for encoding in letters for number in encoding.ids}
    merges = _Merges(model["merges"])
    kept: set[str] = set()
    for number in sorted(used):
        kept |= merges.path(pieces[number])
    kept = {piece for piece in kept if piece in ids}
    english = [pieces[number] for number in sorted(pieces) if _is_english(pieces[number])]
    for rank, piece in enumerate(english):
        missing = merges.path(piece) - kept
        room = -(len(kept) + new_pieces) % ROW_MULTIPLE
        if rank < ENGLISH_PIECES or len(missing) <= room:
            kept |= missing
        elif room == 0:
            break
    return sorted(ids[piece] for piece in kept)


def _is_alphabet(piece: str) -> bool:
    """Whether the piece is a byte, in either spelling, or a single Latin letter, digit or sign."""
    # A byte-level BPE writes the 256 bytes as characters below U+0180.
    return (len(piece) == 1 and ord(piece) < 0x180) or (len(piece) == 6 and piece.startswith("<0x"))


def _is_english(piece: str) -> bool:
    """Whether the piece is an English word or a part of one, with or without the space before it."""
    word = piece.lstrip("▁Ġ")
    return len(word) > 1 and word.isascii() and word.isalpha() and (word.islower() or word.istitle())


class _Merges:
    """The merges of a BPE, and the way by which each piece comes about."""

    def __init__(self, merges: Iterable[Sequence[str] | str]) -> None:
        pairs = (tuple(merge.split(" ", 1)) if isinstance(merge, str) else tuple(merge) for merge in merges)
        self._ranks = {pair: rank for rank, pair in enumerate(pairs)}

    def path(self, piece: str) -> set[str]:
        """The piece and all pieces that its merging passes through.

        The merges inside a piece do not depend on its neighbours, for none of them was merged across its border.
        A set of pieces that holds all their paths therefore encodes as the whole vocabulary does.
        """
        parts, seen = list(piece), {piece, *piece}
        if piece.startswith("<") and piece.endswith(">"):
            return {piece}  # bytes and control pieces are not merged from letters
        while len(parts) > 1:
            ranked = [
                (self._ranks[pair], place)
                for place, pair in enumerate(pairwise(parts))
                if pair in self._ranks
            ]
            if not ranked:
                break
            _, place = min(ranked)
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
            seen.add(parts[place])
        return seen


def _with_pieces(source: dict[str, Any], keep: Sequence[int]) -> dict[str, Any]:
    """The tokenizer's description with only the kept ids, renumbered in order."""
    new_ids = {old: new for new, old in enumerate(keep)}
    model = source["model"]
    vocab = {piece: new_ids[number] for piece, number in model["vocab"].items() if number in new_ids}
    merges = [m for m in model["merges"] if _survives(m, vocab)]
    added = [{**a, "id": new_ids[a["id"]]} for a in source["added_tokens"] if a["id"] in new_ids]
    return {
        **source,
        "added_tokens": sorted(added, key=lambda a: int(a["id"])),
        "model": {**model, "vocab": dict(sorted(vocab.items(), key=lambda item: item[1])), "merges": merges},
        "post_processor": renumbered(source["post_processor"], new_ids),
    }


def _survives(merge: Sequence[str] | str, vocab: dict[str, int]) -> bool:
    left, right = merge.split(" ", 1) if isinstance(merge, str) else merge
    return left in vocab and right in vocab and left + right in vocab


def renumbered(processor: Any, new_ids: dict[int, int]) -> Any:
    """A post-processor whose `ids` of special tokens are the new ones, at whatever depth they stand."""
    if isinstance(processor, dict):
        return {
            key: [new_ids[number] for number in value] if key == "ids" else renumbered(value, new_ids)
            for key, value in processor.items()
        }
    if isinstance(processor, list):
        return [renumbered(value, new_ids) for value in processor]
    return processor


def _missing(source: dict[str, Any], piece: str) -> bool:
    return piece not in source["model"]["vocab"] and all(
        a["content"] != piece for a in source["added_tokens"]
    )


def _append(source: dict[str, Any], slots: Sequence[str], specials: Sequence[str]) -> None:
    """Add slots and missing special pieces to the description, with the ids after the last one."""
    ids = [*source["model"]["vocab"].values(), *(a["id"] for a in source["added_tokens"])]
    for number, piece in enumerate([*slots, *specials], start=max(ids) + 1):
        source["added_tokens"].append(
            {
                "id": number,
                "content": piece,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                # Matched before normalisation, so that neither spaces nor letters around it matter.
                "normalized": False,
                # Special pieces vanish on decoding; slots must stay.
                "special": piece in specials,
            }
        )


def training_texts(documents: pl.DataFrame, conversations: pl.DataFrame) -> list[str]:
    """What the model will read and write: posts as they look, and the words of all turns; sorted, each once."""
    turns: list[str] = conversations["messages"].explode().struct.field("content").drop_nulls().to_list()
    return sorted({*documents["post"].to_list(), *turns})
