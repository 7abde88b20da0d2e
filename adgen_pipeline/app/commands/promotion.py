"""`adgen promote`, `adgen rollback`: which model, encoder and index are the champion."""

from pathlib import Path

import click

from adgen_pipeline.app import terminal


@click.command(epilog=terminal.example("adgen promote"))
@terminal.data_option
@terminal.json_option
def promote(data: Path | None, as_json: bool) -> None:
    """Make the model and index in use the champion, if the gate lets them.

    It does if no ad of the last evaluation invents a fact or breaks a rule anew, and no main score is worse than the
    champion's (paired 95 % interval). The alias `champion` of MLflow's registry then names the model, and that is what
    answers people. If the gate refuses, champion, encoder and newest index of it are in use as before.
    """
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.errors import DataError
    from adgen_pipeline.evaluation.promotion import promote as make_champion
    from adgen_pipeline.evaluation.promotion import tell_refusal
    from adgen_pipeline.locks import exclusive
    from adgen_pipeline.settings import Settings
    from adgen_pipeline.tracking import Tracker

    settings = Settings.from_environment(data=data)
    tracker = Tracker(settings.tracking_uri, settings.mlflow_url, settings.artifact_root)
    with terminal.stdout_for_results(), exclusive(settings.data, report=terminal.report):
        judgement, made = make_champion(Store(settings.data), tracker)
    if as_json:
        terminal.emit_json(
            {
                "accepted": judgement.is_accepted,
                "reasons": judgement.reasons,
                "cases": judgement.cases_count,
                "promotion": None if made is None else made.number,
                "differences": [
                    {**d._asdict(), "metric": d.metric.name, "verdict": d.verdict}
                    for d in judgement.differences
                ],
            }
        )
    elif made is not None:
        parts = ", ".join(f"{part.stage}/{part.name} {part.version}" for part in made.parts)
        click.echo(
            f"Promotion {made.number}: {parts}. Registered as version {made.registered}, alias champion."
        )
    if made is None:
        tell_refusal(settings, judgement)
        raise DataError(f"The champion stays: {'; '.join(judgement.reasons)}.")


@click.command(epilog=terminal.example("adgen rollback"))
@terminal.data_option
@terminal.json_option
def rollback(data: Path | None, as_json: bool) -> None:
    """Restore the champion's model, encoder and index together.

    If they are in use already, the champion before it. The next `adgen run` makes and uses what the recipe asks for.
    """
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.evaluation.promotion import rollback as restore
    from adgen_pipeline.locks import exclusive
    from adgen_pipeline.settings import Settings
    from adgen_pipeline.tracking import Tracker

    settings = Settings.from_environment(data=data)
    tracker = Tracker(settings.tracking_uri, settings.mlflow_url, settings.artifact_root)
    with terminal.stdout_for_results(), exclusive(settings.data, report=terminal.report):
        restored = restore(Store(settings.data), tracker)
    parts = {f"{part.stage}/{part.name}": part.version for part in restored.parts}
    if as_json:
        terminal.emit_json({"promotion": restored.number, "parts": parts, "registered": restored.registered})
        return
    named = ", ".join(f"{name} {version}" for name, version in parts.items())
    click.echo(f"Promotion {restored.number} is restored: {named}. Restart `adgen serve` to use it.")
