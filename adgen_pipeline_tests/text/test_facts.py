"""Facts of posts: kinds, spans, values, and that no digit escapes them."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.text.facts import find_facts, to_json, value_key, value_text
from adgen_pipeline.text.slots import FACT_KINDS

ONE_FACT = {
    "price after the word for it": ("ዋጋ፦ 1700 ብር", "price", "1700 ብር", "1700 ETB"),
    "price after a money emoji": ("💵650 ብር", "price", "650 ብር", "650 ETB"),
    "price glued to its currency": ("ዋጋ-550ብር", "price", "550ብር", "550 ETB"),
    "price without currency": ("ዋጋ 96,899", "price", "96,899", "96899 ETB"),
    "price in the next line": ("ዋጋ፦\n2500", "price", "2500", "2500 ETB"),
    "price with a space after the comma": ("94, 369 ብር", "price", "94, 369 ብር", "94369 ETB"),
    "price grouped by a space": ("ዋጋ: 12 500 ብር", "price", "12 500 ብር", "12500 ETB"),
    "price grouped by a point": ("1.500 ብር", "price", "1.500 ብር", "1500 ETB"),
    "price with cents": ("1,299.99 ብር", "price", "1,299.99 ብር", "1299.99 ETB"),
    "rent a month": ("ኪራይ 120,000 በወር", "price", "120,000", "120000 ETB"),
    "range with a dash": ("ከ100 -200 ብር ብቻ", "price", "100 -200 ብር", "100-200 ETB"),
    "range in words": ("ከ100 እስከ 200 ብር", "price", "100 እስከ 200 ብር", "100-200 ETB"),
    "range of thousands": ("2-3 ሺህ ብር", "price", "2-3 ሺህ ብር", "2000-3000 ETB"),
    "thousands": ("5 ሺህ ብር", "price", "5 ሺህ ብር", "5000 ETB"),
    "thousands and hundreds": ("5ሺ 500 ብር", "price", "5ሺ 500 ብር", "5500 ETB"),
    "millions": ("1.2 ሚሊየን ብር", "price", "1.2 ሚሊየን ብር", "1200000 ETB"),
    "price all in words": ("በአስራ አምስት ሺ ብር ይውሰዱ", "price", "አስራ አምስት ሺ ብር", "15000 ETB"),
    "k for thousands": ("ዋጋ 15k", "price", "15k", "15000 ETB"),
    "price in Ethiopic numerals": ("፪፻፲፭ ብር", "price", "፪፻፲፭ ብር", "215 ETB"),
    "Ethiopic numerals with a word": ("ዋጋ ፲፪ ሺህ ብር", "price", "፲፪ ሺህ ብር", "12000 ETB"),
    "Ethiopic numerals with two words": ("፬ መቶ ሺህ ብር", "price", "፬ መቶ ሺህ ብር", "400000 ETB"),
    "Ethiopic numerals around a word": ("፴፭ ሺህ ፭፻ ብር", "price", "፴፭ ሺህ ፭፻ ብር", "35500 ETB"),
    "short code of a call centre": ("የጥሪ ማዕከል፦ 8383", "phone", "8383", "8383"),
    "short code of a hotline": ("Hotline 8383", "phone", "8383", "8383"),
    "English currency after": ("Price #4500birr", "price", "4500birr", "4500 ETB"),
    "English currency before": ("Birr 2,300", "price", "Birr 2,300", "2300 ETB"),
    "ETB": ("1,500 ETB", "price", "1,500 ETB", "1500 ETB"),
    "dollars": ("በ $25", "price", "$25", "25 USD"),
    "mobile phone": ("0900 00 00 12", "phone", "0900 00 00 12", "+251900000012"),
    "phone with country code": ("+251 900 000 012", "phone", "+251 900 000 012", "+251900000012"),
    "phone with dashes": ("0900-00-00-15", "phone", "0900-00-00-15", "+251900000015"),
    "phone glued to a word": ("ቅርንጫፍ0900000014", "phone", "0900000014", "+251900000014"),
    "land line": ("011 000 0000", "phone", "011 000 0000", "+251110000000"),
    "foreign phone": ("+1 202 555 0100", "phone", "+1 202 555 0100", "+12025550100"),
    "short code to call": ("ለማዘዝ 0001 ይደውሉ", "phone", "0001", "0001"),
    "phone in keycap emoji": (
        "0️⃣9️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣1️⃣6️⃣",
        "phone",
        "0️⃣9️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣1️⃣6️⃣",
        "+251900000016",
    ),
    "short code after a label": ("አጭር ቁጥር 0002", "phone", "0002", "0002"),
    "code to dial": ("*000*1#", "phone", "*000*1#", "*000*1#"),
    "phone with slashes": ("0900/00/00/12", "phone", "0900/00/00/12", "+251900000012"),
    "phone in brackets": ("(011) 000 00 00", "phone", "011) 000 00 00", "+251110000000"),
    "price in keycap emoji": ("ዋጋ 4⃣0⃣0⃣ ብር", "price", "4⃣0⃣0⃣ ብር", "400 ETB"),
    "two keycaps with a currency": ("9️⃣0️⃣ ብር", "price", "9️⃣0️⃣ ብር", "90 ETB"),
    "styled digits": ("𝟏,𝟐𝟎𝟎 ብር", "price", "𝟏,𝟐𝟎𝟎 ብር", "1200 ETB"),
    "millions of no currency": ("1.2 ሚሊዮን ሰዎች", "quantity", "1.2 ሚሊዮን ሰዎች", "1200000ሰዎች"),
    "percent sign": ("የ20% ቅናሽ", "percent", "20%", "20"),
    "percent in words": ("50 ፐርሰንት", "percent", "50 ፐርሰንት", "50"),
    "percent range": ("10-20 በመቶ", "percent", "10-20 በመቶ", "10-20"),
    "Ethiopian date": ("ጥር 5 ቀን 2016 ዓ.ም", "date", "ጥር 5 ቀን 2016 ዓ.ም", "ጥር 5 ቀን 2016 ዓ.ም"),
    "date in Ethiopic numerals": ("ከመስከረም ፲፭ ጀምሮ", "date", "መስከረም ፲፭", "መስከረም ፲፭"),
    "date in digits": ("12/05/2016", "date", "12/05/2016", "12/05/2016"),
    "day before an Ethiopian month": ("5 ጥር 2016", "date", "5 ጥር 2016", "5 ጥር 2016"),
    "month, day and year with a slash": ("ጥር 5/2016", "date", "ጥር 5/2016", "ጥር 5/2016"),
    "English date": ("January 5, 2024", "date", "January 5, 2024", "january 5, 2024"),
    "time": ("2:30 ሰዓት", "time", "2:30 ሰዓት", "2:30"),
    "time without minutes": ("ከጠዋቱ 2 ሰዓት", "time", "2 ሰዓት", "2:00"),
    "half past": ("3 ሰዓት ተኩል", "time", "3 ሰዓት ተኩል", "3:30"),
    "English time": ("8:00 AM", "time", "8:00 AM", "8:00am"),
    "link": (
        "(https://t.me/abc_sample_shop).",
        "url",
        "https://t.me/abc_sample_shop",
        "https://t.me/abc_sample_shop",
    ),
    "link without scheme": (
        "t.me//abc_sample_shop",
        "url",
        "t.me//abc_sample_shop",
        "https://t.me/abc_sample_shop",
    ),
    "home page": ("www.Sample-Shop.com,", "url", "www.Sample-Shop.com", "https://sample-shop.com"),
    "e-mail": ("ሰላም a.b@sample.com።", "email", "a.b@sample.com", "a.b@sample.com"),
    "handle": ("በ@Abc_sample_shop ያዙ", "handle", "@Abc_sample_shop", "@abc_sample_shop"),
    "hashtag": ("#የቤት_እቃ", "hashtag", "#የቤት_እቃ", "#የቤት_እቃ"),
    "sizes are one fact": ("Size 40,41,42,43", "quantity", "40,41,42,43", "40,41,42,43"),
    "sizes between hashes": ("40#41#42#43", "quantity", "40#41#42#43", "40,41,42,43"),
    "area": ("72 ካሬ", "quantity", "72 ካሬ", "72m2"),
    "storage": ("128 ጊጋ", "quantity", "128 ጊጋ", "128gb"),
    "model name": ("ስማርት ሰዓት RTX3060", "quantity", "RTX3060", "rtx3060"),
    "Ethiopic numerals glued to letters": ("GB፪፻", "quantity", "፪፻", "200"),
    "storeys": ("G+2 ቤት", "quantity", "G+2", "g+2"),
    "ordinal": ("1ኛ ፎቅ", "quantity", "1ኛ", "1ኛ"),
    "blankets are no birr": ("3 ብርድ ልብስ", "quantity", "3", "3"),
    "ቁጥር is not the month ጥር": ("ቁጥር 216", "quantity", "216", "216"),
    "condominium shares are no date": ("40/60", "quantity", "40/60", "40/60"),
    "long durations are no time": ("24 ሰዓት", "quantity", "24 ሰዓት", "24ሰዓት"),
}


@pytest.mark.parametrize(("text", "kind", "written", "value"), ONE_FACT.values(), ids=ONE_FACT.keys())
def test_a_text_has_exactly_this_fact(text: str, kind: str, written: str, value: str) -> None:
    assert [(f.kind, f.text, value_text(f.value)) for f in find_facts(text)] == [(kind, written, value)]


def test_a_hashtag_that_says_price_announces_one() -> None:
    assert [(f.kind, f.text) for f in find_facts("#ዋጋ 500✅ብር")] == [("hashtag", "#ዋጋ"), ("price", "500")]


def test_two_phones_with_a_slash_are_two_facts() -> None:
    values = [f.value for f in find_facts("0900000012/ 0900000013")]
    assert values == ["+251900000012", "+251900000013"]


def test_nothing_inside_a_link_or_handle_is_another_fact() -> None:
    facts = find_facts("https://t.me/abc_sample_bot?start=0900000012&p=500ETB @shop_650_etb #ቁጥር_0900000013")
    assert [f.kind for f in facts] == ["url", "handle", "hashtag"]


def test_single_keycap_emoji_number_a_list_and_are_no_facts() -> None:
    assert find_facts("1️⃣ አንደኛ 2️⃣ ሁለተኛ") == []


def test_a_price_has_a_minimum_a_maximum_and_a_currency() -> None:
    (fact,) = find_facts("ከ1,500 እስከ 2,000 ብር")
    assert fact.value == {"min": 1500, "max": 2000, "currency": "ETB"}


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("ዴሊቨሪ ከ100 -200 ብር", ["delivery"]),
        ("🛵 Delivery 👉 100 ብር ብቻ", ["delivery"]),
        ("የእቃ ማድረሻ ዋጋ 60ብር ነው", ["delivery"]),
        ("150 ብር ለዴሊቨሪ", ["delivery"]),
        ("ከ100 እስከ 200 ብር ከፍለው ካሉበት እናደርሳለን", ["delivery"]),
        ("ዋጋ 1700 ብር ዴሊቨሪ 100 ብር", ["", "delivery"]),
        ("ከ 2,000 ብር በላይ ሲገዙ ማድረሻ በነፃ", ["minimum_order"]),
        ("Buy items worth over 1000 birr and get free delivery", ["minimum_order"]),
        ("🚛 Free delivery 💥Price; 2,000br", [""]),
        ("1400ብር ብቻ ከነፃ የማድረስ አገልግሎት ጋር።", [""]),
        ("ዴሊቨሪ አለን። 1100ብር ብቻ።", [""]),
        ("ዋጋ 500 ብር ዴሊቨሪ አለን", [""]),
        ("ለማድረቅ ተስማሚ ዋጋ 800 ብር", [""]),
        ("በ 500,000 ብር በላይ የሆኑ ቤቶች", [""]),
    ],
)
def test_a_delivery_fee_and_a_least_order_are_not_the_products_price(text: str, roles: list[str]) -> None:
    assert [fact.role for fact in find_facts(text)] == roles


def test_a_line_that_announces_a_price_speaks_for_the_next_line_only() -> None:
    facts = find_facts("ዋጋ፦\n2500\n3500\nዋጋ፦\n\n4500")
    assert [fact.kind for fact in facts] == ["price", "quantity", "quantity"]


def test_two_writings_of_a_fact_have_one_key() -> None:
    (local,) = find_facts("0900 00 00 12")
    (international,) = find_facts("+251-900-00-00-12")
    assert value_key(local) == value_key(international)


def test_facts_become_json() -> None:
    document = to_json(find_facts("ዋጋ 500 ብር 0900000012"))
    assert json.loads(json.dumps(document)) == document
    assert [fact["kind"] for fact in document["facts"]] == ["price", "phone"]
    assert not any("role" in fact for fact in document["facts"])
    assert to_json(find_facts("ማድረሻ 50 ብር"))["facts"][0]["role"] == "delivery"


WORDS = st.sampled_from(
    [
        *("ዋጋ", "ብር", "ሺህ", "ሰዓት", "ጥር", "ዓ.ም", "ኛ", "እስከ", "፪፻", "1️⃣"),
        *("0900000012", "251", "1,500", "94, 369", "2:30", "2016", "12", "٣", "５", "M4", "GB", "x"),
        *("1.000", ".50", "100.", "𝟗", "9⃣", "*000#", "ሚሊዮን", "ዴሊቨሪ", "ከፍለው", "በላይ ሲገዙ", "March", "G+"),
        *("#", "@ab", "t.me/x", "%", "+", "-", "/", ".", "$", " ", "\n"),
    ]
)


@given(st.one_of(st.lists(WORDS, max_size=12).map("".join), st.text(max_size=40)))
def test_facts_lie_in_order_in_the_text_and_cover_every_digit(text: str) -> None:
    facts = find_facts(text)
    end = 0
    covered: set[int] = set()
    for fact in facts:
        assert fact.kind in FACT_KINDS
        assert text[fact.start : fact.end] == fact.text != ""
        assert fact.start >= end
        end = fact.end
        covered.update(range(fact.start, fact.end))
    for keycap in re.finditer(r"\d\ufe0f?\u20e3", text):
        covered.update(range(keycap.start(), keycap.end()))
    assert [c for i, c in enumerate(text) if c.isdecimal() and i not in covered] == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ስማርት ስልክ በ2017 የወጣ ሞዴል", "quantity"),
        ("ስልክ 2017", "phone"),
        ("በ2017 ይደውሉ", "phone"),
        ("ስልክ፦ 8000", "phone"),
    ],
)
def test_a_year_behind_the_word_phone_is_no_number_to_call(text: str, kind: str) -> None:
    assert [fact.kind for fact in find_facts(text)] == [kind]
