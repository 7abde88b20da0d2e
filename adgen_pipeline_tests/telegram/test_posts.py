"""telegram/messages → telegram/posts."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.schemas import MESSAGES, POSTS
from adgen_pipeline.telegram.export import read_channel, scan
from adgen_pipeline.telegram.posts import clean, clean_text, messages_without_post, without_text
from adgen_pipeline.text.amharic import hygiene, words
from adgen_pipeline.text.language import language
from adgen_pipeline_tests.telegram.exports import NOT_INCLUDED, chat, message, write

LISTS = ("hashtags", "mentions", "links", "emojis", "symbols")


def read(tmp_path: Path, records: list[dict[str, object]]) -> pl.DataFrame:
    write(tmp_path / "a.json", chat(records))
    return read_channel(scan(tmp_path).channel(7), raw=tmp_path, zone="UTC").messages


def cleaned(tmp_path: Path, records: list[dict[str, object]]) -> pl.DataFrame:
    messages = read(tmp_path, records)
    posts = clean(messages, near_empty_chars=20)
    assert POSTS.violations(posts) == []
    assert messages_without_post(messages.lazy(), posts.lazy()) == []
    return posts


def test_a_post_is_cleaned_into_three_texts_and_five_lists(tmp_path: Path) -> None:
    text = (
        "❇️ ዓዲስ ጫማ\n\nዋጋ፦💰1,700 ብር™ (20% ቅናሽ + ቫት)\n0900-00-00-12 ከ2:30 ጀምሮ\n"
        "@abc_sample_shop #ሠላም_ጫማ https://t.me/abc_sample_shop ት/ቤት ፊት 👨‍👩‍👧"
    )
    row = cleaned(tmp_path, [message(1, text)]).row(0, named=True)
    assert row["post"] == text
    assert row["text"] == "ኣዲስ ጫማ ዋጋ፦ 1,700 ብር (20% ቅናሽ + ቫት) 0900-00-00-12 ከ2:30 ጀምሮ ት/ቤት ፊት"
    assert row["search_key"].startswith("አዲስ ጫማ")
    assert [row[name] for name in LISTS] == [
        ["#ሠላም_ጫማ"],
        ["@abc_sample_shop"],
        ["https://t.me/abc_sample_shop"],
        ["❇️", "💰", "👨‍👩‍👧"],
        ["™"],
    ]


def test_entities_come_before_patterns(tmp_path: Path) -> None:
    entities = [
        {"type": "plain", "text": "ይጎብኙ "},
        {"type": "link", "text": "sample.example"},  # no pattern knows this address
        {"type": "plain", "text": " ወይም "},
        {"type": "text_link", "text": "ድረ ገጽ", "href": "https://example.com/a"},
        {"type": "plain", "text": " #1ኛ "},
        {"type": "hashtag", "text": "#ቅናሽ"},
        {"type": "plain", "text": "ብቻ "},
        {"type": "email", "text": "shop@example.com"},
    ]
    row = cleaned(tmp_path, [message(1, "x", text_entities=entities)]).row(0, named=True)
    assert row["links"] == ["sample.example", "https://example.com/a"]
    assert row["hashtags"] == ["#1ኛ", "#ቅናሽ"]
    assert row["mentions"] == []
    assert row["text"] == "ይጎብኙ ወይም ድረ ገፅ ብቻ shop@example.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("መረጃ\nየህ", "መረጃ የህ"),
        ("ዋጋ\u00a0\u00a0500", "ዋጋ 500"),
        ("ዋጋ 💰500💰ብር", "ዋጋ 500 ብር"),
        ("94, 369 ብር፤ 2.5 ሚሊዮን", "94, 369 ብር፤ 2.5 ሚሊዮን"),
        ("$100 €20 50% 1+1 5/10", "$100 €20 50% 1+1 5/10"),
        ("ዓ.ም ዶ/ር ወ/ሮ", "ኣ.ም ዶ/ር ወ/ሮ"),
        ("info@example.com", "info@example.com"),
        ("Size#40,41", "Size#40,41"),
        ("", ""),
    ],
)
def test_what_matters_is_not_broken(text: str, expected: str) -> None:
    assert clean_text(text)["text"] == expected


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("🇪🇹🇪🇹 1️⃣0️⃣", "emojis", ["🇪🇹", "🇪🇹", "1️⃣", "0️⃣"]),
        ("👍🏽❤️‍🔥☎️✔", "emojis", ["👍🏽", "❤️‍🔥", "☎️", "✔"]),
        ("● ® ™️ ° ^", "symbols", ["●", "®", "°", "^"]),
        (
            "https://t.me/abcቅርንጫፍ, www.example.com/a_(b).",
            "links",
            ["https://t.me/abc", "www.example.com/a_(b"],
        ),
        ("example.com/x?y=1። t.me/abc_sample", "links", ["example.com/x?y=1", "t.me/abc_sample"]),
        ("https://www.tiktok.com/@abc_sample", "mentions", []),
        ("ለማዘዝ@abc_sample_shopይደውሉ", "mentions", ["@abc_sample_shop"]),
        ("#ቅናሽ! #Addis_Ababa #2024", "hashtags", ["#ቅናሽ", "#Addis_Ababa"]),
    ],
)
def test_patterns_find_what_the_export_does_not_mark(text: str, kind: str, expected: list[str]) -> None:
    assert clean_text(text)[kind] == expected


PIECES = st.sampled_from(
    ["ሰላም", "500", " ", "\n", "👨‍👩‍👧", "☎️", "●", "#ቅናሽ", "@abc_sample", "t.me/abc", "\ufdd1", "\ufdd0"]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=10))
def test_every_word_survives_and_nothing_is_glued(pieces: list[str]) -> None:
    found = clean_text(" ".join(pieces))
    assert str(found["text"]).split() == [p for p in pieces if p in {"ሰላም", "500"}]
    assert found["emojis"] == [p for p in pieces if p in {"👨‍👩‍👧", "☎️"}]
    assert found["hashtags"] == [p for p in pieces if p == "#ቅናሽ"]


def test_the_same_text_is_cleaned_the_same_in_a_column_and_alone(tmp_path: Path) -> None:
    texts = ["ዋጋ፦ 500 ብር 🎁", "ነው:: @abc_sample_shop", "\u200bሠላም\u00a0", "t.me/abc #ቅናሽ"]
    posts = cleaned(tmp_path, [message(i, text) for i, text in enumerate(texts, 1)])
    for row, text in zip(posts.iter_rows(named=True), texts, strict=True):
        alone = clean_text(text)
        assert {name: row[name] for name in alone} == alone
        assert row["post"] == hygiene(text)


LINES = st.lists(
    st.sampled_from(["ሰላም", "500", " ", "☎️", "::", "#ሠላም", "t.me/abc", "a@b.com", "\r", "\u2028", "\u200d"]),
    max_size=4,
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(LINES.map("".join), max_size=4).map("\n".join), min_size=1, max_size=4))
def test_lines_that_posts_share_are_cleaned_as_each_post_alone_is(texts: list[str]) -> None:
    empty: dict[str, object] = {
        "type": "message",
        "is_deleted": False,
        "text_entities": [],
        "reactions": [],
        "channel_id": 7,
    }
    records = [
        {**empty, "message_id": i, "text": text, "channel_name": "", "source": ""}
        for i, text in enumerate(texts)
    ]
    posts = clean(MESSAGES.frame(records), near_empty_chars=20)
    for row, text in zip(posts.iter_rows(named=True), texts, strict=True):
        alone = clean_text(text)
        assert {name: row[name] for name in alone} == alone
        assert row["words"] == len(words(row["text"]))
        assert row["language"] == language(row["text"])


def test_a_text_link_to_the_address_before_it_counts_once(tmp_path: Path) -> None:
    link = {"type": "text_link", "text": "ይጫኑ", "href": "https://example.com/a"}
    entities = [{"type": "link", "text": "example.com/a"}, {"type": "plain", "text": "\nወይም\n"}, link]
    records = [
        message(1, "example.com/a\nወይም\nይጫኑ", text_entities=entities),
        message(2, "ወይም\nይጫኑይጫኑ", text_entities=[{"type": "plain", "text": "ወይም\n"}, link, link]),
    ]
    posts = cleaned(tmp_path, records)
    assert posts["links"].to_list() == [["example.com/a"], ["https://example.com/a"]]
    assert posts["text"].to_list() == ["ወይም ይጫኑ", "ወይም ይጫኑይጫኑ"]


def album(first: int, captions: list[str], **fields: object) -> list[dict[str, object]]:
    return [
        message(first + i, caption, date_unixtime="1700000000", photo=NOT_INCLUDED, **fields)
        for i, caption in enumerate(captions)
    ]


@pytest.mark.parametrize(
    ("captions", "expected"),
    [
        (["ጽሑፍ", "", ""], [(1, [1, 2, 3])]),
        (["", "", "ጽሑፍ"], [(3, [1, 2, 3])]),
        (["", "ጽሑፍ", ""], [(2, [1, 2, 3])]),
        (["", ""], [(1, [1, 2])]),
        (["ጽሑፍ", "ጽሑፍ"], [(1, [1, 2])]),
        (["ሀ", "", "ለ", ""], [(1, [1, 2]), (3, [3, 4])]),
        (["", "ሀ", "", "ለ"], [(2, [1, 2]), (4, [3, 4])]),
    ],
    ids=["first", "last", "middle", "none", "equal", "two before", "two after"],
)
def test_items_of_an_album_are_one_post_with_its_caption(
    tmp_path: Path, captions: list[str], expected: list[tuple[int, list[int]]]
) -> None:
    posts = cleaned(tmp_path, [*album(1, captions), message(9, "ሌላ")])
    found = posts.filter(pl.col("message_id") < 9).select("message_id", "album_message_ids").rows()
    assert found == expected


@pytest.mark.parametrize(
    "records",
    [
        [*album(1, ["ሀ"]), *album(3, [""])],
        [*album(1, ["ሀ"]), *album(2, [""], from_id="channel8")],
        [*album(1, ["ሀ"], media_type="sticker"), *album(2, [""], media_type="sticker")],
        [*album(1, ["ሀ"]), message(2, "", date_unixtime="1700000000")],
        [*album(1, ["ሀ"]), message(2, "", photo=NOT_INCLUDED)],
    ],
    ids=["gap", "sender", "stickers", "no media", "another second"],
)
def test_neighbours_that_are_no_album_stay_apart(tmp_path: Path, records: list[dict[str, object]]) -> None:
    assert cleaned(tmp_path, records).height == 2


def test_an_albums_reactions_are_counted_together(tmp_path: Path) -> None:
    records = album(1, ["ሀ", ""])
    records[0]["reactions"] = [{"type": "emoji", "emoji": "👍", "count": 2}]
    records[1]["reactions"] = [{"type": "emoji", "emoji": "🔥", "count": 3}]
    assert cleaned(tmp_path, records)["reactions_count"].to_list() == [5]


def test_flags_tell_empty_and_near_empty_posts(tmp_path: Path) -> None:
    posts = cleaned(tmp_path, [message(1, ""), message(2, "አጭር"), message(3, "ረጅም " * 10)])
    assert posts["is_empty"].to_list() == [True, False, False]
    assert posts["is_near_empty"].to_list() == [True, True, False]
    assert posts["words"].to_list() == [0, 1, 10]


def test_a_channel_without_text_keeps_its_posts_and_is_told(tmp_path: Path) -> None:
    posts = clean(read(tmp_path, [message(1, ""), message(2, " \n")]), near_empty_chars=20)
    assert posts["is_empty"].to_list() == [True, True]
    assert "none of the 2 posts has any text" in without_text(posts.lazy())[0]
    assert without_text(clean(read(tmp_path, [message(1, "ሰላም")]), near_empty_chars=20).lazy()) == []


def test_a_channel_of_service_records_has_no_posts(tmp_path: Path) -> None:
    records: list[dict[str, object]] = [
        {"id": 1, "type": "service", "date": "2024-01-01T10:00:00", "text": ""}
    ]
    assert clean(read(tmp_path, records), near_empty_chars=20).height == 0


def test_lost_and_repeated_messages_are_told(tmp_path: Path) -> None:
    messages = read(tmp_path, [message(1), message(2), message(3)])
    posts = clean(messages, near_empty_chars=20)
    assert messages_without_post(messages.lazy(), posts.filter(pl.col("message_id") != 2).lazy()) == [
        "message 2 has no post"
    ]
    twice = pl.concat([posts, posts.head(1)])
    assert messages_without_post(messages.lazy(), twice.lazy()) == ["message 1 is in several posts"]
    fewer = messages.filter(pl.col("message_id") < 3)
    assert messages_without_post(fewer.lazy(), posts.lazy()) == [
        "message 3 is in a post but not among the messages"
    ]
