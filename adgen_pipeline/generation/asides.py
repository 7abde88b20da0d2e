"""What a brief says that no ad may say, taken out before anything is read: whatever stands in it is no fact.

Three kinds: words that the brief itself keeps back («please don't print my own mobile», a cost price, what competitors
ask) and terms that it does not offer («no delivery»), by clause; and instructions to a program, with all that follows
them. The reader is told what was set aside.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from adgen_pipeline.generation.denials import denial, says_nothing
from adgen_pipeline.generation.field_names import PRIVATE
from adgen_pipeline.generation.fields import Field
from adgen_pipeline.generation.private_words import (
    asks_to_write_link,
    forbids,
    holds_template_token,
    speaks_of_house_money,
    speaks_to_program,
)
from adgen_pipeline.text.amharic import sentences
from adgen_pipeline.text.facts import Fact, find_facts

_FREE = ("body", "features", "description", "other")  # what is not in a field of exact things
_CLAUSE_END = re.compile(
    r"[,፣;፤](?=\s|$)|\s[–—-]\s|[()]"
    r"|\s(?=(?i:but|while|whereas|although|compared (?:to|with)|against|vs\.?|versus|ours)\s)|(?<=\sግን)\s"
)
_QUOTED = re.compile(r"[\"“«'‘][^\"”»'’\n]{2,}[\"”»'’]")
# What hangs beside a contact or fact that is named in the clause before: «(it is mine)», «ይህ ቁጥር በማስታወቂያው ላይ …».
_POINTING = re.compile(
    r"(?i:\b(?:please|kindly|and|so|also|just|only|it|its|it's|this|that|these|those|them|they|the|a|an|my|own|is|are|was|be"
    r"|in|on|to|for|from|of|by|with|ad|ads|advert|post|text|channel|public|number|numbers|phone|mobile|price|one|line|last"
    r"|second|first|though|thanks|you|us|me|anyone|anybody|anywhere|here|at|all|use|purely|strictly)\b)"
    r"|(?<![ሀ-ፚ])(?:ይህ\w*|ይሄ\w*|ይኼ\w*|እሱ\w*|እሷ\w*|እነዚህ\w*|እባክ\w*|ግን|እና|ላይ|ውስጥ|ነው|ናቸው|ብቻ|[በለየከ]?ማስታወቂያ\w*|[በለየከ]?ጽሑፍ\w*"
    r"|[በለየከ]?ጽሁፍ\w*|[በለየከ]?ፖስት\w*|[በለየከ]?ፖስ[ቱታ]\w*|ስልኩ?ን?|ስልኬን?|ቁጥር|ቁጥሩ?ን?|ቁጥሬን?|ዋጋውን?|[በለየከ]?ቻናል\w*|[በለየከ]?ቴሌግራም|ምንም|በጭራሽ|መረጃ)"
)
_POINTS = re.compile(
    r"(?i:\b(?:it|this|that|these|those|them)\b)|(?<![ሀ-ፚ])(?:ይህ|ይሄ|ይኼ|እሱ|እሷ|እነዚህ)|[ሀ-ፚ][ትውቱ]ት?\W*$"
)
_STARTS_ANEW = re.compile(
    r"(?i:^\W*(?:but|and (?:call|use|order|the|our|we|it|they)|call|ring|use|order|write|contact"
    r"|only|instead|just|we|our|ours"
    r"|customers?|the|its?|they|price|rather|please)\b)|^\W*(?:ደንበኞ|ይልቅ|በምትኩ|ነገር ግን|ዋጋው|ስልካችን|አድራሻ)"
)
_LINE_GAP = 4  # a line end, and a bullet or blanks
_ITEM_WORDS = 4  # of a clause that only goes on with a list
_INSTEAD_BEFORE = re.compile(
    r"(?i:(?:^|[\s,;(])(?:not|and not|instead of|rather than)\s+(?:(?:the|my|our|to|on|by)\s+)?(?:\w+\s+)?)\Z"
)
_INSTEAD_AFTER = re.compile(r"\s*(?:ብር\s*)?(?:ሳይሆን|አይደለም)")
_LABEL_AND_FACT = re.compile(
    r"^\W*(?:ስልክ(?:ችን|ካችን)?|ዋጋው?|አድራሻ(?:ችን)?|ቴሌግራም|(?i:phone|tel|call|price|address|telegram|silk|waga|adrasha))\s*[:፦=-]?\s*[\d+@]"
)


@dataclass(frozen=True)
class _Clause:
    """A part of a field's value: which field and sentence, and where in the value."""

    field: int
    sentence: int
    start: int
    end: int
    text: str


