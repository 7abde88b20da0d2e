import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.batch import read_briefs
from adgen_pipeline.generation.brief import missing, read_brief, understand
from adgen_pipeline.generation.coverage import lines_for
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import slots_in

YAML = """product: Men's leather shoes
brand: Selam Shoes
price: 2,500
contact:
  phone: 0900000012
  telegram: "@abc_sample_shop"
location: Bole, Addis Ababa, 2nd floor
audience: office workers
features:
  - Genuine leather
  - Sizes 39 to 44
offer: 10% discount until December 31
terms: Free delivery
budget: 50000 ETB
advertiser: abc-shop
"""
MARKDOWN = """# Campaign brief: HP EliteBook 840 G5 laptop

- **Price:** 38,000 birr
- **Contact:** +251 900 000 013, @abc_sample_shop

## Features
- Intel Core i5 processor
- 16GB RAM, 512GB SSD

## Terms
1 year warranty
"""
AMHARIC = """ምርት፦ የሴቶች የእጅ ቦርሳ
ዋጋ፦ 1,800 ብር
ስልክ፦ 0900 000 014
አድራሻ፦ ፒያሳ፣ ማዕከል ሕንፃ
ባህሪያት፦ ውሃ የማያስገባ፣ በተለያየ ቀለም
"""
SENTENCES = (
    "ለአዲሱ የቡና ማፍያ ማሽናችን ማስታወቂያ እንፈልጋለን። ዋጋው 4500 ብር ነው። ለአጠቃቀም ቀላል ነው። አድራሻ ሜክሲኮ አደባባይ። ስልክ 0900000015 ይደውሉ።"
)
ENGLISH = (
    "We sell children's sport shoes at our shop. Comfortable and durable. Price 1200 to 1800 birr. "
    "Call 0900000016. Free delivery in Addis Ababa!"
)


def _texts(brief: Brief, kind: str) -> list[str]:
    return [fact.text for fact in brief.of_kind(kind)]


def test_an_english_yaml_brief_gives_amharic_product_words_and_exact_facts() -> None:
    brief = understand(YAML, source="brief.yaml")
    assert brief.product == "የወንዶች የቆዳ ጫማ"
    assert brief.language == "en"
    assert brief.advertiser == "abc-shop"
    assert _texts(brief, "brand") == ["Selam Shoes"]
    assert _texts(brief, "price") == ["2,500 ብር"]
    assert _texts(brief, "phone") == ["0900000012"]  # an octal number to YAML
    assert _texts(brief, "handle") == ["@abc_sample_shop"]
    assert _texts(brief, "location") == ["ቦሌ አዲስ አበባ 2ኛ ፎቅ"]
    assert _texts(brief, "term") == ["ነፃ ማድረስ"]
    assert "⟨percent_1⟩ ቅናሽ እስከ ⟨date_1⟩ ድረስ" in brief.features


def test_what_a_company_plans_is_kept_out_of_the_ad() -> None:
    brief = understand(YAML, source="brief.yaml")
    assert not any("50000" in fact.text for fact in brief.facts)


def test_a_markdown_brief_keeps_model_numbers_with_their_names() -> None:
    brief = understand(MARKDOWN, source="brief.md")
    assert brief.product == "⟨product_1⟩ ላፕቶፕ"
    assert _texts(brief, "product") == ["HP EliteBook 840 G5"]
    assert _texts(brief, "quantity") == ["Intel Core i5", "512GB SSD", "16GB"]
    assert [fact.must for fact in brief.of_kind("quantity")] == [False, False, False]
    assert _texts(brief, "price") == ["38,000 ብር"]
    assert _texts(brief, "term") == ["1 ዓመት ዋስትና"]


