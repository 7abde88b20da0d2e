"""Lines of a small model: points in the brief's own words, no filler, no fact behind a word of another kind."""

import pytest

from adgen_pipeline.generation.coverage import headline, with_fitting_signs, with_leads
from adgen_pipeline.generation.guard import Guard
from adgen_pipeline.generation.leads import MINIMUM_COUNT, Leads, beside, learned
from adgen_pipeline.generation.lines import is_filler, point_line, restored, says_again, without_foreign_words
from adgen_pipeline.generation.wording import stems
from adgen_pipeline.text.brief import Brief, BriefFact

POINTS = ("ስፋት ⟨quantity_1⟩", "መንጃ ፈቃድ ደረጃ ⟨quantity_2⟩", "ሊፍት እና የመኪና ማቆሚያ አለው", "⟨quantity_3⟩ ⟨price_1⟩")
SAID = frozenset(stems("ባለ መኝታ አፓርታማ በአያት ለሽያጭ ሊፍት የመኪና ማቆሚያ"))


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        pytest.param("● ለማዘዝ ⟨quantity_1⟩ ይደውሉ", "● ስፋት ⟨quantity_1⟩", id="a size that is called"),
        pytest.param("🎯 ⟨quantity_1⟩", "🎯 ስፋት ⟨quantity_1⟩", id="a size without its words"),
        pytest.param("መንጃ: ፈቃድ ደረጃ: ⟨quantity_2⟩", "መንጃ ፈቃድ ደረጃ ⟨quantity_2⟩", id="stray marks"),
        pytest.param(
            "መደብ ፈቃድ ደረጃ ⟨quantity_2⟩", "መንጃ ፈቃድ ደረጃ ⟨quantity_2⟩", id="another word for one of them"
        ),
        pytest.param("ለማዘዝ ሊፍት እና የመኪና ማቆሚያ አለው", "ሊፍት እና የመኪና ማቆሚያ አለው", id="an order around it"),
        pytest.param("ዋጋ፦ 💰 ⟨price_1⟩", "ዋጋ፦ 💰 ⟨quantity_3⟩ ⟨price_1⟩", id="a price without its measure"),
        pytest.param("ለማን: ለቤተሰብ", "ለቤተሰብ", id="a label of the prompt"),
        pytest.param("ለቤተሰብ የሚሆን ስፋት ⟨quantity_1⟩", "ለቤተሰብ የሚሆን ስፋት ⟨quantity_1⟩", id="the point and more"),
        pytest.param("📞 ⟨phone_1⟩", "📞 ⟨phone_1⟩", id="no point"),
    ],
)
def test_a_point_is_said_in_the_briefs_words(line: str, meant: str) -> None:
    assert restored(line, POINTS) == meant


def test_a_line_of_two_torn_points_is_none() -> None:
    assert restored("🎯 ⟨quantity_1⟩ = ⟨quantity_2⟩", POINTS) is None


def test_an_order_around_the_product_goes_where_no_contact_is_named() -> None:
    product = "ባለ ⟨quantity_4⟩ አፓርታማ በአያት ለሽያጭ"
    assert restored(f"ለማዘዝ {product} ይዘዙ!", POINTS, product) == product
    called = f"{product} ለማዘዝ ⟨phone_1⟩ ይደውሉ"
    assert restored(called, POINTS, product) == called
    assert restored("በእንጀራ ማከፋፈያ", (), "የእንጀራ ማከፋፈያ") == "የእንጀራ ማከፋፈያ"


@pytest.mark.parametrize(
    ("line", "following", "is_one"),
    [
        pytest.param("ዘመናዊ ፍሪጆችን በደስታ አስገብተናል", "", True, id="about something else"),
        pytest.param("🎯 ጓደኞቻችን ይፈልጋሉ", "", True, id="about nobody"),
        pytest.param("ምርጫዎን በዚህ ይላኩልን👇", "", True, id="points at nothing"),
        pytest.param("ለማዘዝ በዚህ ይጻፉልን👇", "⟨handle_1⟩", False, id="points at a handle"),
        pytest.param("ይደውሉ", "", True, id="a verb alone"),
        pytest.param("አድሚኑን ለማናገር ቴሌግራም", "", True, id="a medium without its address"),
        pytest.param("ለበለጠ መረጃ ይደውሉልን", "", False, id="a call"),
        pytest.param("ብራንድ : ቴሌግራም", "⟨brand_1⟩", True, id="labels over a fact of another kind"),
        pytest.param("አፓርታማ በአያት", "", False, id="says something of the brief"),
    ],
)
def test_a_line_without_facts_speaks_of_the_brief_or_calls(line: str, following: str, is_one: bool) -> None:
    assert is_filler(line, following, SAID) is is_one


