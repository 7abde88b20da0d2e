"""`adgen labels`: verticals, tags and is_ad of texts; tasks for annotators, their answers, their agreement."""

import json
from collections.abc import Callable
from pathlib import Path

import click

from adgen_pipeline.app import terminal
from adgen_pipeline.errors import DataError


@click.group(cls=terminal.Group)
def labels() -> None:
    """Label posts: ten ad verticals, four tags, is it an ad; ask people, and take in what they answer."""


@labels.command(epilog=terminal.example("""echo '{"text": "አዲስ ስልክ በ20,000 ብር"}' | adgen labels predict"""))
@terminal.data_option
@terminal.json_option
def predict(data: Path | None, as_json: bool) -> None:
    """Label JSON lines {"text": …} on stdin; a JSON line for each on stdout.

    By the classifier where the data folder has one, else by the rules. `evidence` says what triggered the labels, and
    where it stands. The answer is the same with --json: it exists so that every command takes it.
    """
    del as_json
    from adgen_pipeline.recipe import LabelsRecipe

    label = _labeller(data)
    minimum_score = LabelsRecipe().minimum_score
    for number, line in enumerate(terminal.stdin_text(), 1):
        if line.strip():
            terminal.emit_json(label(_text(line, number), minimum_score=minimum_score), line=True)


@labels.command(epilog=terminal.example("adgen labels tasks to-label --recipe annotate"))
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@terminal.data_option
@terminal.recipe_option
@terminal.json_option
def tasks(folder: Path, data: Path | None, recipe: str | None, as_json: bool) -> None:
    """Write a labelling configuration and a file of tasks for each annotator to DIR, for Label Studio.

    The recipe's labels.groups say who is asked about what, and `adgen run --select +labels/tasks` chooses the posts.
    The files hold whole posts, contacts included: they are as private as the exports.
    """
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.label_schemas import LABEL_TASKS
    from adgen_pipeline.labels.label_studio import tasks_by_annotator, write_tasks
    from adgen_pipeline.recipe import load_recipe
    from adgen_pipeline.schemas import POST_LABELS, POSTS
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    if not load_recipe(settings.recipe_path).labels.groups:
        raise DataError(
            f"{settings.recipe_path.name} names no labels.groups, so nobody is asked. Add a group with name, "
            "annotators and ranges ([{channel: 1234, first: 1, last: 500}])."
        )
    store = Store(settings.data)
    table = store.read_table(LABEL_TASKS)
    posts = store.scan_partitions(POSTS).select("channel_id", "message_id", "post").collect()
    written = write_tasks(folder, tasks_by_annotator(table, posts, store.read_table(POST_LABELS)))
    if as_json:
        terminal.emit_json(
            {"files": [{"path": str(path), "tasks": count} for path, count in written.items()]}
        )
        return
    for path, count in written.items():
        click.echo(
            f"{path}: {count} tasks" if count else f"{path}: the labelling configuration of every project"
        )


@labels.command("import", epilog=terminal.example("adgen labels import export-1.json answers.csv"))
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@terminal.data_option
@terminal.json_option
def import_(files: tuple[Path, ...], data: Path | None, as_json: bool) -> None:
    """Take annotators' answers into the data folder: Label Studio's JSON or JSON-MIN, Argilla's records, CSV.

    A CSV has the columns channel_id, message_id and labels (parted by ;), and may have annotator and is_skipped.
    What cannot be understood, is about no post, or contradicts another answer is reported and left out.
    """
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.labels.annotation import read_annotations, take_in
    from adgen_pipeline.schemas import POSTS
    from adgen_pipeline.settings import Settings

    store = Store(Settings.from_environment(data=data).data)
    taken, refused = take_in(files, store.annotations)
    posts = store.scan_partitions(POSTS).select("channel_id", "message_id").collect()
    table, others = read_annotations(store.annotations, posts)
    problems = list(dict.fromkeys([*refused, *others]))
    if as_json:
        counts = [{"path": str(path), "answers": count} for path, count in taken.items()]
        terminal.emit_json({"files": counts, "answers": table.height, "problems": problems})
    else:
        for path, count in taken.items():
            click.echo(f"{path}: {count} answers")
        click.echo(f"{table.height} answers in all. `adgen run` takes them up.")
        for problem in problems:
            terminal.report(f"! {problem}")
    if len(taken) < len(files):
        raise DataError(f"{len(files) - len(taken)} file(s) were not taken in. Mend what is reported.")


@labels.command(epilog=terminal.example("adgen labels agreement --adjudication to-decide.csv"))
@click.option(
    "--adjudication",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the posts on which annotators differ to a CSV that can be filled in and imported.",
)
@terminal.data_option
@terminal.recipe_option
@terminal.json_option
def agreement(adjudication: Path | None, data: Path | None, recipe: str | None, as_json: bool) -> None:
    """Measure how far annotators agree on each label: kappa, Krippendorff's alpha with its 95 % interval."""
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.labels import agreement as measures
    from adgen_pipeline.labels.annotation import read_annotations, write_adjudication
    from adgen_pipeline.recipe import load_recipe
    from adgen_pipeline.schemas import POSTS
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    section = load_recipe(settings.recipe_path).labels
    store, who = Store(settings.data), section.adjudicators
    posts = store.scan_partitions(POSTS).select("channel_id", "message_id", "post").collect()
    annotations, _ = read_annotations(store.annotations, posts)
    table = measures.agreement(
        annotations, adjudicators=who, samples=section.bootstrap_samples, seed=section.seed
    )
    disputed = measures.adjudication(annotations, adjudicators=who)
    if adjudication is not None:
        write_adjudication(adjudication, disputed, posts)
    if as_json:
        terminal.emit_json({"agreement": table.to_dicts(), "disputed_posts": disputed.height})
        return
    columns = (
        "posts_count",
        "positive_share",
        "cohen_kappa",
        "fleiss_kappa",
        "alpha",
        "alpha_low",
        "alpha_high",
    )
    terminal.table(
        f"{annotations.height} answers; {disputed.height} posts wait for a decision",
        {"label": "left", **dict.fromkeys(columns, "right")},
        [[row["label"], *(_number(row[name]) for name in columns)] for row in table.iter_rows(named=True)],
    )


def _labeller(data: Path | None) -> Callable[..., dict[str, object]]:
    """What labels a text: the classifier of the data folder, or the rules where there is none."""
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.labels import rules
    from adgen_pipeline.settings import Settings

    store = Store(Settings.from_environment(data=data).data)
    if not store.pointer_path("labels", "classifier").is_file():
        return rules.predict
    from adgen_pipeline.labels import verdicts  # takes two seconds to import

    return verdicts.load(store.artifact("labels", "classifier").verify().path).predict


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def _text(line: str, number: int) -> str:
    """The text of a JSON line.

    Raises:
        DataError: the line is not {"text": …}.
    """
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(
            f'stdin line {number} is not JSON ({error}). Write {{"text": "…"}} on each line.'
        ) from error
    if not isinstance(values, dict) or not isinstance(values.get("text"), str):
        raise DataError(f'stdin line {number} has no "text" string. Write {{"text": "…"}} on each line.')
    return str(values["text"])
