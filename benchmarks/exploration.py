"""Words, phrases and channel profiles of many posts: CPU seconds, peak memory, and a loop over the posts beside them.

python -m benchmarks.exploration [--exports DIR] [--posts 1000000] [--json]
"""

import json
import logging
import multiprocessing
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import numpy as np
import polars as pl

from adgen_pipeline.corpus import charts, profiles, statistics
from adgen_pipeline.labels.weak import label_posts
from adgen_pipeline.recipe import LabelsRecipe, TelegramRecipe
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline.telegram.sample import write_sample
from adgen_pipeline.text.amharic import normalise, words

logger = logging.getLogger(__name__)

LOOP_POSTS = 20_000  # the loop is measured on so many
TAKEN_OUT = "[#@\u200d\ufe0e\ufe0f\u20e3]"  # the loop knows nothing of what is no word of a text
SYLLABLES = 5_000  # different ones in the words that are added, two a word
CHUNK_ROWS = 100_000


def make(exports: Path | None, count: int, folder: Path) -> None:
    """Write posts.parquet and labels.parquet: `count` posts of exports or samples drawn anew, each with a new word."""
    with tempfile.TemporaryDirectory() as made:
        if exports is None:
            write_sample(Path(made), messages=20_000)
        clean_folder(exports or Path(made) / "raw", Path(made), recipe=TelegramRecipe(), report=logger.debug)
        given = pl.concat(
            [pl.read_parquet(path) for path in sorted((Path(made) / "cleaned").glob("*.parquet"))]
        )
    labels = label_posts(given, minimum_score=LabelsRecipe().minimum_score).select(
        "channel_id", "message_id", "vertical", "is_ad"
    )
    given = given.join(labels, on=["channel_id", "message_id"], how="left")
    draw = np.random.default_rng(7)
    parts = []
    for start in range(0, count, CHUNK_ROWS):
        rows = given[draw.integers(0, given.height, min(CHUNK_ROWS, count - start))]
        added = [
            pl.Series(draw.integers(0, SYLLABLES, rows.height)).map_elements(_syllable, pl.String)
            for _ in "ab"
        ]
        ids = pl.int_range(start, start + rows.height).alias("message_id")
        post = pl.when(pl.col("is_empty")).then("post").otherwise(pl.col("post") + "\n" + added[0] + added[1])
        parts.append(rows.with_columns(ids, post.alias("post")))
    table = pl.concat(parts)
    table.drop("vertical", "is_ad").write_parquet(folder / "posts.parquet")
    table.select("channel_id", "message_id", "vertical", pl.col("is_ad").fill_null(False)).write_parquet(
        folder / "labels.parquet"
    )


def _syllable(number: int) -> str:
    return chr(0x1200 + number % 320) + chr(0x1208 + number // 16 % 320)


def loop(posts: list[str]) -> tuple[Counter[str], Counter[str]]:
    """The straightforward way: words, and 2-grams and 3-grams with the documents that have them."""
    singles: Counter[str] = Counter()
    phrases: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    for post in posts:
        seen = set()
        for line in post.lower().split("\n"):
            found = words(normalise(line))
            singles.update(found)
            for n in statistics.NGRAM_SIZES:
                joined = [" ".join(found[i : i + n]) for i in range(len(found) - n + 1)]
                phrases.update(joined)
                seen.update(joined)
        documents.update(seen)
    return singles, Counter({phrase: count for phrase, count in phrases.items() if documents[phrase] > 1})


def measure(folder: Path) -> dict[str, object]:
    """CPU seconds of each part, the loop's for as many posts, and the peak memory of this process."""
    posts, labels = pl.scan_parquet(folder / "posts.parquet"), pl.scan_parquet(folder / "labels.parquet")
    documents = posts.filter(~pl.col("is_empty"))
    seconds: dict[str, float] = {}

    def timed(name: str, call: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        started = time.process_time()
        made = call()
        seconds[name] = round(time.process_time() - started, 1)
        return made

    few = documents.filter(~pl.col("post").str.contains(TAKEN_OUT)).head(LOOP_POSTS)
    texts = few.select("post").collect()["post"].to_list()
    started = time.process_time()
    singles, _ = loop(texts)
    looped = (time.process_time() - started) / len(texts)
    counted = dict(statistics.word_frequencies(few).select("word", "count").iter_rows())
    if any(singles[word] != count for word, count in counted.items()):
        raise click.ClickException("words are counted otherwise than by the loop")

    frequencies = timed("word_frequencies", lambda: statistics.word_frequencies(documents))
    phrases = timed("ngrams", lambda: statistics.ngrams(documents))
    table = timed(
        "channel_profiles",
        lambda: profiles.channel_profiles(posts, labels, documents, zone="Africa/Addis_Ababa"),
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    started = time.process_time()
    drawn = [charts.top_words(frequencies), charts.top_phrases(phrases), *charts.of_channels(table).values()]
    seconds["figures"] = round(time.process_time() - started, 1)

    count = int(documents.select(pl.len()).collect().item())
    ours = seconds["word_frequencies"] + seconds["ngrams"]
    return {
        "posts": int(posts.select(pl.len()).collect().item()),
        "documents": count,
        "cpu_seconds": seconds,
        "peak_gib": round(peak, 2),
        "loop_cpu_seconds_for_as_many": round(looped * count, 1),
        "ratio_to_loop": round(looped * count / ours, 2),
        "largest_figure_bytes": max(map(len, drawn)),
        "rows": {
            "word_frequencies": frequencies.height,
            "ngrams": phrases.height,
            "channel_profiles": table.height,
        },
    }


@click.command()
@click.option("--exports", type=click.Path(path_type=Path, exists=True), help="A folder of Telegram exports.")
@click.option("--posts", "count", default=1_000_000, show_default=True, help="Posts to make of them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(exports: Path | None, count: int, as_json: bool) -> None:
    """Print how long exploring takes, with how much memory, and how long a loop would take."""
    with tempfile.TemporaryDirectory() as folder:
        spawn = multiprocessing.get_context(
            "spawn"
        )  # or making the posts would count as memory of exploring them
        with ProcessPoolExecutor(1, mp_context=spawn) as process:
            process.submit(make, exports, count, Path(folder)).result()
        result = measure(Path(folder))
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for name, value in result.items():
        click.echo(f"| {name.replace('_', ' ')} | {value} |")


if __name__ == "__main__":
    main()
