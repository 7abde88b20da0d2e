"""What training a model needs and takes: memory by part, the spread to choose and why, speed, hours and cost.

Pure arithmetic on a network's sizes (`shapes.py`). The states of full fine-tuning are counted as DeepSpeed's own
estimators count them, the activations as PyTorch was seen to keep them; both are compared in the tests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from adgen_pipeline.errors import TrainingError
from adgen_pipeline.training.shapes import Shape

Method = Literal["lora", "qlora", "full", "pretrain"]
METHODS: tuple[Method, ...] = ("lora", "qlora", "full", "pretrain")
GIB = 1024**3

# Bytes a parameter: bf16 weight and gradient; fp32 gradient; fp32 copy and two moments of AdamW.
WEIGHT, GRADIENT, GRADIENT_32, OPTIMIZER = 2, 2, 4, 12
# NF4 with its constants quantised too: 4 bits, 8/64 of a block's constant, 32/(64·256) of that constant's own.
QUANTISED = (4 + 8 / 64 + 32 / (64 * 256)) / 8
# Bytes that bf16 PyTorch 2.13 keeps for the backward pass, a position and layer, for each unit of hidden size with
# LoRA and without, measured with saved_tensors_hooks (test_planner.py). 4 for each unit of the keys' size and 8 for
# each of the feed-forward's come on top.
HIDDEN_BYTES = {"Gemma3ForCausalLM": (28, 48), "Qwen3ForCausalLM": (20, 26), "MixtralForCausalLM": (28, 28)}
OTHER_HIDDEN_BYTES = (17, 20)
KEY_BYTES, INTERMEDIATE_BYTES = 4, 8
KEY_BYTES_OF = {"Gemma3ForCausalLM": 12, "Qwen3ForCausalLM": 10}
RANK_BYTES = 14  # bf16 output of A on seven linear layers, for each rank of the adapter
# Logits in bf16 and fp32, their log-softmax, and gradients in fp32 and bf16, alive at once.
LOGIT_BYTES = 2 + 4 + 4 + 4 + 2
CONTEXT_BYTES = 1 * GIB  # CUDA, cuBLAS and NCCL before the first tensor
FREE_SHARE = 0.08  # left free: PyTorch's allocator loses a few per cent in gaps
HOST_FACTOR = 1.5  # DeepSpeed's own allowance for buffers in the hosts' memory
LARGEST_MICRO_BATCH = 64


@dataclass(frozen=True)
class Machine:
    """Where training would run.

    Attributes:
        gpus: of one host.
        gpu_gib: memory of one GPU.
        hosts: how many.
        host_gib: memory of one host; None where it is not known.
        peak_tflops: of one GPU in bf16, dense; 989 is the H100's and the H200's.
        utilisation: share of the peak that training reaches.
        price_per_gpu_hour: in any currency.
    """

    gpus: int
    gpu_gib: float
    hosts: int = 1
    host_gib: float | None = None
    peak_tflops: float = 989.0
    utilisation: float = 0.40
    price_per_gpu_hour: float | None = None

    @property
    def world(self) -> int:
        """Ranks."""
        return self.gpus * self.hosts


@dataclass(frozen=True)
class Work:
    """What would be trained.

    Attributes:
        method: lora, qlora (LoRA on 4-bit weights), full, or pretrain (all parameters on whole rows).
        sequence_length: tokens of a row.
        rank: of the adapter.
        tokens: of the corpus, all epochs together; None where only memory is asked.
        loss_tokens: positions whose logits are computed at once; None: all of a micro-batch.
    """

    method: Method
    sequence_length: int = 1024
    rank: int = 32
    tokens: int | None = None
    loss_tokens: int | None = None

    @property
    def has_adapter(self) -> bool:
        """Whether an adapter alone is trained."""
        return self.method in ("lora", "qlora")


@dataclass(frozen=True)
class Spread:
    """A file of deepspeed_configs/ and what it shares out or moves to the hosts' memory."""

    name: str
    stage: int
    offloads_optimizer: bool = False
    offloads_parameters: bool = False


# From the fastest to the slowest.
SPREADS = (
    Spread("zero1", 1),
    Spread("zero2", 2),
    Spread("zero3", 3),
    Spread("zero2_offload", 2, offloads_optimizer=True),
    Spread("zero3_offload", 3, offloads_optimizer=True, offloads_parameters=True),
)


@dataclass(frozen=True)
class Memory:
    """Bytes on one GPU by part, and on one host."""

    weights: int
    gradients: int
    optimizer: int
    gathered: int
    activations: int
    logits: int
    context: int
    host: int

    @property
    def gpu(self) -> int:
        """All that one GPU holds."""
        return (
            self.weights
            + self.gradients
            + self.optimizer
            + self.gathered
            + self.activations
            + self.logits
            + self.context
        )

    @property
    def states(self) -> int:
        """Weights, gradients and optimizer: what DeepSpeed's estimators count."""
        return self.weights + self.gradients + self.optimizer + self.gathered


