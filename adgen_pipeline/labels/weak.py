"""Weak labels of the posts of channels: the rules' verdicts, and how sure the votes on them are."""

import logging
import pickle
import tempfile
import zlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from adgen_pipeline.label_schemas import FUNCTIONS as FUNCTIONS_TABLE
from adgen_pipeline.label_schemas import WEAK_LABELS
from adgen_pipeline.labels.evidence import Evidence, find_evidence
from adgen_pipeline.labels.functions import FUNCTIONS, LABELS, Votes, votes
from adgen_pipeline.labels.label_model import LabelModel, estimate
from adgen_pipeline.labels.rules import decide, given
from adgen_pipeline.labels.taxonomy import AD, TAGS, VERTICALS
from adgen_pipeline.schemas import POST_LABELS
from adgen_pipeline.workers import batches

logger = logging.getLogger(__name__)

KEY = ["channel_id", "message_id"]
# A line in this share of a channel's posts, and in so many of them, is a signature: its words are no topic.
SIGNATURE_SHARE, SIGNATURE_POSTS = 0.15, 5
# How far from one half a label is where the label model contradicts the rules. The rules stand there: on ads and news
# of other kinds the label model was right less often (docs/LOG.md). The classifier tips the balance; people are asked.
DISPUTED = 0.05
BLOCK_ROWS = 10_000  # posts whose verdicts are Python objects at once
TEXTS_HELD = 200_000  # about a hundred megabytes; a larger channel is held whole
_VERDICTS = pl.DataFrame(
    schema={n: WEAK_LABELS.dtypes[n] for n in ("vertical", "verticals", "tags", "is_ad", "evidence")}
)
PROCESSES_FROM_TEXTS = 5000  # each process takes seconds to start and to read the lexicons


@dataclass(frozen=True)
class Weak:
    """Weak labels and what they come from.

    Attributes:
        table: labels/weak_labels, in the order of the posts' keys.
        votes: post × function × label, in the same order.
        model: what the votes amount to.
    """

    table: pl.DataFrame
    votes: Votes
    model: LabelModel


def weak_labels(posts: pl.DataFrame | pl.LazyFrame, *, minimum_score: float) -> Weak:
    """Weak labels of all posts with text.

    Evidence of all of them waits in a temporary file until the votes on all were seen.

    Args:
        posts: channel_id, message_id, post, is_empty of telegram/posts.
        minimum_score: weight that a label needs, in keyword weights.
    """
    keys = posts.lazy().filter(~pl.col("is_empty")).select(KEY).sort(KEY).collect()
    texts = _Texts(posts.lazy(), keys)
    cast = np.zeros((keys.height, len(FUNCTIONS), len(LABELS)), np.int8)
    said = np.zeros((keys.height, len(LABELS)), np.bool_)
    with tempfile.TemporaryFile() as file:
        ends = array("q", [0])
        looked = batches(
            partial(_look, minimum_score=minimum_score), texts, processes_from=PROCESSES_FROM_TEXTS
        )
        for place, (evidence, of_text, labels) in enumerate(looked):
            ends.append(ends[-1] + file.write(evidence))
            cast[place], said[place, labels] = of_text, True
        places = np.frombuffer(texts.places, dtype=np.int64)
        del looked, texts  # with what tells repeats: what follows needs votes and evidence alone
        if len(ends) - 1 < keys.height:
            cast, said = cast[places], said[places]
        model = estimate(cast, said, keys["channel_id"].to_numpy())

        def blocks() -> Iterator[pl.DataFrame]:
            for start in range(0, max(1, len(places)), BLOCK_ROWS):
                found = []
                for at in places[start : start + BLOCK_ROWS].tolist():
                    file.seek(ends[at])
                    found.append(file.read(ends[at + 1] - ends[at]))
                block = slice(start, start + BLOCK_ROWS)
                likely = _undisputed(model.likely[block], said[block])
                probabilities = pl.DataFrame(likely, schema=list(LABELS)).to_struct("probabilities")
                decided = _verdicts(likely, found).with_columns(probabilities)
                yield WEAK_LABELS.conform(keys[block].hstack(decided))

        whole = _through_file(blocks())
    logger.info("%d posts, %d of them ads", whole.height, whole["is_ad"].sum())
    return Weak(whole, cast, model)


