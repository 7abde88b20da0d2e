"""Unselected ads for held-out briefs, with invented contacts, and how many of them pass the bar.

    python -m benchmarks.ads --data data/demo -n 10 [--json]
    python -m benchmarks.ads --data data/demo --briefs data/demo/briefs --limit 12 [--recipe demo] [--json]

With --briefs, ads are written for every brief of a folder and judged by an oracle that shares nothing with the guards
(`ads_for_briefs`): facts, contacts and promises that the brief does not hold, facts that are missing, formats.
Without, it is the held-out cases of the last run.

The bar: Ethiopic share at least 0.6, all must-have facts, no word 4-gram more than twice, written by the model.
Slots are filled with invented values, so that nobody's contacts or prices are printed; the checks are made on the ad
as it was written.
"""

import hashlib
import json
from pathlib import Path

import click

from adgen_pipeline.artifacts import Store
from adgen_pipeline.evaluation import metrics
from adgen_pipeline.evaluation.scores import read_answer, read_cases
from adgen_pipeline.evaluation_schemas import ANSWERS, CASES
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import fill, slot_kind
from benchmarks.ads_for_briefs import write_and_judge

INVENTED = {
    "phone": "0900 00 00 {n:02d}", "price": "{n},500 ብር", "percent": "{n}0%", "date": "{n}/1/2017",
    "time": "{n}:30", "url": "https://t.me/example_channel_{n}", "handle": "@example_shop_{n}",
    "hashtag": "#ምሳሌ{n}", "email": "shop{n}@example.com", "quantity": "{n}2", "brand": "Selam{n}",
    "product": "Model A{n}", "location": "ምሳሌ ሕንፃ {n}ኛ ፎቅ", "term": "⟨የሱቁ ቋሚ ውል {n}⟩",
}  # fmt: skip
MINIMUM_ETHIOPIC_SHARE = 0.6
MAXIMUM_REPEATS = 2


def invented(brief: Brief) -> dict[str, str]:
    """A made-up value for each slot of a brief."""
    return {
        fact.slot: INVENTED[slot_kind(fact.slot)].format(n=int("".join(c for c in fact.slot if c.isdigit())))
        for fact in brief.facts
    }


def judge(store: Store, count: int) -> list[dict[str, object]]:
    """The first `count` cases in the order of a hash of their ids, with our ad and the four tests."""
    cases = read_cases(store.read_table(CASES))
    ours = {
        row["case_id"]: row
        for row in store.read_table(ANSWERS).iter_rows(named=True)
        if row["system"] == "ours"
    }
    order = sorted(ours, key=lambda case_id: hashlib.sha256(case_id.encode()).hexdigest())
    rows: list[dict[str, object]] = []
    for case_id in order[:count]:
        case, answer = cases[case_id], read_answer(ours[case_id])
        share, repeats = metrics.ethiopic_share(case, answer), int(metrics.repetition(case, answer))
        missing = len(metrics.missing_facts(case.brief, answer.text))
        invented_count = len(metrics.invented_facts(case.brief, answer.text))
        values = invented(case.brief)
        rows.append(
            {
                "brief": [
                    fill(part, values) for part in (case.brief.product, *case.brief.features) if part.strip()
                ],
                "facts": sorted(values.values()),
                "ad": fill(answer.slotted, values),
                "ethiopic_share": round(share, 2),
                "facts_missing": missing,
                "facts_invented": invented_count,
                "repeats": repeats,
                "written_by": answer.written_by,
                "passes": share >= MINIMUM_ETHIOPIC_SHARE
                and not missing
                and not invented_count
                and repeats <= MAXIMUM_REPEATS
                and answer.written_by == "model",
            }
        )
    return rows


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("data/demo"), help="The data folder.")
@click.option("-n", "count", default=10, help="How many ads.")
@click.option(
    "--briefs", type=click.Path(path_type=Path, exists=True, file_okay=False), help="A folder of briefs."
)
@click.option(
    "--limit", default=200, show_default=True, help="With --briefs: ads in all; a second run goes on."
)
@click.option(
    "--ads-a-brief", default=4, show_default=True, help="With --briefs: ads for each brief and channel."
)
@click.option("--recipe", default="demo", show_default=True, help="With --briefs: name or path.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="With --briefs: where rows are kept."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(
    data: Path,
    count: int,
    briefs: Path | None,
    limit: int,
    ads_a_brief: int,
    recipe: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Print unselected ads beside their briefs, and how many pass; or what the oracle says of ads for a folder."""
    if briefs is not None:
        found = write_and_judge(data, briefs, recipe, limit=limit, ads_a_brief=ads_a_brief, out=out)
        if as_json:
            click.echo(json.dumps(found, ensure_ascii=False))
        else:
            for name, value in found.items():
                click.echo(f"{name}: {value}")
        return
    rows = judge(Store(data.resolve()), count)
    passed = sum(bool(row["passes"]) for row in rows)
    if as_json:
        click.echo(json.dumps({"ads": rows, "passed": passed}, ensure_ascii=False))
        return
    for number, row in enumerate(rows, start=1):
        tests = {
            k: row[k] for k in ("ethiopic_share", "facts_missing", "facts_invented", "repeats", "written_by")
        }
        brief, facts = row["brief"], row["facts"]
        assert isinstance(brief, list)
        assert isinstance(facts, list)
        click.echo(f"### {number}. {'passes' if row['passes'] else 'fails'}\n")
        click.echo(f"Brief: {' · '.join(brief)}  \nFacts: {' · '.join(facts)}\n")
        click.echo("```\n" + str(row["ad"]) + "\n```\n")
        click.echo(", ".join(f"{name} {value}" for name, value in tests.items()) + "\n")
    click.echo(f"{passed} of {len(rows)} pass.")


if __name__ == "__main__":
    main()
