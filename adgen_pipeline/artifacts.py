"""Where tables and artifacts live below the data folder, and how they are written and read.

A table is a Parquet file, written to a temporary name and renamed: the same rows give the same bytes. An artifact
is an immutable folder that is addressed by a small JSON pointer naming its version and digest; downstream reads
the pointer it was built from, never "the newest folder".
"""

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from adgen_pipeline.errors import ArtifactError, DataError
from adgen_pipeline.locks import temporary_path, writing
from adgen_pipeline.table_schema import TableSchema

FORBIDDEN_SUFFIXES = {".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib"}  # safetensors only


@dataclass(frozen=True)
class Artifact:
    """An immutable folder, and the digest of what it holds.

    Attributes:
        stage: the stage that made it.
        name: what it is: tokenizer, base, adapter, model, encoder …
        version: its folder's name, the first 12 digits of the digest of its inputs.
        path: the folder, absolute.
        digest: SHA-256 over names and bytes of its files.
    """

    stage: str
    name: str
    version: str
    path: Path
    digest: str

    def verify(self) -> "Artifact":
        """This artifact, after comparing its files with the digest.

        Raises:
            ArtifactError: the folder is gone or its content changed.
        """
        if not self.path.is_dir():
            raise ArtifactError(
                f"{self.path}: the folder of {self.stage}/{self.name} is gone. Materialise that asset again."
            )
        found = folder_digest(self.path)
        if found != self.digest:
            raise ArtifactError(
                f"{self.path}: the content has the digest {found[:12]}, the pointer says {self.digest[:12]}. "
                f"Materialise {self.stage}/{self.name} again."
            )
        return self


