"""A chat's records as bytes, block by block: at once where the JSON is valid, by hand where it is not.

Blocks end where a record starts, and a block that decodes as a list is proof that they do. One that does not is
repaired; then it is taken apart: each record starts with its `id`, and within JSON strings quotes are escaped, so
that such a start cannot stand inside a text. What is no record is damage and costs itself alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec
import regex

from adgen_pipeline.telegram.repair import Repaired, repair

MAX_RECORD_BYTES = 16 << 20  # no message comes near it; what does not end by then is damage

_SCALAR = rb'(?:"(?:[^"\\]|\\.)*+"|-?\d+|null|true|false)'
_START = regex.compile(rb'\{\s*+"id"\s*+:\s*+-?\d++\s*+,')  # a record, or an object with an id within one
_RECORD = regex.compile(_START.pattern + rb'\s*+"type"\s*+:')
_DATED = regex.compile(_RECORD.pattern + rb'\s*+"(?:message|service)"\s*+,\s*+"date"')
_STRUCTURE = regex.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]]')
_FILE_TAIL = regex.compile(rb"[\s,\]}]*+\Z")
_BETWEEN_CHATS = regex.compile(
    rb'[\s,\]}]*+(?:"left_chats".*+|\{\s*"about".*+|(?:"(?:[^"\\]|\\.)*+"\s*:\s*'
    + _SCALAR
    + rb"[\s,}]*+)++)?\Z",
    regex.DOTALL,
)
# What closes a chat, and behind it what is left of another one's beginning.
_NEXT_CHAT = regex.compile(
    rb'\s*+\]\s*+\}.*?"(?:messages|(?:public|private)_[a-z]++|personal_chat|bot_chat|saved_messages)"',
    regex.DOTALL,
)
_MAX_ENDS = 12  # brackets that close after a chat's last record, an account's included
_MAX_NESTED = 1024  # objects with an id within a record that are looked at
# The same where record after record has no end: 100,000 brackets in each other must not take hours.
_MIN_NESTED = 4

_decode_any = msgspec.json.Decoder(msgspec.Raw).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class Damage:
    """Bytes that are no record."""

    position: int
    data: bytes
    reason: str


@dataclass
class Block:
    """Some of a chat's records as bytes, in the file's order, and what could not be told apart.

    Attributes:
        offset: of the block in the file.
        data: the block after repair.
        records: of the block.
        positions: of the records in `data`; None: to be looked for.
        damages: with positions in `data`.
        is_over: behind this block stands another chat, whose beginning is damaged.
    """

    offset: int
    data: Repaired
    records: list[msgspec.Raw | bytes] = field(default_factory=list)
    positions: list[int] | None = None
    damages: list[Damage] = field(default_factory=list)
    is_over: bool = False

    def place(self, position: int) -> int:
        """Position in the file of a position in `data`."""
        return self.offset + self.data.offset(position)


def blocks(pieces: Iterable[bytes], offset: int) -> Iterator[Block]:
    """A chat's records, from behind the bracket that opens them up to the next chat or the end of the file.

    Args:
        pieces: the bytes, in order.
        offset: of the first one in the file.
    """
    buffer = b""
    for piece in pieces:
        buffer += piece
        cut = _last_start(buffer)
        block = None if cut is None else _whole(buffer[:cut], offset)
        waits = len(buffer) <= MAX_RECORD_BYTES
        done = cut or 0
        if block is None and cut is not None:
            block, done = _taken_apart(buffer[:cut], offset, waits=waits)
        if done == 0 and not waits:
            reason = f"no record ends within {MAX_RECORD_BYTES >> 20} MB"
            block, done = (
                Block(offset, Repaired(buffer), damages=[Damage(0, buffer[:1024], reason)]),
                len(buffer),
            )
        if block is not None and done:
            yield block
            if block.is_over:
                return
        buffer, offset = buffer[done:], offset + done
    yield _end(buffer, offset) or _taken_apart(buffer, offset, waits=False, is_last=True)[0]


def _last_start(data: bytes) -> int | None:
    """Where the last record starts behind the block's first byte."""
    brace = len(data)
    while (brace := data.rfind(b"{", 1, brace)) > 0:
        before = data[max(0, brace - 64) : brace].rstrip(b" \t\r\n")
        if before.endswith((b",", b"[")) and _START.match(data, brace):
            return brace
    return None


