"""The chats of an export file, and each chat's records as bytes: at once where the JSON is valid, by hand where not.

A file is one chat (`name`, `type`, `id`, `messages`) or a whole account (`chats.list`, `left_chats.list`). A file
that ends early or holds a damaged record still yields all complete records: each record starts with its `id`, and
within JSON strings quotes are escaped, so that start cannot stand inside a text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import regex

# Conversations of the account's owner with people; a whole-account export holds them beside the channels.
PRIVATE_TYPES = frozenset({"personal_chat", "bot_chat", "saved_messages", "replies", "verify_codes"})

_HEADER_BYTES = 8192  # a header is four short fields; names have at most 128 characters
_ID_OFFSET = 1_000_000_000_000  # bots write a channel's id as -100 and the id
_SCALAR = rb'(?:"(?:[^"\\]|\\.)*+"|-?\d+|null|true|false)'
_MESSAGES = regex.compile(rb'"messages"\s*:\s*\[')
_FIELDS = regex.compile(rb'\{(\s*(?:"(?:[^"\\]|\\.)*+"\s*:\s*' + _SCALAR + rb"\s*,\s*)*+)")
_RECORD = regex.compile(rb'\{\s*"id"\s*:\s*-?\d+\s*,')
_STRUCTURE = regex.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]]')
_FILE_TAIL = regex.compile(rb"[\s,\]}]*+\Z")
_BETWEEN_CHATS = regex.compile(rb'[\s,\]}]*+(?:"left_chats".*+|\{\s*"about".*+)?\Z', regex.DOTALL)
_DATE = regex.compile(rb'"(?:date|edited)_unixtime"\s*:\s*"?(\d+)')
_LOCAL_DATE = regex.compile(rb'"(?:date|edited)"\s*:\s*"([0-9T:-]+)"')


@dataclass(frozen=True)
class Header:
    """What an export says of a chat before its messages, and where they stand.

    Attributes:
        channel_id, name, type: as written; None where absent or unusable.
        start: of the chat's object in the file.
        body: behind the bracket that opens its messages.
        stop: where the next chat starts, or the end of the file.
    """

    channel_id: int | None
    name: str | None
    type: str | None
    start: int
    body: int
    stop: int


@dataclass(frozen=True)
class Damage:
    """Bytes that are no record."""

    position: int
    data: bytes
    reason: str


@dataclass
class Chat:
    """One chat's records as bytes, in the file's order, and what could not be told apart."""

    channel_id: int | None
    name: str | None
    type: str | None
    records: list[msgspec.Raw | bytes]
    positions: list[int] | None = None  # of the records in the file; None: look for them
    damages: list[Damage] = field(default_factory=list)


class _ChatJson(msgspec.Struct):
    id: msgspec.Raw = msgspec.Raw(b"null")
    name: msgspec.Raw = msgspec.Raw(b"null")
    type: msgspec.Raw = msgspec.Raw(b"null")
    messages: list[msgspec.Raw] | None = None


class _ChatsJson(msgspec.Struct):
    entries: list[_ChatJson] = msgspec.field(name="list", default_factory=list)


class _FileJson(_ChatJson):
    chats: _ChatsJson | None = None
    left_chats: _ChatsJson | None = None


_FILE_DECODER = msgspec.json.Decoder(_FileJson)


def chats(data: bytes) -> list[Chat]:
    """All chats of an export file with their records."""
    try:
        file = _FILE_DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [_split(data, header) for header in headers(data)]
    if file.messages is not None:
        return [_chat(file)]
    listed = [chat for part in (file.chats, file.left_chats) if part is not None for chat in part.entries]
    found = [_chat(chat) for chat in listed if chat.messages is not None]
    return [chat for chat in found if chat.type not in PRIVATE_TYPES]


def headers(data: bytes) -> list[Header]:
    """All chats of an export file without reading their records; private ones of an account are left out."""
    starts = [found for match in _MESSAGES.finditer(data) if (found := _header(data, match)) is not None]
    whole_account = len(starts) > 1 or (bool(starts) and b'"list"' in data[: starts[0][0]])
    listed = []
    for index, (start, body, values) in enumerate(starts):
        stop = starts[index + 1][0] if index + 1 < len(starts) else len(data)
        kind = _string(values.get("type"))
        if not (whole_account and kind in PRIVATE_TYPES):
            listed.append(
                Header(_channel_id(values.get("id")), _string(values.get("name")), kind, start, body, stop)
            )
    return listed


def latest(data: bytes, header: Header) -> str:
    """The date of a chat's last record as ISO text or epoch digits padded for comparison; '' if there is none."""
    tail = data[max(header.body, header.stop - 65_536) : header.stop]
    return max((match[1].decode().zfill(20) for match in (_DATE.finditer(tail))), default="") or max(
        (match[1].decode() for match in _LOCAL_DATE.finditer(tail)), default=""
    )


