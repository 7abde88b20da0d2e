"""Ads taken apart: signature lines, slots, briefs; nothing of a post is lost."""

from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.corpus.ads import build, take_apart
from adgen_pipeline.corpus.signature import line_key, signature_lines
from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import ADS
from adgen_pipeline.telegram.sample_text import Channel, Product, ad, channels, products
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.slots import SLOT, fill

TERM = "ከ100 እስከ 200 ብር ከፍለው ካሉበት እናደርሳለን"
POST = f"""📣 Smart Kettle

✔️ ውሃ በፍጥነት የሚያፈላ
✔️ 2 ሊትር የሚይዝ
✔️ ለቤት እና ለቢሮ የሚሆን

ዋጋ፦ 1,700 ብር

🔔 {TERM}

📞 0900000012 / 0900000013
አድራሻ፦ ቦሌ ናሙና ሕንፃ 1ኛ ፎቅ ሱቅ ቁጥር 5 ላይ እንገኛለን
👉 @abc_sample_shop
t.me/abc_sample_shop"""
SIGNATURE = frozenset([line_key(TERM)])


def slots_of(brief: Brief) -> dict[str, str]:
    return {fact.slot: fact.text for fact in brief.facts}


def test_a_post_becomes_brief_and_slotted_target() -> None:
    taken = take_apart(POST, SIGNATURE)
    assert taken.target == (
        "📣 ⟨product_1⟩\n\n✔️ ውሃ በፍጥነት የሚያፈላ\n✔️ ⟨quantity_1⟩ የሚይዝ\n✔️ ለቤት እና ለቢሮ የሚሆን\n\n"
        "ዋጋ፦ ⟨price_1⟩\n\n🔔 ⟨term_1⟩\n\n📞 ⟨phone_1⟩ / ⟨phone_2⟩\n"
        "አድራሻ፦ ⟨location_1⟩ ላይ እንገኛለን\n👉 ⟨handle_1⟩\n⟨url_1⟩"
    )
    assert slots_of(taken.brief) == {
        "⟨product_1⟩": "Smart Kettle",
        "⟨quantity_1⟩": "2 ሊትር",
        "⟨price_1⟩": "1,700 ብር",
        "⟨term_1⟩": TERM,
        "⟨phone_1⟩": "0900000012",
        "⟨phone_2⟩": "0900000013",
        "⟨location_1⟩": "ቦሌ ናሙና ሕንፃ 1ኛ ፎቅ ሱቅ ቁጥር 5",
        "⟨handle_1⟩": "@abc_sample_shop",
        "⟨url_1⟩": "t.me/abc_sample_shop",
    }
    assert taken.brief.product == "⟨product_1⟩"
    assert taken.brief.features == ("ውሃ በፍጥነት የሚያፈላ", "⟨quantity_1⟩ የሚይዝ")
    assert taken.brief.audience == "ለቤት እና ለቢሮ የሚሆን"


def test_the_source_of_a_fact_names_field_and_place() -> None:
    fact = take_apart(POST, SIGNATURE).brief.of_kind("price")[0]
    start = POST.index("1,700")
    assert (fact.source, fact.value, fact.must) == (f"offer:{start}-{start + 8}", "1700 ETB", True)


def test_the_same_text_twice_has_one_slot() -> None:
    taken = take_apart("ጫማ በቅናሽ\n0900000012\nይደውሉ 0900000012", frozenset())
    assert taken.target == "ጫማ በቅናሽ\n⟨phone_1⟩\nይደውሉ ⟨phone_1⟩"
    assert len(taken.brief.facts) == 1


def test_neighbouring_terms_are_one_slot_with_the_blank_line_between() -> None:
    lines = ["ካሉበት ድረስ በነፃ እናደርሳለን", "የአንድ ዓመት ዋስትና አለው"]
    taken = take_apart(f"ናሙና ጫማ\n\n🚚 {lines[0]}\n\n✅ {lines[1]} 🙏", frozenset(map(line_key, lines)))
    assert taken.target == "ናሙና ጫማ\n\n🚚 ⟨term_1⟩ 🙏"


def test_a_banner_is_not_the_product() -> None:
    assert take_apart("NEW ARRIVAL\nየቆዳ ቦርሳ ለሴቶች\nዋጋ 900 ብር", frozenset()).brief.product == "የቆዳ ቦርሳ ለሴቶች"


def test_the_product_of_an_order_sentence_stands_before_the_verb() -> None:
    brief = take_apart("በእጅ የተሰራ የሚያምር የቆዳ ቦርሳ ለማዘዝ 0900000012 ይደውሉ!", frozenset()).brief
    assert brief.product == "በእጅ የተሰራ የሚያምር የቆዳ ቦርሳ"


