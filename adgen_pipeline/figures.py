"""Figures for the Dagster UI, MLflow and the report: small PNGs that show Ethiopic letters.

Figures are made from `matplotlib.figure.Figure` alone (no pyplot, no global state) and drawn by Agg, so they
can be made in any thread and come out as the same bytes each time. The embedded font is Noto Sans Ethiopic with
its Latin letters and digits (SIL Open Font License, fonts/OFL.txt); DejaVu Sans, which comes with matplotlib,
draws the few signs that it lacks.
"""

import base64
import io
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from PIL import Image

FONT = Path(__file__).parent / "fonts" / "NotoSansEthiopic-Regular.ttf"
FAMILY = ["Noto Sans Ethiopic", "DejaVu Sans"]
fontManager.addfont(str(FONT))

MAXIMUM_BYTES = 100_000  # the Dagster UI keeps every figure of every run in its database
METRES_AN_INCH = 0.0254
COLOURS = 256  # a palette; a third of the bytes of full colour, and the eye sees no difference
RESOLUTIONS = (144, 120, 100, 80, 60)  # dots an inch, tried until the file is small enough

COLUMN_LABEL_CHARS = 70  # of a heat map's columns together; more are tilted so that they do not touch
INK, MUTED, GRID, PAPER = "#1f2a37", "#6b7280", "#e5e7eb", "#ffffff"
# The first is the eye-catcher (ours), others step back; the colour-blind see them apart (Okabe and Ito 2008).
PALETTE = ("#0072b2", "#e69f00", "#8a94a3", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
HEAT = LinearSegmentedColormap.from_list("adgen_heat", ["#f4f8fb", "#9ecbe3", "#2b8cbe", "#08457e"])


def new_figure(width_inches: float = 7.0, height_inches: float = 3.5) -> Figure:
    """An empty figure that arranges its parts so that no label is cut."""
    return Figure(figsize=(width_inches, height_inches), facecolor=PAPER, layout="constrained")


def png(figure: Figure, maximum_bytes: int = MAXIMUM_BYTES) -> bytes:
    """The figure as PNG: the same bytes each time, and coarser where it must be to stay below `maximum_bytes`."""
    for axes in figure.axes:
        axes.tick_params(which="both", labelfontfamily=FAMILY)
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_fontfamily(FAMILY)
    image = b""
    for dots_per_inch in RESOLUTIONS:
        drawn, buffer = io.BytesIO(), io.BytesIO()
        figure.savefig(drawn, format="png", dpi=dots_per_inch)
        with Image.open(drawn) as pixels:
            palette = pixels.convert("RGB").quantize(
                COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
            )
        palette.save(buffer, "PNG", optimize=True, dpi=(dots_per_inch, dots_per_inch))
        image = buffer.getvalue()
        if len(image) <= maximum_bytes:
            break
    return image


def width_inches(image: bytes) -> float:
    """The width that a PNG of `png` was drawn at: two figures shown in proportion to it have letters of one size."""
    pixels = int.from_bytes(image[16:20])
    resolution = image.find(b"pHYs") + 4
    if resolution < 4:  # another program's PNG may not say
        return pixels / RESOLUTIONS[0]
    return pixels / (int.from_bytes(image[resolution : resolution + 4]) * METRES_AN_INCH)


def data_uri(image: bytes) -> str:
    """A PNG as a data URI, for Markdown and HTML."""
    return "data:image/png;base64," + base64.b64encode(image).decode("ascii")


def font_data_uri(text: str) -> str:
    """The embedded font, reduced to the letters of `text`, as a data URI for a page that must stand alone.

    The whole font would be half a megabyte in every report.
    """
    with TTFont(FONT, recalcTimestamp=False) as font:
        options = Options(flavor="woff", layout_features=["*"])
        subsetter = Subsetter(options)
        subsetter.populate(text=text)
        subsetter.subset(font)
        font.flavor = "woff"
        buffer = io.BytesIO()
        font.save(buffer)
    return "data:font/woff;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def label(text: str, maximum_chars: int = 28) -> str:
    """Untrusted text as a label: one line, cut, `$` as it is, without signs that no font has.

    Circled and styled letters (ⒶⒷ, 𝐀𝐁), which shops like in their names, become ordinary ones.
    """
    line = " ".join("".join(_drawable(c) for c in text).split()) or "–"
    if len(line) > maximum_chars:
        line = line[: maximum_chars - 1].rstrip() + "…"
    return line.replace("$", r"\$")


def bars(
    values: Mapping[str, float],
    *,
    title: str,
    unit: str = "",
    intervals: Mapping[str, tuple[float, float]] | None = None,
    form: str = "{:,.0f}",
    highlight: str | None = None,
    width_inches: float = 7.0,
) -> Figure:
    """Horizontal bars from top to bottom in the order given, with the value at the end of each.

    Args:
        values: bar lengths by label (the labels may be untrusted).
        title: heading.
        unit: what is counted, below the axis.
        intervals: low and high bounds by label, drawn as whiskers.
        form: format of the values.
        highlight: the one label that is drawn in colour; None: all are.
        width_inches: of the figure.
    """
    figure = new_figure(width_inches, 0.9 + 0.3 * max(len(values), 2))
    axes = figure.add_subplot()
    plain(axes, title, grid="x")
    positions = list(range(len(values)))
    numbers = list(values.values())
    colours = [PALETTE[0] if highlight in (None, name) else PALETTE[2] for name in values]
    axes.barh(positions, numbers, color=colours, height=0.68)
    ends = dict(values)
    for position, (name, value) in enumerate(values.items()):
        if intervals and name in intervals:
            low, high = intervals[name]
            axes.plot([low, high], [position, position], color=INK, linewidth=1.2, solid_capstyle="butt")
            ends[name] = max(value, high)
        axes.annotate(
            form.format(value), (ends[name], position), xytext=(4, 0), textcoords="offset points",
            va="center", fontsize=8.5, color=INK,
        )  # fmt: skip
    axes.set_yticks(positions, [label(name) for name in values])
    axes.set_ylim(len(values) - 0.45, -0.55)
    axes.margins(x=0.84 / width_inches)  # room for the value behind the longest bar
    axes.xaxis.set_major_locator(MaxNLocator(5 if width_inches > 5 else 3))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
    axes.set_xlabel(unit, color=MUTED, fontsize=8.5)
    return figure


def grouped_bars(
    groups: Mapping[str, Mapping[str, tuple[float, float, float]]], *, title: str, unit: str = ""
) -> Figure:
    """Bars of several systems side by side for each group, with their intervals.

    Args:
        groups: group → system → (value, low, high); systems keep one colour throughout.
        title: heading.
        unit: what the values are.
    """
    systems = list(dict.fromkeys(system for group in groups.values() for system in group))
    figure = new_figure(max(7.0, 1.0 + 0.34 * len(groups) * (len(systems) + 1)), 3.4)
    axes = figure.add_subplot()
    plain(axes, title, grid="y")
    width = 0.8 / max(len(systems), 1)
    for number, system in enumerate(systems):
        found = [(place, group[system]) for place, group in enumerate(groups.values()) if system in group]
        at = [place + (number - (len(systems) - 1) / 2) * width for place, _ in found]
        axes.bar(
            at,
            [v for _, (v, _, _) in found],
            width * 0.92,
            color=PALETTE[number % len(PALETTE)],
            label=label(system),
        )
        for x, (_, (_, low, high)) in zip(at, found, strict=True):
            axes.plot([x, x], [low, high], color=INK, linewidth=1.1, solid_capstyle="butt")
    axes.set_xticks(range(len(groups)), [label(name, 40).replace(" ", "\n", 1) for name in groups])
    axes.set_ylabel(unit, color=MUTED, fontsize=8.5)
    if systems:
        axes.legend(
            frameon=False, fontsize=8.5, ncols=len(systems), loc="upper right", bbox_to_anchor=(1, 1.14)
        )
    return figure


def lines(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]], *, title: str, x: str, y: str
) -> Figure:
    """Curves over one axis, each named at its end.

    Args:
        series: name → (x values, y values).
        title: heading.
        x: meaning of the x axis.
        y: meaning of the y axis.
    """
    figure = new_figure(7.0, 3.4)
    axes = figure.add_subplot()
    plain(axes, title, grid="y")
    for number, (name, (xs, ys)) in enumerate(series.items()):
        colour = PALETTE[number % len(PALETTE)]
        axes.plot(xs, ys, color=colour, linewidth=1.8, marker="o" if len(xs) < 15 else "", markersize=3.5)
        if len(xs):
            axes.annotate(
                label(name), (xs[-1], ys[-1]), xytext=(6, 0), textcoords="offset points",
                va="center", fontsize=8.5, color=colour, annotation_clip=False,
            )  # fmt: skip
    axes.set_xlabel(x, color=MUTED, fontsize=8.5)
    axes.set_ylabel(y, color=MUTED, fontsize=8.5)
    return figure


