"""A model behind an OpenAI-compatible address, in the place of the pipeline's own.

It gets the same prompt, and what it answers passes the same guards. Two things it cannot do: be kept from drawing
digits (the guards then have more to repair), and score texts (candidates are ranked without fluency).
"""

import math
from collections.abc import Collection, Sequence

from adgen_pipeline.endpoint import Endpoint
from adgen_pipeline.generation.language_model import Conversation
from adgen_pipeline.text.slots import vocabulary

SLOTS_PER_KIND = 12  # such models copy any slot; a brief with more facts of a kind is no ad
# No tokenizer is at hand. Tokenizers that know Ethiopic need 2 to 4 bytes a token, those that do not fall back on one
# token a byte; the estimate lies on the safe side of the first, and `maximum_prompt_tokens` leaves room for the second.
BYTES_PER_TOKEN = 2
TOKENS_PER_MESSAGE = 8  # of the chat template


class EndpointModel:
    """A `LanguageModel` behind an address.

    Usage::

        model = EndpointModel(Endpoint(recipe.generation.endpoint, key=…))
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    @property
    def slots(self) -> frozenset[str]:
        """Slots that it can be asked for: it writes them as text."""
        return frozenset(vocabulary(SLOTS_PER_KIND))

    def count_tokens(self, conversation: Conversation) -> int:
        """An estimate from above for models that know Ethiopic."""
        size = sum(len(message["content"].encode()) for message in conversation)
        return size // BYTES_PER_TOKEN + TOKENS_PER_MESSAGE * (len(conversation) + 1)

    def generate(
        self,
        conversations: Sequence[Conversation],
        *,
        samples: int,
        temperature: float,
        top_p: float,
        repetition_penalty: float,  # noqa: ARG002  (not part of the protocol that all servers speak)
        maximum_new_tokens: int,
        seed: int,
        allowed_slots: Sequence[Collection[str]] | None = None,  # noqa: ARG002  (the guards see to it)
    ) -> list[list[str]]:
        """Answers to each conversation, without the code fences and quotes that chat models like."""
        return [
            [
                bare(answer)
                for answer in self.endpoint.complete(
                    conversation,
                    samples=samples,
                    temperature=temperature,
                    top_p=top_p,
                    maximum_tokens=maximum_new_tokens,
                    seed=seed,
                )
            ]
            for conversation in conversations
        ]

    def bits_per_byte(self, texts: Sequence[str]) -> list[float]:
        """NaN for each text: the protocol gives no probabilities of texts that somebody else wrote."""
        return [math.nan] * len(texts)


def bare(answer: str) -> str:
    """An answer without a code fence around it, or quotes."""
    text = answer.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        text = text.removesuffix("```").split("\n", 1)[1].strip()
    if len(text) > 1 and text[0] == text[-1] == '"' and text.count('"') == 2:
        text = text[1:-1].strip()
    return text
