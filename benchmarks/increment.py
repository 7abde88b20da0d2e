"""What a newer dump of one channel costs, that adds one in a hundred messages: everything up to corpus/documents.

    python -m benchmarks.increment [--megabytes 100] [--json]

The exports are the sample generator's, whose messages come again and again, later each time; in each copy the Ethiopic
letters are exchanged for others, so that its posts repeat each other and not those of the other copies. The newer dump,
of the smallest channel, lies beside the older one. Files are a minute old: those that change are watched for seconds.
Both times are those of the asset graph without the start of Python.
"""

import json
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from adgen_pipeline.artifacts import Store
from adgen_pipeline.definitions import materialise
from adgen_pipeline.recipe import Recipe, load_recipe
from adgen_pipeline.schemas import DOCUMENTS, POSTS
from adgen_pipeline.settings import Settings
from adgen_pipeline.telegram.sample import write_sample
from adgen_pipeline.telegram.sample_records import CUSTOM_EMOJI_FILE
from benchmarks import show

SAMPLE_MEGABYTES = 10  # that the sample generator writes; more are copies of it
BYTES_A_MESSAGE = 1_140  # of the sample generator's exports
SHARE = 0.01
LETTERS = [chr(point) for point in range(0x1200, 0x1358) if chr(point).isalpha()]
NEW_COPY = 211  # whose letters the newer dump's messages have
STEP = 58  # letters by which a copy's are moved; as many copies differ as there are letters, for they share no divisor
SELECT = "+corpus/documents"


def write_exports(raw: Path, megabytes: int) -> int:
    """Write exports of about that size below `raw`; returns the number of their messages."""
    with tempfile.TemporaryDirectory(prefix="adgen-bench-") as folder:
        write_sample(Path(folder), messages=int(min(megabytes, SAMPLE_MEGABYTES) * 1e6 / BYTES_A_MESSAGE))
        texts = {
            path: path.read_text(encoding="utf-8") for path in sorted(Path(folder, "raw").rglob("*.json"))
        }
    roots = {
        path.name: _read(text) for path, text in texts.items() if text.endswith("}")
    }  # one is cut on purpose
    channels = {name: root for name, root in roots.items() if "messages" in root}
    size = sum(len(json.dumps(root, ensure_ascii=False, indent=1).encode()) for root in channels.values())
    copies = max(1, round(megabytes * 1e6 / size))
    return sum(_write_copies(raw / name, root, copies) for name, root in channels.items())


def _write_copies(target: Path, root: dict[str, Any], copies: int) -> int:
    """Write a channel whose messages come again and again, later and with other letters; returns their number."""
    target.parent.mkdir(parents=True, exist_ok=True)
    messages = root.pop("messages")
    ids = max(message["id"] for message in messages)
    moments = [int(message["date_unixtime"]) for message in messages if "date_unixtime" in message]
    seconds = max(moments) - min(moments) + 3600
    header = json.dumps(root, ensure_ascii=False, indent=1).removesuffix("\n}")
    with target.open("w", encoding="utf-8") as file:
        file.write(f'{header},\n "messages": [')
        for copy in range(copies):
            later = [_later(message, copy * ids, copy * seconds) for message in messages]
            listed = json.dumps(later, ensure_ascii=False, indent=1)
            file.write((",\n" if copy else "") + _exchanged(listed, copy)[1:-1])
        file.write("]}")
    return copies * len(messages)


def _later(message: dict[str, Any], ids: int, seconds: int) -> dict[str, Any]:
    """A message with a higher id and a later date."""
    moved = {**message, "id": message["id"] + ids}
    if "reply_to_message_id" in moved:
        moved["reply_to_message_id"] += ids
    if "date_unixtime" in moved:
        moment = datetime.fromtimestamp(int(message["date_unixtime"]) + seconds, UTC)
        moved |= _dated(moment)
    return moved


def _dated(moment: datetime) -> dict[str, str]:
    return {"date": moment.strftime("%Y-%m-%dT%H:%M:%S"), "date_unixtime": str(int(moment.timestamp()))}


