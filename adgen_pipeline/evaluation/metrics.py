"""What an ad is measured by, each metric with its meaning and direction.

Those here are numbers of one answer to one case; `catalogue` lists them with those that need more. Words are compared
by their phonetic key, so homophone spellings are no errors.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sacrebleu.metrics.chrf import CHRF

from adgen_pipeline.generation.formats import problems
from adgen_pipeline.text.amharic import search_key, words
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.text.facts import Fact, find_facts, value_key
from adgen_pipeline.text.language import script_shares
from adgen_pipeline.text.slots import FACT_KINDS, SLOT, SLOT_KINDS, fill

MINIMUM_ETHIOPIC_SHARE = 0.6  # of an ad that passes as Amharic; brands and sizes are Latin in real ads too
MINIMUM_OWN_WORDS = 3  # words outside the slots from which their script can be told
MAXIMUM_REPEATS = 2  # of a 4-gram in an ad that passes
REPEATED_WORDS = 4

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# chrF2 of Popović (2015): character 6-grams, recall weighs twice.
_CHRF = CHRF(char_order=6, word_order=0, beta=2)
_MASKS = {kind: chr(0xE000 + number) for number, kind in enumerate(SLOT_KINDS)}  # private use: in no text


class Case(NamedTuple):
    """A held-out brief and the post that it was taken from."""

    brief: Brief
    reference: str
    reference_slotted: str


class Answer(NamedTuple):
    """What one system wrote for a case."""

    text: str
    slotted: str
    written_by: str = "model"


class Metric(NamedTuple):
    """A number of one answer.

    Attributes:
        name: as in the table of scores.
        title: for people.
        meaning: what it says, with its unit or range.
        is_higher_better: direction.
        is_share: whether it is a share, 0…1, and shown as per cent.
        measure: the number; None where one answer is not enough to tell (`catalogue`).
    """

    name: str
    title: str
    meaning: str
    is_higher_better: bool
    is_share: bool
    measure: Callable[[Case, Answer], float] | None


def chrf_masked(case: Case, answer: Answer) -> float:
    """ChrF, 0…100, of the words around the facts: slots and facts are one sign a kind on both sides."""
    return _chrf(_masked(answer.slotted), _masked(case.reference_slotted))


def chrf(case: Case, answer: Answer) -> float:
    """ChrF, 0…100, of the ad as readers see it, facts included, against the post."""
    return _chrf(answer.text, case.reference)


def fact_precision(case: Case, answer: Answer) -> float:
    """Share of the ad's facts that the brief states; 1 for an ad without facts: it invents nothing."""
    found = find_facts(answer.text)
    return 1.0 - len(invented_facts(case.brief, answer.text)) / len(found) if found else 1.0


def fact_recall(case: Case, answer: Answer) -> float:
    """Share of what the brief requires that the ad states; 1 where it requires nothing."""
    required = [fact for fact in case.brief.facts if fact.must]
    return 1.0 - len(missing_facts(case.brief, answer.text)) / len(required) if required else 1.0


def format_validity(_case: Case, answer: Answer) -> float:
    """1 for a text that Telegram takes as a post and that has no open slot or bracket, else 0."""
    return 0.0 if problems(answer.text, slotted=answer.slotted) else 1.0


def ethiopic_share(_case: Case, answer: Answer) -> float:
    """Ethiopic letters of all letters, 0…1; 0 where there are none."""
    return script_shares(answer.text)[0]


def repetition(_case: Case, answer: Answer) -> float:
    """How often the most frequent word 4-gram occurs; 0 for an ad of fewer than four words."""
    found = [word.lower() for word in words(search_key(answer.text))]
    grams = list(zip(*(found[start:] for start in range(REPEATED_WORDS)), strict=False))
    return float(max((grams.count(gram) for gram in set(grams)), default=0))


def acceptable(case: Case, answer: Answer) -> float:
    """1 for an ad that could be posted: valid, Amharic, not repetitive, all required facts and no other, else 0."""
    return 0.0 if defects(case, answer) else 1.0


def by_model(_case: Case, answer: Answer) -> float:
    """1 for an ad that the model wrote, 0 for one that fell back on the template."""
    return 1.0 if answer.written_by == "model" else 0.0


