"""What of artifacts is forgotten: folders that hold its texts, rows of the index, models that learned from it."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.erasure.tables import is_forgotten
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.provenance import sources, sources_path

# Folders that hold texts of many messages, or what tells them; made again by the next run.
SHARDS = tuple(
    ("training", name) for name in ("shards", "pretraining_shards", "mixed_shards", "preference_shards")
)
TEXT_ARTIFACTS = (*SHARDS, ("evaluation", "report"))
# Stages whose artifacts learn from texts, but for those that are as published or hold the texts themselves.
LEARNING = ("labels", "tokenizer", "training", "embedding")
NOT_LEARNED = {("training", "checkpoint"), ("training", "base"), *SHARDS}
# Folders with ads for advertisers, of whom ids of messages say nothing; and what learned from such ads, if any was.
OF_ADVERTISERS = {("evaluation", "report"), ("training", "preference_shards")}
PREFERRED = "preferred_adapter"


@dataclass(frozen=True)
class TrainedModel:
    """A model that was trained on what is forgotten.

    Attributes:
        stage, name, version: the artifact.
        path: its folder.
        is_current: whether its asset points at it.
        is_certain: False for a model that does not say what it was trained on.
    """

    stage: str
    name: str
    version: str
    path: Path
    is_current: bool
    is_certain: bool

    def __str__(self) -> str:
        """The artifact in one word."""
        return f"{self.stage}/{self.name}/{self.version}"


def models(store: Store, wanted: Forgotten) -> list[TrainedModel]:
    """Versions of models that were trained on what is forgotten, or do not say what they were trained on."""
    found = []
    tuned = (
        {("training", PREFERRED), ("training", "model")} if _versions(store, "training", PREFERRED) else set()
    )
    folders = [
        p for stage in LEARNING for p in sorted(store.version_path(stage, "", "").glob("*")) if p.is_dir()
    ]
    for stage, name in ((p.parent.name, p.name) for p in folders):
        if (stage, name) in NOT_LEARNED:
            continue
        current = _current(store, stage, name)
        for version in _versions(store, stage, name):
            known = sources(version)
            is_made_of = _is_made_of(known, wanted)
            if is_made_of or (wanted.advertisers and (stage, name) in tuned):
                is_certain = is_made_of and known is not None
                found.append(TrainedModel(stage, name, version.name, version, version == current, is_certain))
    return found


def _is_made_of(known: pl.DataFrame | None, wanted: Forgotten) -> bool:
    """Whether one of these messages is forgotten; what nobody knows is taken for yes."""
    if known is None:
        return bool(wanted.channels) or wanted.messages.height > 0
    return known.filter(is_forgotten(wanted)).height > 0


def folders(store: Store, wanted: Forgotten, *, shown: Collection[str]) -> list[Path]:
    """Versions of text artifacts that hold it, or do not say what they hold; checkpoints of jobs that read those.

    Args:
        wanted: what is forgotten.
        shown: advertisers whose ads reports and preferences may show; these know messages only.
    """
    found = []
    for stage, name in TEXT_ARTIFACTS:
        for version in _versions(store, stage, name):
            shows_their_ads = (stage, name) in OF_ADVERTISERS and bool(shown)
            if shows_their_ads or _is_made_of(sources(version), wanted):
                found.append(version)
    if any(("training", folder.parent.name) in SHARDS for folder in found):
        found += sorted((store.root / "models" / "training").glob("*/.work-*"))
    return found


def indexes(store: Store, wanted: Forgotten) -> dict[Path, list[str]]:
    """Index folders and the keys of their rows that are forgotten."""
    from adgen_pipeline.index import pruning  # noqa: PLC0415  (LanceDB takes a second to import)

    found = {
        version: pruning.forgotten_keys(version, wanted) for version in _versions(store, "index", "posts")
    }
    return {version: keys for version, keys in found.items() if keys}


def prune(store: Store, folder: Path, keys: list[str]) -> None:
    """The index that is in use goes on without those rows; older ones go."""
    from adgen_pipeline.index import pruning  # noqa: PLC0415
    from adgen_pipeline.index.store import Manifest  # noqa: PLC0415

    manifest = Manifest.read(folder)
    is_current = folder == _current(store, "index", "posts")
    if is_current and manifest.posts_count + manifest.documents_count > len(keys):
        inputs = [folder.name, keys]
        store.make("index", "posts", inputs, lambda out: pruning.prune(folder, keys, out), folder=store.index)
        rmtree(folder)
    else:
        remove(store, folder)


def _versions(store: Store, stage: str, name: str) -> list[Path]:
    parents = {("index", "posts"): store.index, ("evaluation", "report"): store.report("")}
    parent = parents.get((stage, name), store.version_path(stage, name, ""))
    return sorted(p for p in parent.glob("*") if p.is_dir() and not p.name.startswith("."))


def _current(store: Store, stage: str, name: str) -> Path | None:
    if not store.pointer_path(stage, name).is_file():
        return None
    return store.root / store.artifact(stage, name).path.relative_to(store.root.resolve())


def remove(store: Store, folder: Path) -> None:
    """Remove a version's folder, its ids, and the pointer of the asset if it points there."""
    for stage, name in (*TEXT_ARTIFACTS, ("index", "posts")):
        if _current(store, stage, name) == folder:
            store.pointer_path(stage, name).unlink()
    if folder.is_dir():
        rmtree(folder)
    sources_path(folder).unlink(missing_ok=True)
