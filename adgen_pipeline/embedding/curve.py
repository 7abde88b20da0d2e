"""How an encoder's training went: the loss of each step and nDCG@10 on held-out pairs now and then."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adgen_pipeline.figures import lines, png


@dataclass
class Curve:
    """What was seen so far.

    Attributes:
        losses: of each step, from the first.
        measured: steps and nDCG@10.
    """

    losses: list[float] = field(default_factory=list)
    measured: list[tuple[int, float]] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """Steps taken."""
        return len(self.losses)

    def final_loss(self) -> float:
        """Mean of the last tenth of the steps."""
        last = self.losses[-max(1, len(self.losses) // 10) :]
        return math.fsum(last) / len(last)

    def best(self) -> dict[str, float]:
        """The best nDCG@10 and the first step that reached it; nothing where nothing was measured."""
        if not self.measured:
            return {}
        step, reached = max(self.measured, key=lambda found: (found[1], -found[0]))
        return {"held_out_ndcg": reached, "best_step": step}

    def values(self) -> dict[str, list[float]]:
        """Lists for a JSON file: loss, and measured_step with held_out_ndcg."""
        return {
            "loss": self.losses,
            "measured_step": [step for step, _ in self.measured],
            "held_out_ndcg": [reached for _, reached in self.measured],
        }


def figures(values: Mapping[str, Sequence[float]]) -> dict[str, bytes]:
    """Pictures of a curve (`Curve.values`) as PNG by name; none of what was not seen."""
    found = {}
    loss = values.get("loss", ())
    if loss:
        steps = [float(step) for step in range(1, len(loss) + 1)]
        found["encoder_loss"] = png(
            lines({"each step": (steps, loss)}, title="Encoder: training loss", x="step", y="nats a pair")
        )
    if values.get("held_out_ndcg"):
        series = {"held out": (values["measured_step"], values["held_out_ndcg"])}
        found["encoder_held_out"] = png(
            lines(series, title="Encoder: partners found among held-out texts", x="step", y="nDCG@10")
        )
    return found
