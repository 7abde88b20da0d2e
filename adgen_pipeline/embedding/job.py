"""The jobs of encoder and re-ranker: one JSON file each with all that the process needs, to be repeated by hand."""

import json
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from adgen_pipeline.artifacts import write_json
from adgen_pipeline.embedding_recipe import EmbeddingRecipe
from adgen_pipeline.errors import TrainingError


class _Job(BaseModel):
    """What both have in common: `out` is written under a temporary name and renamed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    out: Path

    def write(self, path: Path) -> Path:
        """Write the job file; returns its path."""
        write_json(path, self.model_dump(mode="json"))
        return path

    @classmethod
    def read(cls, path: Path) -> Self:
        """The job in a file.

        Raises:
            TrainingError: it is missing or no such job, or lies in the folder that the job replaces.
        """
        try:
            job = cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise TrainingError(
                f"{path}: not a job of this stage ({' '.join(str(error).split())[:300]}). Materialise its asset."
            ) from error
        if path.resolve().is_relative_to(job.out.resolve()):
            raise TrainingError(
                f"{path}: lies in {job.out}, which the job replaces. Put the job file elsewhere."
            )
        return job


class EncoderJob(_Job):
    """What to train on, how, and where to put it.

    Attributes:
        documents: Parquet file of DOCUMENTS.
        ads: Parquet file of ADS, for brief and post pairs; None for none.
        parallel: files of English and Amharic sentences (`parallel.read_parallel`).
        recipe: the recipe's section; the seed stands there.
        out: the encoder's folder.
    """

    documents: Path
    ads: Path | None = None
    parallel: tuple[Path, ...] = ()
    recipe: EmbeddingRecipe = EmbeddingRecipe()


class RerankerJob(_Job):
    """What to train a re-ranker on, how, and where to put it.

    Attributes:
        documents, ads: as of the encoder's job.
        encoder: its folder; it finds the negatives.
        recipe: the recipe's section, in which `reranker` is set.
        out: the re-ranker's folder.
    """

    documents: Path
    ads: Path | None = None
    encoder: Path
    recipe: EmbeddingRecipe


def read_job(path: Path) -> EncoderJob | RerankerJob:
    """The job in a file, of whichever kind.

    Raises:
        TrainingError: as `EncoderJob.read`.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        values = {}  # the message is the same as for any other file that is no job
    return RerankerJob.read(path) if "encoder" in values else EncoderJob.read(path)
