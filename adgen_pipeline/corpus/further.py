"""Further corpora for pre-training: the same hygiene and filters as posts, and nothing of what is held out.

A text is a duplicate of another one, or of a post that validates or tests: a model must not learn by heart what it
is measured on. Longer texts that hold such a post word by word are found too.
"""

import logging
from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from adgen_pipeline.corpus import dedup, filters, fingerprints
from adgen_pipeline.recipe import CorpusRecipe, FurtherCorpus
from adgen_pipeline.schemas import FURTHER_DOCUMENTS, FURTHER_DROPS
from adgen_pipeline.text.amharic import hygiene_expr, normalise_expr, search_key_expr
from adgen_pipeline.text.language import writing_expr

logger = logging.getLogger(__name__)

HELD_WORDS = 8  # shorter posts are phrases that any text may hold

_KEY = ["source", "origin", "row"]
_SIGNS = r"[^\p{L}\p{M}\p{N}]+"


class Further(NamedTuple):
    """What became of the rows: `corpus/further_documents` and `corpus/further_drops`; together each row once."""

    documents: pl.DataFrame
    drops: pl.DataFrame


def build(rows: Mapping[str, pl.DataFrame], held_out: pl.DataFrame, *, recipe: CorpusRecipe) -> Further:
    """Documents and drops of all further corpora.

    Args:
        rows: what `sources.read` gives, by the name of the corpus.
        held_out: posts that nothing may be trained on: channel_id, message_id, post.
        recipe: the corpora and the limits.
    """
    judged = pl.concat([_judged(rows[corpus.name], corpus, recipe) for corpus in recipe.further])
    judged = judged.with_row_index("number").with_columns(_holding(judged, held_out))
    candidates = judged.filter(pl.col("reason").is_null())
    repeats = _repeats(candidates, held_out, threshold=recipe.near_duplicate_similarity)
    drops = pl.concat(
        [judged.filter(pl.col("reason").is_not_null()).select(*_KEY, "reason", *_KEPT_POST), repeats],
        how="diagonal",
    )
    documents = candidates.join(repeats, on=_KEY, how="anti")
    _log(documents, drops)
    return Further(
        FURTHER_DOCUMENTS.conform(documents.select(list(FURTHER_DOCUMENTS.columns))),
        FURTHER_DROPS.conform(
            pl.concat([FURTHER_DROPS.empty(), drops], how="diagonal").select(list(FURTHER_DROPS.columns))
        ),
    )


def held_out_posts(documents: pl.LazyFrame) -> pl.DataFrame:
    """The posts of `corpus/documents` that are no training posts, as `build` asks for them."""
    kept = documents.filter(pl.col("split") != "train")
    return kept.select("channel_id", "message_id", "post").collect()


def unaccounted(documents: pl.DataFrame, drops: pl.DataFrame) -> list[str]:
    """Rows that are both a document and a drop, in words; and numbers of rows that are neither."""
    both = documents.select(_KEY).join(drops.select(_KEY), on=_KEY, how="semi")
    problems = [
        f"{source}: {origin} row {row} is both" for source, origin, row in both.sort(_KEY).iter_rows()
    ]
    accounted = pl.concat([documents.select(_KEY), drops.select(_KEY)])
    spans = accounted.group_by("source", "origin").agg(
        pl.col("row").max(), pl.col("row").n_unique().alias("found")
    )
    return problems + [
        f"{source}: {row - found} rows of {origin} are neither"
        for source, origin, row, found in spans.sort("source", "origin").iter_rows()
        if row != found
    ]


_KEPT_POST = ("kept_channel_id", "kept_message_id")


def _judged(rows: pl.DataFrame, corpus: FurtherCorpus, recipe: CorpusRecipe) -> pl.DataFrame:
    """The rows of one corpus with all columns of the documents, `search_key` and `reason`."""
    texts = rows.with_columns(
        pl.lit(corpus.name).alias("source"),
        pl.lit(corpus.licence).alias("licence"),
        hygiene_expr(pl.col("raw").fill_null("")).alias("post"),
    )
    line = _line("post")
    texts = texts.with_columns(normalise_expr(line).alias("text"), (line == "").alias("is_empty"))
    writing = texts.select(writing_expr(pl.col("text")))["text"].struct
    texts = texts.with_columns(
        _search_key(pl.col("text")),
        *(writing.field(name) for name in ("words", "language", "ethiopic_share")),
    )
    limits = recipe.model_copy(update={"maximum_chars": corpus.maximum_chars})
    unreadable = pl.when(pl.col("raw").is_null()).then(pl.lit("unreadable"))
    return texts.with_columns(unreadable.otherwise(filters.drop_reason(limits)).alias("reason")).drop("raw")


