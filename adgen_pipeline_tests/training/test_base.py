import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.training.base import build_base
from adgen_pipeline_tests.training.samples import tiny_base, tiny_checkpoint

EMBEDDING = "model.embed_tokens.weight"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("base")
    tiny_base(root)
    return root


def test_kept_rows_are_copied_and_new_rows_differ(folder: Path) -> None:
    kept = json.loads((folder / "base" / "kept_ids.json").read_text(encoding="utf-8"))
    new = load_file(folder / "base" / "model.safetensors")[EMBEDDING]
    old = load_file(tiny_checkpoint(folder / "cache") / "model.safetensors")[EMBEDDING]
    places = [number for number, source in enumerate(kept) if source is not None]
    assert torch.equal(new[places], old[[kept[number] for number in places]])
    added = new[[number for number, source in enumerate(kept) if source is None]]
    assert len(torch.unique(added, dim=0)) == len(added)


def test_text_of_kept_pieces_gets_the_logits_that_it_had(folder: Path) -> None:
    kept = json.loads((folder / "base" / "kept_ids.json").read_text(encoding="utf-8"))
    ids = AutoTokenizer.from_pretrained(folder / "base")("አዲስ ጫማ ዋጋ 10 ብር").input_ids
    checkpoint = tiny_checkpoint(folder / "cache")
    with torch.no_grad():
        new = AutoModelForCausalLM.from_pretrained(folder / "base")(torch.tensor([ids])).logits
        old = AutoModelForCausalLM.from_pretrained(checkpoint)(
            torch.tensor([[kept[number] for number in ids]])
        ).logits
    places = [number for number, source in enumerate(kept) if source is not None]
    torch.testing.assert_close(new[..., places], old[..., [kept[number] for number in places]])


def test_sizes_and_special_ids_agree(folder: Path) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(folder / "base")
    tokenizer = AutoTokenizer.from_pretrained(folder / "base")
    assert model.config.vocab_size == len(tokenizer) == model.get_input_embeddings().weight.shape[0]
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    assert model.generation_config.eos_token_id == tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert model.config.pad_token_id == tokenizer.pad_token_id


def test_the_same_inputs_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    build_base(tiny_checkpoint(folder / "cache"), folder / "tokenizer", tmp_path / "again")
    assert folder_digest(tmp_path / "again") == folder_digest(folder / "base")


def test_separate_output_rows_are_resized_too(folder: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "untied"
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint(folder / "cache"))
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=False,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(checkpoint)
    tokenizer.save_pretrained(checkpoint)
    info = build_base(checkpoint, folder / "tokenizer", tmp_path / "out")
    weights = load_file(tmp_path / "out" / "model.safetensors")
    assert info["tied"] is False
    assert weights["lm_head.weight"].shape == weights[EMBEDDING].shape == (info["vocabulary_size"], 16)


def test_a_tokenizer_of_another_base_is_refused(folder: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "small"
    config = LlamaConfig(vocab_size=8, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
                         num_attention_heads=1, num_key_value_heads=1)  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(checkpoint)
    AutoTokenizer.from_pretrained(tiny_checkpoint(folder / "cache")).save_pretrained(checkpoint)
    with pytest.raises(ArtifactError, match="the base model 8 rows"):
        build_base(checkpoint, folder / "tokenizer", tmp_path / "out")
    assert not (tmp_path / "out").exists()
