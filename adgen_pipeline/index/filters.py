"""Conditions of a search, in LanceDB's SQL."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

POST: Literal["post"] = "post"
DOCUMENT: Literal["document"] = "document"
Kind = Literal["post", "document"]


@dataclass(frozen=True)
class Filter:
    """What hits must be.

    Attributes:
        channel_id, is_ad, vertical, language: conditions on posts; None for any.
        since, until: first and last day of a post, in UTC.
        advertiser: whose documents are searched beside the posts; None for nobody's.
        kind: posts or documents alone.
    """

    channel_id: int | None = None
    advertiser: str | None = None
    is_ad: bool | None = None
    vertical: str | None = None
    language: str | None = None
    since: date | None = None
    until: date | None = None
    kind: Kind | None = None

    def condition(self) -> str | None:
        """The condition; None if it can match nothing."""
        sides = []
        if self.kind in (None, POST):
            sides.append(" AND ".join(self._of_posts()))
        if self.kind in (None, DOCUMENT) and self.advertiser is not None:
            sides.append(f"kind = {quoted(DOCUMENT)} AND advertiser = {quoted(self.advertiser)}")
        return " OR ".join(f"({side})" for side in sides) or None

    def _of_posts(self) -> list[str]:
        conditions = [f"kind = {quoted(POST)}"]
        if self.channel_id is not None:
            conditions.append(f"channel_id = {int(self.channel_id)}")
        if self.is_ad is not None:
            conditions.append(f"is_ad = {str(bool(self.is_ad)).lower()}")
        if self.vertical is not None:
            conditions.append(f"vertical = {quoted(self.vertical)}")
        if self.language is not None:
            conditions.append(f"language = {quoted(self.language)}")
        if self.since is not None:
            conditions.append(f"date >= {_moment(self.since, time.min)}")
        if self.until is not None:
            conditions.append(f"date <= {_moment(self.until, time.max)}")
        return conditions


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _moment(day: date, of_day: time) -> str:
    return f"timestamp '{datetime.combine(day, of_day, tzinfo=UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"
