import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.labels.words import words
from adgen_pipeline.text.stems import stem_key


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("በላፕቶፑ ላይ ቅናሽ", ["በላፕቶፑ", "ላይ", "ቅናሽ"]),
        ("በiPhone ይደውሉ", ["በ", "iPhone", "ይደውሉ"]),
        ("ጫማ @sample_shop https://example.com/a ቀሚስ", ["ጫማ", "ቀሚስ"]),
        ("#AddisCarRental", ["AddisCarRental", "Addis", "Car", "Rental"]),
        ("", []),
    ],
    ids=["affixes", "two scripts", "handle and link", "hashtag", "empty"],
)
def test_each_stem_stands_where_its_word_does(text: str, held: list[str]) -> None:
    found = words(text)
    assert [text[start:end] for start, end in found.places] == held
    assert found.stems == [stem_key(word) for word in held]


def test_styled_letters_are_read_and_move_nothing() -> None:
    found = words("𝐋𝐀𝐏𝐓𝐎𝐏… ጫማ")
    assert found.stems == ["laptop", "ጫማ"]
    assert found.places == [(0, 6), (8, 10)]


@given(st.text(alphabet="ሀላፕቶ፟ ab0@#!.…½𝐀ﬁ\n", max_size=60))
def test_places_lie_in_the_text_and_hold_a_word(text: str) -> None:
    found = words(text)
    assert len(found.stems) == len(found.places)
    assert all(0 <= start < end <= len(text) for start, end in found.places)
