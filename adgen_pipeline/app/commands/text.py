"""`adgen text`: a line on stdin, a line on stdout."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

import click

from adgen_pipeline.app import terminal


@click.group(cls=terminal.Group)
def text() -> None:
    """Amharic text: normalise, clean, find facts, tell the language. A line in, a line out."""


@text.command(epilog=terminal.example("echo 'ሠላም ዓለም' | adgen text normalise"))
@terminal.json_option
def normalise(as_json: bool) -> None:
    """Unify homophone letters (level L1) of each line on stdin."""
    from adgen_pipeline.text.amharic import normalise as unify

    _each_line(lambda line: {"text": unify(line)}, as_json=as_json)


@text.command(epilog=terminal.example("adgen text clean --json < posts.txt"))
@terminal.json_option
def clean(as_json: bool) -> None:
    """Clean each line on stdin: entities and symbols taken out, homophones unified."""
    from adgen_pipeline.telegram.posts import clean_text

    _each_line(clean_text, as_json=as_json)


@text.command(epilog=terminal.example("echo 'ዋጋ 1,500 ብር' | adgen text facts --json"))
@terminal.json_option
def facts(as_json: bool) -> None:
    """Find phones, prices, dates, links … in each line on stdin."""
    from adgen_pipeline.text.facts import find_facts, to_json

    for line in _lines():
        found = find_facts(line)
        if as_json:
            terminal.emit_json(to_json(found), line=True)
        else:
            click.echo("\t".join(f"{fact.kind}={fact.text}" for fact in found))


@text.command(epilog=terminal.example("echo 'selam, waga 500 birr' | adgen text language --json"))
@terminal.json_option
def language(as_json: bool) -> None:
    """Tell each line's language on stdin, and with --json what speaks for it."""
    from adgen_pipeline.text.language import evidence

    _each_line(lambda line: asdict(evidence(line)), shown="language", as_json=as_json)


def _each_line(answer: Callable[[str], dict[str, object]], *, shown: str = "text", as_json: bool) -> None:
    """Print the answer to each line: what it is asked for, or all of it as JSON."""
    for line in _lines():
        found = answer(line)
        if as_json:
            terminal.emit_json(found, line=True)
        else:
            click.echo(found[shown])


def _lines() -> Iterator[str]:
    return (line.rstrip("\r\n") for line in terminal.stdin_text())
