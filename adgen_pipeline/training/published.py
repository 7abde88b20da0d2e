"""Published folders that are no whole model yet: an adapter on another base, a tokenizer in SentencePiece's form."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from google.protobuf.message import DecodeError
from peft import PeftModel
from safetensors import safe_open
from tokenizers import AddedToken, Tokenizer, decoders
from tokenizers.models import BPE
from tokenizers.normalizers import Precompiled, Prepend, Replace
from tokenizers.normalizers import Sequence as Normalizers
from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast
from transformers.tokenization_utils_base import generate_merges
from transformers.utils import sentencepiece_model_pb2_new

from adgen_pipeline.artifacts import file_digest, link_files, replacing
from adgen_pipeline.errors import ArtifactError, TrainingError
from adgen_pipeline.training.network import fused_experts

ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
BPE_MODEL, NORMAL_PIECE = 2, 1  # in SentencePiece's own description
SPACE = "▁"


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter and no model of its own."""
    own = [file for file in folder.glob("*.safetensors") if file.name != ADAPTER_WEIGHTS]
    return (folder / ADAPTER_CONFIG).is_file() and not own


def base_of(folder: Path) -> str:
    """The base model that an adapter names.

    Raises:
        ArtifactError: it names none, or its weights are not safetensors.
    """
    name = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8")).get("base_model_name_or_path")
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise ArtifactError(
            f"{folder}: an adapter without {ADAPTER_WEIGHTS}; pickled weights are never loaded. Convert the adapter."
        )
    if not name:
        raise ArtifactError(
            f"{folder}: {ADAPTER_CONFIG} names no base model. Write its hub id or folder as base_model_name_or_path."
        )
    return str(name)


def merged_with_base(folder: Path, base: Path, cache: Path, *, report: Callable[[str], None]) -> Path:
    """The folder of an adapter merged into its base, made once below `cache`.

    The base gets as many rows as the adapter saved, or as its tokenizer has pieces, before the adapter is loaded.

    Raises:
        TrainingError: the adapter does not fit the base.
    """
    target = cache / f"{folder.name}-{file_digest(folder / ADAPTER_WEIGHTS)[:12]}-on-{base.name}"
    if target.is_dir():
        return target
    report(f"Merging the adapter {folder.name} into its base {base.name} once.")
    has_tokenizer = any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model"))
    tokenizer = AutoTokenizer.from_pretrained(folder if has_tokenizer else base)
    network: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    rows = max(_saved_rows(folder), len(tokenizer) if has_tokenizer else 0)
    if rows > network.get_input_embeddings().weight.shape[0]:
        network.resize_token_embeddings(rows, mean_resizing=False)
    try:
        with fused_experts():
            merged: Any = PeftModel.from_pretrained(network, folder).merge_and_unload()
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"{folder}: this adapter does not fit {base.name} ({' '.join(str(error).split())[:160]}). "
            f"Correct base_model_name_or_path in {ADAPTER_CONFIG}."
        ) from error
    with replacing(target) as temporary:
        merged.to(torch.bfloat16).save_pretrained(temporary, safe_serialization=True)
        tokenizer.save_pretrained(temporary)
    return target


def with_fast_tokenizer(folder: Path, cache: Path) -> Path:
    """A folder with the files of `folder` and the tokenizer.json that its tokenizer.model leads to, made once.

    Raises:
        ArtifactError: the tokenizer is no BPE of SentencePiece.
    """
    target = cache / f"{folder.name}-{file_digest(folder / 'tokenizer.model')[:12]}-json"
    if not target.is_dir():
        made = _from_sentencepiece(folder)
        with replacing(target) as temporary:
            temporary.mkdir(parents=True)
            link_files(folder, temporary)
            for name in ("tokenizer_config.json", "special_tokens_map.json"):
                (temporary / name).unlink(missing_ok=True)  # a link: the original stays
            made.save_pretrained(temporary)
    return target


def _from_sentencepiece(folder: Path) -> Any:
    """The tokenizer of a tokenizer.model, built from its pieces as SentencePiece merges them.

    Not by the sentencepiece package: 0.2.3 wants the protobuf 7 that Dagster forbids, 0.2.1 crashes beside torch.
    """
    description: Any = sentencepiece_model_pb2_new
    model = description.ModelProto()
    try:
        model.ParseFromString((folder / "tokenizer.model").read_bytes())
    except DecodeError as error:
        raise ArtifactError(
            f"{folder / 'tokenizer.model'}: not a SentencePiece model. Take another base model."
        ) from error
    if model.trainer_spec.model_type != BPE_MODEL:
        raise ArtifactError(f"{folder / 'tokenizer.model'}: only BPE is converted. Take another base model.")
    vocab = {piece.piece: number for number, piece in enumerate(model.pieces)}
    unmerged = [piece.piece for piece in model.pieces if piece.type != NORMAL_PIECE]
    unknown, begin, end = (
        next((p.piece for p in model.pieces if p.piece == name), None)
        for name in (
            model.trainer_spec.unk_piece,
            model.trainer_spec.bos_piece,
            model.trainer_spec.eos_piece,
        )
    )
    by_rank: Any = generate_merges
    merges = by_rank(vocab, skip_tokens=unmerged)
    tokenizer = Tokenizer(
        BPE(
            vocab=vocab,
            merges=merges,
            unk_token=unknown,
            fuse_unk=True,
            byte_fallback=model.trainer_spec.byte_fallback,
        )
    )
    spec = model.normalizer_spec
    steps: list[Any] = [Precompiled(spec.precompiled_charsmap)] if spec.precompiled_charsmap else []
    steps += [Prepend(SPACE)] if spec.add_dummy_prefix else []
    tokenizer.normalizer = Normalizers([*steps, Replace(" ", SPACE)])
    undone: list[Any] = [decoders.Strip(" ", 1, 0)] if spec.add_dummy_prefix else []
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *undone]
    )
    named = {
        name: piece
        for name, piece in (("unk_token", unknown), ("bos_token", begin), ("eos_token", end))
        if piece
    }
    tokenizer.add_special_tokens(
        [AddedToken(piece, special=True, normalized=False) for piece in named.values()]
    )
    if begin:
        tokenizer.post_processor = TemplateProcessing(
            single=f"{begin} $A", pair=f"{begin} $A {begin} $B", special_tokens=[(begin, vocab[begin])]
        )
    settings = folder / "tokenizer_config.json"
    given = json.loads(settings.read_text(encoding="utf-8")) if settings.is_file() else {}
    kind: Any = PreTrainedTokenizerFast
    made = kind(tokenizer_object=tokenizer, **named)
    made.chat_template = given.get("chat_template")
    return made


def _saved_rows(folder: Path) -> int:
    """Rows of an embedding that an adapter saved whole; 0 if it saved none."""
    with safe_open(folder / ADAPTER_WEIGHTS, framework="pt") as weights:
        tables = [key for key in weights.keys() if key.endswith(("embed_tokens.weight", "lm_head.weight"))]  # noqa: SIM118  (no mapping)
        return max((weights.get_slice(key).get_shape()[0] for key in tables), default=0)
