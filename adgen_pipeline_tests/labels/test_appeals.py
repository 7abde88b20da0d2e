import pytest

from adgen_pipeline.labels.appeals import find_appeals


@pytest.mark.parametrize("form", ["ይደውሉ", "ይግዙ", "ይሞክሩት", "ያግኙን", "ያስውቡ", "ይጎብኙን", "ይምረጡ"])
def test_polite_imperatives_speak_to_the_reader(form: str) -> None:
    assert find_appeals(f"ዛሬውኑ {form}!") == {"polite": [form], "lets": []}


@pytest.mark.parametrize("form", ["እንግዛ", "እንሞክር", "እንመልከት", "እንገናኝ"])
def test_lets_speaks_to_the_reader(form: str) -> None:
    assert find_appeals(f"አብረን {form}") == {"polite": [], "lets": [form]}


@pytest.mark.parametrize(
    "text",
    [
        "ባለሥልጣናት ይናገራሉ፤ ሌሎች ይላሉ",
        "ያደረጉ ሰዎች እና ያወጡት ሕግ",
        "በከተማው ይኖሩ ነበር",
        "እንዲሁም እንደገና እንኳን እንጂ እንግሊዝ እንቅስቃሴ እንስሳት እንግዳ እንዴት",
        "ይህ ይሆናል",
        "",
    ],
)
def test_reports_and_conjunctions_do_not(text: str) -> None:
    assert find_appeals(text) == {"polite": [], "lets": []}


def test_a_form_counts_once_in_the_order_of_the_text() -> None:
    assert find_appeals("ይግዙ ይምረጡ ይግዙ")["polite"] == ["ይግዙ", "ይምረጡ"]
