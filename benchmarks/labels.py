"""Labels against people's: verticals, is_ad, false alarms on news, tags; the rules and a plain baseline side by side.

python -m benchmarks.labels [--labels FILE] [--news FILE …] [--ads FILE …] [--offence DEV [--offence-train TRAIN]]
                            [--topics DIR] [--exports DIR] [--variants FILE] [--curve] [--copies N] [--json]

--labels: CSV with `text` and a label as people typed it (`label` or `Human_Label`). --news, --ads: texts of which
none, or each, is an ad: a text a line, a .csv or .tsv with `text`, or a .json list of objects with `text`. --offence:
lines `__label__normal|offensive|hate<tab>text`. --topics: a folder with dev.tsv and train_50.tsv (`category`,
`headline`, `text`). --exports: shop channels, whose posts teach the baseline and should hold no profanity; without it
the sample generator's channels do. --variants: CSV with `raw_label`, spellings that must map to a label.

Three systems stand side by side: the rules; the baseline, TF-IDF of words with logistic regression; and the pipeline,
that is weak labels and the classifier, built once as the assets build it, from the exports and the training files (as a
recipe's labels.further names them). The baseline learns what the rules say of the exports, as no other labels exist
there, and the training files for offence and topics. Intervals are 95 % bootstraps; speeds are posts by the clock, on
all cores, with the start of processes; --copies measures them on as many copies of the posts, each made different.
"""

import json
import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from adgen_pipeline.labels.aliases import canonical
from adgen_pipeline.labels.building import STRENGTH
from adgen_pipeline.labels.classifier import train
from adgen_pipeline.labels.functions import LABELS
from adgen_pipeline.labels.lessons import draw, lessons
from adgen_pipeline.labels.rules import predict
from adgen_pipeline.labels.taxonomy import VERTICALS
from adgen_pipeline.labels.verdicts import Labeller
from adgen_pipeline.labels.weak import Weak, as_post_labels, weak_labels
from adgen_pipeline.recipe import LabelsRecipe, TelegramRecipe
from adgen_pipeline.schemas import FINGERPRINTS, POST_LABELS
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline.telegram.sample import write_sample
from benchmarks.label_figures import accuracy, f1_of, interval, macro_f1
from benchmarks.label_texts import read_offence, read_texts, read_topics

logger = logging.getLogger(__name__)

MINIMUM_CLASS = 4  # ads: macro-F1 counts the classes that have so many
BASELINE_POSTS = 6000
NONE = "none"  # an ad of no vertical
OFFENCE = "profanity"  # the tag that texts of offence teach
SYSTEMS = ("rules", "TF-IDF + LR", "pipeline")
Rows = list[dict[str, object]]


def baseline() -> Pipeline:
    """TF-IDF of words with logistic regression."""
    return make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))


class Systems:
    """What is compared.

    Attributes:
        learnt: the baseline on ads.
        ours: the pipeline's classifier and weak labels.
    """

    def __init__(self, learnt: Pipeline, ours: Labeller) -> None:
        """Keep both; the rules need nothing."""
        self.learnt, self.ours = learnt, ours

    def answers(self, texts: Sequence[str]) -> dict[str, list[dict[str, object]]]:
        """The rules' and the pipeline's answers, at the recipe's threshold."""
        minimum = LabelsRecipe().minimum_score
        return {
            "rules": [predict(text, minimum_score=minimum) for text in texts],
            "pipeline": self.ours.predict_all(texts, minimum_score=minimum),
        }

    def ads(self, texts: Sequence[str]) -> dict[str, list[str]]:
        """Of each system and text the vertical; `none` for an ad without one, `not_ad` for no ad."""
        found = {system: [of_ad(answer) for answer in given] for system, given in self.answers(texts).items()}
        found["TF-IDF + LR"] = list(self.learnt.predict(texts))
        return {system: found[system] for system in SYSTEMS}


def of_ad(found: dict[str, object]) -> str:
    """`none` for an ad without a vertical, `not_ad` for no ad."""
    return str(found["vertical"] or NONE) if found["is_ad"] else "not_ad"


