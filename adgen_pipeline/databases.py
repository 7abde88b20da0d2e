"""Databases as files: copies of SQLite while others use it, dumps of PostgreSQL, and text changed in either.

Dagster's history and MLflow's store live in one or the other, as the settings say.
"""

import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from sqlalchemy import String, create_engine, inspect, text
from sqlalchemy.engine import Connection

from adgen_pipeline.errors import ResourceError

BUSY_SECONDS = 60.0
SQLITE_SUFFIXES = {".db", ".sqlite"}


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)


def dump_postgresql(url: str, target: Path, *, environment: Mapping[str, str]) -> None:
    """A PostgreSQL database as one file, in pg_dump's own format.

    Raises:
        ResourceError: pg_dump is not installed or failed.
    """
    _run(["pg_dump", "--format=custom", "--no-owner", f"--file={target}"], url, environment)


def restore_postgresql(url: str, source: Path, *, environment: Mapping[str, str]) -> None:
    """Put the content of such a file in the place of what a database holds.

    Raises:
        ResourceError: pg_restore is not installed or failed.
    """
    arguments = ["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", str(source)]
    _run(arguments, url, environment)


def answer(url: str) -> str:
    """The version of a PostgreSQL server, in its own words.

    Raises:
        ResourceError: it does not answer.
    """
    try:
        engine = create_engine(url, connect_args={"connect_timeout": 5})
        with engine.connect() as connection:
            version = str(connection.execute(text("SHOW server_version")).scalar_one())
        engine.dispose()
    except Exception as error:  # drivers have classes of their own, and none need be installed
        raise ResourceError(f"{without_password(url)} does not answer ({_first_line(error)}).") from error
    return version


def replace_text(url: str, change: Callable[[str], str | None], *, like: tuple[str, ...]) -> int:
    """Change values in all columns of text of a database; returns how many changed.

    Args:
        url: of SQLite or PostgreSQL, as SQLAlchemy writes it.
        change: the new value, or None to leave it.
        like: only values that contain one of these are looked at.
    """
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS} if url.startswith("sqlite") else {})
    try:
        with engine.begin() as connection:
            row = "rowid" if engine.dialect.name == "sqlite" else "ctid"
            return sum(
                _replace_column(connection, _quoted(table), _quoted(column["name"]), row, change, like)
                for table in inspect(connection).get_table_names()
                for column in inspect(connection).get_columns(table)
                if isinstance(column["type"], String)  # text is one too
            )
    finally:
        engine.dispose()


def without_password(url: str) -> str:
    """The address as it may be shown."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":…@", 1)))


def _replace_column(
    connection: Connection,
    table: str,
    column: str,
    row: str,
    change: Callable[[str], str | None],
    like: tuple[str, ...],
) -> int:
    """Rows are named by the database's own row number: not every table has a key."""
    wanted = " OR ".join(f"{column} LIKE :word{number}" for number in range(len(like)))
    query = text(f"SELECT {row}, {column} FROM {table} WHERE {wanted}")  # noqa: S608  (names from the schema)
    cast = "" if row == "rowid" else "CAST(:row AS tid)"
    update = text(f"UPDATE {table} SET {column} = :value WHERE {row} = {cast or ':row'}")  # noqa: S608
    changed = 0
    words = {f"word{number}": f"%{word}%" for number, word in enumerate(like)}
    for name, value in connection.execute(query, words).all():
        if (new := change(value)) is not None and new != value:
            connection.execute(update, {"value": new, "row": name})
            changed += 1
    return changed


def _run(arguments: list[str], url: str, environment: Mapping[str, str]) -> None:
    """Run a tool of PostgreSQL's on a database; the password goes by the environment, where `ps` does not show it."""
    parts = urlsplit(url)
    netloc = parts.netloc if parts.password is None else parts.netloc.replace(f":{parts.password}@", "@", 1)
    address = urlunsplit(("postgresql", netloc, parts.path, parts.query, ""))
    secret = {} if parts.password is None else {"PGPASSWORD": unquote(parts.password)}
    try:
        subprocess.run(
            [*arguments, f"--dbname={address}"],
            env={**environment, **secret},
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError as error:
        raise ResourceError(
            f"{arguments[0]} is not installed. Install PostgreSQL's client programs (Debian: postgresql-client)."
        ) from error
    except subprocess.CalledProcessError as error:
        raise ResourceError(
            f"{arguments[0]} on {without_password(url)} failed: {error.stderr.strip().splitlines()[-1:]}. "
            "Is the server up, of no newer version than the program, and may the user do that?"
        ) from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
