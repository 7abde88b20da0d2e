import sqlite3
import subprocess
import sys
import time
from typing import Any

import pytest

from adgen_pipeline.artifacts import Store
from adgen_pipeline.erasure.plan import erase
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.forgotten import Entry, Forgotten
from adgen_pipeline.generation.archive import ANSWERS_KEPT_SECONDS, Answer, Archive
from adgen_pipeline.generation.brief import understand

BRIEF = understand("ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2,500 ብር", source="brief.md")


def ad(text: str = "የቆዳ ጫማ 2,500 ብር", **more: Any) -> dict[str, Any]:
    return {
        "text": text,
        "channel_id": 7,
        "format": "post",
        "exemplars": [],
        "model": "m1",
        "index": "i1",
        **more,
    }


@pytest.fixture
def archive(store: Store) -> Archive:
    return Archive.of(store)


def test_what_was_never_written_is_empty_and_makes_no_file(archive: Archive) -> None:
    assert archive.ads() == []
    assert archive.feedback() == []
    assert archive.ad("0" * 16) is None
    assert archive.answered("key") is None
    assert not archive.path.parent.exists()


def test_ads_come_back_as_they_were_newest_first(archive: Archive) -> None:
    (old,) = archive.keep(BRIEF, [ad()], at=1.0)
    first, second = archive.keep(BRIEF, [ad("አንድ", channel_id=None), ad("ሁለት")], at=2.0)
    assert [stored.ad_id for stored in archive.ads()] == [first, second, old]
    stored = archive.ad(first)
    assert stored is not None
    assert (stored.brief, stored.ad["text"], stored.created_utc) == (BRIEF, "አንድ", 2.0)
    assert [s.ad_id for s in archive.ads(before_utc=2.0)] == [old]
    assert [s.ad_id for s in archive.ads(channel_id=7, limit=1)] == [second]


def test_a_search_of_past_ads_knows_homophones_and_the_brief(archive: Archive) -> None:
    (found,) = archive.keep(BRIEF, [ad("ሠላም ለሁሉም")], at=1.0)
    for query in ("ሰላም", "ሰላም ጫማ", "CODE"):
        assert [s.ad_id for s in archive.ads(query)] == ([] if query == "CODE" else [found])
    assert archive.ads("%") == []


def test_a_verdict_needs_its_ad(archive: Archive) -> None:
    (ad_id,) = archive.keep(BRIEF, [ad()], at=1.0)
    before = archive.feedback_digest()
    given = archive.judge(ad_id, "reject", role="manager", at=2.0, reason="ረጅም")
    assert archive.feedback(ad_id) == [given]
    assert archive.feedback_digest() != before
    with pytest.raises(ArtifactError, match="no ad"):
        archive.judge("0" * 16, "accept", role="manager", at=2.0)


def test_answers_are_kept_for_a_day(archive: Archive) -> None:
    archive.remember("key", Answer("d", {"a": 1}), at=1.0)
    assert archive.answered("key") == Answer("d", {"a": 1})
    archive.remember("other", Answer("d", {}), at=2.0 + ANSWERS_KEPT_SECONDS)
    assert archive.answered("key") is None


def test_a_damaged_file_is_named(archive: Archive) -> None:
    archive.keep(BRIEF, [ad()], at=1.0)
    archive.path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(ArtifactError, match="restore the file"):
        archive.ads()


def test_what_is_forgotten_leaves_no_bytes_in_the_file(store: Store, archive: Archive) -> None:
    mark = "ዝንቅላሽት"
    theirs = BRIEF.model_copy(update={"advertiser": "abc-shop"})
    modelled = ad(mark, exemplars=[{"channel_id": 5, "message_id": 9, "score": 1.0, "excerpt": mark}])
    (stays,) = archive.keep(BRIEF, [ad()], at=1.0)
    archive.keep(theirs, [ad(mark)], at=1.0, answer=("key", Answer("d", {"text": mark})))
    archive.keep(BRIEF, [modelled], at=1.0)
    archive.keep(BRIEF, [ad(mark, channel_id=3)], at=1.0)
    entries = (Entry(advertiser="abc-shop"), Entry(channel_id=5, message_id=9), Entry(channel_id=3))
    erase(store, Forgotten(entries), report=lambda _: None)
    assert [stored.ad_id for stored in archive.ads()] == [stays]
    assert all(mark.encode() not in file.read_bytes() for file in archive.path.parent.iterdir())


KEEP_FOR_EVER = """
import sys, time
from pathlib import Path
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.text.brief import Brief
archive, ad = Archive(Path(sys.argv[1])), {"text": "ጫማ", "channel_id": 7, "exemplars": []}
while True:
    archive.keep(Brief(product="ጫማ"), [ad] * 30, at=time.time())
    time.sleep(0.002)
"""


def test_a_killed_process_leaves_all_ads_of_a_request_or_none(archive: Archive) -> None:
    writer = subprocess.Popen([sys.executable, "-c", KEEP_FOR_EVER, str(archive.path)])
    while len(archive.ads(limit=90)) < 90:
        assert writer.poll() is None
        time.sleep(0.01)
    writer.kill()
    writer.wait()
    per_request: dict[str, int] = {}
    for stored in archive.ads(limit=100_000):
        per_request[stored.request_id] = per_request.get(stored.request_id, 0) + 1
    assert set(per_request.values()) == {30}
    with sqlite3.connect(archive.path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
