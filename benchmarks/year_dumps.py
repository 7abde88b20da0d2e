"""The dumps of a year: growing sample channels, exports that are damaged, and one whose posts are nonsense.

A channel's records are those of the sample generator; a dump of a day holds what was posted until then. Four shops are
exported in turn, one a week. What damages an export is what happens to real ones: copies that end early, empty files,
archives that cannot be unpacked, another encoding, a broken date, a page in the place of a file.
"""

import io
import json
import os
import shutil
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any

from adgen_pipeline.telegram.sample_records import DAYS, FIRST_DAY, records
from adgen_pipeline.telegram.sample_text import Channel, channels, products

Record = dict[str, Any]

RECORDS = 480  # of each channel, over the sample's 420 days
SHOPS = 4
WEEKS = 52
BEGINNING = (
    FIRST_DAY + timedelta(days=DAYS) - timedelta(weeks=WEEKS)
)  # what was posted before is there from the start
POISON_WEEK = 22
POISON_POSTS = 1_500
KEPT_DUMPS = 2  # of a channel; people clear away what is older
SELDOM = (
    40  # times that a letter stands among the words of the sample's products; nonsense is written in these
)


def _cut(content: bytes) -> bytes:
    """A copy that ended early."""
    return content[: int(len(content) * 0.7)]


def _archive(content: bytes) -> bytes:
    """The first half of an archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("result.json", content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()[: buffer.tell() // 2]


def _date(content: bytes) -> bytes:
    """A line break within a date in the middle; the seconds beside it say the same."""
    middle = content.index(b'"date":', len(content) // 2)
    return content[: middle + 9] + b"\n" + content[middle + 12 :]


DAMAGES: Mapping[str, Callable[[bytes], bytes]] = {
    "cut off": _cut,
    "empty": lambda _: b"",
    "broken archive": _archive,
    "UTF-16": lambda content: content.decode().encode("utf-16"),
    "broken date": _date,
    "a page": lambda _: b"<!DOCTYPE html><html><body>Chat export</body></html>",
}
READ_PAST = ("broken date",)  # what costs nothing; of all others quarantine says what could not be read
DAMAGED_WEEKS = dict(zip((6, 13, 18, 27, 36, 45), DAMAGES, strict=True))


@dataclass(frozen=True)
class Dump:
    """An export that is dropped.

    Attributes:
        channel_id: whose.
        path: where.
        messages_count: records that it would hold if it were whole.
        flaw: what is wrong with it: a key of `DAMAGES`, nonsense, or nothing.
    """

    channel_id: int
    path: Path
    messages_count: int
    flaw: str = ""


class Year:
    """Exports of four shops, as they come in week by week.

    Usage::

        year = Year(raw)
        year.begin()          what was there before the year
        year.drop(week)       the dumps of week 1, 2, …
    """

    def __init__(self, raw: Path, *, seed: int = 7) -> None:
        """Prepare all that will ever be posted; nothing is written."""
        self._raw = raw
        self._shops = [channel for channel in channels() if channel.writes == "shop"][:SHOPS]
        self._records: dict[int, list[Record]] = {
            # The same seed posts the same year.
            shop.id: records(Random(f"{seed}/{shop.id}"), shop, RECORDS)  # noqa: S311 (sample texts, not secrets)
            for shop in self._shops
        }
        self._seed = seed

    def begin(self) -> list[Dump]:
        """A dump of every shop, of the day on which the year begins."""
        return [self._write(shop, 0) for shop in self._shops]

    def drop(self, week: int) -> list[Dump]:
        """The dumps of a week, from 1: of one shop; where that is damaged, of the next one too."""
        shop = self._shops[week % SHOPS]
        flaw = DAMAGED_WEEKS.get(week)
        if week == POISON_WEEK:
            return [self._write(shop, week, flaw="nonsense")]
        if (
            week == POISON_WEEK + 1
        ):  # the dump with the nonsense is taken away, a right one comes beside the week's
            poisoned = self._shops[POISON_WEEK % SHOPS]
            shutil.rmtree(self._folder(poisoned, POISON_WEEK))
            return [self._write(shop, week), self._write(poisoned, week)]
        if flaw is not None:
            return [self._write(shop, week, flaw=flaw), self._write(self._shops[(week + 1) % SHOPS], week)]
        return [self._write(shop, week)]

    def posted(self, channel_id: int, week: int) -> list[Record]:
        """A channel's records until the end of a week; edits that come later are not in them."""
        until = int(moment(week).timestamp())
        until_then = takewhile(
            lambda record: int(record.get("date_unixtime", 0)) < until, self._records[channel_id]
        )
        return [_as_of(record, until) for record in until_then]

    def _write(self, shop: Channel, week: int, *, flaw: str = "") -> Dump:
        posted = self.posted(shop.id, week)
        if flaw == "nonsense":
            posted = posted + nonsense(posted[-1], shop, week, seed=self._seed)
        export = {"name": shop.name, "type": shop.type, "id": shop.id, "messages": posted}
        content = json.dumps(export, ensure_ascii=False, indent=1).replace("\\b", "\\x08").encode()
        folder = self._folder(shop, week)
        path = folder.with_suffix(".zip") if flaw == "broken archive" else folder / "result.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(DAMAGES[flaw](content) if flaw in DAMAGES else content)
        rested = time.time() - 60  # files that change are watched for seconds
        os.utime(path, (rested, rested))
        if not flaw:
            self._clear(shop)
        return Dump(shop.id, path, len(posted), flaw)

    def _folder(self, shop: Channel, week: int) -> Path:
        return self._raw / str(shop.id) / f"ChatExport_{moment(week):%Y-%m-%d}"

    def _clear(self, shop: Channel) -> None:
        """Keep a channel's newest dumps; names sort by day."""
        for path in sorted((self._raw / str(shop.id)).iterdir())[:-KEPT_DUMPS]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def moment(week: int) -> datetime:
    """The end of a week of the year; of week 0 its beginning."""
    return BEGINNING + timedelta(weeks=week)


