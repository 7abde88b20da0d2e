"""Ads as files that people take along: a table, a Word document, JSON."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from docx import Document
from docx.oxml.ns import qn

FONT = "Noto Sans Ethiopic"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet takes a cell for a formula
COLUMNS = ("ad_id", "channel", "format", "text", "policy", "written_by", "facts", "model")

Ads = Sequence[Mapping[str, Any]]  # ads of the API's answer, each with `channel`: the channel's name


def as_json(ads: Ads) -> bytes:
    """Everything, evidence included."""
    return json.dumps(list(ads), ensure_ascii=False, indent=1).encode()


def as_csv(ads: Ads) -> bytes:
    """One ad a row, UTF-8 with a mark that spreadsheets look for; no cell is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for ad in ads:
        facts = "; ".join(fact["text"] for fact in ad["facts"])
        values = {**ad, "policy": ad["policy"]["verdict"], "facts": facts}
        writer.writerow([_cell(str(values.get(name) or "")) for name in COLUMNS])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_docx(ads: Ads, *, title: str) -> bytes:
    """A Word document: a heading and the text of each ad, in a font that has Ethiopic letters."""
    document = Document()
    normal: Any = document.styles["Normal"]
    normal.font.name = FONT
    normal.element.rPr.rFonts.set(qn("w:cs"), FONT)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    document.add_heading(_printable(title), level=1)
    for number, ad in enumerate(ads, start=1):
        document.add_heading(
            _printable(f"{number}. {ad.get('channel') or ''} {ad['format']}".strip()), level=2
        )
        for line in ad["text"].split("\n"):
            document.add_paragraph(_printable(line))
        document.add_paragraph(
            _printable(f"{ad['policy']['verdict']} · {ad['ad_id'] or ''}"), style="Caption"
        )
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _printable(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return "".join(c for c in text if c in "\t\n" or (ord(c) >= 32 and not 0xD800 <= ord(c) <= 0xDFFF))
