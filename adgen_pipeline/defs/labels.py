"""Posts → verticals, tags and is_ad."""

import dagster as dg
import polars as pl

from adgen_pipeline.defs.checks import schema_check
from adgen_pipeline.defs.declare import table_asset
from adgen_pipeline.defs.metadata import counts, table_result
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import LABELLED_POSTS, POST_LABELS


@table_asset(POST_LABELS, version="4", ins={"posts": "telegram/posts"})
def post_labels(posts: pl.LazyFrame, recipe: dg.ResourceParam[Recipe]) -> dg.MaterializeResult[pl.DataFrame]:
    """Label every post with text by the documented keyword rules."""
    from adgen_pipeline.labels.rules import label_posts

    labels = label_posts(posts.collect(), minimum_score=recipe.labels.minimum_score)
    return table_result(
        POST_LABELS,
        labels,
        facts={
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


post_labels_schema = schema_check(POST_LABELS)
labelled_posts_schema = schema_check(LABELLED_POSTS)
