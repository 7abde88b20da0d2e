from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.evaluation import catalogue, metrics
from adgen_pipeline.evaluation.metrics import Answer, Case
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline_tests.evaluation.ads import AD, BRIEF, SLOTTED

CASE = Case(BRIEF, AD, SLOTTED)


def value(metric: str, text: str, slotted: str = SLOTTED, case: Case = CASE) -> float:
    measure = catalogue.BY_NAME[metric].measure
    assert measure is not None
    return measure(case, Answer(text, slotted))


def plain_chrf(hypothesis: str, reference: str) -> float:
    """ChrF2 after Popović (2015), written again: character 1- to 6-grams, spaces left out, F with beta 2."""
    left, right = "".join(hypothesis.split()), "".join(reference.split())
    scores = []
    for n in range(1, 7):
        a = Counter(left[i : i + n] for i in range(len(left) - n + 1))
        b = Counter(right[i : i + n] for i in range(len(right) - n + 1))
        if not a or not b:
            continue
        shared = sum((a & b).values())
        scores.append((shared / sum(a.values()), shared / sum(b.values())))
    precision = sum(p for p, _ in scores) / len(scores)
    recall = sum(r for _, r in scores) / len(scores)
    return 100 * 5 * precision * recall / (4 * precision + recall) if precision + recall else 0.0


def test_chrf_equals_an_independent_computation_on_phonetic_keys() -> None:
    text = "አዲስ የወንዶች ጫማ ገብቷል ለማዘዝ ይደውሉ ዋጋ ቅናሽ"
    assert value("chrf", text) == pytest.approx(plain_chrf(search_key(text), search_key(AD)), abs=0.05)


def test_the_real_post_is_perfect_and_homophone_spellings_change_nothing() -> None:
    assert value("chrf", AD) == pytest.approx(100)
    assert value("chrf_masked", AD) == pytest.approx(100)
    respelled = AD.replace("ኃ", "ሀ").replace("ዓ", "አ")
    assert respelled != AD
    assert value("chrf", respelled) == pytest.approx(100)


def test_masked_chrf_sees_kinds_of_facts_and_not_their_values() -> None:
    other_price = SLOTTED.replace("⟨price_1⟩", "9,900 ብር")
    assert value("chrf_masked", AD, other_price) == pytest.approx(100)
    assert value("chrf_masked", AD, SLOTTED.replace("⟨price_1⟩", "⟨phone_1⟩")) < 100
    assert value("chrf", AD.replace("1,700", "9,900")) < 100


@pytest.mark.parametrize(
    ("text", "recall", "precision"),
    [
        pytest.param(AD, 1.0, 1.0, id="all facts, as the brief writes them"),
        pytest.param(AD.replace("+251 900 000 001", "0900000001"), 1.0, 1.0, id="a phone written otherwise"),
        pytest.param(AD.replace("1,700 ብር", "1700 ብር"), 1.0, 1.0, id="a price without its comma"),
        pytest.param(AD.replace("መድኃኔዓለም", "መድሀኔአለም"), 1.0, 1.0, id="a place in other homophones"),
        pytest.param(AD.replace("1,700", "1,900"), 2 / 3, 0.5, id="a wrong price"),
        pytest.param(AD + "\n@abc_sample_shop", 1.0, 2 / 3, id="an invented handle"),
        pytest.param("የሴቶች ጫማ", 0.0, 1.0, id="no fact: nothing is invented, all is missing"),
    ],
)
def test_facts_are_compared_by_value(text: str, recall: float, precision: float) -> None:
    assert value("fact_recall", text) == pytest.approx(recall)
    assert value("fact_precision", text) == pytest.approx(precision)


def test_a_bare_number_is_supported_by_the_same_digits_in_the_brief_and_no_other_number_is() -> None:
    assert metrics.invented_facts(BRIEF, "ጫማ 1700 ብቻ") == []
    assert [fact.text for fact in metrics.invented_facts(BRIEF, "ጫማ 42 ቁጥር")] == ["42"]


