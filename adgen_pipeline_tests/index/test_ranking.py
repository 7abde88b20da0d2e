import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from adgen_pipeline.index.learning import DEFAULT_WEIGHTS, learn
from adgen_pipeline.index.queries import varied
from adgen_pipeline.index.ranking import PARTS, Frequencies, QueryTerms, Tokens, fuse, text_parts
from adgen_pipeline.text.stems import stem_key, word_key

TEXTS = ("የመኪና ጎማ ለክረምት", "ጎማ የመኪና", "መኪና ብቻ", "ሶፋ ለሳሎን")


def _known() -> Frequencies:
    return Frequencies.of(pl.Series([stem_key(text) for text in TEXTS]))


def _parts(query: str) -> np.ndarray:
    return text_parts(QueryTerms.of(query), _tokens(TEXTS), _known())


def _tokens(texts: Sequence[str]) -> Tokens:
    return Tokens.of([(stem_key(text), word_key(text)) for text in texts])


def test_stems_are_scored_as_bm25() -> None:
    # ጎማ stands in 2 of 4 texts, which have 9 words; the second has 2 of them: idf = ln(1 + 2.5 / 2.5)
    expected = np.log(2) * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 / 2.25))
    assert np.isclose(_parts("ጎማዎች")[1, 0], expected)


def test_words_as_written_and_neighbours_count_for_themselves() -> None:
    stems, words, pairs, opening = _parts("የመኪና ጎማ").T
    assert stems[0] > 0
    assert stems[2] > 0  # የመኪና and መኪና have one stem
    assert words[2] == 0
    assert list(pairs > 0) == [True, False, False, False]
    assert list(opening > 0) == [True, True, True, False]


def test_frequencies_of_texts_that_come_are_added() -> None:
    some, others = (Frequencies.of(pl.Series([stem_key(t) for t in part])) for part in (TEXTS[:1], TEXTS[1:]))
    both = some.plus(others)
    assert np.array_equal(both.counts, _known().counts)
    assert (both.texts, both.words) == (_known().texts, _known().words)


def test_a_text_without_words_is_counted_as_a_text() -> None:
    known = Frequencies.of(pl.Series(["", "ጎማ"]))
    assert (known.texts, known.words) == (2, 1)


def test_fusion_weighs_standardised_parts_and_an_even_part_adds_nothing() -> None:
    parts = np.array([[0.9, 5.0], [0.5, 5.0], [0.1, 5.0]])  # the first standardised: 1.2247, 0, -1.2247
    assert np.allclose(fuse(parts, [0.5, 3.0]), [0.6124, 0, -0.6124], atol=1e-4)


def _samples(part: str, count: int) -> list[tuple[np.ndarray, int]]:
    """Queries whose answer is first by one part, and anywhere by the others."""
    draw = np.random.default_rng(7)
    samples = []
    for _ in range(count):
        parts = draw.normal(size=(20, len(PARTS)))
        answer = int(draw.integers(20))
        parts[answer, PARTS.index(part)] = 3.0
        samples.append((parts, answer))
    return samples


def test_the_part_that_finds_the_answers_weighs_most() -> None:
    weights = learn(_samples("words", 100))
    assert max(weights, key=lambda part: weights[part]) == "words"
    assert all(weight >= 0 for weight in weights.values())


def test_few_queries_leave_the_default_nearly_as_it_is() -> None:
    weights = learn(_samples("opening", 1))
    assert all(abs(weights[part] - DEFAULT_WEIGHTS[part]) < 0.2 for part in PARTS)
    assert learn([]) == pytest.approx(dict(DEFAULT_WEIGHTS))


def test_a_varied_query_says_less_and_bears_another_prefix() -> None:
    query = "ቆዳ ጫማ ወንዶች ቁጥር"
    found = varied(query, random.Random(1))
    assert len(found.split()) == 3
    assert sum(word in query.split() for word in found.split()) == 2
    assert varied("leather shoes", random.Random(1)) == "leather shoes"


def test_parts_of_many_candidates_are_those_of_counting_word_by_word() -> None:
    draw = random.Random(3)
    words = ["ጎማ", "ጎማዎች", "መኪና", "የመኪና", "ሶፋ", "ለሳሎን", "ክረምት", "shoes"]
    texts = [" ".join(draw.choices(words, k=draw.randint(1, 40))) for _ in range(60)]
    known = Frequencies.of(pl.Series([stem_key(text) for text in texts]))
    terms = QueryTerms.of("የመኪና ጎማ ጎማዎች shoes አልጋ መኪና")
    found = text_parts(terms, _tokens(texts), known)
    inverse = known.inverse(terms.stems)

    def saturated(count: int, length: int) -> float:
        return count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / known.mean_words))

    for text, row in zip(texts, found, strict=True):
        stems, written = stem_key(text).split(), word_key(text).split()
        neighbours, length = list(pairwise(stems)), len(stems)
        expected = (
            sum(saturated(stems.count(stem), length) * inverse[stem] for stem in terms.stems),
            sum(
                saturated(written.count(word), length) * inverse[stem]
                for word, stem in zip(terms.words, terms.stems_of_words, strict=True)
            ),
            sum(
                saturated(neighbours.count(pair), length) * max(inverse[pair[0]], inverse[pair[1]])
                for pair in terms.pairs
            ),
            sum(inverse[stem] for stem in terms.stems if stem in stems[:12]),
        )
        assert np.allclose(row, expected)


def test_a_query_of_one_word_has_no_pairs_and_no_candidates_have_no_parts() -> None:
    assert (_parts("ጎማ")[:, 2] == 0).all()
    assert text_parts(QueryTerms.of("ጎማ"), _tokens([]), _known()).shape == (0, 4)
