"""`adgen forget`: erase messages, channels and advertisers, and keep them out of later dumps."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adgen_pipeline.app import terminal

if TYPE_CHECKING:
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.erasure.plan import Plan
    from adgen_pipeline.forgotten import Entry

SHOWN = 10
NEXT = "adgen run"


class MessageId(click.ParamType[tuple[int, int]]):
    """CHANNEL_ID/MESSAGE_ID."""

    name = "CHANNEL_ID/MESSAGE_ID"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Both ids as numbers."""
        match = re.fullmatch(r"(\d+)/(\d+)", str(value))
        if match is None:
            self.fail(f"{value!r} is not CHANNEL_ID/MESSAGE_ID, such as 1234567890/42.", param, ctx)
        return int(match[1]), int(match[2])


@click.command(
    epilog=terminal.example(
        "adgen forget --message 1234567890/42               # shows what goes, asks, removes it",
        "adgen forget --message 1234567890/42 --with-copies # reposts and near-duplicates as well",
        "adgen forget --channel 1234567890 --reason 'asked by mail' --yes",
        "adgen forget --advertiser abc-shop --json          # what would go, as JSON; --yes does it",
    )
)
@click.option("--channel", "channels", metavar="ID", type=int, multiple=True, help="A channel as a whole.")
@click.option(
    "--message",
    "messages",
    metavar="CHANNEL_ID/MESSAGE_ID",
    type=MessageId(),
    multiple=True,
    help="One message.",
)
@click.option(
    "--advertiser",
    "advertisers",
    metavar="ID",
    multiple=True,
    help="An advertiser: folder below advertisers/.",
)
@click.option("--with-copies", is_flag=True, help="Also reposts, forwards and near-duplicates elsewhere.")
@click.option("--reason", metavar="TEXT", default="", help="Why, for the list; no personal data.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@terminal.data_option
@terminal.json_option
def forget(
    channels: tuple[int, ...],
    messages: tuple[tuple[int, int], ...],
    advertisers: tuple[str, ...],
    with_copies: bool,
    reason: str,
    yes: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Erase messages, channels or advertisers, and never read them again.

    They leave every table, the index, quarantine, training rows, reports and Dagster's history. Models cannot
    un-learn: those that were trained on them are listed. The exports in raw/ stay as they are, and are listed too:
    delete those by hand. What is forgotten stands in forgotten.jsonl of the data folder (ids, date, reason); remove
    a line there to let the next run read it again. Interrupted? The same command completes it.
    """
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.definitions import forget as erase
    from adgen_pipeline.erasure.plan import plan
    from adgen_pipeline.forgotten import Entry
    from adgen_pipeline.settings import Settings
    from adgen_pipeline.tracking import REGISTERED_NAME, Tracker

    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    entries = [
        *(Entry(channel, date=today, reason=reason) for channel in channels),
        *(Entry(*message, date=today, reason=reason) for message in messages),
        *(Entry(advertiser=name, date=today, reason=reason) for name in advertisers),
    ]
    if not entries:
        raise click.UsageError("Name what to forget: --channel, --message or --advertiser.")
    settings = Settings.from_environment(data=data)
    store = Store(settings.data)
    with terminal.stdout_for_results():
        planned = plan(store, entries, with_copies=with_copies, report=terminal.report)
        tracker = Tracker(settings.tracking_uri, settings.mlflow_url, settings.artifact_root)
        is_registered = any(model.name == "model" for model in planned.models)
        registered = tracker.registered(REGISTERED_NAME) if is_registered else {}
    if not as_json:
        for line in _lines(store, planned, registered):
            click.echo(line)
        if not yes:
            click.confirm("Remove it for good?", abort=True, err=True)
    if yes or not as_json:
        with terminal.stdout_for_results():
            erase(settings, planned.forgotten, report=terminal.report)
        terminal.report(f"Done. Next: {NEXT}   (makes what was removed again, and trains anew)")
        terminal.report("Restart `adgen serve` and `adgen dev` if they are running: they hold the old index.")
        if settings.object_store is not None:
            terminal.report(
                f"{settings.object_store} has it until the next push: `adgen store push`, and `--remove` where you "
                "deleted exports."
            )
    if as_json:
        terminal.emit_json(_document(store, planned, registered, erased=yes))


def _document(
    store: "Store", planned: "Plan", registered: Mapping[str, str], *, erased: bool
) -> dict[str, object]:
    """The plan as JSON values."""
    root = store.root
    return {
        "forgotten": [_entry(entry) for entry in planned.forgotten.entries],
        "already": planned.already,
        "tables": [
            {"file": str(t.path.relative_to(root)), "rows": t.rows, "mended": t.mended}
            for t in planned.tables
        ],
        "quarantined": planned.quarantined,
        "stored_ads": planned.stored_ads,
        "folders": [str(folder.relative_to(root)) for folder in planned.folders],
        "indexes": [
            {"folder": str(folder.relative_to(root)), "rows": len(keys)}
            for folder, keys in planned.indexes.items()
        ],
        "models": [
            {
                "model": str(model),
                "folder": str(model.path.relative_to(root)),
                "is_current": model.is_current,
                "is_certain": model.is_certain,
                "registered_version": registered.get(model.version) if model.name == "model" else None,
            }
            for model in planned.models
        ],
        "copies": planned.copies.to_dicts(),
        "still_in": [str(path) for path in planned.raw],
        "erased": erased,
        "next": NEXT,
    }


def _entry(entry: "Entry") -> dict[str, object]:
    names = ("channel_id", "message_id", "advertiser", "date", "reason")
    return {name: value for name in names if (value := getattr(entry, name)) not in (None, "")}


def _lines(store: "Store", planned: "Plan", registered: Mapping[str, str]) -> Iterator[str]:
    """The plan for people: what goes, what cannot, what is left to them."""
    entries = planned.forgotten.entries
    again = f" ({planned.already} forgotten already: looked for again)" if planned.already else ""
    yield f"To forget: {_some([str(entry) for entry in entries])}{again}"
    gone = [
        f"{t.rows + t.mended} rows of {_name(store, t.path)}" for t in planned.tables if t.rows + t.mended
    ]
    gone += [
        f"{_name(store, t.path)} (counted again by the next run)"
        for t in planned.tables
        if not t.rows + t.mended
    ]
    gone += [f"{len(keys)} rows of {_name(store, folder)}" for folder, keys in planned.indexes.items()]
    gone += [_name(store, folder) for folder in planned.folders]
    gone += [f"{planned.quarantined} lines of quarantine/"] if planned.quarantined else []
    gone += [f"{planned.stored_ads} stored ads with their feedback"] if planned.stored_ads else []
    gone.append("previews, figures and evidence of checks in Dagster's history")
    yield "What goes:"
    yield from (f"  {line}" for line in gone)
    if planned.models:
        yield "Trained on it, and cannot un-learn it (retrain, then delete these folders and their runs in MLflow):"
        for model in planned.models:
            notes = ["in use"] if model.is_current else []
            if model.name == "model" and model.version in registered:
                notes.append(f"MLflow version {registered[model.version]}")
            notes += [] if model.is_certain else ["does not say what it was trained on"]
            yield f"  {_name(store, model.path)}" + (f"  ({', '.join(notes)})" if notes else "")
    if planned.copies.height:
        keys = [f"{channel}/{message}" for channel, message in planned.copies.iter_rows()]
        yield f"{len(keys)} copies stay; --with-copies forgets them too: {_some(keys)}"
    if planned.raw:
        yield "Still there afterwards, since the pipeline never writes to people's files; delete it by hand:"
        yield from (f"  {path}" for path in planned.raw)


def _name(store: "Store", path: Path) -> str:
    return str(path.relative_to(store.root))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
