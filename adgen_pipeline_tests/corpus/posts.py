"""Posts for the corpus tests: rows of `telegram/posts` from a text, an hour and a channel."""

from datetime import UTC, datetime, timedelta

import polars as pl

from adgen_pipeline.schemas import POSTS
from adgen_pipeline.text.amharic import normalise, search_key, words
from adgen_pipeline.text.language import language, script_shares

START = datetime(2025, 1, 6, 6, 0, tzinfo=UTC)  # a Monday; 9 o'clock in Addis Ababa


def post(
    text: str, message_id: int = 1, *, channel_id: int = 1, hour: int | None = None
) -> dict[str, object]:
    """A row of POSTS; without an hour, posts are sent hour by hour in the order of their ids."""
    plain = normalise(" ".join(text.split()))
    ethiopic, latin = script_shares(plain)
    return {
        "channel_id": channel_id,
        "message_id": message_id,
        "channel_name": f"ሱቅ {channel_id}",
        "date": START + timedelta(hours=message_id if hour is None else hour),
        "post": text,
        "text": plain,
        "search_key": search_key(plain),
        "hashtags": [],
        "mentions": [],
        "links": [],
        "emojis": [],
        "symbols": [],
        "album_message_ids": [message_id],
        "reactions_count": 0,
        "words": len(words(plain)),
        "ethiopic_share": ethiopic,
        "latin_share": latin,
        "language": language(plain),
        "is_empty": not text,
        "is_near_empty": len(text) < 20,
    }


def table(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows as the table."""
    return POSTS.frame(rows)
