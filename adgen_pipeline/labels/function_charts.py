"""Figures of labelling functions: how much each covers, and how often it is right."""

import polars as pl

from adgen_pipeline.figures import heat_map, png
from adgen_pipeline.labels.functions import FUNCTIONS, LABELS


def figures(functions: pl.DataFrame) -> dict[str, bytes]:
    """PNGs by name.

    Args:
        functions: table labels/functions.
    """
    drawn = {}
    for column, title in (
        ("coverage_share", "Posts on which a function votes, %"),
        ("estimated_accuracy", "Votes that are right by the label model, %"),
        ("conflict_share", "Votes that another function contradicts, %"),
    ):
        known = {(row["function"], row["label"]): row[column] for row in functions.iter_rows(named=True)}
        rows = {name: [100 * known.get((name, label), 0.0) for label in LABELS] for name in FUNCTIONS}
        drawn[column.split("_")[0]] = png(heat_map(rows, list(LABELS), title=title, shows_values=True))
    return drawn
