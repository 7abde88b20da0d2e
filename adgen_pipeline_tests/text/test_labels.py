"""Labels, calls and specifications of shop posts."""

import pytest

from adgen_pipeline.text.labels import (
    CALL,
    SPECIFICATION,
    amharic_label,
    is_label,
    labels_before_slots,
    word_before,
)
from adgen_pipeline.text.letters import shape


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Storage : 512GB SSD", "512GB SSD"),
        ("RAM፡ 8 DDR4", "8 DDR4"),
        ("Screen size - 15.6 inch FHD", "15.6 inch FHD"),
        ("size 40,41,42", "40,41,42"),
        ("Status: open box", "open box"),
        ("Storage is large", None),
        ("Price: 500", None),
        ("Graphics: one two three four five six seven eight", None),
        ("Size: 40 ቁጥር", None),
    ],
)
def test_a_specification_is_a_label_and_a_short_latin_value(line: str, value: str | None) -> None:
    found = SPECIFICATION.match(line)
    assert (found["value"] if found else None) == value


@pytest.mark.parametrize(
    ("english", "amharic"),
    [("RAM", "ራም"), ("Screen size", "ስክሪን"), ("colour", "ቀለም"), ("sole", None), ("", None)],
)
def test_english_labels_have_an_amharic_word(english: str, amharic: str | None) -> None:
    assert amharic_label(english) == amharic


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ለበለጠ መረጃ", True), ("Price", True), ("የቆዳ ጫማ", False), ("Tel ስልክ", True)],
)
def test_labels_only_announce(text: str, expected: bool) -> None:
    assert is_label(text.split()) is expected


@pytest.mark.parametrize("text", ["አሁኑኑ ይደዉሉልን", "ቻናላችንን ይቀላቀሉ", "Check it out on our website", "Join us"])
def test_calls_are_found_in_both_languages(text: str) -> None:
    assert CALL.search(shape(text))


@pytest.mark.parametrize("text", ["ውሃ የማያስገባ ቦርሳ", "ለቤት የሚሆን", "Bluetooth speaker"])
def test_points_are_no_calls(text: str) -> None:
    assert not CALL.search(shape(text))


def test_labels_stand_right_before_their_slots() -> None:
    text = "መኝታ፦ ⟨quantity_1⟩, መታጠቢያ 🛁 ⟨quantity_2⟩\nዋጋው ጥሩ ⟨price_1⟩"
    assert labels_before_slots(text) == [("መኝታ", "⟨quantity_1⟩"), ("መታጠቢያ", "⟨quantity_2⟩")]


def test_a_number_is_a_number_of_the_word_before_it() -> None:
    text = "RAM: 8 GB\n8 GB"
    assert word_before(text, text.index("8")) == "ram"
    assert word_before(text, text.rindex("8")) == ""
