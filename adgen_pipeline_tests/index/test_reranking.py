from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.errors import ArtifactError, DataError, RecipeError
from adgen_pipeline.index import reranking
from adgen_pipeline.index.building import build
from adgen_pipeline.index.pruning import prune
from adgen_pipeline.index.search import PostIndex
from adgen_pipeline.index.store import RERANKER, Manifest, Reranking, problems
from adgen_pipeline.index_recipe import IndexRecipe, RerankingRecipe
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.schemas import POST_LABELS
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline_tests.embedding.cross_encoders import tiny_bert
from adgen_pipeline_tests.embedding.samples import documents, train_encoder

QUERY = "ጫማ ቦሌ"
QUERIES = [("የቆዳ ጫማ መገኛ", (1, 9)), ("ዘመናዊ ሶፋ ቦሌ", (1, 3)), ("ንጹህ ማር ፒያሳ", (1, 21))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reranking")
    train_encoder(folder)
    tiny_bert(folder / "model", map(search_key, documents()["text"]))
    return folder


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder(folder / "encoder")


def _build(folder: Path, encoder: Encoder, out: Path, **values: float) -> Manifest:
    recipe = IndexRecipe(reranker=RerankingRecipe(model=str(folder / "model"), **values))
    return _built(encoder, out, recipe)


def _built(
    encoder: Encoder,
    out: Path,
    recipe: IndexRecipe,
    *,
    table: pl.DataFrame | None = None,
    previous: Path | None = None,
    trained: Path | None = None,
) -> Manifest:
    build(
        documents() if table is None else table,
        POST_LABELS.empty(),
        out.parent / "none",
        encoder,
        "d" * 64,
        out,
        recipe=recipe,
        queries=QUERIES,
        previous=previous,
        reranker=trained,
    )
    return Manifest.read(out)


def test_hits_are_ordered_by_the_cross_encoder_alone_where_all_weight_is_its(
    folder: Path, encoder: Encoder, tmp_path: Path
) -> None:
    _build(folder, encoder, tmp_path / "index", weight=1.0, candidates=6, seconds=100)
    hits = PostIndex(tmp_path / "index", encoder).search(QUERY, k=9)
    read, others = hits[:6], hits[6:]
    own = [hit.scores["reranker"] for hit in read]
    assert own == sorted(own, reverse=True)
    assert len(set(own)) > 1
    assert all("reranker" not in hit.scores for hit in others)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    # those that it read are the six best without it
    _built(encoder, tmp_path / "plain", IndexRecipe())
    plain = PostIndex(tmp_path / "plain", encoder).search(QUERY, k=9)
    assert {hit.source for hit in read} == {hit.source for hit in plain[:6]}
    assert [hit.source for hit in read] != [hit.source for hit in plain[:6]]
    assert [hit.source for hit in others] == [hit.source for hit in plain[6:]]
    again = PostIndex(tmp_path / "index", encoder).search(QUERY, k=9)
    assert again == hits


def test_without_weight_the_order_is_the_fused_one_and_one_side_alone_is_never_read_again(
    folder: Path, encoder: Encoder, tmp_path: Path
) -> None:
    _build(folder, encoder, tmp_path / "index", weight=0.0)
    _built(encoder, tmp_path / "plain", IndexRecipe())
    index, plain = PostIndex(tmp_path / "index", encoder), PostIndex(tmp_path / "plain", encoder)
    assert [hit.source for hit in index.search(QUERY)] == [hit.source for hit in plain.search(QUERY)]
    assert index.search(QUERY, system="full_text") == plain.search(QUERY, system="full_text")
    assert index.search("⟨price_1⟩", since=date(2030, 1, 1)) == []


def test_reading_ends_when_its_time_is_over_and_the_first_batch_is_read_always(
    folder: Path, encoder: Encoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _build(folder, encoder, tmp_path / "index", weight=1.0, seconds=1e-9)
    hits = PostIndex(tmp_path / "index", encoder).search(QUERY, k=20)
    assert ["reranker" in hit.scores for hit in hits] == [True] * reranking.BATCH_PAIRS + [False] * 12
    assert "re-ranking read 8 of 30 texts" in caplog.text


def test_its_weight_is_learned_from_queries_and_kept_while_nothing_changes(
    folder: Path, encoder: Encoder, tmp_path: Path
) -> None:
    first = _build(folder, encoder, tmp_path / "first")
    assert first.reranker is not None
    assert first.reranker.weight_queries == len(QUERIES)
    assert first.reranker.weights != reranking.DEFAULT_WEIGHTS
    assert first.reranker.digest == folder_digest(tmp_path / "first" / RERANKER)
    recipe = IndexRecipe(reranker=RerankingRecipe(model=str(folder / "model")))
    more = documents().with_columns(
        pl.when(pl.col("message_id") == 2).then(pl.lit("test")).otherwise("split").alias("split")
    )
    second = _built(encoder, tmp_path / "second", recipe, table=more, previous=tmp_path / "first")
    assert second.reranker == first.reranker
    weights = tmp_path / "second" / RERANKER / "model.safetensors"
    assert weights.samefile(tmp_path / "first" / RERANKER / "model.safetensors")


def test_a_reranker_that_is_taken_out_of_the_recipe_leaves_the_index(
    folder: Path, encoder: Encoder, tmp_path: Path
) -> None:
    with_one = _build(folder, encoder, tmp_path / "first")
    without = _built(encoder, tmp_path / "second", IndexRecipe(), previous=tmp_path / "first")
    assert without.reranker is None
    assert not (tmp_path / "second" / RERANKER).exists()
    assert with_one.digest != without.digest
    assert without.digest == _built(encoder, tmp_path / "third", IndexRecipe()).digest
    assert not problems(tmp_path / "second")


def test_other_weights_of_the_model_are_another_index(folder: Path, encoder: Encoder, tmp_path: Path) -> None:
    texts = [search_key(text) for text in documents()["text"]]
    tiny_bert(tmp_path / "one" / "model", texts)
    tiny_bert(tmp_path / "other" / "model", texts, seed=8)
    one, other = (
        reranking.identity(RerankingRecipe(), tmp_path / name / "model") for name in ("one", "other")
    )
    assert one != other
    assert reranking.identity(None, None) == []
    recipe = IndexRecipe(reranker=RerankingRecipe())
    digests = {
        _built(encoder, tmp_path / f"{name}-index", recipe, trained=tmp_path / name / "model").digest
        for name in ("one", "other")
    }
    assert len(digests) == 2


def test_a_pruned_index_reads_again_as_before(folder: Path, encoder: Encoder, tmp_path: Path) -> None:
    _build(folder, encoder, tmp_path / "index", weight=1.0, seconds=100)
    before = PostIndex(tmp_path / "index", encoder).search(QUERY, k=5)
    prune(tmp_path / "index", [before[0].source], tmp_path / "pruned")
    after = PostIndex(tmp_path / "pruned", encoder).search(QUERY, k=4)
    assert before[0].source not in {hit.source for hit in after}
    assert all("reranker" in hit.scores for hit in after)


def test_the_trained_one_must_be_there(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="materialise embedding/reranker"):
        _built(encoder, tmp_path / "index", IndexRecipe(reranker=RerankingRecipe()))


def test_a_model_that_cannot_be_had_is_a_sentence(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    recipe = IndexRecipe(reranker=RerankingRecipe(model="nobody/such-a-reranker"))
    with pytest.raises(ArtifactError, match="nobody/such-a-reranker: no cross-encoder could be loaded"):
        _built(encoder, tmp_path / "index", recipe)
    assert not (tmp_path / "index").exists()


def test_scores_by_hand() -> None:
    settings = Reranking("s", "d", 3, 1.0, 64, {"fused": 1.0, "reranker": 2.0})
    reranker = object.__new__(reranking.Reranker)
    reranker.settings = settings
    fused = np.array([3.0, 2.0, 1.0, 0.5])
    changed = reranker.combined(fused, np.array([0.0, 0.0, 3.0]))
    # standardised: fused 1.22, 0, -1.22; scores -0.71, -0.71, 1.41: sums -0.19, -1.41, 1.60
    assert np.argsort(-changed).tolist() == [2, 0, 1, 3]
    assert changed[1] == pytest.approx(1.0)  # the last of those read stays before the others
    assert changed[3] == 0.5
    assert reranker.combined(fused, np.zeros(0)) is fused


def test_a_recipe_without_a_reranker_has_the_digest_that_it_had() -> None:
    values = IndexRecipe().model_dump(mode="json")
    del values["reranker"]
    assert IndexRecipe(**values).digest() == IndexRecipe().digest()
    assert IndexRecipe(reranker=RerankingRecipe(model="a/b")).digest() != IndexRecipe().digest()


def test_index_reranker_trained_needs_a_base(tmp_path: Path) -> None:
    text = (PROJECT_ROOT / "recipes" / "demo.yaml").read_text(encoding="utf-8")
    (tmp_path / "demo.yaml").write_text(f"{text}\nindex:\n  reranker: {{}}\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"needs embedding\.reranker"):
        load_recipe(tmp_path / "demo.yaml")