METRICS = tuple(
    Metric(measure.__name__, title, meaning, is_higher_better, is_share, measure)
    for measure, title, meaning, is_higher_better, is_share in (
        (
            acceptable,
            "Acceptable ads",
            "ads with none of the defects below: they could be posted",
            True,
            True,
        ),
        (fact_recall, "Fact recall", "of what the brief requires, how much the ad states", True, True),
        (
            fact_precision,
            "Fact precision",
            "of the facts in the ad, how many the brief states; an ad without facts invents none",
            True,
            True,
        ),
        (chrf_masked, "chrF (facts masked)", "likeness to the real post's words, 0 to 100", True, False),
        (chrf, "chrF", "likeness to the real post with its facts, 0 to 100", True, False),
        (format_validity, "Valid format", "ads that Telegram takes as a post, no slot left open", True, True),
        (ethiopic_share, "Ethiopic share", "Ethiopic letters of all letters", True, True),
        (repetition, "Repetition", "how often the most frequent run of four words occurs", False, False),
        (by_model, "Written by the model", "ads that did not fall back on the template", True, True),
    )
)


def defects(case: Case, answer: Answer) -> list[str]:
    """What keeps an ad from being posted, in words and without anybody's contacts; empty for an acceptable ad."""
    found = list(problems(answer.text, slotted=answer.slotted))
    if missing := missing_facts(case.brief, answer.text):
        found.append(f"not stated: {counted([fact.kind for fact in missing])}")
    if invented := invented_facts(case.brief, answer.text):
        found.append(f"not in the brief: {counted([fact.kind for fact in invented])}")
    if (share := max(ethiopic_share(case, answer), _own_ethiopic_share(answer))) < MINIMUM_ETHIOPIC_SHARE:
        found.append(f"only {share:.0%} of its letters are Ethiopic")
    if (repeats := repetition(case, answer)) > MAXIMUM_REPEATS:
        found.append(f"it says the same four words {repeats:.0f} times")
    return found


def invented_facts(brief: Brief, text: str) -> list[Fact]:
    """Facts of a text that the brief does not state, in order.

    Bare numbers are supported by the same numbers in any facts of the brief: «1,700» is the price of a brief that
    says «1700 ብር», and «4 / 9 ኪሎ» are two of its weights.
    """
    found = find_facts(text)
    if not found:
        return []
    written = _brief_facts(brief)
    keys = {value_key(fact) for fact in written} | {f"{fact.kind}:{fact.value}" for fact in brief.facts}
    stated = [fact.text for fact in written] + [fact.text for fact in brief.facts]
    literal = {_squeezed(fact) for fact in stated}
    numbers = {number for fact in stated for number in _numbers(fact)}
    return [
        fact
        for fact in found
        if value_key(fact) not in keys
        and _squeezed(fact.text) not in literal
        and not (fact.kind == "quantity" and _numbers(fact.text) <= numbers)
    ]


def missing_facts(brief: Brief, text: str) -> list[BriefFact]:
    """Facts that the brief requires and the text states neither by value nor word for word."""
    keys = {value_key(fact) for fact in find_facts(text)}
    squeezed = _squeezed(text)
    return [
        fact
        for fact in brief.facts
        if fact.must
        and not (fact.kind in FACT_KINDS and f"{fact.kind}:{fact.value}" in keys)
        and _squeezed(fact.text) not in squeezed
    ]


def counted(kinds: Sequence[str]) -> str:
    """Kinds of facts in words: «2 phones, price»."""
    plurals = {"quantity": "quantities"}
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    return ", ".join(
        kind if count == 1 else f"{count} {plurals.get(kind, kind + 's')}" for kind, count in counts.items()
    )


def _brief_facts(brief: Brief) -> list[Fact]:
    """Facts in all words of a brief, those within its names and signature lines included."""
    fields = (brief.product, brief.description, *brief.features, brief.audience, brief.tone)
    filled = [SLOT.sub(" ", fill(field, brief.values())) for field in fields]  # a slot's number is no fact
    return [fact for text in (*filled, *(f.text for f in brief.facts)) for fact in find_facts(text)]


def _own_ethiopic_share(answer: Answer) -> float:
    """Ethiopic share of what the ad says in its own words: a brief full of Latin names is not the writer's doing."""
    own = SLOT.sub(" ", answer.slotted)
    return script_shares(own)[0] if len(words(own)) >= MINIMUM_OWN_WORDS else 0.0


def _masked(slotted: str) -> str:
    """The text with each slot and each bare fact as the one sign of its kind."""
    text = SLOT.sub(lambda match: _MASKS[match.group(1)], slotted)
    for fact in reversed(find_facts(text)):
        text = text[: fact.start] + _MASKS[fact.kind] + text[fact.end :]
    return text


def _chrf(hypothesis: str, reference: str) -> float:
    return float(_CHRF.sentence_score(search_key(hypothesis).lower(), [search_key(reference).lower()]).score)


def _squeezed(text: str) -> str:
    return "".join(search_key(text).lower().split())


def _numbers(text: str) -> set[str]:
    return {number.replace(",", "") for number in _NUMBER.findall(text)}
