"""The index folder: one LanceDB table of posts and advertisers' documents, a forward index, frequencies and a manifest.

A folder is built under a temporary name and renamed; nothing writes to it afterwards. Lance names its files by random
ids and so the same input does not give the same bytes: an index is identified by the digest of its inputs, which the
manifest holds.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path

import lancedb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from lancedb.index import FTS, Bitmap, BTree, IvfSq

from adgen_pipeline.artifacts import write_json
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.index import forward as forward_index
from adgen_pipeline.index.forward import ForwardIndex
from adgen_pipeline.index.ranking import Frequencies
from adgen_pipeline.index.versions import MANIFEST

TABLE = "posts"
LAYOUT = 2  # of the folder; one with another is built anew
# A row's id is its number in the order of writing, whatever is compacted: the forward index's place.
STABLE_ROW_IDS = {"new_table_enable_stable_row_ids": "true"}
RERANKER = "reranker"  # folder of the model, if there is one

# Stems are split by spaces alone already; every switch is named, because the defaults are made for English.
FULL_TEXT = FTS(
    base_tokenizer="simple",
    lower_case=True,
    stem=False,
    remove_stop_words=False,
    ascii_folding=False,
    with_position=False,
    max_token_length=256,  # bytes, of which an Ethiopic letter takes three
)
SCALARS: dict[str, BTree | Bitmap] = {
    "date": BTree(),
    "channel_id": Bitmap(),
    "advertiser": Bitmap(),
    "kind": Bitmap(),
    "vertical": Bitmap(),
    "language": Bitmap(),
    "is_ad": Bitmap(),
}
Block = tuple[
    pl.DataFrame, np.ndarray
]  # rows with content and keys (`index.rows`); their vectors, (rows, dimensions)
BLOCK_ROWS = 10_000  # about 40 MB of a table with vectors
ROWS_PER_PARTITION = 512  # of the approximate index: rows that one probe compares
# A byte an element, which an addition has to write again: candidates are compared exactly by the forward index. The
# size of partitions and not their number: otherwise an addition joins them to a few large ones.
PARTITIONED = IvfSq(distance_type="cosine", target_partition_size=ROWS_PER_PARTITION)


@dataclass(frozen=True)
class Reranking:
    """What the manifest says of an index's re-ranker.

    Attributes:
        source: where it came from: a hub id, or the digest of a folder.
        digest: of its files in the index folder.
        candidates: first hits that it reads.
        seconds: after which it reads no further ones.
        maximum_tokens: of a query and a text together; the text is cut.
        weights: of the fused score and of its own, both standardised over the candidates.
        weight_queries: validation queries that the weights were learned from; 0 if recipe or default gave them.
    """

    source: str
    digest: str
    candidates: int
    seconds: float
    maximum_tokens: int
    weights: Mapping[str, float]
    weight_queries: int = 0


@dataclass(frozen=True)
class Manifest:
    """What an index holds and what it was built from.

    Attributes:
        layout: version of the folder's files.
        encoder_digest: digest of the encoder that made the vectors; queries must be encoded by the same.
        digest: of all inputs: rows, documents, encoder, recipe.
        held_out: splits that are not in the index.
        flat: whether search compares all vectors (exact) or an approximate index does.
        trained_rows: rows that the approximate index was learned from; 0 if flat.
        weights: of the parts of a score (`ranking.PARTS`).
        weight_queries: validation queries that the weights were learned from; 0 if the recipe or the default gave them.
        weight_rows: rows of the index that they were learned on.
        weight_source: digest of the queries that were to teach them; empty for none.
        recency, recency_days, diversity: as the recipe says.
        reranker: what reads the first hits once more; None for nothing.
    """

    layout: int
    encoder_digest: str
    digest: str
    dimensions: int
    posts_count: int
    documents_count: int
    held_out: tuple[str, ...]
    flat: bool
    trained_rows: int
    weights: Mapping[str, float]
    weight_queries: int
    recency: float
    recency_days: int
    diversity: float
    weight_rows: int = 0
    weight_source: str = ""
    reranker: Reranking | None = None

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """The manifest of an index folder.

        Raises:
            ArtifactError: there is none, or a version of this program wrote it that asks for a new build.
        """
        file = path / MANIFEST
        if not file.is_file():
            raise ArtifactError(f"{path}: not an index ({MANIFEST} is missing). Materialise index/posts.")
        values = json.loads(file.read_text(encoding="utf-8"))
        try:
            reranker = Reranking(**values["reranker"]) if values.get("reranker") else None
            read = cls(**{**values, "held_out": tuple(values["held_out"]), "reranker": reranker})
            if read.layout != LAYOUT:
                raise ValueError(f"layout {read.layout}, not {LAYOUT}")
        except (TypeError, KeyError, ValueError) as error:
            raise ArtifactError(
                f"{file}: written by another version of adgen ({error}). Materialise index/posts again."
            ) from error
        return read

    def write(self, path: Path) -> None:
        """Write it into an index folder."""
        write_json(path / MANIFEST, self.as_dict())

    def as_dict(self) -> dict[str, object]:
        """It as JSON values."""
        return asdict(self)


def write_rows(folder: Path, blocks: Iterable[Block], *, flat: bool) -> None:
    """Write a LanceDB table with its indices, and the frequencies, into an empty folder.

    Args:
        folder: empty.
        blocks: at least one; each is written before the next is asked for.

    Raises:
        ArtifactError: LanceDB took fewer rows than it was given.
    """
    known = Frequencies.of(pl.Series([], dtype=pl.String))

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal known
        for rows, vectors in chain([first], others):
            known = known.plus(Frequencies.of(rows["search_key"]))
            forward.add(rows, vectors)
            yield from _arrow(rows, vectors).to_batches()

    others = iter(blocks)
    first = next(others)
    with forward_index.Writer(folder) as forward:
        reader = pa.RecordBatchReader.from_batches(_arrow(*first).schema, counted())
        stored = lancedb.connect(folder, storage_options=STABLE_ROW_IDS).create_table(TABLE, reader)
    stored.create_index("search_key", config=FULL_TEXT)
    for column, config in SCALARS.items():
        stored.create_index(column, config=config)
    if not flat:
        stored.create_index("vector", config=PARTITIONED)
    known.write(folder)
    _check(folder, stored, known.texts)


def add_rows(folder: Path, rows: pl.DataFrame, vectors: np.ndarray) -> None:
    """Put rows with new keys into an index folder; then compact it and drop the table's old versions.

    Args:
        folder: of an index that nobody else reads or writes.
        rows: with content and keys.
        vectors: (rows, dimensions).

    Raises:
        ArtifactError: the table holds more or fewer rows than it must, or a key twice.
    """
    if not rows.height:
        return
    stored = lancedb.connect(folder).open_table(TABLE)
    before = stored.count_rows()
    stored.add(_arrow(rows, vectors).select(stored.schema.names))
    stored.optimize(cleanup_older_than=timedelta(milliseconds=1))
    with forward_index.Writer(folder) as forward:
        forward.add(rows, vectors)
    forward_index.merge_small(folder)
    Frequencies.read(folder).plus(Frequencies.of(rows["search_key"])).write(folder)
    _check(folder, stored, before + rows.height)


def read_rows(path: Path, columns: list[str]) -> pl.DataFrame:
    """Columns of all rows of an index folder."""
    table = pl.from_arrow(lancedb.connect(path).open_table(TABLE).search().select(columns).to_arrow())
    assert isinstance(table, pl.DataFrame)
    return table


def row_ids(path: Path, keys: Collection[str]) -> dict[str, int]:
    """Row ids of those keys that an index folder holds."""
    rows = lancedb.connect(path).open_table(TABLE).search().select(["key"]).with_row_id(True).to_arrow()
    found = rows.filter(pc.is_in(rows["key"], pa.array(keys, pa.string())))
    return dict(zip(found["key"].to_pylist(), found["_rowid"].to_pylist(), strict=True))


def read_with_vectors(path: Path, columns: list[str]) -> tuple[pl.DataFrame, np.ndarray]:
    """Columns of all rows of an index folder, and their vectors, (rows, dimensions)."""
    rows = lancedb.connect(path).open_table(TABLE).search().select([*columns, "vector"]).to_arrow()
    table = pl.from_arrow(rows.drop_columns(["vector"]))
    assert isinstance(table, pl.DataFrame)
    return table, vectors_of(rows["vector"])


def vectors_of(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """A column of vectors as one array, (rows, dimensions); as Python lists they would take most of the time."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.asarray(whole.flatten(), dtype=np.float32).reshape(len(column), -1)


