"""Two ads for one brief, by two models, and which of them people found better without knowing who wrote what.

Kept in the archive's file. Sides are drawn by a seed that is kept with them, so that anybody can draw them again.
"""

import random
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import polars as pl

from adgen_pipeline.artifacts import values_digest
from adgen_pipeline.corpus.chat import messages
from adgen_pipeline.errors import ArtifactError, DataError
from adgen_pipeline.feedback_schemas import COMPARISONS
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.generation.archive import Answer, Archive, StoredAd, insert_ads, remember
from adgen_pipeline.generation.prompt import spoken
from adgen_pipeline.text.brief import Brief

Choice = Literal["first", "second", "both", "neither"]
CHOICES: tuple[Choice, ...] = get_args(Choice)


class VotedError(DataError):
    """This voter voted on this comparison before."""


@dataclass(frozen=True)
class Comparison:
    """Two stored ads, in the order in which voters see them.

    Attributes:
        comparison_id: 16 hex digits.
        created_utc: seconds since 1970.
        seed: by which the order was drawn (`in_drawn_order`).
    """

    comparison_id: str
    created_utc: float
    seed: int
    first: StoredAd
    second: StoredAd

    @property
    def is_same(self) -> bool:
        """Whether both models wrote the same: there is nothing to vote on then."""
        return bool(self.first.ad["text"] == self.second.ad["text"])


@dataclass(frozen=True)
class Vote:
    """What somebody found, by role."""

    vote_id: int
    comparison_id: str
    given_utc: float
    role: str
    choice: Choice


class Comparisons:
    """The comparisons of a data folder.

    Usage::

        comparisons = Comparisons(Archive.of(store))
        comparisons.keep(brief, in_drawn_order(ads, seed=seed), ids=new_ids(2), comparison_id=new_id(), …)
        comparisons.vote(comparison_id, "first", voter=digest, role="reviewer", at=time.time())
    """

    def __init__(self, archive: Archive) -> None:
        """Name the archive whose file they are in."""
        self._archive = archive

    def keep(
        self,
        brief: Brief,
        ads: Sequence[Mapping[str, Any]],
        *,
        comparison_id: str,
        ids: Sequence[str],
        seed: int,
        at: float,
        answer: tuple[str, Answer] | None = None,
    ) -> None:
        """Keep two ads as a comparison, whole or not at all.

        Args:
            brief: what both were written for.
            ads: fields of generation/ads, in the order in which voters see them.
            comparison_id: to keep it under (`new_id`).
            ids: to keep the ads under (`new_ids`).
            seed: that drew the order.
            at: seconds since 1970.
            answer: idempotency key and what is answered to it, kept in the same transaction.
        """
        with self._archive.changing() as connection:
            insert_ads(connection, brief, ads, ids, at=at)
            connection.execute(
                "INSERT INTO comparisons VALUES (?, ?, ?, ?, ?)", (comparison_id, at, seed, *ids)
            )
            if answer is not None:
                remember(connection, *answer, at=at)

    def one(self, comparison_id: str) -> Comparison | None:
        """A comparison by its id."""
        return next(self._comparisons("WHERE comparison_id = ?", (comparison_id,)), None)

    def vote(self, comparison_id: str, choice: Choice, *, voter: str, role: str, at: float) -> Vote:
        """Keep a vote.

        Args:
            comparison_id: what is voted on.
            choice: the better ad, both or neither.
            voter: tells one voter from another, and no more: a digest.
            role: of the voter.
            at: seconds since 1970.

        Raises:
            ArtifactError: there is no such comparison.
            VotedError: this voter voted on it before.
        """
        try:
            with self._archive.changing() as connection:
                made = connection.execute(
                    "INSERT INTO votes (comparison_id, voter, given_utc, role, choice) "
                    "SELECT comparison_id, ?, ?, ?, ? FROM comparisons WHERE comparison_id = ?",
                    (voter, at, role, choice, comparison_id),
                )
        except ArtifactError as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                raise VotedError(
                    "This key voted on this comparison before, and a first impression counts once. Compare again."
                ) from error
            raise
        if not made.rowcount or made.lastrowid is None:
            raise ArtifactError(
                f"There is no comparison {comparison_id}. It may have been erased; compare again."
            )
        return Vote(made.lastrowid, comparison_id, at, role, choice)

    def vote_of(self, comparison_id: str, voter: str) -> Vote | None:
        """What a voter found, if anything yet."""
        return next(iter(self._votes("WHERE comparison_id = ? AND voter = ?", (comparison_id, voter))), None)

    def votes(self) -> list[Vote]:
        """All votes, in the order given."""
        return self._votes("", ())

    def table(self, *, forgotten: Forgotten | None = None) -> pl.DataFrame:
        """Every vote with what it was on, a table of COMPARISONS; what is forgotten is left out."""
        gone = set(self._archive.forgotten_ads(forgotten)) if forgotten is not None else set()
        known = {
            comparison.comparison_id: comparison
            for comparison in self._comparisons("", ())
            if gone.isdisjoint((comparison.first.ad_id, comparison.second.ad_id))
        }
        votes = [vote for vote in self.votes() if vote.comparison_id in known]
        return COMPARISONS.frame([_row(vote, known[vote.comparison_id]) for vote in votes])

    def _comparisons(self, clause: str, values: Sequence[object]) -> Iterator[Comparison]:
        with self._archive.reading() as connection:
            statement = f"SELECT * FROM comparisons {clause} ORDER BY created_utc, comparison_id"  # noqa: S608
            rows: list[Any] = connection.execute(statement, values).fetchall() if connection else []
        for comparison_id, at, seed, first_id, second_id in rows:
            first, second = self._archive.ad(first_id), self._archive.ad(second_id)
            if first is not None and second is not None:  # erased between the two looks
                yield Comparison(comparison_id, at, seed, first, second)

    def _votes(self, clause: str, values: Sequence[object]) -> list[Vote]:
        columns = "vote_id, comparison_id, given_utc, role, choice"
        with self._archive.reading() as connection:
            statement = f"SELECT {columns} FROM votes {clause} ORDER BY vote_id"  # noqa: S608
            rows: Iterable[Any] = connection.execute(statement, values) if connection else ()
            return [Vote(*row) for row in rows]


