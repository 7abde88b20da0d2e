"""Records of an export as rows of `telegram/messages`: flattened, nothing changed, nothing lost.

Genuine records differ in what they hold: `text` is a string or a list, old exports lack `text_entities` and
`date_unixtime`, and each version adds fields. Fields of the schema become columns, all others one JSON column.
Most records have the types that Telegram writes today and are decoded at once (`Row`); `read_record` reads every
other one field by field and says what is wrong with it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

INT64 = 2**63 - 1
STRINGS = (
    *("from", "from_id", "author", "actor", "actor_id", "action", "title", "forwarded_from", "saved_from"),
    *("via_bot", "photo", "file", "media_type", "mime_type"),
)
NUMBERS = ("reply_to_message_id", "width", "height", "duration_seconds")
DATES = ("date", "date_unixtime", "edited", "edited_unixtime")
_IDS = frozenset({"from_id", "actor_id"})  # numbers in early exports
TYPES = frozenset({"message", "service", "unsupported"})

_Id = Annotated[int, msgspec.Meta(ge=1, le=INT64)]
_Int = Annotated[int, msgspec.Meta(ge=-INT64, le=INT64)]
_NOTHING = msgspec.Raw(b"")


class Part(msgspec.Struct, gc=False):
    """A part of a text: its type, its words, and the target of a text link."""

    text: str
    type: str = "plain"
    href: str | None = None


class Reaction(msgspec.Struct, gc=False):
    """How often a message was reacted to with an emoji; custom and paid ones have a type only."""

    count: _Int
    emoji: str | None = None
    type: str | None = None

    def __post_init__(self) -> None:
        """The type stands for an emoji that is none."""
        self.emoji = self.emoji or self.type


class Row(msgspec.Struct, gc=False, rename={"message_id": "id", "from_": "from"}):
    """One record with the fields and types that the schema knows; dates as written."""

    message_id: _Id
    type: Literal["message", "service", "unsupported"] = "message"
    date: str | None = None
    date_unixtime: str | None = None
    edited: str | None = None
    edited_unixtime: str | None = None
    text: str | list[str | Part] | None = None
    text_entities: list[Part] | None = None
    from_: str | None = None
    from_id: str | None = None
    author: str | None = None
    actor: str | None = None
    actor_id: str | None = None
    action: str | None = None
    title: str | None = None
    forwarded_from: str | None = None
    saved_from: str | None = None
    via_bot: str | None = None
    photo: str | None = None
    file: str | None = None
    media_type: str | None = None
    mime_type: str | None = None
    reply_to_message_id: _Int | None = None
    width: _Int | None = None
    height: _Int | None = None
    duration_seconds: _Int | None = None
    poll: msgspec.Raw = _NOTHING
    reactions: list[Reaction] | None = None


class _KnownFields(Row, gc=False, forbid_unknown_fields=True):
    """A record that holds no other field."""


_KNOWN = frozenset(Row.__struct_encode_fields__)
_decode_known = msgspec.json.Decoder(_KnownFields).decode
_decode_row = msgspec.json.Decoder(Row).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass
class Rows:
    """Records as read, in their order.

    Attributes:
        rows: one a record; `text` is its whole text and `text_entities` the text's parts.
        extra: fields that no column takes, by place in `rows`.
    """

    rows: list[Row] = field(default_factory=list)
    extra: dict[int, dict[str, object]] = field(default_factory=dict)

    def read(self, record: bytes | msgspec.Raw) -> None:
        """Add a record.

        Raises:
            ValueError: it is not a JSON object with a positive id and a readable text; the message says what is wrong.
        """
        extra: dict[str, object] = {}
        row: Row
        try:
            row = _checked(_decode_known(record))
        except _UNDECODABLE:
            row, extra = _other(record)
        parts, text = row.text_entities, row.text
        if not parts:
            parts = text_parts(text)
        whole = flat(parts)
        if text is not None and whole != text and (type(text) is str or whole != _joined(text)):
            row, extra = read_record(record)  # its two texts say different things
            whole = flat(row.text_entities or [])
        row.text, row.text_entities = whole, parts
        if extra:
            self.extra[len(self.rows)] = extra
        self.rows.append(row)


def _other(record: bytes | msgspec.Raw) -> tuple[Row, dict[str, object]]:
    """A record with further fields, or with types that the schema does not know."""
    try:
        row, fields = _checked(_decode_row(record)), _decode_fields(record)
        return row, {name: _decode(value) for name, value in fields.items() if name not in _KNOWN}
    except _UNDECODABLE:
        return read_record(record)


def _checked(row: Row) -> Row:
    """The row, whose poll can be decoded: its bytes were not looked into yet."""
    if len(row.poll):
        _decode(row.poll)
    return row


def read_record(record: bytes | msgspec.Raw) -> tuple[Row, dict[str, object]]:
    """One record read field by field, and the fields that no column takes.

    Raises:
        ValueError: as `Rows.read`.
    """
    message = _object(record)
    message_id = message.pop("id", None)
    if type(message_id) is not int or not 0 < message_id <= INT64:
        raise ValueError("it has no id")
    kind = message.pop("type", "message")
    if not isinstance(kind, str) or kind not in TYPES:
        raise ValueError("its type is not message, service or unsupported")
    extra: dict[str, object] = {}
    values: dict[str, object] = {"text_entities": _parts(message, extra)}
    for name in STRINGS:
        value = message.pop(name, None)
        if value is not None and type(value) is not str:
            if type(value) is int and name in _IDS:
                value = str(value)
            else:
                extra[name], value = value, None
        values["from_" if name == "from" else name] = value
    for name in NUMBERS:
        value = message.pop(name, None)
        if value is not None and (type(value) is not int or abs(value) > INT64):
            extra[name], value = value, None
        values[name] = value
    for name in DATES:
        value = message.pop(name, None)
        values[name] = None if value is None else str(value)
    poll = message.pop("poll", None)
    reactions = _reactions(message.pop("reactions", None))
    row = Row(
        message_id,
        kind,  # type: ignore[arg-type]  # one of TYPES
        poll=_NOTHING if poll is None else msgspec.Raw(_encode(poll)),
        reactions=reactions,
        **values,  # type: ignore[arg-type]  # checked one by one above
    )
    return row, {**extra, **message}


def encoded(value: object) -> str:
    """JSON with sorted keys."""
    return _encode(value).decode()


def _object(record: bytes | msgspec.Raw) -> dict[str, object]:
    try:
        message = _decode(record)
    except _UNDECODABLE as error:
        message = _lenient(bytes(record), error)
    if not isinstance(message, dict):
        raise ValueError("it is not an object")
    return message


def _lenient(record: bytes, error: Exception) -> object:
    """A record that Python's JSON reads although it is not strict: raw control characters, halves of pairs."""
    try:
        value = json.loads(record.decode("utf-8"), strict=False)
        return _decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError, msgspec.DecodeError):
        reason = str(error).split(" (byte")[0]
        raise ValueError(f"it is not valid JSON: {reason}") from error


