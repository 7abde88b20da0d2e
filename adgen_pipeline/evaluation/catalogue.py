"""Every metric, in the order of tables: those of one answer, those of all answers of a system, bits per byte.

A new metric is a function here and nowhere else: the table of measures, scores, differences and the report follow.
"""

from collections.abc import Callable, Mapping, Sequence

from adgen_pipeline.evaluation import diversity, novelty, topic
from adgen_pipeline.evaluation.background import Background
from adgen_pipeline.evaluation.metrics import METRICS, Answer, Case, Metric
from adgen_pipeline.evaluation.obedience import OBEDIENCE
from adgen_pipeline.evaluation.overlap import OVERLAP

# A system's answers with their cases → a number each; None where one cannot be measured.
SetMeasure = Callable[[Sequence[Case], Sequence[Answer], Background], list[float | None]]

OF_ONE = (*METRICS, *OBEDIENCE, *OVERLAP)
_OF_ALL: tuple[tuple[SetMeasure, Metric], ...] = tuple(
    (measure, Metric(measure.__name__, title, meaning, is_higher_better, is_share, None))
    for measure, title, meaning, is_higher_better, is_share in (
        (
            topic.vertical_consistency,
            "Vertical kept",
            "ads in whose words the labelling rules find the vertical of the real post",
            True,
            True,
        ),
        (
            topic.brief_similarity,
            "Like the brief",
            "cosine of the encoder between the words of ad and brief, −1 to 1",
            True,
            False,
        ),
        (
            novelty.amharic_word_share,
            "Amharic words",
            "of the words outside of slots, those that stand in training posts or the brief, by stem",
            True,
            True,
        ),
        (
            novelty.unseen_run,
            "Unknown words in a row",
            "longest run of Ethiopic words that no training post and not the brief holds",
            False,
            False,
        ),
        (
            novelty.no_unseen_run,
            "No unknown run",
            "ads without three or more such words in a row",
            True,
            True,
        ),
        (
            novelty.copied_run,
            "Copied words in a row",
            "longest run of words between slots that a training post holds too; under four words: 0",
            False,
            False,
        ),
        (
            diversity.distinct_1,
            "Distinct words",
            "distinct-1 over all ads of the system: words that are said once count full",
            True,
            True,
        ),
        (
            diversity.distinct_2,
            "Distinct word pairs",
            "distinct-2 over all ads of the system: pairs that are said once count full",
            True,
            True,
        ),
        (
            diversity.self_bleu,
            "Self-BLEU",
            "likeness of each ad to the system's other ads, 0 to 100",
            False,
            False,
        ),
    )
)
OF_ALL: Mapping[str, SetMeasure] = {metric.name: measure for measure, metric in _OF_ALL}
BITS_PER_BYTE = Metric(
    "bits_per_byte",
    "Bits per byte",
    "how well the model predicts the held-out posts; comparable across tokenizers",
    is_higher_better=False,
    is_share=False,
    measure=None,
)
ALL = (*OF_ONE, *(metric for _, metric in _OF_ALL), BITS_PER_BYTE)
BY_NAME = {metric.name: metric for metric in ALL}
# What a system must not lose in (`gate`): could it be posted, does it say all, like a real post, is it fluent.
MAIN = ("acceptable", "fact_recall", "chrf_masked", "bits_per_byte")
