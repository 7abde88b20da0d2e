"""What every section of a recipe is made of."""

import hashlib
import json
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """A stage's part of the recipe; its digest is part of the code version of that stage's assets."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    # Keys that say when something is made, and change nothing in it.
    WHEN: ClassVar[frozenset[str]] = frozenset()
    # Parts that few assets read, which name them: their changes leave the stage's other assets as they are.
    APART: ClassVar[frozenset[str]] = frozenset()
    # Parts that change nothing where they are not set (None): digests are then as without the key.
    OPTIONAL: ClassVar[frozenset[str]] = frozenset()

    def digest(self, part: str = "") -> str:
        """First 12 hex digits of the SHA-256 of canonical JSON: of a part, or of all but those named above."""
        if part:
            return digest_of(self.model_dump(mode="json")[part])
        unset = {name for name in self.OPTIONAL if getattr(self, name) is None}
        return digest_of(self.model_dump(mode="json", exclude=set(self.WHEN | self.APART | unset)))


def digest_of(values: object) -> str:
    """First 12 hex digits of the SHA-256 of canonical JSON."""
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
