"""Which of several checked candidates is the best ad: scores by part, each 0…1, and their weighted sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adgen_pipeline.generation.guard import Guarded, maximum_repeats
from adgen_pipeline.generation.lines import CALL_STEMS
from adgen_pipeline.generation.wording import stems
from adgen_pipeline.text.amharic import STOP_WORDS, words
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.language import script_shares
from adgen_pipeline.text.slots import SLOT, slots_in
from adgen_pipeline.text.stems import stem_key

WEIGHTS: Mapping[str, float] = {
    "fact_coverage": 3.0,  # must-have facts that the model said itself, not the repair
    "brief_overlap": 2.0,  # words of the brief, in Amharic where the prompt had them so, that the ad says
    "on_brief": 2.0,  # of its own words, those that are the brief's or call to order
    "fluency": 2.0,
    "repairs": 1.5,
    "novelty": 1.0,
    "repetition": 1.0,
    "ethiopic_share": 0.5,
}
# Bits per byte at which fluency is 1 and 0: tuned models read real posts at 1.0 to 1.5, broken text at 3 and more.
_FLUENT_BITS, _BROKEN_BITS = 0.8, 3.0


@dataclass(frozen=True)
class Scored:
    """A candidate with its scores; `total` is their weighted mean."""

    candidate: str
    guarded: Guarded
    parts: Mapping[str, float]
    total: float


def score(
    candidate: str, guarded: Guarded, brief: Brief, *, bits_per_byte: float, retrieved: Sequence[str]
) -> Scored:
    """The scores of a candidate.

    Args:
        candidate: slotted, as the model wrote it.
        guarded: the same after the guards.
        brief: what it was written for, in the words of the prompt (`prompt.spoken`).
        bits_per_byte: of the guarded slotted text; NaN counts as broken.
        retrieved: posts that it should not resemble too much.
    """
    required = [fact.slot for fact in brief.facts if fact.must]
    said = set(slots_in(candidate))
    asked = _content(" ".join([brief.product, brief.description, *brief.features]))
    told = _content(candidate)  # what the model said itself, not the repair
    whole = _content(guarded.slotted)
    own = stems(candidate)
    theirs = CALL_STEMS | frozenset(stems(" ".join([brief.product, brief.description, *brief.features])))
    fluency = (_BROKEN_BITS - bits_per_byte) / (_BROKEN_BITS - _FLUENT_BITS)
    parts = {
        "fact_coverage": sum(name in said for name in required) / len(required) if required else 1.0,
        "brief_overlap": len(asked & told) / len(asked) if asked else 1.0,
        "on_brief": sum(stem in theirs for stem in own) / len(own) if own else 1.0,
        "fluency": min(1.0, max(0.0, fluency)) if fluency == fluency else 0.0,
        "repairs": 1.0 / (1.0 + guarded.repairs_count),
        "novelty": 1.0 - max((_overlap(whole, _content(post)) for post in retrieved), default=0.0),
        "repetition": 1.0 if maximum_repeats(guarded.slotted, 3) <= 1 else 0.5,
        "ethiopic_share": script_shares(guarded.text)[0],
    }
    total = sum(WEIGHTS[name] * value for name, value in parts.items()) / sum(WEIGHTS.values())
    return Scored(candidate, guarded, {**parts, "bits_per_byte": bits_per_byte}, total)


def best(scored: Sequence[Scored], n: int) -> list[Scored]:
    """The `n` best, best first, where an ad that says the same words as a better one comes after all others."""
    ordered = sorted(scored, key=lambda s: (-s.total, s.guarded.slotted))
    chosen: list[Scored] = []
    alike: list[Scored] = []
    for item in ordered:
        seen = any(
            _overlap(_content(item.guarded.slotted), _content(c.guarded.slotted)) > 0.8 for c in chosen
        )
        (alike if seen else chosen).append(item)
    return [*chosen, *alike][:n]


def _content(text: str) -> frozenset[str]:
    """Stems of the words that mean something."""
    plain = [word for word in words(SLOT.sub(" ", text)) if word not in STOP_WORDS and word[0].isalpha()]
    return frozenset(stem_key(" ".join(plain)).split())


def _overlap(left: frozenset[str], right: frozenset[str]) -> float:
    """Jaccard similarity; 0 for two empty sets."""
    return len(left & right) / len(left | right) if left | right else 0.0
