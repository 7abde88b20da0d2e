"""`adgen telegram`: exports, without Dagster."""

from pathlib import Path
from typing import Any

import click

from adgen_pipeline.app import terminal


@click.group(cls=terminal.Group)
def telegram() -> None:
    """Read and clean Telegram exports; write sample ones."""


@telegram.command(epilog=terminal.example("adgen telegram clean data/raw out --json"))
@click.argument("raw", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@terminal.recipe_option
@terminal.json_option
def clean(raw: Path, out: Path, recipe: str | None, as_json: bool) -> None:
    """Clean the exports in RAW into OUT/parsed, OUT/cleaned and OUT/quarantine.

    One command at a time works on OUT: a second one says so and waits.
    """
    from adgen_pipeline.locks import exclusive
    from adgen_pipeline.recipe import TelegramRecipe, load_recipe
    from adgen_pipeline.settings import Settings
    from adgen_pipeline.telegram.folder import clean_folder

    section = (
        TelegramRecipe()
        if recipe is None
        else load_recipe(Settings.from_environment(recipe=Path(recipe)).recipe_path).telegram
    )
    with terminal.stdout_for_results(), exclusive(out, report=terminal.report):
        document: dict[str, Any] = clean_folder(raw, out, recipe=section, report=terminal.report)
    if as_json:
        terminal.emit_json(document)
        return
    kinds = ("read", "posts", "service", "unsupported", "quarantined")
    terminal.table(
        f"{out}: {document['megabytes']:.1f} MB in {document['seconds']:.1f} s",
        {"channel": "left", "name": "left", **dict.fromkeys(kinds, "right")},
        [
            [str(channel["channel_id"]), str(channel["name"]), *(f"{channel[kind]:,}" for kind in kinds)]
            for channel in document["channels"]
        ],
    )


@telegram.command(epilog=terminal.example("adgen telegram sample data"))
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--messages",
    metavar="N",
    default=1500,
    show_default=True,
    type=click.IntRange(min=50),
    help="Records to write.",
)
@click.option(
    "--seed", metavar="N", default=7, show_default=True, help="The same seed writes the same bytes."
)
def sample(folder: Path, messages: int, seed: int) -> None:
    """Write sample exports, briefs and an advertiser's document below DIR."""
    from adgen_pipeline.telegram.sample import write_sample

    paths = write_sample(folder, seed=seed, messages=messages)
    click.echo(f"{folder}: wrote {len(paths)} files (raw/, briefs/, advertisers/).")
