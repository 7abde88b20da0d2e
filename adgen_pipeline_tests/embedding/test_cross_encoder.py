import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import CrossEncoder

from adgen_pipeline.artifacts import FORBIDDEN_SUFFIXES
from adgen_pipeline.embedding.cross_encoder import examples, load_cross_encoder, train_cross_encoder
from adgen_pipeline.embedding.job import EncoderJob, RerankerJob, read_job
from adgen_pipeline.embedding.pairs import Pair
from adgen_pipeline.embedding_recipe import EmbeddingRecipe, RerankerRecipe
from adgen_pipeline.errors import ArtifactError, TrainingError
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.text.amharic import search_key
from adgen_pipeline_tests.embedding.cross_encoders import tiny_bert
from adgen_pipeline_tests.embedding.samples import documents, train_encoder

COLOURS = ("ቀይ", "ጥቁር", "ነጭ", "አረንጓዴ", "ቢጫ", "ሰማያዊ")
GOODS = ("ጫማ", "ቦርሳ", "ሸሚዝ", "ሱሪ", "ቀሚስ", "ኮፍያ", "ሶፋ", "ጃኬት")
PLACES = ("ቦሌ", "መገናኛ", "ፒያሳ", "ሜክሲኮ")


def _pairs() -> list[Pair]:
    """Each thing in each colour: a cluster is a thing, so that others are of another thing."""
    return [
        Pair(f"{colour} {thing}", f"{place} {colour} {thing} አለን", f"thing/{thing}")
        for colour in COLOURS
        for thing in GOODS
        for place in PLACES
    ]


def _seeking(pair: Pair) -> str:
    """Somebody who looks for what the pair's text sells."""
    return pair.positive.replace("አለን", "እንፈልጋለን")


def test_each_pair_stands_beside_its_negative_and_a_text_of_another_cluster() -> None:
    pairs = _pairs()
    negatives = [None, *(f"no {pair.positive}" for pair in pairs[1:])]
    rows = examples(pairs, negatives, seed=7)
    assert len(rows) == 3 * len(pairs) - 1
    assert sum(label for _, _, label in rows) == len(pairs)
    of_cluster = {text: pair.cluster for pair in pairs for text in (pair.anchor, pair.positive)}
    others = [(of_cluster[a], of_cluster[t]) for a, t, label in rows if not label and not t.startswith("no ")]
    assert len(others) == len(pairs)
    assert all(one != other for one, other in others)
    assert rows == examples(pairs, negatives, seed=7)
    assert rows != examples(pairs, negatives, seed=8)


def test_a_model_of_two_scores_or_with_a_pickle_is_refused(tmp_path: Path) -> None:
    tiny_bert(tmp_path / "two", COLOURS, scores=2)
    with pytest.raises(ArtifactError, match="gives 2 scores a pair"):
        load_cross_encoder(str(tmp_path / "two"), maximum_tokens=32)
    tiny_bert(tmp_path / "one", COLOURS)
    load_cross_encoder(str(tmp_path / "one"), maximum_tokens=32)
    (tmp_path / "one" / "model.safetensors").rename(tmp_path / "one" / "pytorch_model.bin")
    with pytest.raises(ArtifactError, match="no cross-encoder could be loaded"):
        load_cross_encoder(str(tmp_path / "one"), maximum_tokens=32)


def test_a_transformer_without_a_head_is_a_base_and_no_reranker(tmp_path: Path) -> None:
    tiny_bert(tmp_path / "base", COLOURS, scores=None)
    with pytest.raises(ArtifactError, match="without a trained head for scores"):
        load_cross_encoder(str(tmp_path / "base"), maximum_tokens=32)
    load_cross_encoder(str(tmp_path / "base"), maximum_tokens=32, is_base=True)


def test_too_few_pairs_are_a_sentence() -> None:
    recipe = RerankerRecipe(base="unused")
    with pytest.raises(TrainingError, match="only 3 pairs"):
        train_cross_encoder(_pairs()[:3], [None] * 3, recipe, seed=7)


