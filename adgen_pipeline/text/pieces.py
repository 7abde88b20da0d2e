"""Texts taken apart at a separator, each distinct piece once: what repeats is looked at once, wherever it stands.

Shops repeat their lines: in ten real channels the distinct lines are a quarter of the distinct texts' bytes.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pieces:
    """Texts as pieces.

    Attributes:
        distinct: every piece once, in the order of their first places.
        places: where each piece of all texts, one text after the other, stands in `distinct`.
        counts: pieces of each text; an empty text has one, which is empty.
    """

    distinct: pl.Series
    places: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: pl.Series, separator: str) -> "Pieces":
        """The pieces of texts, none of them null."""
        parts = texts.str.split(separator)
        flat = parts.explode()
        distinct = flat.unique(maintain_order=True)
        places = flat.cast(pl.Enum(distinct)).to_physical().to_numpy().astype(np.int64)
        return cls(distinct, places, parts.list.len().to_numpy().astype(np.int64))

    def summed(self, values: pl.DataFrame) -> pl.DataFrame:
        """Sums over each text's pieces of columns that have one number for each distinct piece."""
        return pl.DataFrame({column.name: self._sums(column.to_numpy()[self.places]) for column in values})

    def head(self, count: int) -> "Pieces":
        """The pieces of the first texts."""
        places = self.places[: self.counts[:count].sum()]
        distinct = self.distinct.head(int(places.max(initial=-1)) + 1)
        return Pieces(distinct, places, self.counts[:count])

    def joined(self, values: pl.Series, separator: str, *, is_empty_left_out: bool = False) -> pl.Series:
        """For each text, what stands for its pieces (a value for each distinct one), joined."""
        places, counts = self.places, self.counts
        if is_empty_left_out:
            is_something = (values != "").to_numpy()[places]
            places, counts = places[is_something], self._sums(is_something)
        return in_lists(values.gather(places), counts).list.join(separator)

    def listed(self, values: pl.Series) -> pl.Series:
        """For each text, the lists that stand for its pieces as one list."""
        lengths = values.list.len().to_numpy().astype(np.int64)[self.places]
        found = values.gather(self.places[lengths > 0]).explode()
        return in_lists(found, self._sums(lengths))

    def _sums(self, values: NDArray[np.int64] | NDArray[np.bool_]) -> NDArray[np.int64]:
        """Sums over each text's pieces of one number a piece."""
        starts = self.counts.cumsum() - self.counts
        return np.add.reduceat(values, starts, dtype=np.int64) if len(starts) else starts


def in_lists(values: pl.Series, lengths: NDArray[np.int64]) -> pl.Series:
    """Values, one after the other, as lists of these lengths: ten times as fast as grouping them."""
    offsets = pa.array(np.concatenate([np.zeros(1, np.int64), lengths.cumsum()]))
    column = pl.from_arrow(pa.LargeListArray.from_arrays(offsets, values.rechunk().to_arrow()))
    assert isinstance(column, pl.Series)
    return column
