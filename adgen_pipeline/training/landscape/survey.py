"""All candidates of a recipe, each in a process of its own, as one table; what was measured before is kept."""

import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import psutil

from adgen_pipeline.artifacts import Store, folder_digest, values_digest, write_json
from adgen_pipeline.errors import AdgenError, DataError, ResourceError
from adgen_pipeline.schemas import TEST_SPLITS
from adgen_pipeline.settings import encodings_folder
from adgen_pipeline.training import base_models
from adgen_pipeline.training.landscape import encodings
from adgen_pipeline.training.landscape.entry import measure_here
from adgen_pipeline.training_recipe import Load, TrainingRecipe
from adgen_pipeline.training_schemas import LANDSCAPE, TOKENS_ONLY
from adgen_pipeline.workers import alone

VERSION = "1"  # raised by hand where the same model would be measured otherwise
MIB = 1024**2
# A number of the weights takes at least so much; published weights are 16-bit.
LEAST_SHARE: dict[Load, float] = {"full": 1.0, "8bit": 0.5, "4bit": 0.25}


def held_out(documents: pl.DataFrame, count: int, *, seed: int) -> list[str]:
    """Posts that no model is trained on, as they look: drawn from the validation split, in the order of their keys.

    A base is chosen by them, so that the test splits stay unseen; these are taken only where nothing is for validation.

    Raises:
        DataError: there are none.
    """
    ordered = documents.sort("channel_id", "message_id")
    for splits in (["validation"], list(TEST_SPLITS)):
        posts: list[str] = ordered.filter(pl.col("split").is_in(splits))["post"].to_list()
        if any(post.split() for post in posts):
            drawn = random.Random(seed).sample(range(len(posts)), min(count, len(posts)))  # noqa: S311
            return [posts[number] for number in sorted(drawn)]
    raise DataError(
        f"None of {documents.height} documents is held out, so that no base model can be measured. Give more exports, "
        "or other dates in the recipe's corpus section."
    )


def survey(
    documents: pl.DataFrame,
    recipe: TrainingRecipe,
    store: Store,
    *,
    gpus: int,
    report: Callable[[str], None],
    apart: Callable[..., dict[str, object]] = alone,
) -> tuple[pl.DataFrame, dict[str, object]]:
    """LANDSCAPE of the recipe's candidates and encodings.

    A candidate that cannot be measured is a row with its problem, and the rest goes on.

    Args:
        documents: rows of schemas.DOCUMENTS.
        recipe: the training section; its part landscape is set.
        store: whose model cache is used, and where results are kept.
        gpus: more than 0: on one of them, else on the CPU.
        report: told how it is getting on.
        apart: calls a function with arguments, by default in a process of its own.

    Returns:
        The table, and facts: posts, measured and kept pairs of candidate and load, encodings left out and why.

    Raises:
        DataError: no post is held out.
    """
    asked = recipe.landscape
    assert asked is not None
    posts = held_out(documents, asked.posts, seed=recipe.seed)
    rows: list[dict[str, object]] = []
    counts = {"measured": 0, "kept": 0}
    for name in dict.fromkeys(asked.candidates):
        for row, state in _candidate(name, posts, recipe, store, gpus=gpus, report=report, apart=apart):
            rows.append(row)
            counts[state] = counts.get(state, 0) + 1
    left_out = {name: encodings.missing(name, encodings_folder()) for name in dict.fromkeys(asked.encodings)}
    for encoding in (name for name, reason in left_out.items() if reason is None):
        found = encodings.measure(encoding, posts)
        rows.append({"candidate": encoding, "load": TOKENS_ONLY, **found})
    reasons = {name: reason for name, reason in left_out.items() if reason}
    facts: dict[str, object] = {"posts": len(posts), **counts, "encodings_left_out": reasons or None}
    return LANDSCAPE.conform(LANDSCAPE.frame(rows)), facts


