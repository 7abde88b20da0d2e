"""Cross-encoders, which read two texts at once and give one score: loaded, and trained on the encoder's pairs."""

import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss
from transformers import PrinterCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from adgen_pipeline.embedding.negatives import clusters_of
from adgen_pipeline.embedding.pairs import Pair
from adgen_pipeline.embedding_recipe import RerankerRecipe
from adgen_pipeline.errors import ArtifactError, TrainingError

MINIMUM_PAIRS = 8
WARM_UP_SHARE = 0.1  # of the steps
ATTEMPTS = 20  # to draw a text of another cluster
PRECISION = {
    "dtype": torch.float32
}  # on a CPU half precision is slower, and scores of equal texts would differ


def load_cross_encoder(name: str, *, maximum_tokens: int, is_base: bool = False) -> CrossEncoder:
    """A cross-encoder from a local folder or, if it is none, from the hub's cache or the hub.

    Args:
        name: folder or hub id.
        maximum_tokens: of both texts together; longer ones are cut, the second first as it is the longer.
        is_base: it will be trained: a transformer without a head for scores gets a fresh one, by torch's seed.

    Raises:
        ArtifactError: it cannot be had (no network, no leave, no such model), has no safetensors weights, no
            head for scores, or more scores than one.
    """
    try:
        model: CrossEncoder = CrossEncoder(
            name,
            device=None if torch.cuda.is_available() else "cpu",
            max_length=maximum_tokens,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, **PRECISION},
        )
    except (OSError, ValueError, TypeError, RuntimeError, KeyError) as error:
        raise ArtifactError(
            f"{name}: no cross-encoder could be loaded ({' '.join(str(error).split())[:300]}). Name a local folder, "
            "or a hub id with the network on and leave to read it."
        ) from error
    if model.num_labels != 1:
        raise ArtifactError(
            f"{name}: gives {model.num_labels} scores a pair, and a re-ranker gives one. Name another model."
        )
    transformer: Any = model[0]
    heads: list[str] = transformer.auto_model.config.architectures or []
    if not is_base and type(transformer.auto_model).__name__ not in heads:
        raise ArtifactError(
            f"{name}: a transformer without a trained head for scores ({', '.join(heads) or 'none named'}). Train one "
            "from it with embedding.reranker.base, or name a cross-encoder."
        )
    return model


def train_cross_encoder(
    pairs: Sequence[Pair],
    negatives: Sequence[str | None],
    recipe: RerankerRecipe,
    *,
    seed: int,
    report: Callable[[int, int, float], None] = lambda *_: None,
) -> CrossEncoder:
    """Teach a transformer to tell the partner of a text from other texts.

    Each pair is shown beside its mined negative and beside a text drawn from another cluster.

    Args:
        pairs: prepared texts.
        negatives: the mined negative of each; None where there is none.
        recipe: the base and how long.
        seed: of the head, the draws and the order.
        report: called with step, steps and loss.

    Raises:
        ArtifactError: the base cannot be had.
        TrainingError: too few pairs, or a loss that is not finite.
    """
    if len(pairs) < MINIMUM_PAIRS:
        raise TrainingError(
            f"only {len(pairs)} pairs to train a re-ranker on. Add exports, or name a ready model."
        )
    torch.manual_seed(seed)
    model = load_cross_encoder(recipe.base, maximum_tokens=recipe.maximum_tokens, is_base=True)
    rows = examples(pairs, negatives, seed=seed)
    data = Dataset.from_dict(
        {
            "query": [query for query, _, _ in rows],
            "text": [text for _, text, _ in rows],
            "label": [label for _, _, label in rows],
        }
    )
    progress = _Progress(report)
    with tempfile.TemporaryDirectory() as folder:
        arguments = CrossEncoderTrainingArguments(
            output_dir=folder,
            num_train_epochs=recipe.epochs,
            max_steps=recipe.maximum_steps or -1,
            per_device_train_batch_size=recipe.batch_size,
            learning_rate=recipe.learning_rate,
            warmup_steps=WARM_UP_SHARE,
            seed=seed,
            data_seed=seed,
            save_strategy="no",
            logging_steps=1,
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=torch.cuda.is_available(),
        )
        trainer = CrossEncoderTrainer(
            model=model,
            args=arguments,
            train_dataset=data,
            loss=BinaryCrossEntropyLoss(model),
            callbacks=[progress],
        )
        trainer.remove_callback(PrinterCallback)  # one line a step on stdout
        trainer.train()
    if not progress.losses or not all(map(_is_finite, progress.losses)):
        raise TrainingError("the re-ranker's loss is not finite. Lower embedding.reranker.learning_rate.")
    model.eval()
    return model


def examples(
    pairs: Sequence[Pair], negatives: Sequence[str | None], *, seed: int
) -> list[tuple[str, str, float]]:
    """Anchor, text and 1.0 for a partner or 0.0 for none; shuffled."""
    generator = random.Random(seed)  # noqa: S311  (draws texts)
    clusters = clusters_of(pairs)
    rows = []
    for pair, negative in zip(pairs, negatives, strict=True):
        rows.append((pair.anchor, pair.positive, 1.0))
        taken = clusters[pair.anchor] | clusters[pair.positive]
        drawn = (generator.choice(pairs).positive for _ in range(ATTEMPTS))
        other = next((text for text in drawn if taken.isdisjoint(clusters[text])), None)
        rows += [(pair.anchor, text, 0.0) for text in (negative, other) if text is not None]
    generator.shuffle(rows)
    return rows


def save_cross_encoder(model: CrossEncoder, out: Path) -> None:
    """Write a cross-encoder into a folder, its weights as safetensors."""
    model.save_pretrained(str(out), create_model_card=False, safe_serialization=True)


class _Progress(TrainerCallback):
    def __init__(self, report: Callable[[int, int, float], None]) -> None:
        self._report = report
        self.losses: list[float] = []

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002  (the trainer's signature)
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        if logs and "loss" in logs:
            self.losses.append(float(logs["loss"]))
            self._report(state.global_step, state.max_steps, self.losses[-1])


def _is_finite(value: float) -> bool:
    return abs(value) < float("inf")
