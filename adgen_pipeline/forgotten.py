"""What is forgotten: the list that keeps erased messages, channels and advertisers out of everything that follows.

`forgotten.jsonl` in the data folder, one JSON object a line, read by people and by whatever reads exports and
documents. It holds ids, a date and a reason; never any of the text. Removing a line lets the next run read that data
again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import polars as pl

from adgen_pipeline.artifacts import replacing, values_digest
from adgen_pipeline.errors import DataError

FILE = "forgotten.jsonl"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A channel, one message of it, or an advertiser that is forgotten.

    Attributes:
        channel_id: the channel; None for an advertiser.
        message_id: the message; None for a whole channel.
        advertiser: its folder's name below advertisers/.
        date: when it was forgotten, YYYY-MM-DD.
        reason: why, as given.
    """

    channel_id: int | None = None
    message_id: int | None = None
    advertiser: str | None = None
    date: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.channel_id is None) == (self.advertiser is None):
            raise ValueError("it names neither a channel_id nor an advertiser, or both")
        if self.message_id is not None and self.channel_id is None:
            raise ValueError("a message_id needs its channel_id")

    @property
    def key(self) -> tuple[int | None, int | None, str | None]:
        """What is forgotten, without when and why."""
        return (self.channel_id, self.message_id, self.advertiser)

    def __str__(self) -> str:
        """What is forgotten, for people."""
        if self.advertiser is not None:
            return f"advertiser {self.advertiser}"
        return (
            f"channel {self.channel_id}"
            if self.message_id is None
            else f"message {self.channel_id}/{self.message_id}"
        )


@dataclass(frozen=True)
class Forgotten:
    """All that is forgotten in a data folder."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def read(cls, root: Path) -> "Forgotten":
        """The list of a data folder; empty if there is none.

        Raises:
            DataError: a line cannot be understood. Going on would bring back what somebody had erased.
        """
        path = root / FILE
        if not path.is_file():
            return cls()
        entries = []
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            if line.strip():
                try:
                    entries.append(_DECODER.decode(line))
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise DataError(
                        f"{path}, line {number}: {error}. Correct the line or remove it, for example "
                        '{"channel_id": 1234, "message_id": 56}.'
                    ) from error
        return cls(tuple(entries))

    def write(self, root: Path) -> Path:
        """Write the list; returns its path."""
        path = root / FILE
        with replacing(path) as temporary:
            temporary.write_bytes(msgspec.json.Encoder().encode_lines(self.entries))
        return path

    def with_added(self, added: Iterable[Entry]) -> "Forgotten":
        """This list and what is not yet in it."""
        known = {entry.key for entry in self.entries}
        return Forgotten((*self.entries, *(entry for entry in added if entry.key not in known)))

    @cached_property
    def channels(self) -> frozenset[int]:
        """Channels that are forgotten as a whole."""
        return frozenset(
            entry.channel_id
            for entry in self.entries
            if entry.channel_id is not None and entry.message_id is None
        )

    @cached_property
    def advertisers(self) -> frozenset[str]:
        """Advertisers that are forgotten."""
        return frozenset(entry.advertiser for entry in self.entries if entry.advertiser is not None)

    @cached_property
    def messages(self) -> pl.DataFrame:
        """Single messages that are forgotten: channel_id, message_id."""
        rows = [(e.channel_id, e.message_id) for e in self.entries if e.message_id is not None]
        return pl.DataFrame(
            rows, schema={"channel_id": pl.Int64, "message_id": pl.Int64}, orient="row"
        ).unique(maintain_order=True)

    def messages_of(self, channel_id: int) -> frozenset[int]:
        """Ids of a channel's forgotten messages."""
        return frozenset(self.messages.filter(channel_id=channel_id)["message_id"])

    def messages_digest(self, channel_id: int) -> str:
        """Digest of a channel's forgotten messages; empty where there is none."""
        ids = self.messages_of(channel_id)
        return values_digest(sorted(ids)) if ids else ""

    def advertisers_digest(self) -> str:
        """Digest of the forgotten advertisers; empty where there is none."""
        return values_digest(sorted(self.advertisers)) if self.advertisers else ""


_DECODER = msgspec.json.Decoder(Entry)
NOTHING = Forgotten()
