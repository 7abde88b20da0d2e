"""Tiny transformers with fresh weights, made in a test: nothing comes from a hub."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    PreTrainedTokenizerFast,
)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def tiny_bert(folder: Path, texts: Iterable[str], *, scores: int | None = 1, seed: int = 7) -> Path:
    """A BERT of two small layers whose words are those of some texts.

    Args:
        folder: is written.
        texts: L2 texts.
        scores: of its head; None for a transformer without one.
        seed: of its weights.
    """
    words = sorted({word for text in texts for word in text.split()})
    numbers = {word: number for number, word in enumerate((*SPECIAL, *words))}
    tokenizer = Tokenizer(WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", numbers["[CLS]"]), ("[SEP]", numbers["[SEP]"])],
    )
    fast: Any = PreTrainedTokenizerFast
    fast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(numbers),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=256,
        initializer_range=0.1,  # with the usual 0.02 so small a model learns nothing in some hundred steps
    )
    config.num_labels = scores or 1
    model = BertModel(config) if scores is None else BertForSequenceClassification(config)
    model.save_pretrained(folder, safe_serialization=True)
    return folder
