"""When training ends, and which weights are kept."""

import torch


class Stopping:
    """Keeps the weights of the best measurement, and says when none has been better for long.

    Usage::

        stopping = Stopping(patience=4)
        if stopping.is_over(reached, model):    # after each measurement
            break
        …
        stopping.restore(model)                 # in the end
    """

    def __init__(self, patience: int | None) -> None:
        """Allow so many measurements in a row without a better one; None: any number."""
        self._patience = patience
        self._reached = float("-inf")
        self._since = 0
        self._weights: dict[str, torch.Tensor] | None = None

    def is_over(self, reached: float, model: torch.nn.Module) -> bool:
        """Take note of a measurement of the model as it is now; equal ones are no better."""
        self._since += 1
        if reached > self._reached:
            self._reached, self._since = reached, 0
            self._weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
        return self._patience is not None and self._since >= self._patience

    def restore(self, model: torch.nn.Module) -> None:
        """Give the model the weights of the best measurement; it stays as it is where nothing was measured."""
        if self._weights is not None:
            model.load_state_dict(self._weights)
