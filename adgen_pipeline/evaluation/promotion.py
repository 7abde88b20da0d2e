"""The champion: a model, its index and the index's encoder, promoted and restored together.

What answers people is the champion (`serving`), whatever the pointers name meanwhile: a training writes the pointers
long before the gate has judged. Before the first promotion it is what the pointers name.

The registry's alias says which registered model is the champion; what belongs to it stands in the data folder: a
file a promotion below models/champion/ with the three pointers, what was measured below final/ (where erasure looks for
messages), and `models/champion.json`, which names the promotion in force.
"""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from adgen_pipeline import alerts
from adgen_pipeline.artifacts import Artifact, Store, folder_digest, replacing, write_json
from adgen_pipeline.errors import ArtifactError, DataError
from adgen_pipeline.evaluation.gate import Judgement, judge
from adgen_pipeline.evaluation.systems import OURS
from adgen_pipeline.evaluation_schemas import MEASURES
from adgen_pipeline.index import versions
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import REGISTERED_NAME, Tracker

ALIAS = "champion"
PARTS = (("training", "model"), ("embedding", "encoder"), ("index", "posts"))  # what serves together


@dataclass(frozen=True)
class Champion:
    """One promotion.

    Attributes:
        number: of the promotion, from 1.
        parts: model, encoder and index, as their pointers named them.
        registered: the model's version in the registry.
        replaces: number of the promotion before it; None for the first.
    """

    number: int
    parts: tuple[Artifact, ...]
    registered: str
    replaces: int | None


def champion(store: Store) -> Champion | None:
    """The champion in force; None before the first promotion."""
    if not _pointer(store).is_file():
        return None
    return promotion(store, int(json.loads(_pointer(store).read_text(encoding="utf-8"))["number"]))


def promotion(store: Store, number: int) -> Champion:
    """A promotion, whether it is in force or not."""
    values = json.loads(_path(store, number).read_text(encoding="utf-8"))
    parts = (Artifact(**{**part, "path": store.root.resolve() / part["path"]}) for part in values["parts"])
    return Champion(number, tuple(parts), values["registered"], values["replaces"])


def measures_of_champion(store: Store) -> pl.DataFrame | None:
    """What was measured of the champion when it was promoted; None where there is none, or all of it was erased."""
    now = champion(store)
    return None if now is None else _kept(store, now.number)


def serving(store: Store) -> tuple[Artifact, Artifact, Artifact]:
    """Model, encoder and index that answer people: the champion's; without one, what the pointers name.

    Raises:
        ArtifactError: there is no champion, and something was not made yet.
    """
    now = champion(store)
    model = store.artifact(*PARTS[0]) if now is None else now.parts[0]
    return model, *serving_index(store)


def serving_index(store: Store) -> tuple[Artifact, Artifact]:
    """Encoder and index in which people search.

    The champion's encoder with the newest index that it made: posts that came later are found at once. Without a
    champion, and where an erasure left no index of its encoder, the pointers' pair.

    Raises:
        ArtifactError: it was not made yet.
    """
    now = champion(store)
    if now is not None:
        _, encoder, index = now.parts
        newest = versions.made_by(store, encoder.digest)
        if newest is not None or index.path.is_dir():
            return encoder, index if newest is None else _index(store, newest)
    return store.artifact("embedding", "encoder"), store.artifact("index", "posts")


def promote(store: Store, tracker: Tracker) -> tuple[Judgement, Champion | None]:
    """Let the gate judge what the data folder's pointers name, and make it the champion if nothing speaks against it.

    If something does, the pointers name again what serves, so that what is indexed next is indexed for the champion.

    Returns:
        The judgement, and the champion that it made; None if it was refused.

    Raises:
        ArtifactError: something was not made yet, changed since, or is not registered.
        DataError: it is the champion already.
        ResourceError: MLflow is away.
    """
    before = champion(store)
    parts = tuple(store.artifact(*key).verify() for key in PARTS)
    if before is not None and _are_of(before, parts):
        raise DataError(f"Model {parts[0].version} with its encoder is the champion already.")
    measures = store.read_table(MEASURES).filter(system=OURS)
    kept = None if before is None else _kept(store, before.number)
    judgement = judge(measures, kept)
    if not judgement.is_accepted:
        for part in () if before is None else serving(store):
            store.point(part)
        return judgement, None
    registered = tracker.registered(REGISTERED_NAME).get(parts[0].version)
    if registered is None:
        raise ArtifactError(
            f"training/model {parts[0].version} is not registered in MLflow at {tracker.uri}. "
            "Start MLflow, take models/training/model.json away and run `adgen run --select training/model`."
        )
    new = Champion(_last(store) + 1, parts, registered, None if before is None else before.number)
    with replacing(_measures_path(store, new.number)) as temporary:
        measures.write_parquet(temporary, compression="zstd")
    write_json(_path(store, new.number), _document(store, new))
    _set(store, tracker, new)
    return judgement, new


