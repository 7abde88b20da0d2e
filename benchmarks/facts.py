"""Facts: posts a second beside the straightforward way, and precision and recall on sentences marked by hand.

    python -m benchmarks.facts [--exports DIR] [--json]

The reference is one regular expression a kind, searched one after the other, a match dropped where an earlier kind
has been: no currency before the amount, no short codes, no remembered lines, no normalised values. Both read the
distinct posts of the exports (or of the sample generator's) once, one after the other, on one core; the finder begins
with nothing remembered. Its third figure reads with nothing remembered at any time.
"""

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.schemas import POSTS
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline.telegram.sample import write_sample
from adgen_pipeline.text import facts as finder
from adgen_pipeline_tests.text.labelled_facts import read_labelled, scores

REPEATS = 3
_CURRENCY = r"(?:ብር|birr|etb|br\.?|usd|\$|€|ዶላር)"
_AMOUNT = r"\d[\d,. ]*(?:ሺህ?|ሚሊ[ዮየ]ን)?"
REFERENCE = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in {
        "url": r"(?:https?://|www\.)\S+|\b(?:[a-z0-9-]+\.)+(?:com|net|org|et|me|io|shop)\b(?:/\S*)?",
        "email": r"[\w.+-]+@[\w-]+\.[\w.]+",
        "handle": r"(?<!\w)@\w{3,32}",
        "hashtag": r"#\w+",
        "phone": r"(?:\+?251|0)[ -]?[1-9](?:[ -]?\d){8}(?!\d)",
        "price": rf"(?:ከ\s*)?{_AMOUNT}(?:\s*(?:-|–|እስከ)\s*{_AMOUNT})?\s*{_CURRENCY}|(?:{_CURRENCY}|ዋጋ\W*)\s*{_AMOUNT}",
        "percent": r"\d+(?:\.\d+)?\s*(?:%|ፐርሰንት|በመቶ)",
        "date": r"\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|(?:መስከረም|ጥቅምት|ህዳር|ታህሳስ|ጥር|የካቲት|መጋቢት|ሚያዝያ|ግንቦት|ሰኔ|ሐምሌ|ነሐሴ)\s*\d{1,2}",
        "time": r"\d{1,2}[:፡]\d{2}(?:\s*(?:am|pm|ሰዓት))?|\d{1,2}\s*ሰዓት",
        "quantity": r"\d[\d,.]*(?:\s?(?:gb|tb|kg|g|cm|mm|m|l|ml|w|inch|pcs|ኪሎ|ሊትር|ሜትር|ካሬ|ጊጋ|ኢንች|ፍሬ))?",
    }.items()
}


def reference(text: str) -> list[tuple[str, int, int]]:
    """Facts of a text by one expression a kind."""
    found: list[tuple[str, int, int]] = []
    for kind, pattern in REFERENCE.items():
        for match in pattern.finditer(text):
            start, end = match.span()
            if not any(start < high and low < end for _, low, high in found):
                found.append((kind, start, end))
    return sorted(found, key=lambda fact: fact[1])


def distinct_posts(exports: Path | None) -> list[str]:
    """The distinct posts (L0) of exports, or of the sample, in the order of channels and messages."""
    with tempfile.TemporaryDirectory() as folder:
        if exports is None:
            write_sample(Path(folder) / "raw")
        clean_folder(
            exports or Path(folder) / "raw", Path(folder), recipe=TelegramRecipe(), report=lambda _: None
        )
        posts = (
            Store(Path(folder)).scan_partitions(POSTS).select("channel_id", "message_id", "post").collect()
        )
    return (
        posts.sort("channel_id", "message_id")
        .filter(pl.col("post") != "")["post"]
        .unique(maintain_order=True)
        .to_list()
    )


def posts_a_second(
    find: Callable[[str], object], posts: Sequence[str], prepare: Callable[[], object]
) -> float:
    """The best of a few readings of all posts, by processor time of this thread."""
    best = float("inf")
    for _ in range(REPEATS):
        prepare()
        start = time.thread_time()
        for post in posts:
            find(post)
        best = min(best, time.thread_time() - start)
    return len(posts) / best


def speed(posts: Sequence[str]) -> dict[str, float]:
    """Posts a second of the finder, of the finder without memory, and of the reference."""
    forget = finder.forget_lines
    kept = posts_a_second(finder.find_facts, posts, forget)
    unkept = posts_a_second(lambda post: (forget(), finder.find_facts(post)), posts, forget)
    plain = posts_a_second(reference, posts, forget)
    return {
        "posts": len(posts),
        "posts_a_second": round(kept),
        "posts_a_second_each_alone": round(unkept),
        "reference_posts_a_second": round(plain),
        "ratio": round(kept / plain, 2),
        "load_average": round(os.getloadavg()[0], 1),
    }


@click.command()
@click.option("--exports", type=click.Path(path_type=Path, exists=True), help="A folder of exports.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(exports: Path | None, as_json: bool) -> None:
    """Print speed, precision and recall."""
    labelled = read_labelled()
    held_out, mended = scores(labelled[1::2]), scores(labelled[::2])
    speeds = speed(distinct_posts(exports))
    if as_json:
        kinds = {
            name: {
                kind: {**s._asdict(), "precision": s.precision, "recall": s.recall}
                for kind, s in half.items()
            }
            for name, half in (("held_out", held_out), ("mended_on", mended))
        }
        click.echo(json.dumps({"speed": speeds, "kinds": kinds}, ensure_ascii=False))
        return
    click.echo("\n".join(f"{name:28} {value:>10}" for name, value in speeds.items()))
    click.echo(f"\n{'held-out sentences':22} labelled  found  right  precision  recall")
    for kind, s in held_out.items():
        click.echo(f"{kind:22} {s.labelled:8} {s.found:6} {s.right:6} {s.precision:10.2f} {s.recall:7.2f}")


if __name__ == "__main__":
    main()
