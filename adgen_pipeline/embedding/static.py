"""The static encoder: pieces of stems with one learned vector each; a text is their mean. Trained here, on the CPU.

Not a transformer, because a corpus of a few thousand posts and minutes of two CPU cores teach a table of vectors
more than they teach attention, and it encodes thousands of posts a second.
"""

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss, MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from adgen_pipeline.embedding.held_out import HeldOut
from adgen_pipeline.embedding.negatives import clusters_of, fitting, mine
from adgen_pipeline.embedding.pairs import Pair
from adgen_pipeline.embedding.stopping import Stopping
from adgen_pipeline.embedding_recipe import EmbeddingRecipe
from adgen_pipeline.errors import TrainingError

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
    pairs: Sequence[Pair],
    recipe: EmbeddingRecipe,
    *,
    held_out: HeldOut | None = None,
    report: Callable[[int, int, float], None],
    measured: Callable[[int, float], None] | None = None,
) -> SentenceTransformer:
    """A static encoder trained to tell a text's partner from the partners of the others in its batch.

    Args:
        pairs: prepared texts (`encoder.prepare`), not empty on either side.
        recipe: sizes, epochs, learning rate, patience, hard negatives and seed.
        held_out: what is measured at each `evaluate_steps` where the recipe has patience: training ends after
            `patience` measurements without a better one, and the weights of the best one are kept.
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
    network = _Network.of(pairs, held_out, recipe)
    optimizer = torch.optim.Adam(network.model.parameters(), lr=recipe.learning_rate)
    order = random.Random(recipe.seed)  # noqa: S311  (shuffles rows)
    epochs = [list(batches(pairs, recipe.batch_size, order)) for _ in range(recipe.epochs)]
    steps = sum(map(len, epochs))
    watched = held_out if recipe.patience else None
    stopping = Stopping(recipe.patience)
    negatives: list[str | None] = [None] * len(pairs)
    clusters = clusters_of(pairs) if recipe.hard_negatives else {}
    step = 0
    for epoch, planned in enumerate(epochs):
        if recipe.hard_negatives and epoch == 1:
            negatives = mine(pairs, network.encode, ceiling=recipe.negative_ceiling)
            logger.info("hard negatives for %d of %d pairs", len(pairs) - negatives.count(None), len(pairs))
        for batch in planned:
            step += 1
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * _schedule(step, steps)
            rows = [pairs[row] for row in batch]
            loss = network.loss(rows, fitting(rows, [negatives[row] for row in batch], clusters))
            if not torch.isfinite(loss):
                raise TrainingError(
                    f"the encoder's loss is {loss.item()} at step {step}. Lower embedding.learning_rate."
                )
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            report(step, steps, loss.item())
            if watched is not None and (step % recipe.evaluate_steps == 0 or step == steps):
                reached = watched.ndcg(network.encode)
                if measured is not None:
                    measured(step, reached)
                if stopping.is_over(reached, network.model):
                    stopping.restore(network.model)
                    return network.model
    stopping.restore(network.model)
    return network.model


@dataclass(frozen=True)
class _Network:
    """The model in training, with the pieces of every text that it is shown."""

    model: SentenceTransformer
    loss_function: MatryoshkaLoss
    pieces: Mapping[str, torch.Tensor]

    @classmethod
    def of(cls, pairs: Sequence[Pair], held_out: HeldOut | None, recipe: EmbeddingRecipe) -> Self:
        """A network with random vectors, whose pieces are learned from the pairs."""
        texts = list(dict.fromkeys(text for pair in pairs for text in (pair.anchor, pair.positive)))
        tokenizer = train_tokenizer(texts[:TOKENIZER_TEXTS], vocabulary=recipe.vocabulary)
        known = list(dict.fromkeys([*texts, *(held_out.texts() if held_out else ())]))
        encodings = tokenizer.encode_batch(known, add_special_tokens=False)
        pieces = {
            text: torch.tensor(found.ids, dtype=torch.long)
            for text, found in zip(known, encodings, strict=True)
        }
        generator = torch.Generator().manual_seed(recipe.seed)
        weights = (
            torch.randn(tokenizer.get_vocab_size(), recipe.dimensions, generator=generator) * INITIAL_SCALE
        )
        model = SentenceTransformer(
            modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu"
        )
        loss_function = MatryoshkaLoss(
            model,
            MultipleNegativesRankingLoss(
                model, directions=("query_to_doc", "doc_to_query"), partition_mode="per_direction"
            ),
            matryoshka_dims=matryoshka_dimensions(recipe.dimensions),
        )
        return cls(model, loss_function, pieces)

    def loss(self, pairs: Sequence[Pair], negatives: Sequence[str]) -> torch.Tensor:
        """The loss of a batch; each negative stands against every anchor."""
        sides = [[pair.anchor for pair in pairs], [pair.positive for pair in pairs], list(negatives)]
        found: torch.Tensor = self.loss_function([self._features(side) for side in sides if side], None)
        return found

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of texts, (texts, dimensions)."""
        with torch.no_grad():
            vectors = [
                self.model(self._features(texts[start : start + ENCODED_TEXTS]))["sentence_embedding"]
                for start in range(0, len(texts), ENCODED_TEXTS)
            ]
            return np.asarray(torch.nn.functional.normalize(torch.cat(vectors)).nan_to_num())

    def _features(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """What `StaticEmbedding` reads: the pieces of all texts in one row and where each text starts."""
        pieces = [self.pieces[text] for text in texts]
        lengths = torch.tensor([0, *(len(ids) for ids in pieces[:-1])])
        return {"input_ids": torch.cat(pieces), "offsets": torch.cumsum(lengths, 0)}


def batches(pairs: Sequence[Pair], size: int, order: random.Random) -> Iterator[list[int]]:
    """Row numbers of one epoch in random batches; in none a text or a cluster stands twice.

    A text twice in a batch would be its own negative, and the rest of a post holds every other span of it. Rows that
    never fit are left out. An epoch ends when a batch is less than half as large as its
    first: what waits then repeats a few texts, and a handful of negatives teaches nothing (the real exports gave 422
    steps where 236 full batches were expected, and a last loss of 0.00006; the cause is inferred).
    """
    waiting = list(range(len(pairs)))
    least = 2
    order.shuffle(waiting)
    while waiting:
        batch: list[int] = []
        texts: set[str] = set()
        clusters: set[str] = set()
        passed: list[int] = []
        for position, row in enumerate(waiting):
            if len(batch) == size:
                passed.extend(waiting[position:])
                break
            anchor, positive, cluster = pairs[row]
            if texts.isdisjoint((anchor, positive)) and cluster not in clusters:
                batch.append(row)
                texts.update((anchor, positive))
                clusters.add(cluster)
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


def _schedule(step: int, steps: int) -> float:
    """Share of the learning rate: a linear rise, then a linear fall to a hundredth."""
    warmup = max(1, round(WARMUP_SHARE * steps))
    if step <= warmup:
        return step / warmup
    return max(0.01, (steps - step) / max(1, steps - warmup))
