import csv
import io
import json

from docx import Document

from adgen_pipeline.app import downloads

AD = {
    "ad_id": "0123456789abcdef", "channel": "ናሙና ሱቅ", "format": "post", "text": "የቆዳ ጫማ <b>2,500 ብር</b>\nቦሌ",
    "policy": {"verdict": "allow", "rules": []}, "written_by": "model", "model": "m1",
    "facts": [{"text": "2,500 ብር"}],
}  # fmt: skip


def test_a_table_of_ads_opens_in_spreadsheets_and_holds_no_formula() -> None:
    content = downloads.as_csv([AD, {**AD, "text": "=HYPERLINK(1)"}, {**AD, "text": "+251 900"}])
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["text"] for row in rows] == [AD["text"], "'=HYPERLINK(1)", "'+251 900"]
    assert rows[0]["channel"] == "ናሙና ሱቅ"


def test_a_word_document_holds_each_line_as_text() -> None:
    document = Document(
        io.BytesIO(downloads.as_docx([AD, {**AD, "text": "\x00አንድ\ud800"}], title="ማስታወቂያዎች"))
    )
    lines = [paragraph.text for paragraph in document.paragraphs]
    assert lines[0] == "ማስታወቂያዎች"
    assert "የቆዳ ጫማ <b>2,500 ብር</b>" in lines
    assert "አንድ" in lines


def test_json_holds_everything() -> None:
    assert json.loads(downloads.as_json([AD])) == [AD]
