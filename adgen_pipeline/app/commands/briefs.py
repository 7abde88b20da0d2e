"""`adgen brief` and `adgen channels`: what a brief says, and where its ads would stand best."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adgen_pipeline.app import terminal

if TYPE_CHECKING:  # --help must not load what reads briefs
    from adgen_pipeline.text.brief import Brief


def read(path: Path, data: Path) -> "Brief":
    """The brief in a file, or on stdin for -; a client's rules of the data folder mark its sensitive words.

    Raises:
        BriefError: it cannot be understood.
    """
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.generation.brief import read_brief, understand
    from adgen_pipeline.generation.policy import Policy

    policy = Policy.with_clients(Store(data).policy)
    if str(path) == "-":
        return understand(terminal.stdin_text().read(), source="stdin", policy=policy)
    return read_brief(path, policy=policy)


@click.command(epilog=terminal.example("adgen brief data/briefs/shoes.md", "adgen brief campaign.pdf --json"))
@click.argument("brief", type=click.Path(path_type=Path, allow_dash=True))
@terminal.data_option
@terminal.json_option
def brief(brief: Path, data: Path | None, as_json: bool) -> None:
    """Show what is understood of a brief, and where it says it.

    BRIEF is a .md, .txt, .yaml, .json, .pdf or .docx file; - reads stdin.
    Also what it leaves out, what it contradicts, and what the advertising rules say of it.
    """
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.generation.brief import missing
    from adgen_pipeline.generation.policy import Policy
    from adgen_pipeline.settings import Settings
    from adgen_pipeline.text.slots import fill

    settings = Settings.from_environment(data=data)
    with terminal.stdout_for_results():
        understood = read(brief, settings.data)
        said = [understood.product, understood.description, *understood.features, *understood.sensitive]
        text = fill("\n".join(said), understood.values())
        judged = Policy.with_clients(Store(settings.data).policy).judge(text)
    absent = missing(understood)
    if as_json:
        policy = {
            "verdict": judged.verdict,
            "rules": judged.rules,
            "tags": judged.tags,
            "version": judged.version,
        }
        document = {"brief": understood.model_dump(mode="json"), "missing": absent, "policy": policy}
        terminal.emit_json(document)
        return
    rows = [[span.field, span.quote, f"{span.start}-{span.end}"] for span in understood.spans]
    rows += [
        [f"{fact.kind}{' *' if fact.must else ''}", fact.text, fact.source.rpartition(":")[2]]
        for fact in understood.facts
    ]
    terminal.table(
        "What the brief says (* must stand in an ad)",
        {"what": "left", "words": "left", "where": "left"},
        rows,
    )
    click.echo(f"product: {fill(understood.product, understood.values())}; language: {understood.language}")
    if absent:
        click.echo(f"not said: {', '.join(absent)}")
    for sentence in understood.contradictions:
        click.echo(f"contradiction: {sentence}")
    named = ", ".join(dict.fromkeys((*judged.rules, *judged.tags)))
    click.echo(f"policy: {judged.verdict}{f' ({named})' if named else ''}, rules of {judged.version}")


@click.command(
    epilog=terminal.example("adgen channels data/briefs/shoes.md", "adgen channels shoes.md --json")
)
@click.argument("brief", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "-k", "count", metavar="K", type=click.IntRange(1, 100), default=10, show_default=True, help="How many."
)
@terminal.recipe_option
@terminal.data_option
@terminal.json_option
def channels(brief: Path, count: int, recipe: str | None, data: Path | None, as_json: bool) -> None:
    """Rank channels for a brief, with reasons.

    By what their ads are about, their verticals, their language and how much they post.
    """
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.embedding.encoder import Encoder
    from adgen_pipeline.evaluation.promotion import serving_index
    from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
    from adgen_pipeline.generation.channels import advise
    from adgen_pipeline.index.search import PostIndex
    from adgen_pipeline.recipe import load_recipe
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    loaded = load_recipe(settings.recipe_path)
    store = Store(settings.data)
    with terminal.stdout_for_results():
        understood = read(brief, settings.data)
        encoder, found_in = serving_index(store)
        index = PostIndex(found_in.path, Encoder(encoder.path), encoder_digest=encoder.digest)
        profiles = store.read_table(CHANNEL_PROFILES)
        advice = advise(understood, index, profiles, minimum_score=loaded.labels.minimum_score)[:count]
    if as_json:
        terminal.emit_json([channel.model_dump() for channel in advice])
        return
    for place, channel in enumerate(advice, start=1):
        parts = ", ".join(f"{name} {value:.2f}" for name, value in channel.parts.items())
        click.echo(f"{place}. {channel.name} ({channel.channel_id}): {channel.score:.2f} ({parts})")
        for reason in channel.reasons:
            click.echo(f"   {reason}")
