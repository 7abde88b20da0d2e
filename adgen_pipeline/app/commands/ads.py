"""`adgen write`, `adgen search`: the trained writer, the index."""

import time
from datetime import datetime
from pathlib import Path

import click

from adgen_pipeline.app import terminal
from adgen_pipeline.app.commands import briefs

# As `recipe.AdFormat`, which would take `adgen --help` half a second to import; a test compares the two.
FORMATS = ("post", "caption", "sponsored", "tagline")

channel_option = click.option("--channel", type=int, metavar="C", help="Channel id, as in its export.")


@click.command(
    epilog=terminal.example(
        "adgen write data/briefs/shoes.md -n 3",
        "echo 'Leather shoes, 2500 birr, call 0900 000 001' | adgen write - --json",
    )
)
@click.argument("brief", type=click.Path(path_type=Path, allow_dash=True))
@channel_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="post",
    show_default=True,
    help="Kind of ad: sponsored is Telegram's Sponsored Message, a tagline has no contacts.",
)
@click.option(
    "-n", "count", metavar="N", type=click.IntRange(1, 16), default=4, show_default=True, help="How many ads."
)
@click.option(
    "--seed", metavar="N", type=int, help="The same seed writes the same ads; the recipe's if not given."
)
@terminal.recipe_option
@terminal.data_option
@terminal.json_option
def write(
    brief: Path,
    channel: int | None,
    format_: str,
    count: int,
    seed: int | None,
    recipe: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Write ads for a brief.

    BRIEF is a .md, .txt, .yaml, .json, .pdf or .docx file; - reads stdin.
    The ads say what the brief says; those that do not are repaired or left out.
    """
    from adgen_pipeline.app.shapes import WrittenShape, ad_lines
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.evaluation.serving import load_serving
    from adgen_pipeline.generation.brief import missing
    from adgen_pipeline.recipe import load_recipe
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    loaded = load_recipe(settings.recipe_path)
    with terminal.stdout_for_results():
        understood = briefs.read(brief, settings.data)
        writer = load_serving(Store(settings.data), loaded)
        started = time.monotonic()
        ads = writer.write(
            understood,
            channel_id=channel,
            format=format_,
            n=count,
            seed=loaded.generation.seed if seed is None else seed,
        )
    written = WrittenShape.of(
        understood,
        missing(understood),
        [ad.model_dump() for ad in ads],
        seconds=time.monotonic() - started,
    )
    if as_json:
        terminal.emit_json(written.model_dump(mode="json"))
        return
    if written.missing:
        terminal.report(f"The brief does not say: {', '.join(written.missing)}.")
    for sentence in understood.contradictions:
        terminal.report(f"The brief contradicts itself: {sentence}.")
    for ad in written.ads:
        for line in ad_lines(ad, title=f"ad {ad.rank} of {len(written.ads)}"):
            click.echo(line)
        click.echo()


@click.command(epilog=terminal.example("adgen search 'የቆዳ ጫማ' -k 5"))
@click.argument("query")
@click.option(
    "-k",
    "count",
    metavar="K",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help="How many posts.",
)
@channel_option
@click.option("--vertical", metavar="V", help="Posts of a vertical, such as retail.")
@click.option("--language", metavar="L", help="Posts in a language: am, mixed, en …")
@click.option("--ads/--no-ads", "is_ad", default=None, help="Ads alone, or what is no ad.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="First day, 2024-09-30.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Last day.")
@terminal.data_option
@terminal.json_option
def search(
    query: str,
    count: int,
    channel: int | None,
    vertical: str | None,
    language: str | None,
    is_ad: bool | None,
    since: datetime | None,
    until: datetime | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Find posts by meaning and by words.

    Shown are the fused score, the vectors' part (cosine), the words' part (BM25), and the words that matched.
    """
    from adgen_pipeline.app.shapes import FoundShape, HitShape
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.embedding.encoder import Encoder
    from adgen_pipeline.evaluation.promotion import serving_index
    from adgen_pipeline.index.search import PostIndex
    from adgen_pipeline.settings import Settings

    store = Store(Settings.from_environment(data=data).data)
    with terminal.stdout_for_results():
        encoder, found_in = serving_index(store)
        index = PostIndex(found_in.path, Encoder(encoder.path), encoder_digest=encoder.digest)
        hits = index.search(
            query,
            k=count,
            channel_id=channel,
            is_ad=is_ad,
            vertical=vertical,
            language=language,
            since=since.date() if since else None,
            until=until.date() if until else None,
        )
    found = FoundShape(query=query, hits=[HitShape.model_validate(hit) for hit in hits])
    if as_json:
        terminal.emit_json(found.model_dump(mode="json"))
        return
    terminal.table(
        f"{len(found.hits)} posts for {query}",
        {
            "score": "right",
            "dense": "right",
            "text": "right",
            "source": "left",
            "matched": "left",
            "post": "left",
        },
        [
            [
                f"{hit.score:.2f}",
                f"{hit.scores['dense']:.2f}",
                f"{hit.scores['full_text']:.1f}",
                hit.source,
                " ".join(hit.matched),
                " ".join(hit.post.split())[:80],
            ]
            for hit in found.hits
        ],
    )
