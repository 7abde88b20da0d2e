"""What the declaration of a table is: columns with types and meanings, a key, and what follows from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from adgen_pipeline.errors import DataError


@dataclass(frozen=True)
class Column:
    """One column: its type, what it means, whether it may be null and whether it holds people's words."""

    dtype: pl.DataType | type[pl.DataType]
    meaning: str
    nullable: bool = False
    personal: bool = False


@dataclass(frozen=True)
class TableSchema:
    """One table.

    Attributes:
        stage, name: the asset key.
        row: what one row is.
        columns: in order.
        primary_key: columns that are unique together; rows are sorted by them.
        folder: for tables partitioned by channel, the folder below the data folder; None: final/<stage>/.
    """

    stage: str
    name: str
    row: str
    columns: Mapping[str, Column]
    primary_key: tuple[str, ...]
    folder: str | None = None

    @property
    def key(self) -> str:
        """The asset key with a slash."""
        return f"{self.stage}/{self.name}"

    @property
    def dtypes(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """Column names and types."""
        return {name: column.dtype for name, column in self.columns.items()}

    def empty(self) -> pl.DataFrame:
        """A table of no rows."""
        return pl.DataFrame(schema=self.dtypes)

    def frame(self, rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
        """Rows as a table of this schema (missing keys become null)."""
        return pl.DataFrame(rows, schema=self.dtypes, orient="row", strict=False) if rows else self.empty()

    def conform(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with this schema's columns in their order, sorted by key.

        Raises:
            DataError: columns are missing or unknown, or a type cannot be cast.
        """
        missing = [c for c in self.columns if c not in table.columns]
        unknown = [c for c in table.columns if c not in self.columns]
        if missing or unknown:
            raise DataError(
                f"{self.key}: missing columns {missing}, unknown columns {unknown}. "
                "Bring the table and schemas.py together."
            )
        try:
            conformed = table.select(pl.col(name).cast(column.dtype) for name, column in self.columns.items())
        except pl.exceptions.PolarsError as error:
            raise DataError(
                f"{self.key}: a column has the wrong type ({error}). Correct the producer."
            ) from error
        keys = conformed.select(self.primary_key)
        # To sort is to hold the table twice; most come in order.
        return conformed if keys.equals(keys.sort(self.primary_key)) else conformed.sort(self.primary_key)

    def violations(self, table: pl.DataFrame | pl.LazyFrame) -> list[str]:
        """What is wrong with a table, in words; empty when it conforms. A lazy one may be larger than memory."""
        problems = []
        lazy = table.lazy()
        found = dict(lazy.collect_schema())
        nulls = lazy.select(pl.all().null_count()).collect(engine="streaming")
        for name, column in self.columns.items():
            if name not in found:
                problems.append(f"column {name} is missing")
            elif found[name] != column.dtype:
                problems.append(f"column {name} is {found[name]}, expected {column.dtype}")
            elif not column.nullable and (count := nulls[name][0]):
                problems.append(f"column {name} has {count} nulls")
        problems += [f"column {name} is unknown" for name in found if name not in self.columns]
        if all(k in found for k in self.primary_key):
            keys = lazy.select(self.primary_key).collect()
            repeated = keys.height - keys.n_unique() if keys.height else 0
            if repeated:
                problems.append(f"{repeated} rows repeat the key {', '.join(self.primary_key)}")
        return problems
