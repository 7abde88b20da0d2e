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
        ("sofa and qwzx", "ሶፋ"),
        ("Lalibela weekend tour", "ላሊበላ የቅዳሜና እሁድ ጉብኝት"),
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
    senses = files("adgen_pipeline.generation").joinpath("senses.yaml").read_text(encoding="utf-8")
    several = yaml.safe_load(senses)["senses"].keys()  # these go by their neighbours
    del sections["denied"]  # what these words become where they are not denied stands in `offers`
    for name, entries in sections.items():
        for english, amharic in entries.items():
            if english in several:
                continue
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


@pytest.mark.parametrize(
    ("english", "amharic"),
    [
        ("Customers can ring ⟨phone_1⟩", "ደንበኞች ⟨phone_1⟩"),
        ("Please ring us today", "today"),
        ("gold wedding ring", "ወርቅ የጋብቻ ቀለበት"),
        ("rings", "ቀለበት"),
        ("Book a table for two", "table ለtwo"),
        ("Book your flight ticket", "የአውሮፕላን ትኬት"),
        ("children's story book", "የልጆች የተረት መጽሐፍ"),
        ("used school books", "ያገለገለ ትምህርት ቤት መጽሐፍ"),
        ("Microsoft Office and Excel", "Microsoft Office እና Excel"),
        ("Office 2021 licence", "Office 2021 licence"),
        ("office table", "የቢሮ ጠረጴዛ"),
        ("vitamin C tablets", "ቫይታሚን C እንክብል"),
        ("tablet with sim card", "ታብሌት ከነ ሲም ካርድ"),
        ("aluminium doors and windows", "የአሉሚኒየም በር እና መስኮት"),
        ("laptop with Windows 11", "ላፕቶፕ ከነ ዊንዶውስ 11"),
        ("iron gate", "የብረት በር"),
        ("steam iron", "የእንፋሎት ካውያ"),
        ("watch our film", "watch ፊልም"),
        ("ground floor", "ምድር ቤት"),
        ("roasted and ground coffee", "የተቆላ እና የተፈጨ ቡና"),
        ("⟨percent_1⟩ off", "⟨percent_1⟩ ቅናሽ"),
        ("off road tyres", "off road ጎማ"),
        ("sugar free juice", "ስኳር የሌለው ጁስ"),
    ],
)
def test_a_word_of_several_meanings_goes_by_its_neighbours_or_stays(english: str, amharic: str) -> None:
    assert translate(english, keep_unknown=True).text == amharic


@pytest.mark.parametrize(
    ("english", "amharic"),
    [
        ("No delivery, pick it up", "ማድረስ የለም"),
        ("Delivery is not available", "ማድረስ የለም"),
        ("Delivery የለንም!", "ማድረስ የለንም"),
        ("sold without warranty", "ያለ ዋስትና"),
        ("car rent without driver", "ያለ አሽከርካሪዎች መኪና"),
        ("no home delivery", "ቤት ድረስ ማድረስ የለም"),
        ("no battery toy", "ያለ ባትሪ መጫወቻ"),
        ("home delivery", "ቤት ድረስ እናደርሳለን"),
    ],
)
def test_what_is_denied_is_not_said_to_be_offered(english: str, amharic: str) -> None:
    assert translate(english).text == amharic


def test_a_denial_of_something_unknown_is_reported() -> None:
    assert translate("no bespoke chair").unknown == ("no", "bespoke")
    assert translate("no").unknown == ("no",)
    assert translate("without bespoke chair", keep_unknown=True).text == "without bespoke ወንበር"
