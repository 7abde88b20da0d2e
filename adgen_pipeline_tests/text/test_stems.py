import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.text.stems import stem, stem_key, word_key

ETHIOPIC = st.text(
    st.characters(min_codepoint=0x1200, max_codepoint=0x135A, categories=["Lo"]), min_size=1, max_size=12
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param("ጫማዎች", "ጫማ", id="plural"),
        pytest.param("ጫማዎችን", "ጫማ", id="plural with object marker"),
        pytest.param("በላፕቶፕ", "ላፕቶፕ", id="preposition"),
        pytest.param("የመኪናችን", "መኪና", id="genitive and suffix"),
        pytest.param("የተማሪዎችንም", "ተማሪ", id="suffixes one after the other"),
        pytest.param("በግ", "በግ", id="a short word keeps what only looks like a prefix"),
        pytest.param("ብር", "ብር", id="a short word stays"),
        pytest.param("Leather SHOES!", "leather shoes", id="Latin words in lower case"),
        pytest.param("ዋጋ፦ 45,000 ብር", "ዋጋ 45 000 ብር", id="punctuation separates"),
        pytest.param("ቤት፡ለ፡ኪራይ", "ቤት ለ ኪራይ", id="Ethiopic word separators separate"),
        pytest.param("🎉 — …", "", id="no words"),
    ],
)
def test_words_become_stems(text: str, key: str) -> None:
    assert stem_key(text) == key


@pytest.mark.parametrize("spelling", ["ዓመት", "አመት", "ኣመት", "ዐመት"])
def test_spellings_that_sound_alike_have_one_stem(spelling: str) -> None:
    assert stem_key(spelling) == stem_key("አመት")


@given(ETHIOPIC)
def test_a_stem_is_never_empty_and_is_a_part_of_its_word(word: str) -> None:
    from_word = stem_key(word)
    assert from_word
    assert len(from_word) <= len(word)


@given(st.text(max_size=200))
def test_a_key_holds_words_and_single_spaces_only(text: str) -> None:
    key = stem_key(text)
    assert key == " ".join(key.split())
    assert all(character.isalnum() or character == " " for character in key)


@given(
    st.text(
        st.one_of(
            st.sampled_from("አበገዓሃኣ፡፣።\u135f@#./:_-'’ \n\u00a0aBΣİ19"),
            st.characters(min_codepoint=0x1200, max_codepoint=0x139F),
            st.characters(exclude_categories=["Cs"]),
        ),
        max_size=40,
    )
)
def test_keys_are_those_of_the_text_read_as_a_whole(text: str) -> None:
    without = re.sub("[\u135d-\u135f]", "", search_key(text)).lower()
    words = re.findall(r"[^\W_]+", without)
    assert word_key(text) == " ".join(words)
    assert stem_key(text) == " ".join(map(stem, words))
