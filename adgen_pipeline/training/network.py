"""The network that is trained: the resized base, whole or frozen with an adapter, and a loss on targets only."""

import json
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.utils.checkpoint
from bitsandbytes.nn.modules import Linear4bit, Linear8bitLt
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from adgen_pipeline.errors import ArtifactError, TrainingError
from adgen_pipeline.training.packing import places
from adgen_pipeline.training.shards import IGNORED
from adgen_pipeline.training_recipe import Load, TrainingRecipe

QUANTISED = {"4bit": Linear4bit, "8bit": Linear8bitLt}
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def load_base(
    folder: Path, recipe: TrainingRecipe, device: torch.device, *, weights: Path | None = None
) -> Any:
    """The resized base on a device, in the recipe's precision or quantised.

    Args:
        folder: weights, configuration and tokenizer.
        recipe: precision, quantisation.
        device: where the network goes.
        weights: folder of a network of the same shape that goes on learning instead of the base.

    Raises:
        ArtifactError: the folder's weights, configuration and tokenizer do not have one size.
        TrainingError: the recipe quantises, but no layer could be.
    """
    network = load(weights or folder, recipe.load_in, DTYPES[recipe.precision], device)
    pieces = len(AutoTokenizer.from_pretrained(folder))
    if network.config.vocab_size != pieces:
        raise ArtifactError(
            f"{folder}: the tokenizer has {pieces} pieces, the model {network.config.vocab_size} rows. "
            "Materialise training/base again."
        )
    return network


