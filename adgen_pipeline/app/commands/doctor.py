"""`adgen doctor`: is this machine ready, and what to do if it is not."""

from pathlib import Path

import click

from adgen_pipeline.app import terminal


@click.command(epilog=terminal.example("adgen doctor --recipe gemma-270m"))
@terminal.recipe_option
@terminal.data_option
@click.option("--quiet", is_flag=True, help="Print only what must be mended.")
@terminal.json_option
def doctor(recipe: str | None, data: Path | None, quiet: bool, as_json: bool) -> None:
    """Check whether this machine is ready for a run.

    Python, packages, memory, disk, ports, the base model and the data. Exit status 1 if anything
    would stop a run; each finding says what to do.
    """
    from adgen_pipeline.app.examination import examine
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    with terminal.stdout_for_results():
        findings = examine(settings)
    healthy = all(finding.state != "bad" for finding in findings)
    if as_json:
        terminal.emit_json({"healthy": healthy, "findings": [vars(finding) for finding in findings]})
    else:
        marks = {"good": "✓", "note": "•", "bad": "✗"}
        for finding in [f for f in findings if f.state == "bad" or not quiet]:
            click.echo(f"{marks[finding.state]} {finding.name}: {finding.found}")
            if finding.to_do:
                click.echo(f"    {finding.to_do}")
        if not (healthy and quiet):
            click.echo("Ready." if healthy else "Not ready: mend what is marked ✗.")
    if not healthy:
        raise click.exceptions.Exit(1)
