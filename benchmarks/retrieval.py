"""Search against BM25 and TF-IDF on queries whose answers are known, all systems on the same queries in one run.

python -m benchmarks.retrieval --corpus FILE --queries FILE --qrels FILE    BEIR's files: passages, queries, answers
python -m benchmarks.retrieval --amqa FILE|FOLDER                           SQuAD-like JSON: question → its passage
python -m benchmarks.retrieval --exports DIR [--recipe NAME]                Telegram exports: words of a brief → post,
                                                                            as they are, paraphrased, and in English
python -m benchmarks.retrieval --parallel FILE --translations FILE …        English sentence → its translation
python -m benchmarks.retrieval --data DIR                                   the same of a folder that adgen run filled
    [--pairs N] [--maximum N] [--seed N] [--variant "NAME=VALUE …"]… [--json]

Ours is the real thing: the encoder is trained on the passages alone (no query), they are indexed by `index.building`
and asked for through `PostIndex`. Half of the queries (seeded) teach the weights of the parts; figures are of the other
half. With exports the splits do that: briefs of validation ads teach, those of the test split are asked.

BM25 (k1 1.2, b 0.75) is bm25s's, on words as written and on L2 words; TF-IDF is scikit-learn's. Intervals are 95 %
bootstraps over queries; differences are paired. The answer is the first of the ten hits that is relevant.
A variant is a further encoder with other values of the recipe's `embedding`; ours is compared with it system by system.
"""

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import log2
from pathlib import Path
from typing import get_args

import bm25s
import click
import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer

from adgen_pipeline import settings
from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.embedding.job import EncoderJob
from adgen_pipeline.embedding.run import train
from adgen_pipeline.embedding_recipe import EmbeddingRecipe
from adgen_pipeline.index.building import build, with_posts
from adgen_pipeline.index.queries import Key
from adgen_pipeline.index.search import PostIndex, System
from adgen_pipeline.recipe import Recipe, load_recipe
from adgen_pipeline.schemas import TEST_SPLITS
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.tracking import TrackedRun
from benchmarks.retrieval_tasks import Query, Task, beir, briefs, english, questions

CUTOFF = 10
RESAMPLES = 2000
MEASURES = ("ndcg", "mrr", "recall")
OURS = "ours"
TOLD = ("weights", "pairs", "steps", "held_out_pairs", "held_out_ndcg", "best_step")
WORD = re.compile(r"\w+")
RECIPES = Path(__file__).parents[1] / "recipes"

Ranked = list[list[Key]]


class Terminal:
    """Progress of the encoder's training."""

    def line(self, message: str) -> None:
        """One line."""
        click.echo(message, err=True)


def ours(task: Task, recipe: Recipe, folder: Path) -> tuple[dict[str, Ranked], dict[str, object]]:
    """Hits of the index by system, and what the index says of itself."""
    task.documents.write_parquet(folder / "documents.parquet")
    task.taken.write_parquet(folder / "ads.parquet")
    job = EncoderJob(
        documents=folder / "documents.parquet",
        ads=folder / "ads.parquet",
        parallel=task.translations,
        recipe=recipe.embedding,
        out=folder / "encoder",
    )
    trained = train(job, report=Terminal(), run=TrackedRun("", None))
    encoder = Encoder(job.out)
    facts = build(
        task.documents, task.labels, folder / "none", encoder, "encoder", folder / "index",
        recipe=recipe.index, queries=task.teaching,
    )  # fmt: skip
    with_posts(
        folder / "index",
        encoder,
        task.documents.filter(pl.col("split").is_in(list(TEST_SPLITS))),
        folder / "whole",
    )
    index = PostIndex(folder / "whole", encoder)
    ranked: dict[str, Ranked] = {}
    for system in get_args(System):
        ranked[system] = [
            [
                (hit.channel_id or 0, hit.message_id or 0)
                for hit in index.search(text, k=CUTOFF, system=system)
            ]
            for text, _ in task.asked
        ]
    del trained["curve"]
    return ranked, {"weights": facts["weights"], "weight_queries": facts["weight_queries"], **trained}


