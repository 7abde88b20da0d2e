"""Labels against people's: verticals, is_ad, false alarms on news, tags; the rules and a plain baseline side by side.

python -m benchmarks.labels [--labels FILE] [--news FILE …] [--ads FILE …] [--offence DEV [--offence-train TRAIN]]
                            [--topics DIR] [--exports DIR] [--variants FILE] [--json]

--labels: CSV with `text` and a label as people typed it (`label` or `Human_Label`). --news, --ads: texts of which
none, or each, is an ad: a text a line, a .csv or .tsv with `text`, or a .json list of objects with `text`. --offence:
lines `__label__normal|offensive|hate<tab>text`. --topics: a folder with dev.tsv and train_50.tsv (`category`,
`headline`, `text`). --exports: shop channels, whose posts teach the baseline and should hold no profanity; without it
the sample generator's channels do. --variants: CSV with `raw_label`, spellings that must map to a label.

The baseline is TF-IDF of words with logistic regression. For verticals it learns what the rules say of the exports,
as no other labels exist there; for offence and topics it and the classifier learn from the training files. Intervals
are 95 % bootstraps; speeds are of one process.
"""

import json
import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from adgen_pipeline.labels.aliases import canonical
from adgen_pipeline.labels.classifier import train as learn
from adgen_pipeline.labels.rules import label_posts, predict
from adgen_pipeline.labels.taxonomy import VERTICALS
from adgen_pipeline.recipe import LabelsRecipe, TelegramRecipe
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline.telegram.sample import write_sample

logger = logging.getLogger(__name__)

RESAMPLES = 1000
MINIMUM_CLASS = 4  # ads: macro-F1 counts the classes that have so many
BASELINE_POSTS = 6000
STRENGTH = 8.0  # of the classifier: the inverse of its regularisation
NONE = "none"  # an ad of no vertical
Rows = list[dict[str, object]]
Judge = Callable[[np.ndarray, np.ndarray], float]


def interval(figure: Judge, wanted: Sequence[object], found: Sequence[object]) -> str:
    """A figure with its 95 % bootstrap interval over the texts."""
    gold, given = np.array(wanted), np.array(found)
    draw = np.random.default_rng(7)
    drawn = [
        figure(gold[rows], given[rows])
        for rows in (draw.integers(0, len(gold), len(gold)) for _ in range(RESAMPLES))
    ]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return f"{figure(gold, given):.3f} ({low:.3f}–{high:.3f})"


def accuracy(wanted: np.ndarray, found: np.ndarray) -> float:
    """Share of equal ones."""
    return float((wanted == found).mean())


def f1_of(label: object) -> Judge:
    """F1 of one label."""

    def f1(wanted: np.ndarray, found: np.ndarray) -> float:
        both = float(((wanted == label) & (found == label)).sum())
        either = float((wanted == label).sum() + (found == label).sum())
        return 2 * both / either if either else float("nan")

    return f1


def macro_f1(labels: Sequence[object]) -> Judge:
    """Mean F1 of labels; those that a resample lacks are left out."""
    judges = [f1_of(label) for label in labels]

    def macro(wanted: np.ndarray, found: np.ndarray) -> float:
        scores = [judge(wanted, found) for judge in judges]
        return float(np.nanmean(scores)) if not np.isnan(scores).all() else float("nan")

    return macro


def baseline() -> Pipeline:
    """TF-IDF of words with logistic regression."""
    return make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))


def by_rules(text: str) -> dict[str, object]:
    """The rules' answer, at the recipe's threshold."""
    return predict(text, minimum_score=LabelsRecipe().minimum_score)


def of_ad(text: str) -> str:
    """`none` for an ad without a vertical, `not_ad` for no ad."""
    found = by_rules(text)
    return str(found["vertical"] or NONE) if found["is_ad"] else "not_ad"


def read_texts(path: Path) -> list[str]:
    """Texts of a file."""
    if path.suffix == ".json":
        texts = [str(item.get("text") or "") for item in json.loads(path.read_text("utf-8"))]
    elif path.suffix in {".csv", ".tsv"}:
        separator = "\t" if path.suffix == ".tsv" else ","
        quote = None if path.suffix == ".tsv" else '"'
        table = pl.read_csv(path, separator=separator, quote_char=quote, infer_schema=False)
        texts = table["text"].drop_nulls().to_list()
    else:
        texts = path.read_text("utf-8").splitlines()
    return [text for text in texts if text.strip()]


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


def judge_labels(path: Path, learnt: Pipeline) -> tuple[Rows, Rows]:
    """Figures on ads that people labelled, and the confusions of the rules."""
    table = pl.read_csv(path, infer_schema=False)
    column = "label" if "label" in table.columns else "Human_Label"
    typed, texts = table[column].to_list(), table["text"].to_list()
    named = [canonical(label or "") for label in typed]
    wanted = [label if label in VERTICALS else NONE for label in named]
    inside = [place for place, label in enumerate(named) if label in VERTICALS]
    common = sorted({label for label in wanted if wanted.count(label) >= MINIMUM_CLASS})
    answers = {"rules": [of_ad(text) for text in texts], "TF-IDF + LR": list(learnt.predict(texts))}
    figures: Rows = []
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
    pairs = zip(wanted, answers["rules"], strict=True)
    wrong = [f"{label} → {found}" for label, found in pairs if label != found]
    return figures, [{"confusion": pair, "ads": wrong.count(pair)} for pair in sorted(set(wrong))]


