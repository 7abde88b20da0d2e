"""Versions of the index below $ADGEN_DATA/index: the one in use, those before it, and which of them go."""

import json
import logging
import shutil
from collections.abc import Collection
from pathlib import Path

from adgen_pipeline.artifacts import Store

MANIFEST = "manifest.json"  # of an index: names, among others, the encoder that its queries need

logger = logging.getLogger(__name__)


def current(store: Store) -> Path | None:
    """Folder of the index in use; None if there is none or it is gone."""
    if not store.pointer_path("index", "posts").is_file():
        return None
    path = store.artifact("index", "posts").path
    return path if path.is_dir() else None


def made_by(store: Store, encoder_digest: str) -> Path | None:
    """Folder of the index in use if an encoder made its vectors, else of the newest that it made; None: there is none.

    The one in use goes first: a copy of a data folder has its files, not their times.
    """
    used = current(store)
    for path in ([] if used is None else [used]) + _newest_first(store):
        file = path / MANIFEST
        values = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        if values.get("encoder_digest") == encoder_digest:
            return path
    return None


def retire(store: Store, *, kept: int, protected: Collection[Path] = ()) -> list[Path]:
    """Remove all versions but the one in use and the newest of the others, `kept` in all; returns those removed.

    Files that several versions share are hard links: they go with the last of them.

    Args:
        store: the data folder.
        kept: how many stay.
        protected: folders that stay beside them, such as the champion's.
    """
    used = current(store)
    staying = {path.resolve() for path in protected}
    others = [
        path
        for path in _newest_first(store)
        if (used is None or path.name != used.name) and path.resolve() not in staying
    ]
    gone = others[max(0, kept - (used is not None)) :]
    for path in gone:
        shutil.rmtree(path)
        logger.info("removed the index %s, which is no longer kept", path.name)
    return gone


def _newest_first(store: Store) -> list[Path]:
    """Finished versions: what is being made has a hidden name."""
    found = [
        path.parent for path in store.index.glob(f"*/{MANIFEST}") if not path.parent.name.startswith(".")
    ]
    return sorted(found, key=lambda path: ((path / MANIFEST).stat().st_mtime_ns, path.name), reverse=True)
