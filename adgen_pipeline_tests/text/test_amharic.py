"""Levels L0, L1 and L2 of Amharic text, words and sentences."""

import unicodedata

import polars as pl
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.telegram.cleaning import clean_text
from adgen_pipeline.text.amharic import (
    HOMOPHONES,
    PHONETIC,
    STOP_WORDS,
    UNUSUAL,
    hygiene,
    hygiene_expr,
    normalise,
    normalise_expr,
    search_key,
    search_key_expr,
    sentences,
    word_counts,
    words,
)

ROWS = [
    (0x1210, 0x1200, 7),
    (0x1280, 0x1200, 7),
    (0x1220, 0x1230, 8),
    (0x12D0, 0x12A0, 7),
    (0x1338, 0x1340, 7),
]
EMOJI = ["👨‍👩‍👧", "☎️", "1️⃣", "🇪🇹", "👍🏽", "❤️‍🔥", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🧑🏾‍💻", "#️⃣", "™️"]
PIECES = st.sampled_from(
    [
        *EMOJI,
        *"ሐሓኀኃሠዐዓጸጿሗኋ",
        "ሰላም",
        " ",
        "\n",
        "\u00a0",
        "\u200b",
        "\u200d",
        "\ufe0f",
        "::",
        "፡፡",
        ":",
        "2:30",
        "#ሠላም",
        "@abc_sample_shop",
        "https://example.com/ሐ",
        "t.me/abc",
        "ዓ.ም",
        "1,500",
        "a",
        ".",
        "\r\n",
        "\x08",
        *(
            "e",
            "\u0301",
            "\u135f",
            "❤",
            "👩",
            "🏽",
            "\u20e3",
            "\ufe0e",
            "1",
            "#",
            "©",
            "፡",
            "።",
            "\u200d\u200d",
            "\u212a",
        ),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=30))


def test_the_table_is_the_customers_with_its_gaps_closed() -> None:
    expected = {
        chr(source + i): chr(target + i) for source, target, length in ROWS for i in range(length)
    }  # by code point, independent of the letters in the module
    assert expected == HOMOPHONES
    assert len(HOMOPHONES) == 36


@pytest.mark.parametrize("table", [HOMOPHONES, PHONETIC], ids=["L1", "L2"])
def test_no_target_is_a_source(table: dict[str, str]) -> None:
    assert not set(table) & set(table.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("አምስት ሺ ብር ዲጂታል ይደውሉልዎ", "አምስት ሺ ብር ዲጂታል ይደውሉልዎ"),  # amseg folds ሺ ዲ ጂ ዎ
        ("ኅ ኄ ኃ ኀ", "ህ ሄ ሃ ሀ"),  # amseg's second ኅ rule never runs, etnltk forgets ኄ, both lose the order
        ("ጸ ጹ ጺ ጻ ጼ ጽ ጾ", "ፀ ፁ ፂ ፃ ፄ ፅ ፆ"),  # amseg mixes directions
        ("ሀ ሁ ሃ ሑ ሓ", "ሀ ሁ ሃ ሁ ሃ"),  # amseg writes ሃ for ሀ, etnltk ሀ for ሃ, amnlp ሀ for ኃ
        ("ዴ ቺ ደዋ ደአ ዱካ", "ዴ ቺ ደዋ ደአ ዱካ"),  # amseg folds ዴ ቺ and makes ዷ of two letters
        ("ኌ ኻ ኼ ኹ ሷ ሧ", "ኌ ኻ ኼ ኹ ሷ ሷ"),  # etnltk confuses ኌ with ኄ, folds ኻ, forgets ሧ
        ("ሉዓላዊነት", "ሉኣላዊነት"),  # etnltk makes ሏላዊነት of it
        ("ኋላ ቋንቋ ኸረ ሗ ጿ", "ኋላ ቋንቋ ኸረ ሗ ጿ"),
        ("1.5 1,500 ነው። ነው፣", "1.5 1,500 ነው። ነው፣"),  # amnlp deletes punctuation
        ("https://example.com 2:30", "https://example.com 2:30"),  # etnltk writes ፡ for :
        ("#ሠላም @ሠላም https://example.com/ሐረር ሠላም", "#ሠላም @ሠላም https://example.com/ሐረር ሰላም"),
    ],
)
def test_bugs_of_public_normalisers_are_not_ours(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_the_key_unites_what_the_order_preserving_level_keeps_apart() -> None:
    assert normalise("ዓመት") == "ኣመት"
    assert search_key("ዓመት") == search_key("አመት") == "አመት"
    assert search_key("ሃይማኖት ሐይማኖት ኃይማኖት") == "ሀይማኖት ሀይማኖት ሀይማኖት"
    assert search_key("ሗ") == "ኋ"
    assert search_key("ኸረ") == "ኸረ"


@pytest.mark.parametrize("emoji", EMOJI)
def test_hygiene_keeps_emoji_sequences_unbroken(emoji: str) -> None:
    assert hygiene(f"ዋጋ{emoji}500") == f"ዋጋ{emoji}500"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u200db\ufe0f", "ab"),
        ("1\ufe0f ብር", "1 ብር"),
        ("\ufeffሰላም\u200b\u2060ታ", "ሰላምታ"),
        ("ዋጋ\u00a0500", "ዋጋ 500"),
        ("አንድ\r\nሁለት\rሦስት\u2028አራት", "አንድ\nሁለት\nሦስት\nአራት"),
        ("ብር\x08 500", "ብር 500"),
        ("  ሁለት   ቦታ\n\n\n", "  ሁለት   ቦታ\n\n\n"),
        ("ሠላም ዓለም", "ሠላም ዓለም"),
        ("e\u0301", "é"),
        ("e\u200d\u0301", "é"),  # composed after the joiner between has gone
        ("Ⓐ ™ 𝐁", "Ⓐ ™ 𝐁"),  # NFC, not NFKC
    ],
)
def test_hygiene_changes_nothing_but_dirt(text: str, expected: str) -> None:
    assert hygiene(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ነው፡፡", "ነው።"),
        ("ነው:: ደውሉ", "ነው። ደውሉ"),
        ("500 ብር::ደውሉ", "500 ብር።ደውሉ"),
        ("https://example.com/a::b", "https://example.com/a::b"),
        ("2::30", "2::30"),
        ("::::::", "::::::"),
        ("እንዴ፡፡፡፡", "እንዴ፡፡፡፡"),
        ("ዋጋ: 500", "ዋጋ: 500"),
        ("std::map", "std::map"),
    ],
)
def test_doubled_colons_become_a_full_stop_only_where_they_are_one(text: str, expected: str) -> None:
    assert hygiene(text) == expected


