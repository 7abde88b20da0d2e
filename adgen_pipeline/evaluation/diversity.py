"""How much a system repeats itself from ad to ad: distinct-n and self-BLEU.

Both are numbers of a whole set of ads. They are split over the ads here, so that systems can be compared case by case
like in any other metric. Slots are left out: facts come from the briefs, and say nothing about the writer.
"""

from collections import Counter
from collections.abc import Sequence

from adgen_pipeline.evaluation.background import Background, key_words
from adgen_pipeline.evaluation.metrics import Answer, Case
from adgen_pipeline.evaluation.overlap import sentence_bleu
from adgen_pipeline.text.slots import SLOT


def distinct_1(
    _cases: Sequence[Case], answers: Sequence[Answer], _background: Background
) -> list[float | None]:
    """Of each ad's words, the share that is new; a word of k places in all ads counts 1/k at each."""
    return distinct(answers, 1)


def distinct_2(
    _cases: Sequence[Case], answers: Sequence[Answer], _background: Background
) -> list[float | None]:
    """Of each ad's pairs of words, the share that is new; a pair of k places in all ads counts 1/k at each."""
    return distinct(answers, 2)


def distinct(answers: Sequence[Answer], n: int) -> list[float | None]:
    """Distinct-n, split over the ads: the mean, weighted by the ads' n-grams, is distinct n-grams over all n-grams.

    Source: Li et al., "A Diversity-Promoting Objective Function for Neural Conversation Models" (2016).

    Returns:
        For each ad a share in (0, 1]; None for an ad of fewer than n words.
    """
    of_ads = [_grams(_own_words(answer), n) for answer in answers]
    counts = Counter(gram for grams in of_ads for gram in grams)
    return [sum(1 / counts[gram] for gram in grams) / len(grams) if grams else None for grams in of_ads]


def self_bleu(
    _cases: Sequence[Case], answers: Sequence[Answer], _background: Background
) -> list[float | None]:
    """BLEU-4, 0…100, of each ad against the system's other ads as references; None for a single ad.

    Source: Zhu et al., "Texygen: A Benchmarking Platform for Text Generation Models" (2018).
    """
    texts = [" ".join(_own_words(answer)) for answer in answers]
    if len(texts) < 2:
        return [None] * len(texts)
    return [sentence_bleu(text, texts[:place] + texts[place + 1 :]) for place, text in enumerate(texts)]


def _own_words(answer: Answer) -> tuple[str, ...]:
    return key_words(SLOT.sub(" ", answer.slotted))


def _grams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(words[start:] for start in range(n)), strict=False))
