"""Large sample exports: the size that was asked for, the same bytes for the same seed, read without a loss."""

from pathlib import Path

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.telegram.export import read_channel, scan
from adgen_pipeline.telegram.sample_large import write_large


def test_large_exports_have_their_size_and_lose_nothing(tmp_path: Path) -> None:
    paths = write_large(tmp_path / "one", megabytes=4, chats=2)
    assert all(abs(path.stat().st_size - 2e6) < 20_000 for path in paths)
    found = scan(tmp_path / "one")
    assert len(found.channels) == 2
    for channel in found.channels:
        read = read_channel(channel, raw=tmp_path / "one", zone="UTC")
        assert (read.counts["quarantined"], read.counts["superseded"]) == (0, 0)
        written = (tmp_path / "one" / channel.files[0].path).read_bytes()
        assert read.counts["read"] == written.count(b'\n  {\n   "id"')
        texts = read.messages.filter(read.messages["text"] != "")["text"]
        assert texts.n_unique() > 0.8 * len(texts)
    write_large(tmp_path / "two", megabytes=4, chats=2)
    assert folder_digest(tmp_path / "one") == folder_digest(tmp_path / "two")
