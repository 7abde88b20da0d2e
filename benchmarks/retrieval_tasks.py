"""Texts to search and queries whose answers are known: of BEIR's files, of questions on passages, of ads' briefs."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.corpus import ads
from adgen_pipeline.embedding.parallel import read_parallel
from adgen_pipeline.index.queries import Key, brief_queries
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import ADS, DOCUMENTS, POST_LABELS, TEST_SPLITS
from adgen_pipeline.text.amharic import search_key
from benchmarks.briefs import tables
from benchmarks.paraphrases import in_english, paraphrased

Query = tuple[str, frozenset[Key]]


@dataclass(frozen=True)
class Task:
    """Texts to search, and queries with their answers.

    Attributes:
        documents: DOCUMENTS rows (those of the split train teach the encoder).
        labels: POST_LABELS rows.
        taken: ADS rows, for the encoder.
        translations: parallel files, for the encoder.
        teaching: queries that teach the weights.
        asked: queries that are measured.
        wordings: further sets of queries that are measured apart, by name.
    """

    name: str
    documents: pl.DataFrame
    labels: pl.DataFrame
    taken: pl.DataFrame
    translations: tuple[Path, ...]
    teaching: list[tuple[str, Key]]
    asked: list[Query]
    wordings: dict[str, list[Query]] = field(default_factory=dict)


def passages(name: str, texts: dict[str, str], queries: list[tuple[str, set[str]]], seed: int) -> Task:
    """A task of passages, half of whose queries teach."""
    number = {identifier: row for row, identifier in enumerate(sorted(texts))}
    documents = DOCUMENTS.frame(
        [
            {
                "channel_id": 1, "message_id": number[identifier], "channel_name": name, "date": None,
                "post": text, "text": text, "search_key": search_key(text), "language": "am",
                "ethiopic_share": 1.0, "words": len(text.split()), "cluster": f"1/{number[identifier]}",
                "duplicates_count": 0, "split": "train",
            }
            for identifier, text in sorted(texts.items())
        ]
    )  # fmt: skip
    asked = [
        (text, frozenset((1, number[answer]) for answer in answers)) for text, answers in sorted(queries)
    ]
    random.Random(seed).shuffle(asked)  # noqa: S311  (halves queries)
    half = len(asked) // 2
    teaching = [(text, min(answers)) for text, answers in asked[:half]]
    return Task(name, documents, POST_LABELS.empty(), ADS.empty(), (), teaching, asked[half:])


def beir(corpus: Path, queries: Path, qrels: Path, seed: int) -> Task:
    """A task of BEIR's files."""
    texts = {row["_id"]: f"{row.get('title') or ''}\n{row['text']}".strip() for row in _json_lines(corpus)}
    asked = {row["_id"]: row["text"] for row in _json_lines(queries)}
    answers: dict[str, set[str]] = {}
    for line in qrels.read_text("utf-8").splitlines()[1:]:
        query, text, grade = line.split("\t")
        if int(grade) > 0 and query in asked:
            answers.setdefault(query, set()).add(text)
    return passages(
        corpus.parent.name, texts, [(asked[query], found) for query, found in answers.items()], seed
    )


def questions(source: Path, seed: int) -> Task:
    """A task of questions on passages."""
    files = sorted(source.glob("*.json")) if source.is_dir() else [source]
    found: dict[str, set[str]] = {}
    for file in files:
        for article in json.loads(file.read_text("utf-8"))["data"]:
            paragraphs = article["paragraphs"]
            for paragraph in paragraphs if isinstance(paragraphs, list) else [paragraphs]:
                asked = [str(item["question"]).strip() for item in _objects(paragraph["qas"])]
                found.setdefault(paragraph["context"], set()).update(filter(None, asked))
    texts = {f"{row:05}": text for row, text in enumerate(sorted(found))}
    by_question: dict[str, set[str]] = {}
    for identifier, text in texts.items():
        for question in found[text]:
            by_question.setdefault(question, set()).add(identifier)
    return passages(source.stem, texts, list(by_question.items()), seed)


def briefs(
    data: Path | None, exports: Path | None, recipe: Recipe, taught: tuple[Path, ...], maximum: int, seed: int
) -> Task:
    """A task of held-out ads: the words of their briefs ask for them among all documents, as they are and reworded."""
    documents, labels = tables(data, exports, recipe)
    if exports is None and data is not None:
        taken = Store(data.resolve()).read_table(ADS)
    else:
        taken = ads.build(documents, labels, recipe=recipe.corpus)
    teaching = brief_queries(
        taken, splits=("validation",), maximum=recipe.index.weight_queries, seed=recipe.index.seed
    )
    asked = brief_queries(taken, splits=TEST_SPLITS, maximum=maximum, seed=seed)
    generator = random.Random(seed)  # noqa: S311  (chooses words)
    wordings = {
        "posts, paraphrased": [(paraphrased(words, generator), key) for words, key in asked],
        "posts, brief in English": [(in_english(words), key) for words, key in asked],
    }
    return Task(
        "posts", documents, labels, taken, taught, teaching,
        [(words, frozenset([key])) for words, key in asked],
        {
            name: [(words, frozenset([key])) for words, key in queries if words is not None]
            for name, queries in wordings.items()
        },
    )  # fmt: skip


def english(asked: Path, taught: tuple[Path, ...], seed: int) -> Task:
    """A task of English sentences, each of which asks for its translation among all Amharic ones."""
    pairs = read_parallel(asked)
    texts = {f"{row:05}": amharic for row, (_, amharic) in enumerate(pairs)}
    task = passages(asked.stem, texts, [(words, {f"{row:05}"}) for row, (words, _) in enumerate(pairs)], seed)
    return replace(task, translations=taught)


def _json_lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _objects(found: object) -> Iterator[dict[str, object]]:
    """All objects in lists of lists."""
    if isinstance(found, dict):
        yield found
    elif isinstance(found, list):
        for item in found:
            yield from _objects(item)