def heat_map(
    rows: Mapping[str, Sequence[float]],
    columns: Sequence[str],
    *,
    title: str,
    x: str = "",
    unit: str = "",
    shows_values: bool = False,
) -> Figure:
    """One row of coloured cells for each label, dark is much.

    The darkest colour stands for the 98th percentile of the cells, so that one outlier does not make all others pale.

    Args:
        rows: label → a value for each column.
        columns: column labels.
        title: heading.
        x: what the columns are.
        unit: what the values are, beside the colour bar, or after the title where the cells say it themselves.
        shows_values: whether each cell says its value (nothing below one half) instead of a colour bar.
    """
    cells = [list(values) for values in rows.values()] or [[0.0] * len(columns)]
    values = sorted(value for row in cells for value in row if value > 0)
    darkest = values[int(0.98 * (len(values) - 1))] if values else 1.0
    figure = new_figure(7.4, 1.3 + 0.3 * max(len(rows), 2))
    axes = figure.add_subplot()
    plain(axes, title)
    heat = axes.imshow(cells, cmap=HEAT, aspect="auto", vmin=0.0, vmax=darkest)
    axes.set_yticks(range(len(rows)), [label(name) for name in rows])
    is_crowded = sum(map(len, columns)) > COLUMN_LABEL_CHARS
    tilt: dict[str, Any] = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if is_crowded else {}
    axes.set_xticks(range(len(columns)), list(columns), **tilt)
    # White lines between the cells: minor ticks lie on their borders.
    axes.set_xticks([n - 0.5 for n in range(1, len(columns))], minor=True)
    axes.set_yticks([n - 0.5 for n in range(1, len(rows))], minor=True)
    axes.grid(which="minor", color=PAPER, linewidth=1.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(x, color=MUTED, fontsize=8.5)
    if shows_values:
        axes.set_title(unit, loc="right", fontsize=8.5, color=MUTED, pad=10)
        for row, line in enumerate(cells):
            for column, value in enumerate(line):
                if value >= 0.5:
                    colour = PAPER if value > 0.55 * darkest else INK
                    axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=8, color=colour)
        return figure
    is_cut = bool(values) and values[-1] > darkest
    extend = "max" if is_cut else "neither"
    bar = figure.colorbar(
        heat, ax=axes, shrink=0.9, pad=0.015, aspect=14, extend=extend, ticks=MaxNLocator(5)
    )
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=0, labelcolor=MUTED)
    bar.set_label(unit, color=MUTED, fontsize=8.5)
    return figure


def plain(axes: Axes, title: str = "", grid: str = "") -> None:
    """Give axes the look of all figures: a title at the left, no frame, light lines along `grid` (x or y)."""
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.tick_params(colors=MUTED, labelcolor=INK, labelsize=8.5, length=0)
    axes.set_axisbelow(True)
    if grid in ("x", "y"):
        axes.grid(axis="x" if grid == "x" else "y", color=GRID, linewidth=0.8)


def _drawable(character: str) -> str:
    known = _characters()
    if character.isspace() or ord(character) in known:
        return character
    return "".join(c for c in unicodedata.normalize("NFKC", character) if ord(c) in known)


@cache
def _characters() -> frozenset[int]:
    """Code points that the two fonts can draw."""
    fallback = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return frozenset().union(*(FT2Font(str(path)).get_charmap() for path in (FONT, fallback)))
