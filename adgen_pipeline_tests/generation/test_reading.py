"""What a brief's words are read as: product, points, prices with what they are for, places, names."""

import pytest

from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.policy import ours
from adgen_pipeline.generation.prompt import spoken
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import fill

CALL = "Call 0900 000 071."


def _points(brief: Brief) -> list[str]:
    return [fill(point, brief.values()) for point in spoken(brief).features]


def _product(brief: Brief) -> str:
    return fill(spoken(brief).product, brief.values())


def _texts(brief: Brief, kind: str) -> list[str]:
    return [fact.text for fact in brief.of_kind(kind)]


@pytest.mark.parametrize(
    ("text", "product"),
    [
        pytest.param(
            "ሰላም፣ ለቻናላችሁ የሚሆን ማስታወቂያ ፈልገን ነበር።\nየእንጀራ ማከፋፈያ አለን።",
            "የእንጀራ ማከፋፈያ",
            id="the request names nothing",
        ),
        pytest.param(
            "ባለ 3 መኝታ አፓርታማ ለሽያጭ። ዋጋ 9 ሚሊዮን ብር።", "ባለ 3 መኝታ አፓርታማ ለሽያጭ", id="a number within it stays"
        ),
        pytest.param("የ45 ቀን ጫጩት አለን፣ ክትባት የተሰጠ፣ አንዱ 185 ብር", "የ45 ቀን ጫጩት", id="its first clause"),
        pytest.param(
            "toyota vitz 2008 lemeshet felgen neber. dewlu 0900 000 071",
            "Toyota Vitz 2008",
            id="a maker in small letters",
        ),
        pytest.param(
            f"Tana Microfinance opens a savings account for women traders. {CALL}",
            "ለሴት ነጋዴዎች የቁጠባ ሒሳብ",
            id="what it opens",
        ),
    ],
)
def test_the_product(text: str, product: str) -> None:
    assert _product(understand(text, source="b.txt")) == product


def test_what_follows_the_product_in_its_sentence_are_points() -> None:
    brief = understand(f"Sofa 45,000 birr, color grey & beige, made from local wood. {CALL}", source="b.txt")
    assert _points(brief) == ["ቀለም ግራጫ ቤዥ", "ከአገር ውስጥ እንጨት የተሰራ"]


@pytest.mark.parametrize(
    ("price", "points"),
    [
        ("1 ኪሎ 900 ብር ፣ ግማሽ ኪሎ 480 ብር", ["1 ኪሎ 900 ብር", "ግማሽ ኪሎ 480 ብር"]),
        ("1 ኪሎ 900 ብር 2 ኪሎ 1700 ብር", ["1 ኪሎ 900 ብር", "2 ኪሎ 1700 ብር"]),
        ("ከ15,000 ብር ጀምሮ", ["ከ15,000 ብር ጀምሮ"]),
        ("3500 birr per person", ["3500 ብር በሰው"]),
        ("900 birr only", []),
        ("900 birr qwzx", []),  # of what nobody knows
    ],
)
def test_a_price_keeps_what_it_is_the_price_of(price: str, points: list[str]) -> None:
    assert _points(understand(f"ምርት፦ ማር\nዋጋ፦ {price}", source="b.txt")) == points


def test_the_label_of_another_price_is_said_with_it() -> None:
    brief = understand("product: course\nprice: 3500 birr\nregistration fee: 200 birr", source="b.yaml")
    assert "የመመዝገቢያ ክፍያ 200 ብር" in _points(brief)


def test_million_and_thousand_in_latin_letters_are_one_price() -> None:
    brief = understand("Mekina. Waga 1 milyon 250 shi birr", source="b.txt")
    assert _texts(brief, "price") == ["1 ሚሊዮን 250 ሺህ ብር"]


def test_colours_of_a_list_are_one_point_and_wine_is_one_of_them() -> None:
    brief = understand("product: dress\ncolours: [navy, wine]\nprice: 900 birr", source="b.yaml")
    assert _points(brief) == ["ቀለም ጥቁር ሰማያዊ፣ ወይን ጠጅ"]
    assert brief.sensitive == ()
    assert ours().judge_brief(brief).verdict == "allow"
    drink = understand("product: red wine\ncolours: [navy]\nprice: 900 birr", source="b.yaml")
    assert ours().judge_brief(drink).verdict == "refuse"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"Water filters.\nShop: Gerji, next to Tana University\n{CALL}", "Gerji, next to Tana University"),
        (f"We sell beds. {CALL} We are located in Bole, 2nd floor of Tana Plaza.", "Bole, 2nd floor of Tana Plaza"),
        (f"We sell beds.\n- office Mexico square, Tana building\n{CALL}", "Mexico square, Tana building"),
        ("ኬክ እንሰራለን። ሳር ቤት፣ ጣና ሕንፃ ፊት ለፊት። 0900 000 071", "ሳር ቤት፣ ጣና ሕንፃ ፊት ለፊት"),
    ],
)  # fmt: skip
def test_a_place_is_told_by_its_landmarks(text: str, place: str) -> None:
    brief = understand(text, source="b.txt")
    assert _texts(brief, "location") == [place]
    assert _texts(brief, "brand") == []


def test_a_house_with_a_floor_is_no_place() -> None:
    brief = understand("አፓርታማ ለሽያጭ፣ 5ኛ ፎቅ። ዋጋ 9 ሚሊዮን ብር", source="b.txt")
    assert _texts(brief, "location") == []
    assert "5ኛ ፎቅ" in _points(brief)


