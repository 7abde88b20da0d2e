"""What more Amharic pieces win and cost: pieces against tokens per word on unseen channels, and the time of a step.

python -m benchmarks.vocabulary --documents documents.parquet --tokenizer NAME=FOLDER … [--figure FILE] [--json]

Pieces are learned from all channels but the last ones, by id, and counted on those. A step trains a Llama of six
layers whole on the same posts, cut by each tokenizer: fewer tokens against a longer table.
"""

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import polars as pl
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.integrations.mistral.tokenizer import MistralConverter

from adgen_pipeline.figures import lines, png
from adgen_pipeline.recipe import TokenizerRecipe
from adgen_pipeline.text.fertility import ETHIOPIC_WORD
from adgen_pipeline.tokenizer.extend import extend, measure_gates
from adgen_pipeline.tokenizer.fertility import tokens_of_words
from adgen_pipeline.tokenizer.trim import prepare
from adgen_pipeline.training.base_models import resolve
from adgen_pipeline.training.published import with_fast_tokenizer
from benchmarks import show

SIZES = (0, 500, 1000, 2000, 4000, 8000, 16000)
MEASURED_POSTS, STEP_POSTS, STEPS = 1000, 8, 3
HIDDEN, LAYERS = 512, 6


def split(documents: pl.DataFrame, channels: int) -> tuple[list[str], list[str]]:
    """Posts to learn from, and those of the last channels by id."""
    unseen = documents["channel_id"].unique().sort().tail(channels).implode()
    posts = documents.sort("channel_id", "message_id")
    learned = posts.filter(~pl.col("channel_id").is_in(unseen))["post"].unique().sort()
    measured = posts.filter(pl.col("channel_id").is_in(unseen))["post"].unique().sort()
    return learned.to_list(), measured.sample(min(MEASURED_POSTS, len(measured)), seed=7).sort().to_list()


def tokenizer_folder(place: str, cache: Path) -> Path:
    """A folder with tokenizer.json: of a base model's name, or of a folder that need not have weights."""
    folder = Path(place).expanduser()
    if (folder / "tokenizer.json").is_file():
        return folder
    if (folder / "tekken.json").is_file():
        return _from_tekken(folder / "tekken.json", cache / "tekken")
    if (folder / "tokenizer.model").is_file():
        return with_fast_tokenizer(folder, cache)
    return resolve(place, "main", cache, report=lambda line: click.echo(line, err=True))


def _from_tekken(file: Path, target: Path) -> Path:
    """A folder with the tokenizer.json of Mistral's byte-level pieces; files of 2024 do not name their first tokens."""
    description = json.loads(file.read_text(encoding="utf-8"))
    first = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    named = [{"rank": rank, "token_str": name} for rank, name in enumerate(first.values())]
    target.mkdir(parents=True)
    complete = target / "tekken.json"
    complete.write_text(json.dumps({"special_tokens": named, **description}), encoding="utf-8")
    fast: Any = PreTrainedTokenizerFast
    tokenizer = MistralConverter(str(complete)).converted()
    made = fast(tokenizer_object=tokenizer, **first)
    complete.unlink()  # transformers would read this one
    made.save_pretrained(target)
    return target


def fertility(folder: Path, posts: Sequence[str]) -> dict[str, float]:
    """Tokens of a word: of every purely Ethiopic word where it stands, of the different ones, and of all words."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    running = [word for post in posts for word in ETHIOPIC_WORD.findall(post)]
    words = sorted(set(running))
    counts = dict(zip(words, tokens_of_words(tokenizer, words), strict=True))
    encoded = tokenizer(list(posts), add_special_tokens=False).input_ids
    return {
        "tokens_per_ethiopic_word": round(sum(counts[word] for word in running) / len(running), 3),
        "tokens_per_different_word": round(sum(counts.values()) / len(counts), 3),
        "tokens_per_word": round(sum(map(len, encoded)) / sum(len(post.split()) for post in posts), 3),
        "pieces": len(tokenizer),
    }


def seconds_of_a_step(folder: Path, posts: Sequence[str]) -> float:
    """Best time of a step that trains a small network whole on the same posts, in seconds."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=HIDDEN, intermediate_size=3 * HIDDEN, num_hidden_layers=LAYERS,
        num_attention_heads=8, tie_word_embeddings=True,
    )  # fmt: skip
    network: Any = LlamaForCausalLM(config)
    network.to(torch.bfloat16)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)
    ids = tokenizer(list(posts[:STEP_POSTS]), add_special_tokens=False).input_ids
    row = torch.tensor([[number for post in ids for number in post]])
    best = float("inf")
    for _ in range(STEPS):
        started = time.perf_counter()
        network(input_ids=row, labels=row).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        best = min(best, time.perf_counter() - started)
    return best


def curve(
    published: Path, learned: Sequence[str], measured: Sequence[str], folder: Path, sizes: Sequence[int]
) -> list[dict[str, object]]:
    """A row for each number of pieces; the first is the base's own tokenizer."""
    prepare(published, [], folder / "0", recipe=TokenizerRecipe(trim=False))
    words = sum(len(ETHIOPIC_WORD.findall(post)) for post in measured[:STEP_POSTS])
    rows: list[dict[str, object]] = []
    for size in sizes:
        made, problems = folder / str(size), 0
        if size:
            extend(folder / "0", learned, made, pieces=size)
            found: Any = measure_gates(folder / "0", made, measured)
            problems = len(found["problems"])
        seconds = seconds_of_a_step(made, measured)
        row = {"asked": size, **fertility(made, measured), "gates_failed": problems}
        rows.append(
            {**row, "step_seconds": round(seconds, 2), "ethiopic_words_per_second": round(words / seconds)}
        )
        click.echo(json.dumps(rows[-1]), err=True)
    return rows


@click.command()
@click.option(
    "--documents", type=click.Path(path_type=Path, exists=True), required=True, help="corpus/documents."
)
@click.option(
    "--tokenizer",
    "named",
    multiple=True,
    required=True,
    help="NAME=FOLDER with tokenizer.json, tokenizer.model or tekken.json; NAME=embedded.",
)
@click.option("--channels", default=2, show_default=True, help="Channels that nothing is learned from.")
@click.option(
    "--size", "sizes", multiple=True, type=int, default=SIZES, show_default=True, help="Pieces asked."
)
@click.option("--figure", type=click.Path(path_type=Path), help="A PNG of the curves.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(
    documents: Path,
    named: tuple[str, ...],
    channels: int,
    sizes: tuple[int, ...],
    figure: Path | None,
    as_json: bool,
) -> None:
    """Print what an extended vocabulary wins and costs."""
    learned, measured = split(pl.read_parquet(documents), channels)
    figures: dict[str, object] = {"posts_learned": len(learned), "posts_measured": len(measured)}
    series: dict[str, tuple[list[float], list[float]]] = {}
    with tempfile.TemporaryDirectory() as made:
        for one in named:
            name, _, place = one.partition("=")
            folder = Path(made) / name
            published = tokenizer_folder(place, folder / "cache")
            rows: list[Any] = curve(published, learned, measured, folder, sizes)
            figures[name] = rows
            series[name] = (
                [float(row["asked"]) for row in rows],
                [float(row["tokens_per_ethiopic_word"]) for row in rows],
            )
    if figure is not None:
        title = "Tokens of an Ethiopic word on unseen channels"
        figure.write_bytes(png(lines(series, title=title, x="Amharic pieces more", y="tokens a word")))
    show(figures, as_json=as_json)


if __name__ == "__main__":
    main()