def variants(recipe: Recipe, texts: Sequence[str]) -> dict[str, Recipe]:
    """The recipe as ours, and with other values of its embedding section ("epochs=4 hard_negatives=true")."""
    found = {OURS: recipe}
    for text in texts:
        values = {
            name: json.loads(value) for name, _, value in (part.partition("=") for part in text.split())
        }
        embedding = EmbeddingRecipe(**{**recipe.embedding.model_dump(), **values})
        found[text] = recipe.model_copy(update={"embedding": embedding})
    return found


def others(task: Task) -> dict[str, Ranked]:
    """Hits of BM25 and TF-IDF."""
    keys = list(task.documents.select("channel_id", "message_id").iter_rows())
    texts = task.documents["post"].to_list()
    asked = [text for text, _ in task.asked]
    readings: dict[str, Callable[[str], list[str]]] = {
        "BM25, raw words": lambda text: WORD.findall(text.lower()),
        "BM25, L2 words": lambda text: WORD.findall(search_key(text).lower()),
    }
    ranked = {}
    for name, words in readings.items():
        engine = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
        engine.index([words(text) for text in texts], show_progress=False)
        known = engine.vocab_dict
        rows = []
        for text in asked:
            heard = [word for word in words(text) if word in known]
            scores = engine.get_scores(heard) if heard else np.zeros(len(texts))
            rows.append([keys[i] for i in np.argsort(-scores, kind="stable")[:CUTOFF]])
        ranked[name] = rows
    vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=WORD.pattern)
    matrix = vectorizer.fit_transform(texts)
    like = (vectorizer.transform(asked) @ matrix.T).toarray()  # (queries, texts)
    ranked["TF-IDF"] = [[keys[i] for i in np.argsort(-row, kind="stable")[:CUTOFF]] for row in like]
    return ranked


def measured(ranked: Ranked, asked: Sequence[Query]) -> np.ndarray:
    """nDCG, reciprocal rank and recall in the first ten of each query, (queries, 3)."""
    rows = []
    for hits, (_, answers) in zip(ranked, asked, strict=True):
        places = [place for place, key in enumerate(hits[:CUTOFF]) if key in answers]
        best = sum(1 / log2(place + 2) for place in range(min(CUTOFF, len(answers))))
        gain = sum(1 / log2(place + 2) for place in places) / best
        rows.append((gain, 1 / (places[0] + 1) if places else 0.0, float(bool(places))))
    return np.array(rows)


def report(task: Task, scores: dict[str, np.ndarray], seed: int) -> dict[str, object]:
    """Means with intervals a system, and the hybrid's lead over each with its paired interval."""
    draw = np.random.default_rng(seed)
    count = len(task.asked)
    resamples = draw.integers(0, count, (RESAMPLES, count))

    def interval(values: np.ndarray) -> dict[str, list[float]]:
        means = values[resamples].mean(axis=1)  # (resamples, measures)
        low, high = np.percentile(means, [2.5, 97.5], axis=0)
        return {
            name: [round(float(v[i]), 4) for v in (values.mean(axis=0), low, high)]
            for i, name in enumerate(MEASURES)
        }

    own = {name: scores[f"{OURS}, {_system(name)}"] for name in scores}
    return {
        "task": task.name,
        "texts": task.documents.height,
        "asked": count,
        "taught": len(task.teaching),
        "systems": {name: interval(values) for name, values in scores.items()},
        "lead": {
            name: interval(own[name] - values) for name, values in scores.items() if own[name] is not values
        },
    }


def _system(name: str) -> str:
    """Which of our systems another one is compared with: the same of a variant, for all others the hybrid."""
    variant, _, system = name.rpartition(", ")
    return system if system in get_args(System) and variant != OURS else "hybrid"


