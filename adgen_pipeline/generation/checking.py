"""What is wrong with an ad that a person edited: the same rules as the writer's, with places in the text.

The guard repairs what a model wrote; here nothing is changed, a person decides.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adgen_pipeline.generation import formats
from adgen_pipeline.generation import policy as rules
from adgen_pipeline.text.brief import Brief, BriefFact, brief_text
from adgen_pipeline.text.facts import find_facts, value_text
from adgen_pipeline.text.lexical import folded
from adgen_pipeline.text.promises import Supported, lexicon

_ADDRESS_SIGNS = ("@", "https://", "http://", "www.", "t.me/")

Span = tuple[int, int]


@dataclass(frozen=True)
class Concern:
    """Something in the text that the brief or a rule does not allow.

    Attributes:
        kind: invented_fact, invented_contact, number_word, promise_…, policy.
        text: the words.
        start, end: where they stand, Python string indices.
    """

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Checked:
    """The findings on a text.

    Attributes:
        concerns: in the order of the text.
        missing: must-have facts of the brief that the text does not say.
        problems: why it is no valid ad of its format, in words.
        verdict, rules, tags: of the policy.
        units: length as Telegram counts it.
        maximum_units: the format's.
    """

    concerns: tuple[Concern, ...]
    missing: tuple[BriefFact, ...]
    problems: tuple[str, ...]
    verdict: str
    rules: tuple[str, ...]
    tags: tuple[str, ...]
    units: int
    maximum_units: int


def check(text: str, brief: Brief, format: str = "post", *, policy: rules.Policy | None = None) -> Checked:
    """What an edited ad says that its brief does not, what it leaves out, and whether it may be placed.

    Args:
        text, brief: the ad and what it was written for.
        format: of the ad.
        policy: what both are judged by; None for our own rules.

    Raises:
        KeyError: the format is not known.
    """
    said = list(_said(text, brief))
    allowed = [span for span, _ in said]
    policy = policy or rules.ours()
    judged = policy.judge(text)
    of_brief = policy.judge("\n".join([brief_text(brief), *brief.sensitive]))
    verdict = rules.strictest(of_brief, judged)
    concerns = [
        *_invented(text, allowed),
        *_promises(text, brief, allowed),
        *(Concern("policy", words, start, end) for _, words, start, end in judged.evidence),
    ]
    told = {fact.slot for _, fact in said}
    return Checked(
        concerns=tuple(sorted(concerns, key=lambda c: (c.start, c.end, c.kind))),
        missing=tuple(fact for fact in brief.facts if fact.must and fact.slot not in told),
        problems=tuple(formats.problems(text, format)),
        verdict=verdict.verdict,
        rules=verdict.rules,
        tags=verdict.tags,
        units=formats.utf16_units(text),
        maximum_units=formats.MAXIMUM_UNITS[format],
    )


def invented(text: str, brief: Brief) -> list[str]:
    """Words of a text that state a fact, contact or amount which the brief does not."""
    allowed = [span for span, _ in _said(text, brief)]
    return [concern.text for concern in _invented(text, allowed)]


def _said(text: str, brief: Brief) -> Iterator[tuple[Span, BriefFact]]:
    """Where the text says a fact of the brief: letter for letter (longer ones first), or with the same value."""
    taken: list[Span] = []
    for fact in sorted(brief.facts, key=lambda f: (-len(f.text), f.slot)):
        for span in _places(text, fact.text):
            if not _touches(span, taken):
                taken.append(span)
                yield span, fact
    by_value = {(fact.kind, fact.value): fact for fact in brief.facts}
    for found in find_facts(text):
        fact_of_brief = by_value.get((found.kind, value_text(found.value)))
        if fact_of_brief is not None and not _touches((found.start, found.end), taken):
            yield (found.start, found.end), fact_of_brief


def _invented(text: str, allowed: list[Span]) -> list[Concern]:
    found = [
        Concern("invented_fact", fact.text, fact.start, fact.end)
        for fact in find_facts(text)
        if not _touches((fact.start, fact.end), allowed)
    ]
    seen = [*allowed, *((concern.start, concern.end) for concern in found)]
    found += [
        Concern("invented_fact", text[a:b], a, b) for a, b in _digits(text) if not _touches((a, b), seen)
    ]
    for sign in _ADDRESS_SIGNS:
        found += [
            Concern("invented_contact", sign, a, b)
            for a, b in _places(text.lower(), sign)
            if not _touches((a, b), [*seen, *((c.start, c.end) for c in found)])
        ]
    return found


def _promises(text: str, brief: Brief, allowed: list[Span]) -> list[Concern]:
    """Promises and spelled amounts that the brief does not make."""
    said = brief_text(brief)
    key = folded(text)
    known = {match["stem"] for match in lexicon().number_words.finditer(folded(said))}
    found = [
        Concern("number_word", match.group(), match.start(), match.end())
        for match in lexicon().number_words.finditer(key)
        if match["stem"] not in known
    ]
    for promise in dict.fromkeys(Supported(said).violations(text)):
        found += [
            Concern(f"promise_{promise.kind}", text[a:b], a, b) for a, b in _places(key, promise.evidence)
        ]
    return [concern for concern in found if not _touches((concern.start, concern.end), allowed)]


def _digits(text: str) -> Iterator[Span]:
    """Runs of numeric characters."""
    start = None
    for place, character in enumerate(f"{text} "):
        if character.isnumeric():
            start = place if start is None else start
        elif start is not None:
            yield start, place
            start = None


def _places(text: str, words: str) -> Iterator[Span]:
    """Where the words stand, one after the other."""
    start = text.find(words) if words else -1
    while start >= 0:
        yield start, start + len(words)
        start = text.find(words, start + len(words))


def _touches(span: Span, others: Iterable[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)