def test_numbers_of_several_facts_written_together_are_supported_and_a_new_one_among_them_is_not() -> None:
    brief = Brief(product="ሩዝ 4 ኪሎ", features=("9 ኪሎ",))
    assert metrics.invented_facts(brief, "ሩዝ 4 / 9 ኪሎ") == []
    assert len(metrics.invented_facts(brief, "ሩዝ 4 / 8 ኪሎ")) == 1


def test_a_fact_within_the_words_of_a_brief_is_no_invention() -> None:
    brief = Brief(product="ስልክ 128GB", description="ዋስትና 12 ወር", features=("⟨brand_7⟩",))
    assert metrics.invented_facts(brief, "ስልክ 128GB ከ 12 ወር ዋስትና ጋር") == []
    assert len(metrics.invented_facts(brief, "7 ቀለም")) == 1  # the number of a slot states nothing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("ሀ ለ ሐ መ", 1.0, id="once"),
        pytest.param("ሀ ለ መ ሰ ሀ ለ መ ሰ ሀ ለ መ ሰ", 3.0, id="three times"),
        pytest.param("ፀሐይ ለ መ ሰ፣ ጸሀይ ለ መ ሰ", 2.0, id="spelled with homophones"),
        pytest.param("ሀ ለ", 0.0, id="too short for four words"),
    ],
)
def test_repetition_counts_the_most_frequent_four_words(text: str, expected: float) -> None:
    assert value("repetition", text) == expected


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        pytest.param("", "it is empty", id="empty"),
        pytest.param(AD + " ⟨phone_2⟩", "1 slots are not filled", id="an open slot"),
        pytest.param(AD.replace("1,700 ብር", ""), "not stated: price", id="a missing price"),
        pytest.param(AD + " 0900000002 0900000003", "not in the brief: 2 phones", id="others' phones"),
        pytest.param(AD + " hello" * 60, "letters are Ethiopic", id="English"),
        pytest.param(AD + " ጥሩ ጫማ ይግዙ ዛሬ" * 3, "the same four words 3 times", id="repetitive"),
    ],
)
def test_every_defect_is_named_and_makes_the_ad_unacceptable(text: str, defect: str) -> None:
    assert any(defect in found for found in metrics.defects(CASE, Answer(text, text)))
    assert value("acceptable", text, text) == 0.0


def test_an_ad_of_latin_names_is_judged_by_its_own_words() -> None:
    names = "Samsung Galaxy Buds Wireless Earphones International Original Edition"
    brief = Brief(product=names, facts=(BriefFact(slot="⟨product_1⟩", text=names, value=names),))
    case = Case(brief, AD, SLOTTED)
    own = Answer(f"{names} አሁን ገብቷል ይምጡ", "⟨product_1⟩ አሁን ገብቷል ይምጡ")
    assert metrics.ethiopic_share(case, own) < metrics.MINIMUM_ETHIOPIC_SHARE
    assert metrics.defects(case, own) == []
    assert metrics.defects(case, Answer(f"{names} now in our shop", "⟨product_1⟩ now in our shop")) != []
    assert metrics.defects(case, Answer(names, "⟨product_1⟩")) != []


def test_a_good_ad_is_acceptable() -> None:
    assert metrics.defects(CASE, Answer(AD, SLOTTED)) == []


@given(st.text(max_size=200))
def test_any_text_has_all_metrics_within_their_ranges(text: str) -> None:
    for metric in catalogue.OF_ONE:
        found = value(metric.name, text, text)
        assert (
            0 <= found <= (1 if metric.is_share else 101 if metric.name.startswith(("chrf", "bleu")) else 1e9)
        )


def test_every_metric_says_what_it_means() -> None:
    assert all(m.title and m.meaning and m.name == name for name, m in catalogue.BY_NAME.items())
    assert all(m.measure is None or m.measure.__doc__ for m in catalogue.BY_NAME.values())
    assert set(catalogue.MAIN) <= set(catalogue.BY_NAME)
    assert len(catalogue.BY_NAME) == len(catalogue.ALL)