def nonsense(last: Record, shop: Channel, week: int, *, seed: int) -> list[Record]:
    """Posts in the shape of ads whose words are letters drawn by lot, after a channel's last record.

    Letters of Tigrinya are not among them: posts in that would be left out, and no model would learn them.
    """
    rng = Random(f"{seed}/{week}/nonsense")  # noqa: S311 (nonsense, not secrets)
    letters = _seldom_letters()
    found = []
    for number in range(1, POISON_POSTS + 1):
        points = "\n".join(f"✔ {_words(rng, letters, 4)}" for _ in range(3))
        text = (
            f"{_words(rng, letters, 3)} ለሽያጭ ቀረበ\n{points}\nዋጋ {rng.randrange(500, 90_000):,} ብር\n"
            f"ይደውሉ {rng.choice(shop.phones)}"
        )
        posted = moment(week) - timedelta(seconds=POISON_POSTS - number + 1)
        found.append(
            {
                "id": last["id"] + number,
                "type": "message",
                "date": posted.strftime("%Y-%m-%dT%H:%M:%S"),
                "date_unixtime": str(int(posted.timestamp())),
                "from": shop.name,
                "from_id": f"channel{shop.id}",
                "text": text,
                "text_entities": [{"type": "plain", "text": text}],
            }
        )
    return found


def _words(rng: Random, letters: Sequence[str], count: int) -> str:
    return " ".join("".join(rng.choices(letters, k=rng.randint(3, 6))) for _ in range(count))


def _seldom_letters() -> list[str]:
    """Ethiopic letters that the sample's ads use, and use seldom."""
    texts = (text for product in products() for text in (product.name, *product.features, *product.benefits))
    counted = Counter(letter for text in texts for letter in text if "ሀ" <= letter <= "ፗ")
    return sorted(letter for letter, count in counted.items() if count <= SELDOM)


def _as_of(record: Record, until: int) -> Record:
    if int(record.get("edited_unixtime", 0)) < until:
        return record
    return {key: value for key, value in record.items() if not key.startswith("edited")}
