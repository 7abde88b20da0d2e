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
