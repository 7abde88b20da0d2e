"""Messages → posts: content messages with the customer's cleaning; the items of an album are one post."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from adgen_pipeline.schemas import POSTS
from adgen_pipeline.telegram.cleaning import clean_text, mark, take_out
from adgen_pipeline.text.amharic import hygiene_expr, normalise_expr, search_key_expr, words
from adgen_pipeline.text.language import language_expr, script_shares_expr

__all__ = ["clean", "clean_text", "messages_without_post"]

_SINGLE_MEDIA = ("sticker", "voice_message", "video_message", "animation")  # never part of an album
_LISTS = ("hashtags", "mentions", "links", "emojis", "symbols")
_MARKED = ("hashtag", "mention", "link", "text_link", "email")
_SHOWN = 10


def clean(messages: pl.DataFrame, *, near_empty_chars: int) -> pl.DataFrame:
    """`telegram/posts` of one channel's `telegram/messages`.

    An album's post has the id of the item with the caption (of the first item if there is none).

    Args:
        messages: of one channel.
        near_empty_chars: posts with fewer characters are flagged near-empty.

    Returns:
        POSTS; empty ones where a channel posts pictures only, no row where it has no content message.
    """
    content = messages.filter(pl.col("type") == "message").sort("message_id")
    if content.is_empty():
        return POSTS.empty()
    posts = _albums(content).with_columns(_media_type())
    posts = posts.with_columns(marked=_marked(posts)).rename({"text": "raw"})
    cleaned = _cleaned(posts.select("raw", "marked").unique(maintain_order=True))
    posts = posts.join(cleaned, on=["raw", "marked"], how="left", maintain_order="left")
    characters = pl.col("post").str.strip_chars().str.len_chars()
    posts = posts.with_columns(is_empty=characters == 0, is_near_empty=characters < near_empty_chars)
    return POSTS.conform(posts.select(*POSTS.columns))


def without_text(posts: pl.DataFrame) -> list[str]:
    """A sentence if none of a channel's posts has any text; nothing else."""
    if not posts["is_empty"].all():
        return []
    return [
        f"none of the {posts.height} posts has any text: the channel adds nothing to the corpus. "
        "Take its export out of raw/, or export it again as machine-readable JSON"
    ]


def messages_without_post(messages: pl.DataFrame, posts: pl.DataFrame) -> list[str]:
    """Where messages and posts do not match, in words: each content message is in exactly one post."""
    content = messages.filter(pl.col("type") == "message").select("message_id")
    items = posts.select(message_id="album_message_ids").explode("message_id", empty_as_null=False)
    problems = []
    for problem, found in (
        ("has no post", content.join(items, on="message_id", how="anti")),
        ("is in a post but not among the messages", items.join(content, on="message_id", how="anti")),
        ("is in several posts", items.filter(items["message_id"].is_duplicated()).unique()),
    ):
        ids = found["message_id"].sort().to_list()
        problems += [f"message {message_id} {problem}" for message_id in ids[:_SHOWN]]
        if len(ids) > _SHOWN:
            problems.append(f"{len(ids) - _SHOWN} more: {problem}")
    return problems


