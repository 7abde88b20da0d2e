"""Scripts and languages of posts."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.text.language import LANGUAGES, language, language_expr, script_shares, script_shares_expr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("አዲስ ጫማ ገብቷል ዋጋው በጣም ቅናሽ ነው", "am"),
        ("ሓድሽ ጫማ ኣብ ከተማና ኣሎ እዩ", "ti"),
        ("gatiin isaa gaarii dha bilbila", "om"),
        ("New shoes are available for you", "en"),
        ("selam addis chama waga 500 birr dewlu", "am-latn"),
        ("አዲስ ጫማ shoes leather ገብቷል", "mixed"),
        ("ZX-900 Qwert", "und"),
        ("500 09 🎁", "und"),
        ("", "und"),
        ("ጫማ አለን @abc_sample_shop_with_a_long_name https://example.com/long/path", "am"),
    ],
)
def test_language_is_told_from_script_and_function_words(text: str, expected: str) -> None:
    assert language(text) == expected


def test_punctuation_digits_and_other_scripts_count_as_they_should() -> None:
    assert script_shares("ሰላም። ፩፪ 123") == (1.0, 0.0)
    assert list(script_shares("ab ሰላ Яя")) == pytest.approx([1 / 3, 1 / 3])
    assert script_shares("𝐁𝐨ሰላ") == (0.5, 0.5)
    assert script_shares("123") == (0.0, 0.0)


@settings(deadline=None)
@given(st.lists(st.text(alphabet="ሰላም ነውእዩ abthe.@/🎁1", max_size=20), min_size=1, max_size=5))
def test_columns_are_treated_as_single_texts_are(texts: list[str]) -> None:
    ethiopic, latin = script_shares_expr(pl.col("t"))
    table = pl.DataFrame({"t": texts}).select(
        ethiopic=ethiopic, latin=latin, language=language_expr(pl.col("t"))
    )
    assert [(row[0], row[1]) for row in table.iter_rows()] == [script_shares(text) for text in texts]
    assert table["language"].to_list() == [language(text) for text in texts]
    assert set(table["language"]) <= set(LANGUAGES)
