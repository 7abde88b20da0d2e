"""What a person sees in the UI after a run: counts, redacted previews, figures, links."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from adgen_pipeline.artifacts import Artifact, Store, file_digest, table_digest
from adgen_pipeline.table_schema import TableSchema
from adgen_pipeline.text.redact import redact

PREVIEW_ROWS = 5
PREVIEW_CHARS = 80
MARKUP = str.maketrans({"<": "&lt;", ">": "&gt;", **{c: "\\" + c for c in "\\|`*_[]"}})


def column_schema(schema: TableSchema) -> dict[str, Any]:
    """Definition metadata: each column's type, meaning and nullability, and the table's key."""
    columns = [
        dg.TableColumn(
            name,
            type=str(column.dtype),
            description=column.meaning,
            constraints=dg.TableColumnConstraints(
                nullable=column.nullable, unique=schema.primary_key == (name,)
            ),
        )
        for name, column in schema.columns.items()
    ]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "primary_key": ", ".join(schema.primary_key),
    }


def table_result(
    schema: TableSchema,
    table: pl.DataFrame,
    *,
    figures: Mapping[str, bytes] | None = None,
    links: Mapping[str, str | None] | None = None,
    facts: Mapping[str, object] | None = None,
) -> dg.MaterializeResult[pl.DataFrame]:
    """A table as an asset's result; its data version is the digest of its bytes."""
    conformed = schema.conform(table)
    metadata: dict[str, Any] = {
        "dagster/row_count": conformed.height,
        "size_bytes": int(conformed.estimated_size()),
        "preview": dg.MetadataValue.md(preview(schema, conformed)),
        **_figures(figures),
        **_links(links),
        **_values(facts),
    }
    return dg.MaterializeResult(
        asset_key=[schema.stage, schema.name],
        value=conformed,
        metadata=metadata,
        data_version=dg.DataVersion(table_digest(conformed)),
    )


def stored_result(
    store: Store, schema: TableSchema, partition: str, *, facts: Mapping[str, object] | None = None
) -> dg.MaterializeResult[Any]:
    """A table that was written block by block as an asset's result; its data version is the digest of its file."""
    path = store.table_path(schema, partition)
    table = store.scan_table(schema, partition)
    metadata: dict[str, Any] = {
        "dagster/row_count": int(table.select(pl.len()).collect().item()),
        "size_bytes": path.stat().st_size,
        "preview": dg.MetadataValue.md(preview(schema, table.head(PREVIEW_ROWS).collect())),
        **_values(facts),
    }
    return dg.MaterializeResult(
        asset_key=[schema.stage, schema.name],
        metadata=metadata,
        data_version=dg.DataVersion(file_digest(path)[:32]),
    )


def artifact_result(
    artifact: Artifact,
    *,
    data_version: str | None = None,
    figures: Mapping[str, bytes] | None = None,
    links: Mapping[str, str | None] | None = None,
    facts: Mapping[str, object] | None = None,
) -> dg.MaterializeResult[Artifact]:
    """An artifact as an asset's result; its data version is the digest of its content.

    Args:
        data_version: for an artifact whose bytes are not reproducible (LanceDB names files at random): the
            digest of what it was made from.
    """
    metadata: dict[str, Any] = {
        "path": dg.MetadataValue.path(str(artifact.path)),
        "version": artifact.version,
        "size_bytes": sum(f.stat().st_size for f in artifact.path.rglob("*") if f.is_file()),
        **_figures(figures),
        **_links(links),
        **_values(facts),
    }
    return dg.MaterializeResult(
        asset_key=[artifact.stage, artifact.name],
        value=artifact,
        metadata=metadata,
        data_version=dg.DataVersion((data_version or artifact.digest)[:32]),
    )


def counts(values: pl.Series) -> dict[str, int]:
    """How often each value occurs, most frequent first, nulls left out."""
    found = values.drop_nulls().value_counts().sort(["count", values.name], descending=[True, False])
    return {str(value): int(count) for value, count in found.iter_rows()}


def preview(schema: TableSchema, table: pl.DataFrame) -> str:
    """The first rows as a Markdown table: contacts redacted, long cells cut, no markup from the data."""
    names = list(schema.columns)
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += [
        "| " + " | ".join(_cell(row[name], personal=schema.columns[name].personal) for name in names) + " |"
        for row in table.head(PREVIEW_ROWS).iter_rows(named=True)
    ]
    return "\n".join(lines)


def _cell(value: object, *, personal: bool) -> str:
    text = " ".join(str("" if value is None else value).split())
    if personal:
        text = redact(text)
    text = text if len(text) <= PREVIEW_CHARS else text[: PREVIEW_CHARS - 1] + "…"
    return text.translate(MARKUP)


def _figures(figures: Mapping[str, bytes] | None) -> dict[str, Any]:
    if not figures:
        return {}
    from adgen_pipeline.figures import data_uri

    return {name: dg.MetadataValue.md(f"![{name}]({data_uri(png)})") for name, png in figures.items()}


def _links(links: Mapping[str, str | None] | None) -> dict[str, Any]:
    return {name: dg.MetadataValue.url(url) for name, url in (links or {}).items() if url}


def _values(facts: Mapping[str, object] | None) -> dict[str, Any]:
    return {name: _value(value) for name, value in (facts or {}).items() if value is not None}


def _value(value: object) -> Any:
    if isinstance(value, Mapping | list | tuple):
        return dg.MetadataValue.json(dict(value) if isinstance(value, Mapping) else list(value))
    return value
