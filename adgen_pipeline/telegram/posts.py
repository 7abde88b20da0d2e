"""Messages → posts: content messages with the customer's cleaning; the items of an album are one post."""

from collections.abc import Iterable, Iterator

import polars as pl

from adgen_pipeline.schemas import POSTS
from adgen_pipeline.telegram.albums import content, one_row_a_post
from adgen_pipeline.telegram.cleaning import LISTS, clean_text, links_once, marked, taken_out
from adgen_pipeline.telegram.dumps import BLOCK_ROWS
from adgen_pipeline.text.amharic import hygiene_expr, normalise_expr, search_key_expr
from adgen_pipeline.text.language import counts, writing
from adgen_pipeline.text.pieces import Pieces

__all__ = ["clean", "clean_blocks", "clean_text", "in_blocks", "messages_without_post", "without_text"]

_SHOWN = 10


def clean(messages: pl.DataFrame, *, near_empty_chars: int) -> pl.DataFrame:
    """`telegram/posts` of one channel's `telegram/messages`.

    An album's post has the id of the item with the caption (of the first item if there is none).

    Args:
        messages: of one channel; deleted ones are in no post.
        near_empty_chars: posts with fewer characters are flagged near-empty.

    Returns:
        POSTS; empty ones where a channel posts pictures only, no row where it has no content message.
    """
    return pl.concat([POSTS.empty(), *clean_blocks([messages], near_empty_chars=near_empty_chars)])


def clean_blocks(blocks: Iterable[pl.DataFrame], *, near_empty_chars: int) -> Iterator[pl.DataFrame]:
    """`clean` of messages that come in blocks of ascending ids; posts come in such blocks too."""
    for messages in content(blocks):
        posts = one_row_a_post(messages).with_columns(_media_type())
        posts = posts.with_columns(_cleaned(posts["text"], marked(posts)))
        characters = pl.col("post").str.strip_chars().str.len_chars()
        posts = posts.with_columns(is_empty=characters == 0, is_near_empty=characters < near_empty_chars)
        yield POSTS.conform(posts.select(*POSTS.columns))


def in_blocks(messages: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """A stored table block by block."""
    for start in range(0, messages.select(pl.len()).collect().item(), BLOCK_ROWS):
        yield messages.slice(start, BLOCK_ROWS).collect()


def without_text(posts: pl.LazyFrame) -> list[str]:
    """A sentence if none of a channel's posts has any text; nothing else."""
    count, empty = posts.select(pl.len(), pl.col("is_empty").sum().alias("empty")).collect().row(0)
    if empty < count:
        return []
    return [
        f"none of the {count} posts has any text: the channel adds nothing to the corpus. "
        "Take its export out of raw/, or export it again as machine-readable JSON"
    ]


def messages_without_post(messages: pl.LazyFrame, posts: pl.LazyFrame) -> list[str]:
    """Where messages and posts do not match, in words: each content message is in exactly one post.

    Deleted ones are in none.
    """
    content = (
        messages.filter((pl.col("type") == "message") & ~pl.col("is_deleted")).select("message_id").collect()
    )
    items = posts.select(message_id="album_message_ids").explode("message_id", empty_as_null=False).collect()
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


def _media_type() -> pl.Expr:
    return pl.coalesce(
        "media_type",
        pl.when(pl.col("photo").is_not_null()).then(pl.lit("photo")),
        pl.when(pl.col("file").is_not_null()).then(pl.lit("file")),
    ).alias("media_type")


def _cleaned(texts: pl.Series, marked: pl.Series) -> pl.DataFrame:
    """What cleaning makes of each text, whose entities are marked where `marked` is not null.

    Posts repeat each other's lines a lot, and no rule looks beyond a line: each distinct line is cleaned once.
    """
    rows = marked.is_not_null().arg_true()
    sources = pl.concat([texts.clone().scatter(rows, marked.gather(rows)), texts.gather(rows)])
    both = Pieces.of(sources.str.replace_all("\r\n", "\n", literal=True), "\n")
    hygienic = pl.select(hygiene_expr(pl.lit(both.distinct))).to_series()
    posts = both.joined(hygienic, "\n")
    lines = both.head(len(texts))
    cleaned = taken_out(hygienic.head(len(lines.distinct))).with_columns(normalise_expr(pl.col("text")))
    cleaned = cleaned.with_columns(search_key_expr(pl.col("text")).alias("search_key"))
    found: dict[str, pl.Series] = {
        "post": posts.head(len(texts)).scatter(rows, posts.tail(len(rows))),
        **{name: lines.joined(cleaned[name], " ", is_empty_left_out=True) for name in ("text", "search_key")},
        **{name: lines.listed(cleaned[name]) for name in LISTS},
        **writing(lines.summed(counts(cleaned["text"]))).to_dict(),
    }
    return pl.DataFrame({**found, "links": links_once(found["links"])})
