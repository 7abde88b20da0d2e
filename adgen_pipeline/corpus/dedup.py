"""Posts that say the same: exact repeats by phonetic key, near-duplicates by MinHash and verified Jaccard similarity.

Posts are judged in the order of their age, each by the older ones alone: what is added later changes no verdict. The
older post stands for the younger one. A post is dropped only if it is similar to a post that is *kept*; a cluster,
however, follows the chain of all similar posts, so that splits can keep chains together. Nothing here depends on the
order of rows.
"""

from itertools import groupby
from operator import itemgetter

import polars as pl

from adgen_pipeline.corpus.shingles import fold
from adgen_pipeline.corpus.similarity import Pairs, Rows, similar_pairs

AGE = ("date", "channel_id", "message_id")


def find(posts: pl.DataFrame, search_keys: pl.LazyFrame, *, threshold: float) -> pl.DataFrame:
    """Each post with the post that stands for it.

    Args:
        posts: channel_id, message_id, date, digest and bands (`fingerprints`), split; the keys are unique.
        search_keys: channel_id, message_id, search_key of these posts; read where posts must be compared.
        threshold: Jaccard similarity, in (0, 1], of word and of character shingles, from which two are the same.

    Returns:
        The rows of `posts`, oldest first, without digest and bands, with
        `row`: the number of the row;
        `reason`: null for a post that stands for itself, exact_duplicate, near_duplicate or bridges_splits;
        `kept`: row of the post that stands for it (its own where reason is null);
        `root`: row of the oldest post of its chain of similar posts, which is of its split.
    """
    aged = posts.sort(AGE, nulls_last=True).with_row_index("row")
    aged = aged.with_columns(pl.col("row").min().over("digest").alias("first"))
    unique = aged.filter(pl.col("row") == pl.col("first"))

    def folded(rows: Rows) -> pl.Series:
        wanted = unique.select("channel_id", "message_id")[rows]
        texts = wanted.lazy().join(search_keys, on=["channel_id", "message_id"], maintain_order="left")
        return fold(texts.select("search_key").collect()["search_key"])

    pairs = similar_pairs(unique["bands"].to_numpy(), folded, threshold=threshold)
    kept, root, bridges = _judge(pairs, unique["split"].to_list())
    rows = unique["row"]
    standing = pl.DataFrame(
        {"first": rows, "kept": rows.gather(kept), "root": rows.gather(root), "bridges": bridges},
        schema_overrides={"bridges": pl.Boolean},
    )
    return (
        aged.join(standing, on="first", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("row") != pl.col("first"))
            .then(pl.lit("exact_duplicate"))
            .when("bridges")
            .then(pl.lit("bridges_splits"))
            .when(pl.col("row") != pl.col("kept"))
            .then(pl.lit("near_duplicate"))
            .otherwise(None)
            .alias("reason")
        )
        .drop("first", "bridges", "digest", "bands")
    )


def _judge(pairs: Pairs, splits: list[str]) -> tuple[list[int], list[int], list[bool]]:
    """For each text, oldest first: who stands for it, the oldest of its chain, whether it bridges splits.

    A text bridges if older ones that are similar to it lie in clusters of several splits, or if none of them is kept
    and their cluster is of another split than the text's own; it joins no cluster.
    """
    kept = list(range(len(splits)))
    root = list(range(len(splits)))
    bridges = [False] * len(splits)
    by_younger = groupby(zip(pairs.younger.tolist(), pairs.older.tolist(), strict=True), key=itemgetter(0))
    for text, group in by_younger:
        older = [other for _, other in group if not bridges[other]]
        if not older:
            continue
        roots = {_find(root, other) for other in older}
        touched = {splits[cluster] for cluster in roots}
        standing = next((other for other in older if kept[other] == other), None)
        if len(touched) > 1 or (standing is None and splits[text] not in touched):
            bridges[text] = True
            kept[text] = kept[older[0]]
            continue
        if standing is not None:
            kept[text] = standing
        oldest = min(roots)
        for cluster in roots:
            root[cluster] = oldest
        root[text] = oldest
    return kept, [_find(root, text) for text in range(len(splits))], bridges


def _find(root: list[int], text: int) -> int:
    while root[text] != text:
        root[text] = root[root[text]]
        text = root[text]
    return text