def new_id() -> str:
    """An id for a comparison, 16 hex digits."""
    return secrets.token_hex(8)


def in_drawn_order(ads: Sequence[Mapping[str, Any]], *, seed: int) -> list[Mapping[str, Any]]:
    """Two ads as voters see them; before the draw they are ordered by model, so that the seed alone decides."""
    ordered = sorted(ads, key=lambda ad: str(ad["model"]))
    return ordered[::-1] if random.Random(seed).random() < 0.5 else ordered  # noqa: S311


def verdicts_digest(archive: Archive) -> str:
    """What names everything that people did with ads: changes with each verdict and vote, and when ads are erased."""
    votes = [[vote.vote_id, vote.comparison_id, vote.choice] for vote in Comparisons(archive).votes()]
    return values_digest(archive.feedback_digest(), votes)


def preferred(comparisons: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of PREFERENCES from a table of COMPARISONS: of each two ads the one with more votes before the other."""
    pairs = []
    for votes in comparisons.sort("vote_id").partition_by("comparison_id", maintain_order=True):
        counted = Counter(votes["choice"].to_list())
        lead = counted["first"] - counted["second"]
        better, worse = ("first", "second") if lead > 0 else ("second", "first")
        row = next((r for r in votes.iter_rows(named=True) if r["choice"] == better), None)
        if lead == 0 or row is None or row["first"] == row["second"]:
            continue
        names = ("role", "brief", "advertiser", "channel_id", "format", "prompt", "exemplars")
        same = {name: row[name] for name in names}
        pairs.append(
            {
                **same,
                "chosen_feedback_id": row["vote_id"],
                "chosen_ad_id": row[f"{better}_ad_id"],
                "rejected_ad_id": row[f"{worse}_ad_id"],
                "kind": "comparison",
                "chosen": row[better],
                "rejected": row[worse],
                "model": row[f"{worse}_model"],
            }
        )
    return pairs


def exemplar_posts(exemplars: Iterable[Mapping[str, Any]]) -> list[dict[str, int]]:
    """Keys of the posts among what ads were modelled on, each once; an advertiser's documents have none."""
    keys = {(item["channel_id"], item["message_id"]) for item in exemplars}
    found = sorted(key for key in keys if None not in key)
    return [{"channel_id": channel_id, "message_id": message_id} for channel_id, message_id in found]


def unknown_choices(comparisons: pl.DataFrame) -> list[str]:
    """Votes of COMPARISONS that mean nothing, or that are on one model, as sentences without anybody's words."""
    found = []
    for row in comparisons.iter_rows(named=True):
        name = f"vote {row['vote_id']} on comparison {row['comparison_id']}"
        if row["choice"] not in CHOICES:
            found.append(f"{name} is {row['choice']!r}, which means nothing")
        if row["first_model"] == row["second_model"]:
            found.append(f"{name} compares {row['first_model']} with itself")
    return found


def _row(vote: Vote, comparison: Comparison) -> dict[str, Any]:
    first, second = comparison.first, comparison.second
    return {
        "vote_id": vote.vote_id,
        "comparison_id": vote.comparison_id,
        "given_utc": datetime.fromtimestamp(vote.given_utc, tz=UTC),
        "role": vote.role,
        "choice": vote.choice,
        "first_ad_id": first.ad_id,
        "second_ad_id": second.ad_id,
        "first_model": first.ad["model"],
        "second_model": second.ad["model"],
        "index": first.ad["index"],
        "seed": comparison.seed,
        "brief": first.brief.model_dump_json(),
        "advertiser": first.brief.advertiser,
        "channel_id": first.ad["channel_id"],
        "format": first.ad["format"],
        "prompt": messages(spoken(first.brief), []),
        "exemplars": exemplar_posts([*first.ad["exemplars"], *second.ad["exemplars"]]),
        "first": first.ad["slotted"],
        "second": second.ad["slotted"],
    }
