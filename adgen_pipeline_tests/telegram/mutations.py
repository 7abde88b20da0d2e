"""Damaged exports that know which of their records are whole: what must be read back, to the letter.

An export is a list of parts: what opens a chat, its records, and what stands between them. A mutation changes some
bytes and forgets the parts that it touched; the others must be read. Ids are large and drawn, so that no damaged one
becomes another record's.
"""

import io
import json
import warnings
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

DEEP = 100_000
WORDS = (
    *(
        "ዋጋ",
        "500 ብር",
        "ሰላም\n",
        '"ጥቅስ"',
        "\\",
        "{",
        "]}",
        '{"id": 7,',
        "🎁",
        "@abc_sample_shop",
        "\u2028",
        "ዓ.ም",
    ),
    *("\\x08", "\x08"),  # a text about the escape, and what Telegram writes as one
)
JUNK = (
    *(b'"', b"{", b"}", b"[", b"]", b"\\", b",", b":", b"\x00", b"\xff", b"\\x", b"\\u", b"}{", b'{"id": 3'),
    *(b'"messages": [', b'"messages"'),
)
ODD: tuple[Any, ...] = (
    *(
        10**400,
        -1,
        0,
        2**63,
        1e308,
        True,
        None,
        "",
        [],
        {},
        [[]],
        {"id": 5, "type": "message"},
        "\ud800",
        "\x00",
    ),
    *(float("nan"), float("inf"), "x" * 100_000, ["x", {"text": 5}], {"list": [{"messages": []}]}, "../../x"),
)
FIELDS = (
    *(
        "id",
        "type",
        "date",
        "date_unixtime",
        "from_id",
        "text",
        "text_entities",
        "reactions",
        "photo",
        "width",
    ),
    *("poll", "edited", "new"),
)


@dataclass(frozen=True)
class Part:
    """Some bytes of an export.

    Attributes:
        data: as they stand in the file.
        key: channel and message of a whole record; None: damaged, or no record.
        opens: channel that these bytes open; None: none.
    """

    data: bytes
    key: tuple[int, int] | None = None
    opens: int | None = None


@dataclass
class Export:
    """One export file.

    Attributes:
        parts: in order; their bytes together are the file.
        texts: of all records, by channel and message.
        lost: channels whose opening is damaged, so that nobody can know them.
    """

    parts: list[Part]
    texts: dict[tuple[int, int], str]
    lost: set[int] = field(default_factory=set)

    @property
    def data(self) -> bytes:
        return b"".join(part.data for part in self.parts)

    def intact(self) -> dict[tuple[int, int], str]:
        """What must be read back."""
        keys = {part.key for part in self.parts if part.key is not None}
        return {key: text for key, text in self.texts.items() if key in keys and key[0] not in self.lost}

    def unknown(self) -> set[tuple[int, int]]:
        """Whole records of channels whose opening is damaged."""
        return {part.key for part in self.parts if part.key is not None and part.key[0] in self.lost}

    def touch(self, index: int, data: bytes) -> None:
        """Other bytes for a part, which is damaged by it."""
        opens = self.parts[index].opens
        if opens is not None:
            self.lost.add(opens)
        self.parts[index] = Part(data)

    def insert(self, position: int, data: bytes) -> None:
        """Bytes at a place of the file; the part that they fall into, if any, is damaged."""
        index, inside = self.find(position)
        if inside == 0:
            self.parts.insert(index, Part(data))
        else:
            old = self.parts[index].data
            self.touch(index, old[:inside] + data + old[inside:])

    def delete(self, start: int, stop: int) -> None:
        """Take out a range of the file."""
        place = 0
        for index, part in enumerate(self.parts):
            low, high = max(start - place, 0), min(stop - place, len(part.data))
            place += len(part.data)
            if low < high:
                self.touch(index, part.data[:low] + part.data[high:])

    def find(self, position: int) -> tuple[int, int]:
        """The part at a place of the file, and how far into it."""
        for index, part in enumerate(self.parts):
            if position < len(part.data):
                return index, position
            position -= len(part.data)
        return len(self.parts), 0


def export(rng: Random, channels: Iterable[int]) -> Export:
    """An undamaged export of these channels: one chat, or a whole account."""
    channels = list(channels)
    indent = rng.choice((None, 1))
    texts: dict[tuple[int, int], str] = {}
    chats = [_chat(rng, channel, texts, indent=indent) for channel in channels]
    if len(chats) == 1:
        return Export(chats[0], texts)
    parts = [Part(b'{\n "about": "x",\n "chats": {\n  "about": "y",\n  "list": [\n   ')]
    for index, chat in enumerate(chats):
        parts += [*([Part(b",\n   ")] if index else []), *chat]
    return Export([*parts, Part(b"\n  ]\n }\n}")], texts)