@dataclass(frozen=True)
class Option:
    """One way to train, and whether it fits.

    Attributes:
        micro_batch: rows a GPU at once: the largest power of two that fits, or 1 where nothing does.
        problem: why it cannot be taken; None if it can.
    """

    spread: Spread
    checkpoints_activations: bool
    micro_batch: int
    memory: Memory
    problem: str | None


@dataclass(frozen=True)
class Plan:
    """The way to take, and those that were looked at.

    Attributes:
        chosen: None if nothing fits.
        reason: why this one, or why none.
        options: in the order in which they were looked at.
        trained_parameters: of adapter or network.
        flops_per_token: by `formula`.
        tokens_per_second: of all GPUs; an upper bound where the hosts' memory is used.
        hours, cost: of the corpus, where its tokens and a price are given.
    """

    chosen: Option | None
    reason: str
    options: tuple[Option, ...]
    trained_parameters: int
    formula: str
    flops_per_token: int
    tokens_per_second: float | None
    hours: float | None
    cost: float | None


def plan(shape: Shape, machine: Machine, work: Work, *, spread: str | None = None) -> Plan:
    """How to train a network on a machine.

    Args:
        shape: the network's sizes.
        machine: where.
        work: what.
        spread: the only one to look at; None: all of SPREADS, the fastest that fits is taken.

    Raises:
        TrainingError: method and spread exclude each other, or there is no such spread.
    """
    spreads = [s for s in SPREADS if spread in (None, s.name)]
    if not spreads:
        known = ", ".join(s.name for s in SPREADS)
        raise TrainingError(f"There is no spread {spread!r} to plan with. Name one of {known}.")
    if spread is not None and (problem := impossible(spreads[0], work.method)):
        raise TrainingError(f"{work.method} does not go with {spread}: {problem}")
    options = tuple(_options(shape, machine, work, spreads))
    chosen = next((option for option in options if option.problem is None), None)
    trained = trained_parameters(shape, work)
    flops, formula = flops_per_token(shape, work, recomputes=bool(chosen and chosen.checkpoints_activations))
    speed = hours = cost = None
    if chosen is not None:
        speed = machine.world * machine.peak_tflops * 1e12 * machine.utilisation / flops
        hours = None if work.tokens is None else work.tokens / speed / 3600
        if hours is not None and machine.price_per_gpu_hour is not None:
            cost = hours * machine.world * machine.price_per_gpu_hour
    return Plan(
        chosen, _reason(chosen, options, machine), options, trained, formula, flops, speed, hours, cost
    )


def impossible(spread: Spread, method: Method) -> str | None:
    """Why a spread and a method exclude each other; None if they do not."""
    if method == "qlora" and spread.stage == 3:
        return (
            "DeepSpeed does not share out quantised weights, silently, so that each GPU would hold them all. "
            "Take zero2, or lora."
        )
    if method in ("lora", "qlora") and spread.name == "zero2_offload":
        return (
            "an adapter's optimizer is a few hundred megabytes, so that moving it to the host only costs time. "
            "Take zero2."
        )
    return None


def trained_parameters(shape: Shape, work: Work) -> int:
    """Parameters that get gradients."""
    return work.rank * shape.lora_parameters_per_rank if work.has_adapter else shape.parameters


def flops_per_token(shape: Shape, work: Work, *, recomputes: bool) -> tuple[int, str]:
    """Operations for one token and the formula: N counts what is multiplied, so no looked-up rows or idle experts."""
    factor = 4 if work.has_adapter else 6
    words = f"{factor}N, N = {shape.active_parameters:,} parameters that work on a token"
    if work.has_adapter:
        words += " (frozen weights get no gradient: 2N forwards, 2N backwards)"
    if recomputes:
        factor += 2
        words += "; 2N more, for the forward pass is repeated"
    return factor * shape.active_parameters, words


