import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from adgen_pipeline import process
from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.embedding.curve import figures
from adgen_pipeline.embedding.encoder import DESCRIPTION, Encoder
from adgen_pipeline.embedding.job import EncoderJob
from adgen_pipeline.embedding.run import train
from adgen_pipeline.embedding_recipe import EmbeddingRecipe
from adgen_pipeline.errors import ArtifactError, TrainingError
from adgen_pipeline.settings import Settings
from adgen_pipeline.tracking import TrackedRun
from adgen_pipeline_tests.embedding.samples import Recorder, documents, train_encoder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return train_encoder(tmp_path_factory.mktemp("encoder"))


def test_vectors_have_unit_length_and_the_recipes_dimensions(encoder: Encoder) -> None:
    vectors = encoder.encode(["የቆዳ ጫማ", "አዲስ ላፕቶፕ"])
    assert vectors.shape == (2, 32)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_spellings_that_sound_alike_have_the_same_vector(encoder: Encoder) -> None:
    first, *others = encoder.encode(["ሠፊ ሣሎን ዓመት", "ሰፊ ሳሎን አመት", "ሠፊ ሳሎን ኣመት"])
    for other in others:
        assert np.allclose(first, other, atol=1e-6)


def test_a_text_without_words_is_like_nothing(encoder: Encoder) -> None:
    assert not encoder.encode(["", "🎉 …"]).any()
    assert encoder.encode([]).shape == (0, 32)


def test_a_query_is_nearer_to_a_held_out_post_about_the_same_goods(encoder: Encoder) -> None:
    held_out = documents().filter(split="test")["post"].to_list()
    query = encoder.encode(["ሶፋ ለሳሎን ባለ ሰባት መቀመጫ"])[0]
    best = held_out[int(np.argmax(encoder.encode(held_out) @ query))]
    assert "ሶፋ" in best


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, encoder: Encoder) -> None:
    assert folder_digest(train_encoder(tmp_path, "same").path) == folder_digest(encoder.path)
    assert folder_digest(train_encoder(tmp_path, "other", seed=8).path) != folder_digest(encoder.path)


def test_the_folder_holds_safetensors_and_nothing_that_runs_code(encoder: Encoder) -> None:
    names = {file.name for file in encoder.path.rglob("*") if file.is_file()}
    assert "model.safetensors" in names
    assert all(Path(name).suffix in {".json", ".safetensors"} for name in names)


def test_a_ready_model_folder_is_taken_as_it_is(tmp_path: Path, encoder: Encoder) -> None:
    recipe = EmbeddingRecipe(model=str(encoder.path))
    job = EncoderJob(documents=tmp_path / "unused.parquet", recipe=recipe, out=tmp_path / "taken")
    result = train(job, report=Recorder(), run=TrackedRun("", None))
    taken = Encoder(tmp_path / "taken")
    assert result["pairs"] == 0
    assert taken.preparation == "search_key"  # a model from elsewhere knows no stems
    assert np.allclose(taken.encode(["ጫማ"]), encoder.encode(["ጫማ"]), atol=1e-6)


def test_a_model_that_is_nowhere_is_one_sentence(tmp_path: Path) -> None:
    recipe = EmbeddingRecipe(model=str(tmp_path / "no-such-model"))
    job = EncoderJob(documents=tmp_path / "unused.parquet", recipe=recipe, out=tmp_path / "out")
    with pytest.raises(ArtifactError, match=r"no-such-model.*embedding\.model"):
        train(job, report=Recorder(), run=TrackedRun("", None))
    assert not job.out.exists()


def test_a_folder_that_is_no_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=DESCRIPTION):
        Encoder(tmp_path)


def test_a_job_file_survives_writing_and_reading(tmp_path: Path) -> None:
    job = EncoderJob(documents=tmp_path / "documents.parquet", out=tmp_path / "out")
    assert EncoderJob.read(job.write(tmp_path / "job.json")) == job


