from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.app.commands import ads
from adgen_pipeline.app.screens.labels import FORMAT_UNITS
from adgen_pipeline.generation.formats import (
    FORMATS,
    MAXIMUM_UNITS,
    is_balanced,
    problems,
    utf16_units,
    without_stray_brackets,
)
from adgen_pipeline.recipe import AdFormat


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        pytest.param("አዲስ ጫማ (ጥቁር) 1) ምቹ :)", True, id="ordinary"),
        pytest.param("ስክሪን 15.6” እና 14”", True, id="inches"),
        pytest.param("ጥቁር” ጫማ", False, id="a quotation that was never opened"),
        pytest.param("", False, id="empty"),
        pytest.param(" \n ", False, id="blank"),
        pytest.param("ሀ" * 4096, True, id="4096 letters"),
        pytest.param("ሀ" * 4097, False, id="4097 letters"),
        pytest.param("😀" * 2048, True, id="2048 emoji are 4096 units"),
        pytest.param("😀" * 2049, False, id="2049 emoji are too many"),
        pytest.param("ጫማ (ጥቁር", False, id="open bracket"),
        pytest.param("ጫማ «ጥቁር)", False, id="crossed brackets"),
        pytest.param("ስልክ ⟨phone_1⟩", False, id="open slot"),
        pytest.param("ጫማ \ud83d", False, id="half an emoji"),
    ],
)
def test_a_post_is_what_telegram_takes(text: str, is_valid: bool) -> None:
    assert (problems(text) == []) is is_valid


def test_brackets_of_a_fact_are_not_the_ads() -> None:
    assert problems("ጫማ (ቦሌ", slotted="ጫማ ⟨location_1⟩") == []
    assert problems("ጫማ (ቦሌ", slotted="ጫማ (⟨location_1⟩") != []


@given(st.text())
def test_units_are_those_of_utf_16(text: str) -> None:
    assert utf16_units(text) == sum(2 if ord(c) > 0xFFFF else 1 for c in text)


@given(st.text(alphabet="()[]{}«»a1 :"))
def test_without_stray_brackets_a_text_is_balanced(text: str) -> None:
    clean = without_stray_brackets(text)
    assert is_balanced(clean) or without_stray_brackets(clean) != clean
    if is_balanced(text):
        assert clean == text


@pytest.mark.parametrize(
    ("format", "text", "is_valid"),
    [
        pytest.param("caption", "ሀ" * 1024, True, id="a full caption"),
        pytest.param("caption", "ሀ" * 1025, False, id="a caption too long"),
        pytest.param("sponsored", "ምቹ የቆዳ ጫማ በ1,800 ብር። t.me/abc_sample_shop", True, id="sponsored"),
        pytest.param("sponsored", "ሀ" * 160, True, id="160 letters"),
        pytest.param("sponsored", "ሀ" * 161, False, id="161 letters"),
        pytest.param("sponsored", "ሀ" * 159 + "😀", False, id="an emoji is two"),
        pytest.param("sponsored", "ጫማ\nጫማ", False, id="a line break"),
        pytest.param("sponsored", "ጫማ\u2028ጫማ", False, id="a hidden line break"),
        pytest.param("sponsored", "ጫማ @abc_sample እና t.me/abc_other", False, id="two links"),
        pytest.param("sponsored", "ጫማ 😀 አለን 👟 ይደውሉ", True, id="two emoji apart"),
        pytest.param("sponsored", "ጫማ 😀😀", False, id="emoji in a row"),
        pytest.param("sponsored", "👟 ጫማ 😀 አለን 🔥 አሁን", False, id="three emoji"),
        pytest.param("sponsored", "✅ ጫማ", False, id="a bullet"),
        pytest.param("sponsored", "- ጫማ", False, id="a dash as bullet"),
        pytest.param("sponsored", "1. ጫማ 2. ቦርሳ", False, id="a numbered list"),
        pytest.param("sponsored", "1️⃣ ጫማ", False, id="a keycap list"),
        pytest.param("sponsored", "ዋጋ 1.5 ሚሊዮን እና 2.5 ሚሊዮን", True, id="decimals are no list"),
        pytest.param("sponsored", "BUY NOW TODAY ጫማ", False, id="capitals"),
        pytest.param("sponsored", "HP PAVILION ላፕቶፕ", True, id="a brand in capitals"),
        pytest.param("sponsored", "ቅ ና ሽ አ ሁ ን", False, id="spaced letters"),
        pytest.param("sponsored", "ጫማ!!!", False, id="shouting marks"),
        pytest.param("sponsored", "ጫማ ▓▓", False, id="Unicode art"),
        pytest.param("sponsored", "𝐍𝐞𝐰 ጫማ", False, id="styled letters"),
        pytest.param("sponsored", "ጫማ bit.ly/abc", False, id="a shortened link"),
        pytest.param("sponsored", "ጫማ http://10.0.0.1/a", False, id="a numeric link"),
        pytest.param("tagline", "ምቾት በየእርምጃው", True, id="tagline"),
        pytest.param("tagline", "ምቾት በ1,800 ብር", True, id="a price is no contact"),
        pytest.param("tagline", "ሀ" * 61, False, id="61 letters"),
        pytest.param("tagline", "ጫማ 0900 000 014", False, id="a phone"),
        pytest.param("tagline", "ጫማ @abc_sample", False, id="a handle"),
        pytest.param("tagline", "ጫማ shop@example.com", False, id="an e-mail address"),
        pytest.param("tagline", "ጫማ\nምቾት", False, id="two lines"),
    ],
)
def test_each_format_has_its_own_rules(format: str, text: str, is_valid: bool) -> None:
    assert (problems(text, format) == []) is is_valid


@pytest.mark.parametrize(
    ("language", "text", "is_valid"),
    [
        ("am", "ምቹ የቆዳ ጫማ ለወንዶች አለን", True),
        ("am", "HP EliteBook 840 ላፕቶፕ አለን", True),
        ("am", "Comfortable shoes for you and your family", False),
        ("en", "Comfortable shoes for you and your family", True),
        ("en", "ምቹ የቆዳ ጫማ ለወንዶች አለን", False),
    ],
)
def test_a_sponsored_message_speaks_the_language_of_its_channel(
    language: str, text: str, is_valid: bool
) -> None:
    assert (problems(text, "sponsored", language=language) == []) is is_valid
    assert problems(text, "post", language=language) == []


def test_every_surface_offers_the_formats_of_the_recipe() -> None:
    assert get_args(AdFormat) == tuple(FORMATS) == ads.FORMATS == tuple(FORMAT_UNITS)
    assert FORMAT_UNITS == MAXIMUM_UNITS
