"""Likeness of an ad to the real post: BLEU, and chrF as it is spelled.

The metrics of `metrics` read phonetic keys, so that ሠ and ሰ are one letter; those called plain read what is written.
Both are kept, since a model that spells as nobody does loses in the plain ones alone.
"""

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from adgen_pipeline.evaluation.metrics import Answer, Case, Metric
from adgen_pipeline.text.amharic import search_key, words

# BLEU-4 of Papineni et al. (2002) of one text: words are given, since sacrebleu's tokenizers do not know Ethiopic
# punctuation; orders without a match are smoothed exponentially, orders longer than the text are left out.
_BLEU = BLEU(tokenize="none", smooth_method="exp", effective_order=True)
_CHRF = CHRF(char_order=6, word_order=0, beta=2)


def bleu(case: Case, answer: Answer) -> float:
    """BLEU-4, 0…100, of the ad's words by phonetic key against the post's."""
    return sentence_bleu(_tokens(search_key(answer.text)), [_tokens(search_key(case.reference))])


def bleu_plain(case: Case, answer: Answer) -> float:
    """BLEU-4, 0…100, of the ad's words as spelled against the post's."""
    return sentence_bleu(_tokens(answer.text), [_tokens(case.reference)])


def chrf_plain(case: Case, answer: Answer) -> float:
    """ChrF, 0…100, of the ad as spelled against the post."""
    return float(_CHRF.sentence_score(answer.text, [case.reference]).score)


def sentence_bleu(hypothesis: str, references: list[str]) -> float:
    """BLEU-4, 0…100, of words between spaces; 0 for no words on either side."""
    if not hypothesis or not any(references):
        return 0.0
    return float(_BLEU.sentence_score(hypothesis, references).score)


def _tokens(text: str) -> str:
    return " ".join(words(text)).lower()


OVERLAP = (
    Metric("bleu", "BLEU", "likeness of words to the real post, 0 to 100", True, False, bleu),
    Metric("bleu_plain", "BLEU, as spelled", "the same; homophone spellings differ", True, False, bleu_plain),
    Metric("chrf_plain", "chrF, as spelled", "as chrF; homophone spellings differ", True, False, chrf_plain),
)
