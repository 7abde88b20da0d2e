"""One file that holds a data folder and its databases, and a data folder made of it.

A tar file, not compressed (weights and Parquet do not shrink): the folder's files below data/, dumps of PostgreSQL
below postgresql/, and at the end manifest.json with the digest of each. SQLite files are copied by SQLite itself, so
servers may go on; commands that write to the folder wait.
"""

import hashlib
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import regex

from adgen_pipeline import databases
from adgen_pipeline.artifacts import file_digest, replacing
from adgen_pipeline.data_format import FILE as FORMAT
from adgen_pipeline.data_format import require_current
from adgen_pipeline.errors import DataError
from adgen_pipeline.locks import LOCK, exclusive
from adgen_pipeline.settings import Settings

MANIFEST = "manifest.json"
DATA, DUMPS = "data", "postgresql"
CHUNK = 1 << 20
# what a lock, a log, a temporary name or an open SQLite database leaves: nothing that a restored folder needs
_PASSING = regex.compile(
    r"\.lock|state/logs/.*|(?:.*/)?\.[^/]+\.[0-9a-f]{32}(?:/.*)?|.*\.(?:db|sqlite)-(?:wal|shm|journal)"
)


@dataclass(frozen=True)
class Backup:
    """What a backup holds.

    Attributes:
        files: number of files of the data folder.
        bytes_count: their size together.
        dumps: PostgreSQL databases in it: dagster, mlflow.
        left_out: what the settings name and a backup cannot hold, in words.
    """

    files: int
    bytes_count: int
    dumps: tuple[str, ...]
    left_out: tuple[str, ...]


def backup(settings: Settings, file: Path, *, report: Callable[[str], None]) -> Backup:
    """Write the data folder and its databases into one file, which appears whole or not at all.

    Raises:
        DataError: the folder is not there, or the file would stand in it.
        ResourceError: a database cannot be dumped.
    """
    root = settings.data
    if not root.is_dir():
        raise DataError(f"{root}: there is no such data folder. Name it with --data or ADGEN_DATA.")
    if file.resolve().is_relative_to(root):
        raise DataError(f"{file} would stand in the folder that it holds. Name a place outside {root}.")
    with exclusive(root, report=report), replacing(file.resolve()) as temporary, ExitStack() as stack:
        require_current(root, report=report)
        work = Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=file.resolve().parent, prefix=".backup-"))
        )
        digests: dict[str, str] = {}
        size = 0
        with tarfile.open(temporary, "w", format=tarfile.PAX_FORMAT, dereference=True) as archive:
            for path in _files(root):
                name = f"{DATA}/{path.relative_to(root).as_posix()}"
                digests[name] = _add(archive, path, name, work)
                size += path.stat().st_size
            dumps = _databases(settings)
            for database, url in dumps.items():
                report(f"Dumping the database of {database}")
                dump = work / database
                databases.dump_postgresql(url, dump, environment=settings.child_environment())
                digests[f"{DUMPS}/{database}"] = _add(archive, dump, f"{DUMPS}/{database}", work)
            manifest = work / MANIFEST
            manifest.write_text(json.dumps({"root": str(root), "digests": digests}, indent=1, sort_keys=True))
            archive.add(manifest, MANIFEST)
    files = len(digests) - len(dumps)
    return Backup(files, size, tuple(dumps), tuple(_left_out(settings)))


