"""How well the index finds a post that answers a brief, by system: hybrid, dense alone, full text alone.

A query is the free words of a brief that was constructed from a held-out ad; the one relevant post is that ad. The
encoder has seen neither, because it is trained on the train split. The index that writes ads leaves the test splits
out, so the held-out ads are added to a copy of it for the measurement.
"""

import random
import tempfile
from collections.abc import Sequence
from math import log2
from pathlib import Path
from typing import get_args

import polars as pl

from adgen_pipeline.embedding.pairs import brief_words
from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation_schemas import RETRIEVAL
from adgen_pipeline.index.search import PostIndex, System
from adgen_pipeline.index.store import with_posts
from adgen_pipeline.recipe import EvaluationRecipe
from adgen_pipeline.schemas import TEST_SPLITS

CUTOFF = 10
HELD_OUT = ("validation", *TEST_SPLITS)  # splits that the encoder is not trained on
MINIMUM_QUERY_WORDS = 2

Key = tuple[int, int]


def evaluate(ads: pl.DataFrame, index: PostIndex, *, recipe: EvaluationRecipe) -> pl.DataFrame:
    """RETRIEVAL rows, one a system, all on the same queries.

    Args:
        ads: ADS rows; those of the validation and test splits give the queries.
        index: the index in use; stays as it is.
        recipe: number of queries and seed.

    Raises:
        DataError: no held-out ad has words to search for.
    """
    queries = held_out_queries(ads, maximum=recipe.retrieval_queries, seed=recipe.seed)
    if not queries:
        raise DataError(
            "corpus/ads: no ad of the validation and test splits has words to search for, so retrieval cannot be "
            "measured. Add exports or set corpus.test_from to an earlier day."
        )
    with tempfile.TemporaryDirectory(prefix="adgen-retrieval-") as folder:
        path = Path(folder) / "index"
        with_posts(index.path, index.encoder, ads.filter(pl.col("split").is_in(HELD_OUT)), path)
        larger = PostIndex(path, index.encoder)
        return RETRIEVAL.frame([_row(larger, system, queries) for system in get_args(System)])


def held_out_queries(ads: pl.DataFrame, *, maximum: int, seed: int) -> list[tuple[str, Key]]:
    """Brief words of held-out ads with the key of the post they came from; a seeded sample, sorted by key."""
    rows = ads.filter(pl.col("split").is_in(HELD_OUT)).sort("channel_id", "message_id")
    queries = [
        (words, (channel_id, message_id))
        for channel_id, message_id, brief in rows.select("channel_id", "message_id", "brief").iter_rows()
        if len((words := brief_words(brief)).split()) >= MINIMUM_QUERY_WORDS
    ]
    if len(queries) > maximum:
        queries = random.Random(seed).sample(queries, maximum)  # noqa: S311  (a sample of queries)
    return sorted(queries, key=lambda query: query[1])


def reciprocal_rank(ranked: Sequence[Key], relevant: Key) -> float:
    """1 / rank of the relevant post in the first ten, 0 if it is not there: rank 4 gives 0.25."""
    found = ranked[:CUTOFF]
    return 1 / (found.index(relevant) + 1) if relevant in found else 0.0


def discounted_gain(ranked: Sequence[Key], relevant: Key) -> float:
    """nDCG@10 with one relevant post: 1 / log2(rank + 1). Rank 1 gives 1, rank 3 gives 0.5, not found 0."""
    found = ranked[:CUTOFF]
    return 1 / log2(found.index(relevant) + 2) if relevant in found else 0.0


def _row(index: PostIndex, system: System, queries: Sequence[tuple[str, Key]]) -> dict[str, object]:
    recall = reciprocal = gain = 0.0
    for words, relevant in queries:
        hits = index.search(words, k=CUTOFF, system=system, kind="post")
        ranked = [
            (hit.channel_id, hit.message_id)
            for hit in hits
            if hit.channel_id is not None and hit.message_id is not None
        ]
        recall += relevant in ranked
        reciprocal += reciprocal_rank(ranked, relevant)
        gain += discounted_gain(ranked, relevant)
    count = len(queries)
    return {
        "system": system,
        "queries_count": count,
        "recall_at_10": recall / count,
        "mrr_at_10": reciprocal / count,
        "ndcg_at_10": gain / count,
    }
