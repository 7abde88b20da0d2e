"""What of each table is forgotten, and the tables without it.

A table's rule follows from its columns, so that tables of other releases are found as well. Tables are read lazily:
only the columns of the rule to count, one row group after the other to write.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import Store, replacing
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES, NGRAMS, WORD_FREQUENCIES
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.schemas import BRIEFS

# Counted over all messages: such a table is removed, and the next run counts again.
COUNTED = (WORD_FREQUENCIES, NGRAMS, CHANNEL_PROFILES)
CHANNEL, MESSAGE = pl.col("channel_id"), pl.col("message_id")


@dataclass(frozen=True)
class Found:
    """What a table's file holds of what is forgotten.

    Attributes:
        path: the file.
        rows: that are removed.
        mended: rows that stay without a part.
    """

    path: Path
    rows: int
    mended: int


@dataclass(frozen=True)
class _Rule:
    """Rows of a table that go, rows that lose a part, and the columns without that part."""

    gone: pl.Expr
    touched: pl.Expr
    mended: dict[str, pl.Expr]


def is_forgotten(forgotten: Forgotten, channel: pl.Expr = CHANNEL, message: pl.Expr = MESSAGE) -> pl.Expr:
    """Whether a message is forgotten: its channel, or itself."""
    keys = forgotten.messages.select(pl.format("{}/{}", CHANNEL, MESSAGE)).to_series()
    single = pl.format("{}/{}", channel, message).is_in(keys.implode())
    return (channel.is_in(list(forgotten.channels)) | single).fill_null(value=False)


def found(store: Store, forgotten: Forgotten) -> Iterator[Found]:
    """Files of tables that hold some of it: what is made later before what it was made from."""
    counted = {store.table_path(schema) for schema in COUNTED}
    named = _named(store, forgotten)
    of_messages: list[Found] = []
    others: list[Found] = []
    for path in _files(store, forgotten):
        table = pl.scan_parquet(path)
        rule = _rule(table, path, forgotten, named)
        if rule is None or path in counted:
            continue
        sums = rule.gone.sum().alias("gone"), (rule.touched & ~rule.gone).sum().alias("touched")
        rows, mended = table.select(sums).collect().row(0)
        if rows or mended:
            is_of_messages = "message_id" in table.collect_schema()
            (of_messages if is_of_messages else others).append(Found(path, rows, mended))
    if of_messages:  # first: whether they hold it is known by the others alone
        yield from (Found(path, 0, 0) for path in sorted(counted) if path.is_file())
    yield from (*others, *of_messages)


def remove(store: Store, forgotten: Forgotten) -> Iterator[Found]:
    """Remove from the tables' files what is forgotten; yields each file after it was done."""
    named = _named(store, forgotten)
    for item in list(found(store, forgotten)):
        table = pl.scan_parquet(item.path)
        rule = _rule(table, item.path, forgotten, named)
        is_counted = not (item.rows or item.mended)
        if is_counted or rule is None or item.path.stem in map(str, forgotten.channels):
            item.path.unlink()
        else:
            with replacing(item.path) as temporary:
                kept = table.filter(~rule.gone).with_columns(**rule.mended)
                kept.sink_parquet(temporary, compression="zstd", statistics=True, row_group_size=100_000)
        yield item


def briefs_of(store: Store, forgotten: Forgotten) -> pl.DataFrame:
    """Briefs of forgotten advertisers: brief_id and source."""
    path = store.table_path(BRIEFS)
    table = pl.scan_parquet(path) if path.is_file() else BRIEFS.empty().lazy()
    return (
        table.filter(pl.col("advertiser").is_in(list(forgotten.advertisers)))
        .select("brief_id", "source")
        .collect()
    )


def _named(store: Store, forgotten: Forgotten) -> dict[str, list[str]]:
    """Columns of ids and the ids whose rows go: briefs of forgotten advertisers, stored ads that are erased."""
    ads = Archive.of(store).forgotten_ads(forgotten)
    brief_ids = briefs_of(store, forgotten)["brief_id"].to_list()
    of_ads = ("ad_id", "chosen_ad_id", "rejected_ad_id", "first_ad_id", "second_ad_id")
    return {"brief_id": brief_ids, **dict.fromkeys(of_ads, ads)}


def _files(store: Store, forgotten: Forgotten) -> Iterator[Path]:
    yield from sorted((store.root / "final").rglob("[!.]*.parquet"))
    channels = sorted(forgotten.channels | set(forgotten.messages["channel_id"]))
    for folder in ("fingerprints", "cleaned", "parsed"):
        yield from (p for c in channels if (p := store.root / folder / f"{c}.parquet").is_file())


def _rule(
    table: pl.LazyFrame, path: Path, forgotten: Forgotten, named: Mapping[str, list[str]]
) -> _Rule | None:
    """The rule that a table's columns ask for; None if it holds nothing of a message, channel or brief."""
    columns = table.collect_schema()
    gone: list[pl.Expr] = []
    touched = [pl.lit(value=False)]
    mended: dict[str, pl.Expr] = {}
    if "message_id" in columns:
        gone.append(is_forgotten(forgotten))
    elif "channel_id" in columns:
        gone.append(CHANNEL.is_in(list(forgotten.channels)).fill_null(value=False))
    elif "case_id" in columns:
        parts = pl.col("case_id").str.split_exact("/", 1).struct
        channel, message = (parts.field(name).cast(pl.Int64) for name in ("field_0", "field_1"))
        gone.append(is_forgotten(forgotten, channel, message))
    gone += [pl.col(name).is_in(ids) for name, ids in named.items() if name in columns]
    if "exemplars" in columns:  # posts that a prompt quoted (the row goes), or that an ad was modelled on
        element = pl.element().struct
        quoted = is_forgotten(forgotten, element.field("channel_id"), element.field("message_id"))
        quotes = pl.col("exemplars").list.eval(quoted).list.any().fill_null(value=False)
        if "message_id" in columns:
            gone.append(quotes)
        else:
            touched.append(quotes)
            mended["exemplars"] = pl.col("exemplars").list.eval(pl.element().filter(~quoted))
    if "album_message_ids" in columns:
        items = pl.col("album_message_ids")
        item = pl.element().is_in(list(forgotten.messages_of(int(path.stem))))
        touched.append(items.list.eval(item).list.any().fill_null(value=False))
        mended["album_message_ids"] = items.list.eval(pl.element().filter(~item))
    return _Rule(pl.any_horizontal(gone), pl.any_horizontal(touched), mended) if gone else None
