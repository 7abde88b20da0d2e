"""The simulated year as a table, as a summary and as a picture."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adgen_pipeline import figures
from benchmarks.year_dumps import POISON_WEEK

if TYPE_CHECKING:
    from benchmarks.year import Week

PER_CHANNEL = ("telegram/messages", "telegram/posts", "corpus/fingerprints")
COLUMNS = (
    "week", "dumps", "new messages", "channels read", "steps", "seconds", "quarantined", "new ads",
    "training s", "gate", "bits per byte", "champion", "versions", "models", "MB",
)  # fmt: skip


def table(weeks: Sequence["Week"]) -> str:
    """One line a week, as Markdown."""
    rows = [_row(before, week) for before, week in zip([None, *weeks[:-1]], weeks, strict=True)]
    lines = [COLUMNS, ["---"] * len(COLUMNS), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def summary(weeks: Sequence["Week"]) -> dict[str, object]:
    """What the year came to."""
    judged = [week for week in weeks if week.verdict]
    flaws = Counter(dump.flaw for week in weeks for dump in week.dumps if dump.flaw)
    refusals = {week.number: "; ".join(week.reasons) for week in judged if week.verdict == "refused"}
    steps = [len(week.steps) for week in weeks[1:]]
    room = [sum(week.megabytes.values()) for week in weeks]
    return {
        "weeks": len(weeks) - 1,
        "dumps": sum(len(week.dumps) for week in weeks[1:]),
        "flaws of dumps": ", ".join(sorted(flaws)),
        "reasons in quarantine": len({reason for week in weeks for reason in week.quarantined}),
        "channels that failed": sum(bool(week.left_out) for week in weeks),
        "messages, at the beginning and at the end": f"{weeks[0].messages} and {weeks[-1].messages}",
        "channels read, of four, mean of a week": round(sum(map(channels_read, weeks[1:])) / len(steps), 2),
        "steps of a week, least and most": f"{min(steps)} and {max(steps)}",
        "trainings": len(judged),
        "promoted in weeks": ", ".join(str(w.number) for w in judged if w.verdict == "promoted"),
        "refused in weeks": ", ".join(f"{number} ({reason})" for number, reason in refusals.items())
        or "none",
        "same ad in and after those": all(
            w.ads_before == w.ads_during == w.ads_after for w in judged if w.verdict == "refused"
        ),
        "bits per byte of champions": ", ".join(
            f"{w.scores['bits_per_byte']:.3f}" for w in judged if w.verdict == "promoted"
        ),
        "checks that warned": "; ".join(f"{name} in week {when}" for name, when in _warnings(weeks))
        or "none",
        "most versions of an artifact": max(max(week.versions.values()) for week in weeks),
        "most models in the registry": max(week.registered for week in weeks),
        "megabytes, at the beginning, most, at the end": ", ".join(
            str(round(value)) for value in (room[0], max(room), room[-1])
        ),
        "minutes": round(sum(w.seconds + (w.training_seconds if w.number else 0) for w in weeks) / 60),
    }


def _warnings(weeks: Sequence["Week"]) -> list[tuple[str, str]]:
    """Checks that warned, with their weeks."""
    names = sorted({name for week in weeks for name in week.warned})
    return [(name, ", ".join(str(w.number) for w in weeks if name in w.warned)) for name in names]


def channels_read(week: "Week") -> int:
    """Partitions of telegram/messages that ran."""
    return sum(asset == PER_CHANNEL[0] for asset, _ in week.steps)


def figure(weeks: Sequence["Week"]) -> bytes:
    """Work, models and stored versions over the weeks, one above the other, as PNG."""
    drawn = figures.new_figure(7.4, 6.6)
    work, models, stored = drawn.subplots(3, 1, sharex=True)
    numbers = [week.number for week in weeks[1:]]
    figures.plain(work, "Steps of a week", grid="y")
    data = [len(week.steps) for week in weeks[1:]]
    trained = [len(week.training) for week in weeks[1:]]
    work.bar(numbers, data, color=figures.PALETTE[0], label="new posts")
    work.bar(numbers, trained, bottom=data, color=figures.PALETTE[1], label="training")
    for week in weeks[1:]:
        if flaw := next((dump.flaw for dump in week.dumps if dump.flaw), ""):
            work.annotate(
                flaw, (week.number, len(week.steps) + len(week.training)), xytext=(0, 3),
                textcoords="offset points", rotation=90, ha="center", va="bottom", fontsize=7.5,
                color=figures.MUTED,
            )  # fmt: skip
    work.set_ylim(top=1.7 * max(map(sum, zip(data, trained, strict=True))))
    work.legend(frameon=False, fontsize=8.5, ncols=2, loc="upper right", bbox_to_anchor=(1, 1.26))
    figures.plain(models, "Bits per byte, held-out posts", grid="y")
    bits = [week.scores.get("bits_per_byte") for week in weeks]
    for verdict, colour, mark in (
        ("promoted", figures.PALETTE[3], "o"),
        ("refused", figures.PALETTE[5], "X"),
    ):
        chosen = [week for week in weeks if week.verdict == verdict]
        models.plot(
            [week.number for week in chosen], [week.scores["bits_per_byte"] for week in chosen],
            linestyle="", marker=mark, color=colour, markersize=7, label=verdict,
        )  # fmt: skip
    models.step(
        [week.number for week in weeks], _of_champion(weeks, bits), where="post",
        color=figures.PALETTE[0], linewidth=1.6, label="champion",
    )  # fmt: skip
    models.axvline(POISON_WEEK, color=figures.GRID, linewidth=6, zorder=0)
    models.annotate(
        "nonsense", (POISON_WEEK, 1), xycoords=("data", "axes fraction"), xytext=(5, -9),
        textcoords="offset points", fontsize=8, color=figures.MUTED,
    )  # fmt: skip
    models.legend(frameon=False, fontsize=8.5, ncols=3, loc="upper right", bbox_to_anchor=(1, 1.26))
    figures.plain(stored, "Stored versions", grid="y")
    for number, (label, counts) in enumerate(
        {
            "labels/classifier": [week.versions.get("labels/classifier", 0) for week in weeks],
            "index/posts": [week.versions.get("index/posts", 0) for week in weeks],
            "training/model": [week.versions.get("training/model", 0) for week in weeks],
            "in the registry": [week.registered for week in weeks],
        }.items()
    ):
        style = "--" if label == "in the registry" else "-"
        stored.step(
            [week.number for week in weeks], counts, style, where="post",
            color=figures.PALETTE[number], linewidth=1.5, label=label,
        )  # fmt: skip
    stored.set_ylim(bottom=0)
    stored.legend(frameon=False, fontsize=8.5, ncols=4, loc="upper right", bbox_to_anchor=(1, 1.26))
    stored.set_xlabel("week", color=figures.MUTED, fontsize=8.5)
    return figures.png(drawn)


def _of_champion(weeks: Sequence["Week"], bits: Sequence[float | None]) -> list[float]:
    """What was measured of the champion of each week when it was promoted."""
    now, found = float("nan"), []
    for week, value in zip(weeks, bits, strict=True):
        if week.verdict == "promoted" and value is not None:
            now = value
        found.append(now)
    return found


def _row(before: "Week | None", week: "Week") -> Sequence[object]:
    flaws: Mapping[str, int] = {dump.flaw: 1 for dump in week.dumps if dump.flaw}
    new_quarantined = set(week.quarantined) - set(before.quarantined if before else ())
    return (
        week.number,
        f"{len(week.dumps)}" + (f" ({', '.join(flaws)})" if flaws else ""),
        week.messages - (before.messages if before else 0),
        channels_read(week),
        len(week.steps),
        round(week.seconds),
        len(new_quarantined) or "",
        "" if week.new_ads is None else week.new_ads,
        round(week.training_seconds) if week.number and week.training else "",
        week.verdict,
        week.scores.get("bits_per_byte", ""),
        week.champion or "",
        sum(week.versions.values()),
        week.registered,
        round(sum(week.megabytes.values())),
    )
