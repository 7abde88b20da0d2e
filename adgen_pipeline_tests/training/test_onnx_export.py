"""The model as ONNX, run by onnxruntime."""

import importlib.util
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma3ForCausalLM, Gemma3TextConfig

from adgen_pipeline.errors import TrainingError
from adgen_pipeline.training import onnx_export
from adgen_pipeline_tests.generation.models import WORDS, tiny_model

TEXTS = ("የቆዳ ጫማ", "አዲስ ጫማ ዋጋ ⟨price_1⟩ ብር ስልክ ⟨phone_1⟩", "ለማዘዝ ይደውሉ " * 6)
is_installed = all(importlib.util.find_spec(name) for name in ("onnxruntime", "onnxscript"))
needs_packages = pytest.mark.skipif(
    not is_installed, reason="needs onnxruntime and onnxscript: the extra onnx"
)


@pytest.mark.skipif(is_installed, reason="the packages are there")
def test_missing_packages_say_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"not installed.*adgen-pipeline\[onnx\]"):
        onnx_export.export(tmp_path, tmp_path / "out", probe_texts=TEXTS)
    assert not (tmp_path / "out").exists()


def gemma(folder: Path) -> Path:
    """The tiny model's tokenizer around a Gemma 3 whose window is shorter than the probes."""
    model = tiny_model(folder)
    pieces = len(AutoTokenizer.from_pretrained(model))
    config = Gemma3TextConfig(
        vocab_size=pieces, hidden_size=64, intermediate_size=128, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=1, head_dim=16, sliding_window=8, layer_types=["sliding_attention", "full_attention"] * 2,
    )  # fmt: skip
    torch.manual_seed(0)
    Gemma3ForCausalLM(config).save_pretrained(model)
    return model


@pytest.mark.slow
@needs_packages
@pytest.mark.filterwarnings("ignore")  # torch.onnx warns of its own insides
@pytest.mark.parametrize("make", [tiny_model, gemma], ids=["Llama", "Gemma 3"])
def test_an_exported_model_gives_the_same_logits_on_texts_of_any_length(tmp_path: Path, make: object) -> None:
    assert callable(make)
    model, out = make(tmp_path), tmp_path / "onnx"
    report = onnx_export.export(model, out, probe_texts=TEXTS)
    assert report["probes"] == 3
    import onnxruntime  # noqa: PLC0415

    tokenizer = AutoTokenizer.from_pretrained(out)
    session = onnxruntime.InferenceSession(str(out / onnx_export.GRAPH))
    network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    given = tokenizer(" ".join(WORDS * 3), return_tensors="pt")  # longer than any probe
    inputs = {name: given[name] for name in onnx_export.INPUTS}
    here = network(**inputs).logits
    there = session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]
    assert torch.allclose(here, torch.from_numpy(there), atol=1e-4)


@pytest.mark.slow
@needs_packages
@pytest.mark.filterwarnings("ignore")
def test_a_graph_that_is_another_model_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_export, "MAXIMUM_DIFFERENCE", 0.0)
    with pytest.raises(TrainingError, match="another model"):
        onnx_export.export(tiny_model(tmp_path), tmp_path / "onnx", probe_texts=TEXTS)
    assert not (tmp_path / "onnx").exists()
