"""The folder of a Space: what `adgen publish` puts into its repository, and what its start reads there."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from adgen_pipeline.app.publishing import is_of_artifact
from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.errors import HubError
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.training.publish import CARD, Content, Kind, Upload

MANIFEST, RECIPE = "space.json", "recipe.yaml"
PORT = 7860  # on which the hub expects a Space
POSTS = "posts/"  # folder of the index in its repository
SOURCES = frozenset((".py", ".yaml", ".ttf", ".html", ".txt", ".css", ".js", ".md", ".typed"))
KEYS: Mapping[Kind, tuple[str, str]] = {
    "model": ("training", "model"),
    "encoder": ("embedding", "encoder"),
    "index": ("index", "posts"),
}
_INDEX = {
    True: "It fetches an index, too, which holds posts of channels word for word: keep this Space private.",
    False: "There are no posts to search or to quote: its index holds one invented document, and ads are written from "
    "the brief alone.",
}


class Part(BaseModel):
    """A published artifact that a Space fetches.

    Attributes:
        repo, repo_type, revision: where it is; the revision is a commit, so that a Space runs what it was made for.
        stage, name, version, digest: of the artifact.
        files: of the repository, those that belong to the artifact (or, of an index, to its tables).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: str
    repo_type: str
    revision: str
    stage: str
    name: str
    version: str
    digest: str
    files: tuple[str, ...]

    def at(self, path: Path) -> Artifact:
        """The artifact, its files standing at a path."""
        return Artifact(self.stage, self.name, self.version, path, self.digest)


def part(store: Store, upload: Upload, *, revision: str) -> Part:
    """How a Space names what was pushed before it.

    Args:
        store: the data folder that it was pushed from.
        upload: of a model, an encoder or an index.
        revision: the commit that holds it.
    """
    artifact = store.artifact(*KEYS[upload.kind])
    files = [
        name
        for name in sorted(upload.files)
        if (name != CARD if upload.kind == "index" else is_of_artifact(artifact, name))
    ]
    return Part(
        repo=upload.repo,
        repo_type=upload.repo_type,
        revision=revision,
        stage=artifact.stage,
        name=artifact.name,
        version=artifact.version,
        digest=artifact.digest,
        files=tuple(files),
    )


def space_upload(project: Path, repo: str, recipe: Recipe, parts: Mapping[Kind, Part]) -> Upload:
    """The Space: this package's source, how its image is made and started, and what it fetches.

    Args:
        project: top of the project.
        repo: OWNER/NAME.
        recipe: of which the writer's sections go along.
        parts: what was pushed: model and encoder, perhaps an index.

    Raises:
        HubError: model or encoder is not pushed along, or another model than the published one would write.
    """
    if missing := [kind for kind in ("model", "encoder") if kind not in parts]:
        raise HubError(
            f"A Space runs a published {' and a published '.join(missing)}. "
            f"Name {' and '.join(f'{kind}:OWNER/NAME' for kind in missing)}, too."
        )
    if recipe.generation.endpoint is not None:
        raise HubError(
            "The recipe lets a model behind an address write (generation.endpoint), and a Space runs the published "
            "one. Name another recipe with --recipe."
        )
    described = {kind: parts[kind].model_dump(mode="json") for kind in sorted(parts)}
    files: dict[str, Content] = {
        path.relative_to(project).as_posix(): path
        for path in sorted((project / "adgen_pipeline").rglob("*"))
        if path.is_file() and path.suffix in SOURCES
    }
    files |= {name: project / name for name in ("pyproject.toml", "constraints.txt", "LICENSE", "NOTICE")}
    files |= {name: project / "deploy" / "space" / name for name in ("Dockerfile", "start.sh")}
    files[RECIPE] = _yaml(_writers_sections(recipe)).encode()
    files[MANIFEST] = (json.dumps(described, indent=1, sort_keys=True) + "\n").encode()
    files[CARD] = _card(project, repo, parts).encode()
    return Upload("space", repo, files, f"adgen_pipeline with training/model {parts['model'].version}")


def read_parts(folder: Path) -> dict[str, Part]:
    """What a Space's folder says it fetches, by kind.

    Raises:
        HubError: it is no folder of a Space, or damaged.
    """
    path = folder / MANIFEST
    try:
        return TypeAdapter(dict[str, Part]).validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        raise HubError(
            f"{path}: not the list of a Space ({type(error).__name__}). Let `adgen publish` write the Space again."
        ) from error


def _writers_sections(recipe: Recipe) -> dict[str, Any]:
    """The keys that a writer reads: no path, no annotator's name and no corpus of the recipe concerns a Space."""
    values = recipe.model_dump(mode="json")
    return {
        "name": values["name"],
        "description": values["description"],
        "corpus": {"exemplars_in_prompt": values["corpus"]["exemplars_in_prompt"]},
        "labels": {"minimum_score": values["labels"]["minimum_score"]},
        "training": {
            "base_model": "published",
            **{name: values["training"][name] for name in ("maximum_tokens", "load_in", "precision")},
        },
        "index": values["index"],
        "generation": values["generation"],
    }


def _card(project: Path, repo: str, parts: Mapping[Kind, Part]) -> str:
    header = {
        "title": repo.rpartition("/")[2],
        "sdk": "docker",
        "app_port": PORT,
        "license": "apache-2.0",  # of the package; the model's stands in its own repository
        "models": [parts["model"].repo, parts["encoder"].repo],
        "pinned": False,
    }
    text = (project / "deploy" / "space" / "README.md").read_text(encoding="utf-8")
    return f"---\n{_yaml(header)}---\n\n" + text.replace("{index}", _INDEX["index" in parts])


def _yaml(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True)
