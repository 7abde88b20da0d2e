"""What `adgen publish` pushes of a data folder: a model, its encoder, its index, each with a card.

Only what the pointers name goes, and only if nothing speaks against it: files as they were made, a licence that is
known, no message in it that was forgotten, and the champion where there is one.
"""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from adgen_pipeline import provenance
from adgen_pipeline.artifacts import Artifact, Store, folder_digest, values_digest
from adgen_pipeline.corpus.chat import messages
from adgen_pipeline.embedding.encoder import DESCRIPTION
from adgen_pipeline.erasure.artifacts import models as trained_on
from adgen_pipeline.errors import ArtifactError, HubError
from adgen_pipeline.evaluation import promotion, scores
from adgen_pipeline.evaluation.catalogue import BY_NAME
from adgen_pipeline.evaluation.systems import OURS, TITLES
from adgen_pipeline.evaluation_schemas import MEASURES, SCORES
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline.forgotten import Forgotten
from adgen_pipeline.recipe import EvaluationRecipe
from adgen_pipeline.schemas import ADS, CONVERSATIONS, DOCUMENTS
from adgen_pipeline.text.brief import Brief, BriefFact
from adgen_pipeline.training import model_card
from adgen_pipeline.training.job import TrainingJob
from adgen_pipeline.training.licence import Licence, licence_of, require_name
from adgen_pipeline.training.merge import REPORT_FILE
from adgen_pipeline.training.model_card import Counts, Published, Score
from adgen_pipeline.training.publish import CARD, KINDS, Content, Kind, Upload, safe_files, without_code

NOTICE = "NOTICE"
OWN_LICENCE = "apache-2.0"  # of an encoder that was trained from nothing but posts
JOB, RESULT = "job.json", "result.json"
EXAMPLE = Brief(
    product="የቆዳ ጫማ",
    features=("ጥቁር እና ቡናማ",),
    facts=(
        BriefFact(slot="⟨price_1⟩", text="2,500 ብር", value="2500 ETB"),
        BriefFact(slot="⟨phone_1⟩", text="0900 000 001", value="+251900000001"),
        BriefFact(slot="⟨location_1⟩", text="ቦሌ", value="ቦሌ"),
    ),
)


@dataclass(frozen=True)
class Made:
    """Where a model comes from.

    Attributes:
        job: what trained it.
        result: what that job measured.
        pretrained: the pre-trained model that it started from; None where it started from the base as published.
    """

    job: TrainingJob
    result: Mapping[str, Any]
    pretrained: Artifact | None


def uploads(
    store: Store, named: Mapping[Kind, str], *, licence: str | None, encoder_licence: str | None
) -> dict[Kind, Upload]:
    """What goes to each named repository but the Space's, in the order of pushing.

    Raises:
        ArtifactError, HubError: something speaks against one of them.
    """
    make: dict[Kind, Callable[[str], Upload]] = {
        "model": lambda repo: model_upload(store, repo, licence=licence),
        "encoder": lambda repo: encoder_upload(store, repo, licence=encoder_licence),
        "index": lambda repo: index_upload(store, repo),
    }
    return {kind: make[kind](named[kind]) for kind in KINDS if kind in named and kind in make}


def require_publishable(store: Store, artifact: Artifact) -> None:
    """Do nothing if an artifact may leave this machine.

    Raises:
        ArtifactError: it changed since its digest was taken, or another one is the champion.
        HubError: it learned from messages that were forgotten.
    """
    artifact.verify()
    champion = promotion.champion(store)
    key = (artifact.stage, artifact.name)
    if champion is not None:
        if key == promotion.PARTS[2]:  # not its index of the promotion: that is made anew with every new post
            now = promotion.serving_index(store)[1]
        else:
            now = next(part for part in champion.parts if (part.stage, part.name) == key)
        if artifact != now:
            raise ArtifactError(
                f"{'/'.join(key)} {artifact.version} is not the champion, which is {now.version}. "
                "Let `adgen promote` judge it, or restore the champion with `adgen rollback`."
            )
    _require_nothing_forgotten(store, artifact)


