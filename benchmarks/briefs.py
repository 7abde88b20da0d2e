"""How much of real ads their back-constructed briefs hold, and posts beside their briefs, to be read by eye.

    python -m benchmarks.briefs --data data/demo [--json]
    python -m benchmarks.briefs --exports FOLDER --recipe gemma-270m --read 100 --seed 7
    python -m benchmarks.briefs --briefs benchmarks/briefs_held_out [--json]

What can be counted is counted: exact round trips, fields found, characters explained, why ads give no chat row.
Whether a field is right only a reader can tell: --read prints a seeded draw, as many posts from each channel as from
any other. Posts are other people's: they go to the terminal and nowhere else.

With --briefs, it is a folder of hand-written briefs: the share that is understood as its expected.toml says, by aspect,
and where they are not (`brief_sets`). No model writes.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import click
import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.corpus import ads, documents
from adgen_pipeline.corpus.chat import conversations, messages
from adgen_pipeline.corpus.chat_target import Example, example
from adgen_pipeline.labels.weak import label_posts
from adgen_pipeline.recipe import Recipe, TokenizerRecipe, load_recipe
from adgen_pipeline.schemas import DOCUMENTS, POST_LABELS, POSTS
from adgen_pipeline.settings import Settings
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import SLOT
from benchmarks.brief_sets import understood


def tables(data: Path | None, exports: Path | None, recipe: Recipe) -> tuple[pl.DataFrame, pl.DataFrame]:
    """DOCUMENTS and POST_LABELS of a data folder, or of exports read anew by a recipe."""
    if exports is None:
        store = Store((data or Path("data/demo")).resolve())
        return store.read_table(DOCUMENTS), store.read_table(POST_LABELS)
    with tempfile.TemporaryDirectory() as folder:
        clean_folder(exports, Path(folder), recipe=recipe.telegram, report=lambda _: None)
        posts = Store(Path(folder)).scan_partitions(POSTS).collect()
    labels = label_posts(posts, minimum_score=recipe.labels.minimum_score)
    return documents.build(posts, recipe=recipe.corpus).documents, labels


def measure(taken: pl.DataFrame, *, seed: int) -> dict[str, object]:
    """What can be counted of ads taken apart (ADS): shares of ads, of characters, and reasons."""
    with_field: Counter[str] = Counter()
    slots: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    features_count = 0
    characters: Counter[str] = Counter()
    for row in taken.iter_rows(named=True):
        brief = Brief.model_validate_json(row["brief"])
        with_field.update({"a product in words": bool(SLOT.sub("", brief.product).strip())})
        with_field.update({"a product": bool(brief.product), "an audience": bool(brief.audience)})
        with_field.update({"points": bool(brief.features)})
        with_field.update(dict.fromkeys({f"⟨{fact.kind}⟩" for fact in brief.facts}, 1))
        features_count += len(brief.features)
        slots.update(fact.kind for fact in brief.facts)
        characters.update(_explained(row["post"], row["target"], brief))
        found = example(row["target"], brief, slots_per_kind=TokenizerRecipe().slots_per_kind)
        reasons[_kind_of_row(found)] += 1
    total = taken.height
    return {
        "ads": total,
        "exact_round_trips": total - len(ads.not_restored(taken)),
        "share_of_ads_with": {field: round(count / total, 3) for field, count in sorted(with_field.items())},
        "features_per_ad": round(features_count / total, 2),
        "share_of_letters_and_digits": {
            part: round(count / characters.total(), 3) for part, count in sorted(characters.items())
        },
        "slots_per_ad": {kind: round(count / total, 2) for kind, count in sorted(slots.items())},
        "chat_rows": conversations(taken, exemplars_in_prompt=0, seed=seed).height,
        "could_be_learned": {kind: reasons.pop(kind, 0) for kind in ("words", "form")},
        "no_chat_row": dict(reasons.most_common()),
    }


def _kind_of_row(found: Example | str) -> str:
    """`form` for hardly a word, `words` for other ads, or why there is no chat row."""
    return found if isinstance(found, str) else "form" if found.is_form else "words"


def _explained(post: str, target: str, brief: Brief) -> dict[str, int]:
    """Letters and digits of a post in slots, in words that the brief names, and in other words."""
    free = SLOT.sub(" ", target)
    said = set(SLOT.sub(" ", " ".join((brief.product, brief.audience, *brief.features))).split())
    named = sum(_size(word) for word in free.split() if any(part in said for part in (word, _bare(word))))
    return {"slots": _size(post) - _size(free), "brief": named, "other": _size(free) - named}


def _bare(word: str) -> str:
    return word.strip("".join(c for c in word if not c.isalnum()))


def _size(text: str) -> int:
    return sum(c.isalnum() for c in text)


def draw(taken: pl.DataFrame, *, count: int, seed: int) -> Iterator[dict[str, str]]:
    """`count` ads in turn from each channel, by a hash of seed and key."""
    lots: dict[int, list[tuple[bytes, dict[str, str]]]] = {}
    for row in taken.iter_rows(named=True):
        key = f"{seed}/{row['channel_id']}/{row['message_id']}"
        lots.setdefault(row["channel_id"], []).append((blake2b(key.encode()).digest(), row))
    queues = [[row for _, row in sorted(lot, key=lambda pair: pair[0])] for _, lot in sorted(lots.items())]
    turns = [row for turn in range(count) for queue in queues for row in queue[turn : turn + 1]]
    yield from turns[:count]


def shown(row: dict[str, str]) -> str:
    """A slotted post without its blank lines, its brief, and what became of it, for reading."""
    brief = Brief.model_validate_json(row["brief"])
    found = example(row["target"], brief, slots_per_kind=TokenizerRecipe().slots_per_kind)
    lines = [
        f"=== {row['channel_id']}/{row['message_id']} ({row['vertical']})",
        *(line for line in row["target"].split("\n") if line.strip()),
        f"--- product: {brief.product} | audience: {brief.audience}",
        *(f"- {feature}" for feature in brief.features),
        *(f"{fact.slot} = {fact.text!r}" for fact in brief.facts),
        f"--- {found}"
        if isinstance(found, str)
        else f"--- chat row\n{messages(found.brief, [])[1]['content']}",
    ]
    return "\n".join(lines)


def _printed(found: dict[str, object]) -> str:
    """What `understood` found, a line a figure and a line a shortfall."""
    shortfalls = found.pop("shortfalls")
    assert isinstance(shortfalls, dict)
    lines = [f"{name}: {value}" for name, value in found.items()]
    for name, lot in shortfalls.items():
        lines += ["", name]
        lines += [
            f"  {aspect}: expected {expected}; came {' / '.join(came.splitlines())}"
            for aspect, expected, came in lot
        ]
    return "\n".join(lines)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="The data folder (default data/demo).")
@click.option("--exports", type=click.Path(path_type=Path), help="A folder of exports instead, read anew.")
@click.option("--recipe", "recipe_name", default="demo", help="The recipe that reads them.")
@click.option("--read", "count", default=0, help="Print so many posts beside their briefs.")
@click.option("--seed", default=7, help="Of the posts printed.")
@click.option(
    "--briefs",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of hand-written briefs and their expected.toml instead.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(
    data: Path | None,
    exports: Path | None,
    recipe_name: str,
    count: int,
    seed: int,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Count what the briefs hold and print some to read; or how a folder's briefs are understood."""
    if folder is not None:
        found = understood(folder)
        click.echo(json.dumps(found, ensure_ascii=False) if as_json else _printed(found))
        return
    recipe = load_recipe(Settings.from_environment(recipe=Path(recipe_name)).recipe_path)
    read, labels = tables(data, exports, recipe)
    taken = ads.build(read, labels, recipe=recipe.corpus)
    if as_json:
        click.echo(json.dumps(measure(taken, seed=recipe.corpus.seed), ensure_ascii=False))
        return
    for row in draw(taken, count=count, seed=seed):
        click.echo(shown(row) + "\n")
    for name, value in measure(taken, seed=recipe.corpus.seed).items():
        click.echo(f"{name}: {value}")


if __name__ == "__main__":
    main()
