"""What a writer needs of a model: the pipeline's own (`models`), or one behind an address (`endpoint`)."""

import math
from collections.abc import Collection, Sequence
from typing import Protocol

TEMPLATE = "template"  # what the writer without a model is called where models have versions
Conversation = Sequence[dict[str, str]]


class LanguageModel(Protocol):
    """A model that answers conversations with slotted ads."""

    @property
    def slots(self) -> frozenset[str]:
        """Slots that it can be asked for."""
        ...

    def count_tokens(self, conversation: Conversation) -> int:
        """Tokens of a prompt, measured or estimated from above."""
        ...

    def generate(
        self,
        conversations: Sequence[Conversation],
        *,
        samples: int,
        temperature: float,
        top_p: float,
        repetition_penalty: float,
        maximum_new_tokens: int,
        seed: int,
        allowed_slots: Sequence[Collection[str]] | None = None,
    ) -> list[list[str]]:
        """Answers to each conversation."""
        ...

    def bits_per_byte(self, texts: Sequence[str]) -> list[float]:
        """Bits that the model needs for each byte of each text; NaN where it cannot tell."""
        ...


class NoModel:
    """Draws no candidates, so that the writer answers by its template: a model to compare others with."""

    slots: frozenset[str] = frozenset()

    def count_tokens(self, conversation: Conversation) -> int:
        """None: nothing is read."""
        del conversation
        return 0

    def generate(
        self, conversations: Sequence[Conversation], *, samples: int, **more: object
    ) -> list[list[str]]:
        """No answer to any conversation."""
        del samples, more
        return [[] for _ in conversations]

    def bits_per_byte(self, texts: Sequence[str]) -> list[float]:
        """It cannot tell."""
        return [math.nan for _ in texts]
