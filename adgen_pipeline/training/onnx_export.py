"""A model folder as ONNX: exported by torch, run by onnxruntime, and proven equal before it is kept.

The graph reads whole texts and gives all logits; it keeps no state between tokens. Who generates with it computes the
prompt anew at every token, which is for short answers and for checks; engines build their own caches.
"""

import importlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from adgen_pipeline.artifacts import replacing, write_json
from adgen_pipeline.errors import TrainingError
from adgen_pipeline.training.base import TOKENIZER_FILES

GRAPH, REPORT_FILE = "model.onnx", "export.json"
INPUTS = ("input_ids", "attention_mask")
# Weights beyond this do not fit into one protobuf file, and stand beside the graph.
MAXIMUM_BYTES_INSIDE = 1_500_000_000
MAXIMUM_DIFFERENCE = 1e-3  # of logits in fp32, as a share of the largest one


class _Logits(torch.nn.Module):
    """(batch, positions) ids and mask → (batch, positions, vocabulary) logits."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(
            input_ids=input_ids, attention_mask=attention_mask, use_cache=False
        ).logits
        return logits


def export(model: Path, out: Path, *, probe_texts: Sequence[str]) -> dict[str, object]:
    """Write a model folder as ONNX in fp32, with its tokenizer and configuration, into `out`.

    Args:
        model: folder of a plain model.
        out: folder to make; replaced if it is there.
        probe_texts: texts of different lengths on which logits are compared.

    Returns:
        max_logit_difference, largest_logit, probes, bytes. Also in export.json of the folder.

    Raises:
        TrainingError: the packages are not installed, torch cannot export this architecture, or logits differ.
    """
    runtime = _runtime()
    tokenizer = AutoTokenizer.from_pretrained(model)
    network: Any = AutoModelForCausalLM.from_pretrained(
        model, dtype=torch.float32, attn_implementation="eager"
    )
    logits = _Logits(network.eval()).eval()
    probes = [tokenizer(text, return_tensors="pt") for text in probe_texts]
    with replacing(out) as temporary:
        temporary.mkdir(parents=True)
        _write(logits, [probes[0][name] for name in INPUTS], temporary / GRAPH)
        report = _compared(logits, probes, runtime.InferenceSession(str(temporary / GRAPH)))
        report["bytes"] = sum(path.stat().st_size for path in temporary.iterdir())
        for name in (*TOKENIZER_FILES, "config.json", "generation_config.json"):
            if (model / name).is_file():
                shutil.copyfile(model / name, temporary / name)
        write_json(temporary / REPORT_FILE, report)
    return report


def _runtime() -> Any:
    try:
        importlib.import_module("onnxscript")  # what torch exports with
        return importlib.import_module("onnxruntime")
    except ModuleNotFoundError as error:
        raise TrainingError(
            f"{error.name} is not installed. Install what exports ONNX with `pip install adgen-pipeline[onnx]`."
        ) from error


def _write(logits: _Logits, example: Sequence[torch.Tensor], path: Path) -> None:
    # A batch of one would be taken for a constant.
    twice = tuple(tensor.repeat(2, 1) for tensor in example)
    any_size = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    try:
        program = torch.onnx.export(
            logits,
            twice,
            dynamo=True,
            input_names=list(INPUTS),
            output_names=["logits"],
            dynamic_shapes=dict.fromkeys(INPUTS, any_size),
            verbose=False,
        )
    except torch.onnx.errors.OnnxExporterError as error:
        told = " ".join(str(error).split())[:200]
        raise TrainingError(
            f"torch cannot export {type(logits.network).__name__} as ONNX ({told})."
        ) from error
    assert program is not None
    size = sum(weight.nbytes for weight in logits.parameters())
    program.save(str(path), external_data=size > MAXIMUM_BYTES_INSIDE)


def _compared(logits: _Logits, probes: Sequence[Any], session: Any) -> dict[str, object]:
    """How far the graph is from the model.

    Raises:
        TrainingError: too far.
    """
    apart = largest = 0.0
    for probe in probes:
        given = {name: probe[name] for name in INPUTS}
        with torch.no_grad():
            here = logits(**given)
        there = torch.from_numpy(session.run(None, {name: value.numpy() for name, value in given.items()})[0])
        apart = max(apart, float((here - there).abs().max()))
        largest = max(largest, float(here.abs().max()))
    if apart > MAXIMUM_DIFFERENCE * largest:
        raise TrainingError(
            f"The exported graph is another model: its logits differ by {apart:.4f}, the largest is {largest:.2f}. "
            "Nothing was written."
        )
    return {"max_logit_difference": apart, "largest_logit": largest, "probes": len(probes)}
