"""What an index of many posts takes: time, memory and disk to build it, time to ask it, and what its shortcuts lose.

    python -m benchmarks.index --data DIR [--posts 1000000] [--queries 200] [--json]

The posts are those of a folder that `adgen run` filled, held-out ones left out, and then again and again without a
tenth of their words (seeded). The folder's encoder encodes them; the pipeline's own functions build the index, learn
its weights from validation briefs and add one post in a hundred. The queries are briefs' words of held-out posts,
asked one after the other, with LanceDB's threads as they come. Cold queries are asked of an index whose files the
system has dropped from memory. Every step has a process of its own, whose peak of resident memory holds the table of
posts and whatever of the index is mapped. CPU seconds are those of all its threads: where other work fills the
machine, they say more than the clock.
"""

import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import numpy as np
import polars as pl

from adgen_pipeline import settings
from adgen_pipeline.artifacts import Store
from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.index.building import build
from adgen_pipeline.index.checks import recall_of
from adgen_pipeline.index.queries import brief_queries
from adgen_pipeline.index.search import PostIndex
from adgen_pipeline.index_recipe import IndexRecipe
from adgen_pipeline.schemas import ADS, DOCUMENTS, POST_LABELS, TEST_SPLITS
from benchmarks import show

DROPPED_WORDS = 0.1  # of a copy of a post
ADDED_SHARE = 0.01
ENCODED = 20_000  # posts whose encoding alone is timed
REPEATS = 3  # of what is short; the best counts, for other work makes times longer and never shorter
BLOCK = 20_000  # rows that are put together at once
TABLE = "documents.parquet"


def resampled(documents: pl.DataFrame, count: int, seed: int) -> pl.DataFrame:
    """Posts without held-out ones, as often as needed; all but the first of each lack a tenth of their words.

    Args:
        documents: DOCUMENTS rows.
        count: rows of the result.
        seed: of the words that are left out.
    """
    posts = documents.filter(~pl.col("split").is_in(list(TEST_SPLITS))).sort("channel_id", "message_id")
    generator = np.random.default_rng(seed)
    above = int(posts["message_id"].to_numpy().max()) + 1
    blocks = [posts.head(count)]
    for start in range(posts.height, count, BLOCK):
        numbers = np.arange(start, min(count, start + BLOCK))
        block = posts[numbers % posts.height]
        texts = [_without_words(text, generator) for text in block["post"]]
        blocks.append(
            block.with_columns(
                pl.Series("message_id", above + numbers),
                pl.Series("post", texts),
                pl.Series("text", texts),
                pl.lit("").alias("search_key"),  # not read
            )
        )
    return pl.concat(blocks).with_columns(pl.lit("train").alias("split"))


def _without_words(text: str, generator: np.random.Generator) -> str:
    words = text.split(" ")
    kept = generator.random(len(words)) >= DROPPED_WORDS
    return " ".join(word for word, stays in zip(words, kept.tolist(), strict=True) if stays) or words[0]


def write(folder: Path, data: Path, count: int, seed: int) -> dict[str, object]:
    """Write the table: so many posts, and those that are added later."""
    table = resampled(Store(data).read_table(DOCUMENTS), count + int(count * ADDED_SHARE), seed)
    table.write_parquet(folder / TABLE)
    return {"posts": count, "words_of_a_post": round(_mean(table["post"].str.count_matches(" ")) + 1)}


