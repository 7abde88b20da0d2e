"""Tiny random models of the real architectures, each with a tokenizer of its family's construction."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)

from adgen_pipeline_tests.training.samples import texts, tiny_checkpoint

_COMMON = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 2048,
}
# Windows far shorter than a row, so that what looks back is cut off as in the real models.
_GEMMA = {
    **_COMMON,
    "sliding_window": 32,
    "num_hidden_layers": 3,
    "layer_types": ["sliding_attention"] * 2 + ["full_attention"],
}
_VISION = {
    "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
    "image_size": 28, "patch_size": 14,
}  # fmt: skip
# name → model_type, tokenizer's family, configuration
ARCHITECTURES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "llama": ("llama", "text", {**_COMMON, "tie_word_embeddings": False}),
    "llama3": ("llama", "bytes", {**_COMMON, "tie_word_embeddings": True}),
    "mistral": ("mistral", "text", {**_COMMON, "sliding_window": 32, "tie_word_embeddings": False}),
    "mixtral": (
        "mixtral",
        "text",
        {**_COMMON, "num_local_experts": 4, "num_experts_per_tok": 2, "tie_word_embeddings": False},
    ),
    "falcon": (
        "falcon",
        "bytes",
        {
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "multi_query": True,
            "parallel_attn": True,
            "bias": False,
            "alibi": False,
            "new_decoder_architecture": False,
        },
    ),
    "stablelm": ("stablelm", "bytes", {**_COMMON, "use_qkv_bias": True, "tie_word_embeddings": False}),
    "gemma3": ("gemma3_text", "text", _GEMMA),
    "gemma3-vision": (
        "gemma3",
        "text",
        {"text_config": _GEMMA, "vision_config": _VISION, "mm_tokens_per_image": 4},
    ),
    "qwen3": ("qwen3", "bytes", {**_COMMON, "tie_word_embeddings": True}),
}


def write_checkpoint(name: str, folder: Path) -> Path:
    """A random checkpoint of an architecture in the new folder `folder`, the same each time."""
    model_type, family, values = ARCHITECTURES[name]
    tokenizer = (
        AutoTokenizer.from_pretrained(tiny_checkpoint(folder.parent / "cache"))
        if family == "text"
        else _byte_level(texts())
    )
    size = len(tokenizer)
    if "text_config" in values:
        values = {**values, "text_config": {**values["text_config"], "vocab_size": size}}
    else:
        values = {**values, "vocab_size": size}
    config = AutoConfig.for_model(model_type, **values)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        kind: Any = AutoModelForImageTextToText if "text_config" in values else AutoModelForCausalLM
        model = kind.from_config(config).to(torch.bfloat16)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder


def _byte_level(words: Sequence[str]) -> Any:
    """A byte-level BPE as GPT-2's, Falcon's, Llama 3's and Qwen's are."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    alphabet = ByteLevel.alphabet()
    trainer = BpeTrainer(
        vocab_size=270, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"], show_progress=False
    )
    tokenizer.train_from_iterator(words, trainer)
    wrapper: Any = PreTrainedTokenizerFast
    return wrapper(tokenizer_object=tokenizer, eos_token="<|endoftext|>", bos_token="<|endoftext|>")
