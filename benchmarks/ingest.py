"""Exports into tables: against orjson on the same bytes, and against the straightforward way.

python -m benchmarks.ingest [--exports DIR] [--megabytes 10,100,1000] [--memory 2000] [--json]

Start-up is excluded: two processes are started before, and have cleaned a small export. Every ratio is one of times
measured in this run, each the best of --rounds; CPU seconds are those of one thread.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import click
import orjson
import pandas as pd
import polars as pl
import regex

from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.telegram.export import scan
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline.telegram.sample_large import write_large
from adgen_pipeline.text.amharic import hygiene, normalise
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.patterns import EMAIL, EMOJI, HASHTAG, LINK, MENTION, SYMBOL
from adgen_pipeline.workers import processes

logger = logging.getLogger(__name__)

PROCESSES = 2
_REFERENCE_MEGABYTES = 150  # the straightforward way holds all in memory: larger exports are not given to it
_ENTITIES = {"hashtag": "hashtags", "mention": "mentions", "link": "links"}
_EMAIL = regex.compile(EMAIL, regex.V1)
_RULES = [
    (name, regex.compile(pattern, regex.V1))
    for name, pattern in (
        ("links", LINK),
        ("mentions", MENTION),
        ("hashtags", HASHTAG),
        ("emojis", EMOJI),
        ("symbols", SYMBOL),
    )
]


def reference(paths: list[Path], out: Path) -> dict[tuple[int, int], str]:
    """The straightforward way: json.load, a loop over messages with one compiled pattern a rule, pandas to CSV."""
    texts: dict[tuple[int, int], str] = {}
    for path in paths:
        with path.open(encoding="utf-8") as file:
            export = json.load(file)
        rows = []
        for message in export["messages"]:
            if message["type"] != "message":
                continue
            row = _cleaned(message)
            rows.append({"channel_id": export["id"], "message_id": message["id"], **row})
            texts[export["id"], message["id"]] = str(row["text"])
        pd.DataFrame(rows).to_csv(out / f"{export['id']}.csv", index=False)
    return texts


def _cleaned(message: dict[str, object]) -> dict[str, object]:
    found: dict[str, list[str]] = {name: [] for name, _ in _RULES}
    whole, emails = "", []
    parts = message.get("text_entities")
    assert isinstance(parts, list)
    for part in parts:
        kind, text = part["type"], part["text"]
        if kind in _ENTITIES:
            found[_ENTITIES[kind]].append(text)
            whole += " "
        elif kind == "email":
            emails.append(text)
            whole += f"\ue000{len(emails) - 1}\ue001"
        else:
            whole += text
            if kind == "text_link" and part.get("href"):
                found["links"].append(part["href"])
    whole = hygiene(whole)
    for address in _EMAIL.findall(whole):
        whole = whole.replace(address, f"\ue000{len(emails)}\ue001", 1)
        emails.append(address)
    for name, pattern in _RULES:
        found[name] += [str(match) for match in pattern.findall(whole)]
        whole = pattern.sub(" ", whole)
    for number, address in enumerate(emails):
        whole = whole.replace(f"\ue000{number}\ue001", address)
    text = "".join(part["text"] for part in parts)
    return {
        "date": message.get("date"),
        "post": hygiene(text),
        "text": normalise(" ".join(whole.split())),
        **found,
    }


def clean(raw: Path, out: Path, pool: Executor) -> None:
    """A folder of exports into a folder of tables."""
    clean_folder(raw, out, recipe=TelegramRecipe(), report=logger.debug, started_workers=pool)


def measure(raw: Path, folder: Path, pool: Executor, thread: Executor, *, rounds: int) -> dict[str, object]:
    """One row: seconds of ours, of orjson and (where it fits) of the reference on the same bytes."""
    paths = sorted(raw.rglob("*.json"))
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    out = folder / "out"
    ours = best(rounds, lambda: clean(raw, out, pool))
    started = time.process_time()
    clean(raw, out, thread)
    cpu = time.process_time() - started
    seconds = best(rounds, lambda: [orjson_seconds(path) for path in paths], of=sum)
    row: dict[str, object] = {
        "megabytes": round(megabytes, 1),
        "seconds": round(ours, 2),
        "cpu_seconds": round(cpu, 2),
        "megabytes_per_second": round(megabytes / ours, 1),
        "orjson_seconds": round(seconds, 2),
        "times_orjson": round(ours / seconds, 2),
    }
    if megabytes <= _REFERENCE_MEGABYTES:
        started = time.perf_counter()
        texts = reference(paths, folder)
        row["reference_seconds"] = round(time.perf_counter() - started, 2)
        row["times_faster_than_reference"] = round((time.perf_counter() - started) / ours, 2)
        row |= compared(texts, out)
    return row


def compared(texts: dict[tuple[int, int], str], out: Path) -> dict[str, object]:
    """How many posts have the reference's cleaned text."""
    posts = pl.concat(
        pl.read_parquet(path, columns=["channel_id", "message_id", "text"])
        for path in sorted((out / "cleaned").iterdir())
    )
    same = sum(texts[channel_id, message_id] == text for channel_id, message_id, text in posts.iter_rows())
    return {"posts": posts.height, "posts_same_as_reference": same}