def test_a_job_file_is_read_as_what_it_is(tmp_path: Path) -> None:
    encoder = EncoderJob(documents=tmp_path / "d", out=tmp_path / "out")
    recipe = EmbeddingRecipe(reranker=RerankerRecipe(base="a/b"))
    reranker = RerankerJob(
        documents=tmp_path / "d", encoder=tmp_path / "e", recipe=recipe, out=tmp_path / "out"
    )
    assert read_job(encoder.write(tmp_path / "encoder.json")) == encoder
    assert read_job(reranker.write(tmp_path / "reranker.json")) == reranker
    (tmp_path / "none.json").write_text("[", encoding="utf-8")
    with pytest.raises(TrainingError, match="not a job of this stage"):
        read_job(tmp_path / "none.json")


def test_other_settings_of_the_reranker_leave_the_encoder_as_it_is() -> None:
    plain, with_one = EmbeddingRecipe(), EmbeddingRecipe(reranker=RerankerRecipe(base="a/b"))
    assert plain.digest() == with_one.digest()
    assert plain.digest("reranker") != with_one.digest("reranker")


@pytest.mark.slow
def test_training_puts_those_who_sell_before_those_who_seek_the_same(tmp_path: Path) -> None:
    """Words alone cannot tell the two apart: the texts share all words of the query."""
    pairs = _pairs()
    base = tiny_bert(
        tmp_path / "base", [text for pair in pairs for text in (pair.positive, _seeking(pair))], scores=None
    )
    held_out = [pair for pair in pairs if pair.cluster.endswith(GOODS[:2])]
    learned = [pair for pair in pairs if pair not in held_out]
    recipe = RerankerRecipe(
        base=str(base), epochs=9, batch_size=16, learning_rate=1e-3, maximum_tokens=32, maximum_steps=100
    )

    def in_order(model: CrossEncoder) -> float:
        """Share of the held-out pairs whose seller has more than the one who seeks."""
        selling = [(pair.anchor, pair.positive) for pair in held_out]
        seeking = [(pair.anchor, _seeking(pair)) for pair in held_out]
        one, other = (model.predict(rows, show_progress_bar=False) for rows in (selling, seeking))
        return float(np.mean(one > other))

    before = in_order(load_cross_encoder(str(base), maximum_tokens=32, is_base=True))
    steps: list[int] = []
    model = train_cross_encoder(
        learned, list(map(_seeking, learned)), recipe, seed=7, report=lambda step, *_: steps.append(step)
    )
    assert before < 0.75
    assert in_order(model) == 1.0
    assert steps[-1] == 100


@pytest.mark.slow
def test_its_own_process_writes_a_folder_that_an_index_can_take(tmp_path: Path) -> None:
    train_encoder(tmp_path)
    base = tiny_bert(tmp_path / "base", map(search_key, documents()["text"]), scores=None)
    recipe = EmbeddingRecipe(reranker=RerankerRecipe(base=str(base), maximum_pairs=64, maximum_steps=4))
    job = RerankerJob(
        documents=tmp_path / "documents.parquet",
        encoder=tmp_path / "encoder",
        recipe=recipe,
        out=tmp_path / "reranker",
    )
    (tmp_path / "job").mkdir()
    path = job.write(tmp_path / "job" / "job.json")
    subprocess.run(
        [sys.executable, "-m", "adgen_pipeline.embedding", str(path)], check=True, cwd=PROJECT_ROOT
    )
    result = json.loads((tmp_path / "job" / "result.json").read_text(encoding="utf-8"))
    assert result["steps"] == 4
    assert result["pairs"] == 64
    assert result["negatives"] > 0
    assert not [f for f in (tmp_path / "reranker").rglob("*") if f.suffix in FORBIDDEN_SUFFIXES]
    model = load_cross_encoder(str(tmp_path / "reranker"), maximum_tokens=64)
    one, other = (model.predict([("ጫማ ቦሌ", "የቆዳ ጫማ ቦሌ")], show_progress_bar=False) for _ in range(2))
    assert np.array_equal(one, other)