def load(folder: Path, load_in: Load, dtype: torch.dtype, device: torch.device) -> Any:
    """A network as it is, or quantised by bitsandbytes (4-bit NF4 with its scales quantised too, or LLM.int8).

    Raises:
        TrainingError: it is to be quantised, but no layer could be.
    """
    options: dict[str, object] = {"dtype": dtype, "attn_implementation": "sdpa"}
    if load_in != "full":
        options["device_map"] = {"": device}
        quantised: Any = BitsAndBytesConfig
        options["quantization_config"] = quantised(
            load_in_4bit=load_in == "4bit",
            load_in_8bit=load_in == "8bit",
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    network: Any = AutoModelForCausalLM.from_pretrained(folder, **options)
    if load_in == "full":
        network.to(device)
    elif not any(isinstance(layer, QUANTISED[load_in]) for layer in network.modules()):
        raise TrainingError(
            f"{folder}: no layer of this architecture was loaded in {load_in}, so nothing would be saved. "
            "Set training.load_in to full."
        )
    return network


def trainable(network: Any, recipe: TrainingRecipe, rows: list[int], *, start: Path | None = None) -> Any:
    """The network by the recipe's method: with an adapter, or as it is with every parameter trained.

    Args:
        network: the resized base, or by method `full` the network that goes on learning.
        recipe: method and shape.
        rows: ids of the pieces whose rows a new adapter trains.
        start: folder of the adapter that goes on learning; None: a new one.
    """
    if recipe.activation_checkpointing:
        network.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if recipe.method == "full":
        return network.requires_grad_(True)
    if start is None:
        return with_adapter(network, recipe, rows)
    with fused_experts():
        return PeftModel.from_pretrained(network, start, is_trainable=True, autocast_adapter_dtype=False)


def parameter_groups(network: Any, recipe: TrainingRecipe) -> list[Any]:
    """Parameters for the optimizer: one group, or new rows first and all others second where the recipe parts them."""
    chosen = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    if recipe.new_rows_share == 0:
        return [p for _, p in chosen]
    tables = {id(p) for p in _tables(network)}
    is_row = [id(p) in tables or "trainable_tokens_delta" in name for name, p in chosen]
    groups = [
        [p for (_, p), of_rows in zip(chosen, is_row, strict=True) if of_rows == wanted]
        for wanted in (True, False)
    ]
    if not all(groups):
        raise TrainingError(
            "training.new_rows_share: this tokenizer has no new pieces, so that no rows can learn first. Set it to 0."
        )
    return [{"params": group} for group in groups]


class NewRowsFirst:
    """While `is_on`, gradients reach the new pieces' rows of the tables alone; adapters have no other rows anyway."""

    def __init__(self, network: Any, rows: list[int]) -> None:
        self.is_on = False
        for table in _tables(network):
            if table.requires_grad:
                mask = torch.zeros(
                    table.shape[0] if table.numel() else 0, 1, dtype=table.dtype, device=table.device
                )
                mask[rows] = 1
                hooked: Any = table  # untyped in torch
                hooked.register_hook(lambda gradient, mask=mask: gradient * mask if self.is_on else gradient)


def _tables(network: Any) -> list[torch.nn.Parameter]:
    """The rows of input and output; one table where they are shared."""
    layers = (network.get_input_embeddings(), network.get_output_embeddings())
    found = [
        layer.weight for layer in layers if isinstance(getattr(layer, "weight", None), torch.nn.Parameter)
    ]
    return list({id(table): table for table in found}.values())


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
    with fused_experts():
        adapted = get_peft_model(network, config, autocast_adapter_dtype=False)
    # A folder of this machine would stand in adapter_config.json; the job file names the base by its digest.
    adapted.active_peft_config.base_model_name_or_path = "training/base"
    return adapted


@contextmanager
def fused_experts() -> Iterator[None]:
    """Without peft's warning of a mixture of experts: it makes patterns for fused parameters, and seeks modules."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The following (rank|alpha)_pattern keys", RuntimeWarning)
        yield


def new_rows(base: Path) -> list[int]:
    """Ids of the pieces whose rows must be learned: new ones, and the one that ends a turn."""
    kept = json.loads((base / "kept_ids.json").read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(base)
    rows = {number for number, source in enumerate(kept) if not isinstance(source, int)}
    return sorted(rows | {int(tokenizer.eos_token_id)})


class TargetLoss(torch.nn.Module):
    """Summed cross entropy of the positions that have a label, in nats, and how many they are.

    Only those positions go through the output matrix: with 8 rows of 250 tokens and a vocabulary of 20,000 the
    logits of all positions would take as much time as a third of the layers. With `loss_tokens` so many positions
    go through it at once, and again for the backward pass: large vocabularies then need no more memory than small ones.
    """

    def __init__(self, network: Any, *, loss_tokens: int | None = None) -> None:
        super().__init__()
        self.network = network
        self.loss_tokens = loss_tokens

    def forward(
        self,
        input_ids: torch.Tensor,
        labels: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss and count for ids and labels of (rows, positions); a mask for padded, positions for packed rows."""
        picked, wanted, chosen = self._picked(input_ids, labels, attention_mask, position_ids)
        return self._chunked(picked, wanted, "sum"), chosen.sum()

    def _picked(
        self,
        input_ids: torch.Tensor,
        labels: torch.Tensor,
        attention_mask: torch.Tensor | None,
        position_ids: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Hidden states of (targets, hidden), the (targets,) they foretell, where those are (rows, positions - 1)."""
        model = _plain(self.network)
        given = {"attention_mask": attention_mask} if position_ids is None else places(model, position_ids)
        hidden = model.get_decoder()(input_ids=input_ids, use_cache=False, **given).last_hidden_state
        targets = labels[:, 1:]
        chosen = targets != IGNORED
        return hidden[:, :-1][chosen], targets[chosen], chosen

    def _chunked(self, picked: torch.Tensor, wanted: torch.Tensor, reduction: str) -> torch.Tensor:
        """Nats of targets for hidden states, summed or each; so many at once as `loss_tokens` says."""
        count = self._chunks(len(wanted), wanted.device)
        if self.loss_tokens is None or count == 1:
            return self._loss(picked, wanted, reduction)
        starts = range(0, count * self.loss_tokens, self.loss_tokens)  # the last chunks may be empty
        parts = [
            torch.utils.checkpoint.checkpoint(
                self._loss,
                picked[start : start + self.loss_tokens],
                wanted[start : start + self.loss_tokens],
                reduction,
                use_reentrant=False,
            )
            for start in starts
        ]
        return torch.stack(parts).sum() if reduction == "sum" else torch.cat(parts)

    def _chunks(self, targets: int, device: torch.device) -> int:
        """Chunks of so many targets; on all ranks as many as on the one with most, where they share the weights out.

        Under ZeRO-3 each chunk gathers the output matrix from all ranks: with one chunk less, a rank would let the
        others wait for ever.
        """
        if self.loss_tokens is None:
            return 1
        count = torch.tensor(max(1, math.ceil(targets / self.loss_tokens)), device=device)
        if hasattr(_plain(self.network).get_output_embeddings().weight, "ds_id"):
            dist.all_reduce(count, op=dist.ReduceOp.MAX)
        return int(count)

    def _loss(self, hidden: torch.Tensor, targets: torch.Tensor, reduction: str) -> torch.Tensor:
        """Nats of targets for hidden states of (targets, hidden), summed or each."""
        model = _plain(self.network)
        logits = model.get_output_embeddings()(hidden).float()  # (targets, vocabulary)
        cap = getattr(model.config, "final_logit_softcapping", None)
        if cap:
            logits = torch.tanh(logits / cap) * cap
        return torch.nn.functional.cross_entropy(logits, targets, reduction=reduction)


def _plain(network: Any) -> Any:
    """The network without what peft puts around it."""
    return network.get_base_model() if hasattr(network, "get_base_model") else network


def _name_of(network: Any, layer: torch.nn.Module) -> str:
    """Last part of a layer's name in the network."""
    name: str = next(name for name, module in network.named_modules() if module is layer)
    return name.rsplit(".", 1)[-1]