ADDRESSES = st.sampled_from(
    [
        "#ሠላም",
        "#ጸሐይ_1",
        "@ሐበሻ",
        "@abc_sample_shop",
        "https://example.com/ሠላም?ኀ=ዐ",
        "t.me/abc_1",
        "shop@example.com",
    ]
)


@settings(deadline=None)
@given(st.text(alphabet="ሠላም ዓጸ።", max_size=8), ADDRESSES, st.text(alphabet="ሠላም ዓጸ።", max_size=8))
def test_addresses_keep_their_letters_whatever_stands_around(before: str, address: str, after: str) -> None:
    text = f"{before} {address} {after}"
    for level in (normalise, search_key):
        assert level(text) == f"{level(before)} {address} {level(after)}"


@settings(deadline=None)
@given(TEXTS)
def test_levels_are_idempotent(text: str) -> None:
    for level in (hygiene, normalise, search_key):
        assert level(level(text)) == level(text)
    assert unicodedata.is_normalized("NFC", hygiene(text))
    assert search_key(normalise(text)) == search_key(text)
    assert len(normalise(text)) == len(text)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), TEXTS), min_size=1, max_size=6))
def test_columns_are_treated_as_single_texts_are(texts: list[str | None]) -> None:
    table = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    for single, column in (
        (hygiene, hygiene_expr),
        (normalise, normalise_expr),
        (search_key, search_key_expr),
    ):
        expected = [None if text is None else single(text) for text in texts]
        assert table.select(column(pl.col("text")))["text"].to_list() == expected


