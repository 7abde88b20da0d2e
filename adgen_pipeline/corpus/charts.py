"""Figures of the corpus for people: channels at a glance, when they post, about what, in which words.

Figures show names of channels and counted words; the tables that they are drawn from hold no contacts.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from adgen_pipeline import figures
from adgen_pipeline.text.amharic import STOP_WORDS

CHANNELS_SHOWN = 25  # those with the most posts
WORDS_SHOWN = 20
PHRASE_OVERLAP = 0.6  # a phrase that stands within a longer one this often is that phrase, cut
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TELEGRAM_BEGAN = date(2013, 8, 1)  # earlier dates are damage
LENGTH = "words a post"
MIDDLE = "#9ecbe3"  # of a range, its middle half
RARE_PERCENT = 2  # languages below are not drawn apart
NUMBERED_PERCENT = 6  # parts of a bar that have room for their number


class _Language(NamedTuple):
    code: str
    colour: str
    ink: str


OTHER = "other or undetermined"
LANGUAGES = {
    "Amharic": _Language("am", "#08457e", figures.PAPER),
    "mixed scripts": _Language("mixed", "#56b4e9", figures.INK),
    "English": _Language("en", "#e69f00", figures.INK),
    "Amharic in Latin letters": _Language("am-latn", "#009e73", figures.PAPER),
    "Tigrinya": _Language("ti", "#cc79a7", figures.INK),
    "Oromo": _Language("om", "#d55e00", figures.PAPER),
    OTHER: _Language("und", "#d1d5db", figures.INK),
}

Row = Mapping[str, Any]


def top_words(frequencies: pl.DataFrame) -> bytes:
    """The most frequent words that are no function words, as PNG."""
    top = (
        frequencies.filter(~pl.col("is_stop_word"), pl.col("word").str.len_chars() > 1)
        .sort("count", "word", descending=[True, False])
        .head(WORDS_SHOWN)
    )
    values = dict(top.select("word", pl.col("count").cast(pl.Float64)).iter_rows())
    return figures.png(
        figures.bars(values, title="Words of the corpus", unit="occurrences", width_inches=3.6)
    )


def top_phrases(ngrams: pl.DataFrame) -> bytes:
    """The most frequent phrases, as PNG: those of several channels, each once at its full length."""
    phrases = shared_phrases(ngrams)
    return figures.png(
        figures.bars(phrases, title="Phrases that channels share", unit="occurrences", width_inches=4.4)
    )


def shared_phrases(ngrams: pl.DataFrame) -> dict[str, float]:
    """Phrases of several channels (of any, if there are none), most frequent first.

    None begins or ends with a function word, is mostly a part of a longer one, or overlaps with one shown already.
    """
    common = ngrams.filter(pl.col("channels_count") > 1)
    ranked = (common if common.height else ngrams).sort("count", "ngram", descending=[True, False])
    counts = dict(ranked.select("ngram", "count").iter_rows())
    longer: dict[str, int] = {}
    for phrase, count in counts.items():
        parts = phrase.split(" ")
        for part in (" ".join(parts[1:]), " ".join(parts[:-1])):
            longer[part] = max(longer.get(part, 0), count)
    chosen: dict[str, float] = {}
    taken: set[tuple[str, str]] = set()
    for phrase, count in counts.items():
        parts = phrase.split(" ")
        pairs = set(pairwise(parts))
        is_cut = longer.get(phrase, 0) >= PHRASE_OVERLAP * count
        if is_cut or pairs & taken or {parts[0], parts[-1]} & STOP_WORDS or min(map(len, parts)) < 2:
            continue
        chosen[phrase] = float(count)
        taken |= pairs
        if len(chosen) == WORDS_SHOWN:
            break
    return chosen


def of_channels(profiles: pl.DataFrame) -> dict[str, bytes]:
    """Figures of `corpus/channel_profiles` as PNG, by name; those that the data has nothing for are left out."""
    rows = (
        profiles.sort("posts_count", "channel_id", descending=[True, False]).head(CHANNELS_SHOWN).to_dicts()
    )
    if not rows:
        return {}
    named = _unique_names(rows)
    charts = {
        "channels": _overview(named),
        "posting_hours": _hours(named),
        "posting_week": _week(rows),
        "posts_by_month": _months(named),
        "ad_verticals": _verticals(named),
        "languages": _languages(named),
    }
    return {name: figures.png(chart) for name, chart in charts.items() if chart is not None}


def _overview(named: Mapping[str, Row]) -> Figure:
    """Columns of small bars over the same channels; the length of posts as a range."""
    columns = {
        "posts": [row["posts_count"] for row in named.values()],
        "% ads": [100 * row["ad_share"] for row in named.values()],
        "% Ethiopic letters": [100 * (row["ethiopic_share"] or 0) for row in named.values()],
        LENGTH: [row["median_words"] or 0 for row in named.values()],
        "emoji a post": [row["emojis_per_post"] or 0 for row in named.values()],
        "hashtags a post": [row["hashtags_per_post"] or 0 for row in named.values()],
        "reactions a post": [row["reactions_per_post"] or 0 for row in named.values()],
    }
    shown = {title: values for title, values in columns.items() if title == "posts" or any(values)}
    figure = figures.new_figure(8.6, 1.1 + 0.3 * max(len(named), 2))
    panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for axes, (title, values) in zip(panels, shown.items(), strict=True):
        figures.plain(axes)
        axes.set_title(title, loc="left", fontsize=8.5, color=figures.MUTED, pad=6)
        axes.spines[:].set_visible(False)
        axes.set_xticks([])
        ends = values
        if title == LENGTH:
            ends = _ranges(axes, list(named.values()))
        else:
            axes.barh(range(len(named)), values, color=figures.PALETTE[0], height=0.55)
        for place, (value, end) in enumerate(zip(values, ends, strict=True)):
            axes.annotate(
                f"{value:,.{1 if 0 < value < 10 and title != 'posts' else 0}f}", (end, place), xytext=(3, 0),
                textcoords="offset points", va="center", fontsize=8, color=figures.INK,
            )  # fmt: skip
        axes.set_xlim(0, 1.45 * max(*ends, 1e-9))
    panels[0].set_yticks(range(len(named)), [figures.label(name) for name in named])
    panels[0].set_ylim(len(named) - 0.4, -0.6)
    figure.suptitle("Channels at a glance", x=0.01, ha="left", fontsize=11, color=figures.INK)
    if LENGTH in shown:
        note = "words a post: the median, in the middle half, in all but the shortest and the longest tenth"
        figure.supxlabel(note, x=0.99, ha="right", fontsize=8, color=figures.MUTED)
    return figure


def _ranges(axes: Axes, rows: Sequence[Row]) -> list[float]:
    """Draw the lengths of each channel's posts; returns where each range ends."""
    for place, row in enumerate(rows):
        for low, high, colour in (
            ("words_p10", "words_p90", figures.GRID),
            ("words_p25", "words_p75", MIDDLE),
        ):
            axes.plot(
                [row[low] or 0, row[high] or 0], [place] * 2, color=colour, linewidth=5, solid_capstyle="butt"
            )
        axes.plot(row["median_words"] or 0, place, color=figures.PALETTE[0], marker="o", markersize=4)
    return [row["words_p90"] or 0 for row in rows]


