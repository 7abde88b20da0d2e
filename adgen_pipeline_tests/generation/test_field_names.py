"""Labels that no list holds: guessed by their head noun, where the value fits."""

import pytest

from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.field_names import field_name, names_price


@pytest.mark.parametrize(
    ("label", "value", "name"),
    [
        ("Price per night", "2,400", "price"),
        ("Retail price (Birr)", "2,400", "price"),
        ("የአንዱ ዋጋ", "2,400", "price"),
        ("ዋጋ በብር", "2,400", "price"),
        ("Old price", "2,900", None),
        ("Delivery price", "100 birr", None),
        ("Price list", "see below", None),
        ("info line", "8181", "contact"),
        ("customer_care", "8181", "contact"),
        ("የጥሪ ማዕከል", "8181", "contact"),
        ("ለበለጠ ማብራሪያ ስልክ", "0900 000 921", "contact"),
        ("Mobile app", "yes", None),
        ("place of sale", "Piassa", "location"),
        ("የሱቁ አድራሻ", "ፒያሳ", "location"),
        ("Travel agency", "handles everything for you", None),
        ("hotel", "Tana View", "brand"),
        ("number of rooms", "12", None),
    ],
)
def test_a_label_is_read_by_its_head(label: str, value: str, name: str | None) -> None:
    assert field_name(label, value) == name


@pytest.mark.parametrize(
    ("header", "is_price"),
    [
        ("Price (Birr)", True), ("ETB", True), ("ዋጋ በብር", True), ("ዋጋ", True),
        ("Item", False), ("Pieces", False), ("Old price (Birr)", False),
    ],
)  # fmt: skip
def test_a_column_holds_prices_by_its_header(header: str, is_price: bool) -> None:
    assert names_price(header) == is_price


def test_bare_numbers_below_a_price_are_prices() -> None:
    table = "| Room | Beds | Price (Birr) |\n|:--|--:|--:|\n| Single | 1 | 1,150 |\n| Twin | 2 | 1,640 |\n"
    brief = understand(f"# Hotel rooms\n\n{table}\nTel: 0900 000 921", source="b.md")
    assert [fact.text for fact in brief.of_kind("price")] == ["1,150 ብር", "1,640 ብር"]
    assert all(fact.must for fact in brief.of_kind("price"))


def test_a_private_column_of_a_table_is_not_read() -> None:
    table = "| ዓይነት | ዋጋ | መግዣ ዋጋ |\n|---|---|---|\n| ጫማ | 1,150 ብር | 700 ብር |\n"
    brief = understand(f"# ጫማዎች\n\n{table}", source="b.md")
    assert [fact.text for fact in brief.of_kind("price")] == ["1,150 ብር"]
