"""Rows of records as a table: one column after the other, never one dictionary a record."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import attrgetter

import msgspec
import polars as pl
import pyarrow as pa

from adgen_pipeline.errors import ExportError
from adgen_pipeline.schemas import MESSAGES, UTC
from adgen_pipeline.telegram.records import DATES, NUMBERS, STRINGS, Row, Rows, encoded

_TEXT_COLUMNS = ("type", *STRINGS, *DATES)
_LATEST = 4_102_444_800  # 2100: a later date is no date


def table(read: Rows, *, zone: str, constants: Mapping[str, str | int | None]) -> pl.DataFrame:
    """Records as `telegram/messages` without `is_deleted`, in their order.

    Args:
        read: the records.
        zone: of local dates where an old export has no epoch seconds.
        constants: columns that are equal in all rows: channel_id, channel_name, channel_type, source.

    Raises:
        ExportError: the zone is unknown.
    """
    rows = read.rows
    extra: list[str | None] = [None] * len(rows)
    for place, fields in read.extra.items():
        extra[place] = encoded(fields)
    columns = [
        *(_column(rows, name, pl.String) for name in ("type", "text", *STRINGS, *DATES)),
        *(_column(rows, name, pl.Int64) for name in ("message_id", *NUMBERS)),
        pl.Series("poll", [_json(row.poll) if len(row.poll) else None for row in rows], pl.String),
        pl.Series("extra", extra, pl.String),
        _structs("text_entities", [row.text_entities or () for row in rows], ("type", "text", "href")),
        _structs("reactions", [row.reactions or () for row in rows], ("emoji", "count")),
    ]
    try:
        return pl.DataFrame(columns).select(
            pl.lit(constants[name], MESSAGES.dtypes[name]).alias(name)
            if name in constants
            else _instant(name, zone)
            if name in {"date", "edited"}
            else pl.col(name)
            for name in MESSAGES.columns
            if name != "is_deleted"
        )
    except pl.exceptions.PolarsError as error:
        raise ExportError(
            f"telegram.zone: {zone!r} is not a time zone ({error}). Name one such as Africa/Addis_Ababa."
        ) from error


def _column(rows: Sequence[Row], name: str, dtype: type[pl.DataType]) -> pl.Series:
    return pl.Series(name, list(map(attrgetter("from_" if name == "from" else name), rows)), dtype)


def _json(value: msgspec.Raw) -> str | None:
    decoded = msgspec.json.decode(value)
    return None if decoded is None else encoded(decoded)


def _instant(name: str, zone: str) -> pl.Expr:
    """Epoch seconds where the export has them, else the exporter's local time."""
    seconds = pl.col(f"{name}_unixtime").cast(pl.Int64, strict=False)
    epoch = pl.from_epoch(pl.when(seconds.is_between(0, _LATEST)).then(seconds), "s")
    local = pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
    return (
        pl.coalesce(
            epoch.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone(
                "UTC"
            ),
        )
        .cast(UTC)
        .alias(name)
    )


def _structs(name: str, rows: Sequence[Sequence[msgspec.Struct]], names: Sequence[str]) -> pl.Series:
    """A list column of structs, built from flat columns: ten times as fast as from dictionaries."""
    dtype = MESSAGES.dtypes[name]
    assert isinstance(dtype, pl.List)
    assert isinstance(dtype.inner, pl.Struct)
    flat = [item for row in rows for item in row]
    types = {field.name: field.dtype for field in dtype.inner.fields}
    items = pl.DataFrame(
        [pl.Series(field, list(map(attrgetter(field), flat)), types[field]) for field in names]
    ).to_struct(name)
    offsets = pa.array(accumulate(map(len, rows), initial=0), pa.int64())
    column = pl.from_arrow(pa.LargeListArray.from_arrays(offsets, items.to_arrow()))
    assert isinstance(column, pl.Series)
    return column.alias(name).cast(dtype)