def test_amharic_labels_are_read_like_english_ones() -> None:
    brief = understand(AMHARIC, source="brief.txt")
    assert brief.product == "የሴቶች የእጅ ቦርሳ"
    assert brief.features == ("ውሃ የማያስገባ", "በተለያየ ቀለም")
    assert _texts(brief, "location") == ["ፒያሳ፣ ማዕከል ሕንፃ"]
    assert brief.language == "am"


@pytest.mark.parametrize(
    ("text", "product", "facts"),
    [
        pytest.param(SENTENCES, "ቡና", {"4500 ብር", "0900000015", "ሜክሲኮ አደባባይ"}, id="Amharic sentences"),
        pytest.param(ENGLISH, "የልጆች ስፖርት ጫማ", {"1200 እስከ 1800 ብር", "0900000016"}, id="English sentences"),
        pytest.param('product: "ጫማ"\nprice: "2,500 birr"', "ጫማ", {"2,500 ብር"}, id="mixed"),
    ],
)
def test_free_sentences_name_the_product_and_the_facts(text: str, product: str, facts: set[str]) -> None:
    brief = understand(text, source="brief.txt")
    assert product in brief.product
    assert facts <= {fact.text for fact in brief.facts}


def test_a_product_that_the_lexicon_lacks_is_copied_by_name() -> None:
    brief = understand('{"product": "Soldering station", "phone": ["0900000017"]}', source="brief.json")
    assert brief.product == "⟨product_1⟩"
    assert _texts(brief, "product") == ["Soldering station"]


@pytest.mark.parametrize(
    ("name", "text"), [("b.yaml", YAML), ("b.md", MARKDOWN), ("b.txt", AMHARIC), ("b.txt", SENTENCES)]
)
def test_a_source_span_is_where_the_document_says_the_fact(name: str, text: str) -> None:
    located = 0
    for fact in understand(text, source=name).facts:
        if ":" not in fact.source:
            continue
        located += 1
        start, end = map(int, fact.source.rsplit(":", 1)[1].split("-"))
        digits = [c for c in fact.text if c.isdigit()]
        assert [c for c in text[start:end] if c.isdigit()] == digits
        if fact.kind in ("phone", "handle", "product"):
            assert text[start:end] == fact.text
    assert located >= 3


def test_every_slot_that_a_brief_uses_is_one_of_its_facts() -> None:
    for name, text in [("b.yaml", YAML), ("b.md", MARKDOWN), ("b.txt", AMHARIC), ("b.txt", ENGLISH)]:
        brief = understand(text, source=name)
        used = slots_in(" ".join([brief.product, brief.description, *brief.features, brief.audience]))
        assert set(used) <= set(brief.values())
        assert len(brief.values()) == len(brief.facts)


def test_what_a_brief_does_not_say_is_named() -> None:
    assert missing(understand("ምርት፦ ጫማ", source="a.txt")) == ("contact", "offer")
    assert missing(understand(AMHARIC, source="a.txt")) == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("a.txt", "", id="empty"),
        pytest.param("a.txt", "😀😀😀", id="only emoji"),
        pytest.param("a.txt", "0900000012", id="only a phone"),
        pytest.param("a.yaml", "- a\n- b", id="YAML list"),
        pytest.param("a.yaml", "a: [", id="broken YAML"),
        pytest.param("a.yaml", "[" * 5000, id="deep YAML"),
        pytest.param("a.yaml", "advertiser: ../other\nproduct: ጫማ", id="advertiser outside its folder"),
        pytest.param("a.txt", "ጫማ " * 100_000, id="too long"),
    ],
)
def test_a_brief_that_says_too_little_or_is_broken_is_one_sentence(name: str, text: str) -> None:
    with pytest.raises(BriefError, match=name) as error:
        understand(text, source=name)
    assert "\n" not in str(error.value)


def test_yaml_aliases_cannot_blow_a_brief_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 8)]
    with pytest.raises(BriefError):
        understand("\n".join(lines), source="bomb.yaml")


