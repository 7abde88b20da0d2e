"""The version of the data folder's format, and how a folder of an older one becomes current.

`format.json` at the top of the folder holds the number. A release that lays files out differently raises `VERSION`
and adds the step that turns the version before it into it; a folder of a newer release is refused.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from adgen_pipeline.artifacts import write_json
from adgen_pipeline.errors import ArtifactError, DataError

FILE = "format.json"
VERSION = 1

Step = Callable[[Path], None]


def require_current(
    root: Path,
    *,
    report: Callable[[str], None],
    version: int = VERSION,
    steps: Mapping[int, Step] | None = None,
) -> None:
    """Bring a data folder to the current format, one version after the other; a new folder is stamped.

    A step that is interrupted is begun again: the number rises when it is done.

    Args:
        root: the data folder.
        report: hears of each step.
        version: the current format.
        steps: version → what turns the version before it into it; by default this release's.

    Raises:
        DataError: the folder was written by a newer release.
        ArtifactError: a step found the folder unsound.
    """
    found = read(root)
    if found > version:
        raise DataError(
            f"{root} has data format {found}, this release knows {version}. Install the release that wrote it, "
            "or restore a backup of before."
        )
    for number in range(found + 1, version + 1):
        if any(root.glob("*.json")) or (root / "models").is_dir():
            report(f"{root}: data format {number - 1} becomes {number}")
        (STEPS if steps is None else steps)[number](root)
        write_json(root / FILE, {"version": number})


def read(root: Path) -> int:
    """The format's number; 0 for a folder of before there was one, or a new folder."""
    path = root / FILE
    return int(json.loads(path.read_text(encoding="utf-8"))["version"]) if path.is_file() else 0


def _stamp(root: Path) -> None:
    """Format 1 is the first that says so: its folders are those of before, with pointers that lead somewhere."""
    for pointer in sorted((root / "models").glob("*/*.json")):
        values = json.loads(pointer.read_text(encoding="utf-8"))
        if "path" in values and not (root / values["path"]).is_dir():
            raise ArtifactError(
                f"{pointer} names {values['path']}, which is gone. Remove that file: `adgen run` makes it again."
            )


STEPS: dict[int, Step] = {1: _stamp}
