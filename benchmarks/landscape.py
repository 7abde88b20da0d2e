"""Base models at hand: licence, size, fertility, bits per byte, speed, memory and Amharic answers, on held-out posts.

python -m benchmarks.landscape [--documents FILE] [--candidate NAME]... [--load LOAD]... [--posts N] [--json]

Documents are `final/corpus/documents.parquet` of a run; without them a tiny random model reads the words of its own
tokenizer, which says whether all works, and nothing of Amharic. Models come from (and are converted into) the cache of
the data folder that `--data` names; results are kept there, too.
"""

import json
import sys
import tempfile
from pathlib import Path

import click
import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.schemas import DOCUMENTS
from adgen_pipeline.settings import quieten_libraries, switch_telemetry_off
from adgen_pipeline.training_recipe import TrainingRecipe

WORDS = ("አዲስ ጫማ ለወንዶች", "ዋጋ 1500 ብር", "ስልክ ይደውሉ", "ጥራት ያለው ልብስ", "መገናኛ አድራሻ", "ቦርሳ ለሴቶች")
SHOWN = {  # column → heading
    "name": "model",
    "load": "load",
    "licence": "licence",
    "parameters": "parameters",
    "tokens_per_ethiopic_word": "tokens an Ethiopic word",
    "tokens_per_word": "tokens a word of all",
    "bits_per_byte": "bits per byte",
    "forward_tokens_per_second": "tokens read/s",
    "generation_tokens_per_second": "tokens written/s",
    "generation_words_per_second": "words written/s",
    "weights_mib": "weights, MiB",
    "peak_mib": "peak, MiB",
}
ANSWER_CHARS = 90


@click.command()
@click.option(
    "--documents",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Table corpus/documents.",
)
@click.option(
    "--candidate", "candidates", multiple=True, help="As training.base_model names it; several times."
)
@click.option("--load", "loads", multiple=True, default=("full", "8bit", "4bit"), show_default=True)
@click.option(
    "--posts", default=200, show_default=True, help="Held-out posts, drawn from the validation split."
)
@click.option("--answer-tokens", default=64, show_default=True, help="Of each answer, at most.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder with a model cache."
)
@click.option("--gpus", default=0, show_default=True, help="0: on the CPU.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(
    documents: Path | None,
    candidates: tuple[str, ...],
    loads: tuple[str, ...],
    posts: int,
    answer_tokens: int,
    data: Path | None,
    gpus: int,
    as_json: bool,
) -> None:
    """Print the landscape of base models."""
    switch_telemetry_off()
    quieten_libraries()
    from adgen_pipeline.training.landscape.survey import survey  # noqa: PLC0415  (loads what was made quiet)

    table = invented() if documents is None else pl.read_parquet(documents)
    named = candidates or (("tiny-random",) if documents is None else ("embedded",))
    recipe = TrainingRecipe.model_validate(
        {
            "base_model": named[0],
            "precision": "bf16",
            "landscape": {
                "candidates": named, "loads": loads, "posts": posts, "answer_tokens": answer_tokens,
            },
        }
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as made:
        found, facts = survey(
            table,
            recipe,
            Store(data or Path(made)),
            gpus=gpus,
            report=lambda line: print(line, file=sys.stderr),
        )
    rows = found.to_dicts()
    if as_json:
        click.echo(json.dumps({**facts, "rows": rows}, ensure_ascii=False))
        return
    click.echo(f"{facts['posts']} held-out posts; {json.dumps(facts, ensure_ascii=False)}\n")
    click.echo("| " + " | ".join(SHOWN.values()) + " |\n|" + "---|" * len(SHOWN))
    for row in rows:
        click.echo("| " + " | ".join(_cell(row[name]) for name in SHOWN) + " |")
    click.echo(
        "\n| model | load | scenario | answer | Ethiopic share | different runs |\n|---|---|---|---|---|---|"
    )
    for row in rows:
        for answer in row["answers"] or ():
            text = " ".join(answer["text"].split())
            short = text if len(text) <= ANSWER_CHARS else text[: ANSWER_CHARS - 1] + "…"
            shares = f"{answer['ethiopic_share']:.2f} | {answer['different_runs_share']:.2f}"
            click.echo(
                f"| {row['name']} | {row['load']} | {answer['scenario']} | {_escaped(short)} | {shares} |"
            )
    for row in rows:
        if row["problem"]:
            click.echo(f"\n{row['candidate']}, {row['load']}: {row['problem']}")


def invented() -> pl.DataFrame:
    """Words that the tiny random model's tokenizer was made of, as held-out documents."""
    return DOCUMENTS.frame(
        [
            {"channel_id": 1, "message_id": number, "post": post, "split": "validation"}
            for number, post in enumerate(WORDS, start=1)
        ]
    )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else _escaped(str(value))


def _escaped(text: str) -> str:
    return text.replace("|", "∣").replace("<", "‹").replace(">", "›")


if __name__ == "__main__":
    main()