def restore(settings: Settings, file: Path, *, report: Callable[[str], None]) -> Backup:
    """Make the data folder, and PostgreSQL databases that the settings name, of a backup.

    Every file is compared with its digest before anything appears in the folder.

    Raises:
        DataError: the folder is not empty, or the file is no backup or is damaged.
        ResourceError: a database cannot be restored.
    """
    root = settings.data
    with exclusive(root, report=report), tempfile.TemporaryDirectory(dir=root, prefix=".restore-") as folder:
        standing = sorted(p.name for p in root.iterdir() if p.name not in {LOCK, Path(folder).name})
        if standing:
            raise DataError(
                f"{root} is not empty ({', '.join(standing[:5])} …). Name a new folder (--data), or move it away."
            )
        manifest = _unpack(file, Path(folder))
        dumps = {name.split("/")[1] for name in manifest["digests"] if name.startswith(f"{DUMPS}/")}
        urls = _databases(settings)
        if missing := sorted(dumps - set(urls)):
            raise DataError(
                f"{file} holds the PostgreSQL database of {', '.join(missing)}, and no such database is named. "
                "Set ADGEN_POSTGRES_URL (dagster) and MLFLOW_TRACKING_URI (mlflow)."
            )
        for database in sorted(dumps):
            report(f"Restoring the database of {database}")
            dump = Path(folder) / DUMPS / database
            databases.restore_postgresql(urls[database], dump, environment=settings.child_environment())
        data = Path(folder) / DATA
        _move_addresses(settings, data, manifest["root"], "mlflow" in dumps)
        size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
        for path in sorted(data.iterdir(), key=lambda p: p.name == FORMAT):  # the stamp is the last to appear
            path.rename(root / path.name)
    require_current(root, report=report)
    return Backup(
        len(manifest["digests"]) - len(dumps), size, tuple(sorted(dumps)), tuple(_left_out(settings))
    )


def _files(root: Path) -> Iterator[Path]:
    return (
        path
        for path in sorted(root.rglob("*"))
        if path.is_file() and not _PASSING.fullmatch(path.relative_to(root).as_posix())
    )


def _add(archive: tarfile.TarFile, path: Path, name: str, work: Path) -> str:
    """Put a file into the archive, a SQLite database by way of its own copy; returns the digest of what went in."""
    if path.suffix in databases.SQLITE_SUFFIXES:
        copy = work / "copy.db"
        copy.unlink(missing_ok=True)
        databases.copy_sqlite(path, copy)
        path = copy
    archive.add(path, name)
    return file_digest(path)


def _databases(settings: Settings) -> dict[str, str]:
    """PostgreSQL databases of the settings, by whose they are."""
    found = {} if settings.postgres_url is None else {"dagster": settings.postgres_url}
    if settings.tracking_uri.startswith("postgresql"):
        found["mlflow"] = settings.tracking_uri
    return found


def _left_out(settings: Settings) -> Iterator[str]:
    if not settings.is_tracking_database:
        yield f"MLflow's store at {settings.tracking_uri}: a server has it, and whoever runs that backs it up"


def _unpack(file: Path, folder: Path) -> Mapping[str, Any]:
    """Write a backup's files below a folder, each compared with its digest; returns the manifest.

    Raises:
        DataError: it is no backup, or damaged.
    """
    found: dict[str, str] = {}
    try:
        with tarfile.open(file, "r:") as archive:
            for member in archive:
                stream = archive.extractfile(member)
                parts = PurePosixPath(member.name)
                if stream is None or parts.is_absolute() or ".." in parts.parts:
                    raise DataError(
                        f"{file}: {member.name!r} has no place in a backup. Do not use this file."
                    )
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                found[member.name] = _write(stream, target)
    except (tarfile.TarError, OSError) as error:
        raise DataError(f"{file} is no backup, or not whole ({error}). Take another one.") from error
    if found.pop(MANIFEST, None) is None:
        raise DataError(f"{file}: {MANIFEST} is missing: no backup, or not whole. Take another one.")
    manifest: dict[str, dict[str, str]] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if damaged := sorted(
        n for n in {*found, *manifest["digests"]} if found.get(n) != manifest["digests"].get(n)
    ):
        raise DataError(
            f"{file} is damaged: {', '.join(damaged[:5])}. Nothing was restored; take another backup."
        )
    return manifest


def _write(stream: IO[bytes], target: Path) -> str:
    """Copy a stream to a file; returns the SHA-256 of it."""
    digest = hashlib.sha256()
    with target.open("wb") as out:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()


def _move_addresses(settings: Settings, data: Path, old_root: str, is_mlflow_dumped: bool) -> None:
    """MLflow writes down where its artifacts and models stand: the folder may have another name now."""
    old, new = Path(old_root).as_uri(), settings.data.as_uri()
    if old == new:
        return
    stores = [f"sqlite:///{path}" for path in (data / "state").glob("mlflow*.db")]
    if is_mlflow_dumped:
        stores.append(settings.tracking_uri)
    for url in stores:
        databases.replace_text(url, lambda value: value.replace(old, new), like=(old,))