def test_slots_in_a_brief_are_words_and_not_slots() -> None:
    brief = understand("ምርት፦ ጫማ ⟨phone_1⟩ ጥቁር", source="a.txt")
    assert not brief.of_kind("phone")
    assert "⟨phone_1⟩" not in brief.product


def test_a_missing_or_foreign_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BriefError, match="no such brief"):
        read_brief(tmp_path / "none.yaml")
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(BriefError, match=r"\.yaml"):
        read_brief(tmp_path / "a.xlsx")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BriefError, match="UTF-8"):
        read_brief(tmp_path / "a.txt")


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from("ጫማዋጋብርስልክ፦፣። abcPrice:-*#0123456789@.,\n⟨⟩_<|>()'\"{}[]&%"), max_size=200
    ),
    st.sampled_from(["a.txt", "a.md", "a.yaml", "a.json"]),
)
def test_any_text_is_a_brief_or_an_error_in_words(text: str, name: str) -> None:
    try:
        brief = understand(text, source=name)
    except BriefError:
        return
    used = slots_in(" ".join([brief.product, brief.description, *brief.features]))
    assert set(used) <= set(brief.values())
    assert understand(text, source=name) == brief


def test_of_two_names_for_a_product_the_amharic_one_is_taken() -> None:
    assert understand("ምርት፦ L-shaped sofa / የኤል ቅርጽ ሶፋ", source="b.txt").product == "የኤል ቅርጽ ሶፋ"


def test_a_client_written_as_a_folder_name_is_the_advertiser() -> None:
    brief = understand("Client: abc-home\nምርት፦ ሶፋ", source="b.txt")
    assert brief.advertiser == "abc-home"
    assert not brief.of_kind("brand")


def test_a_sentence_that_cannot_be_said_in_amharic_is_left_out_and_not_mangled() -> None:
    text = "product: sofa\ndescription: Exquisitely upholstered statement piece celebrating craftsmanship at home"
    assert understand(text, source="b.yaml").description == ""


def test_forbidden_words_are_remembered_for_the_policy_even_if_the_ad_would_not_say_them() -> None:
    brief = understand("Promote our new sports betting app! Win jackpots. t.me/abc_sample", source="b.txt")
    assert {"betting", "jackpots"} <= set(brief.sensitive)
    assert understand(YAML, source="b.yaml").sensitive == ()
    assert understand("product: ጫማ\navoid: gambling, betting", source="b.yaml").sensitive == ()


def test_price_and_phone_on_the_products_line_are_no_words_of_the_product() -> None:
    brief = understand("ምርት፦ የቆዳ ጫማ ዋጋ 500 ብር ስልክ 0900000014", source="b.txt")
    assert brief.product == "የቆዳ ጫማ"
    assert {"500 ብር", "0900000014"} == {fact.text for fact in brief.facts}


def test_escaped_json_is_read_like_plain_json() -> None:
    plain = '{"product": "👟 ጫማ", "phone": "0900000014"}'
    escaped = json.dumps(json.loads(plain))
    assert "\\ud83d" in escaped
    assert understand(escaped, source="b.json").product == understand(plain, source="b.json").product


def test_half_a_character_does_no_harm() -> None:
    assert understand("ምርት፦ ጫማ \ud83d ጥቁር", source="b.txt").model_dump_json()


def test_english_specifications_are_one_quantity_behind_an_amharic_label() -> None:
    brief = understand(
        "product: laptop\n- RAM: 8GB DDR4\n- Battery: 5 hours\nphone: 0900000012", source="b.md"
    )
    assert brief.features == ("ራም ⟨quantity_1⟩", "ባትሪ ⟨quantity_2⟩")
    assert _texts(brief, "quantity") == ["8GB DDR4", "5 ሰዓት"]


