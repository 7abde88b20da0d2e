"""Words of a brief from the slotted lines of a post."""

import pytest

from adgen_pipeline.corpus.wording import is_audience, names_a_product, offer, points, product

PRODUCTS = {
    "a plain name": ("የመስኮት መጋረጃ", "የመስኮት መጋረጃ"),
    "greeting and announcement": ("እንደምን ዋላችሁ ቤተሰቦች፣ ዛሬ የመኪና ጎማ ይዘን መጥተናል።", "የመኪና ጎማ"),
    "a question": ("አዲሱን የፀሐይ መነጽር አይተውታል?", "አዲስ የፀሐይ መነጽር"),
    "praise after the name": ("የወገብ ቀበቶ — ጥራት እና ዋጋ የተገናኙበት", "የወገብ ቀበቶ"),
    "a Latin name in a sentence": ("🔥 አዲስ ⟨product_1⟩ ስማርት ሰዓት ገብቷል!", "አዲስ ⟨product_1⟩ ስማርት ሰዓት"),
    "a price with its prefix": ("ነጠላ ጫማ በ⟨price_1⟩", "ነጠላ ጫማ"),
    "an order": ("የሚያምር የቆዳ ቦርሳ ለማዘዝ ⟨phone_1⟩ ይደውሉ", "የሚያምር የቆዳ ቦርሳ"),
    "an order by phone": ("⟨phone_1⟩ ላይ በመደወል ወይም መልዕክት በመላክ ማራኪ ሻማዎች ይዘዙ!", "ማራኪ ሻማዎች"),
    "what hangs behind the noun": (
        "ማራኪ መዓዛ ያላቸው ለስላሳ የሆኑ ሻማዎች በተለያየ ቅርፅ፣ መጠን እና ቀለም ይዘዙ",
        "ማራኪ መዓዛ ያላቸው ለስላሳ የሆኑ ሻማዎች",
    ),
    "what comes with it": ("ላሉ ህጻናት ማቀፊያ ከሙሉ ልብስ ጋር", "ላሉ ህጻናት ማቀፊያ"),
    "a place in the sentence": ("የሚከራይ ቤት በ⟨location_1⟩ አካባቢ", "የሚከራይ ቤት በ⟨location_1⟩ አካባቢ"),
}


@pytest.mark.parametrize(("line", "expected"), PRODUCTS.values(), ids=PRODUCTS.keys())
def test_the_product_is_named_plainly(line: str, expected: str) -> None:
    assert product(line)[0] == expected


def test_what_else_a_title_line_says_becomes_points() -> None:
    assert product("የሞተር ዘይት፦ ሞተር ያጸዳል። ለቤንዚንም ይሆናል።") == ("የሞተር ዘይት", ["ሞተር ያጸዳል", "ለቤንዚንም ይሆናል"])


def test_a_long_title_ends_in_the_product() -> None:
    name, rest = product("በእጅ የተሰራ በጣም ጠንካራና ለአያያዝ ቀላል የሆነ ውሃ የማያስገባ የሴቶች የቆዳ ቦርሳ")
    assert name == "የሴቶች የቆዳ ቦርሳ"
    assert rest


def test_points_drop_offers_and_lines_of_slots_alone() -> None:
    assert points("✔️ እስከ ⟨quantity_1⟩ የሚይዝ በ⟨price_1⟩") == ["እስከ ⟨quantity_1⟩ የሚይዝ"]
    assert points("⟨hashtag_1⟩ ⟨hashtag_2⟩") == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [("ቤትዎን ያሳምራል", False), ("የልጆች ጋሪ", True), ("Smart Kettle", True), ("እናደርሳለን", False)],
)
def test_slogans_and_promises_name_no_product(line: str, expected: bool) -> None:
    assert names_a_product(line) is expected


def test_numbers_in_words_stay_in_points() -> None:
    assert points("✅ አንድ ብሩሽ እና አንድ ስፓቹላ") == ["አንድ ብሩሽ አንድ ስፓቹላ"]


def test_negations_stay_in_points() -> None:
    assert points("Does not damage the surface of walls") == ["Does not damage surface walls"]
    assert points("የፊት ቆዳ ያለ ጊዜው እንዳያረጅ የሚረዳ") == ["የፊት ቆዳ ያለ ጊዜው እንዳያረጅ የሚረዳ"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("⟨quantity_1⟩ቱን/⟨price_1⟩", "⟨quantity_1⟩ቱን ⟨price_1⟩"),
        ("ዋጋ ⟨price_1⟩ የነበረው ⟨price_2⟩", "⟨price_1⟩ የነበረው ⟨price_2⟩"),
        ("💵 ዋጋ፦ ⟨price_1⟩ ብቻ", ""),
    ],
)
def test_an_offer_is_a_price_with_what_it_is_the_price_of(line: str, expected: str) -> None:
    assert offer(line) == expected


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ("ለቤት እና ለቢሮ", True),
        ("ለሴቶች የሚሆን", True),
        ("ለመቁረጥ ምቹ", False),
        ("ለአያያዝ ምቹ", False),
        ("ለቤት ውበት የሚሰጥ", False),
    ],
)
def test_an_audience_says_for_whom(point: str, expected: bool) -> None:
    assert is_audience(point) is expected
