"""IO managers only: how tables and artifacts are stored and loaded. No transformation.

Our own, because dagster-polars 0.27 reads Parquet with an argument that polars 2 removed.
"""

import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.schemas import TABLES
from adgen_pipeline.table_schema import TableSchema


class TableIOManager(dg.IOManager):
    """Tables as Parquet files; a fan-in of partitions arrives as one LazyFrame."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
        """Write the table of the asset."""
        partition = context.partition_key if context.has_partition_key else None
        self._store.write_table(_schema(context.asset_key), obj, partition)

    def load_input(self, context: dg.InputContext) -> pl.DataFrame | pl.LazyFrame:
        """The upstream table: lazy over all partitions or where the parameter is a LazyFrame, else eager."""
        schema = _schema(context.asset_key)
        if schema.folder is not None and not context.has_partition_key:
            return self._store.scan_partitions(schema)
        partition = None if schema.folder is None else context.asset_partition_key
        is_lazy = context.dagster_type.typing_type is pl.LazyFrame
        return (
            self._store.scan_table(schema, partition)
            if is_lazy
            else self._store.read_table(schema, partition)
        )


class ArtifactIOManager(dg.IOManager):
    """Artifacts as JSON pointers to immutable folders."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handle_output(self, context: dg.OutputContext, obj: Artifact) -> None:
        """Point the asset at its new folder."""
        assert (obj.stage, obj.name) == tuple(context.asset_key.path), context.asset_key
        self._store.point(obj)

    def load_input(self, context: dg.InputContext) -> Artifact:
        """The upstream artifact, its content compared with its digest."""
        stage, name = context.asset_key.path
        return self._store.artifact(stage, name).verify()


def _schema(key: dg.AssetKey) -> TableSchema:
    return TABLES["/".join(key.path)]