def without_asides(fields: Sequence[Field], document: str) -> tuple[list[Field], tuple[str, ...]]:
    """The fields without what no ad may say, and what that was, in order.

    Places in the document stay true: what is cut out of a value leaves blanks.
    """
    cuts = _program_cuts(fields, document)
    told = [(number, start, fields[number].value[start:end]) for number, start, end in cuts]
    blanked = _blanked(fields, cuts)
    kept_back = _kept_back(blanked)
    told += [(number, start, blanked[number].value[start:end]) for number, start, end in kept_back]
    kept: list[Field] = []
    for number, field in enumerate(_blanked(blanked, kept_back)):
        if field.name == PRIVATE or (field.label and says_nothing(field.value)):
            if field.value.strip():
                told.append((number, 0, f"{field.label}: {field.value}" if field.label else field.value))
        elif any(c.isalnum() for c in field.value) or field.value == fields[number].value:
            lead = len(field.value) - len(field.value.lstrip())
            start = None if field.start is None else field.start + lead
            kept.append(replace(field, value=field.value.strip(), start=start))
    said = (" ".join(words.split()) for _, _, words in sorted(told))
    return kept, tuple(dict.fromkeys(words for words in said if any(c.isalnum() for c in words)))


def _program_cuts(fields: Sequence[Field], document: str) -> list[tuple[int, int, int]]:
    """Where fields speak to a program: from there to the value's end, and the lines that go on without a name."""
    cuts: list[tuple[int, int, int]] = []
    is_open = False
    end_before = 0
    for number, field in enumerate(fields):
        if field.name == PRIVATE:
            continue
        names_itself = bool(field.label) or field.name not in ("body", "features")
        names_itself = names_itself or _LABEL_AND_FACT.match(field.value) is not None
        if is_open and field.start is not None:
            names_itself = names_itself or document.count("\n", end_before, field.start) > 1
        begin = next((start for start, _, text in _sentences(field.value) if speaks_to_program(text)), None)
        if begin is None and field.name in _FREE and holds_template_token(field.value):
            begin = 0
        if begin is None and is_open and not names_itself:
            begin = 0
        is_open = begin is not None
        if begin is not None:
            cuts.append((number, begin, len(field.value)))
        end_before = (field.start or 0) + len(field.value)
    return cuts


def _kept_back(fields: Sequence[Field]) -> list[tuple[int, int, int]]:
    """Where fields say what is not to be printed."""
    clauses = [
        c
        for number, field in enumerate(fields)
        if field.name not in (PRIVATE, "internal")
        for c in _clauses(number, field.value)
    ]
    below = frozenset(
        number for number in range(1, len(fields)) if _is_below(fields[number - 1], fields[number])
    )
    marked: set[int] = set()
    cuts = [
        (number, start, end)
        for number, field in enumerate(fields)
        if field.name in (*_FREE, "contact")
        for start, end, text in _sentences(field.value)
        if asks_to_write_link(text)
    ]
    for at, clause in enumerate(clauses):
        found = forbids(clause.text)
        if found is None:
            if speaks_of_house_money(clause.text) and _amounts(clause.text):
                marked.add(at)
            elif denied := denial(clause.text):
                if find_facts(clause.text):  # «900 birr without delivery»: the price stays
                    cuts.append((clause.field, clause.start + denied[0], clause.start + denied[1]))
                else:
                    marked.add(at)
            cuts += _negated(clause)
            continue
        marked.add(at)
        marked.update(_list_around(clauses, at))
        words = clause.text[: found[0]] + " " + clause.text[found[1] :]
        rest = _POINTING.sub(" ", words)
        if find_facts(clause.text) or _QUOTED.search(clause.text) or any(c.isalpha() for c in rest):
            continue
        marked.update(_pointed_at(clauses, at, below))
    cuts += [(clauses[at].field, clauses[at].start, clauses[at].end) for at in marked]
    return sorted(cuts)


