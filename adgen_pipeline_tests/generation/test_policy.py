from pathlib import Path

import pytest

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.policy import Policy, judge, ours, rule_names, strictest
from benchmarks.policy import SETS, measure


@pytest.mark.parametrize(
    ("text", "verdict", "rule"),
    [
        pytest.param("የስፖርት ውርርድ ይጫወቱ", "refuse", "5.6", id="betting in Amharic"),
        pytest.param("Bet now and win the JACKPOT", "refuse", "5.6", id="betting in English"),
        pytest.param("ምርጫ ዘመቻ ፓርቲያችንን ይምረጡ", "refuse", "5.5", id="election"),
        pytest.param("የወንጌል ጉባኤ", "refuse", "5.5", id="religion"),
        pytest.param("ቀዝቃዛ ቢራ በቅናሽ", "refuse", "5.9", id="alcohol"),
        pytest.param("Forex signals, guaranteed profit", "refuse", "5.7", id="finance"),
        pytest.param("ውፍረት መቀነሻ ሻይ", "needs_review", "5.8", id="slimming tea"),
        pytest.param("ሽጉጥ እንሸጣለን", "refuse", "5.10", id="weapon"),
        pytest.param("Kids' water gun and real bullets", "refuse", "5.10", id="weapon beside a toy"),
        pytest.param("Pepper spray in three sizes", "needs_review", "5.10", id="weaker words of a rule"),
        pytest.param("bira ena areke be karton", "refuse", "5.9", id="alcohol in Latin letters"),
        pytest.param("yewengel gubae, egziabher", "refuse", "5.5", id="religion in Latin letters"),
        pytest.param("ሪህን ከሥሩ የሚነቅል ዘይት", "needs_review", "5.8", id="a cure by disease and verb"),
        pytest.param("USDT በጥቁር ገበያ ዋጋ", "refuse", "5.7", id="black market"),
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


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("ኑ ተወራረዱ", "gambling"),
        ("የሚወራረዱበት ቦታ", "gambling"),
        ("የቁማሩን ቤት", "gambling"),
        ("Vote for our mayor", "politics"),
        ("ለፓርላማ የሚወዳደር", "politics"),
        ("ስብከቶችን ይከታተሉ", "religious"),
        ("f**k it", "profanity"),
        ("ደደቦች", "profanity"),
    ],
)
def test_a_tag_is_found_with_its_affixes_and_masks(text: str, tag: str) -> None:
    assert judge(text).tags == (tag,)


@pytest.mark.parametrize(
    "text",
    [
        "አድራሻ፦ ከልደታ ቤተ ክርስቲያን አጠገብ",
        "opposite the old mosque, second floor",
        "bet lemekerayet, 2 megnita",
        "ለፓርቲ የሚሆን ልብስ፣ ሰፊ ምርጫ",
        "የአውሮፕላን ቲኬት ወደ ዱባይ",
        "Qualified candidates may apply",
    ],
)
def test_words_that_mean_it_only_together_or_name_a_place_stop_nobody(text: str) -> None:
    assert judge(text).verdict == "allow"


@pytest.mark.parametrize(
    "text",
    [
        "Evening gown, available in wine and emerald",
        "Chiffon hijab: black, wine, teal",
        "Wine-coloured velvet sofa with five seats",
        "Lipstick no. 14, shade: wine",
        "የሴቶች ቦርሳ፣ ቀለም፦ ጥቁር፣ ወይን ጠጅ እና ቡናማ",
        "ባለ ወይን ጠጅ ቀለም መጋረጃ",
        "የወይን ጠጅ ከረባት ለሙሽራ",
        "yesetoch kemis, kelem: tikur, weyin tej",
        "Isopropyl alcohol 99% for cleaning circuit boards, medical grade",
        "Surface disinfectant with 75% alcohol",
        "Alcohol-free mouthwash, mint",
        "Perfume oil, contains no alcohol",
        "የእጅ ሳኒታይዘር፣ 70% አልኮል ያለው",
        "ቁስል ለማፅዳት የሚሆን አልኮል እና ጥጥ",
        "አልኮል የሌለበት ሽቶ",
        "yeij sanitayzer, 70% alcohol",
        "Smoking cigarettes is not allowed in our rooms",
        "USB charger for the cigarette lighter socket",
        "Two-day tour of the painted churches and the castles of Gondar",
        "Half-day guided walk to the old mosque and the market of Harar",
        "የጥንታዊ ገዳማት እና የፋሲል ግንብ ጉብኝት",
        "ውቅር ቤተ ክርስቲያናትን ከአስጎብኚ ጋር ይጎብኙ",
        "On the second day we visit the painted monastery church",
        "የጎንደርን ደብረ ብርሃን ሥላሴ ቤተ ክርስቲያን ይጎብኙ",
        "White netela for church and holidays",
        "Cakes and halls for weddings and baptism",
        "Champagne gold phone case",
        "Rifle scope pack for the PlayStation",
        "የልጆች መጫወቻ ሽጉጥ",
        "Karate and self-defence classes for girls",
        "Women's shoes in a shop near you",
        "Cocktail dress in emerald",
        "የእግር ኳስ ጨዋታ ለማየት የሚሆን ቴሌቪዥን",
        "Room behind the parliament, 9,000 birr",
        "Nude heels, sizes 36 to 40",
        "Spray that kills insects: we kill all cockroaches",
        "Cracked screen repair in one hour",
        "Counterfeit money detector with UV lamp",
        "Please never write '100% guaranteed' in the ad",
        'The words "miracle" and "instant cure" must not be used.',
        "Don't claim that it cures diabetes",
        "«መቶ በመቶ ውጤት» ብላችሁ እንዳትጽፉ",
        "«ተአምራዊ» የሚል ቃል አይጠቀሙ",
        "ስኳርን ይፈውሳል ብላችሁ አትጻፉ",
        "'miracle' bilachihu endatitsafu",
    ],
)
def test_neighbours_make_a_word_harmless(text: str) -> None:
    assert judge(text).evidence == ()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Red wine and white wine, 900 birr a bottle", "5.9"),
        ("Imported wine with a deep colour and rich taste", "5.9"),
        ("Free wine with every dress tonight", "5.9"),
        ("ጣፋጭ ወይን ጠጅ በጠርሙስ", "5.9"),
        ("ማር ጠጅ በሊትር", "5.9"),
        ("Cigarettes, free delivery", "5.9"),
        ("Alcohol free delivery in Bole", "5.9"),
        ("Alcohol and soft drinks, medical staff welcome", "5.9"),
        ("አልኮል ያለው መጠጥ", "5.9"),
        ("70% alcohol for your party", "5.9"),
        ("Sunday service in our historic church", "5.5"),
        ("Join our church, guided prayer included", "5.5"),
        ("Donate for the ancient mosque", "5.5"),
        ("Visit the true church and be saved", "5.5"),
        ("ቤተ ክርስቲያናችንን እሁድ ይጎብኙ", "5.5"),
        ("ለጥንታዊው ቤተ ክርስቲያን ግንባታ መዋጮ", "5.5"),
        ("No betting experience needed, win today", "5.6"),
        ("ይህ ቁማር አይደለም፣ ዛሬ ይመዝገቡ", "5.6"),
        ("Nude photos and videos, any colour", "5.1"),
        ("Never miss a jackpot", "5.6"),
        ("Never say no to a casino night", "5.6"),
        ("Write '100% guaranteed', never write 'maybe'", "5.4"),
        ("A miracle tea! Don't say we did not tell you", "5.4"),
        ("Shipping is free. This cures diabetes", "5.8"),
    ],
)
def test_neighbours_that_only_look_harmless_clear_nothing(text: str, rule: str) -> None:
    assert rule in judge(text).rules


