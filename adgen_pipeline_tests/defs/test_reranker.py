"""embedding/reranker in a run: trained in its own process, taken into the index, found by whoever opens that."""

import shutil
from pathlib import Path

import dagster as dg
import pytest

from adgen_pipeline.artifacts import Store
from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.embedding_recipe import EmbeddingRecipe, RerankerRecipe
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.index.search import PostIndex
from adgen_pipeline.index_recipe import IndexRecipe, RerankingRecipe
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.schemas import ADS, DOCUMENTS, POST_LABELS
from adgen_pipeline.settings import Settings
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline_tests.embedding.cross_encoders import tiny_bert
from adgen_pipeline_tests.embedding.samples import documents

KEYS = [
    dg.AssetKey(["embedding", "encoder"]),
    dg.AssetKey(["embedding", "reranker"]),
    dg.AssetKey(["index", "posts"]),
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Alembic, SQLAlchemy and MLflow while they make their tables
def test_a_reranker_is_trained_and_every_search_of_the_index_has_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    store.write_table(DOCUMENTS, documents())
    store.write_table(POST_LABELS, POST_LABELS.empty())
    store.write_table(ADS, ADS.empty())
    base = tiny_bert(tmp_path / "base", map(search_key, documents()["text"]), scores=None)
    embedding = EmbeddingRecipe(
        dimensions=32,
        vocabulary=500,
        batch_size=64,
        reranker=RerankerRecipe(base=str(base), maximum_pairs=64, maximum_steps=4),
    )
    index = IndexRecipe(reranker=RerankingRecipe(weight=0.5, candidates=8, seconds=100))
    settings = Settings.from_environment(data=store.root, recipe=Path("tiny"))
    recipe = load_recipe(settings.recipe_path).model_copy(update={"embedding": embedding, "index": index})
    definitions = build_definitions(recipe, settings)
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=KEYS
        )
    assert result.success
    assert all(check.passed for check in result.get_asset_check_evaluations())
    reranker = store.artifact("embedding", "reranker").verify()
    encoder = store.artifact("embedding", "encoder")
    posts = store.artifact("index", "posts")
    opened = PostIndex(posts.path, Encoder(encoder.path), encoder_digest=encoder.digest)
    assert opened.manifest.reranker is not None
    assert opened.manifest.reranker.source == reranker.digest
    shutil.rmtree(reranker.path)  # the index has its own
    hits = PostIndex(posts.path, Encoder(encoder.path)).search("የቆዳ ጫማ ቦሌ", k=8)
    assert all("reranker" in hit.scores for hit in hits)
    weights = posts.path / "reranker" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ArtifactError, match="the content has the digest"):
        posts.verify()
