"""What was trained as a plain model folder: an adapter merged into its base, and proven equal to what was live."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from adgen_pipeline.artifacts import replacing, write_json
from adgen_pipeline.errors import TrainingError
from adgen_pipeline.training.base import TOKENIZER_FILES
from adgen_pipeline.training.network import fused_experts

MAXIMUM_PROBE_TOKENS = 256
# Rounding merged weights to bf16 moves the loss by hundredths of a nat, and Gemma's logits (spread 15 to 40) by 2 on
# average; a lost head or lost rows move the loss by several nats.
MAXIMUM_LOSS_DIFFERENCE = 0.1
REPORT_FILE = "merge.json"


def merge(base: Path, adapter: Path, out: Path, *, probe_texts: Sequence[str]) -> dict[str, object]:
    """Write base + adapter as one plain bf16 model with its tokenizer into `out`; returns how equal they are.

    Merged in fp32, saved as bf16, loaded again from the file and compared with the live adapter model in fp32.

    Args:
        base: folder of the resized base that the adapter was trained on.
        adapter: folder of the adapter, or of a network that was trained whole.
        out: folder to make.
        probe_texts: texts on which logits are compared; some should hold slots.

    Returns:
        live_loss and merged_loss (nats a token on the probes), max_logit_difference, mean_logit_difference,
        logit_spread (standard deviation of the live logits), top_piece_agreement (share of positions), probes,
        parameters. Also in merge.json of the folder.

    Raises:
        TrainingError: the merged model does not give the live model's logits.
    """
    tokenizer = AutoTokenizer.from_pretrained(base)
    probes = [
        tokenizer(text, return_tensors="pt", truncation=True, max_length=MAXIMUM_PROBE_TOKENS).input_ids
        for text in probe_texts
    ]
    live = _live(base, adapter)
    live.float().eval()
    live_logits = _logits(live, probes)
    merged = (live.merge_and_unload() if isinstance(live, PeftModel) else live).to(torch.bfloat16)
    with replacing(out) as temporary:
        merged.save_pretrained(temporary, safe_serialization=True)
        for name in TOKENIZER_FILES:
            if (base / name).is_file():
                shutil.copyfile(base / name, temporary / name)
        del merged, live
        again: Any = AutoModelForCausalLM.from_pretrained(temporary, dtype=torch.float32)
        again.eval()
        report: dict[str, object] = {**_compared(probes, live_logits, _logits(again, probes))}
        report["parameters"] = again.num_parameters()
        write_json(temporary / REPORT_FILE, report)
        problems = differences(temporary)
        if problems:
            raise TrainingError(
                f"{adapter}: merged into {base.name} it is another model: {'; '.join(problems)}. "
                "Train the adapter again on this base."
            )
    return report


def _live(base: Path, trained: Path) -> Any:
    """Base and adapter side by side, or the network that was trained whole."""
    if not (trained / "adapter_config.json").is_file():
        return AutoModelForCausalLM.from_pretrained(trained, dtype=torch.float32)
    network: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    with fused_experts():
        return PeftModel.from_pretrained(network, trained, autocast_adapter_dtype=False)


def differences(model: Path) -> list[str]:
    """What is wrong with a merged model according to its merge.json; empty if it equals base and adapter."""
    report = json.loads((model / REPORT_FILE).read_text(encoding="utf-8"))
    live, merged = report["live_loss"], report["merged_loss"]
    if abs(live - merged) <= MAXIMUM_LOSS_DIFFERENCE:
        return []
    return [
        f"the loss on {report['probes']} texts is {merged:.3f} nats a token, with the live adapter it was {live:.3f}"
    ]


def probes(conversations: pl.DataFrame, count: int = 4) -> list[str]:
    """The last turns of the first held-out conversations: slotted ads, to compare logits on."""
    ordered = conversations.sort(pl.col("split") == "train", "channel_id", "message_id")
    return [row[-1]["content"] for row in ordered["messages"].head(count).to_list()]


def _logits(network: Any, probes: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Logits of each probe: (1, positions, vocabulary)."""
    with torch.no_grad():
        return [network(input_ids=probe, use_cache=False).logits.float() for probe in probes]


def _compared(
    probes: Sequence[torch.Tensor], live: Sequence[torch.Tensor], merged: Sequence[torch.Tensor]
) -> dict[str, float]:
    """How far two models are apart."""
    pairs = list(zip(live, merged, strict=True))
    apart = torch.cat([(a - b).abs().flatten() for a, b in pairs])
    agree = torch.cat([(a.argmax(-1) == b.argmax(-1)).flatten() for a, b in pairs])
    return {
        "live_loss": round(_loss(probes, live), 5),
        "merged_loss": round(_loss(probes, merged), 5),
        "max_logit_difference": round(float(apart.max()), 5),
        "mean_logit_difference": round(float(apart.mean()), 5),
        "logit_spread": round(float(torch.cat([a.flatten() for a, _ in pairs]).std()), 5),
        "top_piece_agreement": round(float(agree.float().mean()), 4),
        "probes": len(pairs),
    }


def _loss(probes: Sequence[torch.Tensor], logits: Sequence[torch.Tensor]) -> float:
    """Mean nats a token that a model gives the probes."""
    losses = [
        torch.nn.functional.cross_entropy(scores[0, :-1], probe[0, 1:], reduction="none")
        for probe, scores in zip(probes, logits, strict=True)
    ]
    return float(torch.cat(losses).mean())
