import pytest

from adgen_pipeline.generation.coverage import MORE_AMHARIC, with_invitation, with_leads, with_offer
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.promises import Supported
from adgen_pipeline.text.slots import SLOT


def test_bare_contacts_get_an_amharic_word_where_amharic_is_scarce() -> None:
    assert with_leads("Model X\n☎️ ⟨phone_1⟩\n☎️ ⟨phone_2⟩\nዋጋ ⟨price_1⟩\n📍 ⟨location_1⟩") == (
        "Model X\n☎️ ስልክ፦ ⟨phone_1⟩\n☎️ ⟨phone_2⟩\nዋጋ ⟨price_1⟩\n📍 አድራሻ፦ ⟨location_1⟩"
    )


def test_a_name_alone_on_its_line_becomes_a_sentence_where_amharic_is_scarce() -> None:
    assert with_offer("📣 ⟨product_1⟩\n⟨product_1⟩\n⟨phone_1⟩") == (
        "📣 ⟨product_1⟩ ለእርስዎ አቅርበናል።\n⟨product_1⟩\n⟨phone_1⟩"
    )
    for whole in ("⟨product_1⟩ ምቹ ጫማ\n⟨product_1⟩", "⟨brand_1⟩ ⟨product_1⟩", "የቆዳ ጫማ"):
        assert with_offer(whole) == whole


@pytest.mark.parametrize(
    ("ad", "call"),
    [
        ("⟨phone_1⟩ ⟨handle_1⟩", "ይደውሉልን።"),
        ("⟨handle_1⟩ ⟨url_1⟩", "በቴሌግራም ይጻፉልን።"),
        ("⟨email_1⟩", "በኢሜይል ይጻፉልን።"),
    ],
)
def test_an_invitation_names_the_contact_that_the_ad_has(ad: str, call: str) -> None:
    assert with_invitation(f"{ad}\nለበለጠ መረጃ ያነጋግሩን።").endswith(call)
    assert with_invitation(ad) == ad


def test_words_added_for_amharic_promise_nothing_and_state_no_fact() -> None:
    ad = "⟨product_1⟩\n⟨price_1⟩\n⟨phone_1⟩\n⟨handle_1⟩\n⟨location_1⟩"
    for add in MORE_AMHARIC:
        ad = add(ad)
    added = SLOT.sub(" ", ad)
    assert not Supported("").violations(added)
    assert not find_facts(added)
