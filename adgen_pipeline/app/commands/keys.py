"""`adgen keys`: who may use the API."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adgen_pipeline.app import terminal

if TYPE_CHECKING:  # `adgen --help` must not load what keys need
    from adgen_pipeline.app.keys import Keyring, Role

# As `keys.ROLES`, which would take `adgen --help` half a second to import; a test compares the two.
ROLES = ("manager", "bot", "reviewer", "engineer")


@click.group(cls=terminal.Group)
def keys() -> None:
    """API keys: add, list, revoke.

    Once there is a key the API asks every client for one. A running server notices at once.
    """


@keys.command(epilog=terminal.example("adgen keys add ad-bot --role bot"))
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="manager",
    show_default=True,
    help="Kept with the feedback that comes with this key, in the place of a name.",
)
@terminal.data_option
def add(name: str, role: "Role", data: Path | None) -> None:
    """Make a key and print it.

    It is printed once and kept as a digest. Clients send it in the header X-API-Key; the page reads ADGEN_API_KEY.
    """
    click.echo(_keyring(data).add(name, role=role))
    terminal.report(f"This is the only time that the key of {name} is shown.")


@keys.command(name="list", epilog=terminal.example("adgen keys list --json"))
@terminal.data_option
@terminal.json_option
def list_(data: Path | None, as_json: bool) -> None:
    """List the keys: names and roles, since when and until when."""
    found = _keyring(data).keys()
    if as_json:
        shown = ("name", "role", "added", "revoked")
        terminal.emit_json({"keys": [{name: getattr(key, name) for name in shown} for key in found]})
        return
    terminal.table(
        f"{len(found)} keys",
        {"name": "left", "role": "left", "added": "left", "revoked": "left"},
        [[key.name, key.role, key.added, key.revoked or ""] for key in found],
    )


@keys.command(epilog=terminal.example("adgen keys revoke ad-bot"))
@click.argument("name")
@terminal.data_option
def revoke(name: str, data: Path | None) -> None:
    """Take a key's rights away, at once."""
    _keyring(data).revoke(name)
    terminal.report(f"The key of {name} opens nothing any more.")


def _keyring(data: Path | None) -> "Keyring":
    from adgen_pipeline.app.keys import Keyring
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.settings import Settings

    return Keyring.of(Store(Settings.from_environment(data=data).data))
