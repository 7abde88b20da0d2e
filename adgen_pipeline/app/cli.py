"""The `adgen` command: a thin skin over the library.

Commands live in `app/commands/`, one module a group; they import the library inside their functions, so that
`adgen --help` answers at once.
"""

import os
import sys
from collections.abc import Sequence

import click

from adgen_pipeline.app import terminal
from adgen_pipeline.app.commands import (
    ads,
    briefs,
    doctor,
    evaluation,
    export,
    forget,
    join,
    keys,
    labels,
    pipeline,
    plan,
    promotion,
    publish,
    recipe,
    servers,
    store,
    telegram,
    text,
    tokenizer,
    upkeep,
)
from adgen_pipeline.errors import AdgenError
from adgen_pipeline.settings import quieten_libraries, switch_telemetry_off


@click.group(
    cls=terminal.Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=terminal.example(
        "adgen run                     # the whole pipeline on the sample exports",
        "adgen write brief.md -n 3     # three ads for a brief",
        "adgen dev                     # Dagster, MLflow, the API and the page",
    ),
)
@click.option("-v", "--verbose", is_flag=True, help="Show what the library logs.")
@click.version_option(package_name="adgen-pipeline", message="%(version)s")
def adgen(verbose: bool) -> None:
    """Telegram channel exports in, Amharic ads and a report out."""
    terminal.log_to_stderr(verbose)
    if not verbose:
        quieten_libraries()


for _command in (
    pipeline.run,
    briefs.brief,
    briefs.channels,
    ads.write,
    ads.search,
    evaluation.evaluate,
    telegram.telegram,
    text.text,
    labels.labels,
    tokenizer.tokenizer,
    recipe.recipe,
    plan.plan,
    promotion.promote,
    promotion.rollback,
    publish.publish,
    export.export,
    forget.forget,
    upkeep.backup,
    upkeep.restore,
    upkeep.vacuum,
    store.store,
    join.join,
    doctor.doctor,
    servers.serve,
    servers.page,
    servers.dev,
    keys.keys,
):
    adgen.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Exit status of one command: 0 done, 1 a user's mistake, 2 wrong usage, 130 Ctrl-C."""
    switch_telemetry_off()
    try:
        status = adgen.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except AdgenError as error:
        click.echo(f"adgen: {error}", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Abort:
        return terminal.INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status if isinstance(status, int) else 0


def main() -> None:
    """Entry point of the `adgen` script."""
    sys.exit(run())


if __name__ == "__main__":
    main()
