import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import matplotlib
import pypdf
import pytest
from matplotlib import font_manager
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation import brief_files
from adgen_pipeline.generation.batch import read_briefs
from adgen_pipeline.generation.brief import read_brief
from adgen_pipeline.generation.brief_files import document_text, unwrapped
from adgen_pipeline.settings import PROJECT_ROOT

FONT = PROJECT_ROOT / "adgen_pipeline" / "fonts" / "NotoSansEthiopic-Regular.ttf"
LINES = (
    "ምርት፦ የወንዶች የቆዳ ጫማ",
    "ዋጋ፦ 2,500 ብር",
    "ስልክ፦ 0900 000 014",
    "ባህሪያት፦ ጠንካራ ሶል፣ ለወንዶች የሚሆን",
)


def write_pdf(path: Path, pages: list[tuple[str, ...]]) -> Path:
    """A PDF with lines of text on each page."""
    font = font_manager.FontProperties(fname=str(FONT))
    with matplotlib.rc_context({"pdf.fonttype": 42}), PdfPages(path) as document:  # letters, no shapes
        for lines in pages:
            page = Figure(figsize=(8.3, 11.7))
            for place, line in enumerate(lines):
                page.text(0.08, 0.95 - 0.03 * place, line, fontproperties=font, fontsize=10)
            document.savefig(page)
    return path


def write_docx(path: Path) -> Path:
    document = docx.Document()
    document.add_heading("Campaign brief: leather shoes", 1)
    table = document.add_table(rows=0, cols=2)
    for name, value in (("Product", "Men's leather shoes"), ("ዋጋ", "2,500 ብር"), ("Phone", "0900 000 014")):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = name, value
    document.add_heading("Features", 2)
    for point in ("Genuine leather", "ጠንካራ ሶል"):
        document.add_paragraph(point, style="List Bullet")
    document.save(str(path))
    return path


def test_a_pdf_is_read_like_text(tmp_path: Path) -> None:
    brief = read_brief(write_pdf(tmp_path / "shoes.pdf", [LINES]))
    assert brief.product == "የወንዶች የቆዳ ጫማ"
    assert {fact.text for fact in brief.facts} == {"2,500 ብር", "0900 000 014"}
    assert brief.features == ("ጠንካራ ሶል", "ለወንዶች የሚሆን")


def test_a_brief_of_twenty_pages_keeps_what_its_first_and_last_page_say(tmp_path: Path) -> None:
    filler = tuple("ስለ ድርጅታችን ታሪክ የሚናገር አንቀጽ እዚህ ይገኛል።" for _ in range(5))
    pages = [LINES[:2], *([filler] * 18), LINES[2:]]
    brief = read_brief(write_pdf(tmp_path / "long.pdf", pages))
    assert {"2,500 ብር", "0900 000 014"} <= {fact.text for fact in brief.facts}


def test_lines_that_the_margin_ended_are_one_again() -> None:
    page = (
        "ባህሪያት፦ ጠንካራ ሶል፣ ለወንዶች የሚሆን፣ በእጅ የተሰራ ለስራም ለበዓልም\nየሚሆን ምቹ ጫማ\n"
        "ዋጋ፦ 2,500 ብር\nThis is a sentence that fills the whole width of the page.\nNext one"
    )
    assert unwrapped(page).split("\n") == [
        "ባህሪያት፦ ጠንካራ ሶል፣ ለወንዶች የሚሆን፣ በእጅ የተሰራ ለስራም ለበዓልም የሚሆን ምቹ ጫማ",
        "ዋጋ፦ 2,500 ብር",
        "This is a sentence that fills the whole width of the page.",
        "Next one",
    ]


def test_a_word_file_gives_headings_tables_and_lists(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "shoes.docx")
    assert document_text(path).split("\n")[:3] == [
        "# Campaign brief: leather shoes",
        "Product: Men's leather shoes",
        "ዋጋ: 2,500 ብር",
    ]
    brief = read_brief(path)
    assert brief.product == "የወንዶች የቆዳ ጫማ"
    assert {"2,500 ብር", "0900 000 014"} <= {fact.text for fact in brief.facts}
    assert "ጠንካራ ሶል" in brief.features


def test_pdf_and_word_files_of_a_folder_are_briefs(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", [LINES])
    write_docx(tmp_path / "b.docx")
    table, problems = read_briefs(tmp_path)
    assert (table["source"].to_list(), problems) == (["a.pdf", "b.docx"], [])


def _locked_pdf(folder: Path) -> Path:
    writer = pypdf.PdfWriter(clone_from=write_pdf(folder / "plain.pdf", [LINES]))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(folder / "locked.pdf")
    return folder / "locked.pdf"


def _bytes(name: str, content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def _bomb(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (brief_files.MAXIMUM_UNPACKED_BYTES + 1))
    return folder / "bomb.docx"


def _many_pages(folder: Path) -> Path:
    writer = pypdf.PdfWriter()
    for _ in range(brief_files.MAXIMUM_PAGES + 1):
        writer.add_blank_page(100, 100)
    writer.write(folder / "many.pdf")
    return folder / "many.pdf"


def _no_text(folder: Path) -> Path:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(folder / "scan.pdf")
    return folder / "scan.pdf"


def _too_large(folder: Path) -> Path:
    with (folder / "large.pdf").open("wb") as file:
        file.truncate(brief_files.MAXIMUM_BYTES + 1)
    return folder / "large.pdf"


@pytest.mark.parametrize(
    ("write", "said"),
    [
        pytest.param(_locked_pdf, "password", id="locked PDF"),
        pytest.param(_bytes("a.docx", b"\xd0\xcf\x11\xe0" + b"x" * 600), "password", id="locked Word file"),
        pytest.param(_bytes("a.pdf", b"%PDF-1.7\nnothing"), "not a PDF", id="damaged PDF"),
        pytest.param(_bytes("a.pdf", b""), "not a PDF", id="empty PDF"),
        pytest.param(_bytes("a.docx", b"PK\x03\x04"), "not a Word file", id="damaged Word file"),
        pytest.param(_bomb, "unpack to", id="zip bomb"),
        pytest.param(_many_pages, "101 pages", id="too many pages"),
        pytest.param(_no_text, "no text in it", id="scanned pages"),
        pytest.param(_too_large, "at most 20 MB", id="too large"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, write: Callable[[Path], Path], said: str
) -> None:
    path = write(tmp_path)
    with pytest.raises(BriefError, match=said) as error:
        read_brief(path)
    assert "\n" not in str(error.value)
    assert path.name in str(error.value)
