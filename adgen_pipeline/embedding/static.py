"""The static encoder: pieces of stems with one learned vector each; a text is their mean. Trained here, on the CPU.

Not a transformer, because a corpus of a few thousand posts and minutes of two CPU cores teach a table of vectors
more than they teach attention, and it encodes thousands of posts a second.
"""

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss, MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from adgen_pipeline.embedding.held_out import ndcg
from adgen_pipeline.embedding.negatives import mine
from adgen_pipeline.errors import TrainingError
from adgen_pipeline.recipe import EmbeddingRecipe

logger = logging.getLogger(__name__)

UNKNOWN = "[UNK]"
INITIAL_SCALE = 0.05  # of the normal distribution that the vectors start from
WARMUP_SHARE = 0.1
ENCODED_TEXTS = 4096  # at once
TOKENIZER_TEXTS = 20_000  # enough to count pieces on: the pairs say each post many times over


def train_tokenizer(texts: Sequence[str], *, vocabulary: int) -> Tokenizer:
    """A BPE tokenizer whose pieces do not cross spaces, learned from prepared texts.

    Args:
        texts: stem keys.
        vocabulary: pieces at most; a small corpus yields fewer.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[UNKNOWN], show_progress=False, min_frequency=2
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def train_static(
    pairs: Sequence[tuple[str, str]],
    recipe: EmbeddingRecipe,
    *,
    held_out: Sequence[tuple[str, str]] = (),
    report: Callable[[int, int, float], None],
    measured: Callable[[int, float], None] | None = None,
) -> SentenceTransformer:
    """A static encoder trained to tell a text's partner from the partners of the others in its batch.

    Args:
        pairs: prepared texts (`encoder.prepare`), not empty on either side.
        recipe: sizes, epochs, learning rate, patience and seed.
        held_out: prepared pairs to measure with; none are needed where the recipe has no patience.
        report: called after each step with the step, the number of steps and the loss.
        measured: called after each measurement with the step and nDCG@10 on the held-out pairs.

    Raises:
        TrainingError: too few pairs for one batch of two, or a loss that is not finite.
    """
    if len(pairs) < 2:
        raise TrainingError(
            f"the corpus gave {len(pairs)} text pair(s) to train the encoder on, and 2 are the least. "
            "Add exports, or name a ready model in embedding.model."
        )
    texts = list(dict.fromkeys(text for pair in pairs for text in pair))
    tokenizer = train_tokenizer(texts[:TOKENIZER_TEXTS], vocabulary=recipe.vocabulary)
    known = list(dict.fromkeys([*texts, *(text for pair in held_out for text in pair)]))
    encodings = tokenizer.encode_batch(known, add_special_tokens=False)
    pieces = {
        text: torch.tensor(found.ids, dtype=torch.long) for text, found in zip(known, encodings, strict=True)
    }
    generator = torch.Generator().manual_seed(recipe.seed)
    weights = torch.randn(tokenizer.get_vocab_size(), recipe.dimensions, generator=generator) * INITIAL_SCALE
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu")
    loss_function = MatryoshkaLoss(
        model,
        MultipleNegativesRankingLoss(
            model, directions=("query_to_doc", "doc_to_query"), partition_mode="per_direction"
        ),
        matryoshka_dims=matryoshka_dimensions(recipe.dimensions),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
    order = random.Random(recipe.seed)  # noqa: S311  (shuffles rows)
    epochs = [list(batches(pairs, recipe.batch_size, order)) for _ in range(recipe.epochs)]
    steps = sum(map(len, epochs))
    stopper = _Stopper(recipe.patience)
    step = 0
    rows: Sequence[tuple[str, ...]] = pairs
    for epoch, planned in enumerate(epochs):
        if recipe.hard_negatives and epoch == 1:
            rows = _with_negatives(model, pairs, pieces)
        # Batches in which no negative stands twice, or is the partner of another row.
        made = planned if rows is pairs else list(batches(rows, recipe.batch_size, order))[: len(planned)]
        steps += len(made) - len(planned)
        for batch in made:
            step += 1
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * _schedule(step, steps)
            sides = range(len(rows[batch[0]]))
            loss = loss_function(
                [_features([pieces[rows[row][side]] for row in batch]) for side in sides], None
            )
            if not torch.isfinite(loss):
                raise TrainingError(
                    f"the encoder's loss is {loss.item()} at step {step}. Lower embedding.learning_rate."
                )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            report(step, steps, loss.item())
            if held_out and recipe.patience and (step % recipe.evaluate_steps == 0 or step == steps):
                reached = ndcg(
                    *(_vectors(model, [pair[side] for pair in held_out], pieces) for side in (0, 1))
                )
                if measured is not None:
                    measured(step, reached)
                if stopper.is_over(reached, model):
                    stopper.restore(model)
                    return model
    stopper.restore(model)
    return model


class _Stopper:
    """Keeps the best weights, and says when they have not become better for long."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._best = -1.0
        self._since = 0
        self._weights: dict[str, torch.Tensor] | None = None

    def is_over(self, reached: float, model: SentenceTransformer) -> bool:
        self._since += 1
        if reached > self._best:
            self._best, self._since = reached, 0
            self._weights = {name: value.clone() for name, value in model.state_dict().items()}
        return self._since >= self._patience

    def restore(self, model: SentenceTransformer) -> None:
        if self._weights is not None:
            model.load_state_dict(self._weights)


