"""Many at once: the briefs of a folder as a table, and the ads for the targets that a recipe lists."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.brief import ENDINGS, missing, read_brief
from adgen_pipeline.generation.policy import Policy
from adgen_pipeline.recipe import BriefTarget, GenerationRecipe
from adgen_pipeline.schemas import BRIEFS, GENERATED_ADS
from adgen_pipeline.text.brief import Brief

if TYPE_CHECKING:  # reading briefs must not load the model libraries
    from adgen_pipeline.generation.writer import AdWriter


def read_briefs(
    folder: Path, *, forgotten: Collection[str] = (), policy: Policy | None = None
) -> tuple[pl.DataFrame, list[str]]:
    """The briefs of a folder, and a sentence for each file that could not be understood.

    Args:
        folder: of brief files.
        forgotten: advertisers whose briefs are left out.
        policy: whose words the briefs remember as sensitive; None for our own rules.

    Returns:
        A table of BRIEFS, and problems; a folder that is not there holds no briefs.
    """
    rows, problems = [], []
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in ENDINGS) if folder.is_dir() else []
    seen: set[str] = set()
    for file in files:
        brief_id = file.stem
        try:
            if brief_id in seen:
                raise BriefError(f"{file.name}: another brief is called {brief_id} too. Rename one of them.")
            brief = read_brief(file, policy=policy)
        except BriefError as error:
            problems.append(str(error))
            continue
        if brief.advertiser in forgotten:
            continue
        seen.add(brief_id)
        rows.append(
            {
                "brief_id": brief_id,
                "source": str(file.relative_to(folder)),
                "language": brief.language,
                "advertiser": brief.advertiser,
                "brief": brief.model_dump_json(),
                "missing": list(missing(brief)),
            }
        )
    return BRIEFS.frame(rows), problems


def targets(briefs: pl.DataFrame, recipe: GenerationRecipe) -> list[BriefTarget]:
    """What to write: the recipe's list, or every brief for its best channel when the recipe lists none.

    Raises:
        BriefError: the recipe lists a brief that is not there.
    """
    known = set(briefs["source"].to_list())
    unknown = [target.brief for target in recipe.targets if target.brief not in known]
    if unknown:
        raise BriefError(
            f"the recipe's generation.targets list {', '.join(unknown)}, but briefs/ holds "
            f"{', '.join(sorted(known)) or 'nothing that can be read'}. Correct the names or add the files."
        )
    return list(recipe.targets) or [BriefTarget(brief=source) for source in sorted(known)]


def write_targets(
    writer: "AdWriter",
    briefs: pl.DataFrame,
    chosen: Sequence[BriefTarget],
    *,
    recipe: GenerationRecipe,
    report: Callable[[str], None],
) -> pl.DataFrame:
    """Ads for each target, ranked, as a table of GENERATED_ADS."""
    by_source = {row["source"]: row for row in briefs.iter_rows(named=True)}
    rows: list[dict[str, object]] = []
    for number, target in enumerate(chosen, start=1):
        row = by_source[target.brief]
        ads = writer.write(
            Brief.model_validate_json(row["brief"]),
            channel_id=target.channel,
            format=target.format,
            n=recipe.ads_per_target,
            seed=recipe.seed,
        )
        written = ", ".join(sorted({ad.written_by for ad in ads}))
        report(f"wrote {len(ads)} ad(s) for {row['brief_id']} ({number} of {len(chosen)}, by the {written})")
        rows += [{"brief_id": row["brief_id"], **ad.model_dump(exclude={"brief_id", "prompt"})} for ad in ads]
    return GENERATED_ADS.frame(rows)