def test_characters_that_pass_as_ordinary_are_changed_by_no_step_of_hygiene() -> None:
    ordinary = set(regex.sub(UNUSUAL, "", "".join(map(chr, range(0x20000))), flags=regex.V1))
    assert set("ሰለመ፡።፩aZ0~\t\né🎁😀☎𝐁₂…–“’") <= ordinary
    assert hygiene("x".join(sorted(ordinary - set("\u200d\ufe0e\ufe0f")))) == "x".join(
        sorted(ordinary - set("\u200d\ufe0e\ufe0f"))
    )
    assert not any(unicodedata.combining(character) for character in ordinary)
    # What composes with the character before it is the second part of some decomposition (or a Hangul letter).
    parts = [unicodedata.decomposition(chr(code)).split() for code in range(0x20000)]
    seconds = {chr(int(found[1], 16)) for found in parts if len(found) == 2 and found[0][0] != "<"}
    assert not ordinary & seconds
    assert not any("\u1100" <= character <= "\u11ff" for character in ordinary)


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_words_of_a_column_are_counted_as_those_of_single_texts(texts: list[str]) -> None:
    chunks = [chunk for text in texts for chunk in text.split()]
    for column in (
        texts,
        chunks,
        ["_", "a_b", "10ሺ", "@ab_c", "@" + "a" * 40, "ሀ@ለ", "(ሀ)", "٣", "x²", "www.😀"],
        ["\U0003d000", "ሀ \U0003d000", "\u088f"],  # letters to a newer table of Unicode alone
    ):
        assert word_counts(pl.Series(column, dtype=pl.String)).to_list() == [len(words(t)) for t in column]


def test_words_keep_abbreviations_numbers_and_addresses_whole() -> None:
    text = "ዋጋ፦ 1,500 ብር፤ ከ2:30 በ2016 ዓ.ም. የት/ቤት ዕቃ t.me/abc_sample @abc_sample_shop ጥቁር/ነጭ ነው።እሺ!"
    assert words(text) == [
        *("ዋጋ", "1,500", "ብር", "ከ2", "30", "በ2016", "ዓ.ም", "የት/ቤት", "ዕቃ", "t.me/abc_sample"),
        *("@abc_sample_shop", "ጥቁር", "ነጭ", "ነው", "እሺ"),
    ]


def test_sentences_are_not_cut_within_abbreviations_numbers_and_links() -> None:
    text = "ዋጋው 2.5 ሚሊዮን ነው። በ2016 ዓ.ም. ተከፈተ፡ ት/ቤት ነው? Br. 500 only. example.com/a.b ይጎብኙ!\nነገ"
    assert sentences(text) == [
        *("ዋጋው 2.5 ሚሊዮን ነው።", "በ2016 ዓ.ም. ተከፈተ፡ ት/ቤት ነው?", "Br. 500 only.", "example.com/a.b ይጎብኙ!", "ነገ")
    ]