def _chat(rng: Random, channel: int, texts: dict[tuple[int, int], str], *, indent: int | None) -> list[Part]:
    header = {
        "name": rng.choice(("ናሙና ሱቅ ™️", "../../x", "", "a/b\n")),
        "type": "public_channel",
        "id": channel,
    }
    opening = json.dumps(header, ensure_ascii=False, indent=indent).rstrip("\n}")
    parts = [Part(f'{opening}, "messages": [\n  '.encode(), opens=channel)]
    message_id = rng.randrange(10**5, 10**6)
    for index in range(rng.randrange(1, 9)):
        message_id += rng.randrange(1000, 10**5)
        record, text = _record(rng, message_id)
        texts[channel, message_id] = text
        parts += [*([Part(b",\n  ")] if index else []), Part(written(record, indent), (channel, message_id))]
    return [*parts, Part(b"\n ]\n}")]


def _record(rng: Random, message_id: int) -> tuple[dict[str, Any], str]:
    words = [rng.choice(WORDS) for _ in range(rng.randrange(6))]
    text = " ".join(words)
    second = 1_700_000_000 + message_id
    record: dict[str, Any] = {"id": message_id, "type": "message", "date": "2023-11-15T01:00:00"}
    record |= {"date_unixtime": str(second), "from": "Sample", "from_id": "channel7"}
    if rng.random() < 0.2:
        record |= {"photo": "(File not included.)", "width": 800, "height": 600}
    if rng.random() < 0.1:
        record["contact"] = {"id": 77, "type": "message", "text": "within"}
    shape = rng.randrange(3)
    kind = rng.choice(("bold", "mention", "link", "custom_emoji"))
    parts: list[Any] = [{"type": kind if i % 2 else "plain", "text": word} for i, word in enumerate(words)]
    if shape == 0 or not words:
        record |= {"text": text, "text_entities": [{"type": "plain", "text": text}] if text else []}
    elif shape == 1:
        record |= {"text": parts, "text_entities": parts}
        text = "".join(words)
    else:
        record |= {"text": [w if i % 2 else parts[i] for i, w in enumerate(words)]}
        text = "".join(words)
    if rng.random() < 0.2:
        record["reactions"] = [{"type": "emoji", "count": 3, "emoji": "👍"}]
    return record, text