def build(
    posts: pl.DataFrame, weak: Weak, further: dict[str, list[tuple[str, bool]]], count: int
) -> tuple[Labeller, float]:
    """The pipeline's labeller that learnt from so many posts, and the seconds that it took."""
    seed = LabelsRecipe().seed
    drawn = draw(posts, weak.table, POST_LABELS.empty(), count=count, seed=seed)
    nothing = FINGERPRINTS.empty().select("channel_id", "message_id", "bands")
    known = lessons(drawn, nothing, further)  # wordings differ already
    started = time.perf_counter()
    trained, _ = train(known, LABELS, strength=STRENGTH, seed=seed)
    return Labeller(trained), time.perf_counter() - started


def speed(posts: pl.DataFrame, ours: Labeller, copies: int) -> Rows:
    """Posts a second on so many copies of the posts, with a last line of their own: none is known from before."""
    many = pl.concat(
        posts.with_columns(
            message_id=pl.col("message_id") + copy * (pl.col("message_id").max() + 1),
            post=pl.col("post") + f"\n{copy}",
        )
        for copy in range(copies)
    )
    started = time.perf_counter()
    weak = weak_labels(many, minimum_score=LabelsRecipe().minimum_score)
    between = time.perf_counter()
    ours.label_posts(many, weak.table)
    done = time.perf_counter()
    return [
        {
            "posts": many.height,
            "a second, weak labels": round(many.height / (between - started)),
            "a second, classifier": round(many.height / (done - between)),
            "a second, both": round(many.height / (done - started)),
            "minutes for a million": round((done - started) / many.height * 1e6 / 60, 1),
        }
    ]


def posts_of(exports: Path | None) -> pl.DataFrame:
    """Posts with text, each wording once."""
    with tempfile.TemporaryDirectory() as folder:
        if exports is None:
            write_sample(Path(folder))
        clean_folder(
            exports or Path(folder) / "raw", Path(folder), recipe=TelegramRecipe(), report=logger.debug
        )
        tables = [pl.read_parquet(path) for path in sorted((Path(folder) / "cleaned").glob("*.parquet"))]
    return pl.concat(tables).filter(~pl.col("is_empty")).unique("post", keep="first", maintain_order=True)


def judge_labels(path: Path, systems: Systems) -> tuple[Rows, Rows]:
    """Figures on ads that people labelled, and the confusions of the rules and of the pipeline."""
    table = pl.read_csv(path, infer_schema=False)
    column = "label" if "label" in table.columns else "Human_Label"
    typed, texts = table[column].to_list(), table["text"].to_list()
    named = [canonical(label or "") for label in typed]
    wanted = [label if label in VERTICALS else NONE for label in named]
    inside = [place for place, label in enumerate(named) if label in VERTICALS]
    common = sorted({label for label in wanted if wanted.count(label) >= MINIMUM_CLASS})
    answers = systems.ads(texts)
    figures: Rows = []
    confusions: Rows = []
    for system, found in answers.items():
        outside = [found[place] not in VERTICALS for place, label in enumerate(wanted) if label == NONE]
        shown = [NONE if label == "not_ad" else label for label in found]
        figures.append(
            {
                "system": system,
                "ads": len(texts),
                f"accuracy of {len(inside)} in the ten verticals": interval(
                    accuracy, [wanted[i] for i in inside], [found[i] for i in inside]
                ),
                f"macro-F1 of {', '.join(common)}": interval(macro_f1(common), wanted, shown),
                "of none, given none": f"{sum(outside)}/{len(outside)}",
                "is_ad recall": interval(
                    accuracy, [True] * len(found), [label != "not_ad" for label in found]
                ),
            }
        )
        wrong = [f"{label} → {given}" for label, given in zip(wanted, found, strict=True) if label != given]
        if system != "TF-IDF + LR":
            confusions += [
                {"system": system, "confusion": pair, "ads": wrong.count(pair)} for pair in sorted(set(wrong))
            ]
    return figures, confusions