def _with_negatives(
    model: SentenceTransformer, pairs: Sequence[tuple[str, str]], pieces: Mapping[str, torch.Tensor]
) -> list[tuple[str, ...]]:
    """The pairs that have a hard negative, with it."""
    texts = list(dict.fromkeys(positive for _, positive in pairs))
    anchors = _vectors(model, [anchor for anchor, _ in pairs], pieces)
    found = mine(pairs, anchors, _vectors(model, texts, pieces), texts)
    logger.info("hard negatives for %d of %d pairs", sum(text is not None for text in found), len(pairs))
    return [(*pair, text) for pair, text in zip(pairs, found, strict=True) if text is not None]


def _vectors(
    model: SentenceTransformer, texts: Sequence[str], pieces: Mapping[str, torch.Tensor]
) -> np.ndarray:
    """Unit vectors of texts, (texts, dimensions)."""
    with torch.no_grad():
        blocks = [
            model(_features([pieces[text] for text in texts[start : start + ENCODED_TEXTS]]))[
                "sentence_embedding"
            ]
            for start in range(0, len(texts), ENCODED_TEXTS)
        ]
        return np.asarray(torch.nn.functional.normalize(torch.cat(blocks)).nan_to_num())


def batches(pairs: Sequence[tuple[str, ...]], size: int, order: random.Random) -> Iterator[list[int]]:
    """Row numbers of one epoch in random batches in which no text stands twice; rows that never fit are left out.

    A text twice in a batch would be its own negative. An epoch ends when a batch is less than half as large as its
    first: what waits then repeats a few texts, and a handful of negatives teaches nothing (the real exports gave 422
    steps where 236 full batches were expected, and a last loss of 0.00006; the cause is inferred).
    """
    waiting = list(range(len(pairs)))
    least = 2
    order.shuffle(waiting)
    while waiting:
        batch: list[int] = []
        seen: set[str] = set()
        passed: list[int] = []
        for position, row in enumerate(waiting):
            if len(batch) == size:
                passed.extend(waiting[position:])
                break
            if seen.isdisjoint(pairs[row]):
                batch.append(row)
                seen.update(pairs[row])
            else:
                passed.append(row)
        if len(batch) < least:
            return
        least = max(least, (len(batch) + 1) // 2)
        yield batch
        waiting = passed


def matryoshka_dimensions(dimensions: int) -> list[int]:
    """Prefix lengths of a vector that must work by themselves: the whole, its half and its quarter."""
    return [part for part in (dimensions, dimensions // 2, dimensions // 4) if part >= 16] or [dimensions]


def _features(pieces: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
    """What `StaticEmbedding` reads: the pieces of all texts in one row and where each text starts."""
    lengths = torch.tensor([0, *(len(ids) for ids in pieces[:-1])])
    return {"input_ids": torch.cat(list(pieces)), "offsets": torch.cumsum(lengths, 0)}


def _schedule(step: int, steps: int) -> float:
    """Share of the learning rate: a linear rise, then a linear fall to a hundredth."""
    warmup = max(1, round(WARMUP_SHARE * steps))
    if step <= warmup:
        return step / warmup
    return max(0.01, (steps - step) / max(1, steps - warmup))
