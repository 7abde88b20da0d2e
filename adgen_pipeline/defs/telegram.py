"""Exports → messages → posts, one partition a channel."""

from typing import Any

import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.automation import latest
from adgen_pipeline.defs.checks import schema_check, table_check, verdict
from adgen_pipeline.defs.declare import source_spec, table_asset
from adgen_pipeline.defs.metadata import counts, stored_result
from adgen_pipeline.defs.partitions import channel
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import MESSAGES, POSTS

exports = source_spec(
    "telegram",
    "exports",
    "A channel's Telegram Desktop exports below raw/: one file or several dumps of it.",
    is_partitioned=True,
)


@table_asset(MESSAGES, version="4", deps=[("telegram", "exports")])
def messages(
    context: dg.AssetExecutionContext, store: dg.ResourceParam[Store], recipe: dg.ResourceParam[Recipe]
) -> dg.MaterializeResult[Any]:
    """Read one channel's exports; what cannot be read goes to quarantine with a reason."""
    from adgen_pipeline.telegram import export

    channel_id = context.partition_key
    cache, forgotten = store.root / "state" / "scan.json", Forgotten.read(store.root)
    source = export.scan(store.raw, cache=cache, forgotten=forgotten).channel(int(channel_id))
    scratch = store.table_path(MESSAGES, channel_id).parent
    with export.read_channel(source, raw=store.raw, zone=recipe.telegram.zone, scratch=scratch) as read:
        store.write_blocks(MESSAGES, read.blocks(), channel_id)
    export.write_quarantine(store.quarantine, channel_id, read.quarantined)
    return stored_result(store, MESSAGES, channel_id, facts=read.counts)


@table_asset(POSTS, version="5", ins={"messages": "telegram/messages"})
def posts(
    context: dg.AssetExecutionContext,
    messages: pl.LazyFrame,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[Any]:
    """Clean one channel's messages; the items of an album become one post."""
    from adgen_pipeline.telegram.posts import clean_blocks, in_blocks

    blocks = clean_blocks(in_blocks(messages), near_empty_chars=recipe.telegram.near_empty_chars)
    store.write_blocks(POSTS, blocks, context.partition_key)
    flags = store.scan_table(POSTS, context.partition_key).select("is_empty", "is_near_empty", "language")
    cleaned = flags.collect()
    facts = {
        "empty": int(cleaned["is_empty"].sum()),
        "near_empty": int(cleaned["is_near_empty"].sum()),
        "languages": counts(cleaned["language"]),
    }
    return stored_result(store, POSTS, context.partition_key, facts=facts)


def _without_text(posts: pl.LazyFrame) -> list[str]:
    from adgen_pipeline.telegram.posts import without_text

    return without_text(posts)


def _contradictions(messages: pl.LazyFrame) -> list[str]:
    from adgen_pipeline.telegram.export import contradictions

    return contradictions(messages)


def _shifts(posts: pl.LazyFrame) -> list[str]:
    from adgen_pipeline.telegram.drift import shifts

    return shifts(posts)


messages_schema = schema_check(MESSAGES)
posts_schema = schema_check(POSTS)
channel_has_text = table_check(
    POSTS,
    "channel_has_text",
    _without_text,
    "At least one post of the channel has text.",
    blocking=False,
    is_lazy=True,
)
newest_posts_are_like_those_before = table_check(
    POSTS,
    "newest_posts_are_like_those_before",
    _shifts,
    "Languages and length of the newest month are near those of all before.",
    blocking=False,
    is_lazy=True,
)
text_and_parts_agree = table_check(
    MESSAGES,
    "text_and_parts_agree",
    _contradictions,
    "Each message's `text` says what its `text_entities` say.",
    blocking=False,
    is_lazy=True,
)


@dg.asset_check(
    asset=["telegram", "messages"],
    description="Read = messages + service + unsupported + quarantined + superseded by a newer dump + forgotten.",
    blocking=True,
    partitions_def=channel,
)
def every_record_is_accounted_for(
    context: dg.AssetCheckExecutionContext, store: dg.ResourceParam[Store]
) -> dg.AssetCheckResult:
    """What the reading counted, against the table and the quarantine as they stand."""
    from adgen_pipeline.telegram.export import unaccounted
    from adgen_pipeline.telegram.quarantine import count_quarantined

    event = latest(context.instance, dg.AssetKey(["telegram", "messages"]), context.partition_key)
    assert event is not None
    read = {name: value.value for name, value in event.metadata.items() if isinstance(value.value, int)}
    quarantined = count_quarantined(store.quarantine, context.partition_key)
    table = store.scan_table(MESSAGES, context.partition_key)
    return verdict(unaccounted(read, table, quarantined), blocking=True)


@dg.asset_check(
    asset=["telegram", "posts"],
    description="Each content message of the channel is a post or an item of one post's album.",
    blocking=True,
    partitions_def=channel,
)
def every_message_has_its_post(
    context: dg.AssetCheckExecutionContext, store: dg.ResourceParam[Store]
) -> dg.AssetCheckResult:
    """Messages that are not deleted = posts + further album items."""
    from adgen_pipeline.telegram.posts import messages_without_post

    read = store.scan_table(MESSAGES, context.partition_key)
    cleaned = store.scan_table(POSTS, context.partition_key)
    return verdict(messages_without_post(read, cleaned), blocking=True)
