"""Small exports in Telegram Desktop's schema, for the tests of this stage."""

import json
import os
import time
from pathlib import Path

NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"
EPOCH = 1_700_000_000


def message(message_id: int, text: object = "ሰላም ዋጋ 500 ብር", **fields: object) -> dict[str, object]:
    """One record; fields set to None are left out."""
    second = EPOCH + 60 * message_id
    record: dict[str, object] = {
        "id": message_id,
        "type": "message",
        "date": "2023-11-15T01:00:00",
        "date_unixtime": str(second),
        "from": "Sample",
        "from_id": "channel7",
        "text": text,
        "text_entities": [{"type": "plain", "text": text}] if isinstance(text, str) and text else [],
    }
    record.update(fields)
    return {name: value for name, value in record.items() if value is not None}


def chat(messages: list[dict[str, object]], channel_id: int = 7, **fields: object) -> dict[str, object]:
    """One chat, as at the root of an export."""
    return {
        "name": "ናሙና ሱቅ ™️",
        "type": "public_channel",
        "id": channel_id,
        **fields,
        "messages": messages,
    }


def dumped(values: object) -> bytes:
    """JSON as Telegram Desktop writes it: raw UTF-8, one space a level."""
    return json.dumps(values, ensure_ascii=False, indent=1).encode()


def write(path: Path, values: object) -> Path:
    """A file with an export (bytes are written as they are)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(values if isinstance(values, bytes) else dumped(values))
    return rested(path)


def rested(path: Path) -> Path:
    """The file as if it had been written a minute ago: nobody has to wait whether it still grows."""
    minute_ago = time.time_ns() - 60 * 10**9
    os.utime(path, ns=(minute_ago, minute_ago))
    return path
