r"""Telegram Desktop's invalid JSON made valid: `\xHH` escapes, and document ids without quotes.

Control characters below 0x20 are written as `\x08`, which JSON does not know; version 4.1 wrote custom emoji as
`"document_id": video_files/sticker (2).webm`. Everything else is left as it is.
"""

from bisect import bisect_right
from dataclasses import dataclass

import regex

# A pair of backslashes is consumed first: after an even number of them, `x08` is text.
_HEX_ESCAPE = regex.compile(rb"\\\\|\\x([0-9A-Fa-f]{2})")
_BARE_DOCUMENT_ID = regex.compile(
    rb'(?<="document_id":[ \t]?)[ \t]*'
    rb'(?!["\s]|-?\d+\s*[,}\r\n]|null\s*[,}\r\n])'
    rb'([^"\r\n]+?)'
    # The end of its line, or of its object where all stands on one line.
    rb'(?=[ \t]*,?[ \t]*\r?\n|[ \t]*[,}][^\r\n]*"|[ \t]*[}\]\s]+\Z)'
)


@dataclass(frozen=True)
class Repaired:
    """Bytes of an export after repair.

    Attributes:
        data: valid where only the known faults were there.
        positions: where in `data` each repair ends, ascending.
        shifts: by how many bytes `data` is ahead of the file from there on.
    """

    data: bytes
    positions: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()

    def offset(self, position: int) -> int:
        """Position in the file of a position in `data`."""
        index = bisect_right(self.positions, position)
        return position - self.shifts[index - 1] if index else position

    def __len__(self) -> int:
        return len(self.positions)


def repair(data: bytes) -> Repaired:
    r"""The export with its `\xHH` escapes as `\u00HH` and its bare document ids in quotes."""
    edits: list[tuple[int, int, bytes]] = []
    if b"\\x" in data:
        edits += [
            (match.start(), match.end(), b"\\u00" + match[1].lower())
            for match in _HEX_ESCAPE.finditer(data)
            if match[1] is not None
        ]
    if b'"document_id"' in data:
        edits += [
            (match.start(1), match.end(1), b'"' + match[1].replace(b"\\", b"\\\\") + b'"')
            for match in _BARE_DOCUMENT_ID.finditer(data)
        ]
    if not edits:
        return Repaired(data)
    parts, positions, shifts, end, length = [], [], [], 0, 0
    for start, stop, replacement in sorted(edits):
        if start < end:  # an escape within a bare document id, which was quoted as a whole
            continue
        parts += [data[end:start], replacement]
        length += start - end + len(replacement)
        end = stop
        positions.append(length)
        shifts.append(length - end)
    parts.append(data[end:])
    return Repaired(b"".join(parts), tuple(positions), tuple(shifts))