def _hours(named: Mapping[str, Row]) -> Figure:
    return figures.heat_map(
        {name: _shares(row["hour_counts"]) for name, row in named.items()},
        [str(hour) for hour in range(24)],
        title="When channels post",
        x="hour of the day in Addis Ababa",
        unit="% of the channel's posts",
    )


def _week(rows: Sequence[Row]) -> Figure:
    """Hours by weekdays of all channels together, each channel with the same weight."""
    shares = [_shares(row["week_hour_counts"]) for row in rows]
    mean = [sum(values) / len(shares) for values in zip(*shares, strict=True)]
    return figures.heat_map(
        {day: mean[24 * n : 24 * (n + 1)] for n, day in enumerate(WEEKDAYS)},
        [str(hour) for hour in range(24)],
        title="The week of the channels",
        x="hour of the day in Addis Ababa",
        unit="% of a channel's posts",
    )


def _months(named: Mapping[str, Row]) -> Figure | None:
    """A ridge a channel: its posts by month, each scaled to its own busiest month."""
    series = {
        name: {m["month"]: m["posts_count"] for m in row["months"] if m["month"] >= TELEGRAM_BEGAN}
        for name, row in named.items()
    }
    found = sorted({month for counts in series.values() for month in counts})
    if not found:
        return None
    months = _calendar(found[0], found[-1])
    figure = figures.new_figure(7.4, 1.2 + 0.42 * len(series))
    axes = figure.add_subplot()
    figures.plain(axes, "Posts by month", grid="x")
    axes.set_title(
        "each ridge up to the busiest month", loc="right", fontsize=8.5, color=figures.MUTED, pad=10
    )
    places = range(len(months))
    for row, counts in enumerate(series.values()):
        values = [counts.get(month, 0) for month in months]
        most = max(max(values), 1)
        ridge = [row - 0.85 * value / most for value in values]
        axes.fill_between(places, ridge, row, color=figures.PALETTE[0], alpha=0.75, linewidth=0, step="mid")
        axes.axhline(row, color=figures.GRID, linewidth=0.8, zorder=0)
        axes.annotate(
            f"{most:,}", (len(months) - 0.5, row), xytext=(4, 1), textcoords="offset points",
            fontsize=8, color=figures.MUTED, annotation_clip=False,
        )  # fmt: skip
    axes.set_yticks(range(len(series)), [figures.label(name) for name in series])
    axes.set_ylim(len(series) - 0.8, -1.0)
    axes.set_xlim(-0.5, len(months) - 0.5)
    years = [(place, str(month.year)) for place, month in enumerate(months) if month.month == 1]
    if len(years) < 2:  # a short time: name the ends and some months between them
        steps = sorted({n * (len(months) - 1) // 3 for n in range(4)})
        years = [(place, months[place].strftime("%b %Y")) for place in steps]
    axes.set_xticks([place for place, _ in years], [name for _, name in years])
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure


def _verticals(named: Mapping[str, Row]) -> Figure | None:
    found = {name: {v["vertical"]: v["posts_count"] for v in row["verticals"]} for name, row in named.items()}
    totals: dict[str, int] = {}
    for counts in found.values():
        for vertical, count in counts.items():
            totals[vertical] = totals.get(vertical, 0) + count
    order = sorted(totals, key=lambda vertical: (-totals[vertical], vertical))
    if not order:
        return None
    table = {name: _shares([counts.get(v, 0) for v in order]) for name, counts in found.items() if counts}
    return figures.heat_map(
        table,
        [vertical.replace("_", " ") for vertical in order],
        title="What channels advertise",
        unit="% of the channel's ads",
        shows_values=True,
    )


def _languages(named: Mapping[str, Row]) -> Figure | None:
    """A bar a channel, parted by language."""
    found = {name: {v["language"]: v["posts_count"] for v in row["languages"]} for name, row in named.items()}
    if not any(found.values()):
        return None
    shares = {name: language_shares(counts) for name, counts in found.items()}
    used = [title for title in LANGUAGES if any(share[title] for share in shares.values())]
    figure = figures.new_figure(7.4, 1.3 + 0.3 * max(len(found), 2))
    axes = figure.add_subplot()
    figures.plain(axes, "Languages of the posts")
    axes.set_title("% of posts with text", loc="right", fontsize=8.5, color=figures.MUTED, pad=10)
    starts = [0.0] * len(found)
    for title in used:
        values = [share[title] for share in shares.values()]
        axes.barh(
            range(len(found)), values, left=starts, color=LANGUAGES[title].colour, height=0.62, label=title,
            edgecolor=figures.PAPER, linewidth=0.8,
        )  # fmt: skip
        for place, (start, value) in enumerate(zip(starts, values, strict=True)):
            if value >= NUMBERED_PERCENT:
                axes.text(
                    start + value / 2, place, f"{value:.0f}", ha="center", va="center", fontsize=8,
                    color=LANGUAGES[title].ink,
                )  # fmt: skip
        starts = [start + value for start, value in zip(starts, values, strict=True)]
    axes.set_yticks(range(len(found)), [figures.label(name) for name in found])
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xticks([])
    axes.spines[:].set_visible(False)
    axes.legend(
        loc="upper left", bbox_to_anchor=(0, -0.01), ncols=4, frameon=False, fontsize=8.5, handlelength=1.0,
        borderaxespad=0,
    )  # fmt: skip
    return figure


def language_shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Percentages by the titles of `LANGUAGES`; what is rare in the channel counts as other."""
    total = sum(counts.values()) or 1
    shares = dict.fromkeys(LANGUAGES, 0.0)
    titles = {language.code: title for title, language in LANGUAGES.items()}
    for code, count in counts.items():
        share = 100 * count / total
        shares[titles.get(code, OTHER) if share >= RARE_PERCENT else OTHER] += share
    return shares


def _calendar(first: date, last: date) -> list[date]:
    """The first days of all months from one to another."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [
        date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
        for n in range(count)
    ]


def _unique_names(rows: Sequence[Row]) -> dict[str, Row]:
    """Rows by channel name; where two channels have the same name, with their ids."""
    names = [str(row["channel_name"]) for row in rows]
    return {
        name if names.count(name) == 1 else f"{name} {row['channel_id']}": row
        for name, row in zip(names, rows, strict=True)
    }


def _shares(counts: Sequence[int]) -> list[float]:
    """Counts as percentages of their sum."""
    total = sum(counts) or 1
    return [100 * count / total for count in counts]
