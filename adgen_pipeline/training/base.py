"""The base model resized once, offline, to the training tokenizer: kept rows copied, new rows made.

Every later stage loads this folder; nothing else ever resizes.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from adgen_pipeline.artifacts import replacing
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.text.slots import SLOT, slot_kind

# Words whose pieces a slot's row starts from: what stands in such a place in ads, in both languages.
DESCRIPTIONS = {
    "phone": " ስልክ phone 0911",
    "price": " ዋጋ price 1500",
    "percent": " ፐርሰንት percent 20%",
    "date": " ቀን date",
    "time": " ሰዓት time 2:00",
    "url": " https link",
    "handle": " @ telegram",
    "hashtag": " #",
    "email": " email @",
    "quantity": " ቁጥር number 10",
    "brand": " ብራንድ Brand",
    "product": " እቃ Product",
    "location": " ቦሌ አድራሻ location",
    "term": " ማሳሰቢያ terms",
}
# Pieces of a chat format that a base may lack, and what their rows start from.
CHAT_DESCRIPTIONS = {"<|im_start|>": "\n", "<|im_end|>": "\n\n", "<|pad|>": "\n"}
# Share of a row's spread by which new rows of one kind differ, so that ⟨price_1⟩ and ⟨price_2⟩ are not one.
NOISE_SHARE = 0.1
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "kept_ids.json",
    "NOTICE",
)


def build_base(model: Path, tokenizer: Path, out: Path, *, seed: int = 0) -> dict[str, object]:
    """Write the base model resized to a tokenizer, with that tokenizer, into `out`; returns its sizes.

    Args:
        model: folder of the base model (`base_models.resolve`).
        tokenizer: folder with the tokenizer and kept_ids.json: for each id the base's id, the base's ids that the
            piece is made of, or null.
        out: folder to make; config, weights (bf16 safetensors), tokenizer and kept_ids.json.
        seed: of the noise that keeps new rows apart.

    Returns:
        vocabulary_size, parameters, parameters_before, new_rows, tied.

    Raises:
        ArtifactError: tokenizer and model do not belong together.
    """
    kept: list[int | list[int] | None] = json.loads((tokenizer / "kept_ids.json").read_text(encoding="utf-8"))
    new_tokenizer = AutoTokenizer.from_pretrained(tokenizer)
    base_tokenizer = AutoTokenizer.from_pretrained(model)
    network = _language_part(AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16))
    parameters_before = network.num_parameters()
    rows = network.get_input_embeddings().weight.shape[0]
    named = [number for entry in kept for number in (entry if isinstance(entry, list) else [entry])]
    if len(kept) != len(new_tokenizer) or max(number for number in named if number is not None) >= rows:
        raise ArtifactError(
            f"{tokenizer}: kept_ids.json names {len(kept)} pieces, the tokenizer has {len(new_tokenizer)}, the base "
            f"model {rows} rows. Make the tokenizer again from this base model."
        )
    pieces = new_tokenizer.convert_ids_to_tokens(list(range(len(kept))))
    sources = [_sources(piece, entry, base_tokenizer) for piece, entry in zip(pieces, kept, strict=True)]
    is_new = torch.tensor([not isinstance(entry, int) for entry in kept])
    tied = bool(network.config.tie_word_embeddings)
    network.set_input_embeddings(_resized(network.get_input_embeddings(), sources, is_new, seed))
    if not tied:
        network.set_output_embeddings(_resized(network.get_output_embeddings(), sources, is_new, seed))
    _set_sizes(network, new_tokenizer, len(kept))
    network.tie_weights()
    with replacing(out) as temporary:
        network.save_pretrained(temporary, safe_serialization=True)
        for name in TOKENIZER_FILES:
            if (tokenizer / name).is_file():
                shutil.copyfile(tokenizer / name, temporary / name)
    return {
        "vocabulary_size": len(kept),
        "parameters": network.num_parameters(),
        "parameters_before": parameters_before,
        "new_rows": int(is_new.sum()),
        "tied": tied,
    }


def _language_part(network: Any) -> Any:
    """The network without what sees images, if there is such a part."""
    config = network.config.get_text_config()
    if config is network.config:
        return network
    kind: Any = AutoModelForCausalLM
    with torch.device("meta"):
        alone = kind.from_config(config)
    # Not set_decoder, which leaves Gemma 3's on the meta device.
    setattr(alone, alone.base_model_prefix, network.get_decoder())
    alone.set_output_embeddings(network.get_output_embeddings())
    alone.generation_config = network.generation_config
    alone.config.dtype = network.dtype
    return alone


def _sources(piece: str, entry: int | list[int] | None, tokenizer: Any) -> list[int]:
    """Base ids whose mean a piece's row is."""
    if isinstance(entry, int):
        return [entry]
    return entry or _described_by(piece, tokenizer)


def _described_by(piece: str, tokenizer: Any) -> list[int]:
    """Base ids whose mean a new piece starts from."""
    text = DESCRIPTIONS[slot_kind(piece)] if SLOT.fullmatch(piece) else CHAT_DESCRIPTIONS.get(piece, piece)
    ids: list[int] = tokenizer(text, add_special_tokens=False).input_ids
    return ids


def _resized(layer: Any, sources: list[list[int]], is_new: torch.Tensor, seed: int) -> torch.nn.Module:
    """The same kind of layer with one row a piece: the mean of its source rows, new ones set a little apart."""
    old: torch.Tensor = layer.weight.data.float()  # (base pieces, hidden)
    lengths = torch.tensor([len(source) for source in sources])
    flat = torch.tensor([number for source in sources for number in source])
    owners = torch.repeat_interleave(torch.arange(len(sources)), lengths)
    weight = torch.zeros(len(sources), old.shape[1]).index_add_(0, owners, old[flat]) / lengths[:, None]
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(int(is_new.sum()), old.shape[1], generator=generator)
    # The mean keeps its own, shorter length: stretched to the usual one, slots of Gemma 3 270M started at 21 nats
    # instead of 8 (all its rows have length 1.03, and its logits a mean of -90).
    weight[is_new] += NOISE_SHARE * old.std() * noise
    layer.weight = torch.nn.Parameter(weight.to(layer.weight.dtype), requires_grad=False)
    if isinstance(layer, torch.nn.Embedding):
        layer.num_embeddings = len(sources)
        layer.padding_idx = None
        return layer
    assert isinstance(layer, torch.nn.Linear)
    layer.out_features = len(sources)
    return layer


def _set_sizes(network: Any, tokenizer: Any, vocabulary_size: int) -> None:
    """Write the vocabulary's size and the special ids of the new tokenizer into both configurations."""
    network.config.vocab_size = vocabulary_size
    network.config.bos_token_id = tokenizer.bos_token_id
    network.config.eos_token_id = tokenizer.eos_token_id
    network.config.pad_token_id = tokenizer.pad_token_id
    for name in ("unk_token_id", "mask_token_id", "sep_token_id"):
        if hasattr(network.config, name):
            setattr(network.config, name, getattr(tokenizer, name, None))
    network.generation_config.bos_token_id = tokenizer.bos_token_id
    network.generation_config.eos_token_id = tokenizer.eos_token_id
    network.generation_config.pad_token_id = tokenizer.pad_token_id
    if hasattr(network, "vocab_size"):
        network.vocab_size = vocabulary_size
