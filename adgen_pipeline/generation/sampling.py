"""Which piece comes next: constraints, a repetition penalty and top-p sampling, each a function of logits.

The fact lock begins here: for a brief, pieces that hold digits, @ or # and slots that the brief does not offer are
not to be drawn at all, so that the guards have little left to repair.
"""

import re
from collections.abc import Collection

import torch
from transformers import PreTrainedTokenizerBase

from adgen_pipeline.text.slots import NAME_KINDS, SLOT, slot_kind

# Pieces that can only be part of a fact: digits of any script, address signs, and their bytes.
_FACT_PIECE = re.compile(r"[\d@#\u1369-\u137c]|(?i:https?|www)")
_BYTE_PIECE = re.compile(r"<0x([0-9A-F]{2})>")
_FACT_BYTES = {*range(0x30, 0x3A), 0x40, 0x23}  # 0-9 @ #

SLOT_USES = 1
NAME_SLOT_USES = 2  # a product is named twice in good ads: in the title and in a sentence


class Pieces:
    """What a tokenizer's pieces may be used for.

    Attributes:
        slots: ids of the slots that are single pieces, by slot.
        writable: rows (vocabulary) of bool: pieces that an answer may hold at all; padding rows and control pieces
            may not, ends of turn may.
        factual: pieces that can only be part of a fact; slots are not among them.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, rows: int, ends: Collection[int]) -> None:
        """Look at every piece once; `rows` is the height of the model's output layer."""
        vocabulary: dict[str, int] = tokenizer.get_vocab()
        self.slots = {piece: number for piece, number in vocabulary.items() if SLOT.fullmatch(piece)}
        slot_ids = set(self.slots.values())
        special = set(tokenizer.all_special_ids)
        self.writable = torch.zeros(rows, dtype=torch.bool)
        self.factual = torch.zeros(rows, dtype=torch.bool)
        for piece, number in vocabulary.items():
            if number >= rows:
                continue
            self.writable[number] = number in ends or number in slot_ids or number not in special
            self.factual[number] = number not in slot_ids and _is_factual(piece)

    def allowed(self, slots: Collection[str] | None) -> torch.Tensor:
        """Pieces (vocabulary) that an answer may hold: with None all writable ones, else no fact but these slots."""
        if slots is None:
            return self.writable
        allowed = self.writable & ~self.factual
        for piece, number in self.slots.items():
            allowed[number] = piece in slots
        return allowed


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
    return NAME_SLOT_USES if slot_kind(slot) in NAME_KINDS else SLOT_USES


def _is_factual(piece: str) -> bool:
    byte = _BYTE_PIECE.fullmatch(piece)
    if byte:
        return int(byte[1], 16) in _FACT_BYTES
    return _FACT_PIECE.search(piece) is not None
