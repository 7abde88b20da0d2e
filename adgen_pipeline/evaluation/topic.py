"""Whether an ad speaks of what its brief is about: by the labelling rules, and by the encoder."""

from collections.abc import Sequence

from adgen_pipeline.evaluation.background import Background
from adgen_pipeline.evaluation.metrics import Answer, Case
from adgen_pipeline.labels.rules import predict
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import SLOT, fill


def vertical_consistency(
    cases: Sequence[Case], answers: Sequence[Answer], background: Background
) -> list[float | None]:
    """1 where the rules give the ad the vertical that they give its real post, else 0; None for a post without one.

    A brief's own vertical comes from the same rules, so that the post is asked again rather than trusted.
    """
    found: list[float | None] = []
    for case, answer in zip(cases, answers, strict=True):
        asked = _verticals(case.reference, background)
        told = _verticals(answer.text, background)
        found.append(None if not asked else float(asked[0] in told))
    return found


def brief_similarity(
    cases: Sequence[Case], answers: Sequence[Answer], background: Background
) -> list[float | None]:
    """Cosine of the ad's words and the brief's, −1…1, slots left out; None for a brief of slots alone."""
    asked = background.encoder.encode([_words_of(case.brief) for case in cases])
    told = background.encoder.encode([SLOT.sub(" ", answer.slotted) for answer in answers])
    return [float(brief @ ad) if brief.any() else None for brief, ad in zip(asked, told, strict=True)]


def _verticals(text: str, background: Background) -> list[str]:
    found = predict(text, minimum_score=background.minimum_score)["verticals"]
    assert isinstance(found, list)
    return found


def _words_of(brief: Brief) -> str:
    """Product, description and points; names with their slots filled, facts left out."""
    names = {fact.slot: fact.text for fact in brief.facts if fact.kind in ("brand", "product")}
    return SLOT.sub(" ", fill(" ".join((brief.product, brief.description, *brief.features)), names)).strip()
