import polars as pl
import pytest

from adgen_pipeline.corpus.filters import drop_reason
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import DROP_REASONS
from adgen_pipeline_tests.corpus.posts import post, table


def reason(text: str, recipe: CorpusRecipe | None = None) -> str | None:
    found: str | None = table([post(text)]).select(drop_reason(recipe or CorpusRecipe()).alias("r"))["r"][0]
    assert found is None or found in DROP_REASONS
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "empty", id="no text at all"),
        pytest.param(" \n ", "empty", id="only white space"),
        pytest.param("ሰላም", "too_short", id="one word"),
        pytest.param("Hi all!", "too_short", id="the first reason wins: short before not Amharic"),
        pytest.param("ጥሩ ጫማ አለን ይምጡ " * 300, "too_long", id="more than a Telegram message holds"),
        pytest.param("New phones are here today!", "not_amharic", id="Latin letters only"),
        pytest.param("ናብ ክቡራት ዓማዊልና ኣብ ድኳንና ሓድሽ ጫማ ኣሎ", "not_amharic", id="Tigrinya in the same letters"),
        pytest.param("1200 3400 5600 7800", "not_amharic", id="no letter at all"),
        pytest.param("አዲስ ጫማ በ 1200 ብር", None, id="a short Amharic ad is kept"),
        pytest.param("Samsung A15 አዲስ ስልክ ከዋስትና ጋር", None, id="a mixed ad is kept"),
    ],
)
def test_every_reason_has_a_shortest_text(text: str, expected: str | None) -> None:
    assert reason(text) == expected


def test_the_recipe_moves_the_limits() -> None:
    assert reason("ሁለት ቃላት", CorpusRecipe(minimum_words=2)) is None
    assert reason("New phones are here today!", CorpusRecipe(minimum_ethiopic_share=0.0)) is None


def test_reasons_are_a_column_expression_over_any_number_of_posts() -> None:
    assert table([]).select(drop_reason(CorpusRecipe()).alias("reason")).height == 0
    found = table([post("", 1), post("አዲስ ጫማ በ 1200 ብር", 2)]).select(drop_reason(CorpusRecipe()).alias("r"))
    assert found["r"].to_list() == ["empty", None]
    assert found.schema["r"] == pl.String