def _through_file(blocks: Iterator[pl.DataFrame]) -> pl.DataFrame:
    """Blocks as one table. They wait on the disk: what Python objects were built into holds four times its size."""
    with tempfile.TemporaryFile() as file:
        first = next(blocks).to_arrow(compat_level=pl.CompatLevel.oldest())
        with pa.ipc.new_stream(file, first.schema) as stream:
            stream.write_table(first)
            for block in blocks:
                stream.write_table(block.to_arrow(compat_level=pl.CompatLevel.oldest()))
        file.seek(0)
        return pl.read_ipc_stream(file)


class _Texts:
    """Different texts with their topics, in the order in which posts have them: a third of all repeat others.

    Attributes:
        places: number of each post's text, once all were gone through.
    """

    def __init__(self, posts: pl.LazyFrame, keys: pl.DataFrame) -> None:
        self.places = array("q")
        self._posts, self._keys = posts, keys

    def __iter__(self) -> Iterator[tuple[str, str]]:
        known: dict[bytes, int] = {}
        for some in by_channels(self._posts, self._keys):
            signatures = _signatures(some)
            for channel_id, text in some.select("channel_id", "post").iter_rows():
                topic = _topic(text, signatures[channel_id])
                key = blake2b(f"{len(text)}.{text}{topic}".encode(), digest_size=16).digest()
                if key not in known:
                    known[key] = len(known)
                    yield text, topic
                self.places.append(known[key])


