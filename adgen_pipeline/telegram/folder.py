"""A folder of exports cleaned into a folder of tables, without Dagster: parsed/, cleaned/, quarantine/."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import ExportError
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.schemas import MESSAGES, POSTS
from adgen_pipeline.telegram import export
from adgen_pipeline.telegram.posts import clean_blocks

_COUNTS = ("read", "messages", "service", "unsupported", "quarantined", "superseded", "deleted", "forgotten")
_THREADS = 2  # while one decodes JSON, which holds the interpreter, the other cleans a column, which does not


def clean_folder(
    raw: Path, out: Path, *, recipe: TelegramRecipe, report: Callable[[str], None]
) -> dict[str, object]:
    """Read all channels below `raw` and write their tables below `out`; returns what was done, as JSON values.

    A channel that cannot be cleaned goes to quarantine with the reason, and the others go on.

    Raises:
        ExportError: the folder is missing, or no channel in it could be cleaned.
    """
    started = time.perf_counter()
    store = Store(out)
    found = export.scan(raw, forgotten=Forgotten.read(out))
    for item in found.unreadable:
        report(f"{raw / item.file}: {item.reason}")
    export.write_unreadable(store.quarantine, found.unreadable)
    channels: list[dict[str, object]] = []
    failures: list[str] = []
    with ThreadPoolExecutor(_THREADS) as threads:
        cleaned = threads.map(lambda source: _clean_channel(source, raw, store, recipe), found.channels)
        for document, failure in cleaned:
            channels.append(document)
            if failure is not None:
                failures.append(failure)
            name, records, posts = (document[key] for key in ("name", "read", "posts"))
            report(failure or f"{name} ({document['channel_id']}): {records} records, {posts} posts")
    if len(failures) == len(channels):
        copying = [
            f"{raw / name}: still being written, run again when that is done." for name in found.copying
        ]
        reasons = [*failures, *copying, *(f"{raw / item.file}: {item.reason}" for item in found.unreadable)]
        raise ExportError(
            f"{raw}: no channel could be cleaned. {' '.join(reasons)}"
            if reasons
            else f"{raw}: there is no Telegram export (*.json, *.zip) in this folder. Put exports there."
        )
    files = {(file.path, file.member): file.megabytes for source in found.channels for file in source.files}
    megabytes = sum(files.values())
    seconds = time.perf_counter() - started
    return {
        "channels": channels,
        "unreadable": [{"file": item.file, "reason": item.reason} for item in found.unreadable],
        "copying": list(found.copying),
        "megabytes": round(megabytes, 3),
        "seconds": round(seconds, 3),
        "megabytes_per_second": round(megabytes / seconds, 2),
    }


def _clean_channel(
    source: export.ChannelSource, raw: Path, store: Store, recipe: TelegramRecipe
) -> tuple[dict[str, object], str | None]:
    """The channel's counts, and why it could not be cleaned if it could not."""
    partition = str(source.channel_id)
    counts = dict.fromkeys(_COUNTS, 0)
    posts_count, failure = 0, None
    quarantined: tuple[export.Quarantined, ...] = ()
    try:
        scratch = store.table_path(MESSAGES, partition).parent
        with export.read_channel(source, raw=raw, zone=recipe.zone, scratch=scratch) as read:
            counts = {name: read.counts[name] for name in _COUNTS}
            quarantined = read.quarantined
            posts_count = _write(read.blocks(), store, partition, near_empty_chars=recipe.near_empty_chars)
    except ExportError as error:
        failure = str(error)
        quarantined = (*quarantined, export.Quarantined(source.files[0].label, 0, failure, ""))
        store.table_path(POSTS, partition).unlink(missing_ok=True)  # of an earlier run: no longer true
    export.write_quarantine(store.quarantine, partition, quarantined)
    document = {"channel_id": source.channel_id, "name": source.channel_name, "posts": posts_count, **counts}
    return document, failure


def _write(messages: Iterator[pl.DataFrame], store: Store, partition: str, *, near_empty_chars: int) -> int:
    """How many posts the messages make; both are written, block by block."""
    count = 0
    with (
        store.table_in_blocks(MESSAGES, partition) as write_messages,
        store.table_in_blocks(POSTS, partition) as write_posts,
    ):

        def written() -> Iterator[pl.DataFrame]:
            for block in messages:
                write_messages(block)
                yield block

        for posts in clean_blocks(written(), near_empty_chars=near_empty_chars):
            write_posts(posts)
            count += posts.height
    return count
