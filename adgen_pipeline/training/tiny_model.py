"""A random Llama of two layers with a tokenizer made here: what tests train within seconds, offline.

Its tokenizer is built like Gemma's (BPE with byte fallback, a space is ▁), so that trimming, slots and round trips
are tested on the real construction.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer
from tokenizers.decoders import ByteFallback, Fuse, Replace
from tokenizers.decoders import Sequence as DecoderSequence
from tokenizers.models import BPE
from tokenizers.normalizers import Replace as NormalizerReplace
from tokenizers.pre_tokenizers import Split
from tokenizers.processors import TemplateProcessing
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL_PIECES = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>", "unk_token": "<unk>"}
SPACE = "▁"
# The Unicode block Ethiopic, assigned or not: 384 code points are little even for a tiny model.
ETHIOPIC = tuple(chr(code) for code in range(0x1200, 0x1380))
ASCII = tuple(chr(code) for code in range(0x20, 0x7F))


def write_tiny_model(folder: Path, words: Sequence[str], *, seed: int = 0) -> None:
    """Write the model and its tokenizer into `folder`; the same words and seed give the same bytes."""
    wrapper: Any = PreTrainedTokenizerFast
    tokenizer = wrapper(tokenizer_object=_tokenizer(words), **SPECIAL_PIECES)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype=torch.bfloat16,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: Any = LlamaForCausalLM(config)
        model.to(torch.bfloat16)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder, safe_serialization=True)


def _tokenizer(words: Sequence[str]) -> Tokenizer:
    """BPE with byte fallback whose merges build each word, with a space before it, from left to right."""
    pieces = [*SPECIAL_PIECES.values(), *(f"<0x{byte:02X}>" for byte in range(256)), "\n", SPACE]
    pieces += [character for character in ASCII + ETHIOPIC if character != " "]
    merges: dict[tuple[str, str], None] = {("\n", "\n"): None}
    for word in words:
        for length in range(1, len(word) + 1):
            merges[(SPACE + word[: length - 1], word[length - 1])] = None
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    unknown = SPECIAL_PIECES["unk_token"]
    tokenizer = Tokenizer(
        BPE(vocab=vocabulary, merges=list(merges), unk_token=unknown, fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = NormalizerReplace(" ", SPACE)
    tokenizer.pre_tokenizer = Split(" ", "merged_with_previous")
    tokenizer.decoder = DecoderSequence([Replace(SPACE, " "), ByteFallback(), Fuse()])
    tokenizer.add_special_tokens([AddedToken(piece, special=True) for piece in SPECIAL_PIECES.values()])
    tokenizer.post_processor = TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", vocabulary["<bos>"])]
    )
    return tokenizer
