"""What people did with written ads, as tables: verdicts, and pairs of which one was preferred."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from adgen_pipeline.corpus.chat import messages
from adgen_pipeline.feedback_schemas import FEEDBACK, PREFERENCES
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.generation.checking import invented
from adgen_pipeline.generation.comparisons import exemplar_posts, preferred
from adgen_pipeline.generation.prompt import spoken
from adgen_pipeline.text.brief import Brief

GOOD = ("accept", "edit")


def feedback_table(archive: Archive, *, forgotten: Forgotten | None = None) -> pl.DataFrame:
    """Every verdict on the ads of an archive, a table of FEEDBACK; what is forgotten is left out."""
    gone = set(archive.forgotten_ads(forgotten)) if forgotten is not None else set()
    stored = {ad.ad_id: ad for ad in archive.ads(limit=-1) if ad.ad_id not in gone}
    rows = []
    for given in archive.feedback():
        ad = stored.get(given.ad_id)
        if ad is None:
            continue
        rows.append(
            {
                "feedback_id": given.feedback_id,
                "ad_id": given.ad_id,
                "given_utc": datetime.fromtimestamp(given.given_utc, tz=UTC),
                "role": given.role,
                "verdict": given.verdict,
                "reason": given.reason,
                "brief": ad.brief.model_dump_json(),
                "advertiser": ad.brief.advertiser,
                "edited": given.text,
                "invented": invented(given.text, ad.brief) if given.text else [],
                # Ads that were kept before their prompts were: as it would be without posts.
                "prompt": ad.ad.get("prompt") or messages(spoken(ad.brief), []),
                "exemplars": exemplar_posts(ad.ad["exemplars"]),
                **{
                    name: ad.ad[name]
                    for name in ("channel_id", "format", "text", "slotted", "written_by", "model", "index")
                },
            }
        )
    return FEEDBACK.frame(rows)


def preferences(feedback: pl.DataFrame, comparisons: pl.DataFrame, *, minimum: int) -> pl.DataFrame:
    """Pairs of ads of which people preferred one, a table of PREFERENCES.

    An edited ad is preferred to what it was made of; of two ads for one brief, channel and format, the accepted one
    to the rejected one; of two compared ads the one with more votes. Only the latest verdict on an ad counts, and no
    edit that invents a fact.

    Args:
        feedback: a table of FEEDBACK.
        comparisons: a table of COMPARISONS.
        minimum: fewer pairs than this are nothing to tune on: the table is empty then.
    """
    latest = feedback.sort("feedback_id").unique("ad_id", keep="last", maintain_order=True)
    rows = list(latest.iter_rows(named=True))
    pairs = [_pair(row, row, "edit") for row in rows if row["verdict"] == "edit" and _is_better(row)]
    pairs += [_pair(good, bad, "verdict") for good, bad in _judged_apart(rows)]
    pairs += preferred(comparisons)
    return PREFERENCES.frame(pairs if len(pairs) >= minimum else [])


def incomplete(feedback: pl.DataFrame) -> list[str]:
    """Verdicts of FEEDBACK that lack what they need, as sentences without anybody's words."""
    found = []
    for row in feedback.iter_rows(named=True):
        name = f"verdict {row['feedback_id']} on ad {row['ad_id']}"
        if row["verdict"] not in (*GOOD, "reject"):
            found.append(f"{name} is {row['verdict']!r}, which means nothing")
        if (row["verdict"] == "edit") != (row["edited"] is not None):
            found.append(f"{name} is {row['verdict']} and has {'an' if row['edited'] else 'no'} edited text")
        if row["verdict"] == "reject" and not (row["reason"] or "").strip():
            found.append(f"{name} rejects without a reason")
    return found


def _judged_apart(rows: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Ads for one brief, channel and format: a good one and a rejected one."""
    by_task: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        by_task.setdefault((row["brief"], row["channel_id"], row["format"]), []).append(row)
    for task in by_task.values():
        for good in (row for row in task if row["verdict"] in GOOD and not row["invented"]):
            for bad in (row for row in task if row["verdict"] == "reject"):
                if _slotted(good) != bad["slotted"]:
                    yield good, bad


def _is_better(row: Mapping[str, Any]) -> bool:
    """Whether an edit changed the ad and invented nothing."""
    return not row["invented"] and _slotted(row) != row["slotted"]


def _pair(chosen: Mapping[str, Any], rejected: Mapping[str, Any], kind: str) -> dict[str, Any]:
    same = {name: chosen[name] for name in ("role", "brief", "advertiser", "channel_id", "format")}
    return {
        **same,
        "chosen_feedback_id": chosen["feedback_id"],
        "chosen_ad_id": chosen["ad_id"],
        "rejected_ad_id": rejected["ad_id"],
        "kind": kind,
        "prompt": chosen["prompt"],
        "exemplars": exemplar_posts([*chosen["exemplars"], *rejected["exemplars"]]),
        "chosen": _slotted(chosen),
        "rejected": rejected["slotted"],
        "model": rejected["model"],
    }


def _slotted(row: Mapping[str, Any]) -> str:
    """The ad of a verdict with slots: as the model wrote it, or as a person edited it."""
    if row["edited"] is None:
        return str(row["slotted"])
    text = str(row["edited"])
    for fact in sorted(Brief.model_validate_json(row["brief"]).facts, key=lambda f: (-len(f.text), f.slot)):
        text = text.replace(fact.text, fact.slot)
    return text
