"""Ads that were written on request, with their evidence, and what people did with them: SQLite below the data folder.

The one module that opens the file; comparisons of two ads, which it holds too, are in `comparisons`. Each change is
one transaction: a killed process leaves all ads of a request or none. Who judged an ad is kept by role, never by name.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from adgen_pipeline.artifacts import Store, values_digest
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import fill

FILE = "archive.sqlite"
BUSY_SECONDS = 10.0  # that a writer waits for another one
ANSWERS_KEPT_SECONDS = 24 * 3600  # answers to idempotency keys

Verdict = Literal["accept", "edit", "reject"]

# The tables, as each version added them; how many a file has is its user_version.
_TABLES = (
    """
CREATE TABLE ads (
    ad_id TEXT PRIMARY KEY, request_id TEXT NOT NULL, created_utc REAL NOT NULL, advertiser TEXT, channel_id INTEGER,
    brief TEXT NOT NULL, ad TEXT NOT NULL, search_key TEXT NOT NULL);
CREATE INDEX ads_by_time ON ads (created_utc DESC, ad_id);
CREATE TABLE feedback (
    feedback_id INTEGER PRIMARY KEY AUTOINCREMENT, ad_id TEXT NOT NULL REFERENCES ads ON DELETE CASCADE,
    given_utc REAL NOT NULL, role TEXT NOT NULL, verdict TEXT NOT NULL, text TEXT, reason TEXT);
CREATE INDEX feedback_by_ad ON feedback (ad_id);
CREATE TABLE answers (key TEXT PRIMARY KEY, digest TEXT NOT NULL, answer TEXT NOT NULL, kept_utc REAL NOT NULL);
""",
    """
CREATE TABLE comparisons (
    comparison_id TEXT PRIMARY KEY, created_utc REAL NOT NULL, seed INTEGER NOT NULL,
    first_ad_id TEXT NOT NULL REFERENCES ads ON DELETE CASCADE,
    second_ad_id TEXT NOT NULL REFERENCES ads ON DELETE CASCADE);
CREATE INDEX comparisons_by_first ON comparisons (first_ad_id);
CREATE INDEX comparisons_by_second ON comparisons (second_ad_id);
CREATE TABLE votes (
    vote_id INTEGER PRIMARY KEY AUTOINCREMENT,
    comparison_id TEXT NOT NULL REFERENCES comparisons ON DELETE CASCADE, voter TEXT NOT NULL,
    given_utc REAL NOT NULL, role TEXT NOT NULL, choice TEXT NOT NULL, UNIQUE (comparison_id, voter));
