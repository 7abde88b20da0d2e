"""The object store that keeps a copy of a data folder: S3, whatever speaks it, or a mounted folder.

Names are relative to the address of the settings and use slashes:

    objects/<sha256>    content, named by its digest: never overwritten, so a killed upload harms nothing
    manifest.json       which file of the data folder has which content; written last
    raw/…               exports that people drop; never written to from here

Keys come from AWS's own variables (or its profile, or the machine's role) and are read by the client library alone.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.fs
import regex

from adgen_pipeline.errors import ObjectStoreError
from adgen_pipeline.settings import Settings

OBJECTS = "objects"
CHUNK = 4 << 20
DIAL_SECONDS, ANSWER_SECONDS, TRIES = 10, 60, 4
_CODE = regex.compile(r"AWS Error ([A-Z0-9_]+)(?:.*curlCode: \d+, ([^;]+))?")
# what the server says → what to do; the first that occurs in the message counts
_ADVICE = {
    "NO_SUCH_BUCKET": "There is no such bucket: create it, or correct ADGEN_OBJECT_STORE.",
    "INVALID_ACCESS_KEY_ID": "Its key is not known there: correct AWS_ACCESS_KEY_ID.",
    "SIGNATURE_DOES_NOT_MATCH": "Its secret is wrong: correct AWS_SECRET_ACCESS_KEY.",
    "InvalidAccessKeyId": "Its key is not known there: correct AWS_ACCESS_KEY_ID.",
    "SignatureDoesNotMatch": "Its secret is wrong: correct AWS_SECRET_ACCESS_KEY.",
    "ACCESS_DENIED": "It refuses this key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to one that may list, read, "
    "write and delete below that prefix.",
    "NETWORK_CONNECTION": "It is not reached: is the network up, and AWS_ENDPOINT_URL (by https: AWS_CA_BUNDLE) right?",
    "301": "The bucket is in another region: set AWS_DEFAULT_REGION.",
}

Tell = Callable[[int], None]  # hears of bytes as they move


def _nobody(count: int) -> None:
    """Hears of bytes and does nothing."""


@dataclass(frozen=True)
class Listed:
    """An object as a listing shows it.

    Attributes:
        size: in bytes.
        changed: when it was written; None where the store does not say.
    """

    size: int
    changed: datetime | None


@dataclass(frozen=True)
class ObjectStore:
    """Objects below one address.

    Attributes:
        url: the address, without keys.
        filesystem: the same as a file system of pyarrow, rooted there.
    """

    url: str
    filesystem: Any

    @classmethod
    def of(cls, settings: Settings) -> "ObjectStore":
        """The object store that the settings name. Nothing is dialled yet.

        Raises:
            ObjectStoreError: the settings name none.
        """
        url = settings.object_store
        if url is None:
            raise ObjectStoreError(
                "ADGEN_OBJECT_STORE is not set. Set it to s3://BUCKET/PREFIX, and the keys in AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY."
            )
        scheme, _, path = url.partition("://")
        if scheme == "file":
            Path(path).mkdir(parents=True, exist_ok=True)
            return cls(url, pa.fs.SubTreeFileSystem(path, pa.fs.LocalFileSystem()))
        where: dict[str, object] = {}
        if settings.s3_endpoint is not None:
            protocol, _, address = settings.s3_endpoint.rstrip("/").partition("://")
            where = {"scheme": protocol, "endpoint_override": address}
        if settings.s3_authority is not None:
            where["tls_ca_file_path"] = str(settings.s3_authority)
        s3 = pa.fs.S3FileSystem(
            **where,
            connect_timeout=DIAL_SECONDS,
            request_timeout=ANSWER_SECONDS,
            retry_strategy=pa.fs.AwsStandardS3RetryStrategy(max_attempts=TRIES),
        )
        return cls(url, pa.fs.SubTreeFileSystem(path, s3))

    def _make_folder(self, name: str) -> None:
        """Make the folder of an object, where the store is one of folders."""
        if self.url.startswith("file:"):
            self.filesystem.create_dir(str(Path(name).parent), recursive=True)

    def listed(self, folder: str) -> dict[str, Listed]:
        """Objects below a name, by their names relative to it; none where nothing is there.

        Raises:
            ObjectStoreError: the store does not answer, refuses, or has no such bucket.
        """
        with self._said(f"list {folder}/"):
            try:
                found = self.filesystem.get_file_info(pa.fs.FileSelector(folder, recursive=True))
            except FileNotFoundError:  # S3 knows no folders: one without objects is not there
                return {}
        files = [info for info in found if info.type == pa.fs.FileType.File]
        return {
            info.path.removeprefix(f"{folder}/"): Listed(info.size, info.mtime)
            for info in sorted(files, key=lambda info: info.path)
        }

    def text(self, name: str) -> str | None:
        """An object as text; None if it is not there.

        Raises:
            ObjectStoreError: the store does not answer or refuses.
        """
        with self._said(f"read {name}"):
            try:
                with self.filesystem.open_input_stream(name, compression=None) as stream:
                    return str(stream.read().decode())
            except FileNotFoundError:
                return None

    def write_text(self, name: str, text: str) -> None:
        """Write a small object whole or not at all, over what stands there.

        Raises:
            ObjectStoreError: the store does not answer or refuses.
        """
        temporary = f"{OBJECTS}/{uuid.uuid4().hex}"  # a push deletes what a kill leaves of it there
        with self._said(f"write {name}"):
            self._make_folder(temporary)
            # an interrupted stream of pyarrow is closed, and S3 then takes what came for the whole: hence the move
            with self.filesystem.open_output_stream(temporary, compression=None) as stream:
                stream.write(text.encode())
            self.filesystem.move(temporary, name)

    def upload(self, file: Path, name: str, *, sha256: str, tell: Tell = _nobody) -> None:
        """Write a file as an object, compared with its digest on the way.

        Raises:
            FileChangedError: the file has another digest by now, or is gone; the object is of no use.
            ObjectStoreError: the store does not answer or refuses.
        """
        try:
            source = file.open("rb")
        except FileNotFoundError as error:
            raise FileChangedError(file) from error
        with source, self._said(f"write {name}"):
            self._make_folder(name)
            with self.filesystem.open_output_stream(name, compression=None) as stream:
                found = _copied(source, stream, tell)
                if found != sha256:
                    stream.write(b"\0")  # its size then tells that it is not what its name says
        if found != sha256:
            raise FileChangedError(file)

    def download(self, name: str, file: Path, *, tell: Tell = _nobody) -> str:
        """Write an object to a file; returns its SHA-256.

        Raises:
            ObjectStoreError: it is gone, or the store does not answer or refuses.
        """
        with self._said(f"read {name}"):
            try:
                with (
                    self.filesystem.open_input_stream(name, compression=None) as stream,
                    file.open("wb") as target,
                ):
                    return _copied(stream, target, tell)
            except FileNotFoundError as error:
                raise ObjectStoreError(
                    f"{self.url}/{name} is gone: another machine pushed meanwhile, or somebody deleted it. Run again."
                ) from error

    def digest(self, name: str, *, tell: Tell = _nobody) -> str:
        """SHA-256 of an object, read as a whole."""
        with (
            self._said(f"read {name}"),
            self.filesystem.open_input_stream(name, compression=None) as stream,
        ):
            return _copied(stream, None, tell)

    def delete(self, name: str) -> None:
        """Delete an object; one that is gone already is no error."""
        with self._said(f"delete {name}"):
            try:
                self.filesystem.delete_file(name)
            except FileNotFoundError:
                return

    def probe(self) -> int:
        """List the prefix, write a small object and delete it; returns how many exports wait below raw/.

        Raises:
            ObjectStoreError: one of these is refused, and what to do.
        """
        waiting = len(self.listed("raw"))
        name = f"probe-{uuid.uuid4().hex}"
        self.write_text(name, "adgen doctor\n")
        self.delete(name)
        return waiting

    @contextmanager
    def _said(self, doing: str) -> Iterator[None]:
        """What the client library reports, as one sentence with what to do; keys are in none of its messages."""
        try:
            yield
        except OSError as error:
            message = " ".join(str(error).split())
            code = _CODE.search(message)
            advice = next((advice for sign, advice in _ADVICE.items() if sign in message), None)
            reason = ": ".join(filter(None, code.groups())) if code else message[:200]
            raise ObjectStoreError(
                f"{self.url}: cannot {doing} ({reason}). {advice or 'Try `adgen doctor`.'}"
            ) from error


class FileChangedError(ObjectStoreError):
    """A file of the data folder changed while it was pushed."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"{file} changed while it was pushed. Push again when nothing writes there any more."
        )


def _copied(source: BinaryIO, target: BinaryIO | None, tell: Tell) -> str:
    """Read a stream, and write it where there is a target; returns the SHA-256 of what went through."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
        tell(len(chunk))
    return digest.hexdigest()