@pytest.mark.parametrize(
    "abbreviation",
    [
        *(
            "ት/ቤት",
            "የት/ቤቱ",
            "ዓ.ም",
            "ዓ/ም",
            "እ.ኤ.አ",
            "ካ/ሜ",
            "ኪ.ሜ",
            "አ/አ",
            "በአ/አ",
            "ብ/ር",
            "ጠ/ሚ",
            "ለጠ/ሚኒስትር",
            "ም/ፕሬዝዳንት",
        ),
        *(
            "ወ/ሮ",
            "ዶ/ር",
            "ለእነዶ/ር",
            "ኃ/የተ/የግ/ማ",
            "ኃ.የተ.የግ.ማ",
            "ፖ.ሣ.ቁ",
            "ገ/ሚካኤል",
            "ክ/ከተማ",
            "ቀኛ/ዝማች",
            "ስ.ቁ",
            "ወ.ዘ.ተ",
            "ጽ/ቤት",
        ),
    ],
)
def test_abbreviations_survive_cleaning_and_splitting(abbreviation: str) -> None:
    text = f"አዲሱ {abbreviation} ተከፈተ፣ {abbreviation} ነው"
    assert hygiene(text) == text
    assert clean_text(text)["text"] == normalise(text)
    assert words(text) == ["አዲሱ", abbreviation, "ተከፈተ", abbreviation, "ነው"]
    assert sentences(text) == [text]
    assert sentences(f"አዲሱ {abbreviation}። ነገ ነው") == [f"አዲሱ {abbreviation}።", "ነገ ነው"]


@pytest.mark.parametrize("choice", ["ጥቁር/ነጭ", "ሴት/ወንድ", "ነጭ/ጥቁር", "ቤት/ሱቅ", "ቦሌ/ገርጂ", "ነው.ግን", "ነው/ናት"])
def test_two_words_with_a_mark_between_them_are_two(choice: str) -> None:
    assert len(words(choice)) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ነው። ደውሉ", ["ነው።", "ደውሉ"]),
        ("ነው፡፡ደውሉ፡፡", ["ነው፡፡", "ደውሉ፡፡"]),
        ("ነው:: ደውሉ", ["ነው::", "ደውሉ"]),
        ("ነው!! ደውሉ?! እሺ", ["ነው!!", "ደውሉ?!", "እሺ"]),
        ("ጥሩ ነው። ግን… ውድ ነው... እስኪ", ["ጥሩ ነው።", "ግን… ውድ ነው... እስኪ"]),  # an ellipsis is a pause
        ("ጥሩ ነው. ደውሉ", ["ጥሩ ነው.", "ደውሉ"]),
        ("«ግቡ።» አለ", ["«ግቡ።»", "አለ"]),
        ("2፡፡30 ላይ 2:30 ላይ", ["2፡፡30 ላይ 2:30 ላይ"]),
        ("ዋጋ 1.5 ሚሊዮን 2,500.00 ብር", ["ዋጋ 1.5 ሚሊዮን 2,500.00 ብር"]),
        ("ዋጋ 500. ደውሉ", ["ዋጋ 500.", "ደውሉ"]),
        ("አቶ አ. ተስፋዬ መጡ. ገቡ", ["አቶ አ. ተስፋዬ መጡ.", "ገቡ"]),
        ("J. K. Abebe came. Dr. Sara left", ["J. K. Abebe came.", "Dr. Sara left"]),
        ("በ2016 ዓ. ም. ተከፈተ", ["በ2016 ዓ. ም. ተከፈተ"]),
        ("ፕሮፍ. አበበ ት/ቤት. ሄዱ", ["ፕሮፍ. አበበ ት/ቤት.", "ሄዱ"]),
        ("1. ጥራት\n12. ዋጋ", ["1. ጥራት", "12. ዋጋ"]),
        ("https://example.com/a?b=1::c t.me/abc!", ["https://example.com/a?b=1::c t.me/abc!"]),
        ("አንድ\n\n\nሁለት", ["አንድ", "ሁለት"]),
        ("ክፍል ፩፨ ክፍል ፪", ["ክፍል ፩፨", "ክፍል ፪"]),
        ("...", ["..."]),
        ("", []),
    ],
)
def test_sentences_end_where_they_end(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@settings(deadline=None)
@given(TEXTS)
def test_sentences_lose_nothing_but_space(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_stop_words_are_spelled_as_cleaned_text_is() -> None:
    assert {"ነው", "እና", "the"} <= STOP_WORDS
    assert all(normalise(word) == word for word in STOP_WORDS)
