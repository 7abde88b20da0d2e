"""Who is asked about which post: ranges of channels by group, a share asked twice, rare labels drawn first.

Chances come from a hash of the post's key, so that a post keeps its annotators when other posts come.
"""

import hashlib
import logging
from collections.abc import Sequence

import polars as pl

from adgen_pipeline.label_schemas import LABEL_TASKS
from adgen_pipeline.labels.taxonomy import AD, NOT_AD
from adgen_pipeline.recipe import AnnotatorGroup, LabelsRecipe

logger = logging.getLogger(__name__)

# Of a stratum's places; the others are drawn by chance, since what the rules are sure of may be wrong as well.
UNCERTAIN_SHARE = 0.5
KEY = ["channel_id", "message_id"]


def assign(posts: pl.DataFrame, post_labels: pl.DataFrame, *, recipe: LabelsRecipe) -> pl.DataFrame:
    """Table labels/tasks for the groups of a recipe.

    Args:
        posts: channel_id, message_id, search_key, is_empty of telegram/posts; those without text are left out.
        post_labels: table labels/post_labels.
        recipe: groups, overlap, tasks_per_group and seed.
    """
    stratum = (
        pl.when("is_ad")
        .then(pl.col("vertical").fill_null(AD))
        .otherwise(pl.col("tags").list.first().fill_null(NOT_AD))
    )
    known = posts.filter(~pl.col("is_empty")).join(
        post_labels.select(*KEY, "confidence", stratum.alias("stratum")), on=KEY
    )
    everybody = [name for group in recipe.groups for name in group.annotators]
    rows: list[dict[str, object]] = []
    for group in recipe.groups:
        chosen = _in_ranges(known, group).with_columns(chosen_for=pl.lit("range"))
        if recipe.tasks_per_group is not None:
            chosen = draw(chosen, recipe.tasks_per_group, seed=recipe.seed)
        for row in chosen.select(*KEY, "stratum", "chosen_for").iter_rows(named=True):
            asked = _annotators(row["channel_id"], row["message_id"], group.annotators, everybody, recipe)
            rows += [
                {**row, "group": group.name, "annotator": name, "is_overlap": place > 0}
                for place, name in enumerate(asked)
            ]
    logger.info("%d tasks for %d annotators", len(rows), len(everybody))
    return LABEL_TASKS.conform(LABEL_TASKS.frame(rows))


def draw(posts: pl.DataFrame, count: int, *, seed: int) -> pl.DataFrame:
    """`count` posts of different texts: strata share the places evenly, and what the rules doubt comes first.

    In a channel of news with two ads in a hundred posts, each vertical found among them gets as many places as the
    news, as long as it has posts.

    Args:
        posts: channel_id, message_id, search_key, stratum, confidence.
        count: places.
        seed: of what is drawn by chance.

    Returns:
        The drawn rows with `chosen_for` uncertainty or stratum, in the order of their keys.
    """
    different = posts.sort(KEY).unique("search_key", keep="first", maintain_order=True)
    chances = [_chance(seed, "draw", c, m) for c, m in different.select(KEY).iter_rows()]
    different = different.with_columns(pl.Series("chance", chances, dtype=pl.UInt64))
    strata = {str(name): frame for (name,), frame in different.group_by("stratum")}
    places = _places({name: frame.height for name, frame in strata.items()}, count)
    drawn = [different.clear().with_columns(chosen_for=pl.lit("stratum"))]
    for name in sorted(strata):
        by_doubt = strata[name].sort("confidence", "chance")
        doubted = by_doubt.head(round(places[name] * UNCERTAIN_SHARE))
        others = by_doubt.tail(by_doubt.height - doubted.height).sort("chance")
        drawn += [
            doubted.with_columns(chosen_for=pl.lit("uncertainty")),
            others.head(places[name] - doubted.height).with_columns(chosen_for=pl.lit("stratum")),
        ]
    return pl.concat(drawn).drop("chance").sort(KEY)


def _places(sizes: dict[str, int], count: int) -> dict[str, int]:
    """Places for each stratum: equal shares, and what a small one leaves goes to the others."""
    places: dict[str, int] = {}
    left = count
    for number, name in enumerate(sorted(sizes, key=lambda name: (sizes[name], name))):
        places[name] = min(sizes[name], left // (len(sizes) - number))
        left -= places[name]
    return places


def _in_ranges(posts: pl.DataFrame, group: AnnotatorGroup) -> pl.DataFrame:
    """Posts of a group's ranges, in the order of their keys."""
    channel, message = pl.col("channel_id"), pl.col("message_id")
    wanted = [
        (channel == part.channel)
        & (message >= part.first if part.first is not None else pl.lit(value=True))
        & (message <= part.last if part.last is not None else pl.lit(value=True))
        for part in group.ranges
    ]
    return posts.filter(pl.any_horizontal(wanted)).sort(KEY)


def _annotators(
    channel_id: int, message_id: int, group: Sequence[str], everybody: Sequence[str], recipe: LabelsRecipe
) -> list[str]:
    """Who is asked: one of the group, and for the overlap's share one other person of any group."""
    key = (channel_id, message_id)
    asked = [group[_chance(recipe.seed, "annotator", *key) % len(group)]]
    if _chance(recipe.seed, "overlap", *key) < recipe.overlap * 2**64:
        others = [name for name in everybody if name not in asked]
        asked.append(others[_chance(recipe.seed, "second", *key) % len(others)])
    return asked


def _chance(*values: object) -> int:
    """A number below 2^64 that looks random and is the same each time."""
    digest = hashlib.blake2b("/".join(map(str, values)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
