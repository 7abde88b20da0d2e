"""A real server on loopback in the place of a model hub: repositories, commits, large files, downloads.

It speaks the part of the hub's HTTP API that `huggingface_hub` uses for creating a repository, a commit with and
without large files (git LFS), listing and downloading, and refuses whatever else it is asked.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

TOKEN, READ_TOKEN = "hf_write", "hf_read"
LARGE_SUFFIXES = (
    ".safetensors",
    ".parquet",
    ".lance",
    ".ttf",
)  # of the hub's own .gitattributes, in the main
_API = re.compile(r"/api/(models|datasets|spaces)/([\w.-]+/[\w.-]+)(?:/(\w+)/([\w.-]+))?/?$")
_BATCH = re.compile(r"/(datasets/|spaces/)?([\w.-]+/[\w.-]+)\.git/info/lfs/objects/batch$")
_RESOLVE = re.compile(r"/(datasets/|spaces/)?([\w.-]+/[\w.-]+)/resolve/([\w.-]+)/(.+)$")


def blob_id(content: bytes) -> str:
    """The id that git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Repository:
    """A repository: files of each commit, the last one being the head.

    Attributes:
        private: whether a token is needed.
        commits: oid → path → (content, whether it is a large file).
        messages: of the commits.
        sdk: of a Space.
    """

    private: bool
    sdk: str | None
    commits: dict[str, dict[str, tuple[bytes, bool]]] = field(default_factory=lambda: {"0" * 40: {}})
    messages: list[str] = field(default_factory=list)

    @property
    def head(self) -> str:
        return list(self.commits)[-1]

    @property
    def files(self) -> dict[str, bytes]:
        """Of the head."""
        return {path: content for path, (content, _) in self.commits[self.head].items()}

    def at(self, revision: str) -> dict[str, tuple[bytes, bool]] | None:
        return self.commits.get(self.head if revision == "main" else revision)


class Hub(ThreadingHTTPServer):
    """The server.

    Attributes:
        repositories: by type and name.
        objects: large files by their SHA-256.
        seen: method and path of every request.
        is_failing: whether commits fail, as on a bad day.
    """

    daemon_threads = True
    repositories: dict[tuple[str, str], Repository]
    objects: dict[str, bytes]
    seen: list[tuple[str, str]]
    is_failing: bool

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def sent(self) -> list[str]:
        """SHA-256 of the large files that were sent, in order."""
        return [path.removeprefix("/lfs/") for method, path in self.seen if method == "PUT"]


class RefusalError(Exception):
    """An answer that is no success."""

    def __init__(self, status: HTTPStatus, sentence: str, code: str = "", **more: str) -> None:
        super().__init__(sentence)
        self.status, self.code, self.more = status, code, more


class Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests are quiet."""

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.seen.append((self.command, path))
        try:
            if found := _RESOLVE.match(path):
                self._send_file(*found.groups())
                return
            answer = self._dispatch(path, body)
        except RefusalError as refusal:
            document = {"error": str(refusal), **refusal.more}
            self._send(refusal.status, json.dumps(document).encode(), {"X-Error-Code": refusal.code})
            return
        self._send(HTTPStatus.OK, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _dispatch(self, path: str, body: bytes) -> Any:
        if self.command == "PUT" and path.startswith("/lfs/"):
            return self._keep(path.removeprefix("/lfs/"), body)
        if self.command == "POST" and path == "/lfs-verify":
            return self._verified(json.loads(body))
        if self.command == "POST" and path == "/api/repos/create":
            return self._create(json.loads(body))
        if self.command == "POST" and path == "/api/validate-yaml":
            return _validated(json.loads(body)["content"])
        if self.command == "POST" and (found := _BATCH.match(path)):
            return self._batch(
                self._repository(f"{found[1] or 'models/'}"[:-2], found[2], write=True), json.loads(body)
            )
        if found := _API.match(path):
            kind, name, action, revision = found[1][:-1], found[2], found[3], found[4] or "main"
            if self.command == "POST" and action == "preupload":
                return _modes(self._repository(kind, name, write=True), revision, json.loads(body))
            if self.command == "POST" and action == "commit":
                return self._commit(kind, name, body)
            if self.command == "GET" and action in {None, "revision"}:
                return _info(self._repository(kind, name), name, revision)
            if self.command == "GET" and action == "tree":
                return _tree(self._repository(kind, name), revision)
        raise RefusalError(HTTPStatus.NOT_IMPLEMENTED, f"{self.command} {path} is not known here")

    def _token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    def _repository(self, kind: str, name: str, *, write: bool = False) -> Repository:
        repository = self.server.repositories.get((kind, name))
        may = {TOKEN} if write else {TOKEN, READ_TOKEN}
        if repository is None or (repository.private and self._token() not in {TOKEN, READ_TOKEN}):
            status = HTTPStatus.NOT_FOUND if self._token() else HTTPStatus.UNAUTHORIZED
            raise RefusalError(status, "Repository not found", "RepoNotFound")
        if write and self._token() not in may:
            raise RefusalError(HTTPStatus.FORBIDDEN, "This token may not write")
        return repository

    def _create(self, asked: dict[str, Any]) -> Any:
        if self._token() != TOKEN:
            raise RefusalError(HTTPStatus.UNAUTHORIZED, "Invalid username or password.")
        kind, name = asked.get("type") or "model", f"{asked['organization']}/{asked['name']}"
        url = f"{self.server.url}/{'' if kind == 'model' else f'{kind}s/'}{name}"
        if (kind, name) in self.server.repositories:
            raise RefusalError(HTTPStatus.CONFLICT, "You already created this repo", url=url)
        is_private = asked.get("visibility") == "private"
        self.server.repositories[kind, name] = Repository(is_private, asked.get("sdk"))
        return {"url": url}

    def _batch(self, repository: Repository, asked: dict[str, Any]) -> Any:
        del repository  # it is there, and may be written
        objects = []
        for each in asked["objects"]:
            answer = {"oid": each["oid"], "size": each["size"]}
            if each["oid"] not in self.server.objects:
                answer["actions"] = {
                    "upload": {"href": f"{self.server.url}/lfs/{each['oid']}"},
                    "verify": {"href": f"{self.server.url}/lfs-verify"},
                }
            objects.append(answer)
        return {"transfer": "basic", "objects": objects}

    def _keep(self, oid: str, body: bytes) -> Any:
        if hashlib.sha256(body).hexdigest() != oid:
            raise RefusalError(HTTPStatus.BAD_REQUEST, "The content is not what its digest says")
        self.server.objects[oid] = body
        return {}

    def _verified(self, asked: dict[str, Any]) -> Any:
        if len(self.server.objects.get(asked["oid"], b"")) != asked["size"]:
            raise RefusalError(HTTPStatus.NOT_FOUND, "Not uploaded")
        return {}

    def _commit(self, kind: str, name: str, body: bytes) -> Any:
        repository = self._repository(kind, name, write=True)
        if self.server.is_failing:
            raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, "The hub has a bad day")
        files = dict(repository.commits[repository.head])
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                repository.messages.append(value["summary"])
            elif entry["key"] == "file":
                files[value["path"]] = (base64.b64decode(value["content"]), False)
            elif entry["key"] == "lfsFile":
                files[value["path"]] = (self.server.objects[value["oid"]], True)
            elif entry["key"] == "deletedFile":
                del files[value["path"]]
            else:
                raise RefusalError(HTTPStatus.BAD_REQUEST, f"{entry['key']} is not known here")
        listing = "".join(f"{path}{blob_id(content)}" for path, (content, _) in sorted(files.items()))
        oid = hashlib.sha1(f"{repository.head}{listing}".encode()).hexdigest()
        repository.commits[oid] = files
        return {"commitUrl": f"{self.server.url}/{name}/commit/{oid}", "commitOid": oid}

    def _send_file(self, prefix: str | None, name: str, revision: str, path: str) -> None:
        repository = self._repository((prefix or "models/")[:-2], name)
        files = repository.at(revision)
        if files is None:
            raise RefusalError(HTTPStatus.NOT_FOUND, "No such revision", "RevisionNotFound")
        if path not in files:
            raise RefusalError(HTTPStatus.NOT_FOUND, "No such file", "EntryNotFound")
        content, is_large = files[path]
        etag = hashlib.sha256(content).hexdigest() if is_large else blob_id(content)
        commit = repository.head if revision == "main" else revision
        self._send(HTTPStatus.OK, content, {"ETag": f'"{etag}"', "X-Repo-Commit": commit})

    def _send(self, status: HTTPStatus, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for header, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(header, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _validated(card: str) -> Any:
    try:
        header = yaml.safe_load(card.split("---\n")[1])
    except (IndexError, yaml.YAMLError) as error:
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"No YAML header: {error}") from error
    return {"errors": [], "warnings": [] if header else [{"message": "empty or missing yaml metadata"}]}


def _modes(repository: Repository, revision: str, asked: dict[str, Any]) -> Any:
    files = repository.at(revision) or {}
    answers = []
    for each in asked["files"]:
        is_large = each["path"].endswith(LARGE_SUFFIXES) or each["size"] > 10_000_000
        answer = {
            "path": each["path"],
            "uploadMode": "lfs" if is_large else "regular",
            "shouldIgnore": False,
        }
        if each["path"] in files:
            content, was_large = files[each["path"]]
            answer["oid"] = hashlib.sha256(content).hexdigest() if was_large else blob_id(content)
        answers.append(answer)
    return {"files": answers}


def _info(repository: Repository, name: str, revision: str) -> Any:
    files = repository.at(revision)
    if files is None:
        raise RefusalError(HTTPStatus.NOT_FOUND, "No such revision", "RevisionNotFound")
    sha = repository.head if revision == "main" else revision
    siblings = [{"rfilename": path} for path in sorted(files)]
    return {
        "_id": "1",
        "id": name,
        "sha": sha,
        "private": repository.private,
        "tags": [],
        "siblings": siblings,
    }


def _tree(repository: Repository, revision: str) -> Any:
    files = repository.at(revision)
    if files is None:
        raise RefusalError(HTTPStatus.NOT_FOUND, "No such revision", "RevisionNotFound")
    entries = []
    for path, (content, is_large) in sorted(files.items()):
        entry: dict[str, Any] = {
            "type": "file", "path": path, "size": len(content), "oid": blob_id(content),
        }  # fmt: skip
        if is_large:
            oid = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"oid": oid, "size": len(content), "pointerSize": 130}
        entries.append(entry)
    return entries


@contextmanager
def serving_hub() -> Iterator[Hub]:
    """A hub without repositories, until the end of the block."""
    with Hub(("127.0.0.1", 0), Handler) as serving:
        serving.repositories, serving.objects, serving.seen, serving.is_failing = {}, {}, [], False
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield serving
        serving.shutdown()
