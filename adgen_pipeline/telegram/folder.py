"""A folder of exports cleaned into a folder of tables, without Dagster: parsed/, cleaned/, quarantine/."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import ExportError, ResourceError
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.schemas import MESSAGES, POSTS
from adgen_pipeline.telegram import export
from adgen_pipeline.telegram.posts import clean_blocks
from adgen_pipeline.workers import workers

_COUNTS = ("read", "messages", "service", "unsupported", "quarantined", "superseded", "deleted", "forgotten")


def clean_folder(
    raw: Path,
    out: Path,
    *,
    recipe: TelegramRecipe,
    report: Callable[[str], None],
    started_workers: Executor | None = None,
) -> dict[str, object]:
    """Read all channels below `raw` and write their tables below `out`; returns what was done, as JSON values.

    A channel that cannot be cleaned goes to quarantine with the reason, and the others go on.

    Args:
        started_workers: threads or processes that clean a channel each; by default as many as the size is worth.

    Raises:
        ExportError: the folder is missing, or no channel in it could be cleaned.
        ResourceError: a process of ours was killed.
    """
    started = time.perf_counter()
    store = Store(out)
    found = export.scan(raw, forgotten=Forgotten.read(out))
    for item in found.unreadable:
        report(f"{raw / item.file}: {item.reason}")
    export.write_unreadable(store.quarantine, found.unreadable)
    channels: list[dict[str, object]] = []
    failures: list[str] = []
    megabytes = _megabytes(found)
    with ExitStack() as opened:
        pool = started_workers or opened.enter_context(
            workers(megabytes=megabytes, channels=len(found.channels))
        )
        for document, failure in _cleaned(found.channels, pool, raw, store, recipe):
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
    seconds = time.perf_counter() - started
    return {
        "channels": channels,
        "unreadable": [{"file": item.file, "reason": item.reason} for item in found.unreadable],
        "copying": list(found.copying),
        "megabytes": round(megabytes, 3),
        "seconds": round(seconds, 3),
        "megabytes_per_second": round(megabytes / seconds, 2),
    }


def _megabytes(found: export.Scan) -> float:
    """Of all files that hold a channel, each once, however many it holds."""
    files = {(file.path, file.member): file.megabytes for source in found.channels for file in source.files}
    return sum(files.values())


def _cleaned(
    channels: Sequence[export.ChannelSource], pool: Executor, raw: Path, store: Store, recipe: TelegramRecipe
) -> Iterator[tuple[dict[str, object], str | None]]:
    """`_clean_channel` of each channel in order; the largest begins first, lest it is left alone at the end."""
    by_size = sorted(channels, key=lambda source: -sum(file.stop - file.start for file in source.files))
    futures = {
        source.channel_id: pool.submit(_clean_channel, source, raw, store, recipe) for source in by_size
    }
    try:
        for source in channels:
            yield futures[source.channel_id].result()
    except BrokenProcessPool as error:
        raise ResourceError(
            f"{raw}: a process that cleaned channels was killed, most likely for want of memory. Free some memory, or "
            "clean fewer channels at once; what is done already stays."
        ) from error
    finally:
        for future in futures.values():
            future.cancel()


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
