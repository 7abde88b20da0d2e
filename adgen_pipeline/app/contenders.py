"""Which models can be compared, by which names, and where they stand."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from adgen_pipeline.app.shapes import utc
from adgen_pipeline.artifacts import Artifact, Store, folder_digest
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.evaluation.promotion import champion
from adgen_pipeline.generation.language_model import TEMPLATE

Title = Literal["champion", "challenger", "template"]


@dataclass(frozen=True)
class Contender:
    """A model that can be compared.

    Attributes:
        model: its version, or `template`.
        title: the champion is the promoted model (before a promotion the serving one); the challenger is what the
            pointer names, else the newest one beside it; None for other versions.
        is_serving: whether it writes the ads of POST /v1/ads.
        made: when; None where that is not known (the template, a model behind an address).
    """

    model: str
    title: Title | None
    is_serving: bool
    made: datetime | None


def contenders(store: Store, serving: str | None) -> list[Contender]:
    """Models of a data folder and the template: champion, challenger, template, then others, newest first.

    Args:
        store: the data folder.
        serving: version of the model that serves.
    """
    made = {path.name: utc(path.stat().st_mtime) for path in _folders(store)}
    newest = sorted(made, key=lambda version: (made[version], version), reverse=True)
    promoted, published = champion(store), _published(store)
    first = promoted.parts[0].version if promoted is not None else serving
    rivals = [version for version in ([published] if published else []) + newest if version != first]
    titles: dict[str, Title] = {TEMPLATE: "template"}
    for title, versions in (("challenger", rivals[:1]), ("champion", [first] if first else [])):
        titles.update(dict.fromkeys(versions, title))  # type: ignore[arg-type]
    named = [*dict.fromkeys(([first] if first else []) + rivals[:1] + [TEMPLATE] + newest)]
    loadable = {*made, TEMPLATE, serving}
    return [
        Contender(version, titles.get(version), version == serving, made.get(version))
        for version in named
        if version in loadable
    ]


def found(store: Store, version: str) -> Artifact:
    """The artifact of a model's version; its digest is that of the pointer or promotion, where one names it.

    Raises:
        ArtifactError: there is none.
    """
    promoted = champion(store)
    known = [promoted.parts[0]] if promoted is not None else []
    if _published(store):
        known.append(store.artifact("training", "model"))
    for artifact in known:
        if artifact.version == version:
            return artifact
    for path in _folders(store):
        if path.name == version:
            return Artifact("training", "model", version, path.resolve(), folder_digest(path))
    raise ArtifactError(
        f"There is no model {version} any more. GET /v1/models lists those that can be compared."
    )


def _published(store: Store) -> str | None:
    """Version of the model that the pointer names; None where there is none."""
    if not store.pointer_path("training", "model").is_file():
        return None
    return store.artifact("training", "model").version


def _folders(store: Store) -> list[Path]:
    """Folders of models that stand there, the pointer's and the champion's included."""
    folder = store.version_path("training", "model", "")
    found = [path for path in folder.glob("*") if path.is_dir() and not path.name.startswith(".")]
    if _published(store):
        found.append(store.artifact("training", "model").path)
    return [path for path in found if (path / "config.json").is_file()]
