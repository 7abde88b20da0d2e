import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.formats import problems
from adgen_pipeline.generation.guard import Guard, invented_in_table, maximum_repeats
from adgen_pipeline.generation.prompt import spoken
from adgen_pipeline.generation.template import template_ad
from adgen_pipeline.schemas import GENERATED_ADS
from adgen_pipeline.text.brief import Brief, BriefFact, brief_text
from adgen_pipeline.text.slots import slots_in

BRIEF = understand(
    "ምርት፦ የሴቶች የእጅ ቦርሳ\nብራንድ፦ ABC Bags\nዋጋ፦ 1,800 ብር\nስልክ፦ 0900 000 014\nአድራሻ፦ ፒያሳ፣ ማዕከል ሕንፃ\n"
    "ባህሪያት፦ ውሃ የማያስገባ፣ በተለያየ ቀለም",
    source="brief.txt",
)
GOOD = (
    "⟨brand_1⟩\nየሚያምር የሴቶች የእጅ ቦርሳ ውሃ የማያስገባ ነው\n🔹 በተለያየ ቀለም\nዋጋ፦ ⟨price_1⟩\n📍 ⟨location_1⟩\n📞 ⟨phone_1⟩"
)


def _kinds(candidate: str, brief: Brief = BRIEF, **options: object) -> set[str]:
    guarded = Guard(brief, **options).check(candidate)  # type: ignore[arg-type]
    return {violation.kind for violation in guarded.violations}


def test_a_good_candidate_is_only_filled() -> None:
    guarded = Guard(BRIEF).check(GOOD)
    assert guarded.refusal is None
    assert guarded.violations == ()
    assert guarded.repairs_count == 0
    assert guarded.slotted == GOOD
    assert guarded.text.endswith("📞 0900 000 014")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        pytest.param("ዋጋ 950 ብር ብቻ", "invented_fact", id="price"),
        pytest.param("ይደውሉ 0911000099", "invented_fact", id="phone"),
        pytest.param("የ፪ ዓመት ልምድ", "invented_fact", id="Ethiopic numeral"),
        pytest.param("በአምስት ሺህ ብር", "number_word", id="spelled amount"),
        pytest.param("@other_sample_shop ያግኙን", "invented_fact", id="handle"),
        pytest.param("t.me/other_sample_shop", "invented_fact", id="link"),
        pytest.param("ስልክ ⟨phone_2⟩", "unknown_slot", id="slot that the brief lacks"),
        pytest.param("ያሉበት እናደርሳለን", "promise_delivery", id="delivery"),
        pytest.param("ከአንድ ዓመት ዋስትና ጋር", "promise_warranty", id="warranty"),
        pytest.param("ታላቅ ቅናሽ አድርገናል", "promise_discount", id="discount"),
        pytest.param("በቴሌብር ይክፈሉ", "promise_payment", id="payment"),
        pytest.param("ሳያልቅብዎ ይፍጠኑ", "promise_stock", id="stock"),
        pytest.param("ስጦታ እንሰጣለን", "promise_gift", id="gift"),
        pytest.param("ቦሌ መድኃኔዓለም እንገኛለን", "promise_address", id="place"),
        pytest.param("Free delivery ABC", "promise_delivery", id="delivery in English"),
        pytest.param("የ Nike ምርት", "unknown_name", id="another brand"),
        pytest.param("የሰላም ገበያ ምርት ነው", "foreign_name", id="another channel"),
        pytest.param("ዋጋ፦", "dangling_label", id="label without its fact"),
        pytest.param("ቀለም: 📌 📌", "dangling_label", id="label before emoji alone"),
        pytest.param("🏢 አድራሻ- ሱቃችንን በመደወል ይግዙ!", "address_of_nothing", id="address without a place"),
        pytest.param("አድራሻችን፦ ሱቅ ላይ ያገኙናል", "address_of_nothing", id="address that is the shop"),
    ],
)
def test_a_line_that_breaks_a_rule_is_dropped_and_the_rest_stays(line: str, kind: str) -> None:
    guarded = Guard(BRIEF, foreign_names=["የሰላም ገበያ"]).check(f"{GOOD}\n{line}")
    assert kind in {violation.kind for violation in guarded.violations}
    assert guarded.refusal is None
    assert guarded.slotted == GOOD
    assert guarded.repairs_count == 1


