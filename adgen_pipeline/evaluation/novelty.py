"""Whether an ad's words are words, and whose: known to the training split, or copied from it in long runs."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby

from adgen_pipeline.evaluation.background import Background, key_words
from adgen_pipeline.evaluation.metrics import Answer, Case
from adgen_pipeline.generation.wording import stems
from adgen_pipeline.text.amharic import words
from adgen_pipeline.text.brief import brief_text
from adgen_pipeline.text.slots import SLOT

_BREAK = "\x00"  # in no text
UNREADABLE_RUN = 3  # unseen words in a row; one or two may be a name
SHORTEST_COPY = 4  # words; «ለበለጠ መረጃ ይደውሉልን» of three is nobody's sentence


def copied_run(
    _cases: Sequence[Case], answers: Sequence[Answer], background: Background
) -> list[float | None]:
    """Longest run of the writer's own words that a post of the training split holds too; 0 for runs under four words.

    Slots end a run: the facts, addresses and standing terms that fill them are the brief's.
    """
    parts = [
        (ad, key_words(part))
        for ad, answer in enumerate(answers)
        for part in SLOT.sub(_BREAK, answer.slotted).split(_BREAK)
    ]
    places: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for number, (_, own) in enumerate(parts):
        for place in range(len(own) - SHORTEST_COPY + 1):
            places[own[place : place + SHORTEST_COPY]].append((number, place))
    longest = [0] * len(answers)
    for post in background.posts:
        for start in range(len(post) - SHORTEST_COPY + 1):
            for number, place in places.get(post[start : start + SHORTEST_COPY], ()):
                ad, own = parts[number]
                length = SHORTEST_COPY
                rest = zip(own[place + length :], post[start + length :], strict=False)
                for ours, theirs in rest:
                    if ours != theirs:
                        break
                    length += 1
                longest[ad] = max(longest[ad], length)
    return [float(length) for length in longest]


def unseen_run(
    cases: Sequence[Case], answers: Sequence[Answer], background: Background
) -> list[float | None]:
    """Longest run of Ethiopic words whose stems stand nowhere in the training split and the brief.

    A small model invents words; three in a row are no sentence any more.
    """
    found: list[float | None] = []
    for case, answer in zip(cases, answers, strict=True):
        known = background.stems | set(stems(brief_text(case.brief)))
        unseen = [stem not in known for stem in stems(answer.slotted)]
        runs = (len(list(run)) for is_unseen, run in groupby(unseen) if is_unseen)
        found.append(float(max(runs, default=0)))
    return found


def no_unseen_run(
    cases: Sequence[Case], answers: Sequence[Answer], background: Background
) -> list[float | None]:
    """1 for an ad without three or more unseen words in a row (`unseen_run`), else 0."""
    return [
        None if run is None else float(run < UNREADABLE_RUN) for run in unseen_run(cases, answers, background)
    ]


def amharic_word_share(
    cases: Sequence[Case], answers: Sequence[Answer], background: Background
) -> list[float | None]:
    """Of an ad's words outside of slots, the share that are Amharic words; None for an ad of slots alone.

    A word is one if its stem stands in the training split or the brief: letters alone do not make it one.
    """
    found: list[float | None] = []
    for case, answer in zip(cases, answers, strict=True):
        own = [word for word in words(SLOT.sub(" ", answer.slotted)) if any(c.isalpha() for c in word)]
        known = background.stems | set(stems(brief_text(case.brief)))
        amharic = sum(bool(found_stems := stems(word)) and known.issuperset(found_stems) for word in own)
        found.append(amharic / len(own) if own else None)
    return found
