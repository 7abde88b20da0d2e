"""Fertility: how many tokens a tokenizer makes of a word; and which words are asked about."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import regex

ETHIOPIC_WORD = regex.compile(r"\p{Script=Ethiopic}{2,}")


@dataclass(frozen=True)
class Fertility:
    """What texts became.

    Attributes:
        words: that are parted by whitespace.
        tokens: pieces, without those that begin or end a text.
        bytes: of the texts in UTF-8.
    """

    words: int
    tokens: int
    bytes: int

    @property
    def tokens_per_word(self) -> float:
        """Fertility."""
        return self.tokens / self.words

    @property
    def bytes_per_token(self) -> float:
        """How much text a token holds."""
        return self.bytes / self.tokens


def fertility(encode: Callable[[Sequence[str]], Iterable[Sequence[int]]], texts: Sequence[str]) -> Fertility:
    """Words, tokens and bytes of texts; all may be 0.

    Args:
        encode: texts → ids of each, without special pieces.
        texts: at least one.
    """
    return Fertility(
        words=sum(len(text.split()) for text in texts),
        tokens=sum(len(ids) for ids in encode(texts)),
        bytes=sum(len(text.encode()) for text in texts),
    )


def ethiopic_words(texts: Iterable[str]) -> list[str]:
    """The different purely Ethiopic words of texts, of two letters or more, in their order."""
    return sorted({word for text in texts for word in ETHIOPIC_WORD.findall(text)})
