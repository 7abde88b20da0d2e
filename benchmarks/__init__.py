"""Measurements as commands: `python -m benchmarks.NAME [--json] [paths]`."""

import json
from collections.abc import Mapping

import click


def show(figures: Mapping[str, object], *, as_json: bool) -> None:
    """Print figures as one JSON document, or as a Markdown table of names and values."""
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    click.echo("| figure | value |\n|---|---|")
    for name, value in figures.items():
        click.echo(f"| {name} | {value} |")
