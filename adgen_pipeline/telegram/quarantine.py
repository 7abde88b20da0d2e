"""What could not be read: where it stands, why, and how it begins."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from adgen_pipeline.artifacts import replacing
from adgen_pipeline.forgotten import Forgotten

EXCERPT_BYTES = 120
_ID = re.compile(r'"id"\s*:\s*(-?\d+)')


@dataclass(frozen=True, order=True)
class Quarantined:
    """A record or a file that could not be read.

    Attributes:
        file: path below the raw folder; a zip's member behind an exclamation mark.
        offset: bytes from the start of the file to the damage's record.
        reason: in words.
        excerpt: the first bytes of the record.
        digest: SHA-256 of the file where no part of it could be read; names its quarantine file.
    """

    file: str
    offset: int
    reason: str
    excerpt: str
    digest: str | None = None

    @property
    def message_id(self) -> int | None:
        """The id that its excerpt begins with; None if there is none to be seen."""
        match = _ID.search(self.excerpt)
        return None if match is None else int(match[1])


def excerpt(data: bytes) -> str:
    """The beginning of a record, for a person who looks for it."""
    return data[:EXCERPT_BYTES].decode("utf-8", "replace")


def write_quarantine(folder: Path, name: str, quarantined: Sequence[Quarantined]) -> Path | None:
    """`<folder>/<name>.jsonl`, one line an item, or None and no file (an old one is removed) for no item."""
    path = folder / f"{name}.jsonl"
    if not quarantined:
        path.unlink(missing_ok=True)
        return None
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for item in sorted(quarantined, key=lambda q: (q.file, q.offset, q.reason)):
            values = {key: value for key, value in asdict(item).items() if value is not None}
            file.write(json.dumps(values, ensure_ascii=False, sort_keys=True) + "\n")
    return path


def count_quarantined(folder: Path, name: str) -> int:
    """Items in a quarantine file; 0 where there is none."""
    path = folder / f"{name}.jsonl"
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        return sum(1 for _ in file)


def write_unreadable(folder: Path, unreadable: Iterable[Quarantined]) -> list[Path]:
    """One quarantine file for each unreadable file, named by the first 12 digits of its digest."""
    paths = (write_quarantine(folder, (item.digest or "unknown")[:12], [item]) for item in unreadable)
    return [path for path in paths if path is not None]


def read_quarantine(path: Path) -> list[Quarantined]:
    """The items of a quarantine file; none if there is no such file."""
    if not path.is_file():
        return []
    return [Quarantined(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def without(quarantined: Iterable[Quarantined], message_ids: Collection[int]) -> list[Quarantined]:
    """The items that are none of these messages, as far as their excerpts tell."""
    return [item for item in quarantined if item.message_id not in message_ids]


def forgotten_items(folder: Path, forgotten: Forgotten) -> Iterator[tuple[str, list[Quarantined], int]]:
    """Channels whose quarantine holds what is forgotten: file name without ending, the items that stay, how many go."""
    for channel in sorted(forgotten.channels | set(forgotten.messages["channel_id"])):
        items = read_quarantine(folder / f"{channel}.jsonl")
        stay = [] if channel in forgotten.channels else without(items, forgotten.messages_of(channel))
        if len(stay) < len(items):
            yield str(channel), stay, len(items) - len(stay)