def test_a_job_file_inside_the_folder_that_it_replaces_is_refused(tmp_path: Path) -> None:
    job = EncoderJob(documents=tmp_path / "documents.parquet", out=tmp_path / "out")
    with pytest.raises(TrainingError, match="elsewhere"):
        EncoderJob.read(job.write(tmp_path / "out" / "job.json"))


def test_the_job_runs_as_its_own_process(tmp_path: Path, encoder: Encoder) -> None:
    table = tmp_path / "documents.parquet"
    documents().write_parquet(table)
    recipe = EmbeddingRecipe(dimensions=32, vocabulary=500, batch_size=64, epochs=2)
    job = EncoderJob(documents=table, recipe=recipe, out=tmp_path / "out").write(
        tmp_path / "job" / "job.json"
    )
    environment = Settings.from_environment(data=tmp_path).child_environment()
    finished = subprocess.run(
        [sys.executable, "-m", "adgen_pipeline.embedding", str(job)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "adgen: training the encoder on" in finished.stdout
    assert json.loads((tmp_path / "job" / "result.json").read_text())["encoder"]["dimensions"] == 32
    assert folder_digest(tmp_path / "out") == folder_digest(encoder.path)


def test_a_job_with_patience_says_what_was_reached_and_draws_it(tmp_path: Path) -> None:
    table = tmp_path / "documents.parquet"
    key = {"channel_id": pl.lit(3, pl.Int64), "cluster": pl.format("3/{}", "message_id")}
    validation = documents().with_columns(**key, split=pl.lit("validation"))
    pl.concat([documents(), validation]).write_parquet(table)
    recipe = EmbeddingRecipe(
        dimensions=32, vocabulary=500, batch_size=64, epochs=3, patience=2, evaluate_steps=4
    )
    report = Recorder()
    job = EncoderJob(documents=table, recipe=recipe, out=tmp_path / "out")
    result = train(job, report=report, run=TrackedRun("", None))
    curve = result["curve"]
    assert isinstance(curve, dict)
    assert result["held_out_clusters"] == 48
    assert result["held_out_ndcg"] == max(curve["held_out_ndcg"]) > 0.2
    assert result["best_step"] in curve["measured_step"]
    assert len(curve["loss"]) == result["steps"]
    drawn = figures(curve)
    assert sorted(drawn) == ["encoder_held_out", "encoder_loss"]
    assert all(picture.startswith(b"\x89PNG") for picture in drawn.values())
    assert not any("too few" in line for line in report.lines)


def test_a_corpus_too_small_to_hold_texts_out_is_learned_from_whole(tmp_path: Path, encoder: Encoder) -> None:
    table = tmp_path / "documents.parquet"
    documents().write_parquet(table)
    recipe = EmbeddingRecipe(dimensions=32, vocabulary=500, batch_size=64, epochs=2, patience=2)
    report = Recorder()
    job = EncoderJob(documents=table, recipe=recipe, out=tmp_path / "out")
    result = train(job, report=report, run=TrackedRun("", None))
    assert any("too few texts to hold some out" in line for line in report.lines)
    assert "held_out_ndcg" not in result
    assert folder_digest(tmp_path / "out") == folder_digest(encoder.path)


@pytest.mark.slow
def test_the_job_runs_under_torchrun(tmp_path: Path) -> None:
    table = tmp_path / "documents.parquet"
    documents().write_parquet(table)
    recipe = EmbeddingRecipe(dimensions=32, vocabulary=500, batch_size=64, epochs=2)
    job = EncoderJob(documents=table, recipe=recipe, out=tmp_path / "out").write(
        tmp_path / "job" / "job.json"
    )
    finished = subprocess.run(
        process.command("adgen_pipeline.embedding", job, processes=1),
        env=Settings.from_environment(data=tmp_path).child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert Encoder(tmp_path / "out").dimensions == 32
