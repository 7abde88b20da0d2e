"""`adgen write`, `adgen search`, `adgen evaluate`: the trained writer, the index, the scores."""

import time
from datetime import datetime
from pathlib import Path

import click

from adgen_pipeline.app import terminal

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
    "--format", "format_", type=click.Choice(["post"]), default="post", show_default=True, help="Kind of ad."
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

    BRIEF is a .md, .txt, .yaml or .json file; - reads stdin.
    The ads say what the brief says; those that do not are repaired or left out.
    """
    from adgen_pipeline.app.shapes import WrittenShape, ad_lines
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.generation.brief import missing, read_brief, understand
    from adgen_pipeline.generation.writer import load_writer
    from adgen_pipeline.recipe import load_recipe
    from adgen_pipeline.settings import Settings

    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    loaded = load_recipe(settings.recipe_path)
    with terminal.stdout_for_results():
        if str(brief) == "-":
            text = terminal.stdin_text().read()
            understood = understand(text, source="stdin")
        else:
            understood = read_brief(brief)
        writer = load_writer(Store(settings.data), loaded)
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
    from adgen_pipeline.index.search import PostIndex
    from adgen_pipeline.settings import Settings

    store = Store(Settings.from_environment(data=data).data)
    with terminal.stdout_for_results():
        encoder = store.artifact("embedding", "encoder")
        index = PostIndex(
            store.artifact("index", "posts").path, Encoder(encoder.path), encoder_digest=encoder.digest
        )
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


@click.command(epilog=terminal.example("adgen evaluate --json"))
@terminal.data_option
@terminal.json_option
def evaluate(data: Path | None, as_json: bool) -> None:
    """Print the scores on held-out posts beside the baselines.

    They are those of the last `adgen run`.
    """
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.schemas import RETRIEVAL, SCORES
    from adgen_pipeline.settings import Settings

    store = Store(Settings.from_environment(data=data).data)
    scores = store.read_table(SCORES).to_dicts()
    retrieval = store.read_table(RETRIEVAL).to_dicts()
    if as_json:
        terminal.emit_json({"scores": scores, "retrieval": retrieval})
        return
    systems = sorted({row["system"] for row in scores}, key=lambda name: (name != "ours", name))
    by_cell = {(row["metric"], row["system"]): row for row in scores}
    terminal.table(
        "Ads for held-out briefs: mean [95 % interval]; ↑ higher is better, ↓ lower",
        {"metric": "left", **dict.fromkeys(systems, "right")},
        [
            [
                f"{metric} {'↑' if is_higher_better else '↓'}",
                *(_interval(by_cell.get((metric, system))) for system in systems),
            ]
            for metric, is_higher_better in sorted(
                {(row["metric"], row["is_higher_better"]) for row in scores}
            )
        ],
    )
    click.echo()
    measures = ("recall_at_10", "mrr_at_10", "ndcg_at_10")
    terminal.table(
        "Search for held-out posts",
        {"system": "left", "queries": "right", **dict.fromkeys(measures, "right")},
        [
            [row["system"], str(row["queries_count"]), *(f"{row[measure]:.3f}" for measure in measures)]
            for row in retrieval
        ],
    )


def _interval(row: dict[str, float | None] | None) -> str:
    """A score with its bounds; a dash where it was not measured."""
    if row is None or row["value"] is None:
        return "–"
    if row["low"] is None or row["high"] is None:
        return f"{row['value']:.3f}"
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
