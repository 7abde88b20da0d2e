"""The encoder job: one JSON file with everything that the process needs, so that it can be repeated by hand."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from adgen_pipeline.artifacts import write_json
from adgen_pipeline.embedding_recipe import EmbeddingRecipe
from adgen_pipeline.errors import TrainingError


class EncoderJob(BaseModel):
    """What to train on, how, and where to put it.

    Attributes:
        documents: Parquet file of DOCUMENTS.
        ads: Parquet file of ADS, for brief and post pairs; None for none.
        parallel: files of English and Amharic sentences (`parallel.read_parallel`).
        recipe: the recipe's section; the seed stands there.
        out: the encoder's folder, written under a temporary name and renamed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    documents: Path
    ads: Path | None = None
    parallel: tuple[Path, ...] = ()
    recipe: EmbeddingRecipe = EmbeddingRecipe()
    out: Path

    def write(self, path: Path) -> Path:
        """Write the job file; returns its path."""
        write_json(path, self.model_dump(mode="json"))
        return path

    @classmethod
    def read(cls, path: Path) -> "EncoderJob":
        """The job in a file.

        Raises:
            TrainingError: it is missing or not an encoder job, or lies in the folder that the job replaces.
        """
        try:
            job = cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise TrainingError(
                f"{path}: not an encoder job ({' '.join(str(error).split())[:300]}). Materialise embedding/encoder."
            ) from error
        if path.resolve().is_relative_to(job.out.resolve()):
            raise TrainingError(
                f"{path}: lies in {job.out}, which the job replaces. Put the job file elsewhere."
            )
        return job
