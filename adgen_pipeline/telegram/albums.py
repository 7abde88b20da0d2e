"""Messages → one row a post: the items of an album are one."""

from collections.abc import Iterable, Iterator

import polars as pl

MAX_RUN = 10_000  # messages that may be one album; a longer run is cut where a block ends
# What posts are made of; other columns of messages are not moved about.
_USED = (
    *("channel_id", "message_id", "channel_name", "date", "text", "text_entities", "from_id", "author"),
    *("forwarded_from", "reply_to_message_id", "photo", "file", "media_type", "reactions"),
)
_SINGLE_MEDIA = ("sticker", "voice_message", "video_message", "animation")  # never part of an album


def content(blocks: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Content messages that are not deleted, in blocks of ascending ids, as far as posts are made of them.

    No album is in two blocks.

    Args:
        blocks: telegram/messages of one channel, of ascending ids.
    """
    rest: pl.DataFrame | None = None
    for block, is_last in _with_last(blocks):
        messages = block.filter((pl.col("type") == "message") & ~pl.col("is_deleted")).select(_USED)
        if not messages["message_id"].is_sorted():
            messages = messages.sort("message_id")
        messages = messages if rest is None else pl.concat([rest, messages])
        starts = messages.select(~_follows()).to_series().arg_true()
        last = starts[-1] if len(starts) else 0
        if is_last or messages.height - last >= MAX_RUN:
            last = messages.height
        if last:
            yield messages.head(last)
        rest = messages.slice(last)


def _with_last(blocks: Iterable[pl.DataFrame]) -> Iterator[tuple[pl.DataFrame, bool]]:
    """Blocks, and whether each is the last one: what it holds back would make a block of a few rows, as dear as any."""
    held: pl.DataFrame | None = None
    for block in blocks:
        if held is not None:
            yield held, False
        held = block
    if held is not None:
        yield held, True


def one_row_a_post(messages: pl.DataFrame) -> pl.DataFrame:
    """Content messages with an album's items as one row, that of the caption (of the first item if there is none).

    Items of an album follow each other within one second, from one sender, each with a photo or a file. Shops also
    post several captioned photos within a second: a second caption starts another post.
    """
    has_caption = pl.col("text").str.contains(r"\S")
    runs = messages.select(
        pl.int_range(pl.len()).alias("row"),
        "message_id",
        "reply_to_message_id",
        reactions_count=pl.col("reactions")
        .list.eval(pl.element().struct.field("count"))
        .list.sum()
        .fill_null(0),
        has_caption=has_caption,
        caption=pl.when(has_caption).then("text"),
        run=(~_follows()).cum_sum(),
    )
    is_alone = (pl.col("run") != pl.col("run").shift()).fill_null(True) & (
        pl.col("run") != pl.col("run").shift(-1)
    ).fill_null(True)
    alone, together = runs.filter(is_alone), runs.filter(~is_alone)
    posts = pl.concat(
        [
            alone.select(
                "row",
                "message_id",
                "reply_to_message_id",
                "reactions_count",
                album_message_ids=pl.concat_list("message_id"),
            ),
            _albums(together),
        ]
    ).sort("message_id")
    rest = messages.drop("message_id", "reply_to_message_id")[posts["row"]]
    return pl.concat([posts.drop("row"), rest], how="horizontal")


def _follows() -> pl.Expr:
    """Whether a message may be a further item of the album of the one before."""
    has_media = pl.any_horizontal(pl.col("photo", "file", "media_type").is_not_null())
    in_album = has_media & ~pl.col("media_type").is_in(_SINGLE_MEDIA).fill_null(False)
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift()) for name in ("from_id", "author", "forwarded_from")
    )
    return (
        (pl.col("message_id") == pl.col("message_id").shift() + 1)
        & (pl.col("date") == pl.col("date").shift())
        & same
        & in_album
        & in_album.shift()
    ).fill_null(False)


def _albums(runs: pl.DataFrame) -> pl.DataFrame:
    """Runs of several messages: what a post of them is, and the row that stands for it."""
    # Runs follow each other: what is known at the start or the end of one is filled over it, faster than by windows.
    starts = (pl.col("run") != pl.col("run").shift()).fill_null(True)
    ends = (pl.col("run") != pl.col("run").shift(-1)).fill_null(True)
    captions = pl.col("has_caption").cast(pl.Int64).cum_sum()
    before_run = pl.when(starts).then(captions - pl.col("has_caption")).forward_fill()
    is_first_caption = captions - before_run == 1
    # Captions before their photos or after them, as the run begins or ends; an equal caption starts nothing new.
    new = pl.col("has_caption") & (
        is_first_caption | pl.col("caption").ne_missing(pl.col("caption").forward_fill().shift())
    )
    before = (
        pl.when(starts).then("has_caption").forward_fill()
        | ~pl.when(ends).then("has_caption").backward_fill()
    )
    parts = runs.with_columns(new=new.cast(pl.Int64), before=before).with_columns(
        so_far=pl.col("new").cum_sum()
    )
    so_far = pl.col("so_far") - pl.when(starts).then(pl.col("so_far") - pl.col("new")).forward_fill()
    part = pl.when("before").then(so_far.clip(lower_bound=1)).otherwise(so_far - pl.col("new"))
    stands = pl.col("has_caption").arg_max()  # the first one with a caption; the first of all if none has
    return (
        parts.with_columns(part=part)
        .group_by(pl.struct("run", "part").rle_id().alias("post"), maintain_order=True)
        .agg(
            pl.col("row").get(stands),
            pl.col("message_id").get(stands),
            pl.col("reply_to_message_id").max(),
            pl.col("reactions_count").sum(),
            album_message_ids=pl.col("message_id"),
        )
        .drop("post")
    )