def _chat(chat: _ChatJson) -> Chat:
    assert chat.messages is not None
    decode = msgspec.json.decode
    return Chat(
        _channel_id(decode(chat.id)),
        _string(decode(chat.name)),
        _string(decode(chat.type)),
        list(chat.messages),
    )


def _header(data: bytes, match: "regex.Match[bytes]") -> tuple[int, int, dict[str, object]] | None:
    """Start, body and fields of the chat whose messages start here: the nearest brace that leads up to them."""
    window = max(0, match.start() - _HEADER_BYTES)
    brace = match.start()
    while (brace := data.rfind(b"{", window, brace)) >= 0:
        fields = _FIELDS.match(data, brace, match.start())
        if fields is not None and fields.end() == match.start():
            values = _fields(fields[1])
            return None if values is None else (brace, match.end(), values)
    return None


def _fields(data: bytes) -> dict[str, object] | None:
    try:
        values = msgspec.json.decode(b"{" + data.rstrip(b" \t\r\n,") + b"}")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    assert isinstance(values, dict)
    return values


def _split(data: bytes, header: Header) -> Chat:
    """The chat's records between one record's start and the next one's."""
    chat = Chat(header.channel_id, header.name, header.type, [], [])
    starts = [match.start() for match in _RECORD.finditer(data, header.body, header.stop)]
    first = starts[0] if starts else header.stop
    lead = data[header.body : first].strip()
    if lead and not _BETWEEN_CHATS.match(lead):
        chat.damages.append(Damage(header.body, lead, "no record starts here"))
    for start, stop in zip(starts, [*starts[1:], header.stop], strict=True):
        for record in _records(data, start, stop, is_last=stop == header.stop):
            if isinstance(record, Damage):
                chat.damages.append(record)
            else:
                assert chat.positions is not None
                chat.positions.append(start)
                chat.records.append(record)
    return chat


def _records(data: bytes, start: int, stop: int, *, is_last: bool) -> Iterator[bytes | Damage]:
    """The record that starts here, and what stands between its end and the next record's start."""
    end = _object_end(data, start, stop)
    if end is None:
        cut = is_last and stop == len(data)
        reason = "the file ends within this record" if cut else "its brackets or quotes do not match"
        yield Damage(start, data[start:stop], reason)
        return
    yield data[start:end]
    rest = data[end:stop]
    harmless = _BETWEEN_CHATS.match(rest) if is_last else _FILE_TAIL.match(rest)
    if not harmless:
        lead = len(rest) - len(rest.lstrip(b" \t\r\n,"))
        yield Damage(end + lead, rest[lead:], "no record starts here")


def _object_end(data: bytes, start: int, stop: int) -> int | None:
    """Behind the brace that closes the object at `start`; None if none does."""
    depth = 0
    for match in _STRUCTURE.finditer(data, start, stop):
        token = match[0]
        if token in b"{[":
            depth += 1
        elif token in b"}]":
            depth -= 1
            if depth == 0:
                return int(match.end())
    return None


def _channel_id(value: object) -> int | None:
    """A positive id without the prefix that bots put before it; None if the value is none."""
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value == 0:
        return None
    number = abs(value)
    return number - _ID_OFFSET if value < -_ID_OFFSET else number


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None
