"""A sheet for people: two ads for one brief side by side, which is better; and what their answers say.

Raters see neither which system wrote what nor an order that would tell: sides are drawn a pair, pairs are shuffled, and
the key is a file of its own. Contacts are masked on both sides alike.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from math import comb
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from adgen_pipeline import figures
from adgen_pipeline.artifacts import write_json
from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation.evidence import shown_brief
from adgen_pipeline.evaluation.scores import interval, read_answer, read_cases
from adgen_pipeline.evaluation.systems import OURS, in_order
from adgen_pipeline.labels.agreement import alpha
from adgen_pipeline.text.redact import redact

SHEET, PAGE, KEY = "sheet.csv", "sheet.html", "key.json"
COLUMNS = ("pair", "brief", "left", "right", "better", "comment", "rater")
# What raters write into the column `better`.
VOTES = {
    **dict.fromkeys(("left", "l", "a", "1", "ግራ"), "left"),
    **dict.fromkeys(("right", "r", "b", "2", "ቀኝ"), "right"),
    **dict.fromkeys(("tie", "=", "t", "equal", "same", "0", "እኩል"), "tie"),
}
_FORMULA = ("=", "+", "-", "@", "\t")  # a spreadsheet would run a cell that begins so


class Pair(NamedTuple):
    """Two ads for one brief, as raters see them."""

    pair: str
    brief: str
    left: str
    right: str


class Outcome(NamedTuple):
    """How ours did against another system in people's eyes.

    Attributes:
        other: the system.
        pairs_count: pairs that somebody voted on.
        wins, ties, losses: votes.
        win_rate: mean over pairs of the share of votes for ours, a tie being half a vote.
        low, high: 95 % interval of it, by bootstrap over pairs.
        p_value: of the two-sided sign test over pairs whose votes are not even.
    """

    other: str
    pairs_count: int
    wins: int
    ties: int
    losses: int
    win_rate: float
    low: float
    high: float
    p_value: float


class Ratings(NamedTuple):
    """What the sheets of all raters say together.

    Attributes:
        outcomes: ours against each other system.
        raters: their names.
        alpha: Krippendorff's alpha (nominal) over pairs with two votes or more; None where it is undefined.
        equal_share: of the pairs of votes on one pair, those that say the same; None without any.
    """

    outcomes: tuple[Outcome, ...]
    raters: tuple[str, ...]
    alpha: float | None
    equal_share: float | None


def write(
    out: Path,
    cases: pl.DataFrame,
    answers: pl.DataFrame,
    *,
    count: int,
    against: Sequence[str] = (),
    seed: int,
) -> int:
    """Write sheet.csv, sheet.html and key.json below `out`; returns the number of pairs.

    Args:
        out: a folder; it is made.
        cases: CASES.
        answers: ANSWERS.
        count: pairs against each other system, at most.
        against: those systems; all of them if none is named.
        seed: of the draw, the sides and the order.

    Raises:
        DataError: a system has no answers, or no pair differs.
    """
    known, written = read_cases(cases), _answers(answers)
    others = list(against) or in_order({name for name, _ in written} - {OURS})
    drawn: list[tuple[bytes, Pair, dict[str, str]]] = []
    for other in others:
        shared = sorted(case for name, case in written if name == other and (OURS, case) in written)
        if not shared:
            raise DataError(
                f"evaluation/answers: {other} and {OURS} answered no case together. Known systems: "
                f"{', '.join(in_order({name for name, _ in written}))}. Add it to evaluation.systems and run again."
            )
        differing = [case for case in shared if written[OURS, case] != written[other, case]]
        for case in sorted(differing, key=lambda case: _lot(seed, "draw", other, case))[:count]:
            sides = [OURS, other]
            if _lot(seed, "side", other, case)[0] % 2:
                sides.reverse()
            name = _lot(seed, "name", other, case).hex()
            texts = [redact(written[side, case]) for side in sides]
            pair = Pair(name, _asked(known[case].brief.model_dump_json()), *texts)
            drawn.append(
                (_lot(seed, "order", other, case), pair, {"left": sides[0], "right": sides[1], "case": case})
            )
    if not drawn:
        raise DataError(
            "evaluation/answers: no two systems wrote different ads, so there is nothing to compare."
        )
    drawn.sort(key=lambda item: item[0])
    pairs = [pair for _, pair, _ in drawn]
    out.mkdir(parents=True, exist_ok=True)
    with (out / SHEET).open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows([*(_cell(text) for text in pair), "", "", ""] for pair in pairs)
    (out / PAGE).write_text(_page(pairs), encoding="utf-8")
    write_json(out / KEY, {pair.pair: sides for _, pair, sides in drawn})
    return len(pairs)


def read(sheets: Iterable[Path], key: Path, *, samples: int = 1_000, seed: int = 7) -> Ratings:
    """What filled-in sheets say. A row without a vote is no vote; the rater is the column's, else the file's name.

    Raises:
        DataError: a file is no sheet, a vote means nothing, or a pair is not in the key.
    """
    try:
        sides = json.loads(key.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{key}: no key of a sheet ({error}). Name the key.json that was written with it."
        ) from error
    votes: dict[str, dict[str, str]] = defaultdict(dict)  # pair → rater → vote
    for sheet in sheets:
        for line, row in enumerate(rows_of(sheet), start=2):
            vote = (row.get("better") or "").strip().lower()
            if not vote:
                continue
            if vote not in VOTES:
                raise DataError(f"{sheet}, row {line}: {vote!r} is no vote. Write left, right or tie.")
            if row["pair"] not in sides:
                raise DataError(
                    f"{sheet}, row {line}: pair {row['pair']!r} is not in {key}. Name its own key."
                )
            rater = (row.get("rater") or "").strip() or sheet.stem
            votes[row["pair"]].setdefault(rater, VOTES[vote])
    raters = sorted({rater for given in votes.values() for rater in given})
    by_system: dict[str, list[list[float]]] = defaultdict(list)
    for pair in sorted(votes):
        ours = "left" if sides[pair]["left"] == OURS else "right"
        other = sides[pair]["right" if ours == "left" else "left"]
        by_system[other].append([0.5 if v == "tie" else float(v == ours) for v in votes[pair].values()])
    outcomes = [outcome(name, by_system[name], samples=samples, seed=seed) for name in in_order(by_system)]
    return Ratings(tuple(outcomes), tuple(raters), *_agreement(votes))


def outcome(other: str, of_pairs: Sequence[Sequence[float]], *, samples: int, seed: int) -> Outcome:
    """How ours did against another system.

    Args:
        other: the system.
        of_pairs: for each pair its votes, at least one: 1 for ours, 0 for the other, 0.5 for a tie.
        samples, seed: of the bootstrap.
    """
    means = [float(np.mean(given)) for given in of_pairs]
    low, high = interval(means, samples=samples, seed=seed)
    assert low is not None
    assert high is not None
    given = [vote for votes in of_pairs for vote in votes]
    return Outcome(
        other,
        len(of_pairs),
        wins=given.count(1.0),
        ties=given.count(0.5),
        losses=given.count(0.0),
        win_rate=float(np.mean(means)),
        low=low,
        high=high,
        p_value=sign_test(sum(mean > 0.5 for mean in means), sum(mean < 0.5 for mean in means)),
    )


def sign_test(wins: int, losses: int) -> float:
    """Two-sided p-value of so many wins and losses if either were as likely: 8 to 2 gives 0.109."""
    count = wins + losses
    tail = sum(comb(count, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << count))


def _agreement(votes: Mapping[str, Mapping[str, str]]) -> tuple[float | None, float | None]:
    values = ("left", "right", "tie")
    counts = np.array(
        [
            [list(given.values()).count(value) for value in values]
            for given in votes.values()
            if len(given) > 1
        ],
        dtype=np.float64,
    ).reshape(-1, len(values))
    if not len(counts):
        return None, None
    found = float(alpha(counts, 1.0 - np.eye(len(values)))[0])
    sizes = counts.sum(axis=1)
    equal = float((counts * (counts - 1)).sum() / (sizes * (sizes - 1)).sum())
    return (None if np.isnan(found) else found), equal


def _answers(answers: pl.DataFrame) -> dict[tuple[str, str], str]:
    return {(row["system"], row["case_id"]): read_answer(row).text for row in answers.iter_rows(named=True)}


def _asked(brief: str) -> str:
    """A brief in lines, as raters read it."""
    shown = shown_brief(brief)
    lines = [
        f"{name}: {text}" for name, text in shown["fields"].items() if name not in ("Vertical", "Language")
    ]
    lines += [f"{fact['kind']}: {fact['text']}" for fact in shown["facts"]]
    return redact("\n".join(lines))


def _cell(text: str) -> str:
    return f" {text}" if text.startswith(_FORMULA) else text


def rows_of(sheet: Path) -> list[dict[str, str]]:
    """Rows of a sheet by column.

    Raises:
        DataError: it cannot be read, or is no sheet.
    """
    try:
        with sheet.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{sheet}: it cannot be read ({error}). Save the sheet as CSV in UTF-8.") from error
    if rows and not {"pair", "better"} <= set(rows[0]):
        raise DataError(
            f"{sheet}: no sheet (columns: {', '.join(rows[0])}). It needs the columns pair and better."
        )
    return rows


def _page(pairs: Sequence[Pair]) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template(PAGE)
    return template.render(pairs=pairs, font=figures.font_data_uri(template.render(pairs=pairs, font="")))


def _lot(seed: int, *what: str) -> bytes:
    return blake2b("/".join([str(seed), *what]).encode(), digest_size=6).digest()
