"""Ads for every brief of a folder, judged by the oracle; resumable. `python -m benchmarks.ads --briefs DIR` runs it.

Briefs and channels may be ones that nobody has seen: what is judged is judged by the brief's own document. A line of
JSON an ad is kept, without the ad's text where nothing is wrong with it, so that a killed run goes on where it was.
"""

import hashlib
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import BriefError
from adgen_pipeline.evaluation import oracle
from adgen_pipeline.evaluation.metrics import MINIMUM_ETHIOPIC_SHARE
from adgen_pipeline.generation.brief import ENDINGS, read_brief
from adgen_pipeline.generation.loading import load_writer
from adgen_pipeline.generation.writer import Ad, AdWriter
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.settings import Settings
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.language import script_shares
from benchmarks.brief_sets import document_text

COUNTED = ("invented", "leaked", "promised", "missing", "format")
Row = dict[str, object]


def write_and_judge(
    data: Path, briefs: Path, recipe: str, *, limit: int, ads_a_brief: int, out: Path | None
) -> dict[str, object]:
    """Write ads until `limit` of them stand in the file, and sum up what the oracle says of them.

    Args:
        data: the data folder whose model, encoder and index write.
        briefs: a folder of briefs, read with its folders.
        recipe: name or path.
        limit: ads in all, those of earlier runs included.
        ads_a_brief: asked for at once, for each brief and channel.
        out: the file of rows; None: below the data folder, named after all that decides what is written.
    """
    settings = Settings.from_environment(data=data, recipe=Path(recipe))
    loaded = load_recipe(settings.recipe_path)
    store = Store(settings.data)
    versions = [store.artifact(*key).version for key in (("training", "model"), ("index", "posts"))]
    named = [str(briefs.resolve()), loaded.generation.digest(), ads_a_brief, *versions]
    digest = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:12]
    out = out or settings.data / "benchmarks" / f"ads-{digest}.jsonl"
    out.parent.mkdir(parents=True, exist_ok=True)
    rows = _kept(out)
    known, problems = _briefs(briefs)
    if len(rows) < limit and known:
        writer = load_writer(store, loaded)
        done = {(row["brief"], row["channel"], row["seed"]) for row in rows}
        with out.open("a", encoding="utf-8") as file:
            for name, channel, seed in _plan(sorted(known), sorted(writer.channels), loaded.generation.seed):
                if len(rows) >= limit:
                    break
                if (name, channel, seed) in done:
                    continue
                document, brief = known[name]
                new = _written(writer, name, document, brief, channel=channel, seed=seed, n=ads_a_brief)
                for row in new:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()
                rows += new
                click.echo(f"{len(rows)} of {limit} ads", err=True)
    return {**summary(rows[:limit]), "unreadable": problems, "rows": str(out)}


def judge(document: str, brief: Brief, ad: Ad) -> Row:
    """What the oracle finds in one ad, by name of `COUNTED`; the words themselves, for a person to read."""
    must = [fact.text for fact in brief.facts if fact.must]
    return {
        "invented": [list(finding) for finding in oracle.invented(document, ad.text)],
        "leaked": [list(finding) for finding in oracle.leaked_contacts(document, ad.text)],
        "promised": [list(finding) for finding in oracle.unsupported_promises(document, ad.text)],
        "missing": oracle.missing(must, ad.text),
        "format": oracle.format_faults(ad.text, ad.format),
        "must": len(must),
        "policy": ad.policy_verdict,
        "written_by": ad.written_by,
        "ethiopic_share": round(script_shares(ad.text)[0], 3),
    }


def summary(rows: Sequence[Row]) -> dict[str, object]:
    """Shares and counts over judged ads; of the facts that must stand, how many do; how long writing took."""
    count = len(rows)
    if not count:
        return {"ads": 0}
    must = sum(_number(row["must"]) for row in rows)
    lost = sum(len(_list(row["missing"])) for row in rows)
    seconds = sorted(
        {(row["brief"], row["channel"], row["seed"]): _number(row["seconds"]) for row in rows}.values()
    )
    return {
        "ads": count,
        "briefs": len({row["brief"] for row in rows}),
        "channels": len({row["channel"] for row in rows}),
        "invented_facts": sum(len(_list(row["invented"])) for row in rows),
        "leaked_contacts": sum(len(_list(row["leaked"])) for row in rows),
        **{
            f"ads_with_{name}_share": round(sum(bool(row[name]) for row in rows) / count, 4)
            for name in COUNTED
        },
        "must_have_facts_present_share": round(1 - lost / must, 4) if must else None,
        "format_valid_share": round(sum(not row["format"] for row in rows) / count, 4),
        "template_share": round(sum(row["written_by"] == "template" for row in rows) / count, 4),
        "amharic_share": round(
            sum(_number(row["ethiopic_share"]) >= MINIMUM_ETHIOPIC_SHARE for row in rows) / count, 4
        ),
        "policy": dict(Counter(str(row["policy"]) for row in rows)),
        "seconds_a_brief": {
            "median": round(statistics.median(seconds), 2),
            "p95": round(seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))], 2),
        },
    }


def _plan(briefs: Sequence[str], channels: Sequence[int], seed: int) -> Iterator[tuple[str, int | None, int]]:
    """Brief, channel, seed without end: every brief once before any is asked again, channels in turn."""
    chosen: Sequence[int | None] = channels or [None]
    turn = 0
    while True:
        for place, brief in enumerate(briefs):
            channel = chosen[(place + turn) % len(chosen)]
            yield brief, channel, seed + turn // len(chosen)
        turn += 1


def _written(
    writer: AdWriter, name: str, document: str, brief: Brief, *, channel: int | None, seed: int, n: int
) -> list[Row]:
    started = time.monotonic()
    ads = writer.write(brief, channel_id=channel, n=n, seed=seed)
    seconds = round(time.monotonic() - started, 2)
    rows: list[Row] = []
    for ad in ads:
        judged = judge(document, brief, ad)
        is_wrong = any(judged[key] for key in COUNTED)
        rows.append(
            {
                "brief": name, "channel": channel, "seed": seed, "rank": ad.rank, "seconds": seconds, **judged,
                **({"ad": ad.text} if is_wrong else {}),
            }
        )  # fmt: skip
    return rows


def _briefs(folder: Path) -> tuple[dict[str, tuple[str, Brief]], list[str]]:
    """Documents and what was understood of them, by path below the folder; a sentence for each that cannot be read."""
    known, problems = {}, []
    for file in sorted(f for f in folder.rglob("*") if f.suffix.lower() in ENDINGS):
        try:
            brief = read_brief(file)
        except BriefError as error:
            problems.append(str(error))
            continue
        known[str(file.relative_to(folder))] = (document_text(file), brief)
    return known, problems


def _kept(path: Path) -> list[Row]:
    """Rows of earlier runs; a line that a kill cut short is left out of the file."""
    if not path.is_file():
        return []
    rows, whole = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
        whole.append(line)
    path.write_text("".join(f"{line}\n" for line in whole), encoding="utf-8")
    return rows


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value