def test_two_lines_that_read_the_same_are_one_whatever_their_marks() -> None:
    assert says_again("👉 ⟨brand_1⟩", ["🎯 ⟨brand_1⟩!"], ())
    assert not says_again("👉 ⟨price_2⟩", ["🎯 ⟨price_1⟩"], ())


def test_words_of_nobody_around_a_fact_go_and_the_fact_stays() -> None:
    assert without_foreign_words("👉 ⟨url_1⟩ ፎቶ አቅርበን", SAID) == "👉 ⟨url_1⟩"
    assert without_foreign_words("ለማዘዝ ⟨phone_1⟩ ይደውሉ", SAID) == "ለማዘዝ ⟨phone_1⟩ ይደውሉ"


def test_what_a_word_introduces_is_learned_from_the_posts() -> None:
    leads = learned(["ለማዘዝ ⟨phone_1⟩ ይደውሉ\nዋጋ፦ ⟨price_1⟩ ብቻ\n⟨quantity_1⟩ ስፋት"] * MINIMUM_COUNT)
    assert leads.misplaced("⟨quantity_1⟩ ይደውሉ") == ["ይደውሉ ⟨quantity_1⟩"]
    assert leads.misplaced("ለማዘዝ 👉 ⟨price_1⟩") == ["ማዘዝ ⟨price_1⟩"]
    assert not leads.misplaced("ለማዘዝ ⟨phone_1⟩ ይደውሉ")
    assert not leads.misplaced("⟨location_1⟩ ስፋት")  # any noun stands beside sizes: it tells nothing
    said = frozenset(beside("⟨quantity_1⟩ ይደውሉ"))
    assert not leads.misplaced("⟨quantity_1⟩ ይደውሉ", said)
    assert not learned(["ለማዘዝ ⟨phone_1⟩"] * (MINIMUM_COUNT - 1)).kinds


def test_the_guard_drops_a_fact_behind_a_word_that_never_introduces_it() -> None:
    facts = [("⟨date_1⟩", "12/3/2017"), ("⟨phone_1⟩", "0900 000 001")]
    brief = Brief(
        product="የቆዳ ጫማ ለወንዶች",
        facts=tuple(BriefFact(slot=slot, text=text, value=text) for slot, text in facts),
    )
    leads = Leads({("after", "ይደውሉ"): frozenset(("phone",))})
    guarded = Guard(brief, leads=leads).check("ጥራት ያለው የቆዳ ጫማ ለወንዶች\n⟨date_1⟩ ይደውሉ\n⟨phone_1⟩ ይደውሉ")
    assert "⟨date_1⟩ ይደውሉ" not in guarded.slotted
    assert "⟨phone_1⟩ ይደውሉ" in guarded.slotted
    assert "wrong_lead" in {violation.kind for violation in guarded.violations}


def test_an_ad_that_forgets_its_product_begins_with_it() -> None:
    brief = Brief(product="የቆዳ ጫማ", facts=())
    assert headline(brief, "ምርጥ ቦርሳ\nዋጋ") == ["የቆዳ ጫማ"]
    assert headline(brief, "ምርጥ የቆዳ ጫማ") == []


def test_a_sign_fits_the_line_behind_it() -> None:
    assert with_fitting_signs("💵 ቫኒላ\n💵 ⟨price_1⟩\n☎️ ⟨price_2⟩\n☎️ ይደውሉልን") == (
        "✅ ቫኒላ\n💵 ⟨price_1⟩\n✅ ⟨price_2⟩\n☎️ ይደውሉልን"
    )
    bare = "👉 ⟨price_1⟩\n📞 ⟨phone_1⟩\nይቀላቀሉን 👇\n⟨handle_1⟩"
    assert with_leads(bare, beside_signs=False) == bare.replace("👉 ", "👉 ዋጋ፦ ")


def test_a_price_without_a_noun_is_called_a_price() -> None:
    assert point_line("ከ⟨price_1⟩ ጀምሮ", "✅ ") == "✅ ዋጋ፦ ከ⟨price_1⟩ ጀምሮ"
    assert point_line("⟨quantity_1⟩ ⟨price_1⟩", "✅ ") == "✅ ⟨quantity_1⟩ ⟨price_1⟩"
