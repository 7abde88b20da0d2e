"""Metrics of all answers of a system, each on ads made to be good and bad in just that."""

import pytest

from adgen_pipeline.evaluation import catalogue
from adgen_pipeline.evaluation.background import Background
from adgen_pipeline.evaluation.metrics import Answer, Case
from adgen_pipeline.evaluation.overlap import sentence_bleu
from adgen_pipeline.text.brief import Brief
from adgen_pipeline_tests.evaluation.ads import AD, BRIEF, SLOTTED, background

CASE = Case(BRIEF, AD, SLOTTED)
POSTS = (
    "አዲስ የሴቶች ጫማ አስገብተናል ጥራቱን የጠበቀ እና ለረጅም ጉዞ ምቹ የሆነ",
    "ዘመናዊ የቤት ዕቃዎችን በተመጣጣኝ ዋጋ ከእኛ ያገኛሉ ለበለጠ መረጃ ይደውሉልን",
)


def values(
    metric: str, texts: list[str], known: Background | None = None, case: Case = CASE
) -> list[float | None]:
    given = [Answer(text, text) for text in texts]
    return catalogue.OF_ALL[metric]([case] * len(texts), given, known or background(POSTS))


def test_a_copied_run_is_as_long_as_the_run_and_ordinary_phrases_are_none() -> None:
    found = values(
        "copied_run",
        [
            POSTS[0],
            "ይህ ጫማ ጥራቱን የጠበቀ እና ለረጅም መንገድ ነው",
            "ጥራቱን የጠበቀ እና ጠንካራ",
            "ዘመናዊ የቤት እቃዎችን በተመጣጣኝ ዋጋ",
            "",
        ],
    )
    # whole; four words; three are an ordinary phrase; ዕ and እ are one letter; nothing
    assert found == [11.0, 4.0, 0.0, 5.0, 0.0]


def test_a_fact_of_the_brief_ends_a_run() -> None:
    assert values("copied_run", ["ጥራቱን የጠበቀ እና ለረጅም ⟨price_1⟩ ጉዞ ምቹ የሆነ"]) == [4.0]
    assert values("copied_run", ["ጥራቱን የጠበቀ ⟨price_1⟩ እና ለረጅም"]) == [0.0]


def test_a_run_may_end_in_one_post_and_be_longer_in_another() -> None:
    known = background(("ሀሁ ለሉ መሙ ሰሱ ረሩ", "ለሉ መሙ ሰሱ ረሩ ቀቁ በቡ"))
    assert values("copied_run", ["ሀሁ ለሉ መሙ ሰሱ ረሩ ቀቁ በቡ"], known) == [6.0]


def test_words_that_nobody_wrote_are_counted_in_a_row() -> None:
    invented = "ብርንጭላ ጥቅልሽማ ቅጥርንበሎ"
    found = values("unseen_run", [POSTS[0], f"አዲስ ጫማ {invented}", "አዲስ ብርንጭላ ጫማ ጥቅልሽማ ምቹ", "ጫማዎችን ለጉዞ"])
    assert found == [0.0, 3.0, 1.0, 0.0]
    assert values("no_unseen_run", [POSTS[0], f"አዲስ ጫማ {invented}"]) == [1.0, 0.0]
    of_the_brief = Case(Brief(product=invented), AD, SLOTTED)
    assert values("unseen_run", [invented], case=of_the_brief) == [0.0]


def test_letters_alone_make_no_amharic_word() -> None:
    found = values("amharic_word_share", ["አዲስ ጫማ", "አዲስ ብርንጭላ", "አዲስ shoes", "⟨price_1⟩", "12 3"])
    assert found == [1.0, 0.5, 0.5, None, None]


def test_distinct_n_of_equally_long_ads_is_the_share_of_distinct_n_grams() -> None:
    texts = ["ሀሁ ለሉ መሙ ሰሱ", "ሀሁ ለሉ ረሩ ሰሱ", "ቀቁ በቡ ተቱ ቸቹ"]
    words = [word for text in texts for word in text.split()]
    shares = [share for share in values("distinct_1", texts) if share is not None]
    assert sum(shares) / 3 == pytest.approx(len(set(words)) / len(words))
    assert values("distinct_2", ["ሀሁ ለሉ መሙ", "ሀሁ ለሉ መሙ"]) == [0.5, 0.5]
    assert values("distinct_2", ["ሀሁ"]) == [None]


def test_slots_are_no_words_of_the_writer() -> None:
    assert values("distinct_1", ["ሀሁ ⟨price_1⟩", "ለሉ ⟨price_1⟩"]) == [1.0, 1.0]


def test_self_bleu_is_100_for_one_ad_over_and_over_and_low_for_ads_of_their_own() -> None:
    same = values("self_bleu", [POSTS[0]] * 3)
    assert same == pytest.approx([100.0] * 3)
    own = values("self_bleu", ["ሀሁ ለሉ መሙ ሰሱ", "ረሩ ቀቁ በቡ ተቱ", "ነኑ ከኩ ወዉ ዘዙ"])
    assert all(value is not None and value < 1 for value in own)
    assert values("self_bleu", [POSTS[0]]) == [None]


def test_bleu_equals_the_worked_example() -> None:
    # 4 of 5 words, 3 of 4 pairs, 2 of 3 triples, 1 of 2 quadruples; as long as the reference
    assert sentence_bleu("a b c d x", ["a b c d e"]) == pytest.approx(
        100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    )


def test_bleu_by_phonetic_key_takes_homophones_for_one_letter_and_plain_bleu_does_not() -> None:
    respelled = AD.replace("ኃ", "ሀ").replace("ዓ", "አ")
    answer = Answer(respelled, SLOTTED)
    measures = {m.name: m.measure for m in catalogue.OF_ONE}
    assert measures["bleu"] is not None
    assert measures["bleu_plain"] is not None
    assert measures["chrf_plain"] is not None
    assert measures["bleu"](CASE, answer) == pytest.approx(100)
    assert measures["bleu_plain"](CASE, answer) < 100
    assert measures["chrf_plain"](CASE, answer) < 100
    assert measures["bleu"](CASE, Answer("", "")) == 0.0


def test_the_vertical_is_kept_by_an_ad_for_the_same_thing_and_not_by_another() -> None:
    phone = "ሳምሰንግ ጋላክሲ ስልክ 128GB ዋጋ 25,000 ብር ስልክ 0900000001 ለማዘዝ ይደውሉ"
    case = Case(Brief(product="ስልክ"), phone, phone)
    shoes = "የቆዳ ጫማ ሳይዝ 40 ዋጋ 2,500 ብር ለማዘዝ 0900000001 ይደውሉ"
    assert values("vertical_consistency", [phone, shoes], case=case) == [1.0, 0.0]
    silent = Case(Brief(product="ነገር"), "ሰላም ለሁላችሁ", "ሰላም ለሁላችሁ")
    assert values("vertical_consistency", [phone], case=silent) == [None]


def test_an_ad_in_the_briefs_words_is_nearer_to_it_than_another() -> None:
    near, far = values("brief_similarity", ["የሴቶች ጫማ ለረጅም ጉዞ ምቹ", "phone 128GB"])
    assert near is not None
    assert far is not None
    assert near > 0.9 > far
    bare = Case(Brief(product="⟨price_1⟩"), AD, SLOTTED)
    assert values("brief_similarity", [AD], case=bare) == [None]


def test_what_stands_beyond_the_training_split_is_unknown() -> None:
    assert values("unseen_run", ["ጥቅልሽማ"], background(())) == [1.0]
