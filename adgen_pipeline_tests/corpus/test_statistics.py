from collections import Counter
from datetime import date
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.corpus import documents, statistics
from adgen_pipeline.exploration_schemas import NGRAMS, WORD_FREQUENCIES
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import DOCUMENTS
from adgen_pipeline.text.amharic import normalise, words
from adgen_pipeline_tests.corpus.posts import post, table

TEXTS = ["አዲስ ጫማ እና ቦርሳ በ 1200 ብር", "አዲስ ጫማ እና ሸሚዝ በ 900 ብር", "ጥቁር ቦርሳ ዛሬ መጣ Samsung samsung"]
DAYS = [date(2025, 1, 7), date(2025, 1, 8)]  # the posts are sent on three days from 2025-01-06
RECIPE = CorpusRecipe(validation_from=DAYS[0], test_from=DAYS[1])
PIECES = ["አዲስ", "ጫማ", "ዓለም", "ት/ቤት", "በ12%", "Samsung", "(ሱቅ)", "1,500", "🔥", "ብር።", "ዋጋ:"]


@pytest.fixture(scope="module")
def kept() -> pl.LazyFrame:
    rows = [post(text, n, hour=25 * n - 24) for n, text in enumerate(TEXTS, 1)]
    posts = table([*rows, post(TEXTS[0] + " ነገ ይምጡ", 1, channel_id=2)])
    return documents.build(posts, recipe=RECIPE).documents.lazy()


def corpus(*texts: str) -> pl.LazyFrame:
    """Documents of these texts, in channels by turns."""
    rows = [
        {"channel_id": 1 + n % 2, "message_id": n, "post": text, "text": text} for n, text in enumerate(texts)
    ]
    return DOCUMENTS.frame(rows).lazy()


def counted(ngrams: pl.DataFrame) -> dict[str, tuple[int, int, int, int]]:
    return {
        row["ngram"]: (row["n"], row["count"], row["documents_count"], row["channels_count"])
        for row in ngrams.iter_rows(named=True)
    }


def test_word_counts_are_those_of_counting_by_hand(kept: pl.LazyFrame) -> None:
    found = statistics.word_frequencies(kept)
    assert WORD_FREQUENCIES.violations(found) == []
    rows = {row["word"]: row for row in found.iter_rows(named=True)}
    assert (rows["ጫማ"]["count"], rows["ጫማ"]["documents_count"], rows["ጫማ"]["channels_count"]) == (3, 3, 2)
    assert (rows["samsung"]["count"], rows["samsung"]["documents_count"]) == (2, 1)
    assert rows["እና"]["is_stop_word"]
    assert not rows["ጫማ"]["is_stop_word"]
    assert "1200" not in rows
    assert found["share"].sum() == pytest.approx(1)


def test_ngrams_stay_within_a_document_and_leave_numbers_out(kept: pl.LazyFrame) -> None:
    found = statistics.ngrams(kept)
    assert NGRAMS.violations(found) == []
    counts = counted(found)
    assert counts["አዲስ ጫማ"] == (2, 3, 3, 2)
    assert counts["አዲስ ጫማ እና"] == (3, 3, 3, 2)
    assert not any("ብር አዲስ" in ngram or "1200" in ngram for ngram in counts)


def test_a_phrase_ends_with_its_line() -> None:
    counts = counted(statistics.ngrams(corpus("ጥሩ ሱቅ\nቦሌ መድኃኔዓለም", "ጥሩ ሱቅ\nቦሌ መድኃኔዓለም")))
    assert set(counts) == {"ጥሩ ሱቅ", normalise("ቦሌ መድኃኔዓለም")}


@pytest.mark.parametrize(
    "contact",
    [
        "abc.sample@example.com",
        "@abc_sample_shop",
        "t.me/abc_sample",
        "https://example.com/a",
        "ስልክ0900000012",
        "#ሱቅ_ቤት",
    ],
)
def test_contacts_and_tags_are_no_words_and_end_phrases(contact: str) -> None:
    text = f"ጥሩ {contact} ሱቅ ነው"
    frequencies = statistics.word_frequencies(corpus(text))
    assert set(frequencies["word"]) == {"ጥሩ", "ሱቅ", "ነው"}
    assert "ጥሩ ሱቅ" not in counted(statistics.ngrams(corpus(text, text)))


def test_emoji_and_their_invisible_parts_do_not_stick_to_words() -> None:
    frequencies = statistics.word_frequencies(corpus("✔️ውስን ✔️ ውስን 1️⃣ኛ"))
    assert dict(frequencies.select("word", "count").iter_rows()) == {"ውስን": 2, "ኛ": 1}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.lists(st.sampled_from(PIECES), max_size=6), min_size=1, max_size=3),
        min_size=1,
        max_size=5,
    )
)
def test_counts_are_those_of_going_through_the_posts_word_by_word(posts: list[list[list[str]]]) -> None:
    texts = ["\n".join(" ".join(line) for line in lines) for lines in posts]
    in_lines = [[words(normalise(line.lower())) for line in text.split("\n")] for text in texts]
    singles = Counter(
        word for lines in in_lines for line in lines for word in line if any(c.isalpha() for c in word)
    )
    found = statistics.word_frequencies(corpus(*texts))
    assert dict(found.select("word", "count").iter_rows()) == singles

    by_document = [
        [
            " ".join(pair)
            for line in lines
            for pair in pairwise(line)
            if all(any(c.isalpha() for c in w) for w in pair)
        ]
        for lines in in_lines
    ]
    pairs = Counter(pair for pairs in by_document for pair in pairs)
    spread = Counter(pair for pairs in by_document for pair in set(pairs))
    expected = {pair: (2, count, spread[pair]) for pair, count in pairs.items() if spread[pair] > 1}
    two = {
        name: values[:3]
        for name, values in counted(statistics.ngrams(corpus(*texts))).items()
        if values[0] == 2
    }
    assert two == expected


def test_counts_do_not_depend_on_how_documents_are_sliced(
    kept: pl.LazyFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (statistics.word_frequencies(kept), statistics.ngrams(kept))
    monkeypatch.setattr(statistics, "SLICE_ROWS", 1)
    assert statistics.word_frequencies(kept).equals(whole[0])
    assert statistics.ngrams(kept).equals(whole[1])
