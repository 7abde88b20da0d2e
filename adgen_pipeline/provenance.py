"""Which messages an artifact was made from: a table of ids beside each version's folder.

The folder itself is immutable and its digest names its content; the ids stand beside it, in
`<version>.sources.parquet`. Where they are missing (an artifact of an older release), nobody knows.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import Artifact, replacing

KEY = ("channel_id", "message_id")
SCHEMA = {"channel_id": pl.Int64, "message_id": pl.Int64, "split": pl.String}


def note(artifact: Artifact, table: pl.DataFrame | pl.LazyFrame, *, splits: Collection[str] = ()) -> None:
    """Write down that an artifact was made from the messages of a table.

    Args:
        table: with a message's key, perhaps a split, perhaps `exemplars` (messages quoted in a row).
        splits: only rows of these; none given: all.
    """
    rows = table.lazy()
    names = set(rows.collect_schema().names())
    split = pl.col("split") if "split" in names else pl.lit(None, pl.String).alias("split")
    if splits:
        rows = rows.filter(pl.col("split").is_in(list(splits)))
    parts = [rows.select(*KEY, split)]
    if "exemplars" in names:
        quoted = rows.select("exemplars", split).explode("exemplars", empty_as_null=False)
        parts.append(quoted.unnest("exemplars").select(*KEY, "split"))
    _write(artifact.path, pl.concat(parts).collect())


def hand_on(source: Artifact, artifact: Artifact, *, splits: Collection[str] = ()) -> None:
    """Write down that an artifact was made from what another one was made from, as far as that is known."""
    known = sources(source.path)
    if known is not None:
        chosen = known.filter(pl.col("split").is_in(list(splits))) if splits else known
        _write(artifact.path, chosen)


def hand_on_all(sources_of: Sequence[Artifact], artifact: Artifact) -> None:
    """Write down that an artifact was made from what some others were made from; unknown where one of them is."""
    known = [sources(source.path) for source in sources_of]
    tables = [table for table in known if table is not None]
    if len(tables) == len(known):
        _write(artifact.path, pl.concat(tables))


def unseen(table: pl.LazyFrame, version: Path, *, split: str) -> int:
    """Rows of a split whose message an artifact's folder was not made from; all where nobody wrote that down."""
    rows = table.filter(split=split).select(*KEY)
    known = sources(version)
    if known is not None:
        rows = rows.join(known.lazy().select(*KEY).unique(), on=list(KEY), how="anti")
    return int(rows.select(pl.len()).collect().item())


def sources(version: Path) -> pl.DataFrame | None:
    """Ids of the messages that an artifact's folder was made from; None where nobody wrote them down."""
    path = sources_path(version)
    return pl.read_parquet(path) if path.is_file() else None


def sources_path(version: Path) -> Path:
    """Where the ids of an artifact's folder stand."""
    return version.with_name(f"{version.name}.sources.parquet")


def _write(version: Path, keys: pl.DataFrame) -> None:
    with replacing(sources_path(version)) as temporary:
        keys.cast(pl.Schema(SCHEMA)).unique().sort(*SCHEMA).write_parquet(temporary, compression="zstd")
