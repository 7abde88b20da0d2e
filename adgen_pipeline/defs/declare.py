"""How an asset is declared: one place for its group, kinds, owner, column schema and automation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from adgen_pipeline.defs.automation import on_new_data
from adgen_pipeline.defs.metadata import column_schema
from adgen_pipeline.defs.partitions import channel
from adgen_pipeline.table_schema import TableSchema

TEAMS = {
    "telegram": "team:data",
    "labels": "team:data",
    "corpus": "team:data",
    "tokenizer": "team:models",
    "training": "team:models",
    "embedding": "team:models",
    "index": "team:app",
    "generation": "team:app",
    "evaluation": "team:models",
}
GPU_POOL = "gpu"
# On a cluster a heavy step goes to a worker that was started for such steps: with Dask's or Ray's resource of this
# name, or on Celery's queue of it.
HEAVY_STEP = {
    "dagster-dask/resource_requirements": {GPU_POOL: 1},
    "dagster-ray/config": {"resources": {GPU_POOL: 1}},
    "dagster-celery/queue": GPU_POOL,
}
ALSO_READS = "recipe_sections"  # metadata: other sections of the recipe, or parts, that an asset reads
ASKED_BY = "asked_by"  # metadata: the recipe key, or keys, without which an asset is not made
_BY_CHANNEL = {
    "telegram/messages",
    "telegram/posts",
    "corpus/fingerprints",
}  # assets with a partition a channel
STANDS_FOR = "stands_for"  # metadata: the asset in whose place all others then read it


def table_asset(
    schema: TableSchema,
    *,
    version: str,
    ins: Mapping[str, str] | None = None,
    deps: Sequence[Sequence[str]] = (),
    kinds: Sequence[str] = ("polars", "parquet"),
    also_reads: Sequence[str] = (),
    is_heavy: bool = False,
    is_automatic: bool = True,
    asked_by: str | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorator: an asset that is a table.

    Args:
        version: bumped by hand when the result changes for the same inputs and recipe.
        ins: parameter name → upstream asset key with a slash.
        deps: upstream assets that are not loaded as parameters.
        also_reads: recipe sections, or parts such as training.landscape, beside its stage's section, whose change
            makes it stale.
        is_heavy: runs in the GPU pool and never starts by itself.
        is_automatic: follows changed data by itself; if not, it belongs to a training and is made with it.
        asked_by: recipe key, such as labels.groups: the asset is part of the graph where it is set.
    """
    optional = {ALSO_READS: list(also_reads) or None, ASKED_BY: asked_by}
    return dg.asset(
        key=[schema.stage, schema.name],
        group_name=schema.stage,
        description=f"{schema.row[0].upper()}{schema.row[1:]}.",
        io_manager_key="tables",
        kinds=set(kinds),
        owners=[TEAMS[schema.stage]],
        code_version=version,
        metadata=column_schema(schema) | {key: value for key, value in optional.items() if value is not None},
        tags=_tags(is_heavy),
        partitions_def=channel if schema.folder is not None else None,
        ins=_ins(ins, fans_in=schema.folder is None),
        deps=[dg.AssetKey(list(key)) for key in deps],
        automation_condition=on_new_data if is_automatic and not is_heavy else None,
        pool=GPU_POOL if is_heavy else None,
        op_tags=HEAVY_STEP if is_heavy else None,
    )


def artifact_asset(
    stage: str,
    name: str,
    description: str,
    *,
    version: str,
    kinds: Sequence[str],
    ins: Mapping[str, str] | None = None,
    deps: Sequence[Sequence[str]] = (),
    is_heavy: bool = False,
    is_automatic: bool = True,
    also_reads: Sequence[str] = (),
    asked_by: str | None = None,
    stands_for: str | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorator: an asset that is an immutable folder behind a pointer.

    Args:
        is_automatic: follows changed data by itself; if not, it belongs to a training and is made with it. A model
            that was merged anew whenever the tokenizer changed would be of an adapter that was trained on another one.
        also_reads: as of `table_asset`.
        asked_by: recipe key, such as tokenizer.extend_pieces: the asset is part of the graph where it is set.
        stands_for: the asset whose readers then read this one.
    """
    metadata = {ALSO_READS: list(also_reads) or None, ASKED_BY: asked_by, STANDS_FOR: stands_for}
    return dg.asset(
        key=[stage, name],
        group_name=stage,
        description=description,
        io_manager_key="artifacts",
        kinds=set(kinds),
        owners=[TEAMS[stage]],
        code_version=version,
        metadata={key: value for key, value in metadata.items() if value is not None},
        tags=_tags(is_heavy),
        ins=_ins(ins, fans_in=True),
        deps=[dg.AssetKey(list(key)) for key in deps],
        automation_condition=on_new_data if is_automatic and not is_heavy else None,
        pool=GPU_POOL if is_heavy else None,
        op_tags=HEAVY_STEP if is_heavy else None,
    )


def source_spec(
    stage: str, name: str, description: str, *, is_partitioned: bool = False, asked_by: str | None = None
) -> dg.AssetSpec:
    """Files that people drop into the data folder: an external asset whose version is their digest."""
    return dg.AssetSpec(
        key=[stage, name],
        group_name=stage,
        description=description,
        owners=[TEAMS[stage]],
        kinds={"file"},
        metadata={} if asked_by is None else {ASKED_BY: asked_by},
        partitions_def=channel if is_partitioned else None,
    )


def _ins(ins: Mapping[str, str] | None, *, fans_in: bool) -> dict[str, dg.AssetIn]:
    return {
        parameter: dg.AssetIn(
            key=key.split("/"),
            partition_mapping=dg.AllPartitionMapping() if fans_in and key in _BY_CHANNEL else None,
        )
        for parameter, key in (ins or {}).items()
    }


def _tags(is_heavy: bool) -> dict[str, str]:
    return {"cost": "gpu" if is_heavy else "cpu"}