def encode(folder: Path, data: Path, count: int, seed: int) -> dict[str, object]:
    """Posts a second of encoding alone."""
    del seed
    table = pl.read_parquet(folder / TABLE, columns=["post"])["post"]
    posts: list[str] = table.gather_every(max(1, count // ENCODED)).head(ENCODED).to_list()
    encoder = _encoder(data)
    encoder.encode(posts[:1000])
    cpu = time.process_time()
    seconds = min(_timed(lambda: encoder.encode(posts)) for _ in range(REPEATS))
    cpu = time.process_time() - cpu
    return {
        "encoded_posts_a_second": round(len(posts) / seconds),
        "encoded_posts_a_cpu_second": round(REPEATS * len(posts) / cpu),
    }


def full(folder: Path, data: Path, count: int, seed: int) -> dict[str, object]:
    """What building takes."""
    del seed
    seconds, cpu, made = _built(folder, data, count, folder / "index", None)
    size = sum(file.stat().st_size for file in (folder / "index").rglob("*") if file.is_file())
    return {
        "build_seconds": round(seconds, 1),
        "build_cpu_seconds": round(cpu, 1),
        "built_posts_a_second": round(count / seconds),
        "build_peak_mb": _peak_mb(),
        "disk_mb": round(size / 1e6),
        "weight_queries": made["weight_queries"],
    }


def add(folder: Path, data: Path, count: int, seed: int) -> dict[str, object]:
    """What adding takes."""
    del seed
    seconds, cpu, made = _built(
        folder, data, count + int(count * ADDED_SHARE), folder / "increment", folder / "index"
    )
    return {
        "added_posts": made["embedded"],
        "add_seconds": round(seconds, 1),
        "add_cpu_seconds": round(cpu, 1),
        "add_peak_mb": _peak_mb(),
    }


def ask(folder: Path, data: Path, count: int, seed: int) -> dict[str, object]:
    """What queries take, and what the approximate index loses."""
    encoder, path = _encoder(data), folder / "index"
    asked = brief_queries(Store(data).read_table(ADS), splits=TEST_SPLITS, maximum=count, seed=seed)
    texts = [words for words, _ in asked]
    encoder.encode(texts[:1])
    _drop_from_memory(path)
    index = PostIndex(path, encoder)
    cold = [_timed(lambda text=text: index.search(text)) * 1e3 for text in texts]  # type: ignore[misc]
    cpu = time.process_time()
    passes = [
        [_timed(lambda text=text: index.search(text)) * 1e3 for text in texts]  # type: ignore[misc]
        for _ in range(REPEATS)
    ]
    cpu = time.process_time() - cpu
    warm = min(passes, key=lambda times: float(np.percentile(times, 95)))
    peak = _peak_mb()
    found = recall_of(path, encoder.encode(texts))
    return {
        "vector_index": index.vector_index(),
        "recall_at_10": round(found, 4),
        "queries": len(texts),
        "first_query_ms": round(cold[0], 1),
        "cold_ms_p50": round(float(np.percentile(cold, 50)), 1),
        "cold_ms_p95": round(float(np.percentile(cold, 95)), 1),
        "warm_ms_p50": round(float(np.percentile(warm, 50)), 1),
        "warm_ms_p95": round(float(np.percentile(warm, 95)), 1),
        "warm_cpu_ms": round(cpu / REPEATS / len(texts) * 1e3, 1),
        "ask_peak_mb": peak,
    }


def measure(data: Path, count: int, queries: int, seed: int) -> dict[str, object]:
    """All figures."""
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="adgen-bench-") as name:
        for step, number in ((write, count), (encode, count), (full, count), (ask, queries), (add, count)):
            click.echo(f"{step.__name__} …", err=True)
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, mp_context=context) as process:
                figures |= process.submit(step, Path(name), data.resolve(), number, seed).result()
    added, whole = figures["add_seconds"], figures["build_seconds"]
    added_cpu, whole_cpu = figures["add_cpu_seconds"], figures["build_cpu_seconds"]
    assert isinstance(added, float)
    assert isinstance(whole, float)
    assert isinstance(added_cpu, float)
    assert isinstance(whole_cpu, float)
    return {
        **figures,
        "added_share_of_build": round(added / whole, 3),
        "added_share_of_cpu": round(added_cpu / whole_cpu, 3),
        "load": round(os.getloadavg()[0], 1),
    }


def _built(
    folder: Path, data: Path, count: int, out: Path, previous: Path | None
) -> tuple[float, float, dict[str, object]]:
    """Seconds and seconds of CPU of a build as the asset does it, and what it says of itself."""
    documents = pl.read_parquet(folder / TABLE, n_rows=count)
    recipe, encoder = IndexRecipe(), _encoder(data)
    queries = brief_queries(
        Store(data).read_table(ADS), splits=("validation",), maximum=recipe.weight_queries, seed=recipe.seed
    )
    made: dict[str, object] = {}
    cpu = time.process_time()
    seconds = _timed(
        lambda: made.update(
            build(
                documents, POST_LABELS.empty(), folder / "none", encoder, "encoder", out,
                recipe=recipe, queries=queries, previous=previous,
            )
        )
    )  # fmt: skip
    return seconds, time.process_time() - cpu, made


def _encoder(data: Path) -> Encoder:
    settings.switch_telemetry_off()
    return Encoder(Store(data).artifact("embedding", "encoder").path)


def _drop_from_memory(path: Path) -> None:
    """Ask the system to forget what it read of the files."""
    for file in path.rglob("*"):
        if file.is_file():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _mean(values: pl.Series) -> float:
    return float(values.to_numpy().mean())


def _peak_mb() -> int:
    """The most resident memory that this process ever had."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True))
@click.option("--posts", default=1_000_000, show_default=True, type=click.IntRange(min=1000))
@click.option("--queries", default=200, show_default=True, type=click.IntRange(min=1))
@click.option("--seed", default=7, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(data: Path | None, posts: int, queries: int, seed: int, as_json: bool) -> None:
    """Print what building, asking and growing an index take."""
    if data is None:
        click.echo("Name a folder that adgen run filled: --data DIR.", err=True)
        return
    show(measure(data, posts, queries, seed), as_json=as_json)


if __name__ == "__main__":
    main()