def _whole(data: bytes, offset: int) -> Block | None:
    """A block of whole records, repaired where necessary; None if it is none."""
    records = _list(data)
    if records is not None:
        return Block(offset, Repaired(data), records)
    repaired = repair(data)
    records = _list(repaired.data) if len(repaired) else None
    return None if records is None else Block(offset, repaired, records)


def _list(data: bytes) -> list[msgspec.Raw | bytes] | None:
    content = data.strip(b" \t\r\n,")
    try:
        return list(_decode_list(b"[" + content + b"]"))
    except _UNDECODABLE:
        return None


def _end(data: bytes, offset: int) -> Block | None:
    """A chat's last block: records, the bracket that closes them, and what stands before the next chat."""
    stop = len(data)
    for _ in range(_MAX_ENDS):
        stop = data.rfind(b"]", 0, stop)
        if stop < 0:
            return None
        if _BETWEEN_CHATS.match(data, stop) and (block := _whole(data[:stop], offset)):
            # A list that a damaged message leaves open is closed by the chat's brackets: then it holds messages.
            return block if len(_DATED.findall(block.data.data)) <= len(block.records) else None
    return None


def _taken_apart(raw: bytes, offset: int, *, waits: bool, is_last: bool = False) -> tuple[Block, int]:
    """A block's records between one start and the next one's, and how many bytes are done with.

    Args:
        waits: a record without an end may only be cut, at an object with an id within it: it is left for the next
            block.
        is_last: what closes the chat's list stands at the end.
    """
    data = repair(raw)
    block = Block(offset, data, [], [])
    starts = [match.start() for match in _RECORD.finditer(data.data)]
    starts = starts or [match.start() for match in _START.finditer(data.data)]
    first = starts[0] if starts else len(data.data)
    if _rest(block, 0, first, is_last=is_last):
        return block, len(raw)
    limits = [*starts[1:], len(data.data)]
    index, reach = 0, _MAX_NESTED
    while index < len(starts):
        start = starts[index]
        end, behind = _object_end(data.data, start, limits, index, reach)
        reach = _MAX_NESTED if end is not None else max(_MIN_NESTED, reach // 2)
        stop = limits[behind]
        if end is None and waits and (stop == len(data.data) or _is_cut(data.data[start:])):
            return block, data.offset(start)
        index = behind + 1
        if end is None:
            is_cut = is_last and stop == len(data.data)
            reason = "the export ends within this record" if is_cut else "its brackets or quotes do not match"
            block.damages.append(Damage(start, data.data[start:stop], reason))
            continue
        assert block.positions is not None
        block.positions.append(start)
        block.records.append(data.data[start:end])
        if _rest(block, end, stop, is_last=is_last):
            break
    return block, len(raw)


def _rest(block: Block, end: int, stop: int, *, is_last: bool) -> bool:
    """Note what stands between a record's end and the next one's start; whether the chat is over there."""
    rest = block.data.data[end:stop]
    is_last = is_last and stop == len(block.data.data)
    if not (_BETWEEN_CHATS.match(rest) if is_last else _FILE_TAIL.match(rest)):
        lead = len(rest) - len(rest.lstrip(b" \t\r\n,"))
        block.is_over = _NEXT_CHAT.match(rest) is not None
        reason = "behind this chat stands another one, whose beginning is damaged"
        reason = reason if block.is_over else "no record starts here"
        block.damages.append(Damage(end + lead, rest[lead:], reason))
    return block.is_over


def _object_end(data: bytes, start: int, limits: list[int], index: int, reach: int) -> tuple[int | None, int]:
    """Behind the brace that closes the object at `start` (None: nothing does), and the limit that it lies before.

    A record may hold objects that start as records do: where it has no end before the next start, and is valid up
    to an end behind it, that start was one of these. Not if it has a date as well: then a bracket too many makes the
    next records look like parts of this one.
    """
    last = index
    while last < len(limits) - 1 and last - index < reach and not _DATED.match(data, limits[last]):
        last += 1
    end = _closing(data, start, limits[last])
    if end is None:
        return None, index
    behind = next(i for i in range(index, last + 1) if limits[i] >= end)
    is_valid = behind == index or _list(data[start:end]) is not None
    return (end, behind) if is_valid else (None, index)


def _is_cut(data: bytes) -> bool:
    """Whether this is the beginning of JSON, with nothing wrong so far."""
    try:
        _decode_any(data)
    except _UNDECODABLE as error:
        return "truncated" in str(error)
    return True


def _closing(data: bytes, start: int, stop: int) -> int | None:
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
