"""Uploaded briefs: kept below the data folder while they are read, under a name of our own."""

import re
import shutil
from http import HTTPStatus
from pathlib import Path

from fastapi import HTTPException

from adgen_pipeline.app.bodies import FILE_NAME
from adgen_pipeline.artifacts import Store
from adgen_pipeline.generation.brief import read_brief
from adgen_pipeline.generation.policy import Policy
from adgen_pipeline.locks import temporary_path, writing
from adgen_pipeline.text.brief import Brief

STEM_CHARS = 40  # of a file's name; three bytes each at most, of 255 that file systems take


def understood(store: Store, name: str | None, content: bytes, policy: Policy) -> Brief:
    """The brief in an uploaded file.

    Args:
        store: the data folder; nothing is written outside of it, and nothing stays.
        name: as the client calls the file; its ending decides how it is read.
        content: its bytes.
        policy: whose words the brief remembers as sensitive.

    Raises:
        HTTPException: the name is a path, or there is none.
        BriefError: the file cannot be read or says too little.
    """
    if name is None or not re.fullmatch(FILE_NAME, name):
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "The file's name is missing, hidden, or a path. Send a plain name such as brief.docx.",
        )
    folder = store.root / "state" / "uploads"
    given = Path(name)
    with writing(folder):
        place = temporary_path(folder / "upload")
        place.mkdir()
        try:
            file = place / f"{given.stem[:STEM_CHARS]}{given.suffix[:12]}"
            file.write_bytes(content)
            return read_brief(file, policy=policy)
        finally:
            shutil.rmtree(place)
