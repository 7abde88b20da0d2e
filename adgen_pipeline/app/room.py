"""Is there room for the work: memory, disk, and what a recipe needs of them, checked before anything starts."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import psutil

from adgen_pipeline.errors import ResourceError
from adgen_pipeline.recipe import Recipe

GIB = 1024**3
CGROUP = Path("/sys/fs/cgroup")  # memory.max and memory.current of this process's container


@dataclass(frozen=True)
class Room:
    """Memory and disk, in GiB."""

    memory_gib: float
    disk_gib: float


def needed(recipe: Recipe) -> Room:
    """What a run of the recipe takes at its peak, in GiB.

    A random tiny model needs what the libraries need. Training the embedded model, trimmed, peaked at 8.9 GiB with
    batches of 8 rows of 420 tokens (docs/BENCHMARKS.md); untrimmed, the rows and logits of its vocabulary come on
    top. On disk: the checkpoint, the base and the merged model, 1 GiB on real exports.
    """
    if recipe.training.base_model == "tiny-random":
        return Room(memory_gib=2.0, disk_gib=1.0)
    if recipe.tokenizer.trim:
        return Room(memory_gib=10.0, disk_gib=3.0)
    return Room(memory_gib=12.0, disk_gib=4.0)


def available(folder: Path, *, cgroup: Path = CGROUP) -> Room:
    """Memory free for this process (the container's limit counts) and disk free where the folder is or will be."""
    memory = float(psutil.virtual_memory().available)
    limit = _number(cgroup / "memory.max")
    if limit is not None:
        memory = min(memory, limit - (_number(cgroup / "memory.current") or 0.0))
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return Room(memory_gib=memory / GIB, disk_gib=shutil.disk_usage(existing).free / GIB)


def require_room(recipe: Recipe, folder: Path) -> None:
    """Do nothing if the recipe fits this machine.

    Raises:
        ResourceError: too little memory or disk: how much there is, how much it takes, what to do.
    """
    compare(available(folder), recipe, folder)


def compare(have: Room, recipe: Recipe, folder: Path) -> None:
    """Do nothing if the recipe fits into this room.

    Raises:
        ResourceError: it does not.
    """
    need = needed(recipe)
    if have.memory_gib < need.memory_gib:
        raise ResourceError(
            f"{have.memory_gib:.1f} GiB of memory are free, recipe {recipe.name} takes about {need.memory_gib:.0f}. "
            "Close other programs, lower training.batch_size, or choose a smaller recipe (tiny)."
        )
    if have.disk_gib < need.disk_gib:
        raise ResourceError(
            f"{have.disk_gib:.1f} GiB of disk are free at {folder}, recipe {recipe.name} takes about "
            f"{need.disk_gib:.0f}. Make room, or name another folder with --data."
        )


def _number(path: Path) -> float | None:
    """A number in a file of the cgroup; None where there is no such file or no limit."""
    if not path.is_file():
        return None
    text = path.read_text(encoding="ascii").strip()
    return float(text) if text.isdigit() else None