def test_an_address_may_stand_on_the_next_line_or_in_the_briefs_own_words() -> None:
    assert not _kinds(GOOD.replace("📍 ", "አድራሻ፦\n"))
    brief = understand("ምርት፦ የሴቶች የእጅ ቦርሳ ፒያሳ ላይ\nስልክ፦ 0900 000 014", source="brief.txt")
    assert not _kinds("የሚያምር የሴቶች የእጅ ቦርሳ\nአድራሻ ፒያሳ ላይ ነው\n⟨phone_1⟩", brief)


def test_a_label_is_answered_by_its_own_kind_on_the_next_line() -> None:
    brief = understand("ምርት፦ የቆዳ ጫማ\nዋጋ፦ 1,800 ብር\nስልክ፦ 0900 000 014\n#sample_shoes", source="brief.txt")
    body = "ምርጥ የቆዳ ጫማ ለወንዶች ገብቷል\n"
    for label, fact in (("ይደውሉ፦ 📞", "⟨phone_1⟩"), ("ዋጋ ➡️ ➡️", "⟨price_1⟩"), ("ለበለጠ መረጃ 👇", "⟨phone_1⟩")):
        assert not _kinds(f"{body}{label}\n{fact}", brief)
    assert "dangling_label" in _kinds(f"{body}⟨price_1⟩\n⟨phone_1⟩\nይደውሉ፦ 📞 📞\n⟨hashtag_1⟩", brief)
    assert "dangling_label" in _kinds(f"{body}⟨price_1⟩\nዋጋ ➡️ ➡️\n⟨phone_1⟩", brief)


def test_nobody_calls_a_place() -> None:
    line = "የእጅ ቦርሳ ለማዘዝ ⟨phone_1⟩ ይደውሉ ወይም ⟨location_1⟩ ይደውሉልን!"
    guarded = Guard(BRIEF).check(f"⟨brand_1⟩\nየሚያምር የሴቶች {line}\nውሃ የማያስገባ ነው\nዋጋ፦ ⟨price_1⟩")
    assert guarded.refusal is None
    assert "የሚያምር የሴቶች የእጅ ቦርሳ ለማዘዝ 0900 000 014 ይደውሉ!" in guarded.text.split("\n")
    assert "📍 አድራሻ፦ ፒያሳ፣ ማዕከል ሕንፃ" in guarded.text.split("\n")


def test_a_size_stands_behind_its_own_label() -> None:
    brief = understand("product: laptop\nRAM: 8GB\nStorage: 512GB SSD\nprice: 30,000 birr", source="b.yaml")
    assert brief.features == ("ራም ⟨quantity_1⟩", "ማከማቻ ⟨quantity_2⟩")
    good = "የሚያምር ዘመናዊ ላፕቶፕ ለቢሮ\nራም፦ ⟨quantity_1⟩\nማከማቻ፦ ⟨quantity_2⟩\nዋጋ፦ ⟨price_1⟩"
    assert not _kinds(good, brief)
    wrong = Guard(brief).check(good.replace("ማከማቻ፦ ⟨quantity_2⟩", "ማከማቻ፦ ⟨quantity_1⟩")).slotted
    assert "ማከማቻ፦ ⟨quantity_1⟩" not in wrong
    assert "ማከማቻ ⟨quantity_2⟩" in wrong


def test_a_size_without_a_label_takes_no_other_parts_label() -> None:
    brief = understand("product: laptop 15.6 inch\nRAM: 8GB\nprice: 30,000 birr", source="b.yaml")
    (unlabelled,) = (f.slot for f in brief.of_kind("quantity") if f.slot not in "".join(brief.features))
    good = f"የሚያምር ዘመናዊ ላፕቶፕ ለቢሮ\nስክሪን፦ {unlabelled}\nዋጋ፦ ⟨price_1⟩"
    assert not _kinds(good, brief)
    assert "wrong_label" in _kinds(good.replace("ስክሪን", "ራም"), brief)


def test_only_the_sentence_that_breaks_a_rule_is_dropped() -> None:
    guarded = Guard(BRIEF).check(GOOD.replace("ነው\n", "ነው። በነፃ እናደርሳለን። ለስራ ይመቻል።\n"))
    assert "ውሃ የማያስገባ ነው። ለስራ ይመቻል።" in guarded.text
    assert "እናደርሳለን" not in guarded.text


def test_what_the_brief_promises_the_ad_may_promise() -> None:
    brief = understand("product: shoes\nterms: Free delivery\nphone: 0900000012", source="b.yaml")
    assert not _kinds("የሚያምር ጫማ ለእርስዎ አቅርበናል\nበነፃ እናደርሳለን\n⟨phone_1⟩", brief)


