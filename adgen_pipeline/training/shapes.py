"""Sizes of a network, counted from its configuration alone: no weights are read or made.

The network is built on PyTorch's `meta` device, so that every architecture that transformers knows is counted exactly,
mixtures of experts and shared rows included.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from adgen_pipeline.errors import TrainingError
from adgen_pipeline.training.base_models import known_models


@dataclass(frozen=True)
class Shape:
    """What decides how much memory and work a network needs.

    Attributes:
        architecture: class of the network, such as LlamaForCausalLM.
        parameters: all, shared ones once.
        table_parameters: of the input's rows; they are looked up, not multiplied.
        active_parameters: that work on one token: all but looked-up rows and the experts that a token does not visit.
        linear_parameters: of linear layers other than the output's: what 4-bit and 8-bit loading make small.
        largest_layer: parameters of the largest layer: what ZeRO-3 gathers at once.
        lora_parameters_per_rank: of an adapter of rank 1 on all linear layers but the output's.
        hidden, layers, heads, key_value, intermediate, vocabulary: sizes; key_value is that of all key heads together.
        is_tied: whether input and output share their rows.
    """

    architecture: str
    parameters: int
    table_parameters: int
    active_parameters: int
    linear_parameters: int
    largest_layer: int
    lora_parameters_per_rank: int
    hidden: int
    layers: int
    heads: int
    key_value: int
    intermediate: int
    vocabulary: int
    is_tied: bool


def shape_of(base_model: str, *, vocabulary: int | None = None) -> Shape:
    """The sizes of a base model: one of base_models.yaml, "embedded", or a local folder with config.json.

    Args:
        base_model: as in a recipe.
        vocabulary: pieces after trimming or extending; None: as published.

    Raises:
        TrainingError: nothing is known of that model here, or transformers does not know its architecture.
    """
    known = known_models()
    values = known.get(base_model)
    folder = Path(base_model).expanduser()
    if (folder / "config.json").is_file():
        return count(
            json.loads((folder / "config.json").read_text(encoding="utf-8")),
            base_model,
            vocabulary=vocabulary,
        )
    if values is None or values.get("config") is None:
        countable = ", ".join(["embedded", *sorted(name for name, row in known.items() if row.get("config"))])
        raise TrainingError(
            f"{base_model}: its sizes are not known here. Name a folder with config.json, or one of {countable}."
        )
    return count(values["config"], base_model, vocabulary=vocabulary)


def count(config: dict[str, Any], name: str, *, vocabulary: int | None = None) -> Shape:
    """The sizes that a configuration (the content of config.json) leads to.

    Raises:
        TrainingError: transformers does not know the architecture.
    """
    values = {key: value for key, value in config.items() if key != "model_type"}
    try:
        text_config: Any = AutoConfig.for_model(config["model_type"], **values).get_text_config()
        text_config.vocab_size = vocabulary or text_config.vocab_size
        kind: Any = AutoModelForCausalLM
        with torch.device("meta"):
            network = kind.from_config(text_config)
    except (KeyError, ValueError) as error:
        raise TrainingError(
            f"{name}: transformers knows no causal language model of type {config.get('model_type')!r}. "
            "Name another base model."
        ) from error
    output = network.get_output_embeddings()
    linear = [m for m in network.modules() if isinstance(m, torch.nn.Linear) and m is not output]
    parameters = network.num_parameters()
    table = network.get_input_embeddings().weight.numel()
    is_tied = bool(text_config.tie_word_embeddings)
    heads = int(text_config.num_attention_heads)
    head_size = int(getattr(text_config, "head_dim", None) or text_config.hidden_size // heads)
    keys = _key_heads(text_config, heads)
    return Shape(
        architecture=type(network).__name__,
        parameters=parameters,
        table_parameters=table,
        # A shared table is multiplied at the output after all.
        active_parameters=parameters - (0 if is_tied else table) - _idle(network, text_config),
        linear_parameters=sum(m.weight.numel() for m in linear),
        largest_layer=max(sum(p.numel() for p in m.parameters(recurse=False)) for m in network.modules()),
        lora_parameters_per_rank=sum(m.in_features + m.out_features for m in linear),
        hidden=int(text_config.hidden_size),
        layers=int(text_config.num_hidden_layers),
        heads=heads,
        key_value=keys * head_size,
        intermediate=_intermediate(network, text_config),
        vocabulary=int(text_config.vocab_size),
        is_tied=is_tied,
    )


def _key_heads(config: Any, heads: int) -> int:
    if getattr(config, "multi_query", False):
        return 1
    return int(getattr(config, "num_key_value_heads", None) or heads)


def _idle(network: Any, config: Any) -> int:
    """Parameters of experts that a token does not visit."""
    experts = getattr(config, "num_local_experts", None) or getattr(config, "num_experts", None)
    if not experts:
        return 0
    of_experts = int(sum(p.numel() for name, p in network.named_parameters() if ".experts." in name))
    return of_experts - of_experts * int(config.num_experts_per_tok) // int(experts)


def _intermediate(network: Any, config: Any) -> int:
    """Width inside a feed-forward layer, times the experts that a token visits."""
    width = getattr(config, "intermediate_size", None) or getattr(config, "ffn_hidden_size", None)
    if width is None:
        width = max(m.out_features for m in network.modules() if isinstance(m, torch.nn.Linear))
    return int(width) * int(getattr(config, "num_experts_per_tok", None) or 1)
