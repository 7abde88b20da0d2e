"""Stored ads after a change of the rules: each is judged again, so that its verdict is always that of today's rules."""

import json
import logging
import time
from collections import Counter
from pathlib import Path

from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.generation.policy import Policy, strictest
from adgen_pipeline.text.brief import Brief

logger = logging.getLogger(__name__)

BATCH = 200  # ads a transaction: others need not wait long
# Ads from before versions were kept have none.
_OF_OTHER_RULES = """
SELECT rowid, brief, ad FROM ads
WHERE rowid > ? AND coalesce(json_extract(ad, '$.policy_version'), '') <> ? ORDER BY rowid LIMIT ?"""
AGAIN_SECONDS = 3600.0  # a request that began under the old rules may keep its ads after the change


class Rejudging:
    """Judges the stored ads of a serving process again whenever the rules change.

    Usage::

        rejudging = Rejudging(archive, store.policy)
        rejudging.follow()   now and then; costs nothing while the rules stay as they are
    """

    def __init__(self, archive: Archive, clients: Path) -> None:
        """Name the ads, and the folder of clients' rules."""
        self._archive = archive
        self._clients = clients
        self._done: tuple[str, float] | None = None  # by which rules all was judged last, and when

    def follow(self) -> None:
        """Judge again if other rules hold than the last time.

        Raises:
            BriefError: a client's rules are broken; what was judged stays as it is.
            ArtifactError: the archive cannot be read or written.
        """
        policy, now = Policy.with_clients(self._clients), time.monotonic()
        if self._done is None or self._done[0] != policy.version or now - self._done[1] > AGAIN_SECONDS:
            rejudge(self._archive, policy)
            self._done = (policy.version, now)


def rejudge(archive: Archive, policy: Policy) -> Counter[tuple[str, str]]:
    """Judge the stored ads that other rules judged, and keep what today's say.

    Killed in between, it goes on with the ads that are left.

    Args:
        archive: whose ads; nothing but their verdict, rules, tags and version of the rules changes.
        policy: today's rules.

    Returns:
        How many ads went from a verdict to another one, or kept it, by (before, after).

    Raises:
        ArtifactError: the archive cannot be read or written.
    """
    found: Counter[tuple[str, str]] = Counter()
    last = 0
    while True:
        with archive.reading() as connection:
            if connection is None:
                return found
            rows = connection.execute(_OF_OTHER_RULES, (last, policy.version, BATCH)).fetchall()
        if not rows:
            break
        judged = []
        for row, brief, text in rows:
            ad = json.loads(text)
            of_brief = policy.judge_brief(Brief.model_validate_json(brief))
            judgement = strictest(of_brief, policy.judge(ad["text"]))
            found[ad.get("policy_verdict", ""), judgement.verdict] += 1
            said = {
                "policy_verdict": judgement.verdict,
                "policy_rules": judgement.rules,
                "policy_tags": judgement.tags,
                "policy_version": judgement.version,
            }
            judged.append((json.dumps(said, ensure_ascii=False), row))
        with archive.changing() as connection:
            connection.executemany("UPDATE ads SET ad = json_patch(ad, ?) WHERE rowid = ?", judged)
        last = rows[-1][0]
    changed = {f"{before} to {after}": n for (before, after), n in sorted(found.items()) if before != after}
    if found:
        logger.info(
            "rules of %s: %d stored ads judged again; %s",
            policy.version,
            found.total(),
            changed or "no verdict changed",
        )
    return found