def _list_around(clauses: Sequence[_Clause], at: int) -> Iterator[int]:
    """The clauses beside one that forbids which only go on with its list: «do not print A, B or C»."""
    for step in (1, -1):
        near = at + step
        while 0 <= near < len(clauses) and _same_sentence(clauses[near], clauses[at]):
            text = clauses[near].text
            words = [word for word in text.split() if any(c.isalpha() for c in word)]
            is_before = step < 0
            # Amharic verbs come last, so that its list stands before them; in English it follows.
            if len(words) > (0 if is_before else _ITEM_WORDS) or _STARTS_ANEW.search(text):
                break
            if is_before and not _is_ethiopic(clauses[at].text):
                break
            yield near
            near += step


def _pointed_at(clauses: Sequence[_Clause], at: int, below: frozenset[int]) -> Iterator[int]:
    """The clause that «it» or a bracket means: in its sentence, or in the one before if it points there."""
    clause = clauses[at]
    for near in range(at - 1, -1, -1):
        other = clauses[near]
        if _same_sentence(other, clause):
            if find_facts(other.text):
                yield near
                return
            continue
        is_first = not _same_sentence(clauses[at - 1], clause)
        is_next = other.field == clause.field and other.sentence == clause.sentence - 1
        is_next = is_next or (other.field == clause.field - 1 and clause.field in below)
        if not (is_first and is_next and (_POINTS.search(clause.text) or clause.text.lstrip()[:1] == "(")):
            return
        if find_facts(other.text):
            yield near
            return


def _is_below(upper: Field, lower: Field) -> bool:
    """Whether a field stands on the line right below another."""
    if upper.start is None or lower.start is None:
        return False
    return 0 <= lower.start - upper.start - len(upper.value) <= _LINE_GAP


def _same_sentence(one: _Clause, other: _Clause) -> bool:
    return (one.field, one.sentence) == (other.field, other.sentence)


def _negated(clause: _Clause) -> Iterator[tuple[int, int, int]]:
    """Facts that a clause names only to deny them: «not 600», «600 ሳይሆን»."""
    for fact in find_facts(clause.text):
        before = clause.text[: fact.start]
        if _INSTEAD_BEFORE.search(before) or _INSTEAD_AFTER.match(clause.text, fact.end):
            yield clause.field, clause.start + fact.start, clause.start + fact.end


def _amounts(text: str) -> list[Fact]:
    return [fact for fact in find_facts(text) if fact.kind in ("price", "percent", "quantity")]


def _clauses(number: int, value: str) -> Iterator[_Clause]:
    """Clauses of a value, in order; a comma within a number ends none."""
    for count, (start, end, sentence) in enumerate(_sentences(value)):
        begin = start
        for cut in [*_CLAUSE_END.finditer(sentence), None]:
            stop = end if cut is None else start + (cut.start() if cut.group() == "(" else cut.end())
            if any(c.isalnum() for c in value[begin:stop]):
                yield _Clause(number, count, begin, stop, value[begin:stop])
            begin = stop


def _sentences(value: str) -> Iterator[tuple[int, int, str]]:
    """Sentences of a value with their places in it."""
    position = 0
    for sentence in sentences(value):
        begin = value.index(sentence, position)
        position = begin + len(sentence)
        yield begin, position, sentence


def _blanked(fields: Sequence[Field], cuts: Sequence[tuple[int, int, int]]) -> list[Field]:
    values = [field.value for field in fields]
    for number, start, end in cuts:
        values[number] = values[number][:start] + " " * (end - start) + values[number][end:]
    return [replace(field, value=value) for field, value in zip(fields, values, strict=True)]


def _is_ethiopic(text: str) -> bool:
    return any("ሀ" <= c <= "ፚ" for c in text)