def _holding(judged: pl.DataFrame, held_out: pl.DataFrame) -> list[pl.Series]:
    """The columns reason, kept_channel_id and kept_message_id of rows, with those that hold a held-out post marked.

    Both are compared by their letters and digits alone, so that emoji and layout hide nothing.
    """
    keys = (
        held_out.with_columns(_letters("post").alias("letters"))
        .filter(pl.col("letters").str.count_matches(" ") >= HELD_WORDS)
        .sort("channel_id", "message_id")
        .unique("letters", keep="first", maintain_order=True)
    )
    letters = judged.select(_letters("text"))["text"]
    found = letters.str.extract_many(keys["letters"].implode(), overlapping=True).list.first()
    hits = pl.DataFrame({"letters": found}).join(keys, on="letters", how="left", maintain_order="left")
    is_hit = judged["reason"].is_null() & hits["channel_id"].is_not_null()
    holds = pl.DataFrame({"reason": judged["reason"], "is_hit": is_hit, "is_whole": found == letters}).select(
        pl.when(~pl.col("is_hit"))
        .then("reason")
        .when("is_whole")
        .then(pl.lit("exact_duplicate"))
        .otherwise(pl.lit("holds_held_out"))
        .alias("reason")
    )["reason"]
    return [
        holds,
        hits["channel_id"].set(~is_hit, None).alias("kept_channel_id"),
        hits["message_id"].set(~is_hit, None).alias("kept_message_id"),
    ]


def _line(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(r"\s+", " ").str.strip_chars()


def _search_key(line: pl.Expr) -> pl.Expr:
    """Of a held-out post as of a further text: with its hashtags, links and emoji, which that of a post lacks."""
    return search_key_expr(line).alias("search_key")


def _letters(column: str) -> pl.Expr:
    """A text's words in search-key letters, each between two spaces."""
    plain = search_key_expr(pl.col(column).str.to_lowercase()).str.replace_all(_SIGNS, " ").str.strip_chars()
    return (" " + plain + " ").alias(column)


def _repeats(candidates: pl.DataFrame, held_out: pl.DataFrame, *, threshold: float) -> pl.DataFrame:
    """Candidates that repeat a held-out post or an earlier candidate: keys, reason, and what stands for them."""
    older = held_out.select("channel_id", "message_id", _search_key(_line("post")), pl.lit(0).alias("age"))
    younger = candidates.select(
        pl.lit(0, pl.Int64).alias("channel_id"), pl.col("number").cast(pl.Int64).alias("message_id"), "search_key",
        pl.lit(1).alias("age"),
    )  # fmt: skip
    # `dedup` lets the older stand for the younger: held-out posts are the oldest, then rows in their order.
    date = pl.from_epoch(pl.col("age"), time_unit="s").dt.replace_time_zone("UTC").alias("date")
    pool = pl.concat([older, younger]).with_columns(date, pl.lit("train").alias("split"))
    keys = pool.lazy().select("channel_id", "message_id", "search_key")
    found = dedup.find(fingerprints.add(pool).drop("search_key"), keys, threshold=threshold)
    standing = found.select(
        pl.col("row").alias("kept"), kept_age="age", kept_channel="channel_id", kept_message="message_id"
    )
    repeated = found.filter((pl.col("age") == 1) & pl.col("reason").is_not_null()).join(standing, on="kept")
    is_post = pl.col("kept_age") == 0
    named = repeated.select(
        pl.col("message_id").alias("number"),
        "reason",
        pl.when(is_post).then("kept_channel").alias("kept_channel_id"),
        pl.when(is_post).then("kept_message").alias("kept_message_id"),
        pl.when(~is_post).then("kept_message").alias("kept_number"),
    )
    rows = candidates.select(pl.col("number").cast(pl.Int64), *_KEY)
    kept = rows.rename({"number": "kept_number", **{name: f"kept_{name}" for name in _KEY}})
    return (
        named.join(rows, on="number").join(kept, on="kept_number", how="left").drop("number", "kept_number")
    )


def _log(documents: pl.DataFrame, drops: pl.DataFrame) -> None:
    kept = ", ".join(
        f"{n} {name}" for name, n in documents["source"].value_counts().sort("source").iter_rows()
    )
    lost = ", ".join(f"{n} {name}" for name, n in drops["reason"].value_counts().sort("reason").iter_rows())
    total = documents.height + drops.height
    logger.info("kept %s of %s further texts (%s); dropped: %s", documents.height, total, kept, lost)
