"""Near-duplicates among a million posts: time, memory, recall against exact Jaccard, ratio to a straightforward way.

    python -m benchmarks.corpus [--exports DIR] [--posts 1000000] [--json]

The posts are edits of given ones (of DIR, or of the sample generator's): of a hundred, 35 repeat a recent post, 15
change one or two words of a recent one, the others join halves of two given posts and change a tenth of the words.
Exact Jaccard is computed from sets of strings, over all pairs of 5,000 given and of 5,000 made posts. The
straightforward way is datasketch's `MinHash` and `MinHashLSH` in a loop over the same posts, in the same run.
"""

import os
import random
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import numpy as np
import polars as pl
from datasketch import MinHash, MinHashLSH
from scipy.sparse import csr_array

from adgen_pipeline.artifacts import Store
from adgen_pipeline.corpus import dedup, filters, fingerprints, minhash, shingles, similarity
from adgen_pipeline.recipe import CorpusRecipe, TelegramRecipe
from adgen_pipeline.schemas import POSTS
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline.telegram.sample import write_sample
from benchmarks import show

SAMPLE = 5_000  # posts of which all pairs are compared
SAMPLE_MESSAGES = 20_000
RECENT = 2_000  # what is repeated lies at most so many posts back
REPEATED, CHANGED = 0.35, 0.5  # the real exports: 35 % exact repeats, 20 % of the rest near-duplicates
CHANNELS = 25

KEY = ("channel_id", "message_id")

Pair = tuple[int, int]


def given_posts(exports: Path | None) -> list[str]:
    """Search keys of the posts that pass the filters, in the order of their age."""
    with tempfile.TemporaryDirectory(prefix="adgen-bench-") as folder:
        store = Store(Path(folder))
        if exports is None:
            write_sample(store.root, messages=SAMPLE_MESSAGES)
        clean_folder(exports or store.raw, store.root, recipe=TelegramRecipe(), report=lambda _: None)
        posts = store.scan_partitions(POSTS).filter(filters.drop_reason(CorpusRecipe()).is_null())
        return posts.sort(dedup.AGE).select("search_key").collect()["search_key"].to_list()