@pytest.mark.parametrize(
    "text",
    [
        f"Selam Eye Clinic would like to advertise its eye test. {CALL}",
        f"brief: Selam Eye Clinic offers an eye test. {CALL}",
    ],
)
def test_who_begins_a_sentence_and_offers_is_the_advertiser(text: str) -> None:
    assert _texts(understand(text, source="b.txt"), "brand") == ["Selam Eye Clinic"]


def test_a_month_is_no_advertiser() -> None:
    brief = understand(f"Subject: Telegram campaign for December\n\nWe sell beds. {CALL}", source="b.txt")
    assert _texts(brief, "brand") == []


def test_names_among_the_points_are_no_products_and_a_list_of_them_is_one() -> None:
    brief = understand(
        f"- student visa support for Canada, Italy and Poland\n- {CALL}\n- Sasso and Bovans", source="b.md"
    )
    assert _product(brief) == "የተማሪ ቪዛ ድጋፍ ለCanada, Italy እና Poland"
    assert len(brief.of_kind("product")) == 1


def test_a_number_that_no_words_stand_around_is_not_asked_for() -> None:
    brief = understand(f"We sell water filters. The qwzx lasts 6 months. {CALL}", source="b.txt")
    assert _texts(brief, "quantity") == ["6 ወር"]
    assert spoken(brief).of_kind("quantity") == ()
    assert len(spoken(brief, keep_unknown=True).of_kind("quantity")) == 1


@pytest.mark.parametrize("point", ["aerobics qwzx for ladies", "qwzx with ⟨quantity_1⟩ rooms", "qwzx sink"])
def test_a_point_without_its_head_word_is_left_out(point: str) -> None:
    assert spoken(Brief(product="ጂም", features=(point,))).features == ()


def test_the_end_of_an_offer_is_a_point() -> None:
    assert "እስከ 11 ሴፕቴምበር ድረስ" in _points(understand("product: gym\nuntil: 11 September", source="b.yaml"))


def test_standing_terms_say_what_they_are_about() -> None:
    brief = understand("ምርት፦ ማር\nማድረስ፦ አዲስ አበባ ውስጥ በቀን", source="b.txt")
    assert _texts(brief, "term") == ["ማድረስ፦ አዲስ አበባ ውስጥ በቀን"]


def test_a_page_elsewhere_is_not_called_telegram() -> None:
    brief = understand("ኬክ እንሰራለን። instagram @abc_sample_cakes", source="b.txt")
    assert _texts(brief, "handle") == []
    assert _texts(brief, "term") == ["ኢንስታግራም፦ @abc_sample_cakes"]


def test_opening_days_are_said_in_amharic_and_hours_stay() -> None:
    brief = understand("product: gym\nhours: 5:30 am - 10:00 pm every day", source="b.yaml")
    assert _texts(brief, "term") == ["የስራ ሰዓት፦ 5:30 am - 10:00 pm በየቀኑ"]
    brief = understand("product: gym\nhours: Monday to Friday 8:30 am", source="b.yaml")
    assert _texts(brief, "term") == ["የስራ ሰዓት፦ ከሰኞ እስከ ዓርብ 8:30 am"]


def test_members_of_an_amharic_list_stay_with_their_verb() -> None:
    brief = understand("ምርት፦ እንጀራ\nባህሪያት፦ በየቀኑ ትኩስ፤ ለሆቴል፣ ለካፌ እና ለድግስ እናቀርባለን", source="b.txt")
    assert _points(brief)[-1] == "ለሆቴል ለካፌ እና ለድግስ እናቀርባለን"


def test_a_sentence_that_names_its_field_is_that_field() -> None:
    brief = understand(f"We sell beds. Tone: warm. Language: Amharic. {CALL}", source="b.txt")
    assert all("Amharic" not in fact.text for fact in brief.facts)


def test_the_request_for_a_business_names_it_and_not_the_product() -> None:
    brief = understand(
        f"Please prepare a Telegram post for our dental clinic, Fikir Dental. We offer teeth cleaning. {CALL}",
        source="b.txt",
    )
    assert _product(brief) == "የጥርስ ጽዳት"
    assert _texts(brief, "brand") == ["Fikir Dental"]


def test_a_mall_that_is_a_landmark_is_no_advertiser() -> None:
    brief = understand(
        f"We sell beds. We are in Megenagna, Tana Grand Mall, 5th floor. {CALL}", source="b.txt"
    )
    assert _texts(brief, "brand") == []
    assert _texts(brief, "location") == ["Megenagna, Tana Grand Mall, 5th floor"]


def test_the_first_price_is_the_first_products_where_others_follow() -> None:
    brief = understand("ማኛ ጤፍ በኩንታል 12,400 ብር፣ ሰርገኛ 11,200 ብር። ስልክ 0900 000 071፣ ጣና ገበያ ማዕከል", source="b.txt")
    assert _points(brief) == ["ማኛ ጤፍ በኩንታል 12,400 ብር", "ሰርገኛ 11,200 ብር"]
    assert _texts(brief, "location") == ["ጣና ገበያ ማዕከል"]


def test_a_salary_is_no_price_and_booking_no_place() -> None:
    brief = understand("Tana Bakery is hiring! Salary 7,000 birr.", source="b.txt")
    assert _product(brief) == "ክፍት የሥራ ቦታ"
    assert _points(brief) == ["ደመወዝ 7,000 ብር"]
    assert _texts(understand("አዳራሽ እናከራያለን። ለቦታ ማስያዣ 0900 000 071", source="b.txt"), "location") == []


def test_a_phrase_without_its_noun_is_left_out() -> None:
    assert spoken(Brief(product="ጂም", features=("shoes for new qwzx",))).features == ("ጫማ",)