def test_a_neighbour_in_another_sentence_clears_nothing() -> None:
    assert judge("Hand sanitizer. Alcohol of all kinds").rules == ("5.9",)
    assert judge("Colours: black, navy\nWine from Ziway").rules == ("5.9",)


def test_what_is_said_in_a_roundabout_way_is_caught_more_often_than_not() -> None:
    figures, _ = measure("roundabout")
    assert figures["caught_share"] >= 0.6  # type: ignore[operator]
    assert figures["false_alarm_share"] <= 0.03  # type: ignore[operator]


@pytest.mark.parametrize("name", [name for name in SETS if name != "roundabout"])
def test_the_tags_are_caught_and_ordinary_sentences_let_through(name: str) -> None:
    figures, _ = measure(name)
    assert figures["caught_share"] >= 0.95  # type: ignore[operator]
    assert figures["false_alarm_share"] <= 0.03  # type: ignore[operator]


def test_a_clients_rule_has_contexts_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "client.yaml").write_text(
        "rules: {mine: {verdict: needs_review, en: [cheap], contexts: [{before: [dirt], near: ['flights?']}]}}",
        encoding="utf-8",
    )
    policy = Policy.with_clients(tmp_path)
    assert policy.judge("cheap shoes").rules == ("mine",)
    assert policy.judge("dirt-cheap shoes").rules == policy.judge("cheap weekend flights").rules == ()


RULE = """rules:
  client-competitors:
    name: competitors by name
    verdict: needs_review
    tag: competitor
    am: ["ናሙና ገበያ"]
    en: ['sample market']
"""


def test_a_client_adds_rules_by_file(tmp_path: Path) -> None:
    assert Policy.with_clients(tmp_path / "none") is ours()
    (tmp_path / "client.yaml").write_text(RULE, encoding="utf-8")
    policy = Policy.with_clients(tmp_path)
    judgement = policy.judge("ከናሙና ገበያዎች ይልቅ ከእኛ ይግዙ")
    assert (judgement.verdict, judgement.rules) == ("needs_review", ("client-competitors",))
    assert judgement.tags == ("competitor",)
    assert policy.judge("የስፖርት ውርርድ").rules == ("5.6",)
    assert judge("ከናሙና ገበያ").verdict == "allow"
    assert policy.version.startswith(f"{ours().version}+")


def test_a_clients_rules_are_compiled_once_and_again_when_their_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "client.yaml"
    file.write_text(RULE, encoding="utf-8")
    before = Policy.with_clients(tmp_path)
    assert Policy.with_clients(tmp_path) is before
    file.write_text(RULE.replace("ናሙና ገበያ", "ሌላ ናሙና ገበያ ቤት"), encoding="utf-8")
    assert before.judge("ሌላ ናሙና ገበያ ቤት").verdict == "needs_review"
    assert Policy.with_clients(tmp_path).judge("ናሙና ገበያ").verdict == "allow"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "cannot be read"),
        ("words: []", "no rules in it"),
        ("rules: {mine: {verdict: allow, en: [a]}}", "needs a verdict"),
        ("rules: {mine: {verdict: refuse, words: [a]}}", "needs a verdict"),
        ("rules: {mine: {verdict: refuse, parts: [{verdict: allow, en: [a]}]}}", "the verdict of a part"),
        ("rules: {'5.6': {verdict: refuse, en: [a]}}", "is there already"),
        ("rules: {mine: {verdict: refuse, en: ['(']}}", "cannot be used"),
        ("rules: {mine: {verdict: refuse, en: [a], contexts: [{by: [b]}]}}", "a context has"),
    ],
)
def test_a_clients_wrong_rule_file_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "client.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BriefError, match=said):
        Policy.with_clients(tmp_path)