def made_posts(given: Sequence[str], count: int, *, seed: int) -> pl.DataFrame:
    """Keys, dates, search keys and splits of `count` posts, in the order of their age."""
    draw = random.Random(seed)  # noqa: S311 (which posts, not secrets)
    bases = [text.split() for text in given]
    vocabulary = [word for words in bases for word in words]
    texts: list[str] = []
    for number in range(count):
        kind = draw.random()
        if number and kind < CHANGED:
            text = texts[max(0, number - 1 - int(draw.random() * RECENT))]
            if kind >= REPEATED:
                text = _changed(text.split(), 1 + (draw.random() < 0.5), vocabulary, draw)
        else:
            left, right = draw.choice(bases), draw.choice(bases)
            words = left[: len(left) // 2] + right[len(right) // 2 :]
            text = _changed(words, 1 + len(words) // 10, vocabulary, draw)
        texts.append(text)
    start = datetime(2020, 1, 1, tzinfo=UTC)
    return pl.DataFrame(
        {
            "channel_id": [number % CHANNELS for number in range(count)],
            "message_id": range(count),
            "date": pl.datetime_range(
                start, start + timedelta(minutes=count - 1), "1m", time_unit="us", eager=True
            ),
            "search_key": texts,
            "split": np.where(np.arange(count) < count * 0.9, "train", "test"),
        }
    )


def _changed(words: list[str], changes: int, vocabulary: list[str], draw: random.Random) -> str:
    words = list(words)
    for _ in range(changes if words else 0):
        words[int(draw.random() * len(words))] = vocabulary[int(draw.random() * len(vocabulary))]
    return " ".join(words)


def exact_pairs(folded: Sequence[str], *, threshold: float) -> set[Pair]:
    """All pairs (younger, older) of which both Jaccard similarities reach the threshold, by sets of strings."""
    found: list[set[Pair]] = []
    for width, tokens in (
        (shingles.WORDS, [text.split() for text in folded]),
        (shingles.CHARS, [list(text) for text in folded]),
    ):
        columns: dict[tuple[str, ...], int] = {}
        sets = [
            {
                columns.setdefault(tuple(part[at : at + width]), len(columns))
                for at in range(max(len(part) - width + 1, 1))
            }
            for part in tokens
        ]
        sizes = np.array([len(members) for members in sets])
        ends = np.concatenate([[0], np.cumsum(sizes)])
        members = np.fromiter((m for members in sets for m in members), dtype=np.int64, count=int(ends[-1]))
        matrix = csr_array((np.ones(len(members), dtype=np.int32), members, ends))
        transposed = matrix.T.tocsr()
        pairs: set[Pair] = set()
        for start in range(0, len(sets), 500):
            shared = (matrix[start : start + 500] @ transposed).tocoo()
            younger, older = shared.coords[0] + start, shared.coords[1]
            alike = shared.data / (sizes[younger] + sizes[older] - shared.data) >= threshold
            pairs |= {
                (y, o) for y, o in zip(younger[alike].tolist(), older[alike].tolist(), strict=True) if o < y
            }
        found.append(pairs)
    return found[0] & found[1]


def straightforward(folded: Sequence[str], *, threshold: float) -> set[Pair]:
    """Similar pairs as one would write it: an object a text, one index, sets of strings for the verification."""
    rows = minhash.BANDS * (minhash.WORD_ROWS + minhash.CHAR_ROWS)
    index = MinHashLSH(num_perm=rows, params=(minhash.BANDS, minhash.WORD_ROWS + minhash.CHAR_ROWS))
    sets: list[tuple[set[str], set[str]]] = []
    pairs: set[Pair] = set()
    for number, text in enumerate(folded):
        words = text.split()
        by_words = {" ".join(words[at : at + 3]) for at in range(max(len(words) - 2, 1))}
        by_chars = {text[at : at + 5] for at in range(max(len(text) - 4, 1))}
        sets.append((by_words, by_chars))
        signature = MinHash(num_perm=rows)
        signature.update_batch([shingle.encode() for shingle in by_words | by_chars])
        for other in index.query(signature):
            if all(
                len(a & b) >= threshold * len(a | b) for a, b in zip(sets[number], sets[other], strict=True)
            ):
                pairs.add((number, other))
        index.insert(number, signature)
    return pairs


def ours(folded: pl.Series, *, threshold: float) -> set[Pair]:
    """Similar pairs as the pipeline finds them."""
    found = similarity.similar_pairs(minhash.bands(folded), folded.gather, threshold=threshold)
    return set(zip(found.younger.tolist(), found.older.tolist(), strict=True))


def measure(given: Sequence[str], count: int, *, seed: int) -> dict[str, object]:
    """All figures of one run."""
    threshold = CorpusRecipe().near_duplicate_similarity
    draw = random.Random(seed)  # noqa: S311 (which posts, not secrets)
    posts = made_posts(given, count, seed=seed)
    unique = sorted(set(given))
    samples = {
        "given": draw.sample(unique, min(SAMPLE, len(unique))),
        "made": posts["search_key"].head(SAMPLE).unique(maintain_order=True).to_list(),
    }
    recall: dict[str, object] = {}
    for name, texts in samples.items():
        folded = shingles.fold(pl.Series(texts))
        exact, found = exact_pairs(folded.to_list(), threshold=threshold), ours(folded, threshold=threshold)
        assert found <= exact, f"{len(found - exact)} pairs are not similar"
        recall[name] = {
            "posts": len(texts),
            "exact_pairs": len(exact),
            "recall": round(len(found) / len(exact), 4) if exact else None,
        }

    folded = shingles.fold(pl.Series(samples["given"]))
    started = time.perf_counter()
    straightforward(folded.to_list(), threshold=threshold)
    between = time.perf_counter()
    ours(folded, threshold=threshold)
    ratio = (between - started) / (time.perf_counter() - between)

    before = _peak_gib()
    started, cpu = time.perf_counter(), time.process_time()
    prints = fingerprints.add(posts)
    between = time.perf_counter()
    judged = dedup.find(
        prints.drop("search_key"), posts.lazy().select(*KEY, "search_key"), threshold=threshold
    )
    ended = time.perf_counter()
    return {
        "posts": count,
        "given_posts": len(given),
        "seconds": round(ended - started, 1),
        "seconds_fingerprints": round(between - started, 1),
        "seconds_comparing": round(ended - between, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "posts_per_second": round(count / (ended - started)),
        "peak_gib": round(_peak_gib(), 2),
        "peak_gib_before": round(before, 2),
        "reasons": dict(sorted(judged["reason"].fill_null("kept").value_counts().iter_rows())),
        "recall": recall,
        "times_as_fast_as_straightforward": round(ratio, 1),
        "load": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
    }


def _peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


@click.command()
@click.option(
    "--exports", type=click.Path(exists=True, path_type=Path), help="Exports to make the posts from."
)
@click.option("--posts", "count", default=1_000_000, show_default=True, type=click.IntRange(min=1000))
@click.option("--seed", default=7, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(exports: Path | None, count: int, seed: int, as_json: bool) -> None:
    """Print time, memory, recall and ratio of finding near-duplicates."""
    figures = measure(given_posts(exports), count, seed=seed)
    show(figures, as_json=as_json)


if __name__ == "__main__":
    main()
