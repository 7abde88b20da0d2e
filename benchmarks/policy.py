"""How many forbidden sentences the policy catches, and how many ordinary ones it stops.

    python -m benchmarks.policy [--set held_out|roundabout] [--misses] [--json]

The sentences are our own. `development` is what the lexicon is made with, `held_out` was written before it was
widened and is only measured; so is `roundabout`, whose sentences avoid the usual words or write Amharic in Latin
letters, and are of other rules too. --misses prints what was judged wrongly, of the development set alone.
"""

import json
from pathlib import Path

import click
import yaml

from adgen_pipeline.generation.policy import judge

FOLDER = Path(__file__).with_name("policy")
SETS = ("development", "held_out", "roundabout")


def measure(name: str) -> tuple[dict[str, object], list[str]]:
    """Shares of a set, and what was judged wrongly."""
    sentences: dict[str, list[str]] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    caught: dict[str, str] = {}
    wrong: list[str] = []
    hits = total = 0
    for tag in (name for name in sentences if name != "ordinary"):
        judged = [(sentence, judge(sentence)) for sentence in sentences[tag]]
        right = [tag in (*judgement.tags, *judgement.rules) for _, judgement in judged]
        wrong += [
            f"{tag}: {sentence}"
            for (sentence, _), is_right in zip(judged, right, strict=True)
            if not is_right
        ]
        caught[tag] = f"{sum(right)} of {len(right)}"
        hits, total = hits + sum(right), total + len(right)
    stopped = [(sentence, judge(sentence)) for sentence in sentences["ordinary"]]
    alarms = [(sentence, judgement) for sentence, judgement in stopped if judgement.verdict != "allow"]
    wrong += [f"ordinary: {sentence} {judgement.evidence}" for sentence, judgement in alarms]
    return {
        "caught": caught,
        "caught_share": round(hits / total, 3),
        "false_alarms": f"{len(alarms)} of {len(stopped)}",
        "false_alarm_share": round(len(alarms) / len(stopped), 3),
    }, wrong


@click.command()
@click.option("--set", "name", type=click.Choice(SETS), default="held_out", show_default=True)
@click.option("--misses", is_flag=True, help="Print what was judged wrongly (development only).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(name: str, misses: bool, as_json: bool) -> None:
    """Count what the policy catches and what it stops."""
    if misses and name != "development":
        raise click.UsageError("--misses is for --set development: a held-out set that is read is none.")
    figures, wrong = measure(name)
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    for figure, value in figures.items():
        click.echo(f"{figure}: {value}")
    for line in wrong if misses else ():
        click.echo(line)


if __name__ == "__main__":
    main()
