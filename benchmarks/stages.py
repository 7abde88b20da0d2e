"""What each stage of a data folder made, and how long it took: from the event log that Dagster kept.

python -m benchmarks.stages --data data/demo [--json]
"""

import json
import os
from pathlib import Path

import click
import dagster as dg

from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.recipe import STAGES, load_recipe
from adgen_pipeline.settings import Settings, use_state_folder


def measure(instance: dg.DagsterInstance, definitions: dg.Definitions) -> list[dict[str, object]]:
    """One row an asset: rows made, partitions, seconds (sum over partitions of their latest runs)."""
    rows: list[dict[str, object]] = []
    counted: set[str] = set()
    for key in sorted(definitions.resolve_asset_graph().materializable_asset_keys):
        latest: dict[str | None, dg.EventLogRecord] = {}
        for record in instance.fetch_materializations(key, limit=1000).records:
            latest.setdefault(record.partition_key, record)
        runs = {record.run_id for record in latest.values()}
        found = [instance.get_run_record_by_id(run_id) for run_id in sorted(runs)]
        fresh = [
            r for r in found if r and r.end_time and r.start_time and r.dagster_run.run_id not in counted
        ]
        counted |= runs  # tables that one function yields together took their time once
        seconds = sum(float(r.end_time or 0) - float(r.start_time or 0) for r in fresh)
        counts = [
            int(str(record.asset_materialization.metadata["dagster/row_count"].value))
            for record in latest.values()
            if record.asset_materialization and "dagster/row_count" in record.asset_materialization.metadata
        ]
        rows.append(
            {
                "asset": "/".join(key.path),
                "rows": sum(counts) if counts else None,
                "partitions": len(latest) if None not in latest else None,
                "seconds": round(seconds, 1),
            }
        )
    return sorted(rows, key=lambda row: (STAGES.index(str(row["asset"]).split("/")[0]), str(row["asset"])))


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("data/demo"), help="The data folder.")
@click.option("--recipe", default="demo", help="The recipe that made it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(data: Path, recipe: str, as_json: bool) -> None:
    """Print what each stage made and how long it took."""
    settings = Settings.from_environment(data=data, recipe=Path(recipe))
    use_state_folder(settings)
    with dg.DagsterInstance.get() as instance:
        rows = measure(instance, build_definitions(load_recipe(settings.recipe_path), settings))
    if as_json:
        click.echo(json.dumps({"cores": os.cpu_count(), "stages": rows}, ensure_ascii=False))
        return
    click.echo("| asset | rows | partitions | seconds |\n|---|---:|---:|---:|")
    for row in rows:
        click.echo(
            f"| {row['asset']} | {_cell(row['rows'])} | {_cell(row['partitions'])} | {row['seconds']} |"
        )
    click.echo(f"| all | | | {sum(float(str(row['seconds'])) for row in rows):.0f} |")


def _cell(value: object) -> str:
    return "" if value is None else f"{value:,}"


if __name__ == "__main__":
    main()
