"""Who advertises, said in a field or in a sentence: a name is copied whole and never translated."""

import pytest

from adgen_pipeline.generation.brief import understand
from adgen_pipeline.text.brief import Brief, brief_text

SOFA = "We sell leather sofas at 25,000 birr. Call 0900 000 911."
AMHARIC_SOFA = "የቆዳ ሶፋ እንሸጣለን። ዋጋው 25,000 ብር ነው። ስልክ 0900 000 911።"


def _musts(brief: Brief, kind: str) -> list[str]:
    return [fact.text for fact in brief.of_kind(kind) if fact.must]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"Hello,\n\nWe are Tana Furniture, a small shop. {SOFA}", "Tana Furniture"),
        (f"Greetings from Tana Home & Living! {SOFA}", "Tana Home & Living"),
        (f"Brief for **Tana Sofas**\n\n{SOFA}", "Tana Sofas"),
        (f"{SOFA} Our shop is called Tana Sofas.", "Tana Sofas"),
        (f"Tana Furniture has new goods. {SOFA}", "Tana Furniture"),
        (f"{SOFA}\n\nBest regards,\nHirut, Tana Furniture", "Tana Furniture"),
        (f"{AMHARIC_SOFA} ሱቃችን «ጣና ሶፋ» ይባላል።", "ጣና ሶፋ"),
        (f"{AMHARIC_SOFA} ድርጅታችን ጣና ሶፋና ወንበር ይባላል።", "ጣና ሶፋና ወንበር"),
        (f"{AMHARIC_SOFA} የሱቃችን ስም ጣና ሶፋ ነው።", "ጣና ሶፋ"),
        ("Ye setoch chama alen. Suqachin Tana Chama yibalal. Waga 900 birr. Silk 0900 000 911", "Tana Chama"),
    ],
)
def test_a_sentence_names_the_advertiser(text: str, name: str) -> None:
    brief = understand(text, source="b.txt")
    assert _musts(brief, "brand") == [name]
    assert name not in brief.product


@pytest.mark.parametrize(
    "text",
    [
        f"{SOFA} We are opposite Tana Bank.",
        f"{SOFA} Opposite Tana Bank.",
        f"{SOFA} Pay through Tana Bank.",
        f"We are very proud of our work. {SOFA}",
        f"እኛ ልምድ ያለን ባለሙያዎች ነን። {AMHARIC_SOFA}",
    ],
)
def test_not_every_name_is_the_advertiser(text: str) -> None:
    assert _musts(understand(text, source="b.txt"), "brand") == []


@pytest.mark.parametrize(
    "label",
    [
        "operator",
        "company",
        "Bank",
        "lender",
        "Who",
        "Our client",
        "Sold by",
        "ድርጅቱ",
        "ድርጅታችን",
        "ደንበኛ",
        "ባንክ",
        "አበዳሪ",
    ],
)
def test_labels_of_the_advertiser(label: str) -> None:
    brief = understand(f"{label}: Tana Bank\nproduct: ሶፋ\nprice: 25,000 birr", source="b.yaml")
    assert _musts(brief, "brand") == ["Tana Bank"]
    assert "ባንክ" not in brief_text(brief).replace("Tana Bank", "")


def test_a_named_company_needs_no_other_from_the_sentences() -> None:
    brief = understand(
        f"Company: Tana Sofas\n\n{SOFA} We are from Bahir Dar Furniture Market.", source="b.txt"
    )
    assert _musts(brief, "brand") == ["Tana Sofas"]


def test_who_is_meant_is_no_company() -> None:
    assert _musts(understand("who: young women in Adama\nproduct: ጫማ", source="b.yaml"), "brand") == []


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("vehicle:\n  make: Isuzu\n  model: Elf Cargo\nprice: 3.1 million birr", "Elf Cargo"),
        ("product: printer\nmodel: Pixma G3410\nprice: 21,000 birr", "Pixma G3410"),
    ],
)
def test_a_model_is_copied(text: str, model: str) -> None:
    assert model in _musts(understand(text, source="b.yaml"), "product")


def test_the_year_of_a_model_is_none() -> None:
    assert _musts(understand("product: መኪና\nmodel: 2019", source="b.yaml"), "product") == []