def _albums(content: pl.DataFrame) -> pl.DataFrame:
    """Content messages with an album's items as one row.

    Items of an album follow each other within one second, from one sender, each with a photo or a file. Shops also
    post several captioned photos within a second: a second caption starts another post.
    """
    in_album = pl.any_horizontal(pl.col("photo", "file", "media_type").is_not_null()) & ~pl.col(
        "media_type"
    ).is_in(_SINGLE_MEDIA).fill_null(False)
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift()) for name in ("from_id", "author", "forwarded_from")
    )
    follows = (
        (pl.col("message_id") == pl.col("message_id").shift() + 1)
        & (pl.col("date") == pl.col("date").shift())
        & same
        & pl.col("in_album")
        & pl.col("in_album").shift()
    ).fill_null(False)
    has_caption = pl.col("text").str.contains(r"\S")
    runs = content.with_columns(in_album=in_album, has_caption=has_caption).with_columns(
        run=(~follows).cum_sum(), caption=pl.when("has_caption").then("text")
    )
    # Captions before their photos or after them, as the run begins or ends; an equal caption starts nothing new.
    new = pl.col("has_caption") & pl.col("caption").ne_missing(
        pl.col("caption").forward_fill().shift().over("run")
    )
    before = pl.col("has_caption").first().over("run") | ~pl.col("has_caption").last().over("run")
    captions_so_far = new.cast(pl.Int64).cum_sum().over("run")
    part = (
        pl.when(before)
        .then(captions_so_far.clip(lower_bound=1))
        .otherwise(captions_so_far.shift(fill_value=0).over("run"))
    )
    grouped = (
        runs.with_columns(part=part)
        .with_columns(
            album_message_ids=pl.col("message_id").implode().over("run", "part", mapping_strategy="join"),
            reactions_count=pl.col("reactions")
            .list.eval(pl.element().struct.field("count"))
            .list.sum()
            .fill_null(0)
            .sum()
            .over("run", "part"),
            reply_to_message_id=pl.col("reply_to_message_id").max().over("run", "part"),
        )
        .sort("run", "part", ~pl.col("has_caption"), "message_id")
        .unique(["run", "part"], keep="first", maintain_order=True)
    )
    return grouped.sort("message_id")


def _media_type() -> pl.Expr:
    return pl.coalesce(
        "media_type",
        pl.when(pl.col("photo").is_not_null()).then(pl.lit("photo")),
        pl.when(pl.col("file").is_not_null()).then(pl.lit("file")),
    ).alias("media_type")


def _marked(posts: pl.DataFrame) -> pl.Series:
    """Each post's raw text with the entities that the export knows marked."""
    parts = (
        posts.select(pl.int_range(pl.len()).alias("row"), "text_entities")
        .filter(
            pl.col("text_entities").list.eval(pl.element().struct.field("type").is_in(_MARKED)).list.any()
        )
        .explode("text_entities", empty_as_null=False)
        .unnest("text_entities")
        .with_columns(part=mark(pl.col("type"), pl.col("text"), pl.col("href")))
        .group_by("row", maintain_order=True)
        .agg(pl.col("part").str.join(""))
    )
    unmarked = mark(pl.lit("plain"), pl.col("text"), pl.lit(None, pl.String))
    plain = posts.select(marked=unmarked)["marked"]
    return plain.clone().scatter(parts["row"], parts["part"]) if parts.height else plain


def _cleaned(texts: pl.DataFrame) -> pl.DataFrame:
    """Distinct texts (columns raw and marked) with what cleaning makes of them; posts repeat each other a lot."""
    texts = texts.with_columns(post=hygiene_expr(pl.col("raw")), bare=hygiene_expr(pl.col("marked")))
    cleaned = [take_out(text) for text in texts["bare"]]
    texts = texts.with_columns(
        pl.Series("bare", [item.text for item in cleaned], pl.String),
        *(_strings(name, [getattr(item, name) for item in cleaned]) for name in _LISTS),
    ).with_columns(text=normalise_expr(pl.col("bare")))
    ethiopic, latin = script_shares_expr(pl.col("text"))
    return texts.drop("bare").with_columns(
        pl.Series("words", [len(words(text)) for text in texts["text"]], pl.Int64),
        search_key=search_key_expr(pl.col("text")),
        ethiopic_share=ethiopic,
        latin_share=latin,
        language=language_expr(pl.col("text")),
    )


def _strings(name: str, rows: Sequence[Sequence[str]]) -> pl.Series:
    """A column of lists of strings."""
    column = pl.from_arrow(pa.array(rows, pa.large_list(pa.large_string())))
    assert isinstance(column, pl.Series)
    return column.alias(name)