def best(
    rounds: int, action: Callable[[], object], of: Callable[[list[float]], float] | None = None
) -> float:
    """Seconds of the fastest round; `of` takes them from what the action returns instead of the clock."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        result = action()
        found.append(of(result) if of is not None else time.perf_counter() - started)  # type: ignore[arg-type]
    return min(found)


def orjson_seconds(path: Path) -> float:
    """How long orjson takes for a file's bytes, which are in memory already."""
    content = path.read_bytes()
    started = time.perf_counter()
    parsed = orjson.loads(content)
    seconds = time.perf_counter() - started
    del parsed
    return seconds


def facts_per_second(out: Path) -> float:
    """Posts a second through `find_facts`, over different texts."""
    posts = [pl.read_parquet(path, columns=["post"]) for path in sorted((out / "cleaned").iterdir())]
    texts = pl.concat(posts)["post"].unique(maintain_order=True).head(20_000).to_list()
    started = time.perf_counter()
    for text in texts:
        find_facts(text)
    return len(texts) / (time.perf_counter() - started)


_PEAK = """
import sys, threading, time
from pathlib import Path
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.telegram.folder import clean_folder

peak, done = 0, threading.Event()
def watch():
    global peak
    while not done.wait(0.02):
        lines = Path("/proc/self/status").read_text().splitlines()
        peak = max(peak, *(int(line.split()[1]) for line in lines if line.startswith("RssAnon")))
watcher = threading.Thread(target=watch)
watcher.start()
started = time.perf_counter()
clean_folder(Path(sys.argv[1]), Path(sys.argv[2]), recipe=TelegramRecipe(), report=str)
done.set()
watcher.join()
print(peak / 1024, time.perf_counter() - started)
"""


def peak_megabytes(raw: Path, out: Path) -> tuple[float, float]:
    """Highest anonymous memory of a process that cleans a folder, in MB, and its seconds."""
    command = [sys.executable, "-c", _PEAK, str(raw), str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    megabytes, seconds = map(float, done.stdout.split())
    return megabytes, seconds


@click.command()
@click.option(
    "--exports", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A folder of exports."
)
@click.option("--megabytes", default="10,100", help="Sizes of sample exports, where no folder is given.")
@click.option("--memory", default=0.0, help="Also: peak memory for one channel of so many megabytes.")
@click.option("--rounds", default=3, help="Each time is the best of so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(exports: Path | None, megabytes: str, memory: float, rounds: int, as_json: bool) -> None:
    """Print speed, ratios, linearity and peak memory."""
    document: dict[str, object] = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    with (
        tempfile.TemporaryDirectory() as temporary,
        processes(PROCESSES) as pool,
        ThreadPoolExecutor(1) as thread,
    ):
        warm = Path(temporary, "warm")
        write_large(warm, megabytes=0.4, chats=2 * PROCESSES)
        for executor in (pool, thread):
            clean(warm, Path(temporary, "warm-out"), executor)
        rows = []
        for number, raw in enumerate(_folders(exports, megabytes, Path(temporary))):
            folder = Path(temporary, f"{number}-out")
            folder.mkdir()
            scan(raw)
            rows.append(measure(raw, folder, pool, thread, rounds=rounds))
            document["facts_posts_per_second"] = round(facts_per_second(folder / "out"))
        document["rows"] = rows
        seconds = [float(str(row["seconds"])) for row in rows]
        document["times_the_size_before"] = [round(b / a, 2) for a, b in pairwise(seconds)]
        if memory:
            raw = Path(temporary, "large")
            write_large(raw, megabytes=memory, chats=1)
            peak, taken = peak_megabytes(raw, Path(temporary, "large-out"))
            document["memory"] = {
                "megabytes": memory,
                "peak_anonymous_mb": round(peak),
                "seconds": round(taken, 1),
            }
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    for row in rows:
        click.echo("  ".join(f"{name} {value}" for name, value in row.items()))
    for name, value in document.items():
        if name != "rows":
            click.echo(f"{name}: {value}")


def _folders(exports: Path | None, megabytes: str, temporary: Path) -> list[Path]:
    """The given folder, or one of sample exports for each size."""
    if exports is not None:
        return [exports]
    folders = []
    for size in megabytes.split(","):
        folders.append(temporary / f"{size}-MB")
        write_large(folders[-1], megabytes=float(size))
    return folders


if __name__ == "__main__":
    main()