def shortfalls(table: pl.DataFrame) -> list[str]:
    """What is missing where a candidate was measured, and quantised weights that are not smaller; empty: nothing."""
    measured = table.filter(pl.col("problem").is_null() & (pl.col("load") != TOKENS_ONLY))
    found = [] if measured.height else ["no candidate could be measured"]
    whole = {
        row["candidate"]: row["weights_mib"]
        for row in measured.iter_rows(named=True)
        if row["load"] == "full"
    }
    for row in measured.iter_rows(named=True):
        name = f"{row['candidate']} ({row['load']})"
        if not _is_positive(row["bits_per_byte"]):
            found.append(f"{name}: bits per byte are {row['bits_per_byte']}")
        if not _is_positive(row["forward_tokens_per_second"]) or not _is_positive(
            row["generation_tokens_per_second"]
        ):
            found.append(f"{name}: its speed is unknown")
        if not row["answers"]:
            found.append(f"{name}: there are no answers")
        if row["load"] != "full" and row["weights_mib"] >= whole.get(row["candidate"], math.inf):
            found.append(f"{name}: {row['weights_mib']} MiB are not less than unquantised")
    return found


def problems(table: pl.DataFrame) -> list[str]:
    """What could not be measured, or not in full, with the reason."""
    rows = table.filter(pl.col("problem").is_not_null()).select("candidate", "load", "problem")
    return [f"{candidate} ({load}): {problem}" for candidate, load, problem in rows.iter_rows()]


def _candidate(
    name: str,
    posts: Sequence[str],
    recipe: TrainingRecipe,
    store: Store,
    *,
    gpus: int,
    report: Callable[[str], None],
    apart: Callable[..., dict[str, object]],
) -> Iterator[tuple[dict[str, object], str]]:
    """A row for each load, and whether it was measured, kept or has a problem."""
    asked = recipe.landscape
    assert asked is not None
    known = base_models.known_models().get(name, {})
    row = {
        "candidate": name,
        "name": known.get("name") or Path(name).stem,
        "licence": known.get("licence"),
    }
    revision = recipe.base_revision if name == recipe.base_model else "main"
    cache = store.root / "models" / "cache"
    try:
        folder = base_models.resolve(name, revision, cache, report=report, fetches=asked.fetch)
    except AdgenError as error:
        yield from (
            ({**row, "load": load, "problem": str(error)}, "problems") for load in dict.fromkeys(asked.loads)
        )
        return
    digest = folder_digest(folder)
    for load in dict.fromkeys(asked.loads):
        options = {
            "precision": recipe.precision,
            "device": "cuda" if gpus else "cpu",
            "answer_tokens": asked.answer_tokens,
        }
        version = values_digest(digest, load, posts, options, VERSION)
        path = store.job_path("training", "landscape", version).with_name("result.json")
        if path.is_file():
            yield {**row, "load": load, **json.loads(path.read_text(encoding="utf-8"))}, "kept"
            continue
        report(f"measuring {name}, {load}")
        found = _measured(folder, load, posts, options, apart)
        if "architecture" in found:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, found)
        yield {**row, "load": load, **found}, "measured" if "architecture" in found else "problems"


def _measured(
    folder: Path,
    load: Load,
    posts: Sequence[str],
    options: dict[str, Any],
    apart: Callable[..., dict[str, object]],
) -> dict[str, object]:
    """Columns of a row, or only the problem."""
    least = sum(path.stat().st_size for path in folder.glob("*.safetensors")) * LEAST_SHARE[load]
    free = psutil.virtual_memory().available
    if options["device"] == "cpu" and least > free:
        return {
            "problem": f"its weights take at least {least / MIB:,.0f} MiB, and {free / MIB:,.0f} are free. Measure it "
            "on a larger machine."
        }
    try:
        return apart(measure_here, folder, load, list(posts), options)
    except ResourceError as error:
        return {"problem": f"{error}. Measure it on a larger machine, or take it out."}


def _is_positive(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value) and value > 0
