"""The recipe's section about the retrieval index."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from adgen_pipeline.recipe_section import NotNegative, Positive, Section, Share


class PartWeights(BaseModel):
    """How much each part of a score counts (`index.ranking`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dense: NotNegative
    stems: NotNegative
    words: NotNegative
    pairs: NotNegative
    opening: NotNegative


TRAINED = "trained"  # the re-ranker of embedding/reranker


class RerankingRecipe(BaseModel):
    """The cross-encoder that reads the first hits once more (`index.reranking`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[str, Field(min_length=1)] = TRAINED  # else a hub id or local folder
    candidates: Annotated[int, Field(ge=2)] = 30  # first hits that it reads
    weight: Share | None = (
        None  # of its score beside the fused one; None: learned as the weights of the parts are
    )
    seconds: Annotated[float, Field(gt=0)] = 2.0  # after which further candidates stay as they are
    maximum_tokens: Positive = 256  # of query and text together


class IndexRecipe(Section):
    """The retrieval index."""

    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"reranker"})

    flat_below_rows: Positive = 20_000  # exact search below, an approximate index from there on
    # Of the parts of a score (dense, stems, words, pairs, opening); None: learned from the briefs of validation ads.
    weights: PartWeights | None = None
    weight_queries: Positive = 300  # briefs from which weights are learned, at most
    recency: Share = 0.0  # of the order of hits; halves in recency_days
    recency_days: Positive = 180
    diversity: Share = 0.0  # how far a hit must be unlike those before it
    reranker: RerankingRecipe | None = None  # None: hits stay in the order of the fused score
    kept_versions: Positive = 2  # the index in use and those before it, to go back to
    seed: int = 7  # which briefs
    chunk_words: Positive = 80  # advertiser documents
