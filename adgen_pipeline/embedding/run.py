"""The encoder job's work: tables in, encoder folder and result out."""

import logging
import random
import time

import polars as pl

from adgen_pipeline.artifacts import replacing
from adgen_pipeline.embedding.curve import Curve, figures
from adgen_pipeline.embedding.encoder import load_model, save_model
from adgen_pipeline.embedding.held_out import held_out_pairs, hold_out
from adgen_pipeline.embedding.job import EncoderJob
from adgen_pipeline.embedding.pairs import Pair, pairs
from adgen_pipeline.embedding.parallel import read_parallel
from adgen_pipeline.embedding.static import train_static
from adgen_pipeline.process import Report
from adgen_pipeline.schemas import ADS
from adgen_pipeline.text.stems import stem_key
from adgen_pipeline.tracking import TrackedRun

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 5.0


def train(job: EncoderJob, *, report: Report, run: TrackedRun) -> dict[str, object]:
    """Train the encoder, or take a ready model, and write its folder.

    Returns:
        encoder (what `encoder.json` says), pairs, translations among them, steps, loss (mean of the
        last tenth of the steps), seconds, and `curve.Curve` as a dictionary; with patience also the clusters that were
        held out, the best nDCG@10 on their pairs, and its step.

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
    ads = pl.read_parquet(job.ads) if job.ads is not None else ADS.empty()
    measured = documents.clear()
    if job.recipe.patience is not None:
        documents, ads, measured = hold_out(documents, ads, seed=job.recipe.seed)
    made = pairs(documents, ads, prepare=stem_key, maximum=job.recipe.maximum_pairs, seed=job.recipe.seed)
    translated = _translated(job)
    prepared = [*(Pair(*row) for row in made.iter_rows()), *translated]
    if translated:
        random.Random(job.recipe.seed).shuffle(prepared)  # noqa: S311  (orders rows)
    report.line(
        f"training the encoder on {len(prepared)} pairs of texts, {len(translated)} of them translations"
    )
    run.parameters({**job.recipe.model_dump(mode="json"), "pairs": len(prepared)})
    held_out = held_out_pairs(measured, prepared, prepare=stem_key, seed=job.recipe.seed)
    if job.recipe.patience is not None and held_out is None:
        report.line("too few texts to hold some out: training is not stopped early")
    progress = _Progress(report, run)
    static = train_static(
        prepared, job.recipe, held_out=held_out, report=progress.step, measured=progress.measured
    )
    with replacing(job.out) as folder:
        folder.mkdir()
        description = save_model(static, folder, preparation="stems", origin="static")
    seconds = time.monotonic() - started
    curve = progress.curve
    report.line(f"encoder trained in {seconds:.0f} s, {curve.steps} steps, loss {curve.final_loss():.3f}")
    run.images(figures(curve.values()))
    return {
        "encoder": description,
        "pairs": len(prepared),
        "translations": len(translated),
        "steps": curve.steps,
        "loss": curve.final_loss(),
        **({"held_out_clusters": measured["cluster"].n_unique()} if held_out else {}),
        **curve.best(),
        "curve": curve.values(),
        "seconds": seconds,
    }


def _translated(job: EncoderJob) -> list[Pair]:
    """Prepared English and Amharic sentences, each pair once and a cluster of its own."""
    found = [
        (stem_key(english), stem_key(amharic))
        for path in job.parallel
        for english, amharic in read_parallel(path)
    ]
    distinct = dict.fromkeys(pair for pair in found if all(pair))
    return [Pair(*pair, f"translation/{number}") for number, pair in enumerate(distinct)]


class _Progress:
    """Tells people and MLflow how training goes: a line in some seconds, the loss at each tenth step."""

    def __init__(self, report: Report, run: TrackedRun) -> None:
        self._report = report
        self._run = run
        self._told = time.monotonic()
        self.curve = Curve()

    def measured(self, step: int, reached: float) -> None:
        self.curve.measured.append((step, reached))
        self._run.metrics({"encoder_held_out_ndcg": reached}, step=step)

    def step(self, step: int, steps: int, loss: float) -> None:
        self.curve.losses.append(loss)
        if step % 10 == 0 or step == steps:
            self._run.metrics({"encoder_loss": loss}, step=step)
        if time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            self._report.line(f"encoder: step {step} of {steps}, loss {loss:.3f}")
