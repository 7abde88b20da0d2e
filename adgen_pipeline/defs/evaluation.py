"""Held-out cases → what each system writes → scores beside baselines → the report."""

import dagster as dg
import polars as pl

from adgen_pipeline import provenance
from adgen_pipeline.artifacts import Artifact, Store, table_digest
from adgen_pipeline.defs.checks import schema_check
from adgen_pipeline.defs.declare import artifact_asset, table_asset
from adgen_pipeline.defs.jobs import tracked_run
from adgen_pipeline.defs.metadata import artifact_result, table_result
from adgen_pipeline.evaluation_schemas import ANSWERS, CASES, MEASURES, RETRIEVAL, SCORES
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import POSTS
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import Tracker


@table_asset(CASES, version="1", ins={"ads": "corpus/ads"}, is_automatic=False)
def cases(ads: pl.DataFrame, recipe: dg.ResourceParam[Recipe]) -> dg.MaterializeResult[pl.DataFrame]:
    """Draw held-out ads, spread over channels."""
    from adgen_pipeline.evaluation.cases import build

    return table_result(CASES, build(ads, recipe=recipe.evaluation))


@table_asset(
    ANSWERS,
    version="14",
    ins={
        "cases": "evaluation/cases",
        "base": "training/base",
        "model": "training/model",
        "index": "index/posts",
    },
    kinds=("pytorch", "parquet"),
    also_reads=("generation", "corpus", "training"),
    is_heavy=True,
)
def answers(
    context: dg.AssetExecutionContext,
    cases: pl.DataFrame,
    base: Artifact,
    model: Artifact,
    index: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> dg.MaterializeResult[pl.DataFrame]:
    """Let every system write for every case."""
    from adgen_pipeline.evaluation.answers import write_all

    with tracked_run(context, tracker, recipe, settings) as run:
        table, seconds = write_all(cases, base=base, store=store, recipe=recipe, report=context.log.info)
        run.metrics({f"{system}_seconds_an_ad": value for system, value in seconds.items()})
    facts = {"model": model.version, "index": index.version, "seconds_an_ad": seconds}
    return table_result(ANSWERS, table, facts=facts, links={"mlflow_run": run.url})


@table_asset(
    RETRIEVAL,
    version="2",
    ins={"ads": "corpus/ads", "index": "index/posts", "encoder": "embedding/encoder"},
    is_automatic=False,
)
def retrieval(
    context: dg.AssetExecutionContext,
    ads: pl.DataFrame,
    index: Artifact,
    encoder: Artifact,
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> dg.MaterializeResult[pl.DataFrame]:
    """Ask for posts by the words of their briefs."""
    from adgen_pipeline.embedding.encoder import Encoder
    from adgen_pipeline.evaluation.retrieval import evaluate
    from adgen_pipeline.index.search import PostIndex

    with tracked_run(context, tracker, recipe, settings) as run:
        searched = PostIndex(index.path, Encoder(encoder.path), encoder_digest=encoder.digest)
        table = evaluate(ads, searched, recipe=recipe.evaluation)
        run.metrics(
            {
                f"{row['system']}_{name}": row[name]
                for row in table.iter_rows(named=True)
                for name in ("recall_at_10", "mrr_at_10", "ndcg_at_10")
            }
        )
    return table_result(RETRIEVAL, table, links={"mlflow_run": run.url})


@table_asset(
    MEASURES,
    version="1",
    ins={
        "cases": "evaluation/cases",
        "answers": "evaluation/answers",
        "base": "training/base",
        "model": "training/model",
        "encoder": "embedding/encoder",
        "documents": "corpus/documents",
    },
    also_reads=("labels",),
    is_automatic=False,
)
def measures(
    cases: pl.DataFrame,
    answers: pl.DataFrame,
    base: Artifact,
    model: Artifact,
    encoder: Artifact,
    documents: pl.DataFrame,
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[pl.DataFrame]:
    """Measure every answer by every metric."""
    from adgen_pipeline.embedding.encoder import Encoder
    from adgen_pipeline.evaluation import scores
    from adgen_pipeline.evaluation.answers import bits_per_byte
    from adgen_pipeline.evaluation.background import read_background

    bits = bits_per_byte(cases, {"base": base.path, "ours": model.path})
    background = read_background(documents, Encoder(encoder.path), minimum_score=recipe.labels.minimum_score)
    return table_result(MEASURES, scores.measure(cases, answers, bits, background))


@table_asset(SCORES, version="5", ins={"measures": "evaluation/measures"}, is_automatic=False)
def scores(
    context: dg.AssetExecutionContext,
    measures: pl.DataFrame,
    recipe: dg.ResourceParam[Recipe],
    settings: dg.ResourceParam[Settings],
    tracker: dg.ResourceParam[Tracker],
) -> dg.MaterializeResult[pl.DataFrame]:
    """Average each metric of each system, with intervals."""
    from adgen_pipeline.evaluation import scores

    with tracked_run(context, tracker, recipe, settings) as run:
        table = scores.build(measures, recipe=recipe.evaluation)
        run.metrics(
            {
                f"{row['system']}_{row['metric']}": row["value"]
                for row in table.drop_nulls("value").iter_rows(named=True)
            }
        )
        figure = scores.figure(table)
        run.text(table.write_csv(), "scores.csv")
        run.image(figure, "scores.png")
    return table_result(
        SCORES,
        table,
        figures={"scores": figure},
        links={"mlflow_run": run.url},
    )


@artifact_asset(
    "evaluation",
    "report",
    "One HTML page: the verdict, scores beside baselines, ads beside their evidence, the data in figures.",
    version="3",
    kinds=("html",),
    ins={
        "measures": "evaluation/measures",
        "scores": "evaluation/scores",
        "retrieval": "evaluation/retrieval",
        "cases": "evaluation/cases",
        "answers": "evaluation/answers",
        "ads": "generation/ads",
        "briefs": "generation/briefs",
        "channel_profiles": "corpus/channel_profiles",
        "word_frequencies": "corpus/word_frequencies",
        "ngrams": "corpus/ngrams",
        "adapter": "training/adapter",
    },
    is_automatic=False,
)
def report(
    measures: pl.DataFrame,
    scores: pl.DataFrame,
    retrieval: pl.DataFrame,
    cases: pl.DataFrame,
    answers: pl.DataFrame,
    ads: pl.DataFrame,
    briefs: pl.DataFrame,
    channel_profiles: pl.DataFrame,
    word_frequencies: pl.DataFrame,
    ngrams: pl.DataFrame,
    adapter: Artifact,
    store: dg.ResourceParam[Store],
    recipe: dg.ResourceParam[Recipe],
) -> dg.MaterializeResult[Artifact]:
    """Put what was measured and written onto one page."""
    from adgen_pipeline.evaluation.pdf import print_page
    from adgen_pipeline.evaluation.report import build
    from adgen_pipeline.training.run import curve_figure

    tables = {
        "measures": measures,
        "scores": scores,
        "retrieval": retrieval,
        "cases": cases,
        "answers": answers,
        "ads": ads,
        "briefs": briefs,
        "channel_profiles": channel_profiles,
        "word_frequencies": word_frequencies,
        "ngrams": ngrams,
    }
    artifact, info = store.make(
        "evaluation",
        "report",
        [*(table_digest(table) for table in tables.values()), adapter.digest, "3"],
        lambda out: {
            **build(
                out,
                **tables,
                versions={"recipe": recipe.name, "adapter": adapter.version},
                training_curve=curve_figure(adapter.path),
            ),
            "has_pdf": recipe.evaluation.pdf and print_page(out / "report.html", out / "report.pdf"),
        },
        folder=store.root / "reports",
    )
    provenance.note(artifact, store.scan_partitions(POSTS))
    return artifact_result(artifact, facts={"page": str(artifact.path / "report.html"), **info})


cases_schema = schema_check(CASES)
answers_schema = schema_check(ANSWERS)
retrieval_schema = schema_check(RETRIEVAL)
measures_schema = schema_check(MEASURES)
scores_schema = schema_check(SCORES)
