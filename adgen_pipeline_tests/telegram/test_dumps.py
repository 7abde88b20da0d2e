"""Several dumps of one channel: the newest counts, older ones add what it does not cover, deletions are marked."""

from pathlib import Path

import polars as pl
import pytest

from adgen_pipeline.telegram.export import ChannelExport, contradictions, read_channel, scan, unaccounted
from adgen_pipeline.telegram.posts import clean, messages_without_post
from adgen_pipeline_tests.telegram.exports import chat, dumped, message, write

LATE = "1800000000"


def read(raw: Path) -> ChannelExport:
    return read_channel(scan(raw).channel(7), raw=raw, zone="UTC")


def deleted(found: ChannelExport) -> list[int]:
    return found.messages.filter("is_deleted")["message_id"].to_list()


def test_what_a_newer_dump_lacks_within_its_range_was_deleted_and_leaves_the_posts(tmp_path: Path) -> None:
    write(tmp_path / "old.json", chat([message(i, f"አሮጌ {i}") for i in range(1, 9)]))
    write(tmp_path / "new.json", chat([message(i, f"አዲስ {i}", edited_unixtime=LATE) for i in (3, 4, 6, 9)]))
    found = read(tmp_path)
    assert deleted(found) == [5, 7, 8]  # 1 and 2 lie before what the newer dump covers
    assert (found.counts["deleted"], found.counts["superseded"], found.counts["messages"]) == (3, 3, 9)
    posts = clean(found.messages, near_empty_chars=20)
    assert posts["message_id"].to_list() == [1, 2, 3, 4, 6, 9]
    assert messages_without_post(found.messages.lazy(), posts.lazy()) == []


def test_a_damaged_dump_marks_no_deletion(tmp_path: Path) -> None:
    write(tmp_path / "old.json", chat([message(i) for i in range(1, 6)]))
    new = dumped(chat([message(i, f"አዲስ {i}", edited_unixtime=LATE) for i in (1, 2, 5)]))
    write(tmp_path / "new.json", new.replace(b'"id": 2,', b'"id": {{,'))
    found = read(tmp_path)
    assert deleted(found) == []
    assert found.messages.height == 5


def test_an_older_dump_dropped_by_mistake_takes_nothing_back(tmp_path: Path) -> None:
    write(tmp_path / "a.json", chat([message(i, f"አዲስ {i}") for i in range(1, 10)]))
    alone = read(tmp_path).messages
    write(tmp_path / "z.json", chat([message(i, f"አሮጌ {i}") for i in (1, 2, 5)]))
    found = read(tmp_path)
    assert found.messages.equals(alone)
    assert found.counts["superseded"] == 3


def test_two_dumps_of_one_age_delete_nothing_of_each_other(tmp_path: Path) -> None:
    write(tmp_path / "a.json", chat([message(i) for i in (1, 2, 4)]))
    write(tmp_path / "b.json", chat([message(i) for i in (1, 3, 4)]))
    assert deleted(read(tmp_path)) == []


def test_a_message_that_is_there_again_is_not_deleted(tmp_path: Path) -> None:
    for name, ids, late in (("a", (1, 2, 3), 0), ("b", (1, 3), 5), ("c", (1, 2, 3), 9)):
        write(
            tmp_path / f"{name}.json",
            chat([message(i, edited_unixtime=str(1_800_000_000 + late)) for i in ids]),
        )
    assert deleted(read(tmp_path)) == []


def test_a_date_that_cannot_be_makes_no_dump_the_newest(tmp_path: Path) -> None:
    write(tmp_path / "a.json", chat([message(1, "አሮጌ", edited_unixtime=str(10**17))]))
    write(tmp_path / "b.json", chat([message(1, "አዲስ", edited_unixtime=LATE)]))
    assert read(tmp_path).messages["text"].to_list() == ["አዲስ"]


@pytest.mark.parametrize("copies", [1, 3])
def test_every_record_read_is_counted_once(tmp_path: Path, copies: int) -> None:
    service = message(2, "", type="service", action="pin_message")
    records = [message(1), service, {"id": 3, "type": "unsupported"}, message(4, text=5), message(1, "ድጋሚ")]
    for n in range(copies):
        write(tmp_path / f"{n}.json", chat(records))
    found = read(tmp_path)
    counts = found.counts
    assert counts["read"] == 5 * copies
    assert counts["read"] == sum(
        counts[name] for name in ("messages", "service", "unsupported", "quarantined", "superseded")
    )
    assert (counts["quarantined"], counts["messages"]) == (copies, 1)
    table = found.messages.lazy()
    assert unaccounted(counts, table, copies) == []
    assert unaccounted(counts, table, copies + 1)
    assert "0 are there" in unaccounted(counts, table.filter(pl.col("type") != "service"), copies)[0]
    assert found.messages["text"][0] == "ድጋሚ"


def test_a_text_that_its_parts_contradict_is_kept_beside_them(tmp_path: Path) -> None:
    parts = [{"type": "plain", "text": "አንድ"}]
    write(
        tmp_path / "a.json",
        chat(
            [
                message(1, "ሁለት", text_entities=parts),
                message(2, ["አን", {"type": "bold", "text": "ድ"}], text_entities=parts),
            ]
        ),
    )
    found = read(tmp_path).messages
    assert contradictions(found.lazy()) == ["message 1: text and text_entities differ"]
    assert found["text"].to_list() == ["አንድ", "አንድ"]
    assert found["extra"].to_list() == ['{"text":"ሁለት"}', None]


def test_numeric_senders_and_missing_epochs_of_early_exports_are_read(tmp_path: Path) -> None:
    early = message(1, from_id=4242, date_unixtime=None, text_entities=None)
    write(tmp_path / "a.json", chat([early, message(2, from_id="user4242")]))
    found = read(tmp_path).messages
    assert found["from_id"].to_list() == ["4242", "user4242"]
    assert found.select(pl.col("date").is_null().any()).item() is False
