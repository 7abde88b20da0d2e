import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.text import slots


def test_filling_replaces_known_slots_and_leaves_others() -> None:
    assert slots.fill("ዋጋ ⟨price_1⟩ ⟨price_2⟩", {"⟨price_1⟩": "500 ብር"}) == "ዋጋ 500 ብር ⟨price_2⟩"


def test_a_value_that_looks_like_a_slot_is_not_filled_again() -> None:
    assert slots.fill("⟨brand_1⟩", {"⟨brand_1⟩": "⟨brand_2⟩", "⟨brand_2⟩": "x"}) == "⟨brand_2⟩"


@given(st.text())
def test_escaped_text_holds_no_slot(text: str) -> None:
    assert slots.slots_in(slots.escape(text + "⟨price_1⟩")) == []


def test_the_vocabulary_has_every_kind_and_number_once() -> None:
    pieces = slots.vocabulary(6)
    assert len(pieces) == len(set(pieces)) == 6 * len(slots.SLOT_KINDS)
    assert all(slots.SLOT.fullmatch(piece) for piece in pieces)


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a slot kind"):
        slots.slot("colour", 1)