@dataclass(frozen=True)
class Store:
    """The data folder: the one place that knows where a table, an artifact or a report stands."""

    root: Path

    @property
    def raw(self) -> Path:
        """Exports as they come; never written to by the pipeline."""
        return self.root / "raw"

    @property
    def briefs(self) -> Path:
        """Campaign briefs."""
        return self.root / "briefs"

    @property
    def policy(self) -> Path:
        """Clients' own advertising rules."""
        return self.root / "policy"

    @property
    def advertisers(self) -> Path:
        """One folder an advertiser, with that advertiser's documents."""
        return self.root / "advertisers"

    @property
    def annotations(self) -> Path:
        """Files with answers of annotators."""
        return self.root / "annotations"

    @property
    def labelled(self) -> Path:
        """Files of further labelled texts."""
        return self.root / "labelled"

    @property
    def corpora(self) -> Path:
        """Files of further corpora for pre-training."""
        return self.root / "corpora"

    @property
    def quarantine(self) -> Path:
        """What could not be read, one JSON-lines file a channel."""
        return self.root / "quarantine"

    @property
    def index(self) -> Path:
        """LanceDB."""
        return self.root / "index"

    def table_path(self, schema: TableSchema, partition: str | None = None) -> Path:
        """Where a table stands: parsed/, cleaned/ or final/<stage>/."""
        if schema.folder is not None:
            if partition is None:
                raise DataError(f"{schema.key} is partitioned by channel: name the channel.")
            return self.root / schema.folder / f"{partition}.parquet"
        return self.root / "final" / schema.stage / f"{schema.name}.parquet"

    def write_table(self, schema: TableSchema, table: pl.DataFrame, partition: str | None = None) -> Path:
        """Write a table, conformed to its schema and sorted by its key; returns the path.

        Raises:
            DataError: a column is missing or has the wrong type.
        """
        path = self.table_path(schema, partition)
        conformed = schema.conform(table)
        with replacing(path) as temporary:
            conformed.write_parquet(temporary, compression="zstd", statistics=True, row_group_size=100_000)
        return path

    @contextmanager
    def table_in_blocks(
        self, schema: TableSchema, partition: str | None = None
    ) -> Iterator[Callable[[pl.DataFrame], None]]:
        """A function that writes a table block by block, each a row group; at the end the table stands.

        Blocks conform to the schema and ascend by its key. The table may be larger than memory.
        """
        path = self.table_path(schema, partition)
        types = _arrow(schema.empty()).schema
        with (
            replacing(path) as temporary,
            pq.ParquetWriter(temporary, types, compression="zstd", compression_level=1) as writer,
        ):
            yield lambda block: writer.write_table(_arrow(block), row_group_size=max(1, block.height))

    def write_blocks(
        self, schema: TableSchema, blocks: Iterable[pl.DataFrame], partition: str | None = None
    ) -> None:
        """Write a table that comes in blocks, as `table_in_blocks` asks for them."""
        with self.table_in_blocks(schema, partition) as write:
            for block in blocks:
                write(block)

    def read_table(self, schema: TableSchema, partition: str | None = None) -> pl.DataFrame:
        """A table as written.

        Raises:
            ArtifactError: it was not made yet.
        """
        return pl.read_parquet(self._existing(schema, partition))

    def scan_table(self, schema: TableSchema, partition: str | None = None) -> pl.LazyFrame:
        """A table of which only the columns and rows that are used get read.

        Raises:
            ArtifactError: it was not made yet.
        """
        return pl.scan_parquet(self._existing(schema, partition))

    def scan_partitions(self, schema: TableSchema) -> pl.LazyFrame:
        """All partitions of a channel-partitioned table as one lazy frame, in the order of their keys."""
        assert schema.folder is not None
        paths = sorted((self.root / schema.folder).glob("*.parquet"))
        if not paths:
            return schema.empty().lazy()
        return pl.concat([pl.scan_parquet(path) for path in paths])

    def _existing(self, schema: TableSchema, partition: str | None) -> Path:
        path = self.table_path(schema, partition)
        if not path.is_file():
            raise ArtifactError(
                f"{path}: {schema.key} was not made yet. Run `adgen run --select {schema.key}`."
            )
        return path

    def version_path(self, stage: str, name: str, version: str) -> Path:
        """Folder of an artifact version (which may not be there yet)."""
        return self.root / "models" / stage / name / version

    def job_path(self, stage: str, name: str, version: str) -> Path:
        """The job file of a heavy job; its result and checkpoints stand beside it."""
        return self.root / "jobs" / f"{stage}-{name}-{version}" / "job.json"

    def pointer_path(self, stage: str, name: str) -> Path:
        """The JSON pointer of an artifact."""
        return self.root / "models" / stage / f"{name}.json"

    def make(
        self,
        stage: str,
        name: str,
        inputs: Sequence[object],
        build: Callable[[Path], Mapping[str, object] | None],
        *,
        folder: Path | None = None,
    ) -> tuple[Artifact, dict[str, object]]:
        """An artifact whose version is named by its inputs, built unless that version stands already.

        Args:
            inputs: JSON-able values that decide the content: digests, recipe values, a code version.
            build: writes the folder's files and returns facts about them, kept as `info.json`; None: none.
            folder: parent of the version folders; by default models/<stage>/<name>/.

        Returns:
            The artifact and the facts.
        """
        version = values_digest(stage, name, *inputs)
        path = self.version_path(stage, name, version) if folder is None else folder / version
        if not path.is_dir():
            with replacing(path) as temporary:
                temporary.mkdir()
                write_json(temporary / "info.json", dict(build(temporary) or {}))
        artifact = self.publish(stage, name, path)
        return artifact, json.loads((path / "info.json").read_text(encoding="utf-8"))

    def publish(self, stage: str, name: str, path: Path) -> Artifact:
        """Point `stage/name` at a finished folder.

        Raises:
            ArtifactError: the folder is missing or holds a format that can run code when loaded.
        """
        if not path.is_dir():
            raise ArtifactError(f"{path}: there is no finished folder of {stage}/{name} to publish.")
        unsafe = sorted(f.name for f in path.rglob("*") if f.suffix in FORBIDDEN_SUFFIXES)
        if unsafe:
            raise ArtifactError(f"{path}: {', '.join(unsafe)} may run code when loaded. Save as safetensors.")
        artifact = Artifact(stage, name, path.name, path.resolve(), folder_digest(path))
        self.point(artifact)
        return artifact

    def point(self, artifact: Artifact) -> None:
        """Write the pointer of an artifact (publishing, or rolling back to an older folder)."""
        relative = artifact.path.relative_to(self.root.resolve())
        write_json(
            self.pointer_path(artifact.stage, artifact.name), {**asdict(artifact), "path": str(relative)}
        )

    def artifact(self, stage: str, name: str) -> Artifact:
        """The artifact that the pointer of `stage/name` names.

        Raises:
            ArtifactError: it was not made yet.
        """
        pointer = self.pointer_path(stage, name)
        if not pointer.is_file():
            raise ArtifactError(f"{pointer}: {stage}/{name} was not made yet. Run `adgen run` first.")
        values = json.loads(pointer.read_text(encoding="utf-8"))
        return Artifact(**{**values, "path": self.root.resolve() / values["path"]})

    def report(self, version: str) -> Path:
        """Folder of a report version."""
        return self.root / "reports" / version


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, moved onto it at the end and removed on failure.

    A process that is killed leaves the old file or folder as it was, or none; never a part of one.
    """
    with writing(path.parent):
        temporary = temporary_path(path)
        try:
            yield temporary
            if temporary.is_dir() and path.is_dir():
                old = path.rename(temporary_path(path))
                temporary.rename(path)
                shutil.rmtree(old)
            else:
                temporary.replace(path)
        finally:
            if temporary.is_dir():
                shutil.rmtree(temporary)
            else:
                temporary.unlink(missing_ok=True)


def link_files(source: Path, target: Path) -> None:
    """Give `target` the files of `source`: hard links where the file system allows, copies elsewhere."""
    for file in sorted(f for f in source.rglob("*") if f.is_file()):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.hardlink_to(file.resolve())
        except OSError:  # another file system
            shutil.copy2(file, place)


def write_json(path: Path, values: object) -> None:
    """Write JSON (sorted keys, UTF-8) to a temporary name and rename."""
    with replacing(path) as temporary:
        temporary.write_text(
            json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n",
            encoding="utf-8",
        )


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_digest(path: Path) -> str:
    """SHA-256 over the relative names and bytes of a folder's files, hidden ones left out; empty if missing."""
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        relative = file.relative_to(path)
        if any(part.startswith(".") for part in relative.parts):
            continue
        digest.update(str(relative).encode() + b"\0" + file_digest(file).encode() + b"\n")
    return digest.hexdigest()


def _arrow(table: pl.DataFrame) -> pa.Table:
    return table.to_arrow(compat_level=pl.CompatLevel.oldest())


def table_digest(table: pl.DataFrame) -> str:
    """First 32 hex digits of the SHA-256 of a table's Parquet bytes."""
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="uncompressed", statistics=False)
    return hashlib.sha256(buffer.getvalue()).hexdigest()[:32]


def values_digest(*values: object) -> str:
    """First 12 hex digits of the SHA-256 of JSON-able values: names a version by its inputs."""
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
