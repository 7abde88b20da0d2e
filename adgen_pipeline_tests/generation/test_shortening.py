import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.formats import FORMATS, problems, utf16_units
from adgen_pipeline.generation.guard import Guard
from adgen_pipeline.generation.shortening import fitted, graphemes, left_out, shortened
from adgen_pipeline.generation.template import template_ad
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.text.slots import SLOT_KINDS, fill, slot, slots_in

BRIEF = understand(
    "ምርት፦ የወንዶች የቆዳ ጫማ\nብራንድ፦ Selam Shoes\nዋጋ፦ 1,800 ብር\nስልክ፦ 0900 000 014\nቴሌግራም፦ @abc_sample_shop\n"
    "አድራሻ፦ ቦሌ፣ ናሙና ሕንፃ 2ኛ ፎቅ\nባህሪያት፦ ጠንካራ ሶል፣ ለወንዶች የሚሆን፣ በእጅ የተሰራ፣ ለስራም ለበዓልም የሚሆን",
    source="brief.txt",
)
AD = template_ad(BRIEF)


@pytest.mark.parametrize("format", FORMATS)
def test_an_ad_of_an_ordinary_brief_takes_every_format(format: str) -> None:
    guarded = fitted(Guard(BRIEF).fallback(AD), BRIEF, format, language="am")
    assert guarded.refusal is None
    assert problems(guarded.text, format, language="am") == []
    assert "ጫማ" in guarded.text


def test_a_post_that_fits_stays_as_it_is() -> None:
    assert shortened(AD, BRIEF, "post") == AD
    assert left_out(AD, BRIEF) == ()


def test_a_sponsored_message_says_price_and_one_way_to_the_shop_and_names_what_it_cannot_hold() -> None:
    slotted = shortened(AD, BRIEF, "sponsored")
    text = fill(slotted, BRIEF.values())
    assert "1,800 ብር" in text
    assert "@abc_sample_shop" in text
    assert {fact.text for fact in left_out(slotted, BRIEF)} == {
        fact.text for fact in BRIEF.facts if fact.must and fact.text not in text
    }


def test_a_tagline_has_the_product_and_leaves_the_contacts_out() -> None:
    slotted = shortened(AD, BRIEF, "tagline")
    assert {"phone", "handle"} <= {fact.kind for fact in left_out(slotted, BRIEF)}
    assert "የቆዳ ጫማ" in slotted


def test_a_long_product_loses_its_first_words_and_keeps_the_thing() -> None:
    brief = Brief(product=" ".join(["በጣም የሚያምር"] * 12) + " የቆዳ ጫማ")
    assert shortened(brief.product, brief, "tagline").endswith("የቆዳ ጫማ")


def test_a_caption_leaves_out_lines_without_facts_first() -> None:
    lines = [AD, *(f"✅ {'ምቹ ' * 40}" for _ in range(10))]
    slotted = shortened("\n".join(lines), BRIEF, "caption")
    assert left_out(slotted, BRIEF) == ()
    assert 1024 - 170 < utf16_units(fill(slotted, BRIEF.values())) <= 1024


def test_two_links_are_one_too_many_and_the_other_is_named() -> None:
    brief = understand("ምርት፦ ጫማ\nቴሌግራም፦ @abc_sample_shop\nwebsite: www.example.com", source="b.txt")
    slotted = shortened(template_ad(brief), brief, "sponsored")
    assert [fact.kind for fact in left_out(slotted, brief)] == ["url"]


def test_a_bare_per_cent_is_not_said_without_its_words() -> None:
    brief = understand("ምርት፦ ቲሸርት\nባህሪያት፦ 100% ጥጥ", source="b.txt")
    text = fill(shortened(template_ad(brief), brief, "tagline"), brief.values())
    assert "100%" not in text or "ጥጥ" in text


def test_what_no_shortening_makes_valid_is_refused() -> None:
    latin = understand("product: Air fryer\nphone: 0900000014", source="b.yaml")
    ad = Guard(latin).fallback("⟨product_1⟩ ⟨phone_1⟩")
    assert fitted(ad, latin, "sponsored", language="om").refusal is not None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120), st.integers(0, 130))
def test_a_cut_text_is_a_beginning_of_whole_graphemes_that_fits(text: str, units: int) -> None:
    cut = graphemes(text, units)
    assert utf16_units(cut) <= units
    assert text.startswith(cut)
    assert "".join(regex.findall(r"\X", text)[: len(regex.findall(r"\X", cut))]).startswith(cut)


_WORDS = st.text(alphabet="ጫማቆዳዋጋ አለ ab👟🏽👨‍👩‍👧é1@.!•()\n", max_size=60)
_FACT = st.tuples(
    st.sampled_from(SLOT_KINDS),
    st.text(alphabet="ጫማቆዳዋጋ ab0123456789@./👨‍👩‍👧", min_size=1, max_size=90).map(str.strip).filter(bool),
    st.booleans(),
)


@st.composite
def _ads(draw: st.DrawFn) -> tuple[Brief, str]:
    """A brief with any facts, and a text that uses some of them."""
    facts: list[BriefFact] = []
    for kind, text, must in draw(st.lists(_FACT, max_size=8)):
        number = 1 + sum(fact.kind == kind for fact in facts)
        facts.append(BriefFact(slot=slot(kind, number), text=text, value=text, must=must))
    names = [fact.slot for fact in facts]
    pieces = st.lists(st.one_of(_WORDS, st.sampled_from(names)) if names else _WORDS, max_size=25)
    features = tuple(" ".join(draw(pieces)).replace("\n", " ") for _ in range(draw(st.integers(0, 3))))
    product = draw(_WORDS).replace("\n", " ")
    return Brief(product=product, features=features, facts=tuple(facts)), "".join(draw(pieces))


@settings(max_examples=60, deadline=None)
@given(_ads(), st.sampled_from(sorted(FORMATS)))
def test_a_shortened_ad_is_valid_or_empty_and_holds_whole_facts_of_its_brief(
    made: tuple[Brief, str], format: str
) -> None:
    brief, slotted = made
    short = shortened(slotted, brief, format)
    text = fill(short, brief.values())
    assert not short or problems(text, format, slotted=short) == []
    assert set(slots_in(short)) <= set(brief.values())
    assert short == shortened(slotted, brief, format)
    missing = {fact.slot for fact in left_out(short, brief)}
    assert missing == {fact.slot for fact in brief.facts if fact.must} - set(slots_in(short))
