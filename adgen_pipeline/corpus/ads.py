"""Ad posts taken apart: the brief that a post could have come from, and the post with everything exact as slots.

In the target stand slots for the facts, for the product's and shop's Latin names, for addresses and for signature
lines (terms); filling them from the brief gives back the post letter for letter. What is left to the model are the
words of the product and its points, which the brief names in short.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import polars as pl

from adgen_pipeline.corpus import wording
from adgen_pipeline.corpus.lines import Line, is_promise, is_standing, read_lines
from adgen_pipeline.corpus.signature import signature_lines
from adgen_pipeline.corpus.spans import LABEL_OF_NAME, find_spans, first_of_each, number_slots, slotted
from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import ADS
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.text.facts import Fact, find_facts
from adgen_pipeline.text.labels import SIZE_LABELS, is_label
from adgen_pipeline.text.letters import plain_letters
from adgen_pipeline.text.slots import fill

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

_AFTER_LABEL = re.compile(r"[^\w\n#@]*(?:[:፦=]|\d)")
_LABELLED = re.compile(
    rf"(?:{'|'.join(sorted(SIZE_LABELS | {'ቀለም'}))})[ \u00a0]*[:፡፦]"
)  # «መጠን: M እና L» names no product
_MAXIMUM_POINTS = 16
_BLOCK_ROWS = 5_000  # ads that stand as Python objects at once


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
    table = pl.concat(_taken_apart(block, signatures) for block in chosen.iter_slices(_BLOCK_ROWS))
    logger.info(
        "took %d ads of %d channels apart; signature lines by channel: %s",
        table.height,
        len(by_channel),
        ", ".join(f"{channel}: {len(keys)}" for channel, keys in sorted(signatures.items())),
    )
    return ADS.conform(table)


def _taken_apart(posts: pl.DataFrame, signatures: Mapping[int, AbstractSet[str]]) -> pl.DataFrame:
    """ADS rows of some posts."""
    rows = []
    for row in posts.iter_rows(named=True):
        taken = take_apart(row["post"], signatures[row["channel_id"]], vertical=row["vertical"])
        slots = [
            {"slot": fact.slot, "kind": fact.kind, "text": fact.text, "value": fact.value}
            for fact in taken.brief.facts
        ]
        rows.append({**row, "target": taken.target, "slots": slots, "brief": taken.brief.model_dump_json()})
    return ADS.frame(rows)


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
    plain = plain_letters(post)
    facts = [fact for fact in find_facts(plain) if not _is_label_tag(fact, plain)]
    lines = _with_shop_names(plain, facts, read_lines(post, facts, signature))
    title = _title(plain, lines)
    spans = find_spans(post, plain, facts, lines, title)
    names = number_slots(post, spans)
    brief_facts = tuple(
        BriefFact(
            slot=names[span.start],
            text=post[span.start : span.end],
            value=span.value,
            source=f"{FIELDS[span.kind]}:{span.start}-{span.end}",
            must=span.kind in MUST_KINDS,
        )
        for span in first_of_each(spans, names)
    )
    target = slotted(post, 0, len(post), spans, names)
    product, features = "", []
    for number, line in enumerate(lines):
        text = slotted(plain, line.start, line.end, spans, names)
        if number == title:
            product, rest = wording.product(LABEL_OF_NAME.sub("", text))
            features += rest
        elif line.role == "point" or (line.role == "banner" and is_promise(plain[line.start : line.end])):
            features += wording.points(text)
        elif line.role == "price":
            features.append(wording.offer(text))
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


def _is_label_tag(fact: Fact, plain: str) -> bool:
    """Whether a hashtag is a label before something («#ዋጋ፦ 500 ብር»): words, not a thing to copy."""
    return (
        fact.kind == "hashtag"
        and len(fact.text) > 2
        and is_label(fact.text.removeprefix("#").split("_"))
        and _AFTER_LABEL.match(plain, fact.end) is not None
    )


def _with_shop_names(plain: str, facts: Sequence[Fact], lines: Sequence[Line]) -> list[Line]:
    """The lines, those that are the shop's own name as its handle writes it marked so: «Wow Shop» above @wowshop."""
    shops = {
        _letters(fact.text.rstrip("/").rsplit("/", 1)[-1]) for fact in facts if fact.kind in ("handle", "url")
    }
    return [
        replace(line, role="brand")
        if line.role == "point" and _letters(plain[line.start : line.end]) in shops
        else line
        for line in lines
    ]


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _title(plain: str, lines: Sequence[Line]) -> int | None:
    """Number of the line that names the product: one that says so, or the first that is no label and no slogan."""
    candidates = [
        n
        for n, line in enumerate(lines)
        if line.role == "point"
        and not is_label(line.words)
        and not _LABELLED.match(plain, line.start, line.end)
    ]
    labelled = (n for n in candidates if LABEL_OF_NAME.match(plain, lines[n].start, lines[n].end))
    selling = [n for n in candidates if not is_standing(plain[lines[n].start : lines[n].end])]
    candidates = selling or candidates
    named = (n for n in candidates if wording.names_a_product(plain[lines[n].start : lines[n].end]))
    return next(labelled, next(named, candidates[0] if candidates else None))