def problems(path: Path) -> list[str]:
    """What is wrong with an index folder, in words; empty when it is sound.

    Keys are unique, row counts are the manifest's, no post of a held-out split is in it, and every row has a vector
    of finite numbers and a key for full text.
    """
    manifest = Manifest.read(path)
    table = lancedb.connect(path).open_table(TABLE)
    frames, without_vector, not_finite = [], 0, 0
    for batch in table.search().select(["key", "split", "search_key", "vector"]).to_batches(BLOCK_ROWS):
        found = pl.from_arrow(batch.drop_columns(["vector"]))
        assert isinstance(found, pl.DataFrame)
        frames.append(found.with_columns(pl.col("search_key").is_null().alias("no_key")).drop("search_key"))
        without_vector += batch["vector"].null_count
        not_finite += int((~np.isfinite(np.asarray(batch["vector"].flatten()))).sum())
    frame = pl.concat(frames)
    expected = manifest.posts_count + manifest.documents_count
    counts = {
        "rows more or fewer than the manifest says": abs(frame.height - expected),
        "keys stand twice": frame.height - frame["key"].n_unique(),
        "posts are of a held-out split": frame.filter(pl.col("split").is_in(manifest.held_out)).height,
        "rows have no full-text key": int(frame["no_key"].sum()),
        "rows have no vector": without_vector,
        "vector elements are not finite": not_finite,
        "texts more or fewer in the frequencies": abs(frame.height - Frequencies.read(path).texts),
    }
    return [f"{path.name}: {count} {what}" for what, count in counts.items() if count]


def _check(folder: Path, stored: lancedb.table.Table, expected: int) -> None:
    """Raise unless the table holds the rows that it must, no key twice, each at its place of the forward index."""
    found = stored.search().select(["key", "content"]).with_row_id(True).to_arrow().sort_by("_rowid")
    if len(found) != expected or len(found["key"].unique()) != expected:
        raise ArtifactError(
            f"the index holds {len(found)} rows with {len(found['key'].unique())} keys where {expected} are expected. "
            "Materialise index/posts again."
        )
    contents = ForwardIndex(folder).contents
    if not (
        np.array_equal(found["_rowid"].to_numpy(), np.arange(expected, dtype=np.uint64))
        and np.array_equal(found["content"].to_numpy(), contents)
    ):
        raise ArtifactError(
            f"the rows of {TABLE} are not those of the forward index. Materialise index/posts again."
        )


def _arrow(rows: pl.DataFrame, vectors: np.ndarray) -> pa.Table:
    """The rows with their vectors, in the types that LanceDB can index: fixed-size lists, strings below 2 GiB."""
    table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    fields = [f.with_type(pa.string()) if pa.types.is_large_string(f.type) else f for f in table.schema]
    flat = pa.array(vectors.reshape(-1), pa.float32())
    column = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    return table.cast(pa.schema(fields)).append_column("vector", column)
