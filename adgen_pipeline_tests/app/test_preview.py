import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.app import preview

ANY_TEXT = st.text(
    alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("ሀለዋጋ<>&\"'/")), max_size=80
)
OUR_TAGS = re.compile(r"</?mark>")


@given(text=ANY_TEXT, facts=st.lists(ANY_TEXT, max_size=4))
def test_marking_keeps_the_text_and_adds_no_tag_but_mark(text: str, facts: list[str]) -> None:
    shown = OUR_TAGS.sub("", preview.marked(text, facts))
    assert "<" not in shown
    assert ">" not in shown
    assert html.unescape(shown) == html.unescape(html.escape(text))


@given(text=ANY_TEXT)
def test_nothing_untrusted_opens_a_tag(text: str) -> None:
    evil = f"<script>{text}</script><img src=x onerror=alert(1)>"
    ad = {"text": evil, "facts": [{"text": evil, "slot": "⟨term_1⟩", "source": evil}]}
    shown = [
        preview.bubble(ad, channel="", footer="", badges=[], kinds={"⟨term_1⟩": evil}),
        preview.candidate(evil),
        preview.bars([evil], [1], label=evil),
        preview.bubble(ad, channel=evil, footer=evil, badges=[("plain", evil)]),
        preview.table([(evil, evil)]),
        preview.notice(evil),
    ]
    for piece in shown:
        assert set(re.findall(r"<\s*/?\s*([a-zA-Z]+)", piece)) <= {
            "div",
            "i",
            "span",
            "sup",
            "mark",
            "table",
            "tr",
            "th",
            "td",
        }


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        pytest.param("ዋጋ 500 ብር", ["500 ብር"], "ዋጋ <mark>500 ብር</mark>", id="one fact"),
        pytest.param(
            "5 እና 500", ["5", "500"], "<mark>5</mark> እና <mark>500</mark>", id="the longer fact wins"
        ),
        pytest.param("ሀ & ለ", [""], "ሀ &amp; ለ", id="an empty fact marks nothing"),
    ],
)
def test_facts_are_marked(text: str, facts: list[str], expected: str) -> None:
    assert preview.marked(text, facts) == expected


def test_a_marked_fact_says_where_the_brief_has_it() -> None:
    shown = preview.marked("ዋጋ 500 ብር", ["500 ብር"], titles={"500 ብር": "ዋጋ: offer:3-9"})
    assert shown == 'ዋጋ <mark title="ዋጋ: offer:3-9">500 ብር<sup>1</sup></mark>'


def test_the_style_sheet_brings_the_font_and_fetches_nothing() -> None:
    assert "url(data:font/ttf;base64," in preview.style()
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", preview.style())


def test_length_is_counted_as_telegram_counts_it() -> None:
    assert preview.utf16_units("ሀ👟") == 3
