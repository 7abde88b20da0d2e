r"""Sample exports that the project wrote itself: the genuine schema with its oddities, invented shops and contacts.

Where a genuine export is damaged, one of these is too: control characters written as \x08, a document id without
quotes, a file that ends in the middle of a record, an export of a whole account, and a .zip.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from adgen_pipeline.telegram.sample_records import CUSTOM_EMOJI_FILE, Record, records
from adgen_pipeline.telegram.sample_text import DATA, Channel, channels

TRUNCATED = 9900000010  # this channel's file ends in the middle of its last record
_ZIP_DATE = (2024, 4, 1, 0, 0, 0)  # the same bytes at every writing


def write_sample(folder: Path, *, seed: int = 7, messages: int = 1500) -> list[Path]:
    """Files written below `folder`: raw/ (exports), briefs/ and advertisers/, sorted.

    Args:
        folder: created where missing; files of the same names are replaced, others stay.
        seed: the same seed writes the same bytes.
        messages: records of all channels together; every oddity occurs from about 600 on.
    """
    written = _exports(seed, messages)
    for source in sorted(p for part in ("briefs", "advertisers") for p in (DATA / part).rglob("*")):
        if source.is_file():
            written[source.relative_to(DATA).as_posix()] = source.read_bytes()
    paths = []
    for name, content in sorted(written.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths


def _exports(seed: int, messages: int) -> dict[str, bytes]:
    """Export files by their path below the data folder."""
    sections: dict[str, list[tuple[Channel, Record]]] = {}
    for channel, count in _counts(messages).items():
        # One generator a channel: more records in one leave the others as they are.
        rng = Random(f"{seed}/{channel.id}")  # noqa: S311 (sample texts, not secrets)
        export = {
            "name": channel.name,
            "type": channel.type,
            "id": channel.id,
            "messages": records(rng, channel, count),
        }
        sections.setdefault(channel.file, []).append((channel, export))
    files: dict[str, bytes] = {}
    for file, exports in sections.items():
        channel, export = exports[0]
        root = export if len(exports) == 1 else _account(exports)
        content = _serialise(root, truncated=channel.id == TRUNCATED)
        archive, is_zip, member = file.partition(".zip/")
        files[f"raw/{archive}.zip" if is_zip else f"raw/{file}"] = (
            _zipped(member, content) if is_zip else content
        )
    return files


def _counts(messages: int) -> Mapping[Channel, int]:
    """Records of each channel: by its share; the first one takes what rounding leaves."""
    counts = {channel: max(1, round(messages * channel.share)) for channel in channels()}
    first = channels()[0]
    counts[first] = max(1, counts[first] + messages - sum(counts.values()))
    return counts


def _account(exports: Sequence[tuple[Channel, Record]]) -> Record:
    """The root of a whole account's export: chats that it is in, chats that it left."""
    root: Record = {"about": "Here is the data you requested."}
    for section in ("chats", "left_chats"):
        chats = [export for channel, export in exports if channel.section == section]
        root[section] = {"about": "This page lists chats.", "list": chats}
    return root


def _serialise(root: Record, *, truncated: bool) -> bytes:
    """The export as Telegram Desktop writes it: one-space indentation, and what is not JSON about it."""
    text = json.dumps(root, ensure_ascii=False, indent=1)
    text = text.replace("\\b", "\\x08")  # Telegram's own escape; no sample text holds a backslash
    text = text.replace(f'"document_id": "{CUSTOM_EMOJI_FILE}"', f'"document_id": {CUSTOM_EMOJI_FILE}')
    if truncated:
        text = text[: text.rindex('"text_entities"')]
    return text.encode()


def _zipped(member: str, content: bytes) -> bytes:
    """A .zip with one member, without the time of writing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(member, _ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
