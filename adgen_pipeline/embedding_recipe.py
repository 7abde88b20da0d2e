"""The recipe's section about the sentence encoder."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adgen_pipeline.recipe_section import Positive, Section, Share


class RerankerRecipe(BaseModel):
    """A cross-encoder that is trained on the encoder's pairs, with negatives that the encoder finds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Annotated[str, Field(min_length=1)]  # hub id or local folder of a transformer
    maximum_pairs: Positive = 20_000
    batch_size: Positive = 16
    epochs: Positive = 1
    maximum_steps: Positive | None = None  # None: all epochs
    learning_rate: Annotated[float, Field(gt=0)] = 2e-5
    maximum_tokens: Positive = 256  # of query and text together


class EmbeddingRecipe(Section):
    """The sentence encoder, and the re-ranker that is trained beside it."""

    APART: ClassVar[frozenset[str]] = frozenset({"reranker"})

    model: str = "static"  # "static": trained from the corpus on the CPU; else a hub id or local folder
    dimensions: Positive = 256
    vocabulary: Positive = 16_000
    batch_size: Positive = 512
    epochs: Positive = 2
    maximum_pairs: Positive = 60_000
    parallel: tuple[
        str, ...
    ] = ()  # files below corpora/ with English and Amharic sentences: x.tsv, or x.en by x.am
    learning_rate: Annotated[float, Field(gt=0)] = 0.1
    # Measurements of nDCG@10 on held-out pairs without a better one after which training ends; the best weights are
    # kept. None: all epochs, the last weights. With `parallel` 4, and 6 epochs, find more (docs/LOG.md).
    patience: Positive | None = None
    evaluate_steps: Positive = 20  # between two measurements
    hard_negatives: bool = (
        False  # for each pair one text, mined with the encoder itself after its first epoch
    )
    negative_ceiling: Share = (
        0.9  # of the partner's likeness: what is nearer may be a partner that nobody named
    )
    reranker: RerankerRecipe | None = None  # embedding/reranker is made where it is set
    seed: int = 7

    @model_validator(mode="after")
    def _negatives_come_after_an_epoch(self) -> "EmbeddingRecipe":
        if self.hard_negatives and self.epochs < 2:
            raise ValueError("hard_negatives are mined after the first epoch: set epochs to 2 or more")
        return self