def write_newer_dump(raw: Path, added: int) -> None:
    """Write a newer dump of one channel beside its older one: `added` messages more, with another copy's letters."""
    smallest = min(raw.glob("*.json"), key=lambda path: (path.stat().st_size, path.name))
    text = smallest.read_text(encoding="utf-8")
    root, other = json.loads(text), json.loads(_exchanged(text, NEW_COPY))
    texts = [message for message in other["messages"] if message.get("text")]
    newest = max(int(message.get("date_unixtime", 0)) for message in root["messages"])
    last = max(message["id"] for message in root["messages"])
    for number in range(1, added + 1):
        moment = datetime.fromtimestamp(newest, UTC) + timedelta(minutes=number)
        root["messages"].append({**texts[number % len(texts)], "id": last + number, **_dated(moment)})
    target = raw / "newer" / "result.json"
    target.parent.mkdir()
    target.write_text(json.dumps(root, ensure_ascii=False, indent=1), encoding="utf-8")


def _read(text: str) -> dict[str, Any]:
    """An export without what the sample generator damages on purpose."""
    text = text.replace("\\x08", "").replace(f'"document_id": {CUSTOM_EMOJI_FILE}', '"document_id": ""')
    root: dict[str, Any] = json.loads(text)
    return root


def _exchanged(text: str, copy: int) -> str:
    """JSON with each Ethiopic letter as another one; copy 0 is the text itself."""
    moved = {
        ord(letter): LETTERS[(number + STEP * copy) % len(LETTERS)] for number, letter in enumerate(LETTERS)
    }
    return text.translate(moved)


def measure(megabytes: int, folder: Path) -> dict[str, object]:
    """Seconds of both runs, step by step, and their ratio."""
    settings = Settings.from_environment(data=folder, recipe=Path("tiny"))
    os.environ["ADGEN_STATE"] = str(settings.state)
    recipe = load_recipe(settings.recipe_path)
    store = Store(folder)
    messages = write_exports(store.raw, megabytes)
    _let_rest(store.raw)
    size = sum(f.stat().st_size for f in store.raw.rglob("*.json"))
    full = _timed(recipe, settings)
    counted = store.scan_partitions(POSTS).collect().height
    documents = store.read_table(DOCUMENTS).height
    write_newer_dump(store.raw, int(messages * SHARE))
    _let_rest(store.raw)
    again = _timed(recipe, settings)
    return {
        "megabytes": round(size / 1e6),
        "messages": messages,
        "posts": counted,
        "documents": documents,
        "posts_added": store.scan_partitions(POSTS).collect().height - counted,
        "full": full,
        "increment": again,
        "share": round(again["seconds"] / full["seconds"], 3),
        "load": round(os.getloadavg()[0], 1),
    }


def _let_rest(raw: Path) -> None:
    """Let files that were written just now look a minute old."""
    for path in raw.rglob("*.json"):
        moment = min(path.stat().st_mtime, time.time() - 60)
        os.utime(path, (moment, moment))


def _timed(recipe: Recipe, settings: Settings) -> dict[str, float]:
    steps: dict[str, float] = {}

    def report(line: str) -> None:
        if line.startswith("✓"):
            words = line.split()
            steps[words[1]] = round(steps.get(words[1], 0.0) + float(words[-2]), 1)

    started = time.perf_counter()
    materialise(recipe, settings, select=SELECT, report=report)
    return {"seconds": round(time.perf_counter() - started, 1), **steps}


@click.command()
@click.option("--megabytes", default=100, show_default=True, type=click.IntRange(min=5))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(megabytes: int, as_json: bool) -> None:
    """Print what a full run and the run after a newer dump take."""
    with tempfile.TemporaryDirectory(prefix="adgen-bench-") as folder:
        figures = measure(megabytes, Path(folder))
    show(figures, as_json=as_json)


if __name__ == "__main__":
    main()