@pytest.mark.parametrize("said", ["Delivery የለንም! pickup only", "No delivery, pickup only"])
def test_what_the_brief_denies_the_ad_may_not_promise(said: str) -> None:
    brief = understand(f"Product: ድብልቅ ቆሎ\n{said}\nስልክ: 0900 000 012", source="b.txt")
    ad = "የሚጣፍጥ ድብልቅ ቆሎ ለእርስዎ አቅርበናል\n{}\n⟨phone_1⟩"
    assert _kinds(ad.format("ያሉበት እናደርሳለን"), brief) >= {"promise_delivery"}
    assert _kinds(ad.format("ነፃ ዴሊቨሪ አለን"), brief) >= {"promise_delivery", "promise_gift"}
    assert "እናደርሳለን" not in Guard(brief).fallback(template_ad(spoken(brief, keep_unknown=True))).text


def test_missing_facts_and_points_become_lines_of_their_own() -> None:
    guarded = Guard(BRIEF).check("የሚያምር የሴቶች የእጅ ቦርሳ ውሃ የማያስገባ ነው")
    assert guarded.refusal is None
    assert guarded.repairs_count == 5
    assert guarded.text.split("\n") == [
        "🏷 ABC Bags",
        "የሚያምር የሴቶች የእጅ ቦርሳ ውሃ የማያስገባ ነው",
        "✅ በተለያየ ቀለም",
        "💵 ዋጋ፦ 1,800 ብር",
        "📍 አድራሻ፦ ፒያሳ፣ ማዕከል ሕንፃ",
        "📞 ስልክ፦ 0900 000 014",
    ]


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        pytest.param("", "words", id="nothing"),
        pytest.param("⟨phone_1⟩ ⟨price_1⟩", "words", id="facts alone"),
        pytest.param("good bags for all people in town", "words", id="English"),
        pytest.param(" ".join(["ቦርሳ ውብ ምቹ ጥሩ"] * 4), "repeats", id="repetition"),
        pytest.param(
            "ጥሩ ቦርሳ ነው ውብ\nበነፃ እናደርሳለን ወደ ቤትዎ ድረስ\nከዋስትና ጋር ነው ለአንድ ዓመት\nቅናሽ አለው ለሁሉም ደንበኛ",
            "repairs",
            id="mostly promises",
        ),
    ],
)
def test_a_candidate_that_is_broken_as_a_whole_is_refused(candidate: str, reason: str) -> None:
    refusal = Guard(BRIEF).check(candidate).refusal
    assert refusal is not None
    assert reason in refusal


def test_a_long_run_of_a_retrieved_post_is_a_copy() -> None:
    post = "ይህ ቦርሳ ለስራ ለጉዞ ለበዓል ለሰርግ ለሁሉም ቦታ የሚሆን ውብ ምቹ እና ጠንካራ ነው"
    copy = Guard(BRIEF, retrieved=[post], maximum_shared_words=8).check(post)
    assert copy.refusal is not None
    assert "copies" in copy.refusal
    homophones = post.replace("ሰ", "ሠ").replace("ሁ", "ሑ")
    assert Guard(BRIEF, retrieved=[homophones], maximum_shared_words=8).check(post).refusal is not None
    assert Guard(BRIEF, retrieved=[post], maximum_shared_words=30).check(post).refusal is None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    *BRIEF.values(),
                    "⟨phone_2⟩",
                    "⟨price_",
                    "0911000099",
                    "950",
                    "ብር",
                    "፭",
                    "@x_shop",
                    "t.me/abc",
                    "١٢",
                ]
            ),
            st.sampled_from(["ቦርሳ", "ውብ", "ነው።", "\n", "(", ")", "https://", "#ቦርሳ", "<eos>", "1️⃣", "ሺህ"]),
            st.text(max_size=6),
        ),
        max_size=30,
    )
)
def test_no_ad_says_a_number_contact_or_link_that_the_brief_does_not(parts: list[str]) -> None:
    """An oracle of its own: digits by Unicode category, @ and links by plain search."""
    guarded = Guard(BRIEF).check(" ".join(parts))
    rest = guarded.text
    for text in sorted(BRIEF.values().values(), key=len, reverse=True):
        rest = rest.replace(text, " ")
    assert not any(c.isnumeric() for c in rest)
    assert "@" not in rest
    assert not re.search(r"https?:|t\.me/", rest)
    if guarded.refusal is None:
        assert problems(guarded.text) == []
        assert all(fact.text in guarded.text for fact in BRIEF.facts if fact.must)


