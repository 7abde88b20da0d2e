"""What a training process needs, in one JSON file, and the DeepSpeed configuration that follows from it.

Any run can be repeated by hand from its job file.
"""

import copy
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adgen_pipeline.artifacts import values_digest, write_json
from adgen_pipeline.errors import TrainingError
from adgen_pipeline.training_recipe import TrainingRecipe

AUTO = "auto"
# Keys of a spread that the recipe decides; a spread may leave them out, or say "auto".
FILLED_KEYS = (
    "train_batch_size",
    "train_micro_batch_size_per_gpu",
    "gradient_accumulation_steps",
    "gradient_clipping",
    "optimizer.params.lr",
    "bf16.enabled",
    "fp16.enabled",
)


class TrainingJob(BaseModel):
    """Everything that a training process needs.

    Attributes:
        base: folder of the resized base model with its tokenizer.
        base_digest: digest of that folder.
        shards: folder of the tokenised rows.
        shards_digest: digest of that folder.
        out: folder to make: adapter, metrics.jsonl, result.json. Checkpoints live beside it until it is finished.
        recipe: the recipe's training section.
        spread: content of the DeepSpeed file.
        start: folder of what goes on learning, an adapter on the base or a whole network; None: the base begins.
        start_digest: digest of that folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Path
    base_digest: str
    shards: Path
    shards_digest: str
    out: Path
    recipe: TrainingRecipe
    spread: dict[str, Any] = Field(default_factory=dict)
    start: Path | None = None
    start_digest: str | None = None

    @property
    def work(self) -> Path:
        """Folder of checkpoints: beside `out`, named by the job, so that only the same job resumes from it."""
        return self.out.parent / f".work-{self.out.name}-{self.digest()}"

    def digest(self) -> str:
        """First 12 hex digits of the SHA-256 of what decides the result; folders may move."""
        decisive = {"base_digest", "shards_digest", "recipe", "spread", "start_digest"}
        return values_digest(self.model_dump(mode="json", include=decisive))

    def write(self, path: Path) -> None:
        """Write the job file."""
        write_json(path, self.model_dump(mode="json"))

    @classmethod
    def read(cls, path: Path) -> "TrainingJob":
        """The job in a file.

        Raises:
            TrainingError: the file is missing or is no training job.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise TrainingError(
                f"{path}: there is no such job file. Name one that the pipeline wrote."
            ) from error
        except (ValidationError, UnicodeDecodeError) as error:
            problem = " ".join(str(error).split())[:300]
            raise TrainingError(
                f"{path}: not a training job ({problem}). Let the pipeline write it again."
            ) from error


def read_spread(folder: Path, name: str) -> dict[str, Any]:
    """The content of a DeepSpeed file by its name.

    Raises:
        TrainingError: there is no such file, or it is not JSON.
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.json"))) or "none"
        raise TrainingError(f"{path}: there is no such spread. Known: {known}; correct training.spread.")
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise TrainingError(f"{path}: not JSON (line {error.lineno}). Mend it.") from error
    return values


def deepspeed_config(spread: dict[str, Any], recipe: TrainingRecipe, *, world: int) -> dict[str, Any]:
    """The spread with every "auto" filled from the recipe.

    Args:
        spread: content of a file in deepspeed_configs/.
        recipe: the recipe's training section.
        world: number of ranks.

    Raises:
        TrainingError: an "auto" stands where the recipe decides nothing, or spread and recipe exclude each other.
    """
    refuse_what_cannot_work(spread, recipe)
    values = {
        "train_batch_size": recipe.batch_size * recipe.accumulation_steps * world,
        "train_micro_batch_size_per_gpu": recipe.batch_size,
        "gradient_accumulation_steps": recipe.accumulation_steps,
        "gradient_clipping": recipe.gradient_clipping,
        "optimizer.params.lr": recipe.learning_rate,
        "bf16.enabled": recipe.precision == "bf16",
        "fp16.enabled": recipe.precision == "fp16",
    }
    config = copy.deepcopy(spread)
    for key in auto_keys(spread):
        if key not in values:
            raise TrainingError(
                f'The spread says "auto" for {key}, which the recipe does not decide; it decides '
                f"{', '.join(FILLED_KEYS)}. Write a value there."
            )
        *sections, last = key.split(".")
        section = config
        for name in sections:
            section = section[name]
        section[last] = values[key]
    return config


def auto_keys(spread: dict[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of the keys whose value is "auto"."""
    keys: list[str] = []
    for name, value in spread.items():
        if isinstance(value, dict):
            keys += auto_keys(value, f"{prefix}{name}.")
        elif value == AUTO:
            keys.append(prefix + name)
    return keys


def zero_stage(spread: dict[str, Any]) -> int:
    """The ZeRO stage of a spread: 0 (nothing is shared out) to 3 (parameters too)."""
    return int(spread.get("zero_optimization", {}).get("stage", 0))


def refuse_what_cannot_work(spread: dict[str, Any], recipe: TrainingRecipe) -> None:
    """Nothing, if spread and recipe go together.

    Raises:
        TrainingError: they do not, with the reason.
    """
    if zero_stage(spread) == 3 and recipe.load_in != "full":
        raise TrainingError(
            f"training.load_in: {recipe.load_in} does not go with ZeRO stage 3: DeepSpeed does not share out "
            "quantised weights, silently. Choose spread zero2, or load_in: full."
        )