""",
)
# Ads that are compared and that nobody voted on yet: who looked them up would know which model wrote them.
_BLINDED = """NOT EXISTS (
    SELECT 1 FROM comparisons WHERE ads.ad_id IN (first_ad_id, second_ad_id)
    AND comparison_id NOT IN (SELECT comparison_id FROM votes))"""


@dataclass(frozen=True)
class StoredAd:
    """A written ad as it is kept.

    Attributes:
        ad_id: 16 hex digits.
        request_id: what the ads of one request have in common.
        created_utc: seconds since 1970.
        ad: the fields of a row of generation/ads, without the brief's id.
        verdict: the latest one given on it, if any.
    """

    ad_id: str
    request_id: str
    created_utc: float
    brief: Brief
    ad: Mapping[str, Any]
    verdict: str | None


@dataclass(frozen=True)
class Feedback:
    """What somebody did with an ad; `text` only where it was edited."""

    feedback_id: int
    ad_id: str
    given_utc: float
    role: str
    verdict: Verdict
    text: str | None
    reason: str | None


@dataclass(frozen=True)
class Answer:
    """What was answered to an idempotency key, and the digest of what had been asked."""

    digest: str
    answer: Mapping[str, Any]


class Archive:
    """The stored ads of a data folder.

    Usage::

        archive = Archive.of(store)
        ids = archive.keep(brief, [ad.model_dump() for ad in ads], at=time.time())
        archive.judge(ids[0], "reject", role="manager", at=time.time(), reason="too long")
    """

    def __init__(self, path: Path) -> None:
        """Name the file; it is made with the first thing to keep."""
        self.path = path

    @classmethod
    def of(cls, store: Store) -> "Archive":
        """The archive of a data folder."""
        return cls(store.root / "ads" / FILE)

    def keep(
        self,
        brief: Brief,
        ads: Sequence[Mapping[str, Any]],
        *,
        at: float,
        ids: Sequence[str] | None = None,
        answer: tuple[str, Answer] | None = None,
    ) -> list[str]:
        """Keep the ads written for a brief, all or none; returns their ids.

        Args:
            brief: what they were written for.
            ads: fields of generation/ads.
            at: seconds since 1970.
            ids: to keep them under (`new_ids`); new ones if not given.
            answer: idempotency key and what is answered to it, kept in the same transaction.
        """  # fmt: skip
        ids = ids or new_ids(len(ads))
        with self.changing() as connection:
            insert_ads(connection, brief, ads, ids, at=at)
            if answer is not None:
                remember(connection, *answer, at=at)
        return list(ids)

    def ad(self, ad_id: str) -> StoredAd | None:
        """An ad by its id."""
        return next(iter(self._ads("WHERE ads.ad_id = ?", (ad_id,))), None)

    def ads(
        self,
        query: str = "",
        *,
        limit: int = 50,
        before_utc: float | None = None,
        channel_id: int | None = None,
    ) -> list[StoredAd]:
        """Past ads, newest first; those of a comparison stand among them once somebody voted.

        Args:
            query: words, each of which stands in the ad or its brief, homophones unified.
            limit: ads at most.
            before_utc: only those written before.
            channel_id: only those written for it.
        """  # fmt: skip
        words = search_key(query).lower().split()
        conditions = [_BLINDED, *("instr(ads.search_key, ?) > 0" for _ in words)]
        values: list[object] = list(words)
        for condition, value in (("created_utc < ?", before_utc), ("channel_id = ?", channel_id)):
            if value is not None:
                conditions.append(f"ads.{condition}")
                values.append(value)
        where = f"WHERE {' AND '.join(conditions)}"
        return self._ads(f"{where} ORDER BY created_utc DESC, ads.rowid LIMIT ?", (*values, limit))

    def judge(
        self,
        ad_id: str,
        verdict: Verdict,
        *,
        role: str,
        at: float,
        text: str | None = None,
        reason: str | None = None,
    ) -> Feedback:
        """Keep what somebody did with an ad.

        Raises:
            ArtifactError: there is no such ad.
        """  # fmt: skip
        with self.changing() as connection:
            if connection.execute("SELECT 1 FROM ads WHERE ad_id = ?", (ad_id,)).fetchone() is None:
                raise ArtifactError(f"There is no ad {ad_id}. It may have been erased; write a new one.")
            made = connection.execute(
                "INSERT INTO feedback (ad_id, given_utc, role, verdict, text, reason) VALUES (?, ?, ?, ?, ?, ?)",
                (ad_id, at, role, verdict, text, reason),
            )
        assert made.lastrowid is not None
        return Feedback(made.lastrowid, ad_id, at, role, verdict, text, reason)

    def feedback(self, ad_id: str | None = None) -> list[Feedback]:
        """All feedback, or that on one ad, in the order given."""
        where, values = ("WHERE ad_id = ?", (ad_id,)) if ad_id else ("", ())
        query = f"SELECT feedback_id, ad_id, given_utc, role, verdict, text, reason FROM feedback {where}"  # noqa: S608
        with self.reading() as connection:
            rows: Iterable[Any] = (
                connection.execute(f"{query} ORDER BY feedback_id", values) if connection else ()
            )
            return [Feedback(*row) for row in rows]

    def feedback_digest(self) -> str:
        """What names the feedback as it stands: changes with each verdict, and when ads are erased."""
        return values_digest([[f.feedback_id, f.ad_id, f.verdict, f.text, f.reason] for f in self.feedback()])

    def answered(self, key: str) -> Answer | None:
        """What was answered to an idempotency key, if that is still kept."""
        with self.reading() as connection:
            if connection is None:
                return None
            found = connection.execute("SELECT digest, answer FROM answers WHERE key = ?", (key,)).fetchone()
        return None if found is None else Answer(found[0], json.loads(found[1]))

    def remember(self, key: str, answer: Answer, *, at: float) -> None:
        """Keep an answer for whoever asks again with its key."""
        with self.changing() as connection:
            remember(connection, key, answer, at=at)

    def forgotten_ads(self, forgotten: Forgotten) -> list[str]:
        """Ids of ads of forgotten advertisers, for forgotten channels, or modelled on forgotten messages."""
        messages = set(forgotten.messages.iter_rows())
        found = []
        for stored in self._ads("", ()):
            posts = {(post["channel_id"], post["message_id"]) for post in stored.ad["exemplars"]}
            channels = {stored.ad["channel_id"], *(channel for channel, _ in posts)}
            if (
                stored.brief.advertiser in forgotten.advertisers
                or not channels.isdisjoint(forgotten.channels)
                or not posts.isdisjoint(messages)
            ):
                found.append(stored.ad_id)
        return found

    def erase(self, ids: Sequence[str]) -> None:
        """Remove ads with their feedback, and every kept answer, from the file for good."""
        if not ids:
            return
        with self.changing() as connection:
            connection.executemany("DELETE FROM ads WHERE ad_id = ?", [(ad_id,) for ad_id in ids])
            connection.execute("DELETE FROM answers")

    def _ads(self, clause: str, values: Sequence[object]) -> list[StoredAd]:
        latest = "SELECT verdict FROM feedback WHERE ad_id = ads.ad_id ORDER BY feedback_id DESC LIMIT 1"
        columns = f"ads.ad_id, request_id, created_utc, brief, ad, ({latest})"
        with self.reading() as connection:
            statement = f"SELECT {columns} FROM ads {clause}"  # noqa: S608
            rows: Iterable[Any] = connection.execute(statement, values) if connection else ()
            return [
                StoredAd(ad_id, request_id, at, Brief.model_validate_json(brief), json.loads(ad), verdict)
                for ad_id, request_id, at, brief, ad, verdict in rows
            ]

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection; None where nothing was ever kept."""
        if not self.path.is_file():
            yield None
            return
        with self._opened() as connection:
            _make_tables(connection)
            yield connection

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A connection in whose transaction everything happens or nothing; the first one makes the tables."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._opened() as connection:
            _make_tables(connection)
            with connection:
                yield connection

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")  # what is erased leaves no bytes behind
            yield connection
        except sqlite3.DatabaseError as error:
            raise ArtifactError(
                f"{self.path}: the stored ads cannot be read or written ({error}). Free the disk, or restore the "
                "file from a backup."
            ) from error
        finally:
            connection.close()


