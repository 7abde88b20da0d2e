"""Examples that stand side by side in one row and must not see each other: their mask, and the proof for a network."""

from typing import Any

import torch

from adgen_pipeline.errors import TrainingError

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
    decoder = network.get_decoder()
    device = network.get_input_embeddings().weight.device
    vocabulary = network.get_input_embeddings().weight.shape[0]
    ids = torch.arange(2 * PROBE_TOKENS, device=device)[None] % vocabulary
    other = ids.clone()
    other[0, :PROBE_TOKENS] = (ids[0, :PROBE_TOKENS] + 5) % vocabulary
    positions = (torch.arange(2 * PROBE_TOKENS, device=device) % PROBE_TOKENS)[None]
    was_training = network.training
    network.eval()
    with torch.no_grad():
        states, changed = (
            decoder(input_ids=given, **places(network, positions), use_cache=False)
            .last_hidden_state[:, PROBE_TOKENS:]
            .float()
            for given in (ids, other)
        )
    network.train(was_training)
    if float((states - changed).abs().max()) > TOLERANCE * float(states.abs().max()):
        raise TrainingError(
            f"training.packing: a {type(network).__name__} lets examples that are packed into one row see each "
            "other. Set packing to false for this base model."
        )


def places(network: Any, position_ids: torch.Tensor) -> dict[str, torch.Tensor]:
    """What a decoder is called with so that packed examples are kept apart."""
    if network.config.model_type not in MASKED:
        return {"position_ids": position_ids}
    return {"position_ids": position_ids, "attention_mask": mask_apart(position_ids)}
