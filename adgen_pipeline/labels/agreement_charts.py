"""Figures of annotators' agreement: alpha of each label with its interval, and what is taken for what."""

import polars as pl

from adgen_pipeline.figures import bars, heat_map, png
from adgen_pipeline.labels.agreement import Units, confusion


def figures(agreement: pl.DataFrame, units: Units) -> dict[str, bytes]:
    """PNGs by name; none where nothing was answered twice.

    Args:
        agreement: table labels/agreement.
        units: answers by post, as `agreement.compared` gives them.
    """
    measured = agreement.drop_nulls(["alpha", "alpha_low", "alpha_high"]).sort("alpha", "label")
    drawn = {}
    if measured.height:
        rows = measured.select("label", "alpha", "alpha_low", "alpha_high").rows()
        drawn["alpha"] = bars(
            {label: alpha for label, alpha, _, _ in rows},
            title="Agreement of annotators",
            unit="Krippendorff's alpha, 95 % interval",
            intervals={label: (low, high) for label, _, low, high in rows},
            form="{:.2f}",
        )
    pairs = confusion(units)
    if pairs:
        drawn["confusion"] = heat_map(
            pairs,
            list(pairs),
            title="What one gave where another gave …",
            unit="pairs of answers",
            shows_values=True,
        )
    return {name: png(figure) for name, figure in drawn.items()}