def test_a_place_within_a_sentence_is_a_slot_and_its_prefix_stays() -> None:
    taken = take_apart("በቦሌ አካባቢ የሚከራይ ቤት", frozenset())
    assert taken.target == "በ⟨location_1⟩ አካባቢ የሚከራይ ቤት"


def test_an_address_ends_before_a_phone() -> None:
    taken = take_apart("ናሙና ጫማ\nአድራሻ፦ መገናኛ ናሙና ሞል 2ኛ ፎቅ 0900000012", frozenset())
    assert taken.target == "ናሙና ጫማ\nአድራሻ፦ ⟨location_1⟩ ⟨phone_1⟩"


@pytest.mark.parametrize(
    "line", ["🛵 ዴሊቨሪ ከ100 -200 ብር", "የእቃ ማድረሻ ዋጋ 60 ብር ነው", "ከ1,000 ብር በላይ ሲገዙ ማድረሻ በነፃ"]
)
def test_a_delivery_fee_is_a_term_and_never_the_products_price(line: str) -> None:
    post = f"የቆዳ ጫማ ለወንዶች\nዋጋ 2500 ብር\n{line}\n0900000012"
    taken = take_apart(post, frozenset())
    assert [fact.text for fact in taken.brief.of_kind("price")] == ["2500 ብር"]
    assert len(taken.brief.of_kind("term")) == 1
    assert fill(taken.target, taken.brief.values()) == post


def test_a_fee_within_a_long_line_is_a_term_of_its_own() -> None:
    post = "የሚያምር የቆዳ ጫማ ለወንዶች በ2500 ብር ብቻ ይዘዙ፣ በአዲስ አበባ ውስጥ ያሉ ደንበኞች ማድረሻ 150 ብር ይከፍላሉ"
    taken = take_apart(post, frozenset())
    assert [fact.text for fact in taken.brief.of_kind("price")] == ["2500 ብር"]
    assert [fact.text for fact in taken.brief.of_kind("term")] == ["150 ብር"]


def test_slots_written_by_others_are_copied_as_text() -> None:
    post = "ጫማ ⟨price_1⟩ እና ⟨phone_9⟩ ዋጋ 500 ብር"
    taken = take_apart(post, frozenset())
    assert fill(taken.target, taken.brief.values()) == post


PIECES = st.sampled_from(
    [
        "ዋጋ፦ 500 ብር",
        "0900000012",
        "@abc_sample_shop",
        "ቦሌ",
        "Smart Kettle",
        "አድራሻ",
        TERM,
        "⟨price_1⟩",
        "\n",
        " ",
        "🔔",
        "።",
    ]
)


@settings(deadline=None)  # the first text reads the lexicons
@given(st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=60)))
def test_filling_the_target_gives_back_the_post_letter_for_letter(post: str) -> None:
    taken = take_apart(post, SIGNATURE)
    assert fill(taken.target, taken.brief.values()) == post


@settings(deadline=None)
@given(
    seed=st.integers(),
    channel=st.sampled_from([channel for channel in channels() if channel.writes == "shop"]),
    product=st.sampled_from(products()),
    knows_signature=st.booleans(),
)
def test_a_generated_shop_post_comes_back_letter_for_letter(
    seed: int, channel: Channel, product: Product, *, knows_signature: bool
) -> None:
    post = ad(Random(seed), channel, product)
    signature = frozenset(map(line_key, channel.signature)) if knows_signature else frozenset()
    taken = take_apart(post, signature)
    assert fill(taken.target, taken.brief.values()) == post
    # what stands outside of slots holds no fact
    assert not find_facts(SLOT.sub(" ", taken.target))


def test_lines_in_enough_posts_of_a_channel_are_signature_lines() -> None:
    posts = [f"ምርት ቁጥር {n} በጣም ጥሩ ዕቃ {chr(0x1200 + n)}\n🚚 ያሉበት ድረስ እናደርሳለን! " for n in range(6)]
    posts += ["ያሉበት ድረስ እናደርሳለን 📌"]
    found = signature_lines({1: posts, 2: posts[:3]}, recipe=CorpusRecipe(signature_share=0.5))
    assert found == {1: frozenset([line_key("ያሉበት ድረስ እናደርሳለን")]), 2: frozenset()}


@pytest.mark.parametrize("line", ["ዋጋ 500 ብር", "Size 40,41,42", "0900000012", "ስልክ", "", "👇👇👇"])
def test_prices_sizes_and_labels_are_no_signature_lines(line: str) -> None:
    assert line_key(line) == ""