@click.command()
@click.option("--corpus", type=click.Path(path_type=Path, exists=True))
@click.option("--queries", type=click.Path(path_type=Path, exists=True))
@click.option("--qrels", type=click.Path(path_type=Path, exists=True))
@click.option("--amqa", type=click.Path(path_type=Path, exists=True))
@click.option("--exports", type=click.Path(path_type=Path, exists=True))
@click.option("--data", type=click.Path(path_type=Path, exists=True))
@click.option("--parallel", type=click.Path(path_type=Path, exists=True))
@click.option("--translations", type=click.Path(path_type=Path, exists=True), multiple=True)
@click.option("--recipe", "recipe_name", default="gemma-270m", show_default=True)
@click.option("--pairs", default=40_000, show_default=True, help="Training pairs of the encoder, at most.")
@click.option("--maximum", default=600, show_default=True, help="Queries asked, at most.")
@click.option("--seed", default=7, show_default=True)
@click.option("--variant", "others_of_ours", multiple=True, help='As "epochs=4 hard_negatives=true".')
@click.option("--json", "as_json", is_flag=True)
def main(
    corpus: Path | None,
    queries: Path | None,
    qrels: Path | None,
    amqa: Path | None,
    exports: Path | None,
    data: Path | None,
    parallel: Path | None,
    translations: tuple[Path, ...],
    recipe_name: str,
    pairs: int,
    maximum: int,
    seed: int,
    others_of_ours: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure each task that files are given for."""
    settings.switch_telemetry_off()
    recipe = load_recipe(RECIPES / f"{recipe_name}.yaml")
    embedding = EmbeddingRecipe(**{**recipe.embedding.model_dump(), "maximum_pairs": pairs})
    recipe = recipe.model_copy(update={"embedding": embedding})
    tasks = []
    if corpus and queries and qrels:
        tasks.append(beir(corpus, queries, qrels, seed))
    if amqa:
        tasks.append(questions(amqa, seed))
    if parallel:
        tasks.append(english(parallel, translations, seed))
    if exports or data:
        tasks.append(briefs(data, exports, recipe, translations, maximum, seed))
    for task in tasks:
        task.asked[maximum:] = []
        task.teaching[recipe.index.weight_queries :] = []
        sets = {task.name: task.asked, **task.wordings}
        together = replace(task, asked=[query for queries in sets.values() for query in queries])
        ranked, facts = {}, {}
        for name, variant in variants(recipe, others_of_ours).items():
            with tempfile.TemporaryDirectory() as folder:
                hits, facts[name] = ours(together, variant, Path(folder))
            ranked.update({f"{name}, {system}": found for system, found in hits.items()})
        ranked.update(others(together))
        scores = {name: measured(hits, together.asked) for name, hits in ranked.items()}
        first = 0
        for name, reworded in sets.items():
            own = {system: rows[first : first + len(reworded)] for system, rows in scores.items()}
            first += len(reworded)
            result = {**report(replace(task, name=name, asked=reworded), own, seed), "index": facts}
            if as_json:
                click.echo(json.dumps(result, ensure_ascii=False, default=str))
            else:
                show(result)


def show(result: dict[str, object]) -> None:
    """Print a task's table."""
    systems, lead, facts = result["systems"], result["lead"], result["index"]
    assert isinstance(systems, dict)
    assert isinstance(lead, dict)
    assert isinstance(facts, dict)
    click.echo(
        f"{result['task']}: {result['texts']} texts, {result['asked']} queries asked, {result['taught']} taught"
    )
    for name, known in facts.items():
        told = {key: known[key] for key in TOLD if key in known}
        click.echo(f"{name}: {told}")
    width = max(20, *(len(name) + 2 for name in systems))
    click.echo(
        f"{'':{width}}" + "".join(f"{name + '@10':>24}" for name in MEASURES) + f"{'ours leads (mrr)':>26}"
    )
    for name, cells in systems.items():
        line = "".join(f"{_cell(cells[measure]):>24}" for measure in MEASURES)
        click.echo(f"{name:{width}}{line}{_cell(lead[name]['mrr'], '+') if name in lead else '':>26}")


def _cell(values: Sequence[float], sign: str = "") -> str:
    mean, low, high = values
    return f"{mean:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


if __name__ == "__main__":
    main()
