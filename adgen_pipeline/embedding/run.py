"""The encoder job's work: tables in, encoder folder and result out."""

import logging
import math
import random
import time

import polars as pl

from adgen_pipeline.artifacts import replacing
from adgen_pipeline.embedding.encoder import load_model, save_model
from adgen_pipeline.embedding.held_out import held_out_pairs
from adgen_pipeline.embedding.job import EncoderJob
from adgen_pipeline.embedding.pairs import pairs
from adgen_pipeline.embedding.parallel import read_parallel
from adgen_pipeline.embedding.static import train_static
from adgen_pipeline.process import Report
from adgen_pipeline.text.stems import stem_key
from adgen_pipeline.tracking import TrackedRun

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 5.0


def train(job: EncoderJob, *, report: Report, run: TrackedRun) -> dict[str, object]:
    """Train the encoder, or take a ready model, and write its folder.

    Returns:
        encoder (what `encoder.json` says), pairs, translations among them, steps, loss (mean of the
        last tenth of the steps), seconds; with patience, the best nDCG@10 on held-out pairs and its step.

    Raises:
        TrainingError: too few pairs, or a loss that is not finite.
        ArtifactError: the model that the recipe names cannot be loaded.
    """
    started = time.monotonic()
    if job.recipe.model != "static":
        report.line(f"taking the encoder {job.recipe.model} as it is")
        model = load_model(job.recipe.model)
        with replacing(job.out) as folder:
            folder.mkdir()
            description = save_model(model, folder, preparation="search_key", origin=job.recipe.model)
        return {"encoder": description, "pairs": 0, "steps": 0, "seconds": time.monotonic() - started}

    documents = pl.read_parquet(job.documents)
    ads = pl.read_parquet(job.ads) if job.ads is not None else None
    prepared = pairs(
        documents, ads, prepare=stem_key, maximum=job.recipe.maximum_pairs, seed=job.recipe.seed
    ).rows()
    translated = _translated(job)
    prepared = [*prepared, *translated]
    if translated:
        random.Random(job.recipe.seed).shuffle(prepared)  # noqa: S311  (orders rows)
    report.line(
        f"training the encoder on {len(prepared)} pairs of texts, {len(translated)} of them translations"
    )
    run.parameters({**job.recipe.model_dump(mode="json"), "pairs": len(prepared)})
    progress = _Progress(report, run)
    held_out: list[tuple[str, str]] = []
    if job.recipe.patience:
        prepared, held_out = held_out_pairs(documents, ads, prepared, seed=job.recipe.seed)
    static = train_static(
        prepared, job.recipe, held_out=held_out, report=progress.step, measured=progress.measured
    )
    with replacing(job.out) as folder:
        folder.mkdir()
        description = save_model(static, folder, preparation="stems", origin="static")
    seconds = time.monotonic() - started
    report.line(
        f"encoder trained in {seconds:.0f} s, {progress.steps} steps, loss {progress.final_loss():.3f}"
    )
    return {
        "encoder": description,
        "pairs": len(prepared),
        "translations": len(translated),
        "steps": progress.steps,
        "loss": progress.final_loss(),
        **progress.best(),
        "seconds": seconds,
    }


def _translated(job: EncoderJob) -> list[tuple[str, str]]:
    """Prepared English and Amharic sentences, each pair once."""
    found = [
        (stem_key(english), stem_key(amharic))
        for path in job.parallel
        for english, amharic in read_parallel(path)
    ]
    return list(dict.fromkeys(pair for pair in found if all(pair)))


class _Progress:
    """Tells people and MLflow how training goes: a line in some seconds, the loss at each tenth step."""

    def __init__(self, report: Report, run: TrackedRun) -> None:
        self._report = report
        self._run = run
        self._told = time.monotonic()
        self._losses: list[float] = []
        self._reached: list[tuple[float, int]] = []

    @property
    def steps(self) -> int:
        return len(self._losses)

    def final_loss(self) -> float:
        last = self._losses[-max(1, len(self._losses) // 10) :]
        return math.fsum(last) / len(last)

    def best(self) -> dict[str, float]:
        if not self._reached:
            return {}
        reached, step = max(self._reached, key=lambda found: (found[0], -found[1]))
        return {"held_out_ndcg": reached, "best_step": step}

    def measured(self, step: int, reached: float) -> None:
        self._reached.append((reached, step))
        self._run.metrics({"encoder_held_out_ndcg": reached}, step=step)

    def step(self, step: int, steps: int, loss: float) -> None:
        self._losses.append(loss)
        if step % 10 == 0 or step == steps:
            self._run.metrics({"encoder_loss": loss}, step=step)
        if time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            self._report.line(f"encoder: step {step} of {steps}, loss {loss:.3f}")
