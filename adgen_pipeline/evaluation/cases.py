"""Held-out briefs: real ad posts of the test splits, each with the brief that was taken out of it."""

from hashlib import blake2b

import polars as pl

from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation_schemas import CASES
from adgen_pipeline.recipe import EvaluationRecipe
from adgen_pipeline.schemas import TEST_SPLITS
from adgen_pipeline.text.brief import Brief


def build(ads: pl.DataFrame, *, recipe: EvaluationRecipe) -> pl.DataFrame:
    """CASES: a seeded sample of the test splits' ads, in turn from each channel, all of them if there are fewer.

    A case needs words about its product: a brief of contacts alone can be answered by anything. Which cases are
    drawn from a channel depends on the seed and on their keys alone, so new posts change little.

    Raises:
        DataError: the test splits have no such ad.
    """
    held_out = ads.filter(pl.col("split").is_in(TEST_SPLITS))
    rows = [row for row in held_out.iter_rows(named=True) if _says_what(row["brief"])]
    if not rows:
        raise DataError(
            f"corpus/ads: none of {held_out.height} ads of the test splits has a brief to write from. "
            "Add exports, or set corpus.test_from to an earlier day in the recipe."
        )
    drawn = sorted(rows, key=lambda row: _lot(recipe.seed, row["channel_id"], row["message_id"]))
    taken: dict[int, int] = {}
    turns = []
    for row in drawn:
        turn = taken.get(row["channel_id"], 0)
        taken[row["channel_id"]] = turn + 1
        turns.append((turn, row))
    chosen = [row for _, row in sorted(turns, key=lambda pair: pair[0])][: recipe.cases]
    return CASES.conform(
        CASES.frame(
            [
                {
                    "case_id": f"{row['channel_id']}/{row['message_id']}",
                    "channel_id": row["channel_id"],
                    "message_id": row["message_id"],
                    "brief": row["brief"],
                    "reference": row["post"],
                    "reference_slotted": row["target"],
                }
                for row in chosen
            ]
        )
    )


def _says_what(brief: str) -> bool:
    parsed = Brief.model_validate_json(brief)
    return bool(parsed.product.strip() or any(feature.strip() for feature in parsed.features))


def _lot(seed: int, channel_id: int, message_id: int) -> bytes:
    return blake2b(f"{seed}/{channel_id}/{message_id}".encode(), digest_size=8).digest()