def new_ids(count: int) -> list[str]:
    """Ids for ads, 16 hex digits each."""
    return [secrets.token_hex(8) for _ in range(count)]


def insert_ads(
    connection: sqlite3.Connection, brief: Brief, ads: Sequence[Mapping[str, Any]], ids: Sequence[str], *, at: float
) -> None:  # fmt: skip
    """Insert the ads of one request, inside a transaction."""
    request_id, document = secrets.token_hex(8), brief.model_dump_json()
    connection.executemany(
        "INSERT INTO ads VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (ad_id, request_id, at, brief.advertiser, ad["channel_id"], document, _json(ad), _key(brief, ad))
            for ad_id, ad in zip(ids, ads, strict=True)
        ],
    )


def remember(connection: sqlite3.Connection, key: str, answer: Answer, *, at: float) -> None:
    """Keep an answer to an idempotency key, inside a transaction; answers of the day before go."""
    connection.execute("DELETE FROM answers WHERE kept_utc < ?", (at - ANSWERS_KEPT_SECONDS,))
    row = (key, answer.digest, _json(answer.answer), at)
    connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", row)


def _make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables that the file lacks, unless another process was faster."""
    if connection.execute("PRAGMA user_version").fetchone()[0] >= len(_TABLES):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        there = connection.execute("PRAGMA user_version").fetchone()[0]
        for tables in _TABLES[there:]:
            for statement in tables.strip().split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {max(there, len(_TABLES))}")


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, default=str)


def _key(brief: Brief, ad: Mapping[str, Any]) -> str:
    """What a search of past ads looks into: the ad and what its brief says."""
    said = [fill(part, brief.values()) for part in (brief.product, brief.description, *brief.features)]
    return search_key("\n".join([ad["text"], *said, brief.advertiser or ""])).lower()