def judge_alarms(paths: Sequence[Path], systems: Systems, *, are_ads: bool) -> Rows:
    """How many texts are taken for ads, a row a file."""
    rows: Rows = []
    for path in paths:
        texts = read_texts(path)
        answers = systems.ads(texts)
        row: dict[str, object] = {"file": path.name, "texts": len(texts)}
        for system, answer in answers.items():
            row[f"taken for ads, {system}"] = interval(
                accuracy, [True] * len(texts), [label != "not_ad" for label in answer]
            )
        if are_ads:
            found = answers["pipeline"]
            row["verticals by the pipeline"] = str(
                {label: found.count(label) for label in sorted(set(found))}
            )
        rows.append(row)
    return rows


def judge_tag(
    tag: str,
    texts: Sequence[str],
    wanted: Sequence[bool],
    train: list[tuple[str, bool]],
    systems: Systems,
) -> Rows:
    """Figures of a tag, of the baseline where there are texts to learn from."""
    answers = {
        system: [tag in str(answer["tags"]) for answer in given]
        for system, given in systems.answers(texts).items()
    }
    if train:
        learnt = baseline().fit([text for text, _ in train], [has for _, has in train])
        answers["TF-IDF + LR"] = [bool(label) for label in learnt.predict(texts)]
    return [
        {
            "system": system,
            "texts": len(texts),
            "of the tag": sum(wanted),
            "macro-F1": interval(macro_f1([True, False]), wanted, answers[system]),
            "F1": interval(f1_of(True), wanted, answers[system]),
            "recall": f"{sum(a and b for a, b in zip(wanted, answers[system], strict=True)) / max(1, sum(wanted)):.3f}",
        }
        for system in SYSTEMS
        if system in answers
    ]


def offence_confusions(path: Path, systems: Systems) -> Rows:
    """How many texts of each class of the offence file are taken for offensive or hateful, by the pipeline."""
    labels = [line.partition("\t")[0] for line in path.read_text("utf-8").splitlines() if "\t" in line]
    texts, _ = read_offence(path)
    found = [OFFENCE in str(answer["tags"]) for answer in systems.answers(texts)["pipeline"]]
    return [
        {
            "class": label.removeprefix("__label__"),
            "texts": labels.count(label),
            "taken for offence": sum(
                has for has, of_text in zip(found, labels, strict=True) if of_text == label
            ),
        }
        for label in sorted(set(labels))
    ]