def documents_and_labels(count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    ids = {"channel_id": [5] * count, "message_id": list(range(count))}
    documents = pl.DataFrame(
        {
            **ids,
            "split": ["train"] * count,
            "post": [POST.replace("Kettle", f"Kettle {n}") for n in range(count)],
        }
    )
    labels = pl.DataFrame(
        {**ids, "vertical": ["retail"] * count, "is_ad": [n % 2 == 0 for n in range(count)]}
    )
    return documents, labels


def test_only_ads_are_taken_and_the_table_conforms() -> None:
    documents, labels = documents_and_labels(40)
    ads = build(documents, labels, recipe=CorpusRecipe())
    assert ADS.violations(ads) == []
    assert ads["message_id"].to_list() == list(range(0, 40, 2))
    for row in ads.iter_rows(named=True):
        brief = Brief.model_validate_json(row["brief"])
        assert fill(row["target"], brief.values()) == row["post"]
        assert [slot["slot"] for slot in row["slots"]] == [fact.slot for fact in brief.facts]
    # below every second post stands the same delivery line
    assert all("እናደርሳለን" not in target for target in ads["target"])


def test_the_order_of_documents_does_not_matter() -> None:
    documents, labels = documents_and_labels(44)
    shuffled = documents.sample(fraction=1, shuffle=True, seed=1)
    recipe = CorpusRecipe()
    assert build(documents, labels, recipe=recipe).equals(build(shuffled, labels, recipe=recipe))


def test_too_few_ads_are_an_error_that_says_what_to_do() -> None:
    documents, labels = documents_and_labels(10)
    with pytest.raises(DataError, match="5 of 10 documents are ads, fewer than"):
        build(documents, labels, recipe=CorpusRecipe())


def test_equal_numbers_of_different_things_are_different_slots() -> None:
    taken = take_apart("የሚከራይ ቤት\nመኝታ: 2\nመታጠቢያ: 2\nዋጋ: 9,000 ብር", frozenset())
    assert taken.target.split("\n")[1:3] == ["መኝታ: ⟨quantity_1⟩", "መታጠቢያ: ⟨quantity_2⟩"]
    assert taken.brief.features == ("መኝታ ⟨quantity_1⟩", "መታጠቢያ ⟨quantity_2⟩")


def test_a_specification_is_one_quantity_in_whatever_letters() -> None:
    taken = take_apart("🅑🅡🅐🅝🅓 : Selam Book\n✨🅡🅐🅜: 8 DDR4 😍\nStorage : 512GB SSD", frozenset())
    assert taken.target == "🅑🅡🅐🅝🅓 : ⟨product_1⟩\n✨🅡🅐🅜: ⟨quantity_1⟩ 😍\nStorage : ⟨quantity_2⟩"
    assert slots_of(taken.brief)["⟨quantity_1⟩"] == "8 DDR4"
    assert taken.brief.product == "⟨product_1⟩"
    assert taken.brief.features == ("RAM ⟨quantity_1⟩", "Storage ⟨quantity_2⟩")


def test_prices_are_told_with_what_they_buy() -> None:
    taken = take_apart("የወጥ ቤት ስቲከር\n3ሜትር = 700 ብር\n5ሜትር = 950 ብር\nዋጋ 1,500 ብር ብቻ", frozenset())
    assert taken.brief.features == ("⟨quantity_1⟩ ⟨price_1⟩", "⟨quantity_2⟩ ⟨price_2⟩")


def test_delivery_and_its_fee_are_a_term_and_no_price_of_the_product() -> None:
    taken = take_apart("የቆዳ ቦርሳ\nዋጋ 900 ብር\nከ100-200 ብር ከፍለው ካሉበት እናደርሳለን", frozenset())
    assert [fact.text for fact in taken.brief.of_kind("price")] == ["900 ብር"]
    assert [fact.text for fact in taken.brief.of_kind("term")] == ["ከ100-200 ብር ከፍለው ካሉበት እናደርሳለን"]


def test_a_delivery_promise_in_the_only_sentence_stays_with_the_product() -> None:
    post = "ምቹ እና ለስላሳ የሆነ በተለያየ ቀለም የቀረበ የአልጋ ልብስ አሁኑኑ ይዘዙን በአዲስ አበባ ውስጥ ያሉበት ቦታ ድረስ በነፃ እናደርሳለን 0900000012"
    assert "የአልጋ ልብስ" in take_apart(post, frozenset()).brief.product


@pytest.mark.parametrize(
    "greeting", ["እንኳን ለአዲሱ ዓመት በሰላም አደረሳችሁ!", "በናንተ ጥያቄ መሰረት በድጋሚ የገባ", "አያምልጥዎ!!", "በድጋሚ ገብተዋል"]
)
def test_greetings_and_shouts_are_not_the_product(greeting: str) -> None:
    brief = take_apart(f"{greeting}\nየሴቶች የትከሻ ቦርሳ\nዋጋ 900 ብር", frozenset()).brief
    assert brief.product == "የሴቶች የትከሻ ቦርሳ"
    assert brief.features == ()


def test_the_shops_own_name_is_not_the_product() -> None:
    taken = take_apart("⭐ Abc Sample ⭐\nየቱርክ ጫማ\nዋጋ 900 ብር\n@abcsample", frozenset())
    assert taken.target.startswith("⭐ ⟨brand_1⟩ ⭐")
    assert taken.brief.product == "የቱርክ ጫማ"


def test_a_tagged_label_is_a_word_and_a_tag_among_tags_is_a_hashtag() -> None:
    taken = take_apart("የቆዳ ቦርሳ\n#ዋጋ፦ 900 ብር\n#ስልክ #ቦርሳ", frozenset())
    assert taken.target == "የቆዳ ቦርሳ\n#ዋጋ፦ ⟨price_1⟩\n⟨hashtag_1⟩ ⟨hashtag_2⟩"


def test_a_call_among_terms_is_a_term_of_its_own() -> None:
    lines = ["ያሉበት ድረስ በነፃ እናደርሳለን", "የቴሌግራም ቻናላችንን ይቀላቀሉ"]
    taken = take_apart("የቆዳ ቦርሳ\n" + "\n".join(lines), frozenset(map(line_key, lines)))
    assert [fact.text for fact in taken.brief.of_kind("term")] == lines


def test_a_banks_name_and_where_one_is_do_not_make_an_address_a_promise() -> None:
    taken = take_apart("የቆዳ ቦርሳ\nአድራሻችን:-\nመገናኛ ናሙና ሕንፃ 1ኛ ፎቅ ቁ. 101 (ናሙና ባንክ ያሉበት)", frozenset())
    assert [fact.text for fact in taken.brief.of_kind("location")] == [
        "መገናኛ ናሙና ሕንፃ 1ኛ ፎቅ ቁ. 101 (ናሙና ባንክ ያሉበት)"
    ]


def test_hashtags_behind_a_term_are_hashtags() -> None:
    taken = take_apart("የቆዳ ቦርሳ\nያሉበት ድረስ በነፃ እናደርሳለን! #ቦርሳ #ቆዳ", frozenset())
    assert taken.target.split("\n")[1] == "⟨term_1⟩ ⟨hashtag_1⟩ ⟨hashtag_2⟩"


def test_sizes_and_delivery_are_not_the_product() -> None:
    brief = take_apart("Free delivery\nመጠን: M እና L\nየሴቶች ሹራብ\nዋጋ 900 ብር", frozenset()).brief
    assert brief.product == "የሴቶች ሹራብ"


def test_asking_to_make_sure_of_the_shop_is_no_shop_name() -> None:
    line = "ናሙና ኮምፒውተር መሆኑን ያረጋግጡ"
    taken = take_apart(f"የቢሮ ላፕቶፕ\n{line}", frozenset([line_key(line)]))
    assert [fact.kind for fact in taken.brief.facts] == ["term"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("❇️ Original Abc Sample Watch", "Abc Sample Watch"),
        ("Abc high quality", "Abc"),
        (
            "Foldable Baby Shower Cap Child Kids Bath Hat Wash Hair Shield",
            "Foldable Baby Shower Cap Child Kids",
        ),
        ("HIGH QUALITY", None),
    ],
)
def test_names_stand_beside_english_shouts(title: str, name: str | None) -> None:
    found = take_apart(f"{title}\nውሃ አያበላሸውም\nዋጋ 900 ብር", frozenset()).brief.of_kind("product")
    assert [fact.text for fact in found] == ([name] if name else [])


@pytest.mark.parametrize("sizes", ["S, M, L, XL, እና XXL", "M እና L", "M,L,XL", "M/L/XL"])
def test_sizes_in_letters_are_one_quantity(sizes: str) -> None:
    taken = take_apart(f"የሴቶች ሹራብ\nመጠን: {sizes}\nዋጋ 900 ብር", frozenset())
    assert taken.target.split("\n")[1] == "መጠን: ⟨quantity_1⟩"
    assert taken.brief.features == ("መጠን ⟨quantity_1⟩",)
