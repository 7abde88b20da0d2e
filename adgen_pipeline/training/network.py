"""The network that is trained: the resized base, frozen, with an adapter, and a loss on target positions only."""

import json
from pathlib import Path
from typing import Any

import torch
from bitsandbytes.nn.modules import Linear4bit, Linear8bitLt
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from adgen_pipeline.errors import ArtifactError, TrainingError
from adgen_pipeline.recipe import TrainingRecipe
from adgen_pipeline.training.shards import IGNORED

QUANTISED = {"4bit": Linear4bit, "8bit": Linear8bitLt}
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}


def load_base(folder: Path, recipe: TrainingRecipe, device: torch.device) -> Any:
    """The resized base on a device, in the recipe's precision or quantised.

    Raises:
        ArtifactError: the folder's weights, configuration and tokenizer do not have one size.
        TrainingError: the recipe quantises, but no layer could be.
    """
    dtype = DTYPES[recipe.precision]
    options: dict[str, object] = {"dtype": dtype, "attn_implementation": "sdpa"}
    if recipe.load_in != "full":
        options["device_map"] = {"": device}
        quantised: Any = BitsAndBytesConfig
        options["quantization_config"] = quantised(
            load_in_4bit=recipe.load_in == "4bit",
            load_in_8bit=recipe.load_in == "8bit",
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    network: Any = AutoModelForCausalLM.from_pretrained(folder, **options)
    if recipe.load_in == "full":
        network.to(device)
    elif not any(isinstance(layer, QUANTISED[recipe.load_in]) for layer in network.modules()):
        raise TrainingError(
            f"{folder}: no layer of this architecture was loaded in {recipe.load_in}, so nothing would be saved. "
            "Set training.load_in to full."
        )
    pieces = len(AutoTokenizer.from_pretrained(folder))
    if network.config.vocab_size != pieces:
        raise ArtifactError(
            f"{folder}: the tokenizer has {pieces} pieces, the model {network.config.vocab_size} rows. "
            "Materialise training/base again."
        )
    return network


def with_adapter(network: Any, recipe: TrainingRecipe, rows: list[int]) -> Any:
    """The base, frozen, with LoRA on every linear layer and the given embedding rows trainable.

    Args:
        network: the resized base.
        recipe: rank, alpha, dropout.
        rows: ids of the pieces whose rows are trained: slots and control pieces, which the base never saw. Where
            input and output share their rows, they go on sharing them.
    """
    tables = {_name_of(network, network.get_input_embeddings()): rows}
    if not network.config.tie_word_embeddings:
        tables[_name_of(network, network.get_output_embeddings())] = rows
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules="all-linear",
        trainable_token_indices=tables if rows else None,
    )
    adapted = get_peft_model(network, config, autocast_adapter_dtype=False)
    # A folder of this machine would stand in adapter_config.json; the job file names the base by its digest.
    adapted.active_peft_config.base_model_name_or_path = "training/base"
    return adapted


def new_rows(base: Path) -> list[int]:
    """Ids of the pieces whose rows must be learned: new ones, and the one that ends a turn."""
    kept = json.loads((base / "kept_ids.json").read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(base)
    rows = {number for number, source in enumerate(kept) if not isinstance(source, int)}
    return sorted(rows | {int(tokenizer.eos_token_id)})


class TargetLoss(torch.nn.Module):
    """Summed cross entropy of the positions that have a label, in nats, and how many they are.

    Only those positions go through the output matrix: with 8 rows of 250 tokens and a vocabulary of 20,000 the
    logits of all positions would take as much time as a third of the layers.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss and count for input_ids, attention_mask and labels of (rows, positions)."""
        model = self.network.get_base_model() if hasattr(self.network, "get_base_model") else self.network
        hidden = model.get_decoder()(
            input_ids=input_ids, attention_mask=attention_mask, use_cache=False
        ).last_hidden_state
        targets = labels[:, 1:]
        chosen = targets != IGNORED
        logits = model.get_output_embeddings()(hidden[:, :-1][chosen]).float()  # (targets, vocabulary)
        cap = getattr(model.config, "final_logit_softcapping", None)
        if cap:
            logits = torch.tanh(logits / cap) * cap
        loss = torch.nn.functional.cross_entropy(logits, targets[chosen], reduction="sum")
        return loss, chosen.sum()


def _name_of(network: Any, layer: torch.nn.Module) -> str:
    """Last part of a layer's name in the network."""
    name: str = next(name for name, module in network.named_modules() if module is layer)
    return name.rsplit(".", 1)[-1]
