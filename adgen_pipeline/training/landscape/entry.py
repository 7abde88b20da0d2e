"""What the process that measures a candidate runs first. It imports nothing heavy before the libraries are quiet."""

from pathlib import Path
from typing import Any

from adgen_pipeline import settings
from adgen_pipeline.errors import AdgenError
from adgen_pipeline.training_recipe import Load


def measure_here(folder: Path, load: Load, posts: list[str], options: dict[str, Any]) -> dict[str, object]:
    """`candidate.measure` in a new process; whatever a model of others breaks is told, not raised."""
    settings.quieten_libraries()  # before they are imported
    from adgen_pipeline.training.landscape.candidate import measure  # noqa: PLC0415

    try:
        return measure(folder, load, posts, **options)
    except AdgenError as error:
        return {"problem": str(error)}
    except Exception as error:
        words = " ".join(str(error).split())[:200]
        return {
            "problem": f"it could not be measured ({type(error).__name__}: {words}). Look whether this transformers "
            "knows its architecture, or take it out."
        }
