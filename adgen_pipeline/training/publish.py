"""Pushing to repositories of a hub: which files may go, and going there in one commit a repository.

What is pushed is put together elsewhere (`app/publishing.py`); this module knows of files and repositories alone.
"""

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from safetensors import SafetensorError, safe_open

from adgen_pipeline.artifacts import FORBIDDEN_SUFFIXES, Artifact
from adgen_pipeline.errors import AdgenError, ArtifactError, HubError

Kind = Literal["model", "encoder", "index", "space"]
KINDS: tuple[Kind, ...] = ("model", "encoder", "index", "space")  # in the order in which they are pushed
REPO_TYPES: Mapping[Kind, str] = {
    "model": "model",
    "encoder": "model",
    "index": "dataset",
    "space": "space",
}
# Of what an earlier push left in a repository this goes if the new one lacks it; what people added stays.
REPLACED: Mapping[Kind, tuple[str, ...]] = {
    "model": ("*.safetensors", "*.safetensors.index.json"),
    "encoder": ("*.safetensors", "*.safetensors.index.json"),
    "index": ("posts/*",),
    "space": ("adgen_pipeline/*",),
}
CARD = "README.md"
TEXTS = (".txt", ".jinja")
TEXT_NAMES = ("NOTICE",)
_PICKLED = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
Content = Path | bytes


@dataclass(frozen=True)
class Upload:
    """What a repository shall hold.

    Attributes:
        kind: what it is.
        repo: OWNER/NAME.
        files: path in the repository → file here, or its content.
        message: of the commit.
    """

    kind: Kind
    repo: str
    files: Mapping[str, Content]
    message: str

    @property
    def repo_type(self) -> str:
        """model, dataset or space."""
        return REPO_TYPES[self.kind]

    @property
    def card(self) -> str:
        """Its README.md."""
        content = self.files[CARD]
        return (content if isinstance(content, bytes) else content.read_bytes()).decode()

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each file, by path."""
        return {
            name: len(content) if isinstance(content, bytes) else content.stat().st_size
            for name, content in sorted(self.files.items())
        }


@dataclass(frozen=True)
class Pushed:
    """What a push did.

    Attributes:
        kind: what was pushed.
        url: of the repository.
        commit: its head now.
        is_changed: whether this push made that commit, or all was there already.
    """

    kind: Kind
    url: str
    commit: str
    is_changed: bool


def safe_files(artifact: Artifact, *, root: Path) -> dict[str, Path]:
    """The files of an artifact by their path in a repository, each looked at.

    Args:
        artifact: compared with its digest first.
        root: the data folder, whose place on this machine concerns nobody.

    Raises:
        ArtifactError: it changed since its digest was taken, or a file is not of a kind that is published.
    """
    artifact.verify()
    found = {}
    for path in sorted(p for p in artifact.path.rglob("*") if p.is_file()):
        relative = path.relative_to(artifact.path)
        if any(part.startswith(".") for part in relative.parts):
            continue
        if problem := _problem(path) or _told_place(path, root):
            raise ArtifactError(f"{path}: {problem}. Nothing was published.")
        found[relative.as_posix()] = path
    return found


def without_code(folder: Path) -> dict[str, Path]:
    """The files of an index folder by their path in it.

    Raises:
        ArtifactError: one of them may run code when it is loaded.
    """
    files = {
        path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()
    }
    if unsafe := sorted(name for name, path in files.items() if path.suffix in FORBIDDEN_SUFFIXES):
        raise ArtifactError(
            f"{folder}: {', '.join(unsafe)} may run code when loaded. Materialise index/posts again."
        )
    return files


def push(upload: Upload, *, url: str, token: str, is_public: bool, report: Callable[[str], None]) -> Pushed:
    """Make a repository hold an upload, in one commit; files that it holds already are not sent again.

    Raises:
        HubError: the hub refuses or is away, or the repository is public and shall not be.
    """
    api = HfApi(endpoint=url, token=token)
    kind: dict[str, Any] = {"repo_id": upload.repo, "repo_type": upload.repo_type}
    try:
        made = api.create_repo(
            **kind,
            private=not is_public,
            exist_ok=True,
            space_sdk="docker" if upload.kind == "space" else None,
        )
        before = api.repo_info(**kind)
        if not is_public and not before.private:
            raise HubError(
                f"{upload.repo} is there already and public. Make it private on the hub, name another one, "
                "or say --public."
            )
        stale = sorted(
            name
            for name in api.list_repo_files(**kind)
            if name not in upload.files and any(fnmatch(name, p) for p in REPLACED[upload.kind])
        )
        report(f"{upload.kind}: {len(upload.files)} files to {upload.repo}")
        commit = api.create_commit(
            **kind,
            operations=[
                *(
                    CommitOperationAdd(name, _source(content))
                    for name, content in sorted(upload.files.items())
                ),
                *(CommitOperationDelete(name) for name in stale),
            ],
            commit_message=upload.message,
        )
    except AdgenError:
        raise
    except Exception as error:  # the client lets through whatever its HTTP library raises
        raise refused(upload.repo, error) from error
    return Pushed(upload.kind, str(made), commit.oid, commit.oid != before.sha)


def refused(repo: str, error: Exception) -> HubError:
    """What a hub's refusal means, and what to do."""
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if status in {401, 403, 404}:
        return HubError(
            f"{repo}: the hub answers {status}. HF_TOKEN must be a token of that owner, with write access for "
            "publishing and read access for a Space."
        )
    if isinstance(error, HFValidationError):
        return HubError(f"{repo!r} is no name of a repository. Write OWNER/NAME.")
    told = " ".join(str(error.__cause__ or error).split())[:200]
    return HubError(
        f"{repo}: the hub could not be used ({type(error).__name__}: {told}). Try again: what is there is not sent "
        "twice."
    )


def _source(content: Content) -> str | bytes:
    return content if isinstance(content, bytes) else str(content)


def _problem(path: Path) -> str | None:
    """Why a file is not published; None if it is safetensors, JSON, or text of a tokenizer."""
    with path.open("rb") as file:
        head = file.read(4)
    if path.suffix in FORBIDDEN_SUFFIXES or head[:2] in _PICKLED or zipfile.is_zipfile(path):
        return "a pickle or archive may run code when loaded; save as safetensors"
    if path.suffix == ".safetensors":
        return _not_safetensors(path)
    if path.suffix == ".model":
        return None  # SentencePiece: data without code
    if path.suffix != ".json" and path.suffix not in TEXTS and path.name not in TEXT_NAMES:
        return "neither safetensors, JSON nor text of a tokenizer"
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            json.loads(text)
    except ValueError:
        return "not what its name says"
    return None


def _not_safetensors(path: Path) -> str | None:
    try:
        with safe_open(path, framework="numpy") as opened:
            opened.keys()
    except (SafetensorError, OSError):
        return "not a safetensors file, whatever its name says"
    return None


def _told_place(path: Path, root: Path) -> str | None:
    """Whether a text names this machine's data folder."""
    if path.suffix == ".safetensors" or str(root).encode() not in path.read_bytes():
        return None
    return f"it names a folder of this machine ({root}); name models by their hub id in the recipe"
