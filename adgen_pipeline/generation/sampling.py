"""Which piece comes next: constraints, a repetition penalty and top-p sampling, each a function of logits.

The fact lock begins here: for a brief, pieces that hold digits, @ or # and slots that the brief does not offer are
not to be drawn at all, nor Latin letters that the prompt does not hold (somebody's name, an English sentence), nor
letters of other scripts. So the guards have little left to repair.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase

from adgen_pipeline.text.promises import lexicon
from adgen_pipeline.text.slots import SLOT, slot_kind

# Pieces that can only be part of a fact: digits of any script, address signs, and their bytes.
_FACT_PIECE = re.compile(r"[\d@#\u1369-\u137c]|(?i:https?|www)")
_BYTE_PIECE = re.compile(r"<0x([0-9A-F]{2})>")
_FACT_BYTES = {*range(0x30, 0x3A), 0x40, 0x23}  # 0-9 @ #
# ASCII alone: byte-level tokenizers write the bytes of other letters with the accented Latin ones.
_LATIN_PIECE = re.compile(r"[A-Za-z]")
_WORD_START = "▁Ġ"  # how tokenizers write the space before a word
_GENERIC_CHARS = 4  # of a word that any ad may use («በTelegram»); shorter ones are parts of names as well

_LINE_END = re.compile(r"[\nĊ]|<0x0A>")  # as it is, as byte-level tokenizers write it, as a byte

SLOT_USES = 1
TITLE_KINDS = ("brand", "product")
TITLE_SLOT_USES = 2  # a product is named twice in good ads: in the title and in a sentence
REPEATED_PIECES = 3  # of a line whose return ends an answer; shorter ones are an emoji and a bracket
# Of the answer's own words before it may end, some four words: less is a list of facts, and no ad.
MINIMUM_WORD_PIECES = 10
_FIRST_OTHER_SCRIPT = "\u0370"  # Greek; byte-level tokenizers write bytes with letters below it
_SCRIPTS = ("ETHIOPIC", "LATIN")


class Pieces:
    """What a tokenizer's pieces may be used for.

    Attributes:
        slots: ids of the slots that are single pieces, by slot.
        writable: rows (vocabulary) of bool: pieces that an answer may hold at all; padding rows and control pieces
            may not, ends of turn may.
        factual: pieces that can only be part of a fact; slots are not among them.
        latin: pieces that hold a Latin letter, but for words that any ad may use; slots and control pieces are not
            among them.
        foreign: pieces that hold a letter of a script that no Amharic ad is written in.
        words: pieces that hold a letter, Latin ones and slots left out.
        ends: ids of pieces that end an answer.
        line_ends: ids of pieces that end a line.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, rows: int, ends: Collection[int]) -> None:
        """Look at every piece once; `rows` is the height of the model's output layer."""
        vocabulary: dict[str, int] = tokenizer.get_vocab()
        self.slots = {piece: number for piece, number in vocabulary.items() if SLOT.fullmatch(piece)}
        self.line_ends = frozenset(i for piece, i in vocabulary.items() if _LINE_END.search(piece))
        slot_ids = set(self.slots.values())
        special = set(tokenizer.all_special_ids)
        self.writable = torch.zeros(rows, dtype=torch.bool)
        self.factual = torch.zeros(rows, dtype=torch.bool)
        self.latin = torch.zeros(rows, dtype=torch.bool)
        self.foreign = torch.zeros(rows, dtype=torch.bool)
        self.words = torch.zeros(rows, dtype=torch.bool)
        self.ends = frozenset(ends)
        for piece, number in vocabulary.items():
            if number >= rows:
                continue
            self.writable[number] = number in ends or number in slot_ids or number not in special
            if number in slot_ids or number in special:
                continue
            self.factual[number] = _is_factual(piece)
            self.latin[number] = _is_latin(piece)
            self.foreign[number] = _is_foreign(piece)
            has_letter = any(map(str.isalpha, piece))
            self.words[number] = has_letter and not (self.latin[number] or self.factual[number])

    def allowed(self, slots: Collection[str] | None, *, said: Collection[int] = ()) -> torch.Tensor:
        """Pieces (vocabulary) that an answer may hold.

        Args:
            slots: facts that it may state; None lets it write anything.
            said: ids of the pieces of the prompt's words, whose Latin letters it may repeat.
        """
        if slots is None:
            return self.writable
        repeatable = torch.zeros_like(self.latin)
        repeatable[sorted(set(said))] = True
        allowed = self.writable & ~self.factual & ~self.foreign & (~self.latin | repeatable)
        for piece, number in self.slots.items():
            allowed[number] = piece in slots
        return allowed

    def rules(self, slots: Collection[str] | None) -> "Rules":
        """What an answer must keep to while it is drawn; with None it need not keep to anything."""
        if slots is None:
            return Rules({}, frozenset(), torch.zeros_like(self.words), 0)
        limits = {number: slot_uses(slot) for slot, number in self.slots.items()}
        return Rules(limits, self.line_ends, self.words, MINIMUM_WORD_PIECES)


