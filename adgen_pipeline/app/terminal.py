"""What every command shares: options, where output goes, and how an error becomes one sentence.

Results go to stdout, everything else to stderr: with `--json` stdout holds the document and nothing else, even if a
library prints.
"""

import json
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

import click

INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on stdout and nothing else."
)
data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Data folder; ADGEN_DATA, or ./data, if not given.",
)
recipe_option = click.option(
    "--recipe",
    metavar="R",
    help="Recipe file, or the name of one in recipes/; ADGEN_RECIPE, or demo, if not given.",
)


class Group(click.Group):
    """A group of commands that keeps the order in which they were added and ends quietly on Ctrl-C."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of adding, which is the order of use."""
        del ctx
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C prints one line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None


def example(*lines: str) -> str:
    """A command's epilog: one or more example lines, kept as they are."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def report(message: str) -> None:
    """Print a line of progress on stderr."""
    click.echo(message, err=True)


@contextmanager
def stdout_for_results() -> Iterator[None]:
    """Send whatever a library prints to stderr, so that stdout holds results only."""
    with redirect_stdout(sys.stderr):
        yield


def emit_json(document: object, *, line: bool = False) -> None:
    """Print a JSON document on stdout: indented, or as one line."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=None if line else 1, default=str))


def stdin_text() -> TextIO:
    """Stdin as UTF-8, whatever the locale says; what is not UTF-8 becomes U+FFFD."""
    stream = sys.stdin
    assert isinstance(stream, TextIOWrapper)
    stream.reconfigure(encoding="utf-8", errors="replace")
    return stream


def log_to_stderr(verbose: bool) -> None:
    """Show the package's log lines (warnings only, unless verbose) on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("adgen_pipeline")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO if verbose else logging.WARNING)
    if not verbose:
        # What libraries say to those who develop with them, not to those who run this.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.filterwarnings("ignore", module=r"dagster\b")


def table(title: str, columns: Mapping[str, str], rows: list[list[str]]) -> None:
    """Print a table on stdout; cells are plain text, never markup.

    Args:
        title: above the table.
        columns: heading → "left" or "right".
        rows: cells in the order of the columns.
    """
    from rich.console import Console  # noqa: PLC0415  (--help needs no table)
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    click.echo(title)
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading, side in columns.items():
        drawn.add_column(heading, justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # a file or a pipe has no width of its own
    console.print(drawn)
