"""Erasure: taking messages, channels and advertisers out of everything that was made from them.

    plan(store, entries, …)   where they are: rows, folders, models, copies, raw files; nothing is changed
    erase(store, forgotten)   the list first, then every place; repeating it after a kill completes it

What is made from many messages at once (word frequencies, shards, reports) is removed, and the next run makes it
again without them. Models cannot un-learn: those that were trained on a message are named. The raw exports are
people's files: the pipeline never writes there, and reads past what is forgotten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.corpus.copies import copies
from adgen_pipeline.erasure import artifacts, tables
from adgen_pipeline.errors import DataError
from adgen_pipeline.forgotten import Entry, Forgotten
from adgen_pipeline.generation.archive import Archive
from adgen_pipeline.locks import remove_leftovers
from adgen_pipeline.placing import staging_of
from adgen_pipeline.schemas import DOCUMENTS, DROPS, MESSAGES, POSTS
from adgen_pipeline.telegram.quarantine import forgotten_items, read_quarantine, write_quarantine
from adgen_pipeline.telegram.scan import scan


@dataclass(frozen=True)
class Plan:
    """What an erasure would do.

    Attributes:
        forgotten: what is to be forgotten, copies included where they were asked for.
        already: how many entries of it stand in the list already.
        tables: files of tables with the rows that they lose; like the next three, with what an earlier, interrupted
            erasure left.
        quarantined: lines of the quarantine.
        folders: artifact folders and checkpoints that are removed.
        indexes: index folder → keys of the rows that it loses.
        stored_ads: ads of the archive that are erased: for it, of it, or modelled on it.
        models: those trained on it.
        copies: messages elsewhere that say the same, and are not in `forgotten`.
        raw: files below raw/, annotations/, advertisers/ and briefs/ that (may) still hold it.
    """

    forgotten: Forgotten
    already: int
    tables: tuple[tables.Found, ...]
    quarantined: int
    folders: tuple[Path, ...]
    indexes: dict[Path, list[str]]
    stored_ads: int
    models: tuple[artifacts.TrainedModel, ...]
    copies: pl.DataFrame
    raw: tuple[Path, ...]


def plan(store: Store, entries: Sequence[Entry], *, with_copies: bool, report: Callable[[str], None]) -> Plan:
    """Where some messages, channels and advertisers are found.

    Args:
        entries: what to forget.
        with_copies: forget the copies of the messages as well.

    Raises:
        DataError: one of them is unknown.
    """
    listed = Forgotten.read(store.root)
    _require_known(store, entries, listed)
    wanted = Forgotten(tuple(entries))
    report("Looking for copies …")
    found = _copies(store, wanted)
    if with_copies:
        added = (
            Entry(channel, message, date=entries[0].date, reason="a copy of a forgotten message")
            for channel, message in found.iter_rows()
        )
        wanted = wanted.with_added(added)
        found = found.clear()
    report("Looking into tables, the index and artifacts …")
    known = {entry.key for entry in listed.entries}
    whole = listed.with_added(wanted.entries)
    return Plan(
        forgotten=wanted,
        already=sum(entry.key in known for entry in wanted.entries),
        tables=tuple(tables.found(store, whole)),
        quarantined=sum(count for _, _, count in forgotten_items(store.quarantine, whole)),
        folders=tuple(artifacts.folders(store, whole, shown=wanted.advertisers)),
        indexes=artifacts.indexes(store, whole),
        stored_ads=len(Archive.of(store).forgotten_ads(whole)),
        models=tuple(artifacts.models(store, wanted)),
        copies=found,
        raw=tuple(_raw_files(store, wanted)),
    )


def erase(store: Store, forgotten: Forgotten, *, report: Callable[[str], None]) -> None:
    """Take what is forgotten out of the data folder.

    The list is written first: from then on nothing reads it again, whatever happens. Then everything in the list
    is looked for: what an earlier, interrupted erasure left is found as well.
    """
    shown = forgotten.advertisers
    forgotten = Forgotten.read(store.root).with_added(forgotten.entries)
    forgotten.write(store.root)
    for folder in artifacts.folders(store, forgotten, shown=shown):
        report(f"Removing {folder.relative_to(store.root)}")
        artifacts.remove(store, folder)
    for folder, keys in artifacts.indexes(store, forgotten).items():
        report(f"Removing {len(keys)} rows from {folder.relative_to(store.root)}")
        artifacts.prune(store, folder, keys)
    for table in tables.remove(store, forgotten):
        report(f"Removed from {table.path.relative_to(store.root)}")
    archive = Archive.of(store)
    # after the tables, which know such ads by the archive alone
    if ads := archive.forgotten_ads(forgotten):
        archive.erase(ads)
        report(f"Removed {len(ads)} stored ads")
    for name, stay, _ in list(forgotten_items(store.quarantine, forgotten)):
        write_quarantine(store.quarantine, name, stay)
        report(f"Removed from quarantine/{name}.jsonl")
    for folder in (f for f in store.root.iterdir() if f.is_dir() and f not in _folders_of_people(store)):
        remove_leftovers(folder)
    rmtree(staging_of(store.root), ignore_errors=True)  # of a pull that was killed
    if forgotten.channels:
        _scan_cache(store).unlink(missing_ok=True)  # it names them; the next scan leaves their names out


def _require_known(store: Store, entries: Sequence[Entry], listed: Forgotten) -> None:
    known = {entry.key for entry in listed.entries}
    channels: set[int] | None = None
    for entry in entries:
        if entry.key in known or entry.channel_id in listed.channels:
            continue
        if entry.advertiser is not None:
            folder = store.advertisers / entry.advertiser
            if not folder.is_dir() and tables.briefs_of(store, Forgotten((entry,))).is_empty():
                raise DataError(
                    f"Advertiser {entry.advertiser!r} has no folder below {store.advertisers} and no brief. "
                    "Give the folder's name."
                )
            continue
        if channels is None:
            channels = _channels(store)
        if entry.channel_id not in channels:
            raise DataError(
                f"Channel {entry.channel_id} is in no table and no export below {store.raw}. "
                f"Known: {', '.join(map(str, sorted(channels))) or 'none'}."
            )
        if entry.message_id is not None and not _has_message(store, entry.channel_id, entry.message_id):
            raise DataError(
                f"Message {entry.channel_id}/{entry.message_id} is not among the messages read of that channel. "
                "Correct the id; if it is in a new export, run `adgen run --select telegram/messages` first."
            )


def _channels(store: Store) -> set[int]:
    parsed = {int(path.stem) for path in (store.root / "parsed").glob("*.parquet")}
    return parsed | set(_files_of_channels(store))


def _has_message(store: Store, channel_id: int, message_id: int) -> bool:
    path = store.table_path(MESSAGES, str(channel_id))
    if path.is_file() and pl.scan_parquet(path).filter(message_id=message_id).collect().height:
        return True
    quarantined = read_quarantine(store.quarantine / f"{channel_id}.jsonl")
    return any(item.message_id == message_id for item in quarantined)


def _copies(store: Store, wanted: Forgotten) -> pl.DataFrame:
    posts = store.scan_partitions(POSTS)
    keys = posts.select("channel_id", "message_id").filter(tables.is_forgotten(wanted)).collect()
    corpus = [
        store.read_table(schema) if store.table_path(schema).is_file() else None
        for schema in (DOCUMENTS, DROPS)
    ]
    found = copies(posts, corpus[0], corpus[1], keys)
    return found.filter(~tables.is_forgotten(wanted))


def _raw_files(store: Store, wanted: Forgotten) -> list[Path]:
    channels = wanted.channels | set(wanted.messages["channel_id"])
    files = _files_of_channels(store)
    if not channels <= set(files):
        files = _files_of_channels(store, even_forgotten=True)
    found = [path for channel_id in channels for path in files.get(channel_id, ())]
    if channels and store.annotations.is_dir():  # Label Studio and Argilla export the post beside the answer
        found += [path for path in store.annotations.rglob("*") if path.is_file()]
    found += [path for name in wanted.advertisers if (path := store.advertisers / name).is_dir()]
    found += [store.briefs / name for name in tables.briefs_of(store, wanted)["source"]]
    return sorted(set(found))


def _files_of_channels(store: Store, *, even_forgotten: bool = False) -> dict[int, list[Path]]:
    """Files below raw/ by channel; those of forgotten channels are found by reading everything anew."""
    if not store.raw.is_dir():
        return {}
    scanned = (
        scan(store.raw)
        if even_forgotten
        else scan(store.raw, cache=_scan_cache(store), forgotten=Forgotten.read(store.root))
    )
    return {
        source.channel_id: [store.raw / file.path for file in source.files] for source in scanned.channels
    }


def _folders_of_people(store: Store) -> tuple[Path, ...]:
    return (store.raw, store.briefs, store.advertisers, store.annotations, store.labelled, store.corpora)


def _scan_cache(store: Store) -> Path:
    return store.root / "state" / "scan.json"