def memory(
    shape: Shape,
    machine: Machine,
    work: Work,
    spread: Spread,
    *,
    micro_batch: int,
    checkpoints_activations: bool,
) -> Memory:
    """Bytes on each GPU and each host."""
    world, frozen, trained = machine.world, 0, trained_parameters(shape, work)
    if work.has_adapter:
        small = shape.linear_parameters if work.method == "qlora" else 0
        frozen = int(QUANTISED * small + WEIGHT * (shape.parameters - small))
    shared_out = world if spread.stage == 3 else 1
    weights = (frozen + WEIGHT * trained) // shared_out
    # ZeRO-1 keeps whole bf16 gradients; ZeRO-2 and 3 keep shares, in fp32 for the optimizer beside them.
    gradients = GRADIENT * trained // (1 if spread.stage == 1 else world)
    optimizer = (OPTIMIZER + GRADIENT_32) * trained // world
    gathered = 0
    if spread.stage == 3:
        # As DeepSpeed counts: 18 bytes a parameter shared out, and the largest layer's weights and gradients whole.
        gathered = (WEIGHT + GRADIENT) * shape.largest_layer
        gradients = 0
    host = 0
    if spread.offloads_optimizer:
        host = int(trained * max(4 * machine.gpus, OPTIMIZER + GRADIENT_32) / machine.hosts * HOST_FACTOR)
        gradients = optimizer = 0
    if spread.offloads_parameters:
        host = int(((frozen + WEIGHT * trained) + trained * 16) / machine.hosts * HOST_FACTOR)
        weights = 0
    positions = micro_batch * work.sequence_length
    at_once = min(positions, work.loss_tokens or positions)
    return Memory(
        weights=weights,
        gradients=gradients,
        optimizer=optimizer,
        gathered=gathered,
        activations=activation_bytes(shape, work, positions, checkpoints_activations=checkpoints_activations),
        logits=LOGIT_BYTES * at_once * shape.vocabulary,
        context=CONTEXT_BYTES,
        host=host,
    )


def activation_bytes(shape: Shape, work: Work, positions: int, *, checkpoints_activations: bool) -> int:
    """Bytes of what the forward pass keeps for the backward pass, in all layers."""
    with_adapter, without = HIDDEN_BYTES.get(shape.architecture, OTHER_HIDDEN_BYTES)
    layer = (
        (with_adapter if work.has_adapter else without) * shape.hidden
        + KEY_BYTES_OF.get(shape.architecture, KEY_BYTES) * shape.key_value
        + INTERMEDIATE_BYTES * shape.intermediate
        + (RANK_BYTES * work.rank if work.has_adapter else 0)
    )
    if checkpoints_activations:
        # The input of each layer, and all of the one that is being repeated.
        return positions * (WEIGHT * shape.hidden * shape.layers + layer)
    return positions * layer * shape.layers


def _options(shape: Shape, machine: Machine, work: Work, spreads: list[Spread]) -> Iterator[Option]:
    room = machine.gpu_gib * GIB * (1 - FREE_SHARE)
    for spread in spreads:
        for again in (False, True):
            problem = impossible(spread, work.method)
            if (
                problem is None
                and spread.stage == 3
                and machine.world == 1
                and not spread.offloads_parameters
            ):
                problem = "one GPU has nobody to share the weights with"
            best = 0
            needed = memory(shape, machine, work, spread, micro_batch=1, checkpoints_activations=again)
            size = 1
            while size <= LARGEST_MICRO_BATCH:
                trial = memory(shape, machine, work, spread, micro_batch=size, checkpoints_activations=again)
                if trial.gpu > room:
                    break
                best, needed, size = size, trial, size * 2
            if problem is None and best == 0:
                problem = (
                    f"one row needs {needed.gpu / GIB:.1f} GiB a GPU, "
                    f"{room / GIB:.1f} of {machine.gpu_gib:g} may be used"
                )
            if problem is None and machine.host_gib is not None and needed.host > machine.host_gib * GIB:
                problem = f"a host needs {needed.host / GIB:.0f} GiB, it has {machine.host_gib:g}"
            yield Option(spread, again, max(1, best), needed, problem)


def _reason(chosen: Option | None, options: tuple[Option, ...], machine: Machine) -> str:
    if chosen is None:
        possible = [o for o in options if o.memory.gpu > 0 and "GiB" in (o.problem or "")]
        nearest = min(possible or list(options), key=lambda o: o.memory.gpu)
        return (
            f"Nothing fits. The nearest is {nearest.spread.name}"
            f"{' with activation checkpointing' if nearest.checkpoints_activations else ''}: {nearest.problem}. "
            "Take more or larger GPUs, shorter rows, qlora or a smaller model."
        )
    words = {
        "zero1": "all but the optimizer fits whole on each GPU, so that little is sent between them",
        "zero2": "the weights fit whole on each GPU; gradients and optimizer are shared out",
        "zero3": "the weights must be shared out too, and gathered layer by layer",
        "zero2_offload": "the optimizer only fits into the host's memory; steps wait for it",
        "zero3_offload": "weights and optimizer only fit into the host's memory; every layer is fetched from there",
    }[chosen.spread.name]
    if machine.world == 1 and chosen.spread.stage < 3 and not chosen.spread.offloads_optimizer:
        words = "everything fits on the one GPU"
    if chosen.checkpoints_activations:
        words += "; activations are computed twice, for they would not fit"
    return words[0].upper() + words[1:] + "."
