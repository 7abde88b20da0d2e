"""docs/data.md: every table and artifact, from the schemas and the assets' own descriptions.

`make golden` (`python -m adgen_pipeline_tests.golden`) writes it anew.
"""

import warnings
from collections.abc import Iterator
from functools import cache

import dagster as dg
import polars as pl
from polars.datatypes import DataTypeClass

from adgen_pipeline import defs as stages
from adgen_pipeline.recipe import STAGES
from adgen_pipeline.schemas import TABLES
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.table_schema import TableSchema

PATH = PROJECT_ROOT / "docs" / "data.md"

HEAD = """\
# Data

Every table and artifact below `ADGEN_DATA`. This page is written by `make golden` from the declarations in
`adgen_pipeline/schemas.py` and its neighbours, which the writers, the blocking schema checks and the column
descriptions in the Dagster UI use as well; a test compares.

* A table is one Parquet file, replaced as a whole; the same rows give the same bytes. A message's key is
  `channel_id`, `message_id` everywhere. Times are UTC.
* An artifact is an immutable folder, named by the digest of its inputs. A small JSON file (the pointer) names the
  version in use and the digest of its content.
* **P**: people's words or contacts. Previews in the UI are redacted, and `adgen forget` takes messages out.
* **null**: may be empty.

| folder | what is there |
|---|---|
| `raw/` `briefs/` `advertisers/` `annotations/` `corpora/` | what people put there; `adgen labels import` adds to it |
| `policy/` | clients' own advertising rules, of the form of `policy.yaml` |
| `labelled/` | texts of others with labels, which `labels.further` names |
| `parsed/` `cleaned/` `fingerprints/` | tables with a file a channel |
| `final/` | all other tables, a folder a stage |
| `models/` | artifacts and their pointers; beside each version the ids of the messages that it was made from |
| `index/` | the search index, a folder a version |
| `reports/` | reports, a folder a version |
| `quarantine/` | what could not be read, with file, byte offset and reason; a file a channel |
| `jobs/` | job files of heavy processes, their checkpoints and results |
| `ads/` | ads that the API wrote, their evidence, what people did with them (SQLite); `adgen forget` erases them |
| `state/` | Dagster's history, MLflow's store where no server is named, logs, digests of API keys |
| `forgotten.jsonl` | what is never read again |
"""


def page() -> str:
    """The page as Markdown."""
    lines = [HEAD]
    for stage in STAGES:
        tables = [table for key, table in sorted(TABLES.items()) if table.stage == stage]
        artifacts = [spec for spec in _artifacts() if spec.key.path[0] == stage]
        if not tables and not artifacts:
            continue
        lines.append(f"## {stage}\n")
        for spec in artifacts:
            lines += [f"### `{'/'.join(spec.key.path)}` (artifact)\n", f"{spec.description}\n"]
        for table in tables:
            lines += _table(table)
    return "\n".join(lines).rstrip() + "\n"


def _table(table: TableSchema) -> Iterator[str]:
    where = f"{table.folder}/<channel_id>" if table.folder else f"final/{table.stage}/{table.name}"
    yield f"### `{table.key}`\n"
    key = ", ".join(f"`{name}`" for name in table.primary_key)
    yield f"A row is {table.row}. `{where}.parquet`, key {key}.\n"
    yield "| column | type | | meaning |"
    yield "|---|---|---|---|"
    for name, column in table.columns.items():
        marks = [mark for mark, is_so in (("P", column.personal), ("null", column.nullable)) if is_so]
        yield f"| `{name}` | {_type(column.dtype)} | {' '.join(marks)} | {column.meaning.replace('|', '∣')} |"
    yield ""


def _type(dtype: pl.DataType | DataTypeClass) -> str:
    """A type in words that also a reader without polars knows."""
    if isinstance(dtype, pl.List) and dtype.inner is not None:
        return f"list of {_type(dtype.inner)}"
    if isinstance(dtype, pl.Struct):
        return "{" + ", ".join(f"{field.name}: {_type(field.dtype)}" for field in dtype.fields) + "}"
    names = {"String": "text", "Boolean": "yes or no"}
    kind = dtype.base_type().__name__
    return "time (UTC)" if kind == "Datetime" else names.get(kind, kind.lower())


@cache
def specs() -> tuple[dg.AssetSpec, ...]:
    """Every asset of the code, those included that only some recipes ask for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)  # of partitioned checks, as in `build_definitions`
        assets = dg.load_assets_from_package_module(stages)
    found = (asset.specs if isinstance(asset, dg.AssetsDefinition) else [asset] for asset in assets)
    return tuple(
        sorted((s for some in found for s in some if isinstance(s, dg.AssetSpec)), key=lambda s: s.key)
    )


def _artifacts() -> Iterator[dg.AssetSpec]:
    """Assets that are folders behind a pointer."""
    return (spec for spec in specs() if "/".join(spec.key.path) not in TABLES and spec.kinds != {"file"})
