from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.errors import DataError
from adgen_pipeline.index.documents import chunk, read_chunks

SENTENCE_LENGTHS = st.lists(st.integers(min_value=1, max_value=30), max_size=12)


def test_a_chunk_ends_where_a_sentence_ends_and_the_next_repeats_its_end() -> None:
    text = "አንድ ሁለት ሦስት። አራት አምስት ስድስት። ሰባት። ስምንት ዘጠኝ አሥር።"
    assert list(chunk(text, words=7)) == [
        "አንድ ሁለት ሦስት። አራት አምስት ስድስት። ሰባት።",
        "ሰባት። ስምንት ዘጠኝ አሥር።",
    ]


def test_a_sentence_longer_than_a_chunk_is_cut_between_words() -> None:
    assert list(chunk("አንድ ሁለት ሦስት አራት አምስት", words=2)) == ["አንድ ሁለት", "ሦስት አራት", "አምስት"]


def test_a_text_without_words_has_no_chunks() -> None:
    assert list(chunk(" \n\n ", words=10)) == []


@given(SENTENCE_LENGTHS, st.integers(min_value=1, max_value=40))
def test_no_chunk_is_too_long_and_no_word_is_lost(lengths: list[int], words: int) -> None:
    numbers = iter(range(sum(lengths)))
    text = "\n".join(" ".join(f"ቃል{next(numbers)}" for _ in range(length)) + "።" for length in lengths)
    end = 0  # words said so far
    for piece in chunk(text, words=words):
        said = [int(word.strip("ቃል።")) for word in piece.split()]
        assert len(said) <= words
        assert said == list(range(said[0], said[0] + len(said)))
        assert said[0] <= end < said[0] + len(said)
        end = said[0] + len(said)
    assert end == sum(lengths)


def test_documents_of_every_advertiser_are_read_in_order(tmp_path: Path) -> None:
    for name, text in {
        "b-shop/terms.txt": "ዋስትና አለ።",
        "a-shop/about.md": "# ስለ እኛ",
        "a-shop/photo.jpg": "no text",
        "a-shop/.hidden.md": "ድብቅ",
        ".trash/old.md": "አሮጌ",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert [(c.advertiser, c.source) for c in read_chunks(tmp_path, chunk_words=80)] == [
        ("a-shop", "about.md#1"),
        ("b-shop", "terms.txt#1"),
    ]


def test_documents_of_a_forgotten_advertiser_are_not_read(tmp_path: Path) -> None:
    for name in ("a-shop", "b-shop"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "terms.md").write_text("ዋስትና አለ።", encoding="utf-8")
    chunks = read_chunks(tmp_path, chunk_words=80, forgotten={"a-shop"})
    assert [chunk.advertiser for chunk in chunks] == ["b-shop"]


def test_a_missing_folder_means_no_documents(tmp_path: Path) -> None:
    assert read_chunks(tmp_path / "advertisers", chunk_words=80) == []


def test_a_file_that_is_not_utf_8_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "terms.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"terms\.txt: not UTF-8"):
        read_chunks(tmp_path, chunk_words=80)
