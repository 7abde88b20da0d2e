"""Posts → verticals, tags and is_ad; who is asked about which of them, what people answered, how they agree."""

import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.defs.checks import schema_check, verdict
from adgen_pipeline.defs.declare import source_spec, table_asset
from adgen_pipeline.defs.metadata import counts, table_result
from adgen_pipeline.label_schemas import ADJUDICATION, AGREEMENT, ANNOTATIONS, LABEL_TASKS
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import LABELLED_POSTS, POST_LABELS, POSTS

GROUPS = "labels.groups"  # the recipe key that asks for annotators' tasks and their agreement
annotation_files = source_spec("labels", "annotation_files", "Answers of annotators below annotations/.")


@table_asset(POST_LABELS, version="5", ins={"posts": "telegram/posts", "annotations": "labels/annotations"})
def post_labels(
    posts: pl.LazyFrame, annotations: pl.DataFrame, recipe: dg.ResourceParam[Recipe]
) -> dg.MaterializeResult[pl.DataFrame]:
    """Label every post with text: as people decided, or else by the documented keyword rules."""
    from adgen_pipeline.labels.consensus import best_source, decided
    from adgen_pipeline.labels.rules import label_posts

    weak = label_posts(posts.collect(), minimum_score=recipe.labels.minimum_score)
    labels = best_source(weak, decided(annotations, adjudicators=recipe.labels.adjudicators))
    return table_result(
        POST_LABELS,
        labels,
        facts={
            "sources": counts(labels["source"]),
            "ads": int(labels["is_ad"].sum()),
            "verticals": counts(labels["vertical"]),
            "tags": counts(labels["tags"].explode()),
        },
    )


@table_asset(
    LABELLED_POSTS, version="1", ins={"posts": "telegram/posts", "post_labels": "labels/post_labels"}
)
def labelled_posts(posts: pl.LazyFrame, post_labels: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    """Join posts with their labels into the customer's five columns."""
    from adgen_pipeline.labels import rules

    return table_result(LABELLED_POSTS, rules.labelled_posts(posts.collect(), post_labels))


@table_asset(
    LABEL_TASKS,
    version="1",
    ins={"posts": "telegram/posts", "post_labels": "labels/post_labels"},
    asked_by=GROUPS,
)
def tasks(
    posts: pl.LazyFrame, post_labels: pl.DataFrame, recipe: dg.ResourceParam[Recipe]
) -> dg.MaterializeResult[pl.DataFrame]:
    """Give each group the posts of its ranges, and a share of them to somebody else as well."""
    from adgen_pipeline.labels.assignment import assign

    columns = posts.select("channel_id", "message_id", "search_key", "is_empty").collect()
    table = assign(columns, post_labels, recipe=recipe.labels)
    facts = {name: counts(table[name]) for name in ("group", "stratum", "chosen_for")}
    return table_result(LABEL_TASKS, table, facts={**facts, "asked_twice": int(table["is_overlap"].sum())})


@table_asset(ANNOTATIONS, version="1", ins={"posts": "telegram/posts"}, deps=[("labels", "annotation_files")])
def annotations(posts: pl.LazyFrame, store: dg.ResourceParam[Store]) -> dg.MaterializeResult[pl.DataFrame]:
    """Read the answers of annotators; what is left out is reported with its reason."""
    from adgen_pipeline.labels.annotation import read_annotations

    table, problems = read_annotations(store.annotations, posts.select("channel_id", "message_id").collect())
    numbers = {"annotators": table["annotator"].n_unique(), "skipped": int(table["is_skipped"].sum())}
    facts = {**numbers, "labels": counts(table["labels"].explode()), "problems": len(problems)}
    return table_result(ANNOTATIONS, table, facts=facts)


@table_asset(AGREEMENT, version="1", ins={"annotations": "labels/annotations"}, asked_by=GROUPS)
def agreement(
    annotations: pl.DataFrame, recipe: dg.ResourceParam[Recipe]
) -> dg.MaterializeResult[pl.DataFrame]:
    """Measure how far annotators agree on each label."""
    from adgen_pipeline.labels import agreement, agreement_charts

    who = recipe.labels.adjudicators
    table = agreement.agreement(
        annotations, adjudicators=who, samples=recipe.labels.bootstrap_samples, seed=recipe.labels.seed
    )
    return table_result(
        AGREEMENT, table, figures=agreement_charts.figures(table, agreement.compared(annotations, who))
    )


@table_asset(ADJUDICATION, version="1", ins={"annotations": "labels/annotations"}, asked_by=GROUPS)
def adjudication(
    annotations: pl.DataFrame, recipe: dg.ResourceParam[Recipe]
) -> dg.MaterializeResult[pl.DataFrame]:
    """List the posts that wait for somebody to decide."""
    from adgen_pipeline.labels import agreement

    table = agreement.adjudication(annotations, adjudicators=recipe.labels.adjudicators)
    return table_result(ADJUDICATION, table, facts={"disputed": counts(table["disputed"].explode())})


post_labels_schema = schema_check(POST_LABELS)
labelled_posts_schema = schema_check(LABELLED_POSTS)
tasks_schema = schema_check(LABEL_TASKS)
annotations_schema = schema_check(ANNOTATIONS)
agreement_schema = schema_check(AGREEMENT)
adjudication_schema = schema_check(ADJUDICATION)


@dg.asset_check(
    asset=["labels", "annotations"],
    description="Every answer below annotations/ was understood, is about a post, and contradicts no other.",
    blocking=False,
)
def every_answer_was_understood(store: dg.ResourceParam[Store]) -> dg.AssetCheckResult:
    """What was left out, each with the reason."""
    from adgen_pipeline.labels.annotation import read_annotations

    posts = store.scan_partitions(POSTS).select("channel_id", "message_id").collect()
    return verdict(read_annotations(store.annotations, posts)[1], blocking=False)


@dg.asset_check(
    asset=["labels", "agreement"],
    description="Krippendorff's alpha of every label reaches the recipe's minimum_alpha.",
    blocking=False,
)
def annotators_agree(store: dg.ResourceParam[Store], recipe: dg.ResourceParam[Recipe]) -> dg.AssetCheckResult:
    """Labels whose definition people understand differently."""
    from adgen_pipeline.labels.agreement import poor_agreement

    table = store.read_table(AGREEMENT)
    return verdict(poor_agreement(table, minimum_alpha=recipe.labels.minimum_alpha), blocking=False)
