"""What the classifier learns from: weak labels of some posts, what people said of posts, further labelled texts.

Posts are drawn, since a few thousand teach nearly as much as all of them (docs/BENCHMARKS.md has the curve): those on
which people decided, then rare labels, then others by chance. A text that many posts repeat is drawn once.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from adgen_pipeline.labels.classifier import Texts
from adgen_pipeline.labels.functions import LABELS
from adgen_pipeline.labels.rules import given

KEY = ["channel_id", "message_id"]


def draw(
    posts: pl.DataFrame, weak: pl.DataFrame, human: pl.DataFrame, *, count: int, seed: int
) -> pl.DataFrame:
    """Posts that the classifier learns from, with `post`, `probabilities` and `human` (labels, null if nobody said).

    Args:
        posts: channel_id, message_id, post of telegram/posts.
        weak: table labels/weak_labels.
        human: rows of labels/post_labels by people.
        count: of posts by weak labels; those on which people decided come on top.
        seed: of what is drawn by chance; a post keeps its chance when others come.
    """
    said = human.select(
        *KEY,
        human=pl.Series(
            [given(v, t, is_ad=a) for v, t, a in human.select("verticals", "tags", "is_ad").iter_rows()],
            dtype=pl.List(pl.String),
        ),
    )
    known = (
        weak.select(*KEY, "probabilities")
        .join(posts.select(*KEY, "post"), on=KEY)
        .join(said, on=KEY, how="left")
    )
    known = known.sort(pl.col("human").is_null(), *KEY).unique("post", keep="first", maintain_order=True)
    chances = [_chance(seed, channel, message) for channel, message in known.select(KEY).iter_rows()]
    known = known.with_columns(pl.Series("chance", chances, dtype=pl.UInt64)).sort("chance", *KEY)
    has = known["probabilities"].struct.unnest().to_numpy() > 0.5
    is_drawn = known["human"].is_not_null().to_numpy().copy()
    left = count
    quota = count // (2 * len(LABELS))
    for label in np.argsort(has.sum(axis=0), kind="stable"):
        rows = np.flatnonzero(has[:, label] & ~is_drawn)[:quota]
        is_drawn[rows] = True
        left -= len(rows)
    is_drawn[np.flatnonzero(~is_drawn)[: max(left, 0)]] = True
    return known.filter(is_drawn).drop("chance").sort(KEY)


def lessons(
    drawn: pl.DataFrame, fingerprints: pl.DataFrame, further: Mapping[str, Sequence[tuple[str, bool]]]
) -> Texts:
    """Texts with what is known of their labels.

    Args:
        drawn: as `draw` gives them.
        fingerprints: channel_id, message_id, bands of corpus/fingerprints, by which near-duplicates are held together.
        further: label → texts, and whether each has it.
    """
    likely = drawn["probabilities"].struct.unnest().to_numpy().astype(np.float32).reshape(-1, len(LABELS))
    targets, weights = likely > 0.5, np.abs(2 * likely - 1)
    is_said = np.zeros(targets.shape, np.bool_)
    for row, labels in enumerate(drawn["human"]):
        if labels is not None:
            targets[row] = [label in set(labels) for label in LABELS]
            weights[row], is_said[row] = 1.0, True
    texts = drawn["post"].to_list()
    clusters = _clusters(
        drawn.select(KEY).join(fingerprints, on=KEY, how="left", maintain_order="left")["bands"]
    )
    for label, rows in further.items():
        place = LABELS.index(label)
        shape = (len(rows), len(LABELS))
        of_label = np.zeros(shape, np.bool_)
        of_label[:, place] = [has for _, has in rows]
        known = np.zeros(shape, np.bool_)
        known[:, place] = True
        targets = np.concatenate([targets, of_label])
        weights = np.concatenate([weights, known.astype(np.float32)])
        is_said = np.concatenate([is_said, known])
        numbers: dict[str, int] = {}
        first = int(clusters.max(initial=-1)) + 1
        same = [numbers.setdefault(" ".join(text.split()), len(numbers)) for text, _ in rows]
        clusters = np.concatenate([clusters, first + np.array(same, np.int64)])
        texts += [text for text, _ in rows]
    return Texts(texts, targets, weights.astype(np.float32), is_said, clusters)


def _clusters(bands: pl.Series) -> NDArray[np.int64]:
    """A number for each post; posts that share a band of their fingerprints, or are linked by such, have the same."""
    parents = list(range(bands.len()))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    first: dict[tuple[int, int], int] = {}
    for place, of_post in enumerate(bands):
        for number, band in enumerate(of_post if of_post is not None else ()):
            other = root(first.setdefault((number, band), place))
            parents[max(other, root(place))] = min(other, root(place))
    numbers: dict[int, int] = {}
    return np.array(
        [numbers.setdefault(root(place), len(numbers)) for place in range(len(parents))], np.int64
    )


def _chance(*values: object) -> int:
    """A number below 2^64 that looks random and is the same each time."""
    digest = hashlib.blake2b("/".join(map(str, values)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