@dataclass(frozen=True)
class Rules:
    """What answers must keep to while they are drawn.

    Attributes:
        limits: how often an answer may hold some pieces, by id.
        line_ends: ids of pieces that end a line; a line that comes again ends the answer.
        words: pieces (vocabulary) of bool that count as the answer's own words.
        minimum_words: of these before an answer may end.
    """

    limits: dict[int, int]
    line_ends: frozenset[int]
    words: torch.Tensor
    minimum_words: int


def penalise_repeats(logits: torch.Tensor, written: torch.Tensor, penalty: float) -> torch.Tensor:
    """Logits of pieces that an answer already holds, made smaller.

    The prompt is not counted: its words and slots are there to be said.

    Args:
        logits: (batch, vocabulary).
        written: (batch, vocabulary) of bool.
        penalty: at least 1; positive logits are divided by it, negative ones multiplied.
    """
    if penalty == 1.0:
        return logits
    smaller = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(written, smaller, logits)


def draw(
    logits: torch.Tensor, generators: Collection[torch.Generator], *, temperature: float, top_p: float
) -> torch.Tensor:
    """One piece a row (batch,), from the smallest set of likeliest pieces whose probabilities reach `top_p`.

    Each row has its own generator, so that what one row draws does not depend on the others.
    """
    probabilities, pieces = torch.softmax(logits.float() / temperature, dim=-1).sort(dim=-1, descending=True)
    cumulative = probabilities.cumsum(dim=-1)
    kept = probabilities * (cumulative - probabilities < top_p)
    cumulative = kept.cumsum(dim=-1)
    uniform = torch.stack([torch.rand(1, generator=generator) for generator in generators])  # (batch, 1)
    target = uniform.to(logits.device) * cumulative[:, -1:]
    # Rounding may put the target on the last sum; a piece of probability 0 is never drawn.
    place = torch.searchsorted(cumulative, target, right=True)
    last = (kept > 0).sum(dim=-1, keepdim=True) - 1
    return pieces.gather(-1, torch.minimum(place, last)).squeeze(-1)


def slot_uses(slot: str) -> int:
    """How often one answer may draw a slot."""
    return TITLE_SLOT_USES if slot_kind(slot) in TITLE_KINDS else SLOT_USES


def _is_latin(piece: str) -> bool:
    if byte := _BYTE_PIECE.fullmatch(piece):
        return _LATIN_PIECE.fullmatch(chr(int(byte[1], 16))) is not None
    word = piece.strip(_WORD_START).lower()
    is_generic = len(word) >= _GENERIC_CHARS and word in lexicon().generic_latin
    return not is_generic and _LATIN_PIECE.search(piece) is not None


def _is_foreign(piece: str) -> bool:
    return any(
        character >= _FIRST_OTHER_SCRIPT
        and character.isalpha()
        and not unicodedata.name(character, "").startswith(_SCRIPTS)
        for character in piece
    )


def _is_factual(piece: str) -> bool:
    byte = _BYTE_PIECE.fullmatch(piece)
    if byte:
        return int(byte[1], 16) in _FACT_BYTES
    return _FACT_PIECE.search(piece) is not None
