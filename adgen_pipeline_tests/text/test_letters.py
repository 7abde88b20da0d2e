"""Letters as patterns see them: plain, one spelling, and never another length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.text.letters import plain_letters, shape, shaped

STYLED = st.text(st.sampled_from("🅡🅐🅜𝗡𝗘𝗪ⓈⒾⓏⒺＡ１𝟗🅰️ ዉሐጸኃabc12\n"), max_size=120)


@pytest.mark.parametrize(
    ("styled", "plain"),
    [
        ("🅡🅐🅜: 𝟖GB", "RAM: 8GB"),
        ("𝗡𝗘𝗪 𝒂𝓇𝕣ival", "NEW arrival"),
        ("Ⓢⓘⓩⓔ ４０", "Size 40"),
        ("የደም አይነት 🅰️", "የደም አይነት 🅰️"),
    ],
)
def test_styled_letters_in_a_row_are_plain(styled: str, plain: str) -> None:
    assert plain_letters(styled) == plain


@given(st.one_of(st.text(max_size=200), STYLED))
def test_a_place_stays_the_same_place(text: str) -> None:
    assert len(plain_letters(text)) == len(shape(text)) == len(text)
    assert shape(shape(text)) == shape(text)


def test_patterns_are_found_in_any_spelling() -> None:
    call = shaped("ይደውሉ|ኃይል")
    assert all(call.search(shape(text)) for text in ("ይደዉሉ", "ይደውሉ", "ሀይል", "ሓይል"))