def written(record: object, indent: int | None) -> bytes:
    """JSON as Telegram Desktop writes it, which has an escape of its own for control characters."""
    content = json.dumps(record, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass")
    pieces = content.split(b"\\\\")  # a backslash of the text; what is left are escapes
    return b"\\\\".join(piece.replace(b"\\b", b"\\x08") for piece in pieces).replace(b"\n", b"\n  ")


def _flip(rng: Random, file: Export) -> None:
    index, inside = file.find(rng.randrange(len(file.data)))
    old = bytearray(file.parts[index].data)
    old[inside] = rng.randrange(256) if rng.random() < 0.5 else old[inside] ^ (1 << rng.randrange(8))
    file.touch(index, bytes(old))


def _put_in(rng: Random, file: Export) -> None:
    file.insert(rng.randrange(len(file.data) + 1), rng.choice(JUNK) * rng.choice((1, 1, 1, 2, 50)))


def _take_out(rng: Random, file: Export) -> None:
    start = rng.randrange(len(file.data))
    file.delete(start, start + rng.choice((1, 2, 10, 200, 2000)))


def _cut_off(rng: Random, file: Export) -> None:
    file.delete(rng.randrange(1, len(file.data)), len(file.data))


def _cut_the_beginning(rng: Random, file: Export) -> None:
    file.delete(0, rng.randrange(1, len(file.data)))


def _repeat_records(rng: Random, file: Export) -> None:
    records = [part for part in file.parts if part.key is not None]
    if records:
        index = rng.choice([i for i, part in enumerate(file.parts) if part in records])
        copies = [file.parts[index], Part(b",\n")] * rng.choice((1, 2, 30))
        file.parts[index:index] = [Part(part.data) for part in copies]


def _repeat_bytes(rng: Random, file: Export) -> None:
    """A piece of a record, without its start, once more somewhere."""
    index, inside = file.find(rng.randrange(len(file.data)))
    part = file.parts[index]
    if part.opens is None:
        skipped = part.data[max(inside, min(20, len(part.data))) :]
        file.insert(rng.randrange(len(file.data) + 1), skipped[: rng.randrange(1, 300)])


def _swap(rng: Random, file: Export) -> None:
    places = [index for index, part in enumerate(file.parts) if part.key is not None]
    if len(places) > 1:
        one, other = rng.sample(places, 2)
        if file.parts[one].key[0] == file.parts[other].key[0]:  # type: ignore[index]
            file.parts[one], file.parts[other] = file.parts[other], file.parts[one]


def _wrap(rng: Random, file: Export) -> None:
    index = rng.randrange(len(file.parts))
    before, after = rng.choice(
        ((b"[", b"]"), (b'{"x": ', b"}"), (b'"', b'"'), (b"/*", b"*/"), (b'{"id": 5, "x": ', b"}"))
    )
    file.touch(index, before + file.parts[index].data + after)


def _nest(rng: Random, file: Export) -> None:
    depth = rng.choice((10, 100, 1500, 1500, DEEP))
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"id": 1, "x":', b"}]")))
    deep = opening * depth + b"1" + closing * rng.choice((depth, depth - 1, 0))
    index = rng.randrange(len(file.parts) + 1)
    place = rng.random()
    if place < 0.5 and index < len(file.parts) and file.parts[index].key is not None:
        file.touch(index, file.parts[index].data.rstrip(b" \n}") + b', "deep": ' + deep + b"}")
    else:
        file.parts.insert(index, Part(deep + b","))


def _wrong_value(rng: Random, file: Export) -> None:
    places = [index for index, part in enumerate(file.parts) if part.key is not None]
    if places:
        index = rng.choice(places)
        record, _ = _record(rng, file.parts[index].key[1])  # type: ignore[index]
        for name in rng.sample(FIELDS, rng.randrange(1, 4)):
            record[name] = rng.choice(ODD)
        if "id" in record and type(record["id"]) is int and 0 < record["id"] < 2**63:
            record["id"] += 10**12  # nobody else's
        file.touch(index, written(record, rng.choice((None, 1))))


def _wrong_record(rng: Random, file: Export) -> None:
    file.parts.insert(rng.randrange(len(file.parts) + 1), Part(written(rng.choice(ODD), None) + b",\n"))


def _wrong_opening(rng: Random, file: Export) -> None:
    places = [index for index, part in enumerate(file.parts) if part.opens is not None]
    header = {"name": rng.choice(ODD), "type": rng.choice(ODD), "id": rng.choice(ODD)}
    messages = rng.choice((b"[", b"null", b"{", b"5, [", b'"x"', b"[["))
    opening = written(header, None).rstrip(b"}") + b', "messages": ' + messages
    if places:
        file.touch(rng.choice(places), opening)


def _line_ends(rng: Random, file: Export) -> None:
    file.parts = [
        replace(part, data=part.data.replace(b"\n", rng.choice((b"\r\n", b"\n\n", b""))))
        for part in file.parts
    ]


def _byte_order_mark(rng: Random, file: Export) -> None:
    file.parts.insert(0, Part(rng.choice((b"\xef\xbb\xbf", b"\n\n", b" "))))


def _other_encoding(rng: Random, file: Export) -> None:
    text = file.data.decode("utf-8", "replace")
    file.lost |= {channel for channel, _ in file.texts}
    file.parts = [Part(text.encode(rng.choice(("utf-16", "utf-32", "latin-1")), "replace"))]


def _zeros(rng: Random, file: Export) -> None:
    start = rng.randrange(len(file.data))
    length = min(rng.choice((1, 16, 512, 4096)), len(file.data) - start)
    tail = file.data[start + length :]
    file.delete(start, start + length)
    file.insert(len(file.data) - len(tail), b"\x00" * length)


def _two_in_one(rng: Random, file: Export) -> None:
    file.parts += [Part(rng.choice((b"", b"\n", b",", b"garbage"))), Part(file.data[: rng.randrange(200)])]


MUTATIONS: tuple[Callable[[Random, Export], None], ...] = (
    *(_flip, _flip, _put_in, _put_in, _take_out, _cut_off, _cut_the_beginning, _repeat_records, _repeat_bytes, _swap),
    *(_wrap, _nest, _wrong_value, _wrong_value, _wrong_record, _wrong_opening, _line_ends, _byte_order_mark),
    *(_other_encoding, _zeros, _two_in_one),
)  # fmt: skip


def mutated(rng: Random, channels: Iterable[int]) -> tuple[Export, list[str]]:
    """An export of these channels with one to three mutations, and their names."""
    file = export(rng, channels)
    chosen = rng.sample(MUTATIONS, rng.choice((1, 1, 1, 2, 3)))
    for mutate in chosen:
        if file.data:
            mutate(rng, file)
    return file, [mutate.__name__.strip("_") for mutate in chosen]


# Members that would land elsewhere if anybody unpacked them, and some that are no exports.
_MEMBERS = (
    *(
        "../../evil.json",
        "/evil.json",
        "C:\\evil.json",
        "a/../../b.json",
        "..\\..\\c.json",
        "x\n.json",
        "ሱቅ.json",
    ),
    *("inner.zip", "photo.jpg", "", "d/", "__MACOSX/._x.json", "n" * 300 + ".json", "same.json", "same.json"),
)


def damaged_archive(rng: Random, first: int) -> bytes:
    """A zip of exports from this channel on, with members of strange names, some of its bytes changed."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore", UserWarning)  # members of one name
        for index, name in enumerate(rng.sample(_MEMBERS, rng.randrange(1, 6))):
            content = (
                export(rng, [first + index]).data if rng.random() < 0.8 else b"PK\x03\x04" + rng.randbytes(50)
            )
            method = rng.choice(
                (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
            )
            archive.writestr(zipfile.ZipInfo(name), content, method)
    data = bytearray(buffer.getvalue())
    for _ in range(rng.choice((0, 1, 1, 3, 30))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data[: rng.randrange(len(data))] if rng.random() < 0.2 else data)
