"""Training pairs for the encoder: two texts that speak of the same thing, made from the corpus without labels.

* title and body: a post's first line and the rest of it;
* brief and post: the words of a back-constructed brief, and the post it was taken from;
* span and rest: a run of words cut out of a post, and what is left.
"""

import random
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

import polars as pl

from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import SLOT

PAIRS_SCHEMA = {"anchor": pl.String, "positive": pl.String, "cluster": pl.String}

KEY = ("channel_id", "message_id")
MINIMUM_WORDS = 2  # of a title or of brief words
MINIMUM_REST_WORDS = 4  # of what they are paired with
SPAN_WORDS = (3, 12)  # about what people type into a search box
MAXIMUM_SPANS = 20  # a document: a small corpus needs many views of the little it has


class Pair(NamedTuple):
    """Two texts that belong together, and which near-duplicate cluster they are from (DOCUMENTS' `cluster`)."""

    anchor: str
    positive: str
    cluster: str


def pairs(
    documents: pl.DataFrame,
    ads: pl.DataFrame | None = None,
    *,
    splits: Collection[str] = ("train",),
    prepare: Callable[[str], str] = str,
    maximum: int = 60_000,
    seed: int = 7,
) -> pl.DataFrame:
    """Pairs of texts, in an order that depends on the seed alone.

    Args:
        documents: DOCUMENTS rows; those of other splits are left out.
        ads: ADS rows, for brief and post pairs; those of other splits are left out.
        splits: whose rows are read.
        prepare: what the encoder reads of a text; applied once a post, and spans are cut from the result.
        maximum: pairs at most. Spans fill what titles and briefs leave of it, spread evenly over the documents.
        seed: of the cuts and the order.

    Returns:
        Columns of `Pair`: the anchor is the shorter side, both are prepared, neither is empty. A pair of texts
        stands once, with the cluster that it was first found in.
    """
    generator = random.Random(seed)  # noqa: S311  (chooses cuts, protects nothing)
    chosen = _rows(documents, splits)
    posts = list(chosen.select("post", "cluster").iter_rows())
    found: dict[tuple[str, str], str] = {}

    def add(made: Iterator[tuple[str, str]], cluster: str) -> None:
        for pair in made:
            if all(pair):
                found.setdefault(pair, cluster)

    for post, cluster in posts:
        add(((prepare(title), prepare(body)) for title, body in _title_pairs(post)), cluster)
    if ads is not None:
        for brief, post, cluster in _with_cluster(_rows(ads, splits), documents).iter_rows():
            add(((prepare(words), prepare(whole)) for words, whole in _brief_pairs(brief, post)), cluster)
    room = max(0, maximum - len(found))
    spans = min(MAXIMUM_SPANS, -(-room // len(posts))) if posts else 0
    for post, cluster in posts:
        add(_span_pairs(prepare(post).split(), spans, generator), cluster)
    rows = [(*pair, cluster) for pair, cluster in found.items()]
    generator.shuffle(rows)
    return pl.DataFrame(rows[:maximum], schema=PAIRS_SCHEMA, orient="row")


def brief_words(brief: str) -> str:
    """The free words of a back-constructed brief (product, then features), without slots: what one searches for.

    Args:
        brief: `text.brief.Brief` as JSON.
    """
    parsed = Brief.model_validate_json(brief)
    return " ".join(SLOT.sub(" ", " ".join((parsed.product, *parsed.features))).split())


def _rows(table: pl.DataFrame, splits: Collection[str]) -> pl.DataFrame:
    return table.filter(pl.col("split").is_in(list(splits))).sort(KEY)


def _with_cluster(ads: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Brief, post and cluster of ads; one without a document is a cluster of its own."""
    known = ads.join(documents.select(*KEY, "cluster"), on=KEY, how="left", maintain_order="left")
    own = pl.format("{}/{}", *KEY)
    return known.select("brief", "post", pl.coalesce("cluster", own))


def _title_pairs(post: str) -> Iterator[tuple[str, str]]:
    title, _, body = post.strip().partition("\n")
    if len(title.split()) >= MINIMUM_WORDS and len(body.split()) >= MINIMUM_REST_WORDS:
        yield title.strip(), body.strip()


def _brief_pairs(brief: str, post: str) -> Iterator[tuple[str, str]]:
    words = brief_words(brief)
    if len(words.split()) >= MINIMUM_WORDS and len(post.split()) >= MINIMUM_REST_WORDS:
        yield words, post.strip()


def _span_pairs(words: list[str], spans: int, generator: random.Random) -> Iterator[tuple[str, str]]:
    for _ in range(spans):
        longest = min(SPAN_WORDS[1], len(words) - MINIMUM_REST_WORDS)
        if longest < SPAN_WORDS[0]:
            return
        length = generator.randint(SPAN_WORDS[0], longest)
        start = generator.randint(0, len(words) - length)
        rest = words[:start] + words[start + length :]
        yield " ".join(words[start : start + length]), " ".join(rest)