def _require_nothing_forgotten(store: Store, artifact: Artifact) -> None:
    wanted = Forgotten.read(store.root)
    for model in trained_on(store, wanted) if wanted.entries else ():
        if model.path.resolve() == artifact.path:
            told = "learned from" if model.is_certain else "may have learned from (it does not say)"
            raise HubError(f"{model} {told} what was forgotten. `adgen run` makes one that did not.")


def made_by(store: Store, model: Artifact) -> Made | None:
    """The job that made a model, by the digests that its version is made of; None where that job is gone."""
    for path in sorted(store.version_path("training", "adapter", "").glob(f"*/{JOB}")):
        job = TrainingJob.read(path)
        if (
            values_digest("training", "model", job.base_digest, folder_digest(path.parent), "1")
            == model.version
        ):
            result = json.loads((path.parent / RESULT).read_text(encoding="utf-8"))
            return Made(job, result, _pretrained(store, job.base_digest))
    return None


def _pretrained(store: Store, digest: str) -> Artifact | None:
    """The version of training/pretrained with a digest; None if there is none."""
    for path in sorted(store.version_path("training", "pretrained", "").glob("*")):
        if path.is_dir() and not path.name.startswith(".") and folder_digest(path) == digest:
            return Artifact("training", "pretrained", path.name, path.resolve(), digest)
    return None


def model_upload(store: Store, repo: str, *, licence: str | None) -> Upload:
    """The model with its card.

    Args:
        repo: OWNER/NAME.
        licence: its id on the hub; None: that of the base it was made from, if that is known.

    Raises:
        ArtifactError, HubError: something speaks against it.
    """
    model = store.artifact("training", "model")
    require_publishable(store, model)
    made = made_by(store, model)
    pretrained = None if made is None else made.pretrained
    if pretrained is not None:
        _require_nothing_forgotten(store, pretrained)
    found = licence_of(None if made is None else made.job.recipe.base_model, stated=licence)
    require_name(repo, found)
    about = Published(repo, model.version, model.digest, found)
    card = model_card.model_card(
        about,
        recipe=None if made is None else made.job.recipe,
        facts=_facts(model, made),
        learned_from=_learned_from(model),
        is_pretrained=pretrained is not None,
        pretrained_on=None if pretrained is None else _learned_from(pretrained),
        tables=_rows(store),
        scores=_scores(store),
        titles=TITLES,
        example=messages(EXAMPLE, ()),
    )
    return Upload("model", repo, _with_card(safe_files(model, root=store.root), card, found), _message(model))


def encoder_upload(store: Store, repo: str, *, licence: str | None) -> Upload:
    """The encoder with its card.

    Args:
        repo: OWNER/NAME.
        licence: its id on the hub; needed where the encoder was not trained here.

    Raises:
        ArtifactError, HubError: something speaks against it.
    """
    encoder = store.artifact("embedding", "encoder")
    require_publishable(store, encoder)
    described = json.loads((encoder.path / DESCRIPTION).read_text(encoding="utf-8"))
    origin = str(described["origin"])
    stated = licence or (OWN_LICENCE if origin == "static" else None)
    found = licence_of(None if origin == "static" else origin, stated=stated)
    card = model_card.encoder_card(
        Published(repo, encoder.version, encoder.digest, found),
        origin=origin,
        dimensions=int(described["dimensions"]),
        preparation=str(described["preparation"]),
        learned_from=_learned_from(encoder),
    )
    files = _with_card(safe_files(encoder, root=store.root), card, found)
    return Upload("encoder", repo, files, _message(encoder))