def test_equal_numbers_of_different_things_are_different_facts() -> None:
    brief = understand("ምርት፦ የሚከራይ ቤት\nመኝታ፦ 2\nመታጠቢያ፦ 2", source="b.txt")
    assert brief.features == ("መኝታ ⟨quantity_1⟩", "መታጠቢያ ⟨quantity_2⟩")


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("product: Leather shoes\nprice: 2500 ETB\nDelivery: 100 birr", "ዴሊቨሪ 100 ብር"),
        ("ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2500 ብር\nዴሊቨሪ ከ100 -200 ብር", "ዴሊቨሪ 100 -200 ብር"),
        ("We sell leather shoes for 2500 birr. Delivery is 100 birr.", "ዴሊቨሪ 100 ብር"),
        ("የቆዳ ጫማ 2500 ብር፣ ማድረሻ 150 ብር", "ዴሊቨሪ 150 ብር"),
    ],
)
def test_a_delivery_fee_is_said_as_one_and_never_as_the_price(text: str, term: str) -> None:
    brief = understand(text, source="brief.txt")
    assert [fact.value for fact in brief.of_kind("price")] == ["2500 ETB"]
    assert [fact.text for fact in brief.of_kind("term")] == [term]
    _, bottom = lines_for(brief, brief.facts)
    assert [line for line in bottom if "ዋጋ" in line] == ["💵 ዋጋ፦ ⟨price_1⟩"]


def test_a_least_order_is_said_in_its_sentence_or_not_at_all() -> None:
    brief = understand("የቆዳ ጫማ 2500 ብር\nከ 5,000 ብር በላይ ሲገዙ ማድረሻ በነፃ", source="brief.txt")
    (least,) = brief.of_kind("term")
    assert (least.text, least.must) == ("5,000 ብር", False)
    _, bottom = lines_for(brief.model_copy(update={"features": ()}), brief.facts)
    assert not any(least.slot in line for line in bottom)


def test_millions_in_a_price_field_are_a_price() -> None:
    brief = understand("product: Villa\nprice: 12.5 million", source="brief.txt")
    assert [(fact.text, fact.value) for fact in brief.of_kind("price")] == [("12.5 ሚሊዮን ብር", "12500000 ETB")]


def test_briefs_of_a_forgotten_advertiser_are_left_out(tmp_path: Path) -> None:
    for name, advertiser in (("a", "abc-shop"), ("b", "other-shop")):
        text = f"product: የወንዶች ጫማ\nadvertiser: {advertiser}\nprice: 900 ብር\n"
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert read_briefs(tmp_path)[0]["brief_id"].to_list() == ["a", "b"]
    table, problems = read_briefs(tmp_path, forgotten={"abc-shop"})
    assert (table["brief_id"].to_list(), problems) == (["b"], [])


def test_sizes_with_a_field_of_their_own_must_stand_in_the_ad() -> None:
    brief = understand("product: men's leather shoes\nprice: 3,200 birr\nsizes: 39 to 44", source="b.yaml")
    assert [fact.must for fact in brief.of_kind("quantity")] == [True, True]


@pytest.mark.parametrize(
    ("text", "product", "facts"),
    [
        (
            "ye wend yekoda chama, waga 2500 birr new, silk 0900000014",
            "የወንድ የቆዳ ጫማ",
            {"2500 ብር", "0900000014"},
        ),
        ("mirt: yemishet bet\nwaga: 12 million birr\nadrasha: Bole", "የሚሸጥ ቤት", {"12 ሚሊዮን ብር", "ቦሌ"}),
        ("Selam! konjo yesetoch kemis alen, wagaw 1800 birr bicha, dewlu 0900000015", "ቀሚስ", {"1800 ብር"}),
    ],
)
def test_amharic_in_latin_letters_becomes_amharic(text: str, product: str, facts: set[str]) -> None:
    brief = understand(text, source="brief.txt")
    assert product in brief.product
    assert facts <= {fact.text for fact in brief.facts}
    assert "አዲስ" not in brief.product
    assert brief.language == "am-latn"
