"""Examples that stand side by side in one row and must not see each other: how they are kept apart, and the proof.

On a GPU by the mask that transformers makes of positions that begin anew. On a CPU, where a mask of a long row costs
more than all padding that packing saves, each example's attention is computed by itself.
"""

from itertools import pairwise
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from adgen_pipeline.errors import TrainingError

ONE_BY_ONE = "adgen_one_by_one"  # the name of our attention in transformers

# Architectures of transformers that keep examples apart only by a mask: they do not look at where positions begin anew.
MASKED = frozenset({"falcon"})
PROBE_TOKENS = 8  # of each of two examples
TOLERANCE = (
    0.05  # of the largest state; 8-bit weights look for outliers over whole rows, which changes a little
)


def mask_apart(position_ids: torch.Tensor) -> torch.Tensor:
    """Who may see whom, (rows, 1, positions, positions) bool: earlier positions of the same example, and itself.

    Args:
        position_ids: (rows, positions), from 0 in each example.
    """
    example = (position_ids == 0).cumsum(dim=1)
    same = example[:, :, None] == example[:, None, :]
    return torch.tril(same)[:, None]


def refuse_if_examples_see_each_other(network: Any) -> None:
    """Nothing, if a packed row's second example has the same states whatever the first one says.

    Args:
        network: plain, on its device, before DeepSpeed shares it out.

    Raises:
        TrainingError: its states change, so that packed rows would teach the network nonsense.
    """
    if getattr(network.config, "alibi", False):
        raise TrainingError(
            f"training.packing: a {type(network).__name__} with ALiBi counts distances over whole rows. "
            "Set packing to false for this base model."
        )
    states, changed = (_second_states(network, first=first) for first in (0, 5))
    if float((states - changed).abs().max()) > TOLERANCE * float(states.abs().max()):
        raise TrainingError(
            f"training.packing: a {type(network).__name__} lets examples that are packed into one row see each "
            "other. Set packing to false for this base model."
        )


def attend_one_by_one(network: Any) -> None:
    """Let a network on a CPU compute packed examples' attention one by one, if it is one that can."""
    is_on_cpu = network.get_input_embeddings().weight.device.type == "cpu"
    if not is_on_cpu or network.config.model_type in MASKED:
        return
    network.set_attn_implementation(ONE_BY_ONE)
    try:
        _second_states(network, first=0)
    except RuntimeError:
        # Its layers do not hand the bounds on (StableLM's): attention then meets the mask that is none.
        network.set_attn_implementation("sdpa")


def _second_states(network: Any, *, first: int) -> torch.Tensor:
    """States of the second of two packed examples, (1, PROBE_TOKENS, hidden); `first` changes the first one."""
    weight = network.get_input_embeddings().weight
    ids = torch.arange(2 * PROBE_TOKENS, device=weight.device)[None]
    ids[0, :PROBE_TOKENS] += first
    positions = (torch.arange(2 * PROBE_TOKENS, device=weight.device) % PROBE_TOKENS)[None]
    was_training = network.training
    network.eval()
    with torch.no_grad():
        states: torch.Tensor = network.get_decoder()(
            input_ids=ids % weight.shape[0], **places(network, positions), use_cache=False
        ).last_hidden_state
    network.train(was_training)
    return states[:, PROBE_TOKENS:].float()


def one_by_one(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    cu_seq_lens_q: torch.Tensor | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention as transformers calls it, each example by itself; of padded rows, which have no bounds, by the mask.

    Args:
        module: the layer.
        query: (rows, heads, positions, head size).
        key, value: the same with as many heads as keys have.
        attention_mask: of padded rows.
        dropout: share of weights that are left out.
        scaling: of the products; None: by the head's size.
        sliding_window: positions that a layer looks back, itself included; None: all.
        cu_seq_lens_q: bounds of the examples, all rows one after the other; the name is transformers'.
        options: of `sdpa_attention_forward`.

    Returns:
        (rows, positions, heads, head size), and no weights.
    """
    if cu_seq_lens_q is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **options
        )
    length = query.shape[2]
    # PyTorch's own sharing of keys between heads takes half as long again on a CPU.
    shared = query.shape[1] // key.shape[1]
    key, value = (heads.repeat_interleave(shared, dim=1) for heads in (key, value))
    bounds: list[int] = cu_seq_lens_q.tolist()
    parts = []
    for start, end in pairwise(bounds):
        row, first = divmod(start, length)
        here = (slice(row, row + 1), slice(None), slice(first, first + end - start))
        mask = None
        if sliding_window is not None and end - start > sliding_window:
            near = torch.ones(end - start, end - start, dtype=torch.bool, device=query.device)
            mask = near.tril().triu(1 - sliding_window)[None, None]
        found = torch.nn.functional.scaled_dot_product_attention(
            query[here], key[here], value[here],
            attn_mask=mask, dropout_p=dropout, scale=scaling, is_causal=mask is None,
        )  # fmt: skip
        parts.append(found[0].transpose(0, 1))
    return torch.cat(parts).view(query.shape[0], length, *parts[0].shape[1:]), None


AttentionInterface.register(ONE_BY_ONE, one_by_one)
AttentionMaskInterface.register(ONE_BY_ONE, sdpa_mask)


def places(network: Any, position_ids: torch.Tensor) -> dict[str, torch.Tensor]:
    """What a decoder is called with so that packed examples are kept apart."""
    if network.config.model_type in MASKED:
        return {"position_ids": position_ids, "attention_mask": mask_apart(position_ids)}
    if network.config._attn_implementation != ONE_BY_ONE:
        return {"position_ids": position_ids}
    begins = (position_ids == 0).flatten().nonzero().flatten()
    bounds = torch.cat([begins, begins.new_tensor([position_ids.numel()])])
    # A mask of four dimensions is taken as it is, so that none is made that nobody would look at.
    unused = position_ids.new_ones((1, 1, 1, 1))
    return {"position_ids": position_ids, "attention_mask": unused, "cu_seq_lens_q": bounds}
