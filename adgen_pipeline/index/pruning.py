"""An index without what is forgotten: written anew from the rows that stay, so that no file holds the others."""

from dataclasses import replace
from pathlib import Path

import lancedb
import numpy as np
import polars as pl

from adgen_pipeline.artifacts import link_files, replacing, values_digest
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.index.filters import POST
from adgen_pipeline.index.store import RERANKER, TABLE, Manifest, write_rows

KEY = ["channel_id", "message_id"]


def forgotten_keys(path: Path, forgotten: Forgotten) -> list[str]:
    """Keys of an index folder's rows that are forgotten, sorted."""
    rows = lancedb.connect(path).open_table(TABLE).search().select(["key", "advertiser", *KEY]).to_arrow()
    table = pl.from_arrow(rows)
    assert isinstance(table, pl.DataFrame)
    gone = table.filter(
        pl.col("channel_id").is_in(list(forgotten.channels)).fill_null(value=False)
        | pl.col("advertiser").is_in(list(forgotten.advertisers)).fill_null(value=False)
    )
    single = table.join(forgotten.messages, on=KEY, how="semi")
    return sorted({*gone["key"], *single["key"]})


def prune(path: Path, keys: list[str], out: Path) -> dict[str, object]:
    """Write an index folder with all rows of another but those of some keys; returns its manifest as a dict."""
    rows = lancedb.connect(path).open_table(TABLE).search().to_arrow()
    table = pl.from_arrow(rows.drop_columns(["vector"]))
    assert isinstance(table, pl.DataFrame)
    stays = ~table["key"].is_in(keys)
    vectors = np.asarray(rows["vector"].combine_chunks().flatten()).reshape(table.height, -1)
    kept = table.filter(stays)
    manifest = Manifest.read(path)
    posts_count = kept.filter(kind=POST).height
    changed = replace(
        manifest,
        digest=values_digest(manifest.digest, keys),
        trained_rows=0 if manifest.flat else kept.height,
        posts_count=posts_count,
        documents_count=kept.height - posts_count,
    )
    with replacing(out) as folder:
        folder.mkdir()
        write_rows(folder, [(kept, vectors[stays.to_numpy()])], flat=manifest.flat)
        if changed.reranker is not None:
            link_files(path / RERANKER, folder / RERANKER)
        changed.write(folder)
    return changed.as_dict()
