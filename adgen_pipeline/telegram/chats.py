"""Which chats an export file holds, and where: found while the file streams by, whether its JSON is valid or not.

A file is one chat (`name`, `type`, `id`, `messages`) or a whole account (`chats.list`, `left_chats.list`). A chat is
found by the bracket that opens its messages and by the fields that lead up to it; within JSON strings quotes are
escaped, so that no text can look like one.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec
import regex

from adgen_pipeline.telegram.records import TYPES
from adgen_pipeline.telegram.repair import repair

# Conversations of the account's owner with people; a whole-account export holds them beside the channels.
PRIVATE_TYPES = frozenset({"personal_chat", "bot_chat", "saved_messages", "replies", "verify_codes"})
SHARED_TYPES = frozenset(
    {"public_channel", "private_channel", "public_supergroup", "private_supergroup", "private_group"}
)

_HEADER_BYTES = 8192  # a header is a few short fields; names have at most 128 characters
_TAIL_BYTES = 65_536  # the last records of a chat, for its latest date
_BEGINNING_BYTES = 1024
_ID_OFFSET = 1_000_000_000_000  # bots write a channel's id as -100 and the id
_SCALAR = rb'(?:"(?:[^"\\]|\\.)*+"|-?\d+|null|true|false)'
_MESSAGES = regex.compile(rb'"messages"\s{0,64}+:\s{0,64}+\[')
_MESSAGES_BYTES = 256  # what the pattern above can span at most
_MESSAGE = regex.compile(rb'\{\s*+"id"\s*+:\s*+\d++\s*+,\s*+"type"\s*+:\s*+"(?:message|service)"')
_LISTED = regex.compile(rb'"list"\s*+:\s*+\[\s*+\Z')
_FIELDS_BEHIND = regex.compile(
    rb'\]\s*+,((?:\s*"(?:[^"\\]|\\.)*+"\s*:\s*' + _SCALAR + rb"\s*,?)+)[\s\]}]*+\Z"
)
_DATE = regex.compile(rb'"(?:date|edited)_unixtime"\s*:\s*"?(\d+)')
_LOCAL_DATE = regex.compile(rb'"(?:date|edited)"\s*:\s*"([0-9T:-]+)"')
_RECORD_FIELDS = frozenset({"date", "text", "text_entities", "actor", "from"})  # no chat has them, records do


@dataclass(frozen=True)
class ChatPlace:
    """What an export says of a chat, and where its records stand.

    Attributes:
        channel_id, name, type: as written; None where absent or unusable.
        start: behind the bracket that opens its messages.
        stop: where the next chat starts, or the end of the file.
        digest: SHA-256 of its bytes.
        latest: date of its last records, as ISO text or epoch digits padded for comparison; '' if there is none.
    """

    channel_id: int | None
    name: str | None
    type: str | None
    start: int
    stop: int
    digest: str
    latest: str


@dataclass(frozen=True)
class Contents:
    """One export file: its chats (of a whole account, none of the private ones) and its beginning."""

    chats: tuple[ChatPlace, ...]
    size: int
    digest: str
    beginning: bytes


@dataclass
class _Open:
    """A chat whose end is not reached yet; without a body it is what stands before the first one."""

    brace: int
    body: int
    fields: dict[str, object]
    is_listed: bool = False


def contents(pieces: Iterable[bytes]) -> Contents:
    """The chats of a file, whatever its size, in one pass."""
    buffer, base, searched = b"", 0, 0  # absolute: where the buffer begins, up to where it was searched
    beginning = b""
    current, digest, hashed = _Open(0, 0, {}), hashlib.sha256(), 0
    found: list[tuple[_Open, ChatPlace]] = []
    digests = []

    def close(stop: int) -> None:
        nonlocal digest, hashed
        digest.update(buffer[hashed - base : stop - base])
        hashed = stop
        digests.append(digest.hexdigest())
        if current.body:
            tail = buffer[max(current.body - base, stop - base - _TAIL_BYTES, 0) : stop - base]
            found.append((current, _place(current, stop, tail, digests[-1])))
        elif orphan := _MESSAGE.search(buffer, max(0, stop - base - _TAIL_BYTES), stop - base):
            start = base + orphan.start()  # of a chat whose beginning is damaged
            found.append((current, ChatPlace(None, None, None, start, stop, digests[-1], "")))
        digest = hashlib.sha256()

    for piece in pieces:
        beginning += piece[: max(0, _BEGINNING_BYTES - len(beginning))]
        buffer += piece
        for match in _MESSAGES.finditer(buffer, max(0, searched - base)):
            opened = _header(buffer, match, base)
            if (
                opened is not None
                and opened.brace >= max(current.body, hashed)
                and (not current.body or _is_chat(opened.fields))
            ):
                close(opened.brace)
                current = opened
            searched = base + match.end()
        searched = max(searched, base + len(buffer) - _MESSAGES_BYTES)
        keep = max(0, len(buffer) - _TAIL_BYTES - _HEADER_BYTES)
        settled = max(hashed, base + len(buffer) - _HEADER_BYTES - _MESSAGES_BYTES)
        digest.update(buffer[hashed - base : settled - base])
        hashed = settled
        buffer, base = buffer[keep:], base + keep
    size = base + len(buffer)
    close(size)
    whole = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    is_account = len(found) > 1 or any(opened.is_listed for opened, _ in found)
    places = [place for _, place in found if not (is_account and place.type in PRIVATE_TYPES)]
    if is_account:  # a person's chat whose type is damaged must not pass for a channel
        places = [p if p.type in SHARED_TYPES else replace(p, channel_id=None) for p in places]
    return Contents(tuple(places), size, whole, beginning)


def _place(chat: _Open, stop: int, tail: bytes, digest: str) -> ChatPlace:
    fields = chat.fields
    if _channel_id(fields.get("id")) is None and (behind := _FIELDS_BEHIND.search(tail)):
        fields = {**fields, **(_object(b"{" + behind[1]) or {})}
    return ChatPlace(
        _channel_id(fields.get("id")),
        _string(fields.get("name")),
        _string(fields.get("type")),
        chat.body,
        stop,
        digest,
        _latest(tail),
    )


def _header(data: bytes, match: "regex.Match[bytes]", base: int) -> _Open | None:
    """The chat whose messages start here: the nearest brace from which all is one object up to them."""
    for brace in _braces(data, match.start()):
        fields = _object(data[brace : match.start()])
        if fields is not None:
            if not _RECORD_FIELDS.isdisjoint(fields):
                return None
            is_listed = _LISTED.search(data, max(0, brace - _MESSAGES_BYTES), brace) is not None
            return _Open(base + brace, base + match.end(), fields, is_listed)
    return None


def _is_chat(fields: Mapping[str, object]) -> bool:
    """Whether an object that holds messages within another chat is a chat too, and not a value of a damaged record."""
    kind = _string(fields.get("type"))
    if kind in TYPES:
        return False
    return kind in SHARED_TYPES | PRIVATE_TYPES or (
        "id" in fields and not fields.keys().isdisjoint({"name", "type"})
    )


def _braces(data: bytes, stop: int) -> Iterator[int]:
    window, brace = max(0, stop - _HEADER_BYTES), stop
    while (brace := data.rfind(b"{", window, brace)) >= 0:
        yield brace


def _object(data: bytes) -> dict[str, object] | None:
    """An object that lacks its closing brace, or None."""
    try:
        values = msgspec.json.decode(repair(data).data.rstrip(b" \t\r\n,") + b"}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _latest(tail: bytes) -> str:
    return max((match[1].decode().zfill(20) for match in _DATE.finditer(tail)), default="") or max(
        (match[1].decode() for match in _LOCAL_DATE.finditer(tail)), default=""
    )


def _channel_id(value: object) -> int | None:
    """A positive id without the prefix that bots put before it; None if the value is none."""
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value == 0:
        return None
    number = abs(value)
    number = number - _ID_OFFSET if value < -_ID_OFFSET else number
    return number if number < 2**63 else None


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None
