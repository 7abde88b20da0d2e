"""Queries whose answer is known, made from the corpus: the words of a brief that was constructed from a post."""

import random
from collections.abc import Collection

import polars as pl

from adgen_pipeline.embedding.pairs import brief_words

MINIMUM_QUERY_WORDS = 2
KEPT_WORDS_SHARE = 0.75  # of a varied query
PREFIXES = ("በ", "ለ", "የ", "ከ")  # that people put before a word and another text lacks

Key = tuple[int, int]


def brief_queries(
    ads: pl.DataFrame, *, splits: Collection[str], maximum: int, seed: int
) -> list[tuple[str, Key]]:
    """Brief words of the splits' ads with the key of the post they came from; a seeded sample, sorted by key."""
    rows = ads.filter(pl.col("split").is_in(list(splits))).sort("channel_id", "message_id")
    queries = [
        (words, (channel_id, message_id))
        for channel_id, message_id, brief in rows.select("channel_id", "message_id", "brief").iter_rows()
        if len((words := brief_words(brief)).split()) >= MINIMUM_QUERY_WORDS
    ]
    if len(queries) > maximum:
        queries = random.Random(seed).sample(queries, maximum)  # noqa: S311  (a sample of queries)
    return sorted(queries, key=lambda query: query[1])


def varied(query: str, generator: random.Random) -> str:
    """A query as somebody might type it who has not read the post: fewer words, one of them with another prefix.

    Args:
        query: words of a post.
        generator: draws which.
    """
    words = query.split()
    kept_count = max(min(len(words), MINIMUM_QUERY_WORDS), round(KEPT_WORDS_SHARE * len(words)))
    kept = [words[i] for i in sorted(generator.sample(range(len(words)), kept_count))]
    ethiopic = [i for i, word in enumerate(kept) if "\u1200" <= word[0] <= "\u135a"]
    if ethiopic:
        chosen = generator.choice(ethiopic)
        kept[chosen] = generator.choice(PREFIXES) + kept[chosen]
    return " ".join(kept)
