"""Large sample exports, written as fast as a disk takes them: a channel's records over and over, no text twice."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

from adgen_pipeline.telegram.sample_records import records
from adgen_pipeline.telegram.sample_text import Channel, channels

_RECORDS = 2_000  # of each channel, before they are repeated
_ROUND = "00000000"  # within each text; the round's number takes its place
_LONG_AGO = 1_700_000_000  # a file that rests: nobody waits for its copy to end


def write_large(folder: Path, *, megabytes: float, chats: int = 4, seed: int = 7) -> list[Path]:
    """Exports of some channels, as large as one another and together of this size; the same seed, the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    shops = [channel for channel in channels() if channel.writes == "shop"]
    paths = []
    for number in range(chats):
        channel = shops[number % len(shops)]
        path = folder / f"{number}.json"
        rng = Random(f"{seed}/{number}")  # noqa: S311 (sample texts, not secrets)
        _write(path, channel, 9_910_000_000 + number, int(megabytes * 1e6 / chats), rng)
        os.utime(path, (_LONG_AGO, _LONG_AGO))
        paths.append(path)
    return paths


def _write(path: Path, channel: Channel, channel_id: int, size: int, rng: Random) -> None:
    templates = _templates(rng, channel)
    span = templates[-1][0]
    header = {"name": channel.name, "type": channel.type, "id": channel_id}
    with path.open("wb", buffering=1 << 20) as file:
        file.write(json.dumps(header, ensure_ascii=False, indent=1).encode()[:-2] + b',\n "messages": [')
        number = 0
        while file.tell() < size:
            digits = f"{number:0{len(_ROUND)}}".encode()
            for message_id, rest in templates:
                comma = b"," if number or message_id != templates[0][0] else b""
                start = b'%s\n  {\n   "id": %d' % (comma, message_id + number * span)
                file.write(start + rest.replace(_ROUND.encode(), digits))
                if file.tell() >= size:
                    break
            number += 1
        file.write(b"\n ]\n}\n")


def _templates(rng: Random, channel: Channel) -> Sequence[tuple[int, bytes]]:
    """Each record's id, and what stands behind it."""
    found = []
    for record in records(rng, channel, _RECORDS):
        parts = record.get("text_entities")
        if parts:
            more = {"type": "plain", "text": f"\nቁጥር {_ROUND}"}
            text = record["text"] if isinstance(record["text"], list) else [record["text"]]
            record |= {"text": [*text, more["text"]], "text_entities": [*parts, more]}
        written = json.dumps(record, ensure_ascii=False, indent=1).replace("\n", "\n  ").encode()
        message_id = record["id"]
        found.append((message_id, written.partition(b'"id": %d' % message_id)[2]))
    return found
