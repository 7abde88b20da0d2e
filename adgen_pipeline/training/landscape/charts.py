"""The landscape in figures: bits per byte, fertility, and what speed and memory a candidate takes."""

import re

import polars as pl

from adgen_pipeline.figures import PALETTE, bars, grouped_bars, label, new_figure, plain, png

NUMBERS = (
    "tokens_per_ethiopic_word", "tokens_per_word", "bits_per_byte", "forward_tokens_per_second",
    "generation_tokens_per_second", "generation_words_per_second", "weights_mib", "peak_mib",
)  # fmt: skip
COLOURS = {"full": PALETTE[0], "8bit": PALETTE[1], "4bit": PALETTE[3]}


def figures(table: pl.DataFrame) -> dict[str, bytes]:
    """PNGs by name, of rows of LANDSCAPE; one that would be empty is left out."""
    drawn = {}
    if (foretold := table.drop_nulls("bits_per_byte").sort("bits_per_byte", "candidate", "load")).height:
        drawn["bits_per_byte"] = png(
            bars(
                {_name(row): row["bits_per_byte"] for row in foretold.iter_rows(named=True)},
                title="Held-out posts foretold: less is better",
                unit="bits per byte",
                form="{:.2f}",
            )
        )
    tokens = table.drop_nulls(["tokens_per_word", "tokens_per_ethiopic_word"]).sort(
        "tokens_per_word", "candidate"
    )
    if tokens.height:
        drawn["fertility"] = png(
            grouped_bars(
                {
                    str(row["name"]): {
                        "Ethiopic words, each alone": _exact(row["tokens_per_ethiopic_word"]),
                        "all words of posts": _exact(row["tokens_per_word"]),
                    }
                    for row in tokens.unique("candidate", keep="first", maintain_order=True).iter_rows(
                        named=True
                    )
                },
                title="Fertility: less is better",
                unit="tokens a word",
            )
        )
    if (timed := table.drop_nulls(["generation_words_per_second", "weights_mib"])).height:
        drawn["speed_and_memory"] = _speed_and_memory(timed)
    return drawn


def numbers(table: pl.DataFrame) -> dict[str, float]:
    """What of the table is a number, by candidate, load and column, under names that MLflow takes."""
    found: dict[str, float] = {}
    for row in table.iter_rows(named=True):
        name, load = (
            re.sub(r"[^\w.-]+", "_", row[key], flags=re.ASCII).strip("_") for key in ("name", "load")
        )
        found |= {
            f"{name}/{load}/{column}": float(row[column]) for column in NUMBERS if row[column] is not None
        }
    return found


def _speed_and_memory(table: pl.DataFrame) -> bytes:
    figure = new_figure(7.0, 3.8)
    axes = figure.add_subplot()
    plain(axes, "Speed and memory: upper left is better", grid="y")
    for row in table.iter_rows(named=True):
        at = (row["weights_mib"], row["generation_words_per_second"])
        axes.plot(*at, marker="o", linestyle="", color=COLOURS[row["load"]], markersize=6)
        axes.annotate(label(_name(row), 40), at, xytext=(6, 4), textcoords="offset points", fontsize=8)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.margins(x=0.3, y=0.2)
    axes.set_xlabel("weights in memory, MiB", fontsize=8.5)
    axes.set_ylabel("Amharic words written a second", fontsize=8.5)
    return png(figure)


def _name(row: dict[str, object]) -> str:
    return f"{row['name']}, {row['load']}"


def _exact(value: float) -> tuple[float, float, float]:
    return value, value, value
