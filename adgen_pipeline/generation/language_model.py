"""What a writer needs of a model: the pipeline's own (`models`), or one behind an address (`endpoint`)."""

from collections.abc import Collection, Sequence
from typing import Protocol

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