def _parts(message: dict[str, object], extra: dict[str, object]) -> list[Part]:
    """Text parts in order; from `text` where the export has no `text_entities`.

    Where both are there and say different things, `text` goes among the extra fields.
    """
    text, listed = message.pop("text", None), message.pop("text_entities", None)
    if isinstance(listed, list) and listed:
        parts = [_part(part) for part in listed]
        try:
            same = text is None or flat(text_parts(text)) == flat(parts)
        except ValueError:
            same = False
        if not same:
            extra["text"] = text
        return parts
    return text_parts(text)


def text_parts(text: object) -> list[Part]:
    """Parts of a record's `text`."""
    if text is None or text == "":
        return []
    if isinstance(text, str):
        return [Part(text)]
    if isinstance(text, list):
        return [_part(part) for part in text]
    raise ValueError("its text is neither a string nor a list")


def flat(parts: list[Part]) -> str:
    """The words of parts, joined as Telegram splits them: without anything between."""
    return parts[0].text if len(parts) == 1 else "".join([part.text for part in parts])


def _joined(text: Iterable[str | Part]) -> str:
    return "".join([part if type(part) is str else part.text for part in text])  # type: ignore[union-attr]


def _part(part: object) -> Part:
    if isinstance(part, Part):
        return part
    if type(part) is str:
        return Part(part)
    if not isinstance(part, Mapping) or type(part.get("text")) is not str:
        raise ValueError("a part of its text has no text")
    kind, href = part.get("type", "plain"), part.get("href")
    return Part(part["text"], kind if type(kind) is str else "plain", href if type(href) is str else None)


def _reactions(listed: object) -> list[Reaction]:
    found = []
    for reaction in listed if isinstance(listed, list) else ():
        if isinstance(reaction, dict):
            count, emoji, kind = reaction.get("count"), reaction.get("emoji"), reaction.get("type")
            if type(count) is int and abs(count) <= INT64:
                emoji = emoji or kind
                found.append(Reaction(count, emoji if type(emoji) is str else None))
    return found