def offence_curve(
    posts: pl.DataFrame, weak: Weak, taught: dict[str, list[tuple[str, bool]]], path: Path
) -> Rows:
    """Offence by the pipeline that learnt from an eighth to all of its texts."""
    known = taught[OFFENCE]
    order = np.random.default_rng(7).permutation(len(known))
    texts, wanted = read_offence(path)
    rows: Rows = []
    for parts in (8, 4, 2, 1):
        some = [known[place] for place in order[: len(known) // parts]]
        ours, _ = build(posts, weak, {**taught, OFFENCE: some}, LabelsRecipe().training_texts)
        answers = ours.predict_all(texts, minimum_score=LabelsRecipe().minimum_score)
        found = [OFFENCE in str(answer["tags"]) for answer in answers]
        rows.append(
            {"texts learnt from": len(some), "macro-F1": interval(macro_f1([True, False]), wanted, found)}
        )
    return rows


@click.command()
@click.option(
    "--labels", type=click.Path(path_type=Path, exists=True), help="CSV of ads that people labelled."
)
@click.option(
    "--news", multiple=True, type=click.Path(path_type=Path, exists=True), help="Texts that are no ads."
)
@click.option(
    "--ads", multiple=True, type=click.Path(path_type=Path, exists=True), help="Texts that are all ads."
)
@click.option("--offence", type=click.Path(path_type=Path, exists=True), help="Labelled sentences.")
@click.option("--offence-train", type=click.Path(path_type=Path, exists=True), help="To learn from.")
@click.option("--topics", type=click.Path(path_type=Path, exists=True), help="A folder of news by topic.")
@click.option("--exports", type=click.Path(path_type=Path, exists=True), help="A folder of Telegram exports.")
@click.option("--variants", type=click.Path(path_type=Path, exists=True), help="Spellings of labels.")
@click.option("--curve", is_flag=True, help="Learn from fewer posts, too.")
@click.option("--copies", default=0, help="Measure speed on so many copies of the posts.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(
    labels: Path | None,
    news: tuple[Path, ...],
    ads: tuple[Path, ...],
    offence: Path | None,
    offence_train: Path | None,
    topics: Path | None,
    exports: Path | None,
    variants: Path | None,
    curve: bool,
    copies: int,
    as_json: bool,
) -> None:
    """Print how well labels are told."""
    posts = posts_of(exports)
    further: dict[str, list[tuple[str, bool]]] = {OFFENCE: [], "politics": []}
    if offence_train is not None:
        further[OFFENCE] = list(zip(*read_offence(offence_train), strict=True))
    if topics is not None and (topics / "train_50.tsv").is_file():
        further["politics"] = list(zip(*read_topics(topics / "train_50.tsv"), strict=True))
    taught = {tag: rows for tag, rows in further.items() if rows}
    recipe = LabelsRecipe()
    started = time.perf_counter()
    weak = weak_labels(posts, minimum_score=recipe.minimum_score)
    weak_seconds = time.perf_counter() - started
    ours, training_seconds = build(posts, weak, taught, recipe.training_texts)
    started = time.perf_counter()
    labelled = ours.label_posts(posts, weak.table)
    seconds = time.perf_counter() - started
    said = (
        as_post_labels(weak.table)
        .select(pl.when("is_ad").then(pl.col("vertical").fill_null(NONE)).otherwise(pl.lit("not_ad")))
        .to_series()
    )
    texts = posts.sort("channel_id", "message_id")["post"]
    drawn = np.random.default_rng(7).permutation(posts.height)[:BASELINE_POSTS]
    learnt = baseline().fit(texts.gather(drawn).to_list(), said.gather(drawn).to_list())
    systems = Systems(learnt, ours)
    result: dict[str, Rows] = {
        "posts": [
            {
                "posts": posts.height,
                "ads": f"{labelled['is_ad'].sum() / max(1, posts.height):.3f}",
                "by source": str(dict(labelled["source"].value_counts(sort=True).iter_rows())),
                "a second, weak labels": round(posts.height / weak_seconds),
                "a second, classifier": round(posts.height / seconds),
                "a second, both": round(posts.height / (weak_seconds + seconds)),
                "seconds of training": round(training_seconds, 1),
                "tagged profanity": f"{labelled['tags'].list.contains('profanity').sum() / max(1, posts.height):.4f}",
            }
        ]
    }
    if copies:
        result["speed"] = speed(posts, ours, copies)
    if variants is not None:
        spellings = pl.read_csv(variants, infer_schema=False)["raw_label"].to_list()
        unknown = [spelling for spelling in spellings if canonical(spelling) is None]
        result["spellings"] = [{"spellings": len(spellings), "unknown": len(unknown), "which": str(unknown)}]
    if labels is not None:
        result["labels"], result["confusions"] = judge_labels(labels, systems)
    if news:
        result["news"] = judge_alarms(news, systems, are_ads=False)
    if ads:
        result["ads"] = judge_alarms(ads, systems, are_ads=True)
    if offence is not None:
        result["offence"] = judge_tag(OFFENCE, *read_offence(offence), further[OFFENCE], systems)
        result["offence by class"] = offence_confusions(offence, systems)
    if topics is not None:
        result["politics"] = judge_tag(
            "politics", *read_topics(topics / "dev.tsv"), further["politics"], systems
        )
    if curve:
        result["curve"] = []
        for count in (500, 1000, 2000, 4000, 8000):
            smaller, took = build(posts, weak, taught, count)
            row: dict[str, object] = {"posts learnt from": count, "seconds": round(took, 1)}
            if labels is not None:
                row |= {
                    k: v
                    for k, v in judge_labels(labels, Systems(learnt, smaller))[0][2].items()
                    if "accuracy" in k
                }
            result["curve"].append(row)
        if offence is not None and taught.get(OFFENCE):
            result["curve of offence"] = offence_curve(posts, weak, taught, offence)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for title, rows in result.items():
        click.echo(f"\n{title}\n")
        if rows:
            click.echo("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
        for row in rows:
            click.echo("| " + " | ".join(str(value) for value in row.values()) + " |")


if __name__ == "__main__":
    main()
