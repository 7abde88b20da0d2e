"""What the shop does not do is no offer; greetings, thanks and signatures name nothing that is sold."""

import pytest

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.denials import denial, labels_what_is_left_out
from adgen_pipeline.generation.prompt import spoken
from adgen_pipeline.generation.template import template_ad
from adgen_pipeline.text.brief import brief_text
from adgen_pipeline.text.promises import promised

CHAIR = "ምርት፦ የቢሮ ወንበር\nዋጋ፦ 4,100 ብር\nስልክ፦ 0900 000 941\n"


@pytest.mark.parametrize(
    "line",
    [
        "No delivery, pick up only.", "We do not deliver to other towns.", "Sold without warranty.",
        "Delivery is not available",
        "no returns or refunds", "We don't give credit!", "ዴሊቨሪ የለንም", "Delivery የለንም!", "ዋስትና የለውም።", "ቤት ድረስ አናደርስም።",
        "ዋጋው ማድረሻ አይጨምርም።", "ቅናሽ አናደርግም።", "Delivery: none", "ዋስትና፦ የለም", "Not included: delivery and assembly",
        "የማይጨምረው፦ ማድረሻ",
    ],
)  # fmt: skip
def test_a_term_that_is_denied_is_not_promised(line: str) -> None:
    brief = understand(CHAIR + line, source="b.txt")
    ad = template_ad(spoken(brief, keep_unknown=True))
    assert promised(brief_text(brief)) == frozenset()
    assert promised(ad) == frozenset()
    assert {fact.text for fact in brief.facts} == {"4,100 ብር", "0900 000 941"}
    assert len(brief.set_aside) == 1


def test_a_price_beside_a_denial_stays() -> None:
    brief = understand("ምርት፦ የቢሮ ወንበር\nIt costs 4,100 birr without delivery.", source="b.txt")
    assert [fact.text for fact in brief.facts] == ["4,100 ብር"]
    assert promised(brief_text(brief)) == frozenset()


@pytest.mark.parametrize(
    "clause",
    [
        "no delivery fee", "free delivery", "not only delivery but installation", "no sugar added", "no interest",
        "ጨው የሌለው",
        "የዴሊቨሪ ክፍያ የለውም", "ያለ ማድረሻ ክፍያ", "ዋስትና አለው", "ዋስትና ያለው", "ዴሊቨሪ አለን", "የአንድ ዓመት ዋስትና እንሰጣለን",
    ],
)  # fmt: skip
def test_not_every_negation_denies_a_term(clause: str) -> None:
    assert denial(clause) is None


@pytest.mark.parametrize(
    ("label", "is_left_out"), [("Not included", True), ("Excludes", True), ("Included", False)]
)
def test_labels_of_what_the_price_does_not_cover(label: str, is_left_out: bool) -> None:
    assert labels_what_is_left_out(label) == is_left_out


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("ጤና ይስጥልን እህቴ፣ የቢሮ ወንበር እንሸጣለን። ዋጋው 4,100 ብር", "የቢሮ ወንበር"),
        ("ሰላም ወንድሜ እንደምን አለህ! የቢሮ ወንበር አለን። ዋጋው 4,100 ብር", "የቢሮ ወንበር"),
        ("ለቴሌግራም የሚሆን አጭር ማስታወቂያ እንፈልጋለን። የቢሮ ወንበር ዋጋው 4,100 ብር", "የቢሮ ወንበር"),
        (
            "Dear Hirut,\n\nI hope you are well.\n\nOffice chairs, 4,100 birr.\n\nBest regards,\nLiya",
            "የቢሮ ወንበር",
        ),
        ("Selam ehite, ye setoch chama alen. Waga 4,100 birr. Ameseginalehu", "የሴቶች ጫማ"),
    ],
)
def test_the_product_is_what_is_sold(text: str, product: str) -> None:
    brief = understand(text, source="b.txt")
    assert brief.product == product
    assert brief.features in ((), ("ዋጋ ⟨price_1⟩",))
    assert [fact.text for fact in brief.facts] == ["4,100 ብር"]


@pytest.mark.parametrize(
    "text",
    [
        "ሰላም እህቴ፣ ለቴሌግራም የሚሆን አጭር ማስታወቂያ እንፈልጋለን። እናመሰግናለን።",
        "Dear team,\n\nPlease write an ad for our channel.\n\nThank you,\nLiya",
        "Selam wendime, le channelachin post fellegen neber. Ameseginalehu",
    ],
)
def test_a_request_that_names_nothing_to_sell_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BriefError, match="says nothing") as error:
        understand(text, source="b.txt")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("ሰላም፣ መኪኖቹ Isuzu Elf ናቸው፣ ዋጋ 2,000 ብር በቀን።", "Isuzu Elf"),
        ("አዲስ Canon G3410 ፕሪንተር አለን። ዋጋ 21,000 ብር።", "Canon G3410"),
    ],
)
def test_a_maker_and_its_model_in_a_sentence_are_copied(text: str, model: str) -> None:
    brief = understand(text, source="b.txt")
    assert [fact.text for fact in brief.of_kind("product") if fact.must] == [model]


def test_an_app_named_in_a_sentence_is_no_model() -> None:
    brief = understand("የቢሮ ወንበር አለን። በ Facebook Page ያግኙን። ዋጋ 4,100 ብር።", source="b.txt")
    assert [fact.text for fact in brief.of_kind("product") if fact.must] == []
