"""The text of a brief that comes as a PDF or Word file, as Markdown that `fields.text_fields` reads.

Files come from strangers: their size, pages and unpacked size are bounded before anything is parsed. Headers, footers,
text boxes and pictures are not read: they hold the agency's letterhead more often than the brief.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.fields import opens_field

ENDINGS = (".pdf", ".docx")
MAXIMUM_BYTES = 20_000_000
MAXIMUM_PAGES = 100
MAXIMUM_UNPACKED_BYTES = 100_000_000
MAXIMUM_MEMBERS = 2_000

_OLE = b"\xd0\xcf\x11\xe0"  # an encrypted .docx, or an old .doc, is such a container
_FULL_LINE = 0.75  # of the page's longest line: a shorter line was ended by its writer, not by the margin
_WRAPPED_CHARS = 40
_SENTENCE_END = re.compile(r"[.።!?:፦፤;]\s*$")


def document_text(path: Path) -> str:
    """The text of a .pdf or .docx file: headings, lists and two-column tables as Markdown, pages joined.

    Raises:
        BriefError: too large, encrypted, damaged, or without text.
    """
    size = path.stat().st_size
    if size > MAXIMUM_BYTES:
        raise BriefError(
            f"{path.name}: {size / 1e6:.1f} MB, at most {MAXIMUM_BYTES // 1_000_000} MB are read. "
            "Leave its pictures out."
        )
    text = _pdf(path) if path.suffix.lower() == ".pdf" else _docx(path)
    if not any(character.isalnum() for character in text):
        raise BriefError(
            f"{path.name}: no text in it; its pages may be pictures. Send the text itself, or a file made from it."
        )
    return text


def _pdf(path: Path) -> str:
    import pypdf  # noqa: PLC0415  (only where a PDF is read)

    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):  # many are encrypted with an empty password
            raise BriefError(f"{path.name}: it is locked with a password. Send it without one.")
        count = len(reader.pages)
        if count > MAXIMUM_PAGES:
            raise BriefError(
                f"{path.name}: {count} pages, at most {MAXIMUM_PAGES} are read. Send the pages of the brief."
            )
        pages = [page.extract_text() for page in reader.pages]
    except BriefError:
        raise
    except Exception as error:  # a damaged or hostile file makes the library raise anything
        raise BriefError(_damaged(path, "PDF", error)) from error
    return "\n\n".join(unwrapped(page) for page in pages)


def unwrapped(page: str) -> str:
    """A page's text with lines joined that only the margin ended."""
    lines = [line.rstrip() for line in page.splitlines()]
    width = max((len(line) for line in lines), default=0)
    joined: list[str] = []
    is_open = False
    for line in lines:
        if is_open and line.strip() and not opens_field(line):
            joined[-1] = f"{joined[-1]} {line.strip()}"
        else:
            joined.append(line)
        is_open = len(line) >= max(_WRAPPED_CHARS, _FULL_LINE * width) and not _SENTENCE_END.search(line)
    return "\n".join(joined)


def _docx(path: Path) -> str:
    import docx  # noqa: PLC0415  (only where a Word file is read)

    with path.open("rb") as file:
        if file.read(4) == _OLE:
            raise BriefError(
                f"{path.name}: it is locked with a password, or an old .doc file. Save it as .docx without one."
            )
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        if len(members) > MAXIMUM_MEMBERS or unpacked > MAXIMUM_UNPACKED_BYTES:
            raise BriefError(
                f"{path.name}: {len(members)} parts that unpack to {unpacked / 1e6:.0f} MB; at most "
                f"{MAXIMUM_MEMBERS} and {MAXIMUM_UNPACKED_BYTES // 1_000_000} MB are read. Leave its pictures out."
            )
        if any(member.flag_bits & 1 for member in members):
            raise BriefError(f"{path.name}: it is locked with a password. Send it without one.")
        return "\n".join(_blocks(docx.Document(str(path))))
    except BriefError:
        raise
    except Exception as error:  # a damaged or hostile file makes the library raise anything
        raise BriefError(_damaged(path, "Word file", error)) from error


def _blocks(document: Any) -> Iterator[str]:
    """Paragraphs and rows of a Word document, one line each."""
    for block in document.iter_inner_content():
        if not hasattr(block, "rows"):
            yield _paragraph(block)
            continue
        for row in block.rows:
            # A merged cell is listed once for each column that it spans.
            cells = list(dict.fromkeys(" ".join(cell.text.split()) for cell in row.cells))
            cells = [cell for cell in cells if cell]
            yield f"{cells[0].rstrip(' :፦')}: {cells[1]}" if len(cells) == 2 else " | ".join(cells)
        yield ""


def _paragraph(paragraph: Any) -> str:
    text = str(paragraph.text).strip()
    style = str(paragraph.style.name if paragraph.style is not None else "")
    properties = paragraph._p.pPr
    if text and style.startswith(("Heading", "Title")):
        return f"# {' '.join(text.split())}"
    if text and (style.startswith("List") or (properties is not None and properties.numPr is not None)):
        return f"- {' '.join(text.split())}"
    return text


def _damaged(path: Path, kind: str, error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"{path.name}: not a {kind} that can be read ({reason[:200]}). Save it anew, or send its text."