def index_upload(store: Store, repo: str) -> Upload:
    """The index, and of ads and channels what the writer reads. It holds other people's words: private alone.

    Raises:
        ArtifactError: something speaks against it.
    """
    index = store.artifact("index", "posts")
    require_publishable(store, index)
    posts = json.loads((index.path / "manifest.json").read_text(encoding="utf-8"))["posts_count"]
    about = Published(repo, index.version, index.digest, Licence("other", "None: these are posts of others"))
    files: dict[str, Content] = {f"posts/{name}": path for name, path in without_code(index.path).items()}
    files[f"{ADS.name}.parquet"] = _parquet(without_what_is_not_read(store.read_table(ADS)))
    files[f"{CHANNEL_PROFILES.name}.parquet"] = _parquet(store.read_table(CHANNEL_PROFILES))
    files[CARD] = model_card.index_card(about, posts_count=int(posts)).encode()
    return Upload("index", repo, files, _message(index))


def without_what_is_not_read(ads: pl.DataFrame) -> pl.DataFrame:
    """Of ads only what a writer reads: the slotted posts that it may quote, and words that ads of training use."""
    empty = pl.lit("")
    return ads.with_columns(
        post=empty, brief=empty, slots=pl.lit([], dtype=ADS.columns["slots"].dtype), vertical=None
    ).pipe(ADS.conform)


def is_of_artifact(artifact: Artifact, name: str) -> bool:
    """Whether a published file is the artifact's own: its digest counts it; card and notice are not."""
    return (artifact.path / name).is_file()


def _with_card(files: Mapping[str, Content], card: str, licence: Licence) -> dict[str, Content]:
    notice: dict[str, Content] = {NOTICE: f"{licence.notice}\n".encode()} if licence.notice else {}
    return {**notice, **files, CARD: card.encode()}


def _message(artifact: Artifact) -> str:
    return f"{artifact.stage}/{artifact.name} {artifact.version}"


def _facts(model: Artifact, made: Made | None) -> dict[str, object]:
    """Numbers of the job and the merge, as far as they are there."""
    merged: dict[str, Any] = {}
    if (model.path / REPORT_FILE).is_file():
        merged = json.loads((model.path / REPORT_FILE).read_text(encoding="utf-8"))
    values = {**merged, **({} if made is None else made.result)}
    return {title: values[name] for name, title in _FACTS.items() if values.get(name) is not None}


_FACTS = {
    "parameters": "parameters",
    "steps": "steps",
    "tokens": "tokens learned from",
    "tokens_per_second": "tokens a second",
    "live_loss": "loss of base and adapter on probes (nats a token)",
    "merged_loss": "loss of this merged model on the same probes",
}


def _learned_from(artifact: Artifact) -> Counts | None:
    known = provenance.sources(artifact.path)
    if known is None:
        return None
    messages_count = known.select(*provenance.KEY).n_unique()
    return Counts(channels=known["channel_id"].n_unique(), messages=messages_count)


def _rows(store: Store) -> dict[str, int]:
    """How much stands in the tables that are there."""
    asked = {"posts kept as documents": DOCUMENTS, "ads taken apart": ADS, "chat rows": CONVERSATIONS}
    return {
        what: int(store.scan_table(table).select(pl.len()).collect().item())
        for what, table in asked.items()
        if store.table_path(table).is_file()
    }


def _scores(store: Store) -> list[Score]:
    """Scores of the model in use: the last run's, or those of its promotion if that run measured another model."""
    if not store.table_path(SCORES).is_file():
        return []
    table = store.read_table(SCORES)
    kept = promotion.measures_of_champion(store)
    if kept is not None and not kept.equals(store.read_table(MEASURES).filter(system=OURS)):
        table = scores.build(kept, recipe=EvaluationRecipe())
    return [
        Score(
            row["system"],
            BY_NAME[row["metric"]].title,
            BY_NAME[row["metric"]].meaning,
            row["value"],
            row["low"],
            row["high"],
            row["cases_count"],
            BY_NAME[row["metric"]].is_share,
            row["is_higher_better"],
        )
        for row in table.iter_rows(named=True)
        if row["value"] is not None and row["metric"] in BY_NAME
    ]


def _parquet(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