def judge_alarms(paths: Sequence[Path], learnt: Pipeline, *, are_ads: bool) -> Rows:
    """How many texts are taken for ads, a row a file."""
    rows: Rows = []
    for path in paths:
        texts = read_texts(path)
        found = [of_ad(text) for text in texts]
        row: dict[str, object] = {"file": path.name, "texts": len(texts)}
        for system, answer in (("rules", found), ("TF-IDF + LR", list(learnt.predict(texts)))):
            row[f"taken for ads, {system}"] = interval(
                accuracy, [True] * len(texts), [label != "not_ad" for label in answer]
            )
        if are_ads:
            row["verticals by the rules"] = str({label: found.count(label) for label in sorted(set(found))})
        rows.append(row)
    return rows


def judge_tag(
    tag: str, texts: Sequence[str], wanted: Sequence[bool], train: tuple[list[str], list[bool]] | None
) -> Rows:
    """Figures of a tag's rules, and of the baseline where there are texts to learn from."""
    answers = {"rules": [tag in str(by_rules(text)["tags"]) for text in texts]}
    if train is not None:
        answers["TF-IDF + LR"] = [bool(label) for label in baseline().fit(*train).predict(texts)]
        taught, given = train
        ours = learn(taught, np.array(given)[:, None], [tag], clusters=range(len(taught)), strength=STRENGTH)
        answers["classifier"] = (ours.probabilities(texts)[:, 0] >= ours.threshold[0]).tolist()
    return [
        {
            "system": system,
            "texts": len(texts),
            "of the tag": sum(wanted),
            "macro-F1": interval(macro_f1([True, False]), wanted, found),
            "F1": interval(f1_of(True), wanted, found),
            "recall": f"{sum(a and b for a, b in zip(wanted, found, strict=True)) / max(1, sum(wanted)):.3f}",
        }
        for system, found in answers.items()
    ]


def read_offence(path: Path) -> tuple[list[str], list[bool]]:
    """Texts, and whether each is offensive or hateful."""
    lines = [line.partition("\t") for line in path.read_text("utf-8").splitlines() if "\t" in line]
    return [text for _, _, text in lines], [label != "__label__normal" for label, _, _ in lines]


def read_topics(path: Path) -> tuple[list[str], list[bool]]:
    """Articles, and whether each is on politics."""
    table = pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)
    texts = table.select(pl.concat_str("headline", "text", separator="\n", ignore_nulls=True)).to_series()
    return texts.to_list(), (table["category"] == "politics").to_list()


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
    as_json: bool,
) -> None:
    """Print how well labels are told."""
    posts = posts_of(exports)
    started = time.process_time()
    labelled = label_posts(posts, minimum_score=LabelsRecipe().minimum_score)
    rules_seconds = time.process_time() - started
    said = labelled.select(
        pl.when("is_ad").then(pl.col("vertical").fill_null(NONE)).otherwise(pl.lit("not_ad"))
    ).to_series()
    drawn = np.random.default_rng(7).permutation(posts.height)[:BASELINE_POSTS]
    learnt = baseline().fit(posts["post"].gather(drawn).to_list(), said.gather(drawn).to_list())
    sample = posts["post"].head(BASELINE_POSTS).to_list()
    kinds = sorted(set(said))
    targets = np.array([[label == kind for kind in kinds] for label in said.head(BASELINE_POSTS)])
    classifier = learn(sample, targets, kinds, clusters=range(len(sample)), strength=STRENGTH)
    started = time.process_time()
    classifier.probabilities(sample)
    classifier_seconds = time.process_time() - started
    profane = labelled["tags"].list.contains("profanity")
    result: dict[str, Rows] = {
        "posts": [
            {
                "posts": posts.height,
                "ads": f"{(said != 'not_ad').sum() / max(1, posts.height):.3f}",
                "a second, rules": round(posts.height / rules_seconds),
                f"a second, classifier of {len(kinds)} labels": round(len(sample) / classifier_seconds),
                "tagged profanity": f"{profane.sum() / max(1, posts.height):.4f}",
            }
        ]
    }
    if variants is not None:
        spellings = pl.read_csv(variants, infer_schema=False)["raw_label"].to_list()
        unknown = [spelling for spelling in spellings if canonical(spelling) is None]
        result["spellings"] = [{"spellings": len(spellings), "unknown": len(unknown), "which": str(unknown)}]
    if labels is not None:
        result["labels"], result["confusions"] = judge_labels(labels, learnt)
    if news:
        result["news"] = judge_alarms(news, learnt, are_ads=False)
    if ads:
        result["ads"] = judge_alarms(ads, learnt, are_ads=True)
    if offence is not None:
        train = read_offence(offence_train) if offence_train else None
        result["offence"] = judge_tag("profanity", *read_offence(offence), train)
    if topics is not None:
        few = topics / "train_50.tsv"
        train = read_topics(few) if few.is_file() else None
        result["politics"] = judge_tag("politics", *read_topics(topics / "dev.tsv"), train)
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
