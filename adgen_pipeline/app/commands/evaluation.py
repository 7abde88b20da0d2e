"""`adgen evaluate`: the scores of the last run; sheets for people who compare ads, and what they said."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adgen_pipeline.app import terminal

if TYPE_CHECKING:
    from adgen_pipeline.evaluation.scores import Difference


@click.group(
    cls=terminal.Group, invoke_without_command=True, epilog=terminal.example("adgen evaluate --json")
)
@terminal.data_option
@terminal.json_option
@click.pass_context
def evaluate(context: click.Context, data: Path | None, as_json: bool) -> None:
    """Print the scores on held-out posts beside the baselines.

    They are those of the last `adgen run`; the differences are ours minus each baseline, case by case.
    """
    if context.invoked_subcommand is None:
        _print_scores(data, as_json=as_json)


@evaluate.command(
    epilog=terminal.example("adgen evaluate sheet rating -n 20", "adgen evaluate sheet rating --against base")
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "-n", "count", metavar="N", type=click.IntRange(1), default=20, show_default=True, help="Pairs a system."
)
@click.option(
    "--against", metavar="SYSTEM", multiple=True, help="Another system than ours; all if not given."
)
@click.option(
    "--seed", metavar="N", type=int, default=7, show_default=True, help="Draws pairs, sides, order."
)
@terminal.data_option
@terminal.json_option
def sheet(
    folder: Path, count: int, against: tuple[str, ...], seed: int, data: Path | None, as_json: bool
) -> None:
    """Write a sheet on which people say which of two ads is better.

    FOLDER gets sheet.csv (to fill in), sheet.html (to read) and key.json, which says who wrote what: not for raters.
    """
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.evaluation import sheet as sheets
    from adgen_pipeline.evaluation_schemas import ANSWERS, CASES
    from adgen_pipeline.settings import Settings

    store = Store(Settings.from_environment(data=data).data)
    with terminal.stdout_for_results():
        written = sheets.write(
            folder,
            store.read_table(CASES),
            store.read_table(ANSWERS),
            count=count,
            against=against,
            seed=seed,
        )
    if as_json:
        terminal.emit_json({"folder": str(folder), "pairs": written})
        return
    click.echo(
        f"{written} pairs: give {folder / sheets.SHEET} and {folder / sheets.PAGE} to raters, keep {sheets.KEY}."
    )


@evaluate.command(epilog=terminal.example("adgen evaluate judge rating --recipe openai"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@terminal.recipe_option
@terminal.data_option
@terminal.json_option
def judge(folder: Path, recipe: str | None, data: Path | None, as_json: bool) -> None:
    """Let the recipe's `evaluation.judge` fill in the sheet of FOLDER, asked twice with sides swapped.

    `adgen evaluate import` reads its sheet beside people's, and says how far they agree. What is sent costs money.
    """
    from adgen_pipeline.endpoint import Endpoint
    from adgen_pipeline.errors import RecipeError
    from adgen_pipeline.evaluation.judge import judge as fill_in
    from adgen_pipeline.recipe import load_recipe
    from adgen_pipeline.settings import Settings, key_of

    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    loaded = load_recipe(settings.recipe_path)
    asked = loaded.evaluation.judge
    if asked is None:
        raise RecipeError(
            f"{settings.recipe_path}: no evaluation.judge. Say there which model judges; recipes/openai.yaml does."
        )
    endpoint = Endpoint(asked, key=key_of(asked.key_variable))
    with terminal.stdout_for_results():
        out = fill_in(folder, endpoint, seed=loaded.evaluation.seed, report=terminal.report)
    used = {
        name: getattr(endpoint.usage, name) for name in ("requests", "prompt_tokens", "answer_tokens", "usd")
    }
    if as_json:
        terminal.emit_json({"sheet": str(out), **used})
        return
    click.echo(f"{out}: {used['requests']} requests, {used['usd']:.4f} USD.")


@evaluate.command(
    "import", epilog=terminal.example("adgen evaluate import sara.csv abel.csv --key rating/key.json")
)
@click.argument("sheets", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--key",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The sheet's key.json.",
)
@terminal.json_option
def import_(sheets: tuple[Path, ...], key: Path, as_json: bool) -> None:
    """Read filled-in sheets: how often ours is preferred, and how far raters agree.

    SHEETS are CSV files, one a rater or with a column `rater`; a tie is half a win.
    """
    from adgen_pipeline.evaluation.sheet import read
    from adgen_pipeline.evaluation.systems import TITLES

    with terminal.stdout_for_results():
        found = read(sheets, key)
    if as_json:
        terminal.emit_json({**found._asdict(), "outcomes": [outcome._asdict() for outcome in found.outcomes]})
        return
    terminal.table(
        "Ours beside other systems, in people's eyes",
        {
            "against": "left",
            "pairs": "right",
            "won/tied/lost": "right",
            "win rate": "right",
            "sign test": "right",
        },
        [
            [
                TITLES.get(one.other, one.other),
                str(one.pairs_count),
                f"{one.wins}/{one.ties}/{one.losses}",
                f"{one.win_rate:.2f} [{one.low:.2f}, {one.high:.2f}]",
                f"p = {one.p_value:.3f}",
            ]
            for one in found.outcomes
        ],
    )
    agreed = (
        "not measured: no pair has two votes"
        if found.equal_share is None
        else f"{found.equal_share:.0%} of votes"
    )
    alpha = "" if found.alpha is None else f", Krippendorff's alpha {found.alpha:.2f}"
    click.echo(f"Raters: {', '.join(found.raters) or 'none'}. Agreement {agreed}{alpha}.")


def _print_scores(data: Path | None, *, as_json: bool) -> None:
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.evaluation.catalogue import ALL
    from adgen_pipeline.evaluation.scores import compare
    from adgen_pipeline.evaluation.systems import OURS, in_order
    from adgen_pipeline.evaluation_schemas import MEASURES, RETRIEVAL, SCORES
    from adgen_pipeline.settings import Settings

    store = Store(Settings.from_environment(data=data).data)
    scores = store.read_table(SCORES).to_dicts()
    retrieval = store.read_table(RETRIEVAL).to_dicts()
    differences = compare(store.read_table(MEASURES)) if store.table_path(MEASURES).is_file() else []
    if as_json:
        rows = [{**d._asdict(), "metric": d.metric.name, "verdict": d.verdict} for d in differences]
        terminal.emit_json({"scores": scores, "retrieval": retrieval, "differences": rows})
        return
    systems = in_order({row["system"] for row in scores})
    by_cell = {(row["metric"], row["system"]): row for row in scores}
    terminal.table(
        "Ads for held-out briefs: mean [95 % interval]; ↑ higher is better, ↓ lower",
        {"metric": "left", **dict.fromkeys(systems, "right")},
        [
            [
                f"{metric} {'↑' if is_higher_better else '↓'}",
                *(_interval(by_cell.get((metric, system))) for system in systems),
            ]
            for metric, is_higher_better in sorted(
                {(row["metric"], row["is_higher_better"]) for row in scores}
            )
        ],
    )
    click.echo()
    others = [name for name in systems if name != OURS]
    by_pair = {(d.metric.name, d.baseline): d for d in differences}
    terminal.table(
        "Ours minus each other system, case by case: mean [95 % interval]",
        {"metric": "left", **dict.fromkeys(others, "right")},
        [
            [metric.name, *(_difference(by_pair.get((metric.name, other))) for other in others)]
            for metric in ALL
            if any((metric.name, other) in by_pair for other in others)
        ],
    )
    click.echo()
    measures = ("recall_at_10", "mrr_at_10", "ndcg_at_10")
    terminal.table(
        "Search for held-out posts",
        {"system": "left", "queries": "right", **dict.fromkeys(measures, "right")},
        [
            [row["system"], str(row["queries_count"]), *(f"{row[measure]:.3f}" for measure in measures)]
            for row in retrieval
        ],
    )


def _interval(row: dict[str, float | None] | None) -> str:
    """A score with its bounds; a dash where it was not measured."""
    if row is None or row["value"] is None:
        return "–"
    if row["low"] is None or row["high"] is None:
        return f"{row['value']:.3f}"
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"


def _difference(difference: "Difference | None") -> str:
    """A difference with its bounds and what it means; a dash where it was not measured."""
    if difference is None:
        return "–"
    return f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}] {difference.verdict}"
