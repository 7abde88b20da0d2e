import pytest

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


def test_unknown_words_are_reported_and_never_guessed() -> None:
    translation = translate("ergonomic chair")
    assert translation.text == "ወንበር"
    assert translation.unknown == ("ergonomic",)
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
        ("gold wedding ring", "ወርቅ ሰርግ ቀለበት"),
        ("rings", "ቀለበት"),
        ("Book a table for two", "table ለtwo"),
        ("Book your flight ticket", "የአውሮፕላን ትኬት"),
        ("children's story book", "የልጆች story መጽሐፍ"),
        ("used school books", "ያገለገለ ትምህርት ቤት መጽሐፍ"),
        ("Microsoft Office and Excel", "Microsoft Office እና Excel"),
        ("Office 2021 licence", "Office 2021 licence"),
        ("office table", "ቢሮ ጠረጴዛ"),
        ("vitamin C tablets", "vitamin C እንክብል"),
        ("tablet with sim card", "ታብሌት ከነ ሲም ካርድ"),
        ("aluminium doors and windows", "aluminium doors እና መስኮት"),
        ("laptop with Windows 11", "ላፕቶፕ ከነ ዊንዶውስ 11"),
        ("iron gate", "የብረት gate"),
        ("steam iron", "steam ካውያ"),
        ("watch our film", "watch ፊልም"),
        ("ground floor", "ምድር ቤት"),
        ("roasted and ground coffee", "የተቆላ እና የተፈጨ ቡና"),
        ("⟨percent_1⟩ off", "⟨percent_1⟩ ቅናሽ"),
        ("off road tyres", "off road ጎማ"),
        ("sugar free juice", "sugar free ጁስ"),
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
        ("no battery toy", "ባትሪ የሌለው መጫወቻ"),
        ("home delivery", "ቤት ድረስ እናደርሳለን"),
    ],
)
def test_what_is_denied_is_not_said_to_be_offered(english: str, amharic: str) -> None:
    assert translate(english).text == amharic


def test_a_denial_of_something_unknown_is_reported() -> None:
    assert translate("no ergonomic chair").unknown == ("no", "ergonomic")
    assert translate("no").unknown == ("no",)
    assert translate("without ergonomic chair", keep_unknown=True).text == "without ergonomic ወንበር"
