"""The hand-written briefs of benchmarks/briefs and what is expected of each: expected.toml, read."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).with_name("briefs")


class Expected(BaseModel):
    """What a brief must lead to; the keys are explained in expected.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    kind: str
    language: str
    must: tuple[str, ...]
    must_not: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    vertical: str | None = None
    rules: tuple[str, ...] = ()
    is_refused: bool = False
    missing: tuple[str, ...] = ()
    contradictions: int = 0


def expectations(folder: Path = FOLDER) -> dict[str, Expected]:
    """Brief ids and what is expected of each, in the order of the file."""
    entries = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    return {name: Expected.model_validate(entry) for name, entry in entries.items()}
