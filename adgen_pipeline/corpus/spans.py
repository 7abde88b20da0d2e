"""What of a post becomes a slot: blocks of address and terms, names, specifications, facts."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adgen_pipeline.corpus.lines import PLACE, Line, is_mere_call
from adgen_pipeline.text.facts import Fact, value_text
from adgen_pipeline.text.labels import NAME_LABELS, SPECIFICATION, word_before
from adgen_pipeline.text.letters import shape
from adgen_pipeline.text.slots import SLOT, slot

_LATIN_RUN = re.compile(
    r"(?<![A-Za-z0-9])(?:\d{1,2}(?:in|IN|In|\s?in\s?)\d\s+)?[A-Za-z][A-Za-z0-9'’&+./\-]*"
    r"(?:[ \u00a0]+(?:&|[A-Za-z0-9][A-Za-z0-9'’&+./\-]*))*"
)
_NAME_ENDS = re.compile(
    r"\s*\b(?i:sizes?|siz|price|made in|only|available|for|with|new arrivals?|new(?! balance)|original|brand new"
    r"|(?:high|best|top) quality)\b"
)
_BEFORE_NAME = re.compile(r"(?i:(?:(?:brand )?new(?! balance| arrival)|original)[ \u00a0]+(?=[A-Za-z]))")
LABEL_OF_NAME = re.compile(
    rf"(?i:{'|'.join(sorted(NAME_LABELS))})(?:[ _](?i:name))?[ \u00a0]*[:፡፦=]+[ \u00a0]*(?=[^\W_]|⟨)"
)
_NAME_KINDS_OUTSIDE = frozenset(("phone", "price", "url", "handle", "email", "hashtag", "percent", "date"))
_MAXIMUM_NAME_WORDS = 8  # a longer run of Latin words is a sentence
_LETTER_SIZE = r"(?:[2-6]?X{1,4}L|X{0,3}S|[SML])"
# «S, M, L እና XL»: sizes of clothes, two at least
_LETTER_SIZES = re.compile(
    rf"(?<![A-Za-z0-9'’.]){_LETTER_SIZE}(?:\s*(?:[,፣/&-]|እና|and)+\s*(?:(?:እና|and)\s+)?{_LETTER_SIZE})+(?![A-Za-z0-9'’])"
)
_FIRST_WORDS = re.compile(r"\S+(?:\s+\S+){5}")


@dataclass(frozen=True)
class Span:
    """A piece of a post that becomes a slot."""

    start: int
    end: int
    kind: str
    value: str


def find_spans(
    post: str, plain: str, facts: Sequence[Fact], lines: Sequence[Line], title: int | None
) -> list[Span]:
    """What becomes a slot, in order, not overlapping: whole blocks first, names next, then the facts left."""
    spans: list[Span] = [Span(m.start(), m.end(), "term", m.group()) for m in SLOT.finditer(post)]
    for kind, block in _blocks(post, lines):
        _add(spans, [Span(block[0], block[1], kind, post[block[0] : block[1]])])
    for line in lines:
        if line.role == "brand":
            _add(spans, [Span(line.start, line.end, "brand", post[line.start : line.end])])
    if title is not None:
        for name in _product_name(plain, lines[title]):
            again = re.finditer(rf"(?<![A-Za-z0-9]){re.escape(name.value)}(?![A-Za-z0-9])", plain)
            _add(spans, [name, *(Span(m.start(), m.end(), "product", m.group()) for m in again)])
    for number, line in enumerate(lines):
        if number != title and line.role in ("point", "price", "banner"):
            _add(spans, _specification(plain, line))
            sizes = _LETTER_SIZES.finditer(plain, line.start, line.end)
            _add(spans, (Span(m.start(), m.end(), "quantity", _one_spaced(m.group())) for m in sizes))
    # a delivery fee or a least order is a term of the shop: the brief must not name it as the product's price
    _add(spans, (Span(f.start, f.end, "term" if f.role else f.kind, value_text(f.value)) for f in facts))
    for line in lines:
        if line.role in ("point", "call", "price", "contact"):
            found = PLACE.finditer(shape(post), line.start, line.end)
            _add(spans, (Span(m.start(), m.end(), "location", post[m.start() : m.end()]) for m in found))
    return sorted(spans, key=lambda span: span.start)


def _add(spans: list[Span], more: Iterable[Span]) -> None:
    """Append spans that overlap none of those already there."""
    for span in more:
        if not any(other.start < span.end and span.start < other.end for other in spans):
            spans.append(span)


def _blocks(post: str, lines: Sequence[Line]) -> list[tuple[str, tuple[int, int]]]:
    """Addresses and terms; neighbouring lines of a kind, blank ones between them included, are one.

    A mere call is a block of its own: it is no term, and chat rows write it out.
    """
    blocks: list[tuple[str, tuple[int, int]]] = []
    last, after_call = "", False
    for line in lines:
        if line.role == "blank":
            continue
        if line.role in ("location", "term"):
            start, end = line.location or (line.start, _without_tags(post, line))
            is_call = line.role == "term" and is_mere_call(post[start:end])
            if last == line.role and not is_call and not after_call:
                blocks[-1] = (line.role, (blocks[-1][1][0], end))
            else:
                blocks.append((line.role, (start, end)))
            after_call = is_call
        last = line.role
    return blocks


def _without_tags(post: str, line: Line) -> int:
    """Where a term ends before the hashtags behind it."""
    end = line.end
    for fact in reversed(line.facts):
        if fact.kind != "hashtag" or fact.end != end or fact.start == line.start:
            break
        end = line.start + len(post[line.start : fact.start].rstrip())
    return end


def _product_name(post: str, line: Line) -> list[Span]:
    """The Latin name in a title line: its longest run of Latin words."""
    outside = [f for f in line.facts if f.kind in _NAME_KINDS_OUTSIDE]
    has_ethiopic = any("ሀ" <= c <= "ፚ" for c in post[line.start : line.end])
    runs: list[tuple[int, int]] = []
    label = LABEL_OF_NAME.match(post, line.start, line.end)
    for match in _LATIN_RUN.finditer(post, label.end() if label else line.start, line.end):
        lead = _BEFORE_NAME.match(post, match.start(), match.end())
        start = lead.end() if lead else match.start()
        if _NAME_ENDS.match(post, start):
            continue  # «New arrival», «Size»
        end = min([match.end(), *(f.start for f in outside if start <= f.start < match.end())])
        if cut := _NAME_ENDS.search(post, start + 1, end):
            end = cut.start()
        text = _heading(post[start:end]).rstrip(" \u00a0-./&+'’")
        end = start + len(text)
        is_word = len(text.split()) == 1 and text.islower() and has_ethiopic  # «… (quality)» is no name
        is_cut = is_word or any(f.start < end and start < f.end for f in outside)
        if sum(c.isalpha() for c in text) >= 3 and len(text.split()) <= _MAXIMUM_NAME_WORDS and not is_cut:
            runs.append((start, end))
    if not runs:
        return []
    # the first of the runs that are long enough: a later one repeats it in English
    start, end = next((run for run in runs if 2 * (run[1] - run[0]) >= max(e - b for b, e in runs)), runs[0])
    # a quantity that the name reaches into belongs to it as a whole
    touching = [f for f in line.facts if f.start < end and start < f.end]
    start = min([start, *(f.start for f in touching)])
    end = max([end, *(f.end for f in touching)])
    return [Span(start, end, "product", post[start:end])]


def _heading(name: str) -> str:
    """A heap of capitalised words by its first six («Adjustable Baby Shower Cap Child Kids …»); other names whole."""
    words = name.split()
    if len(words) <= _MAXIMUM_NAME_WORDS or sum(w[0].isupper() for w in words) < 0.7 * len(words):
        return name
    first = _FIRST_WORDS.match(name)
    assert first is not None  # it has more words
    return first.group()


def _specification(plain: str, line: Line) -> list[Span]:
    """The value of a line such as «Storage: 512GB SSD» as one quantity: cut apart, its numbers lose their label."""
    found = SPECIFICATION.match(plain, line.start, line.end)
    if found is None or any(fact.kind != "quantity" for fact in line.facts):
        return []
    start, end = found.span("value")
    end = start + len(plain[start:end].rstrip(" \u00a0!?)”»"))
    end = max([end, *(fact.end for fact in line.facts)])
    return [Span(start, end, "quantity", _one_spaced(plain[start:end]))]


def _one_spaced(text: str) -> str:
    return " ".join(text.casefold().split())


def number_slots(post: str, spans: Sequence[Span]) -> dict[int, str]:
    """The slot of each span, by its start; the same text of a kind has one slot.

    A quantity has one for each word that it stands behind: one bedroom and one bathroom are two facts.
    """
    known: dict[tuple[str, str, str], str] = {}
    counts: dict[str, int] = defaultdict(int)
    names: dict[int, str] = {}
    for span in spans:
        label = word_before(post, span.start) if span.kind == "quantity" else ""
        key = (span.kind, post[span.start : span.end], label)
        if key not in known:
            counts[span.kind] += 1
            known[key] = slot(span.kind, counts[span.kind])
        names[span.start] = known[key]
    return names


def first_of_each(spans: Sequence[Span], names: dict[int, str]) -> list[Span]:
    """Spans whose slot occurs for the first time."""
    seen: set[str] = set()
    first = []
    for span in spans:
        if names[span.start] not in seen:
            seen.add(names[span.start])
            first.append(span)
    return first


def slotted(post: str, start: int, end: int, spans: Sequence[Span], names: dict[int, str]) -> str:
    """post[start:end] with its spans as slots; a span that reaches over an edge is left out there."""
    parts, position = [], start
    for span in spans:
        if span.end <= start or span.start >= end:
            continue
        if span.start >= position:
            parts += [post[position : span.start], names[span.start]]
        position = span.end
    if position < end:
        parts.append(post[position:end])
    return "".join(parts)
