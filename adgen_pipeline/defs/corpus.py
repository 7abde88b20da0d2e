"""Posts → documents and drops → statistics, ads taken apart, chat rows."""

from collections.abc import Iterator, Sequence

import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.automation import on_new_data
from adgen_pipeline.defs.checks import schema_check, table_check, verdict
from adgen_pipeline.defs.declare import ASKED_BY, TEAMS, source_spec, table_asset
from adgen_pipeline.defs.metadata import column_schema, counts, table_result
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES, NGRAMS, WORD_FREQUENCIES
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import (
    ADS,
    CONVERSATIONS,
    DOCUMENTS,
    DROPS,
    FINGERPRINTS,
    FURTHER_DOCUMENTS,
    FURTHER_DROPS,
    POSTS,
)
from adgen_pipeline.table_schema import TableSchema

FURTHER = "corpus.further"  # the recipe key that asks for further corpora
corpora_files = source_spec(
    "corpus", "corpora_files", "Files of further corpora for pre-training below corpora/.", asked_by=FURTHER
)


def _spec(
    schema: TableSchema, deps: Sequence[dg.AssetDep], *, version: str, asked_by: str | None = None
) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=[schema.stage, schema.name],
        deps=deps,
        group_name=schema.stage,
        description=f"{schema.row[0].upper()}{schema.row[1:]}.",
        kinds={"polars", "parquet"},
        owners=[TEAMS[schema.stage]],
        code_version=version,
        metadata={**column_schema(schema), **({ASKED_BY: asked_by} if asked_by else {})},
        tags={"cost": "cpu"},
        automation_condition=on_new_data,
    ).with_io_manager_key("tables")


_CHANNELS = [
    dg.AssetDep(dg.AssetKey(key), partition_mapping=dg.AllPartitionMapping())
    for key in (["telegram", "posts"], ["corpus", "fingerprints"])
]
_HELD_OUT = dg.AssetDep(dg.AssetKey(["corpus", "documents"]))
_FILES = dg.AssetDep(dg.AssetKey(["corpus", "corpora_files"]))


@table_asset(FINGERPRINTS, version="1", ins={"posts": "telegram/posts"})
def fingerprints(posts: pl.DataFrame, recipe: dg.ResourceParam[Recipe]) -> dg.MaterializeResult[pl.DataFrame]:
    """Judge one channel's posts one by one, and compute by what repeats are found."""
    from adgen_pipeline.corpus import fingerprints

    table = fingerprints.build(posts, recipe=recipe.corpus)
    return table_result(FINGERPRINTS, table, facts={"reasons": counts(table["reason"])})


@dg.multi_asset(
    specs=[_spec(schema, _CHANNELS, version="4") for schema in (DOCUMENTS, DROPS)],
    ins={
        "posts": dg.AssetIn(key=["telegram", "posts"]),
        "fingerprints": dg.AssetIn(key=["corpus", "fingerprints"]),
    },
)
def documents_and_drops(
    posts: pl.LazyFrame, fingerprints: pl.LazyFrame, recipe: dg.ResourceParam[Recipe]
) -> Iterator[dg.MaterializeResult[pl.DataFrame]]:
    """Filter, find duplicates, split; every post is a document or a drop with a reason."""
    from adgen_pipeline.corpus import documents

    corpus = documents.build(posts, recipe=recipe.corpus, fingerprints=fingerprints.collect())
    yield table_result(DOCUMENTS, corpus.documents, facts={"splits": counts(corpus.documents["split"])})
    yield table_result(DROPS, corpus.drops, facts={"reasons": counts(corpus.drops["reason"])})


@dg.multi_asset(
    specs=[
        _spec(schema, [_HELD_OUT, _FILES], version="1", asked_by=FURTHER)
        for schema in (FURTHER_DOCUMENTS, FURTHER_DROPS)
    ],
    ins={"documents": dg.AssetIn(key=["corpus", "documents"])},
)
def further_documents_and_drops(
    documents: pl.LazyFrame, recipe: dg.ResourceParam[Recipe], store: dg.ResourceParam[Store]
) -> Iterator[dg.MaterializeResult[pl.DataFrame]]:
    """Read further corpora, filter them, and keep out what repeats itself or a held-out post."""
    from adgen_pipeline.corpus import further, sources

    named = recipe.corpus.further
    rows = {corpus.name: sources.read(corpus, store.corpora) for corpus in named}
    made = further.build(rows, further.held_out_posts(documents), recipe=recipe.corpus)
    facts = {
        "sources": counts(made.documents["source"]),
        "licences": {corpus.name: corpus.licence for corpus in named},
        "languages": counts(made.documents["language"]),
        "words": int(made.documents["words"].sum()),
    }
    yield table_result(FURTHER_DOCUMENTS, made.documents, facts=facts)
    yield table_result(FURTHER_DROPS, made.drops, facts={"reasons": counts(made.drops["reason"])})


@table_asset(WORD_FREQUENCIES, version="2", ins={"documents": "corpus/documents"})
def word_frequencies(documents: pl.LazyFrame) -> dg.MaterializeResult[pl.DataFrame]:
    """Count the words of the documents."""
    from adgen_pipeline.corpus import charts, statistics

    words = statistics.word_frequencies(documents)
    return table_result(WORD_FREQUENCIES, words, figures={"top_words": charts.top_words(words)})


