"""How well the index finds a post that answers a brief, by system: hybrid, dense alone, full text alone.

A query is the free words of a brief that was constructed from an ad of the test splits; the one relevant post is that
ad. The encoder has seen neither, because it is trained on the train split; nor have the weights of the parts, which
are learned from the validation split. The index that writes ads leaves the test splits out, so their ads are added
to a copy of it for the measurement.
"""

import tempfile
from collections.abc import Sequence
from math import log2
from pathlib import Path
from typing import get_args

import polars as pl

from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation_schemas import RETRIEVAL
from adgen_pipeline.index.building import with_posts
from adgen_pipeline.index.queries import Key, brief_queries
from adgen_pipeline.index.search import PostIndex, System
from adgen_pipeline.recipe import EvaluationRecipe
from adgen_pipeline.schemas import TEST_SPLITS

CUTOFF = 10


def evaluate(ads: pl.DataFrame, index: PostIndex, *, recipe: EvaluationRecipe) -> pl.DataFrame:
    """RETRIEVAL rows, one a system, all on the same queries.

    Args:
        ads: ADS rows; those of the test splits give the queries.
        index: the index in use; stays as it is.
        recipe: number of queries and seed.

    Raises:
        DataError: no held-out ad has words to search for.
    """
    queries = brief_queries(ads, splits=TEST_SPLITS, maximum=recipe.retrieval_queries, seed=recipe.seed)
    if not queries:
        raise DataError(
            "corpus/ads: no ad of the test splits has words to search for, so retrieval cannot be "
            "measured. Add exports or set corpus.test_from to an earlier day."
        )
    with tempfile.TemporaryDirectory(prefix="adgen-retrieval-") as folder:
        path = Path(folder) / "index"
        with_posts(index.path, index.encoder, ads.filter(pl.col("split").is_in(TEST_SPLITS)), path)
        larger = PostIndex(path, index.encoder)
        return RETRIEVAL.frame([_row(larger, system, queries) for system in get_args(System)])


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
