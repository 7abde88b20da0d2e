"""What the form of a document adds to a brief or breaks in it."""

import pytest

from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.document import joined, number_words, without_hidden


@pytest.mark.parametrize(
    "text",
    [
        "<!-- x -->ጫማ\n<!-- never\n\nclosed",
        "[12/03/25, 14:02] Hana: ጫማ 900 ብር\n[Voice message, 0:34]\n(1:20)",
        "From: a@example.com\nTo: b@example.com\nSubject: ጫማ\n\nዋጋ 900\nብር",
        "waga 31 shi birr weyim 500 iske 700 birr",
        "a line that is long enough to have been ended by the margin and not by its\nwriter, who went on.",
    ],
)
def test_every_place_stays_the_same_place(text: str) -> None:
    hidden, _ = without_hidden(text)
    assert len(hidden) == len(text)
    assert len(joined(hidden)) == len(text)
    assert [c for c in text if c == "ጫ"] == [c for c in joined(hidden) if c == "ጫ"]


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("Waga 31 shi birr", "31 ሺህ ብር"),
        ("waga 1.2 miliyon birr", "1.2 ሚሊዮን ብር"),
        ("Waga 500 iske 700 birr", "500 እስከ 700 ብር"),
        ("price: between 500 and 700 birr", "500 እስከ 700 ብር"),
        ("price: 500 up to 700 birr", "500 እስከ 700 ብር"),
        ("ዋጋ፦ 31,000\nብር", "31,000 ብር"),
        ("ዋጋ፦ ፲፪ ሺህ ብር", "፲፪ ሺህ ብር"),
    ],
)
def test_an_amount_is_read_whole(text: str, price: str) -> None:
    brief = understand(f"ምርት፦ ጫማ\n{text}\n", source="b.txt")
    assert [" ".join(fact.text.split()) for fact in brief.of_kind("price")] == [price]


@pytest.mark.parametrize(
    "price",
    [
        "300 birr each, 250 birr by the box of 12",
        "300 birr, 3 for 250 birr",
        "300 birr; 250 birr from 12 pieces",
    ],
)
def test_a_count_of_goods_is_no_price(price: str) -> None:
    brief = understand(f"product: ጫማ\nprice: {price}", source="b.yaml")
    assert [fact.text for fact in brief.of_kind("price")] == ["300 ብር", "250 ብር"]


@pytest.mark.parametrize(
    "line",
    [
        "[Voice note, 0:34]",
        "Voice message (0:34)",
        "የድምፅ መልእክት (0:34)",
        "[3/12/25, 10:34] Hana: እሺ",
        "3/12/2025, 10:34 - Hana: እሺ",
    ],
)
def test_the_stamp_of_a_message_is_no_time_of_the_shop(line: str) -> None:
    brief = understand(f"{line}\nምርት፦ ጫማ\nዋጋ፦ 900 ብር", source="b.txt")
    assert [fact.kind for fact in brief.facts] == ["price"]


def test_a_sentence_goes_on_over_the_margin() -> None:
    text = (
        "We sell leather sofas and chairs in our shop at Piassa, and for the next campaign please do not\n"
        "print my number 0900 999 931 anywhere.\n\nCall 0900 000 931."
    )
    brief = understand(text, source="b.txt")
    assert [fact.text for fact in brief.of_kind("phone")] == ["0900 000 931"]


def test_words_that_are_no_numbers_stay() -> None:
    assert (
        number_words("shi is a word, 5 shirts and 3 million people")
        == "shi is a word, 5 shirts and 3 million people"
    )
