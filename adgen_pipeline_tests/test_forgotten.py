from pathlib import Path

import pytest

from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import DataError
from adgen_pipeline.forgotten import FILE, Entry, Forgotten

LIST = (
    Entry(7, 3, date="2026-11-23", reason="asked by mail"),
    Entry(8),
    Entry(advertiser="abc-shop"),
    Entry(7, 5),
)


def test_a_list_that_was_written_is_read_as_it_was(store: Store) -> None:
    written = Forgotten(LIST)
    written.write(store.root)
    assert Forgotten.read(store.root) == written
    assert written.channels == {8}
    assert written.advertisers == {"abc-shop"}
    assert written.messages_of(7) == {3, 5}
    assert written.messages_of(8) == set()


def test_a_folder_without_a_list_forgets_nothing(store: Store) -> None:
    nothing = Forgotten.read(store.root)
    assert nothing == Forgotten()
    assert nothing.messages.is_empty()
    assert nothing.messages_digest(7) == nothing.advertisers_digest() == ""


def test_what_is_in_the_list_already_keeps_its_date_and_reason() -> None:
    once = Forgotten(LIST)
    again = once.with_added([Entry(7, 3, date="2027-01-01"), Entry(7, 4)])
    assert again.entries == (*LIST, Entry(7, 4))


def test_a_digest_changes_with_its_own_channel_only() -> None:
    before, after = Forgotten(LIST), Forgotten(LIST).with_added([Entry(9, 1)])
    assert before.messages_digest(7) == after.messages_digest(7)
    assert before.messages_digest(9) != after.messages_digest(9)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('{"channel_id": "seven"}', id="an id that is no number"),
        pytest.param("{}", id="nothing"),
        pytest.param('{"message_id": 3}', id="a message without its channel"),
        pytest.param('{"channel_id": 7, "advertiser": "abc-shop"}', id="two things at once"),
        pytest.param('{"channel_id": 7, "mesage_id": 3}', id="a misspelt key would forget the channel"),
        pytest.param("7/3", id="no JSON"),
        pytest.param('{"channel_id": 7, "reason": "\\ud800"}\xff', id="bytes behind it"),
    ],
)
def test_a_line_that_cannot_be_understood_is_refused_with_its_number(store: Store, line: str) -> None:
    path: Path = Forgotten(LIST[:1]).write(store.root)
    path.write_bytes(path.read_bytes() + line.encode("latin-1") + b"\n")
    with pytest.raises(DataError, match=rf"{FILE}, line 2: .*Correct the line"):
        Forgotten.read(store.root)
