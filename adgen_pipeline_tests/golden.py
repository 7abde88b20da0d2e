"""Golden files: what people see, kept as text that is reviewed like code.

`make golden` (`python -m adgen_pipeline_tests.golden`) writes them anew.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import dagster as dg

from adgen_pipeline.app.cli import adgen
from adgen_pipeline.app.publishing import EXAMPLE
from adgen_pipeline.corpus.chat import messages
from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.evaluation.catalogue import BY_NAME
from adgen_pipeline.evaluation.systems import TITLES
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.settings import Settings
from adgen_pipeline.training.licence import licence_of
from adgen_pipeline.training.model_card import Counts, Published, Score, model_card
from adgen_pipeline.training_recipe import TrainingRecipe
from adgen_pipeline_tests import data_page

FOLDER = Path(__file__).with_name("golden")
WIDTH = 96  # columns; a terminal's own width would make the files differ from machine to machine


def help_texts() -> dict[str, str]:
    """File name below help/ → help of each command, by the words that call it."""
    return {f"{name.replace(' ', '-')}.txt": _help(command, name) for name, command in commands()}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command and group of `adgen`, by the words that call it."""
    yield from _below("adgen", adgen)


def graph() -> str:
    """The asset graph, one line an asset: key ← upstream; partitions, checks, what starts it."""
    settings = Settings.from_environment(data=Path("unused"), recipe=Path("demo"))
    definitions = build_definitions(load_recipe(settings.recipe_path), settings)
    checks: dict[dg.AssetKey, list[str]] = {}
    for check in sorted(definitions.resolve_asset_graph().asset_check_keys):
        checks.setdefault(check.asset_key, []).append(check.name)
    lines = []
    for spec in sorted(definitions.resolve_all_asset_specs(), key=lambda spec: spec.key):
        upstream = " ".join(sorted("/".join(dep.asset_key.path) for dep in spec.deps))
        starts = (
            "by new data"
            if spec.automation_condition
            else "by people"
            if spec.kinds == {"file"}
            else "by hand"
        )
        parts = "a channel each" if spec.partitions_def else "whole"
        named = " ".join(checks.get(spec.key, [])) or "none"
        lines.append(
            f"{'/'.join(spec.key.path)} ← {upstream or 'nothing'}; {parts}; checks: {named}; {starts}"
        )
    return "\n".join(lines) + "\n"


def card() -> str:
    """The card of an invented model with two invented scores."""
    about = Published("me/amharic-ads", "0123456789ab", "d" * 64, licence_of("embedded"))
    scores = [
        Score(
            system,
            BY_NAME[metric].title,
            BY_NAME[metric].meaning,
            *values,
            40,
            BY_NAME[metric].is_share,
            is_better,
        )
        for metric, is_better, ours, base in (
            ("fact_recall", True, (0.9, 0.85, 0.95), (0.4, 0.3, 0.5)),
            ("bits_per_byte", False, (0.61, 0.6, 0.62), (0.93, 0.9, 0.96)),
        )
        for system, values in (("ours", ours), ("base", base))
    ]
    return model_card(
        about,
        recipe=TrainingRecipe(base_model="embedded"),
        facts={"steps": 120, "parameters": 170_000_000},
        learned_from=Counts(channels=3, messages=1_200),
        is_pretrained=False,
        pretrained_on=None,
        tables={"ads taken apart": 1_500},
        scores=scores,
        titles=TITLES,
        example=messages(EXAMPLE, ()),
    )


def write() -> list[Path]:
    """Write all golden files, remove those of commands that are gone; returns the paths written."""
    (FOLDER / "graph.txt").write_text(graph(), encoding="utf-8")
    (FOLDER / "model_card.txt").write_text(card(), encoding="utf-8")
    data_page.PATH.write_text(data_page.page(), encoding="utf-8")
    folder = FOLDER / "help"
    folder.mkdir(parents=True, exist_ok=True)
    texts = help_texts()
    for stale in {path.name for path in folder.glob("*.txt")} - set(texts):
        (folder / stale).unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(folder / name for name in texts)


def _below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for child, below in command.commands.items():
            yield from _below(f"{name} {child}", below)


def _help(command: click.Command, name: str) -> str:
    return (
        command.get_help(
            click.Context(command, info_name=name, terminal_width=WIDTH, **adgen.context_settings)
        )
        + "\n"
    )


if __name__ == "__main__":
    for path in write():
        sys.stdout.write(f"{path}\n")
