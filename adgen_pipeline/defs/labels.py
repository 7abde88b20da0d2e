"""Posts → verticals, tags and is_ad; who is asked about which of them, what people answered, how they agree."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from adgen_pipeline import provenance
from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.defs.automation import on_new_data, recent
from adgen_pipeline.defs.checks import artifact_check, schema_check, verdict
from adgen_pipeline.defs.declare import TEAMS, artifact_asset, source_spec, table_asset
from adgen_pipeline.defs.jobs import tracked_run
from adgen_pipeline.defs.metadata import artifact_result, column_schema, counts, table_result
from adgen_pipeline.label_schemas import (
    ADJUDICATION,
    AGREEMENT,
    ANNOTATIONS,
    FUNCTIONS,
    LABEL_TASKS,
    WEAK_LABELS,
)
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import LABELLED_POSTS, POST_LABELS, POSTS
from adgen_pipeline.settings import Settings
from adgen_pipeline.table_schema import TableSchema
from adgen_pipeline.tracking import Tracker

GROUPS = "labels.groups"  # the recipe key that asks for annotators' tasks and their agreement
annotation_files = source_spec("labels", "annotation_files", "Answers of annotators below annotations/.")
labelled_files = source_spec(
    "labels", "labelled_files", "Further labelled texts below labelled/, which labels.further names."
)


def _spec(schema: TableSchema) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=[schema.stage, schema.name],
        deps=[
            dg.AssetDep(dg.AssetKey(["telegram", "posts"]), partition_mapping=dg.AllPartitionMapping()),
            dg.AssetDep(dg.AssetKey(["labels", "annotations"])),
        ],
        group_name=schema.stage,
        description=f"{schema.row[0].upper()}{schema.row[1:]}.",
        kinds={"polars", "parquet"},
        owners=[TEAMS[schema.stage]],
        code_version="2",
        metadata=column_schema(schema),
        tags={"cost": "cpu"},
        automation_condition=on_new_data,
    ).with_io_manager_key("tables")


@dg.multi_asset(
    specs=[_spec(schema) for schema in (WEAK_LABELS, FUNCTIONS)],
    ins={
        "posts": dg.AssetIn(key=["telegram", "posts"]),
        "annotations": dg.AssetIn(key=["labels", "annotations"]),
    },
)
def weak_labels_and_functions(
    posts: pl.LazyFrame, annotations: pl.DataFrame, recipe: dg.ResourceParam[Recipe]
) -> Iterator[dg.MaterializeResult[pl.DataFrame]]:
    """Let the labelling functions vote on every post with text, and weigh their votes."""
    from adgen_pipeline.labels import function_charts, weak
    from adgen_pipeline.labels.consensus import decided

    made = weak.weak_labels(posts, minimum_score=recipe.labels.minimum_score)
    human = decided(annotations, adjudicators=recipe.labels.adjudicators)
    functions = weak.functions_table(made, human)
    verticals = counts(made.table["vertical"])
    yield table_result(
        WEAK_LABELS, made.table, facts={"verticals": verticals, "ads": int(made.table["is_ad"].sum())}
    )
    yield table_result(FUNCTIONS, functions, figures=function_charts.figures(functions))


@artifact_asset(
    "labels",
    "classifier",
    "Classifier of n-grams that learns from weak labels, people's answers and further labelled texts.",
    version="2",
    kinds=("scikitlearn",),
    ins={
        "posts": "telegram/posts",
        "weak_labels": "labels/weak_labels",
        "annotations": "labels/annotations",
        "fingerprints": "corpus/fingerprints",
    },
    deps=[("labels", "labelled_files")],
)
def classifier(
    context: dg.AssetExecutionContext,
    posts: pl.LazyFrame,
    weak_labels: pl.DataFrame,
    annotations: pl.DataFrame,
    fingerprints: pl.LazyFrame,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> dg.MaterializeResult[Artifact]:
    """Teach the classifier, judge it on clusters of posts that it did not see, and register it."""
    from adgen_pipeline.labels import building

    lesson = building.lesson(
        posts.select("channel_id", "message_id", "post").collect(),
        weak_labels,
        annotations,
        fingerprints.select("channel_id", "message_id", "bands").collect(),
        recipe=recipe.labels,
        labelled=store.labelled,
    )
    with tracked_run(context, tracker, recipe, settings) as run:
        artifact, facts = store.make("labels", "classifier", [lesson.digest(), "2"], lesson.build)
        run.metrics(building.metrics(facts))
        run.file(artifact.path / building.FIGURES)
        tags = {"version": artifact.version, "digest": artifact.digest}
        registered = run.register("classifier", artifact.path, tags)
    provenance.note(artifact, lesson.drawn)
    return artifact_result(
        artifact,
        figures=building.saved_figures(artifact.path),
        links={"mlflow_run": run.url},
        facts={**facts, **building.metrics(facts), "registered_version": registered},
    )


@table_asset(
    POST_LABELS,
    version="6",
    ins={
        "posts": "telegram/posts",
        "weak_labels": "labels/weak_labels",
        "classifier": "labels/classifier",
        "annotations": "labels/annotations",
    },
)
def post_labels(
    posts: pl.LazyFrame,
    weak_labels: pl.DataFrame,
    classifier: Artifact,
    annotations: pl.DataFrame,
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[pl.DataFrame]:
    """Label every post with text: as people decided, or else the classifier, or else the labelling functions."""
    from adgen_pipeline.labels import drift, verdicts
    from adgen_pipeline.labels.consensus import best_source, decided

    automatic = verdicts.load(classifier.path).label_posts(posts, weak_labels)
    labels = best_source(automatic, decided(annotations, adjudicators=recipe.labels.adjudicators))
    return table_result(
        POST_LABELS,
        labels,
        facts={
            "sources": counts(labels["source"]),
            "ads": int(labels["is_ad"].sum()),
            "verticals": counts(labels["vertical"]),
            "tags": counts(labels["tags"].explode()),
            **drift.shares(labels),
        },
    )


@table_asset(
    LABELLED_POSTS, version="1", ins={"posts": "telegram/posts", "post_labels": "labels/post_labels"}
)
def labelled_posts(posts: pl.LazyFrame, post_labels: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    """Join posts with their labels into the customer's five columns."""
    from adgen_pipeline.labels import consensus

    return table_result(LABELLED_POSTS, consensus.labelled_posts(posts, post_labels))


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


weak_labels_schema = schema_check(WEAK_LABELS)
functions_schema = schema_check(FUNCTIONS)
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


def _unsound(artifact: Artifact) -> list[str]:
    from adgen_pipeline.labels.verdicts import unsound

    return unsound(artifact.verify().path)


classifier_is_sound = artifact_check(
    ("labels", "classifier"),
    "classifier_is_sound",
    _unsound,
    "The classifier loads, its numbers are finite, and a text gets a probability for each label.",
)


@dg.asset_check(
    asset=["labels", "post_labels"],
    description="No label's share of the posts moved by more than the recipe's maximum_drift since the last version.",
    blocking=False,
)
def shares_of_labels_hold(
    context: dg.AssetCheckExecutionContext, recipe: dg.ResourceParam[Recipe]
) -> dg.AssetCheckResult:
    """Labels that many more or many fewer posts have than in the last version."""
    from adgen_pipeline.labels import drift

    made = recent(context.instance, dg.AssetKey(["labels", "post_labels"]), count=2)
    numbers = [drift.of_metadata({k: v.value for k, v in event.metadata.items()}) for event in made]
    return verdict(drift.moved(numbers[0], numbers[-1], maximum=recipe.labels.maximum_drift), blocking=False)