@pytest.mark.parametrize(
    ("text", "repeats"), [("ሀ ለ ሐ መ", 1), ("ሀ ለ ሐ መ ሀ ለ ሐ መ", 2), ("ሀ ለ ሐ", 0), ("ቦ ቦ ቦ ቦ ቦ ቦ", 3)]
)
def test_repeats_are_counted_on_runs_of_four_words(text: str, repeats: int) -> None:
    assert maximum_repeats(text) == repeats


def test_the_template_says_all_facts_and_nothing_else() -> None:
    ad = template_ad(BRIEF)
    assert {fact.slot for fact in BRIEF.facts if fact.must} <= set(slots_in(ad))
    guarded = Guard(BRIEF).check(ad)
    assert guarded.violations == ()
    assert guarded.refusal is None


def test_a_template_ad_of_many_pages_is_cut_to_a_post() -> None:
    lines = "\n".join(f"- የሚያምር ቦርሳ ባህሪ {'ሀ' * 800}{n}" for n in range(12))
    brief = understand(f"ምርት፦ ቦርሳ\nስልክ፦ 0900000014\n{lines}", source="b.md")
    guarded = Guard(brief).fallback(template_ad(brief))
    assert problems(guarded.text) == []
    assert "0900000014" in guarded.text


def test_an_invented_fact_in_the_table_of_ads_is_found() -> None:
    fact = {
        "slot": "⟨phone_1⟩",
        "kind": "phone",
        "text": "0900000014",
        "value": "+251900000014",
        "source": "",
    }
    row = {"brief_id": "b", "rank": 1, "text": "ቦርሳ 0900000014", "facts": [fact]}
    assert invented_in_table(GENERATED_ADS.frame([row])) == []
    bad = GENERATED_ADS.frame([row, {**row, "rank": 2, "text": "ቦርሳ 0900000014 በ950 ብር"}])
    (problem,) = invented_in_table(bad)
    assert "ad 2 of b" in problem
    assert "950" not in problem


def test_the_text_of_a_brief_has_its_facts_in_it() -> None:
    assert "1,800 ብር" in brief_text(BRIEF)
    assert slots_in(brief_text(BRIEF)) == []


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        pytest.param("👉 ባህል", False, id="a word of its own"),
        pytest.param("🎯 ስልክ\n👉 ⟨phone_1⟩", True, id="heads a contact"),
        pytest.param("🎯 ቴሌግራም\n👉 ⟨phone_1⟩", False, id="heads another kind of contact"),
        pytest.param("👉 ጫማ ነው", True, id="a word of the brief"),
        pytest.param("ለበለጠ መረጃ አሁኑኑ ይደውሉልን", True, id="calls"),
        pytest.param("ዘመናዊ ፍሪጆችን በታላቅ ደስታ አስገብተናል", False, id="a whole sentence about something else"),
    ],
)
def test_a_short_line_that_says_nothing_of_the_brief_goes(lines: str, kept: bool) -> None:
    brief = Brief(
        product="የቆዳ ጫማ", facts=(BriefFact(slot="⟨phone_1⟩", text="0900 00 00 01", value="+251900000001"),)
    )
    guarded = Guard(brief).check(f"የቆዳ ጫማ ለሽያጭ ቀርቧል\nጥራቱን የጠበቀ የቆዳ ጫማ ይግዙ\n{lines}")
    assert (lines.split("\n")[0] in guarded.slotted) is kept


def test_a_line_that_says_the_same_again_goes_and_news_of_the_brief_stay() -> None:
    assert "repeated_line" in _kinds(f"{GOOD}\nለማዘዝ ዛሬውኑ ይጻፉልን\nለማዘዝ አሁኑኑ ይጻፉልን")
    assert "repeated_line" in _kinds(f"{GOOD}\n👉 ለማዘዝ ይጻፉልን!\n📲 ለማዘዝ ይጻፉልን")
    news = "የሚያምር የሴቶች የእጅ ቦርሳ በተለያየ ቀለም"
    silent = GOOD.replace("🔹 በተለያየ ቀለም\n", "")
    assert Guard(BRIEF).check(f"{silent}\n{news}").slotted.endswith(news)


