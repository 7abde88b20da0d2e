"""`adgen tokenizer`: what a text costs in tokens."""

from pathlib import Path

import click

from adgen_pipeline.app import terminal
from adgen_pipeline.errors import DataError


@click.group(cls=terminal.Group)
def tokenizer() -> None:
    """Tokens per word and bytes per token."""


@tokenizer.command(epilog=terminal.example("adgen tokenizer fertility posts.txt --json"))
@click.argument("file", type=click.Path(path_type=Path))
@terminal.recipe_option
@terminal.data_option
@terminal.json_option
def fertility(file: Path, recipe: str | None, data: Path | None, as_json: bool) -> None:
    """Measure the tokenizers of the last run on FILE, a text a line."""
    from adgen_pipeline.app.tokenizers import published_and_adapted
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.recipe import load_recipe
    from adgen_pipeline.settings import Settings
    from adgen_pipeline.tokenizer.fertility import measure

    if not file.is_file():
        raise DataError(f"{file}: no such file. Name a UTF-8 text file with a text on each line.")
    texts = [line for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if not texts:
        raise DataError(f"{file}: no text in it. Name a UTF-8 text file with a text on each line.")
    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    with terminal.stdout_for_results():
        tokenizers = published_and_adapted(
            Store(settings.data), load_recipe(settings.recipe_path), report=terminal.report
        )
        measured = measure(tokenizers, {file.name: texts}).to_dicts()
    if as_json:
        terminal.emit_json({"fertility": measured})
        return
    terminal.table(
        f"{file.name}: {len(texts):,} lines",
        {
            "tokenizer": "left",
            **dict.fromkeys(("pieces", "words", "tokens", "tokens a word", "bytes a token"), "right"),
        },
        [
            [
                row["tokenizer"],
                f"{row['vocabulary_size']:,}",
                f"{row['words_count']:,}",
                f"{row['tokens_count']:,}",
                f"{row['tokens_per_word']:.2f}",
                f"{row['bytes_per_token']:.2f}",
            ]
            for row in measured
        ],
    )