@table_asset(NGRAMS, version="2", ins={"documents": "corpus/documents"})
def ngrams(documents: pl.LazyFrame) -> dg.MaterializeResult[pl.DataFrame]:
    """Count the 2-grams and 3-grams of the documents."""
    from adgen_pipeline.corpus import charts, statistics

    phrases = statistics.ngrams(documents)
    return table_result(NGRAMS, phrases, figures={"top_phrases": charts.top_phrases(phrases)})


@table_asset(
    CHANNEL_PROFILES,
    version="2",
    also_reads=("telegram",),
    ins={
        "posts": "telegram/posts",
        "post_labels": "labels/post_labels",
        "documents": "corpus/documents",
    },
)
def channel_profiles(
    posts: pl.LazyFrame,
    post_labels: pl.LazyFrame,
    documents: pl.LazyFrame,
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[pl.DataFrame]:
    """Describe each channel."""
    from adgen_pipeline.corpus import charts, profiles

    table = profiles.channel_profiles(posts, post_labels, documents, zone=recipe.telegram.zone)
    signs = {name: profiles.most_used(table, name) for name in ("top_emojis", "top_hashtags")}
    return table_result(CHANNEL_PROFILES, table, figures=charts.of_channels(table), facts=signs)


@table_asset(ADS, version="6", ins={"documents": "corpus/documents", "post_labels": "labels/post_labels"})
def ads(
    documents: pl.DataFrame, post_labels: pl.DataFrame, recipe: dg.ResourceParam[Recipe]
) -> dg.MaterializeResult[pl.DataFrame]:
    """Take ad posts apart into facts, signature lines and a brief."""
    from adgen_pipeline.corpus import ads

    table = ads.build(documents, post_labels, recipe=recipe.corpus)
    return table_result(ADS, table, facts={"splits": counts(table["split"])})


@table_asset(CONVERSATIONS, version="3", ins={"ads": "corpus/ads"})
def conversations(ads: pl.DataFrame, recipe: dg.ResourceParam[Recipe]) -> dg.MaterializeResult[pl.DataFrame]:
    """Turn ads into chat rows: brief in, slotted ad out."""
    from adgen_pipeline.corpus import chat

    rows = chat.conversations(
        ads, exemplars_in_prompt=recipe.corpus.exemplars_in_prompt, seed=recipe.corpus.seed
    )
    return table_result(CONVERSATIONS, rows, facts={"ads": ads.height})


fingerprints_schema = schema_check(FINGERPRINTS)
documents_schema = schema_check(DOCUMENTS)
drops_schema = schema_check(DROPS)
word_frequencies_schema = schema_check(WORD_FREQUENCIES)
ngrams_schema = schema_check(NGRAMS)
channel_profiles_schema = schema_check(CHANNEL_PROFILES)
ads_schema = schema_check(ADS)
conversations_schema = schema_check(CONVERSATIONS)
further_documents_schema = schema_check(FURTHER_DOCUMENTS)
further_drops_schema = schema_check(FURTHER_DROPS)


@dg.asset_check(
    asset=["corpus", "drops"],
    description="Kept + dropped = read, and nothing is both.",
    blocking=True,
)
def every_post_is_kept_or_dropped(store: dg.ResourceParam[Store]) -> dg.AssetCheckResult:
    """Each post is a document or a drop."""
    from adgen_pipeline.corpus.documents import unaccounted_posts

    posts = store.scan_partitions(POSTS).select("channel_id", "message_id").collect()
    violations = unaccounted_posts(posts, store.read_table(DOCUMENTS), store.read_table(DROPS))
    return verdict(violations, blocking=True)


@dg.asset_check(
    asset=["corpus", "further_drops"],
    description="Each row of a further corpus is a document or a drop, and none is both.",
    blocking=True,
)
def every_further_row_is_kept_or_dropped(store: dg.ResourceParam[Store]) -> dg.AssetCheckResult:
    """Each row is a document or a drop."""
    from adgen_pipeline.corpus.further import unaccounted

    violations = unaccounted(store.read_table(FURTHER_DOCUMENTS), store.read_table(FURTHER_DROPS))
    return verdict(violations, blocking=True)


def _leaking_clusters(documents: pl.DataFrame) -> list[str]:
    spread = documents.group_by("cluster").agg(pl.col("split").n_unique().alias("splits"))
    return spread.filter(pl.col("splits") > 1).sort("cluster")["cluster"].to_list()


def _late(profiles: pl.DataFrame) -> list[str]:
    from adgen_pipeline.corpus.profiles import late_channels

    return late_channels(profiles)


channels_are_fresh = table_check(
    CHANNEL_PROFILES,
    "channels_are_fresh",
    _late,
    "No channel's newest post lies far behind the newest of all channels.",
    blocking=False,
)
no_cluster_in_two_splits = table_check(
    DOCUMENTS,
    "no_cluster_in_two_splits",
    _leaking_clusters,
    "No near-duplicate cluster has members in two splits.",
    blocking=True,
)


def _unfilled(ads: pl.DataFrame) -> list[str]:
    from adgen_pipeline.corpus.ads import not_restored

    return not_restored(ads)


slots_restore_the_post = table_check(
    ADS,
    "slots_restore_the_post",
    _unfilled,
    "Filling an ad's slots gives the post back, letter for letter.",
    blocking=True,
)
