import re
from importlib.resources import files

import pytest
import yaml

from adgen_pipeline.generation.lexicon import place, translate


@pytest.mark.parametrize(
    ("english", "amharic"),
    [
        ("leather shoes for men", "የወንዶች የቆዳ ጫማ"),
        ("New laptop", "አዲስ ላፕቶፕ"),
        ("Free delivery", "ነፃ ማድረስ"),
        ("washing machine", "የልብስ ማጠቢያ ማሽን"),
        ("children's clothes", "የልጆች ልብስ"),
        ("ጥቁር shoes", "ጥቁር ጫማ"),
        ("shoes of genuine Ethiopian leather", "ኦሪጅናል የኢትዮጵያ የቆዳ ጫማ"),
        ("bottle of water", "የውሃ ጠርሙስ"),
        ("laptop for students", "ለተማሪዎች ላፕቶፕ"),
        ("shoes for men and women", "የወንዶች እና ሴቶች ጫማ"),
        ("genuine leather", "ንጹህ ቆዳ"),
        ("light", "ቀላል"),
        ("LED light", "ኤልኢዲ መብራት"),
        ("black and brown", "ጥቁር እና ቡናማ"),
        ("new home owners in Addis Ababa", "በአዲስ አበባ አዲስ የቤት ባለቤቶች"),
    ],
)
def test_known_words_become_amharic_the_longest_phrase_first(english: str, amharic: str) -> None:
    assert translate(english).text == amharic


@pytest.mark.parametrize(
    ("english", "amharic"),
    [
        ("Powerful motor", "ኃይለኛ ሞተር"),
        ("Non stick frying pan with glass lid", "የማይጣበቅ መጥበሻ ከነ የብርጭቆ ክዳን"),
        ("Easy to clean", "ለማፅዳት ቀላል"),
        ("Easy to use and easy to carry", "ለአጠቃቀም ቀላል እና ለመያዝ ቀላል"),
        ("Made in Turkey", "በቱርክ የተሰራ"),
        ("Wireless charging", "ገመድ አልባ ቻርጅ"),
        ("Heat resistant silicone brush", "ሙቀት የሚቋቋም የሲሊኮን ብሩሽ"),
        ("ceramic coating", "የሴራሚክ ሽፋን"),
        ("Adjustable temperature", "ሙቀቱ የሚስተካከል"),
        ("Automatic temperature control", "አውቶማቲክ የሙቀት መቆጣጠሪያ"),
        ("Double layer lunch box", "ባለሁለት ሽፋን የምሳ እቃ"),
        ("Food grade silicone", "ለምግብ ተስማሚ ሲሊኮን"),
        ("rechargeable and foldable", "ቻርጅ የሚደረግ እና የሚታጠፍ"),
        ("removable", "የሚወልቅ"),
        ("long-sleeved cotton t-shirt for kids", "የልጆች ባለረጅም እጅጌ የጥጥ ቲሸርት"),
        ("a bag made of genuine leather", "የንጹህ ቆዳ ቦርሳ"),
        ("for all hair types", "ለሁሉም የፀጉር አይነት"),
        ("Moisturizes the skin", "ቆዳን የሚያለሰልስ"),
        ("BPA-free baby feeding bottle", "ከቢፒኤ ነፃ ጡጦ"),
        ("Dishwasher safe", "በእቃ ማጠቢያ ማሽን የሚታጠብ"),
        ("Energy saving and low noise", "ኃይል ቆጣቢ እና ዝቅተኛ ድምፅ ያለው"),
        ("wall mounted", "ግድግዳ ላይ የሚሰቀል"),
        ("Long battery life", "ባትሪው ለረጅም ጊዜ የሚቆይ"),
        ("solar powered security camera", "በፀሐይ ኃይል የሚሰራ የደህንነት ካሜራ"),
        ("Available in different colors", "በተለያየ ቀለም"),
        ("Designed for newborn babies", "ለአራስ ህፃናት"),
        ("non-slip door mat", "የማያንሸራትት የበር ምንጣፍ"),
        ("genuine brake pads", "ኦሪጅናል የፍሬን ሸራ"),
        ("Call us now", "አሁኑኑ ይደውሉልን"),
    ],
)
def test_whole_points_of_shops_become_what_a_shop_writes(english: str, amharic: str) -> None:
    translation = translate(english)
    assert translation.text == amharic
    assert translation.unknown == ()


def test_every_entry_can_be_reached_and_none_is_written_twice() -> None:
    text = files("adgen_pipeline.generation").joinpath("lexicon.yaml").read_text(encoding="utf-8")
    written = re.findall(r"^  (\S.*?): [^\x00-\x7f]", text, flags=re.MULTILINE)
    sections = {name: entries for name, entries in yaml.safe_load(text).items() if isinstance(entries, dict)}
    assert len(written) == sum(map(len, sections.values()))
    for name, entries in sections.items():
        for english, amharic in entries.items():
            translation = translate(english)
            # The last word of a phrase loses its genitive («የቆዳ» alone is «ቆዳ»).
            bare = {amharic, amharic.removeprefix("የ")} if name in ("qualities", "people") else {amharic}
            assert translation.text in bare, english
            assert translation.unknown == (), english


def test_a_shop_that_sells_nothing_used_and_gives_no_discount_is_not_said_to() -> None:
    assert "ያገለገለ" not in translate("can be used for cooking").text
    assert "ቅናሽ" not in translate("automatic switch off").text
    assert "በነፃ" not in translate("BPA free and lead free").text


def test_unknown_words_are_reported_and_never_guessed() -> None:
    translation = translate("bespoke chair")
    assert translation.text == "ወንበር"
    assert translation.unknown == ("bespoke",)
    assert translation.known_share == 0.5


def test_slots_pass_through() -> None:
    assert translate("⟨product_1⟩ laptop").text == "⟨product_1⟩ ላፕቶፕ"


def test_a_place_is_said_in_amharic_only_if_all_of_it_is_known() -> None:
    assert place("Bole, Addis Ababa") == "ቦሌ አዲስ አበባ"
    assert place("Bole, Edna Plaza") is None
