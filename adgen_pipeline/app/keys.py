"""API keys: several, named, each with a role, kept as digests, revocable while the server runs.

A key is 32 random bytes, so that one SHA-256 keeps it: nobody can guess what a slow hash would protect.
"""

import hashlib
import json
import secrets
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from adgen_pipeline.artifacts import Store, replacing
from adgen_pipeline.errors import SettingsError

Role = Literal["manager", "bot", "reviewer", "engineer"]
ROLES: tuple[Role, ...] = get_args(Role)
PREFIX = "adgen_"
FILE = "api-keys.json"


@dataclass(frozen=True)
class Key:
    """A key as it is kept: everything but the key itself."""

    name: str
    role: Role
    sha256: str
    added: str
    revoked: str | None = None


@dataclass(frozen=True)
class Holder:
    """Who sent a request: what limits and idempotency keys are counted by, and the role that feedback is kept with."""

    name: str
    role: Role


class Keyring:
    """The keys of a data folder; read again whenever its file changed.

    Usage::

        keyring = Keyring.of(store)
        key = keyring.add("bot", role="bot")      # shown once, kept as a digest
        keyring.holder(key)                       # Holder("bot", "bot")
        keyring.revoke("bot")
    """

    def __init__(self, path: Path, *, environment_key: str | None = None) -> None:
        """Name the file.

        Args:
            path: of the keys; need not be there.
            environment_key: one more key, that of ADGEN_API_KEY.
        """
        self.path = path
        self._environment = _digest(environment_key) if environment_key else None
        self._read: tuple[object, tuple[Key, ...]] = (None, ())
        self._lock = threading.Lock()

    @classmethod
    def of(cls, store: Store, *, environment_key: str | None = None) -> "Keyring":
        """The keys of a data folder."""
        return cls(store.root / "state" / FILE, environment_key=environment_key)

    @property
    def has_keys(self) -> bool:
        """Whether there is a key that opens."""
        return self._environment is not None or any(key.revoked is None for key in self.keys())

    def holder(self, sent: str | None) -> Holder | None:
        """Who holds a key; None for no key, an unknown or a revoked one."""
        if not sent:
            return None
        digest = _digest(sent)
        if self._environment is not None and secrets.compare_digest(digest, self._environment):
            return Holder("environment", "manager")
        for key in self.keys():
            if secrets.compare_digest(digest, key.sha256) and key.revoked is None:
                return Holder(key.name, key.role)
        return None

    def keys(self) -> tuple[Key, ...]:
        """All keys, revoked ones too, in the order of adding.

        Raises:
            SettingsError: the file cannot be understood; nobody is let in then.
        """
        with self._lock:
            try:
                status = self.path.stat()
            except FileNotFoundError:
                return ()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._read[0] != seen:
                self._read = (seen, self._load())
            return self._read[1]

    def add(self, name: str, *, role: Role) -> str:
        """A new key; what is returned is kept nowhere.

        Raises:
            SettingsError: the name is in use.
        """
        known = self.keys()
        if any(key.name == name and key.revoked is None for key in known):
            raise SettingsError(f"There is a key named {name}. Revoke it first, or choose another name.")
        secret = PREFIX + secrets.token_urlsafe(32)
        self._write([*known, Key(name, role, _digest(secret), _now())])
        return secret

    def revoke(self, name: str) -> None:
        """Let a key open nothing any more.

        Raises:
            SettingsError: there is no such key.
        """
        known = self.keys()
        if not any(key.name == name and key.revoked is None for key in known):
            names = ", ".join(key.name for key in known if key.revoked is None) or "none"
            raise SettingsError(f"There is no key named {name} that could be revoked. Keys: {names}.")
        now = _now()
        self._write(
            [
                Key(**{**asdict(key), "revoked": now}) if key.name == name and key.revoked is None else key
                for key in known
            ]
        )

    def _load(self) -> tuple[Key, ...]:
        try:
            return tuple(Key(**entry) for entry in json.loads(self.path.read_text(encoding="utf-8")))
        except (ValueError, TypeError, OSError) as error:
            raise SettingsError(
                f"{self.path}: the API keys cannot be read ({error}). Restore the file, or remove it and add keys."
            ) from error

    def _write(self, keys: list[Key]) -> None:
        with replacing(self.path) as temporary:
            temporary.touch(mode=0o600)
            temporary.write_text(json.dumps([asdict(key) for key in keys], indent=1), encoding="utf-8")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
