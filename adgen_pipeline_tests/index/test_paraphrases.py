import random

import pytest

from adgen_pipeline.text.stems import stem_key
from benchmarks.paraphrases import in_english, paraphrased


@pytest.mark.parametrize(
    ("query", "english"),
    [
        ("የቆዳ ጫማ", "leather shoe"),
        ("የቆዳ ኮፍያ iphone", "leather cap iphone"),
        ("leather shoes", None),  # English already
        ("አቡጀዴ ከፋርማ", None),  # nothing that the lexicon knows
    ],
)
def test_english_words_stand_for_what_the_lexicon_knows(query: str, english: str | None) -> None:
    found = in_english(query)
    assert (found is None) == (english is None)
    if found is not None and english is not None:
        assert set(english.split()) <= set(found.split())
        assert found.isascii()


def test_known_words_are_said_otherwise_and_others_only_written_otherwise() -> None:
    query = "የቆዳ ጫማ ሠላም 12000"
    seen = [paraphrased(query, random.Random(seed)) for seed in range(20)]
    for found in seen:
        assert found is not None
        assert "leather shoe" in found
        assert "ጫማ" not in found
        assert found.split()[-1] == "12000"
    # the same word to the ear, however spelled and inflected
    assert len(set(seen)) > 5
    assert {stem_key(str(found).split()[2]) for found in seen} <= {stem_key("ሰላም"), stem_key("ሰላምም")}
    assert seen == [paraphrased(query, random.Random(seed)) for seed in range(20)]


def test_synonyms_of_one_language_are_used_too() -> None:
    seen = {paraphrased("hat", random.Random(seed)) for seed in range(20)}
    assert {"cap", "ኮፍያ"} <= seen
    assert "hat" not in seen


def test_a_query_without_a_known_word_is_none() -> None:
    assert paraphrased("iphone 13", random.Random(1)) is None