def by_channels(posts: pl.LazyFrame, keys: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Keys and texts of posts, whole channels and about `TEXTS_HELD` at a time, in the order of the keys.

    Args:
        posts: channel_id, message_id, post of telegram/posts.
        keys: of the posts that are wanted, sorted.
    """
    counted = keys.group_by("channel_id").len().sort("channel_id")
    counted = counted.with_columns(part=(pl.col("len").cum_sum() - 1) // TEXTS_HELD)
    for _, channels in counted.group_by("part", maintain_order=True):
        first, last = channels["channel_id"][0], channels["channel_id"][-1]
        of_part = pl.col("channel_id").is_between(first, last)
        texts = posts.filter(of_part).select(*KEY, "post").collect()
        yield keys.filter(of_part).select(KEY).join(texts, on=KEY, how="left", maintain_order="left")


def _undisputed(likely: NDArray[np.float32], said: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Post × label: probabilities, near one half on the rules' side where the label model contradicts the rules."""
    near = np.where(said, np.float32(0.5 + DISPUTED), np.float32(0.5 - DISPUTED))
    return np.where((likely > 0.5) == said, likely, near)


def _verdicts(likely: NDArray[np.floating], found: Sequence[bytes]) -> pl.DataFrame:
    """What is decided of some posts, by the probabilities of their labels and their packed evidence."""
    rows = [verdict(of_post, _unpacked(packed)) for of_post, packed in zip(likely, found, strict=True)]
    # By pyarrow: lists of structs that polars builds of objects hold five kilobytes a row where a third of one is used.
    return pl.DataFrame(pa.Table.from_pylist(rows, schema=_VERDICTS.to_arrow().schema))


def _packed(found: Evidence) -> bytes:
    """Evidence as few bytes: it waits until the votes on all posts were seen."""
    return zlib.compress(pickle.dumps(found, pickle.HIGHEST_PROTOCOL), level=1)


def _unpacked(packed: bytes) -> Evidence:
    evidence: Evidence = pickle.loads(zlib.decompress(packed))  # noqa: S301  (this process or its own packed it)
    return evidence


def _topic(text: str, signatures: Collection[str]) -> str:
    """A text with blanks for its channel's signature lines."""
    return "\n".join(" " * len(line) if _folded(line) in signatures else line for line in text.split("\n"))


def _look(texts: Sequence[tuple[str, str]], *, minimum_score: float) -> list[tuple[bytes, Votes, list[int]]]:
    """Of each text and topic the packed evidence, the votes on it, and the places of the labels that the rules give."""
    looked = []
    for text, topic in texts:
        found = find_evidence(text, topic)
        verticals, tags, is_ad = decide(found, minimum_score)
        labels = [LABELS.index(label) for label in given(verticals, tags, is_ad=is_ad)]
        looked.append((_packed(found), votes(found, minimum_score), labels))
    return looked


def verdict(likely: NDArray[np.floating], found: Evidence) -> dict[str, object]:
    """vertical, verticals (likeliest first), tags, is_ad and evidence by the probabilities of one post's labels."""
    by_label = dict(zip(LABELS, likely.tolist(), strict=True))
    is_ad = by_label[AD] > 0.5
    verticals = [vertical for vertical in VERTICALS if is_ad and by_label[vertical] > 0.5]
    verticals.sort(key=lambda vertical: (-found.scores[vertical], -by_label[vertical]))
    tags = [tag for tag in TAGS if by_label[tag] > 0.5]
    return {
        "vertical": verticals[0] if verticals else None,
        "verticals": verticals,
        "tags": tags,
        "is_ad": is_ad,
        "evidence": found.of(given(verticals, tags, is_ad=is_ad)),
    }


def label_posts(posts: pl.DataFrame | pl.LazyFrame, *, minimum_score: float) -> pl.DataFrame:
    """Table labels/post_labels by weak labels alone."""
    return as_post_labels(weak_labels(posts, minimum_score=minimum_score).table)


def as_post_labels(weak: pl.DataFrame) -> pl.DataFrame:
    """Weak labels as rows of labels/post_labels, source rule.

    `confidence` is the probability of the least sure label that was given, or that the post is no ad.
    """
    likely = pl.col("probabilities").struct
    sure = [
        pl.when(is_given).then(likely.field(label))
        for label, is_given in [
            *((vertical, pl.col("verticals").list.contains(vertical)) for vertical in VERTICALS),
            *((tag, pl.col("tags").list.contains(tag)) for tag in TAGS),
        ]
    ]
    of_ad = pl.when("is_ad").then(likely.field(AD)).otherwise(1 - likely.field(AD))
    return POST_LABELS.conform(
        weak.with_columns(
            confidence=pl.min_horizontal(of_ad, *sure).cast(pl.Float64), source=pl.lit("rule")
        ).drop("probabilities")
    )


def functions_table(weak: Weak, human: pl.DataFrame) -> pl.DataFrame:
    """Table labels/functions.

    Args:
        weak: the weak labels.
        human: rows of labels/post_labels by people, which tell how often a function is right.
    """
    likely = weak.table["probabilities"].struct.unnest().to_numpy()
    said = _said(weak.table, human)
    rows = []
    for number, (name, meaning) in enumerate(FUNCTIONS.items()):
        for place, label in enumerate(LABELS):
            cast = weak.votes[:, number, place]
            if not cast.any():
                continue
            others = np.delete(weak.votes[:, :, place], number, axis=1)
            is_against = np.where(cast > 0, (others < 0).any(axis=1), (others > 0).any(axis=1)) & (cast != 0)
            right = np.where(cast > 0, likely[:, place], 1 - likely[:, place])[cast != 0]
            judged = (cast != 0) & (said[:, place] >= 0)
            chances = weak.model.chances[place, :, number]
            rows.append(
                {
                    "function": name,
                    "label": label,
                    "meaning": meaning,
                    "coverage_share": float((cast != 0).mean()),
                    "for_count": int((cast > 0).sum()),
                    "against_count": int((cast < 0).sum()),
                    "conflict_share": float(is_against.sum() / (cast != 0).sum()),
                    "estimated_accuracy": float(right.mean()),
                    "judged_count": int(judged.sum()),
                    "human_accuracy": float(((cast > 0) == (said[:, place] > 0))[judged].mean())
                    if judged.any()
                    else None,
                    "chances": {
                        f"{vote}_if_{truth}": float(chances[t, v])
                        for t, truth in enumerate(("not", "so"))
                        for v, vote in enumerate(("against", "none", "for"))
                    },
                }
            )
    return FUNCTIONS_TABLE.conform(FUNCTIONS_TABLE.frame(rows))


def _said(weak: pl.DataFrame, human: pl.DataFrame) -> NDArray[np.int8]:
    """Post × label: 1 or 0 as people decided, -1 where they did not."""
    found = np.full((weak.height, len(LABELS)), -1, np.int8)
    rows = weak.select(KEY).with_row_index("row").join(human, on=KEY)
    for row, verticals, tags, is_ad in rows.select("row", "verticals", "tags", "is_ad").iter_rows():
        labels = given(verticals, tags, is_ad=is_ad)
        found[row] = [label in labels for label in LABELS]
    return found


def _signatures(posts: pl.DataFrame) -> dict[int, set[str]]:
    """Signature lines of each channel."""
    found: dict[int, set[str]] = {}
    for (channel_id,), of_channel in posts.group_by("channel_id", maintain_order=True):
        texts = of_channel["post"].unique().to_list()
        counts = Counter(line for text in texts for line in {_folded(line) for line in text.split("\n")})
        floor = max(SIGNATURE_POSTS, SIGNATURE_SHARE * len(texts))
        found[int(str(channel_id))] = {line for line, count in counts.items() if line and count >= floor}
    return found


def _folded(line: str) -> str:
    """A line by which signatures are told: spaces folded; digits stay, or every price line would be one."""
    return " ".join(line.split())