def judge_training(store: Store, tracker: Tracker, settings: Settings) -> Judgement | None:
    """Promote what a training made, or tell people why not; None if it made no other model than the champion.

    Raises:
        ArtifactError, ResourceError: as `promote`.
    """
    before, in_use = champion(store), _in_use(store)
    if before is not None and in_use is not None and _are_of(before, in_use):
        return None
    judgement, _ = promote(store, tracker)
    if not judgement.is_accepted:
        tell_refusal(settings, judgement)
    return judgement


def tell_refusal(settings: Settings, judgement: Judgement) -> None:
    """Tell whom the settings name that a challenger was refused, and where to read why."""
    alerts.tell(
        settings,
        subject="adgen promote was refused: the champion stays",
        reason="; ".join(judgement.reasons),
        url=f"{settings.dagster_url}/assets/evaluation/report",
        tracking_url=f"{settings.mlflow_url}/#/models/{REGISTERED_NAME}",
    )


def rollback(store: Store, tracker: Tracker) -> Champion:
    """Restore a champion: the one in force if something else is in use, else the one before it.

    Raises:
        DataError: there is none to go back to.
        ArtifactError: a part of it is gone or changed; nothing is restored then.
        ResourceError: MLflow is away.
    """
    now = champion(store)
    if now is None:
        raise DataError("There is no champion to go back to. `adgen promote` makes the first one.")
    in_use = _in_use(store)
    if in_use is not None and _are_of(now, in_use):
        if now.replaces is None:
            raise DataError(f"Promotion {now.number} is the first one: there is nothing before it.")
        now = promotion(store, now.replaces)
    for part in now.parts:
        part.verify()
    _set(store, tracker, now)
    return now


def _set(store: Store, tracker: Tracker, chosen: Champion) -> None:
    """Registry first: if it is away, nothing has changed."""
    tags = {f"{part.stage}_{part.name}": part.version for part in chosen.parts}
    tracker.set_alias(
        REGISTERED_NAME, ALIAS, chosen.registered, tags={**tags, "promotion": str(chosen.number)}
    )
    for part in chosen.parts:
        store.point(part)
    write_json(_pointer(store), {"number": chosen.number})


def _are_of(promoted: Champion, parts: tuple[Artifact, ...]) -> bool:
    """Whether model and encoder are a champion's; its index is made anew with every new post."""
    return promoted.parts[:2] == parts[:2]


def _in_use(store: Store) -> tuple[Artifact, ...] | None:
    """What the pointers name; None if one of them is not there."""
    if not all(store.pointer_path(*key).is_file() for key in PARTS):
        return None
    return tuple(store.artifact(*key) for key in PARTS)


def _index(store: Store, path: Path) -> Artifact:
    """The index of a folder, as the pointer names it if it does."""
    if store.pointer_path("index", "posts").is_file():
        named = store.artifact("index", "posts")
        if named.path.resolve() == path.resolve():
            return named
    return Artifact("index", "posts", path.name, path.resolve(), _digest(path.resolve()))


@lru_cache(maxsize=8)
def _digest(path: Path) -> str:
    """Of an immutable folder, read once in a process: servers ask every few seconds."""
    return folder_digest(path)


def _document(store: Store, new: Champion) -> dict[str, Any]:
    parts = [{**asdict(part), "path": str(part.path.relative_to(store.root.resolve()))} for part in new.parts]
    return {"registered": new.registered, "replaces": new.replaces, "parts": parts}


def _kept(store: Store, number: int) -> pl.DataFrame | None:
    """What was measured of a champion; None where all of it was erased: then there is nothing to compare with."""
    path = _measures_path(store, number)
    return pl.read_parquet(path) if path.is_file() else None


def _last(store: Store) -> int:
    return max((int(path.stem) for path in (store.root / "models" / ALIAS).glob("[0-9]*.json")), default=0)


def _path(store: Store, number: int) -> Path:
    return store.root / "models" / ALIAS / f"{number:04d}.json"


def _measures_path(store: Store, number: int) -> Path:
    return store.root / "final" / "evaluation" / ALIAS / f"{number:04d}.parquet"


def _pointer(store: Store) -> Path:
    return store.root / "models" / f"{ALIAS}.json"
