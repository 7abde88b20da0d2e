"""The oracle on ads made to be right and wrong; words and contacts of our own."""

import ast
import sys
from pathlib import Path

import pytest

from adgen_pipeline.evaluation import oracle

BRIEF = """ምርት፦ የወንዶች የቆዳ ጫማ
ዋጋ፦ 3,200 ብር
ሳይዝ 39 - 44
ስልክ፦ +251 900 000 211
ቴሌግራም፦ @habesha_sample_shop
አድራሻ፦ ቦሌ መድኃኔዓለም ሕንፃ 2ኛ ፎቅ
"""


def kinds(ad: str, brief: str = BRIEF) -> list[str]:
    return [finding.kind for finding in oracle.invented(brief, ad)]


@pytest.mark.parametrize(
    "ad",
    [
        pytest.param(
            "ጫማ በ 3,200 ብር 0900000211 @habesha_sample_shop", id="as the brief, the phone written otherwise"
        ),
        pytest.param("ጫማ በ3200 ብር +251-900-000-211", id="no comma, other dashes"),
        pytest.param("ጫማ በ፴፪፻ ብር", id="Ethiopic numerals"),
        pytest.param("ሳይዝ 39–44 t.me/habesha_sample_shop", id="the handle as a link"),
        pytest.param("ቦሌ መድሀኔአለም ህንፃ ሁለተኛ አይደለም 2ኛ ፎቅ", id="homophones"),
        pytest.param("ምርጥ ጫማ ለአንድ ቀን", id="an article is no number"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_the_brief_says_is_no_invention(ad: str) -> None:
    assert kinds(ad) == []


@pytest.mark.parametrize(
    ("ad", "kind"),
    [
        pytest.param("ጫማ በ 3,100 ብር", "number", id="another price"),
        pytest.param("ጫማ በ 3,20 ብር", "number", id="a price cut short"),
        pytest.param("0911 111 111 ይደውሉ", "phone", id="another phone"),
        pytest.param("+251 900 000 212 ይደውሉ", "phone", id="a phone with one other digit"),
        pytest.param("@other_sample_shop", "handle", id="another handle"),
        pytest.param("t.me/other_sample", "link", id="another link"),
        pytest.param("abc.com ይጎብኙ", "link", id="a bare domain"),
        pytest.param("info@abc.com", "e-mail", id="an e-mail"),
        pytest.param("በአምስት ቀን ውስጥ", "number word", id="a number in words"),
        pytest.param("መቶ በመቶ ቆዳ", "number word", id="a hundred per cent"),
        pytest.param("seven pairs", "number word", id="an English number"),
        pytest.param("ሳይዝ ፵፭", "number", id="another size in Ethiopic numerals"),
    ],
)
def test_what_the_brief_does_not_say_is_found(ad: str, kind: str) -> None:
    assert kind in kinds(ad)


def test_a_contact_of_somebody_else_is_a_leak_and_a_number_is_none() -> None:
    found = oracle.leaked_contacts(BRIEF, "0911 111 111 @other_sample_shop 77 ብር")
    assert {finding.kind for finding in found} == {"phone", "handle"}


@pytest.mark.parametrize(
    ("brief", "ad"),
    [
        pytest.param("ዋጋ 25 ሺህ ብር", "ዋጋ 25000 ብር", id="thousands in digits"),
        pytest.param("ዋጋ 25,000 ብር", "ዋጋ 25 ሺህ ብር", id="thousands in words"),
        pytest.param("ሁለት ክፍል", "2 ክፍል", id="a word as a digit"),
        pytest.param("2 rooms", "ሁለት ክፍል", id="a digit as a word"),
        pytest.param("94, 369 ብር", "94,369 ብር", id="a comma with a space"),
    ],
)
def test_a_number_may_be_written_otherwise(brief: str, ad: str) -> None:
    found = [finding for finding in oracle.invented(brief, ad) if finding.text not in ("25",)]
    assert found == []


@pytest.mark.parametrize(
    ("ad", "expected"),
    [
        pytest.param("የትም ቦታ እናደርሳለን", ["delivery"], id="delivery"),
        pytest.param("የአንድ ዓመት ዋስትና", ["warranty"], id="warranty"),
        pytest.param("በነጻ ስጦታ", ["gift"], id="gift"),
        pytest.param("በቴሌብር ይክፈሉ", ["payment"], id="payment"),
        pytest.param("አድራሻችን፦ መርካቶ ዋናው ገበያ", ["address"], id="another place"),
        pytest.param("አድራሻችን፦ ቦሌ መድኃኔዓለም", [], id="the brief's place"),
        pytest.param("አድራሻ፦ በቦሌ", [], id="the brief's place with a prefix"),
        pytest.param("🌐አድራሻችን🌐\n\n📍 ቦሌ መድኃኔዓለም", [], id="the brief's place below its heading"),
        pytest.param("🌐አድራሻችን🌐\n\n📍 መርካቶ", ["address"], id="another place below its heading"),
        pytest.param("ምቹ የቆዳ ጫማ ይደውሉልን", [], id="none"),
    ],
)
def test_a_promise_needs_its_kind_in_the_brief(ad: str, expected: list[str]) -> None:
    assert [finding.kind for finding in oracle.unsupported_promises(BRIEF, ad)] == expected


def test_a_promise_that_the_brief_makes_is_supported_in_either_language() -> None:
    assert (
        oracle.unsupported_promises("Free delivery, 1 year warranty", "ያሉበት ድረስ በነፃ እናደርሳለን፣ ዋስትና አለው") == []
    )


@pytest.mark.parametrize(
    ("said", "place", "is_supported"),
    [
        ("location: Bole, Addis Ababa", "ቦሌ", True),
        ("adrasha piyasa", "ፒያሳ ያገኙናል", True),
        ("Location: Kaliti", "ቃሊቲ", True),
        ("location: Bole", "ፒያሳ", False),
        ("location: Bole", "ሱቅ ላይ ያገኙናል", False),
        ("አድራሻ፦ ባሌ", "ቦሌ", False),
    ],
)
def test_a_place_may_be_spelled_in_the_other_script(said: str, place: str, *, is_supported: bool) -> None:
    assert (not oracle.unsupported_promises(said, f"አድራሻ፦ {place}")) == is_supported


def test_a_promise_may_stand_in_quotes() -> None:
    assert oracle.unsupported_promises('{"features": ["Free router"]}', "በነፃ ራውተር") == []
    assert oracle.unsupported_promises('{"features": ["Carefree"]}', "በነፃ ራውተር") != []


def test_facts_are_missing_unless_they_are_written_in_some_way() -> None:
    facts = ["3,200 ብር", "+251 900 000 211", "ቦሌ መድኃኔዓለም", "@habesha_sample_shop"]
    assert oracle.missing(facts, "ጫማ 3200 ETB 0900000211 ቦሌ መድሀኔአለም @habesha_sample_shop") == []
    assert oracle.missing(facts, "ጫማ") == facts
    assert oracle.missing(["@abc_shop_2"], "2 ጫማ") == ["@abc_shop_2"]


@pytest.mark.parametrize(
    ("ad", "format", "faults"),
    [
        pytest.param("ሰላም", "post", 0, id="a post"),
        pytest.param("ሀ" * 4097, "post", 1, id="too long"),
        pytest.param("😀" * 81, "sponsored", 1, id="an emoji is two units"),
        pytest.param("ሀ\nለ", "sponsored", 1, id="a line break in a sponsored message"),
        pytest.param("t.me/abc @abd_shop", "sponsored", 1, id="two links"),
        pytest.param("⟨price_1⟩", "post", 1, id="an open slot"),
        pytest.param(" ", "post", 1, id="empty"),
        pytest.param("0900000211 ይደውሉ", "tagline", 1, id="a contact in a tagline"),
    ],
)
def test_formats_have_their_own_limits(ad: str, format: str, faults: int) -> None:
    assert len(oracle.format_faults(ad, format)) == faults


def test_the_oracle_shares_no_code_with_what_it_judges() -> None:
    tree = ast.parse(Path(oracle.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
