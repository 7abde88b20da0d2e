"""What breaks first as channels and posts grow: seconds, memory, files and partitions over a growing synthetic corpus.

    python -m benchmarks.scale [--posts 10000,30000,100000] [--figure FILE] [--json]

Ingest reads sample exports whose texts never repeat; finding duplicates reads edits of sample posts, of which a
hundred hold 35 exact repeats and 15 changed ones (`benchmarks.corpus`); labels are the rules' of the ingested posts.
Each step has a process of its own, whose peak of resident memory is stated above that of a process that only
imported. Power laws are fitted by least squares of logarithms, memory (but of the ingest, which holds a piece of a
channel) by a straight line, and prolonged: beyond a factor of ten that is a direction, not a figure. Partitions are
added to a Dagster instance on SQLite, as the sensor adds channels.
"""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import dagster as dg
import numpy as np
import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.corpus import dedup, fingerprints, shingles
from adgen_pipeline.figures import lines, png
from adgen_pipeline.labels.weak import label_posts
from adgen_pipeline.recipe import CorpusRecipe, LabelsRecipe, TelegramRecipe
from adgen_pipeline.schemas import POSTS
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline.telegram.sample_large import write_large
from benchmarks import show
from benchmarks.corpus import given_posts, made_posts

SIZES = (10_000, 30_000, 100_000)
TOLD = (10_000_000, 100_000_000, 1_000_000_000)  # posts that the curves are prolonged to
BYTES_OF_A_POST = 1800  # of a sample export
PARTITIONS = (25, 1_000, 10_000)
STEPS = ("ingest", "labels", "duplicates")


def ingest(folder: Path, count: int) -> dict[str, float]:
    """Exports into tables; what stands on the disk afterwards."""
    paths = write_large(folder / "exports", megabytes=count * BYTES_OF_A_POST / 1e6)
    started = time.perf_counter()
    clean_folder(folder / "exports", folder / "data", recipe=TelegramRecipe(), report=lambda _: None)
    seconds = time.perf_counter() - started
    written = [file for file in (folder / "data").rglob("*.parquet") if file.is_file()]
    return {
        "posts": _posts(folder).select(pl.len()).collect().item(),
        "seconds": seconds,
        "export_mb": sum(path.stat().st_size for path in paths) / 1e6,
        "parquet_mb": sum(file.stat().st_size for file in written) / 1e6,
        "files_a_channel": len(written) / len(paths),
    }


def labels(folder: Path, count: int) -> dict[str, float]:
    """Rules over the posts of the ingest."""
    del count
    started = time.perf_counter()
    found = label_posts(_posts(folder), minimum_score=LabelsRecipe().minimum_score)
    return {"posts": found.height, "seconds": time.perf_counter() - started}


def duplicates(folder: Path, count: int) -> dict[str, float]:
    """Fingerprints, and the comparison of all posts with the older ones."""
    posts = made_posts(given_posts(None), count, seed=7)
    started = time.perf_counter()
    printed = fingerprints.add(posts)
    found = dedup.find(
        printed.drop("search_key"),
        posts.lazy().select("channel_id", "message_id", "search_key"),
        threshold=CorpusRecipe().near_duplicate_similarity,
    )
    seconds = time.perf_counter() - started
    kept = found.filter(pl.col("reason").is_null()).height
    del folder
    return {"posts": count, "seconds": seconds, "kept_share": kept / count}


def nothing(folder: Path, count: int) -> dict[str, float]:
    """What a process holds before it does anything: the imports, and one small column folded."""
    del folder, count
    shingles.fold(pl.Series(["ሰላም"]))
    return {"posts": 0, "seconds": 0.0}


def partitions(counts: Sequence[int]) -> list[dict[str, float]]:
    """Seconds to add channels as partitions to an instance on SQLite, and to read them again."""
    rows = []
    for count in counts:
        with (
            tempfile.TemporaryDirectory(prefix="adgen-bench-") as home,
            dg.DagsterInstance.local_temp(home) as instance,
        ):
            started = time.perf_counter()
            instance.add_dynamic_partitions("channels", [str(number) for number in range(count)])
            added = time.perf_counter() - started
            started = time.perf_counter()
            assert len(instance.get_dynamic_partitions("channels")) == count
            read = time.perf_counter() - started
        rows.append({"channels": count, "add_seconds": round(added, 3), "read_seconds": round(read, 4)})
    return rows


def run(step: str, folder: Path, count: int) -> dict[str, float]:
    """A step by its name, with the peak of this process in MB."""
    found = {"ingest": ingest, "labels": labels, "duplicates": duplicates, "nothing": nothing}[step](
        folder, count
    )
    # Of this process, or of the largest that it started: large folders are cleaned by processes side by side.
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {**found, "peak_mb": peak / 1024}


def power_law(posts: Sequence[float], seconds: Sequence[float]) -> tuple[float, float]:
    """(factor, exponent) of seconds = factor × posts ** exponent, by least squares of logarithms."""
    exponent, logarithm = np.polyfit(np.log(posts), np.log(seconds), 1)
    return float(np.exp(logarithm)), float(exponent)


def measure(sizes: Sequence[int]) -> tuple[dict[str, object], dict[str, list[dict[str, float]]]]:
    """All figures, and the rows of each step."""
    steps: dict[str, list[dict[str, float]]] = {step: [] for step in STEPS}
    base = 0.0
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="adgen-bench-") as name:
            for step in ("nothing", *STEPS):
                click.echo(f"{count:,} posts: {step} …", err=True)
                with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
                    row = process.submit(run, step, Path(name), count).result()
                if step == "nothing":
                    base = row["peak_mb"]
                    continue
                row["above_imports_mb"] = row.pop("peak_mb") - base
                steps[step].append({key: round(value, 3) for key, value in row.items()})
    figures: dict[str, object] = {"imports_mb": round(base)}
    for step, rows in steps.items():
        posts = [row["posts"] for row in rows]
        factor, exponent = power_law(posts, [row["seconds"] for row in rows])
        made: dict[str, object] = {
            "rows": rows,
            "exponent": round(exponent, 2),
            "hours": {f"{told:,}": round(factor * told**exponent / 3600, 1) for told in TOLD},
        }
        if step != "ingest":  # which reads a channel piece by piece, whatever its size
            bytes_a_post, _ = np.polyfit(posts, [row["above_imports_mb"] * 2**20 for row in rows], 1)
            made["bytes_a_post"] = round(float(bytes_a_post))
            made["gb"] = {f"{told:,}": round(float(bytes_a_post) * told / 1e9, 1) for told in TOLD}
        figures[step] = made
    figures["partitions"] = partitions(PARTITIONS)
    return figures, steps


def _posts(folder: Path) -> pl.LazyFrame:
    return Store(folder / "data").scan_partitions(POSTS)


@click.command()
@click.option(
    "--posts", "sizes", default=",".join(map(str, SIZES)), show_default=True, help="Sizes, with commas."
)
@click.option("--figure", type=click.Path(path_type=Path, dir_okay=False), help="A PNG of the curves.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(sizes: str, figure: Path | None, as_json: bool) -> None:
    """Print what grows how, and what the curves say of larger corpora."""
    figures, steps = measure([int(size) for size in sizes.split(",")])
    show(figures, as_json=as_json)
    if figure is not None:
        drawn = lines(
            {
                step: ([row["posts"] / 1e3 for row in rows], [row["seconds"] for row in rows])
                for step, rows in steps.items()
            },
            title="Seconds of a step over posts",
            x="thousand posts",
            y="seconds",
        )
        figure.write_bytes(png(drawn))


if __name__ == "__main__":
    main()
