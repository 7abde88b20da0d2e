"""Loading the model that stands beside the serving one, if there is memory for it."""

from collections.abc import Callable

from adgen_pipeline.app.beside import Fit
from adgen_pipeline.app.contenders import found
from adgen_pipeline.app.engine import BusyError, Writer
from adgen_pipeline.app.room import GIB, available
from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.generation.language_model import TEMPLATE
from adgen_pipeline.generation.loading import own_model, with_model, with_template
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.recipe import Recipe

SPARE_GIB = 0.5  # that writing takes beside the weights
RETRY_SECONDS = 60.0  # where memory is short
_BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}


def load_beside(
    store: Store, recipe: Recipe, version: str, *, give_way: Callable[[], None] | None = None
) -> Fit:
    """Load one more model; it calls `give_way` between its steps.

    Raises:
        ArtifactError: it is not there, or broken.
        BusyError: there is no memory for it now.
    """
    if version == TEMPLATE:
        return lambda writer: with_template(_own(writer))
    artifact = found(store, version).verify()
    require_memory(artifact, recipe)
    import torch  # noqa: PLC0415  (takes seconds)

    try:
        model = own_model(artifact, recipe, give_way=give_way)
    except torch.OutOfMemoryError as error:
        raise _too_little(version) from error
    return lambda writer: with_model(_own(writer), model, version, recipe)


def require_memory(artifact: Artifact, recipe: Recipe) -> None:
    """Do nothing if a model has room beside the serving one.

    Raises:
        BusyError: it has none now.
    """
    stored = sum(file.stat().st_size for file in artifact.path.glob("*.safetensors"))
    widened = _BYTES[recipe.training.precision] / 2  # weights are stored in two bytes or more
    needed = stored * max(1.0, widened) / GIB + SPARE_GIB
    if _free_gib(artifact) < needed:
        raise _too_little(artifact.version, needed)


def _free_gib(artifact: Artifact) -> float:
    """Memory where models are loaded: of the GPU if there is one, else of this process."""
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        torch.cuda.empty_cache()  # what the model before left
        return float(torch.cuda.mem_get_info()[0]) / GIB
    return available(artifact.path).memory_gib


def _too_little(version: str, needed: float | None = None) -> BusyError:
    takes = "" if needed is None else f", which takes about {needed:.1f} GiB"
    return BusyError(
        f"There is no memory for model {version} beside the serving one{takes}. Try again later, compare with the "
        "template, or run the API on a larger machine.",
        retry_seconds=RETRY_SECONDS,
    )


def _own(writer: Writer) -> AdWriter:
    assert isinstance(writer, AdWriter)
    return writer
