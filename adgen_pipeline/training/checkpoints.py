"""Checkpoints of a run: written whole or not at all, read by the same job on as many ranks."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file

from adgen_pipeline.artifacts import write_json
from adgen_pipeline.errors import TrainingError

POINTER = "checkpoint.json"
BEST = "best"


def save(engine: Any, work: Path, *, step: int, progress: dict[str, Any]) -> None:
    """Write a checkpoint, point at it, and remove the older ones.

    The pointer is renamed into place after all ranks have written: a full disk or a kill in between leaves the
    checkpoint before.
    """
    tag = f"step{step}"
    _write(engine, work, tag, progress)
    save_file(_random_state(), work / tag / f"random-{dist.get_rank()}.safetensors")
    dist.barrier()
    if dist.get_rank() == 0:
        write_json(work / POINTER, {"tag": tag, "ranks": dist.get_world_size()})
        for folder in work.glob("step*"):
            if folder.name != tag:
                shutil.rmtree(folder)


def load(engine: Any, work: Path) -> dict[str, Any] | None:
    """Put the engine where the newest whole checkpoint left it; returns that checkpoint's progress, None without one.

    Raises:
        TrainingError: it was made by another number of ranks, or cannot be read.
    """
    if not (work / POINTER).is_file():
        return None
    pointer = json.loads((work / POINTER).read_text(encoding="utf-8"))
    if pointer["ranks"] != dist.get_world_size():
        # ZeRO shares the optimizer out by rank. DeepSpeed's universal checkpoints would need its own converter, which
        # asserts on what LoRA leaves out; starting afresh costs less than a result that nobody can repeat.
        raise TrainingError(
            f"{work}: the checkpoint there is of {pointer['ranks']} rank(s), this run has {dist.get_world_size()}. "
            "Start it on as many as before, or remove that folder to start afresh."
        )
    state = _read(engine, work, pointer["tag"])
    _restore_random_state(load_file(work / pointer["tag"] / f"random-{dist.get_rank()}.safetensors"))
    progress: dict[str, Any] = state["progress"]
    return progress


def save_best(engine: Any, work: Path) -> None:
    """Keep the weights that validated best so far."""
    _write(engine, work, BEST, {})


def load_best(engine: Any, work: Path) -> None:
    """Put the engine where it validated best."""
    _read(engine, work, BEST)


def _write(engine: Any, work: Path, tag: str, progress: dict[str, Any]) -> None:
    engine.save_checkpoint(
        str(work),
        tag=tag,
        client_state={"progress": progress},
        save_latest=False,
        exclude_frozen_parameters=True,
    )
    dist.barrier()


def _read(engine: Any, work: Path, tag: str) -> dict[str, Any]:
    _, state = engine.load_checkpoint(str(work), tag=tag, load_module_strict=False)
    if state is None:
        raise TrainingError(
            f"{work / tag}: the checkpoint there cannot be read. Remove {work} to start afresh."
        )
    found: dict[str, Any] = state
    return found


def _random_state() -> dict[str, torch.Tensor]:
    """Where this rank's random numbers are."""
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _restore_random_state(state: dict[str, torch.Tensor]) -> None:
    torch.set_rng_state(state["cpu"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"])
