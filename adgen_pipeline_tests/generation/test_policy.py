import pytest

from adgen_pipeline.generation.policy import judge, rule_names, strictest


@pytest.mark.parametrize(
    ("text", "verdict", "rule"),
    [
        pytest.param("የስፖርት ውርርድ ይጫወቱ", "refuse", "5.6", id="betting in Amharic"),
        pytest.param("Bet now and win the JACKPOT", "refuse", "5.6", id="betting in English"),
        pytest.param("ምርጫ ዘመቻ ፓርቲያችንን ይምረጡ", "refuse", "5.5", id="election"),
        pytest.param("የወንጌል ጉባኤ", "refuse", "5.5", id="religion"),
        pytest.param("ቀዝቃዛ ቢራ በቅናሽ", "refuse", "5.9", id="alcohol"),
        pytest.param("Forex signals, guaranteed profit", "refuse", "5.7", id="finance"),
        pytest.param("ውፍረት መቀነሻ ሻይ", "review", "5.8", id="slimming tea"),
        pytest.param("ሽጉጥ እንሸጣለን", "refuse", "5.10", id="weapon"),
    ],
)
def test_a_forbidden_ad_is_caught_by_its_rule(text: str, verdict: str, rule: str) -> None:
    judgement = judge(text)
    assert judgement.verdict == verdict
    assert rule in judgement.rules
    assert all(text[start:end] == words for _, words, start, end in judgement.evidence)


@pytest.mark.parametrize(
    "text",
    [
        "አዲስ የቆዳ ጫማ በ1,500 ብር",
        "alphabet toys for kids, better quality",
        "massage gun with warranty",
        "ከአልኮል ነፃ የእጅ ማፅጃ",
        "ምርጫዎን ያድርጉ፣ ቤት ድረስ እናመጣለን",
        "ቢራቢሮ ቅርፅ ያለው የፀጉር ጌጥ",
        "Buy a house in Bole",
        "ላፕቶፕ ለተማሪዎች",
    ],
)
def test_an_ordinary_ad_may_run(text: str) -> None:
    assert judge(text).verdict == "allow"


def test_homophone_spellings_are_one_word_to_the_rules() -> None:
    assert judge("ሎተሪ").verdict == judge("የሎተሪ").verdict == "refuse"
    assert judge("እግዚአብሄር ይመስገን").rules == judge("እግዚአብሔር ይመስገን").rules == ("5.5",)


def test_the_strictest_judgement_stands_for_several() -> None:
    both = strictest(judge("ጫማ"), judge("ውፍረት መቀነሻ"), judge("ቁማር"))
    assert both.verdict == "refuse"
    assert set(both.rules) == {"5.8", "5.6"}


def test_all_of_telegrams_rules_are_there() -> None:
    assert {f"5.{n}" for n in range(1, 13)} <= set(rule_names())
