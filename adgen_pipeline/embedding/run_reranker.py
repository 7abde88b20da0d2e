"""The re-ranker job's work: the encoder's pairs, negatives that the encoder finds, and a cross-encoder out of them."""

import time

import polars as pl

from adgen_pipeline.artifacts import replacing
from adgen_pipeline.embedding.cross_encoder import save_cross_encoder, train_cross_encoder
from adgen_pipeline.embedding.curve import Curve, figures
from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.embedding.job import RerankerJob
from adgen_pipeline.embedding.negatives import mine
from adgen_pipeline.embedding.pairs import Pair, pairs
from adgen_pipeline.errors import TrainingError
from adgen_pipeline.process import Report
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline.tracking import TrackedRun

SECONDS_BETWEEN_LINES = 5.0


def train_reranker(job: RerankerJob, *, report: Report, run: TrackedRun) -> dict[str, object]:
    """Train the re-ranker and write its folder.

    Returns:
        base, pairs, negatives (mined ones), steps, loss (mean of the last tenth of the steps), seconds, and
        `curve.Curve` as a dictionary.

    Raises:
        TrainingError: the recipe asks for none, too few pairs, or a loss that is not finite.
        ArtifactError: the base cannot be loaded.
    """
    started = time.monotonic()
    recipe = job.recipe.reranker
    if recipe is None:
        raise TrainingError("the job's recipe has no embedding.reranker. Name a base there.")
    documents = pl.read_parquet(job.documents)
    ads = pl.read_parquet(job.ads) if job.ads is not None else None
    made = pairs(documents, ads, prepare=search_key, maximum=recipe.maximum_pairs, seed=job.recipe.seed)
    learned = [Pair(*row) for row in made.iter_rows()]
    negatives = mine(learned, Encoder(job.encoder).encode, ceiling=job.recipe.negative_ceiling)
    mined = sum(text is not None for text in negatives)
    report.line(
        f"training a re-ranker from {recipe.base} on {len(learned)} pairs, {mined} with a hard negative"
    )
    run.parameters({**recipe.model_dump(mode="json"), "pairs": len(learned), "negatives": mined})
    curve = Curve()
    told = [started]

    def step(number: int, steps: int, loss: float) -> None:
        curve.losses.append(loss)
        run.metrics({"reranker_loss": loss}, step=number)
        if time.monotonic() - told[0] >= SECONDS_BETWEEN_LINES:
            told[0] = time.monotonic()
            report.line(f"re-ranker: step {number} of {steps}, loss {loss:.3f}")

    model = train_cross_encoder(learned, negatives, recipe, seed=job.recipe.seed, report=step)
    with replacing(job.out) as folder:
        folder.mkdir()
        save_cross_encoder(model, folder)
    seconds = time.monotonic() - started
    report.line(f"re-ranker trained in {seconds:.0f} s, {curve.steps} steps, loss {curve.final_loss():.3f}")
    run.images(figures(curve.values()))
    return {
        "base": recipe.base,
        "pairs": len(learned),
        "negatives": mined,
        "steps": curve.steps,
        "loss": curve.final_loss(),
        "curve": curve.values(),
        "seconds": seconds,
    }
