"""Labels of a lone text by keyword rules: what its evidence amounts to.

A label is given from `minimum_score` on, and score / (score + minimum_score) stands for a probability: 0.5 at the
threshold. Verticals are given to ads only, tags to any post. An ad that has more of what lies outside the ten verticals
(a flat, a course, a job, a bet) than of each of them has no vertical.
"""

import math

from adgen_pipeline.labels.evidence import Evidence, find_evidence
from adgen_pipeline.labels.functions import LABELS
from adgen_pipeline.labels.taxonomy import AD, TAGS, VERTICALS

# A vertical that scores less than this share of the best one is a side remark ("hotel" in a shop's address).
SIDE_REMARK_SHARE = 0.5
# Log odds of a score: twice the minimum is four to one, and no score says more than 150 to one.
SHARPNESS, LEAST_ODDS, LARGEST_ODDS, LEAST_SCORE = 2.0, 0.2, 5.0, 0.05


def predict(text: str, *, minimum_score: float) -> dict[str, object]:
    """The labels of one text.

    Returns:
        vertical, verticals, tags, is_ad, scores (a probability for each label), evidence (label, word and place of
        what the given labels rest on), source.
    """
    found = find_evidence(text)
    verticals, tags, is_ad = decide(found, minimum_score)
    return {
        "vertical": verticals[0] if verticals else None,
        "verticals": verticals,
        "tags": tags,
        "is_ad": is_ad,
        "scores": {
            label: round(probability(score, minimum_score), 4) for label, score in found.scores.items()
        },
        "evidence": found.of(given(verticals, tags, is_ad=is_ad)),
        "source": "rule",
    }


def decide(found: Evidence, minimum_score: float) -> tuple[list[str], list[str], bool]:
    """Verticals (likeliest first), tags and is_ad."""
    is_ad = found.scores[AD] >= minimum_score
    best = max(found.scores[vertical] for vertical in VERTICALS)
    floor = max(minimum_score, SIDE_REMARK_SHARE * best)
    is_inside = is_ad and best >= found.outside
    verticals = [v for v in VERTICALS if is_inside and found.scores[v] >= floor]
    verticals.sort(key=lambda vertical: -found.scores[vertical])  # stable: ties in the taxonomy's order
    tags = [tag for tag in TAGS if found.scores[tag] >= minimum_score]
    return verticals, tags, is_ad


def probability(score: float, minimum_score: float) -> float:
    """0 without evidence, 0.5 at the threshold, towards 1 with more."""
    positive = max(score, 0.0)
    return positive / (positive + minimum_score)


def odds(found: Evidence, minimum_score: float) -> list[float]:
    """Log odds of each label, in the order of `functions.LABELS`: positive for those that are given."""
    verticals, tags, is_ad = decide(found, minimum_score)
    labels = given(verticals, tags, is_ad=is_ad)
    distances = [abs(math.log(max(found.scores[label], LEAST_SCORE) / minimum_score)) for label in LABELS]
    return [
        min(LARGEST_ODDS, max(LEAST_ODDS, SHARPNESS * distance)) * (1 if label in labels else -1)
        for label, distance in zip(LABELS, distances, strict=True)
    ]


def given(verticals: list[str], tags: list[str], *, is_ad: bool) -> list[str]:
    """All labels that a text is given."""
    return [*verticals, *tags, *([AD] if is_ad else [])]
