"""Ad posts taken apart: the brief that a post could have come from, and the post with everything exact as slots.

In the target stand slots for the facts, for the product's and shop's Latin names, for addresses and for signature
lines (terms); filling them from the brief gives back the post letter for letter. What is left to the model are the
words of the product and its points, which the brief names in short.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import polars as pl

from adgen_pipeline.corpus import wording
from adgen_pipeline.corpus.lines import PLACE, Line, is_label, is_promise, read_lines
from adgen_pipeline.corpus.signature import signature_lines
from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import ADS
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.text.facts import Fact, find_facts, value_text
from adgen_pipeline.text.slots import SLOT, fill, slot

logger = logging.getLogger(__name__)

# Field of the brief from which a fact of each kind would come.
FIELDS = {
    "phone": "contact",
    "handle": "contact",
    "email": "contact",
    "url": "contact",
    "price": "offer",
    "percent": "offer",
    "date": "schedule",
    "time": "schedule",
    "quantity": "features",
    "hashtag": "hashtags",
    "brand": "brand",
    "product": "product",
    "location": "location",
    "term": "terms",
}
MUST_KINDS = frozenset(FIELDS) - {"quantity", "hashtag"}  # an ad may do without a size or a hashtag

_LATIN_RUN = re.compile(
    r"(?<![A-Za-z0-9])(?:\d{1,2}(?:in|IN|In|\s?in\s?)\d\s+)?[A-Za-z][A-Za-z0-9'’&+./\-]*"
    r"(?:[ \u00a0]+(?:&|[A-Za-z0-9][A-Za-z0-9'’&+./\-]*))*"
)
_NAME_ENDS = re.compile(
    r"\s*\b(?i:sizes?|siz|price|made in|only|available|for|with|new arrivals?|new|original)\b"
)
_NAME_KINDS_OUTSIDE = frozenset(("phone", "price", "url", "handle", "email", "hashtag", "percent", "date"))
_MAXIMUM_NAME_WORDS = 8  # a longer run of Latin words is a sentence
_MAXIMUM_POINTS = 16


@dataclass(frozen=True)
class Span:
    """A piece of a post that becomes a slot."""

    start: int
    end: int
    kind: str
    value: str


@dataclass(frozen=True)
class TakenApart:
    """An ad post as brief and slotted target."""

    target: str
    brief: Brief


def build(documents: pl.DataFrame, post_labels: pl.DataFrame, *, recipe: CorpusRecipe) -> pl.DataFrame:
    """The ads of a corpus (ADS).

    Args:
        documents: DOCUMENTS.
        post_labels: POST_LABELS; documents that they call ads are taken.
        recipe: shares of signature lines and the least number of ads.

    Raises:
        DataError: fewer ads than `minimum_ads`.
    """
    labels = post_labels.filter("is_ad").select("channel_id", "message_id", "vertical")
    chosen = (
        documents.select("channel_id", "message_id", "split", "post")
        .join(labels, on=["channel_id", "message_id"], how="inner")
        .sort("channel_id", "message_id")
    )
    if chosen.height < recipe.minimum_ads:
        raise DataError(
            f"corpus/ads: {chosen.height} of {documents.height} documents are ads, fewer than "
            f"corpus.minimum_ads = {recipe.minimum_ads}. Add exports of channels that post ads, or lower minimum_ads."
        )
    by_channel: dict[int, list[str]] = defaultdict(list)
    for channel_id, post in chosen.select("channel_id", "post").iter_rows():
        by_channel[channel_id].append(post)
    signatures = signature_lines(by_channel, recipe=recipe)
    rows = []
    for row in chosen.iter_rows(named=True):
        taken = take_apart(row["post"], signatures[row["channel_id"]], vertical=row["vertical"])
        slots = [
            {"slot": fact.slot, "kind": fact.kind, "text": fact.text, "value": fact.value}
            for fact in taken.brief.facts
        ]
        rows.append({**row, "target": taken.target, "slots": slots, "brief": taken.brief.model_dump_json()})
    logger.info(
        "took %d ads of %d channels apart; signature lines by channel: %s",
        len(rows),
        len(by_channel),
        ", ".join(f"{channel}: {len(keys)}" for channel, keys in sorted(signatures.items())),
    )
    return ADS.conform(ADS.frame(rows))


def not_restored(ads: pl.DataFrame) -> list[str]:
    """Keys of ads whose target, filled from their slots, is not their post."""
    return [
        f"{channel_id}/{message_id}"
        for channel_id, message_id, post, target, slots in ads.select(
            "channel_id", "message_id", "post", "target", "slots"
        ).iter_rows()
        if fill(target, {row["slot"]: row["text"] for row in slots}) != post
    ]


def take_apart(post: str, signature: AbstractSet[str], *, vertical: str | None = None) -> TakenApart:
    """A post as brief and target; `text.slots.fill(target, brief.values())` is the post again.

    Args:
        post: L0 text.
        signature: the channel's signature lines (`signature_lines`).
        vertical: of the post, if known.
    """
    facts = find_facts(post)
    lines = read_lines(post, facts, signature)
    title = _title(post, lines)
    spans = _spans(post, facts, lines, title)
    names = _number(post, spans)
    brief_facts = tuple(
        BriefFact(
            slot=names[span.start],
            text=post[span.start : span.end],
            value=span.value,
            source=f"{FIELDS[span.kind]}:{span.start}-{span.end}",
            must=span.kind in MUST_KINDS,
        )
        for span in _first_of_each(spans, names)
    )
    target = _slotted(post, 0, len(post), spans, names)
    product, features = "", []
    for number, line in enumerate(lines):
        text = _slotted(post, line.start, line.end, spans, names)
        if number == title:
            product, rest = wording.product(text)
            features += rest
        elif line.role == "point" or (line.role == "banner" and is_promise(post[line.start : line.end])):
            features += wording.points(text)
    features = [feature for feature in dict.fromkeys(features) if feature]
    audience = next((feature for feature in features if wording.is_audience(feature)), "")
    brief = Brief(
        product=product,
        features=tuple(feature for feature in features if feature != audience)[:_MAXIMUM_POINTS],
        audience=audience,
        vertical=vertical,
        facts=brief_facts,
    )
    return TakenApart(target, brief)


def _title(post: str, lines: Sequence[Line]) -> int | None:
    """Number of the line that names the product: the first that is no label and no mere slogan."""
    candidates = [n for n, line in enumerate(lines) if line.role == "point" and not is_label(line.words)]
    named = (n for n in candidates if wording.names_a_product(post[lines[n].start : lines[n].end]))
    return next(named, candidates[0] if candidates else None)


def _spans(post: str, facts: Sequence[Fact], lines: Sequence[Line], title: int | None) -> list[Span]:
    """What becomes a slot, in order, not overlapping: whole blocks first, names next, then the facts left."""
    spans: list[Span] = [Span(m.start(), m.end(), "term", m.group()) for m in SLOT.finditer(post)]
    for kind, block in _blocks(lines):
        _add(spans, [Span(block[0], block[1], kind, post[block[0] : block[1]])])
    for line in lines:
        if line.role == "brand":
            _add(spans, [Span(line.start, line.end, "brand", post[line.start : line.end])])
    if title is not None:
        for name in _product_name(post, lines[title]):
            again = re.finditer(rf"(?<![A-Za-z0-9]){re.escape(name.value)}(?![A-Za-z0-9])", post)
            _add(spans, [name, *(Span(m.start(), m.end(), "product", m.group()) for m in again)])
    _add(spans, (Span(f.start, f.end, f.kind, value_text(f.value)) for f in facts))
    for line in lines:
        if line.role in ("point", "call", "price", "contact"):
            found = PLACE.finditer(post, line.start, line.end)
            _add(spans, (Span(m.start(), m.end(), "location", m.group()) for m in found))
    return sorted(spans, key=lambda span: span.start)


def _add(spans: list[Span], more: Iterable[Span]) -> None:
    """Append spans that overlap none of those already there."""
    for span in more:
        if not any(other.start < span.end and span.start < other.end for other in spans):
            spans.append(span)


def _blocks(lines: Sequence[Line]) -> list[tuple[str, tuple[int, int]]]:
    """Addresses and terms; neighbouring lines of a kind, blank ones between them included, are one."""
    blocks: list[tuple[str, tuple[int, int]]] = []
    last = ""
    for line in lines:
        if line.role == "blank":
            continue
        if line.role in ("location", "term"):
            start, end = line.location or (line.start, line.end)
            if last == line.role:
                blocks[-1] = (line.role, (blocks[-1][1][0], end))
            else:
                blocks.append((line.role, (start, end)))
        last = line.role
    return blocks


def _product_name(post: str, line: Line) -> list[Span]:
    """The Latin name in a title line: its longest run of Latin words."""
    outside = [f for f in line.facts if f.kind in _NAME_KINDS_OUTSIDE]
    has_ethiopic = any("ሀ" <= c <= "ፚ" for c in post[line.start : line.end])
    runs: list[tuple[int, int]] = []
    for match in _LATIN_RUN.finditer(post, line.start, line.end):
        start = match.start()
        if _NAME_ENDS.match(post, start):
            continue  # «New arrival», «Size»
        end = min([match.end(), *(f.start for f in outside if start <= f.start < match.end())])
        if cut := _NAME_ENDS.search(post, start + 1, end):
            end = cut.start()
        text = post[start:end].rstrip(" \u00a0-./&+'’")
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


def _number(post: str, spans: Sequence[Span]) -> dict[int, str]:
    """The slot of each span, by its start; the same text of a kind has one slot."""
    known: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = defaultdict(int)
    names: dict[int, str] = {}
    for span in spans:
        key = (span.kind, post[span.start : span.end])
        if key not in known:
            counts[span.kind] += 1
            known[key] = slot(span.kind, counts[span.kind])
        names[span.start] = known[key]
    return names


def _first_of_each(spans: Sequence[Span], names: dict[int, str]) -> list[Span]:
    """Spans whose slot occurs for the first time."""
    seen: set[str] = set()
    first = []
    for span in spans:
        if names[span.start] not in seen:
            seen.add(names[span.start])
            first.append(span)
    return first


def _slotted(post: str, start: int, end: int, spans: Sequence[Span], names: dict[int, str]) -> str:
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
