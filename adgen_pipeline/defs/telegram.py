"""Exports → messages → posts, one partition a channel."""

import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.checks import schema_check, table_check, verdict
from adgen_pipeline.defs.declare import source_spec, table_asset
from adgen_pipeline.defs.metadata import counts, table_result
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


@table_asset(MESSAGES, version="3", deps=[("telegram", "exports")])
def messages(
    context: dg.AssetExecutionContext, store: dg.ResourceParam[Store], recipe: dg.ResourceParam[Recipe]
) -> dg.MaterializeResult[pl.DataFrame]:
    """Read one channel's exports; what cannot be read goes to quarantine with a reason."""
    from adgen_pipeline.telegram import export

    scan = export.scan(
        store.raw, cache=store.root / "state" / "scan.json", forgotten=Forgotten.read(store.root)
    )
    source = scan.channel(int(context.partition_key))
    read = export.read_channel(source, raw=store.raw, zone=recipe.telegram.zone)
    export.write_quarantine(store.quarantine, context.partition_key, read.quarantined)
    return table_result(MESSAGES, read.messages, facts=read.counts)


@table_asset(POSTS, version="4", ins={"messages": "telegram/messages"})
def posts(messages: pl.DataFrame, recipe: dg.ResourceParam[Recipe]) -> dg.MaterializeResult[pl.DataFrame]:
    """Clean one channel's messages; the items of an album become one post."""
    from adgen_pipeline.telegram.posts import clean

    cleaned = clean(messages, near_empty_chars=recipe.telegram.near_empty_chars)
    return table_result(
        POSTS,
        cleaned,
        facts={
            "empty": int(cleaned["is_empty"].sum()),
            "near_empty": int(cleaned["is_near_empty"].sum()),
            "languages": counts(cleaned["language"]),
        },
    )


def _without_text(posts: pl.DataFrame) -> list[str]:
    from adgen_pipeline.telegram.posts import without_text

    return without_text(posts)


messages_schema = schema_check(MESSAGES)
posts_schema = schema_check(POSTS)
channel_has_text = table_check(
    POSTS, "channel_has_text", _without_text, "At least one post of the channel has text.", blocking=False
)


@dg.asset_check(
    asset=["telegram", "posts"],
    description="Each content message of the channel is a post or an item of one post's album.",
    blocking=True,
    partitions_def=channel,
)
def every_message_has_its_post(
    context: dg.AssetCheckExecutionContext, store: dg.ResourceParam[Store]
) -> dg.AssetCheckResult:
    """Messages = posts + further album items."""
    from adgen_pipeline.telegram.posts import messages_without_post

    read = store.read_table(MESSAGES, context.partition_key)
    cleaned = store.read_table(POSTS, context.partition_key)
    return verdict(messages_without_post(read, cleaned), blocking=True)
