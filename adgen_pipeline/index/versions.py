"""Versions of the index below $ADGEN_DATA/index: the one in use, those before it, and which of them go."""

import logging
import shutil
from pathlib import Path

from adgen_pipeline.artifacts import Store
from adgen_pipeline.index.store import MANIFEST

logger = logging.getLogger(__name__)


def current(store: Store) -> Path | None:
    """Folder of the index in use; None if there is none or it is gone."""
    if not store.pointer_path("index", "posts").is_file():
        return None
    path = store.artifact("index", "posts").path
    return path if path.is_dir() else None


def retire(store: Store, *, kept: int) -> list[Path]:
    """Remove all versions but the one in use and the newest of the others, `kept` in all; returns those removed.

    Files that several versions share are hard links: they go with the last of them.
    """
    used = current(store)
    others = [
        path.parent for path in store.index.glob(f"*/{MANIFEST}") if not path.parent.name.startswith(".")
    ]
    others = [path for path in others if used is None or path.name != used.name]
    others.sort(key=lambda path: (path / MANIFEST).stat().st_mtime_ns, reverse=True)
    gone = others[max(0, kept - (used is not None)) :]
    for path in gone:
        shutil.rmtree(path)
        logger.info("removed the index %s, which is no longer kept", path.name)
    return gone
