"""`adgen labels`: verticals, tags and is_ad of texts."""

import json

import click

from adgen_pipeline.app import terminal
from adgen_pipeline.errors import DataError


@click.group(cls=terminal.Group)
def labels() -> None:
    """Label posts: ten ad verticals, four tags, is it an ad."""


@labels.command(epilog=terminal.example("""echo '{"text": "አዲስ ስልክ በ20,000 ብር"}' | adgen labels predict"""))
@terminal.json_option
def predict(as_json: bool) -> None:
    """Label JSON lines {"text": …} on stdin; a JSON line for each on stdout.

    The answer is the same with --json: it exists so that every command takes it.
    """
    del as_json
    from adgen_pipeline.labels.rules import predict as label
    from adgen_pipeline.recipe import LabelsRecipe

    minimum_score = LabelsRecipe().minimum_score
    for number, line in enumerate(terminal.stdin_text(), 1):
        if line.strip():
            terminal.emit_json(label(_text(line, number), minimum_score=minimum_score), line=True)


def _text(line: str, number: int) -> str:
    """The text of a JSON line.

    Raises:
        DataError: the line is not {"text": …}.
    """
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(
            f'stdin line {number} is not JSON ({error}). Write {{"text": "…"}} on each line.'
        ) from error
    if not isinstance(values, dict) or not isinstance(values.get("text"), str):
        raise DataError(f'stdin line {number} has no "text" string. Write {{"text": "…"}} on each line.')
    return str(values["text"])
