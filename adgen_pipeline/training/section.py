"""A plan as the training section of a recipe."""

import yaml

from adgen_pipeline.errors import TrainingError
from adgen_pipeline.training.planner import Machine, Method, Plan, Work

ROWS_A_STEP = 32  # of all ranks: the usual size for fine-tuning on tens of thousands of rows
# Adapters start from nothing and bear ten times the rate of weights that know something already.
LEARNING_RATES: dict[Method, float] = {"lora": 2e-4, "qlora": 2e-4, "full": 2e-5, "pretrain": 2e-5}


def recipe_section(base_model: str, made: Plan, machine: Machine, work: Work) -> str:
    """The training section of a recipe that follows a plan, as YAML.

    Raises:
        TrainingError: nothing fits.
    """
    if made.chosen is None:
        raise TrainingError(made.reason)
    option = made.chosen
    accumulation = max(1, ROWS_A_STEP // (option.micro_batch * machine.world))
    section: dict[str, object] = {
        "base_model": base_model,
        "method": "lora" if work.has_adapter else "full",
        "spread": option.spread.name,
        "precision": "bf16",
        "load_in": "4bit" if work.method == "qlora" else "full",
        "activation_checkpointing": option.checkpoints_activations,
        "batch_size": option.micro_batch,
        "accumulation_steps": accumulation,
        "maximum_tokens": work.sequence_length,
        "learning_rate": LEARNING_RATES[work.method],
    }
    if work.has_adapter:
        section["lora"] = {"rank": work.rank, "alpha": 2 * work.rank}
    if work.loss_tokens is not None:
        section["loss_tokens"] = work.loss_tokens
    text: str = yaml.safe_dump({"training": section}, sort_keys=False)
    return f"# {machine.gpus} GPU(s) a host, {machine.hosts} host(s): {made.reason}\n{text}"