def test_a_point_that_the_ad_leaves_out_is_said_before_the_price_with_the_ads_own_bullet() -> None:
    silent = GOOD.replace("🔹 በተለያየ ቀለም\n", "🔹 ለስጦታ የሚሆን\n")
    brief = BRIEF.model_copy(update={"features": (*BRIEF.features, "ለስጦታ የሚሆን", "Ergonomic Zyx Qwv")})
    guarded = Guard(brief).check(silent)
    assert guarded.slotted == silent.replace("የሚሆን\n", "የሚሆን\n🔹 በተለያየ ቀለም\n")
    assert guarded.repairs_count == 1


def test_a_point_in_english_is_said_in_amharic_and_one_with_a_fact_is_left_to_the_facts() -> None:
    words = "Product: leather shoe\nPrice: 900 birr\nFeatures: waterproof, very strong; Size 42"
    guarded = Guard(understand(words, source="b.txt")).check("ምርጥ የቆዳ ጫማ ለሁሉም\nዋጋ ⟨price_1⟩")
    assert guarded.slotted.split("\n")[:3] == ["ምርጥ የቆዳ ጫማ ለሁሉም", "✅ ውሃ የማያስገባ", "✅ ጠንካራ"]


def test_a_call_to_join_goes_where_no_channel_is_named() -> None:
    joined = Guard(BRIEF).check(f"{GOOD}\n🛵 ቻናላችንን ይቀላቀሉ 👉\nይቀላቀሉን")
    assert joined.slotted == GOOD
    brief = understand("ምርት፦ የቆዳ ጫማ\nቴሌግራም፦ @abc_sample_shop", source="b.txt")
    named = "ምርጥ የቆዳ ጫማ ለወንዶች ገብቷል\nይቀላቀሉን 👇\n\n⟨handle_1⟩"
    assert Guard(brief).check(named).slotted == named


def test_a_range_from_a_price_to_a_phone_is_none() -> None:
    assert "wrong_kind" in _kinds(f"{GOOD}\nከ⟨price_1⟩ እስከ ⟨phone_1⟩ ድረስ ያገኛሉ")
    assert "wrong_kind" in _kinds(f"{GOOD}\nለማዘዝ ይጻፉ፦ ⟨price_1⟩")
    assert "wrong_kind" in _kinds(f"{GOOD}\nይደውሉልን: ⟨location_1⟩")
    sized = understand("ምርት፦ ጫማ\nሳይዝ፦ 39-45\nዋጋ፦ 1,800 ብር", source="brief.txt")
    (size,) = (fact.slot for fact in sized.of_kind("quantity"))
    mended = Guard(sized).check(f"የሚያምር የወንዶች ጫማ\nዋጋ 💰 {size}").slotted
    assert mended.split("\n") == ["የሚያምር የወንዶች ጫማ", f"ሳይዝ {size}", "💵 ዋጋ፦ ⟨price_1⟩"]


def test_words_of_the_brief_are_no_copy_of_a_post_that_has_them_too() -> None:
    points = "ውሃ የማያስገባ በተለያየ ቀለም የሴቶች የእጅ ቦርሳ ለስራ ለጉዞ ለገበያ የሚሆን ሰፊ ኪስ ያለው"
    brief = understand(f"ምርት፦ የሴቶች የእጅ ቦርሳ\nባህሪያት፦ {points}\nስልክ፦ 0900 000 014", source="b.txt")
    options = {"retrieved": [points], "maximum_shared_words": 5}
    assert "copied_post" not in _kinds(points, brief, **options)
    assert "copied_post" in _kinds(
        "ዛሬ ጠዋት ብዙ ሰዎች ይህን ውብ ቦርሳ ለእናቶቻቸው ገዝተው ደስ ብሏቸው ሄዱ",
        brief,
        retrieved=["ዛሬ ጠዋት ብዙ ሰዎች ይህን ውብ ቦርሳ ለእናቶቻቸው ገዝተው ደስ ብሏቸው ሄዱ"],
        maximum_shared_words=5,
    )


def test_an_ad_of_few_amharic_letters_ends_with_an_invitation() -> None:
    brief = Brief(
        product="⟨product_1⟩",
        facts=(
            BriefFact(slot="⟨product_1⟩", text="Nike Air Max Sample Edition", value="x", source="post"),
            BriefFact(slot="⟨url_1⟩", text="https://t.me/example_channel_1", value="x", source="post"),
        ),
    )
    text = Guard(brief).check("⟨product_1⟩ ምቹ ጥሩ ጫማ ነው\n⟨url_1⟩").text
    assert text.endswith("ለተጨማሪ መረጃ እና ለማዘዝ ከላይ ያለውን ሊንክ ይጫኑ።")
