"""Asset checks: a schema check on every table, and predicates of the library that return a list of violations."""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.defs.partitions import channel
from adgen_pipeline.table_schema import TableSchema

SHOWN = 10  # violations in the check's metadata


def schema_check(schema: TableSchema) -> dg.AssetChecksDefinition:
    """A blocking check that a table has its declared columns, types, non-null values and unique keys."""
    return table_check(
        schema,
        "schema",
        schema.violations,
        f"Columns, types, nulls and the key of {schema.key} are as declared.",
        blocking=True,
        is_lazy=True,
    )


def table_check(
    schema: TableSchema,
    name: str,
    violations: Callable[[Any], Sequence[str]],
    description: str,
    *,
    blocking: bool,
    is_lazy: bool = False,
) -> dg.AssetChecksDefinition:
    """A check of one table by a predicate that lists what is wrong with it (of a LazyFrame where `is_lazy`)."""

    @dg.asset_check(
        asset=[schema.stage, schema.name],
        name=name,
        description=description,
        blocking=blocking,
        partitions_def=channel if schema.folder is not None else None,
    )
    def check(context: dg.AssetCheckExecutionContext, store: dg.ResourceParam[Store]) -> dg.AssetCheckResult:
        partition = context.partition_key if context.has_partition_key else None
        table = (store.scan_table if is_lazy else store.read_table)(schema, partition)
        return verdict(violations(table), blocking=blocking)

    return check


def artifact_check(
    key: tuple[str, str],
    name: str,
    violations: Callable[[Artifact], Sequence[str]],
    description: str,
    *,
    blocking: bool = True,
) -> dg.AssetChecksDefinition:
    """A check of one artifact's folder by a predicate that lists what is wrong with it."""

    @dg.asset_check(asset=list(key), name=name, description=description, blocking=blocking)
    def check(store: dg.ResourceParam[Store]) -> dg.AssetCheckResult:
        return verdict(violations(store.artifact(*key)), blocking=blocking)

    return check


def verdict(violations: Sequence[str], *, blocking: bool) -> dg.AssetCheckResult:
    """Passed if nothing is wrong; the first violations as evidence."""
    return dg.AssetCheckResult(
        passed=not violations,
        severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
        metadata={"violations_count": len(violations), "violations": list(violations[:SHOWN])},
    )
