"""`adgen plan`: what training a model needs, takes and costs, before anything is rented."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from adgen_pipeline.app import terminal

if TYPE_CHECKING:
    from adgen_pipeline.training.planner import Machine, Method, Option, Plan, Work
    from adgen_pipeline.training.shapes import Shape

GIB = 1024**3


@click.command(
    epilog=terminal.example(
        "adgen plan --base-model mistralai/Mistral-7B-v0.1 --gpus 1 --gpu-memory-gib 24 --method qlora",
        "adgen plan --base-model meta-llama/Llama-2-7b-hf --gpus 8 --gpu-memory-gib 80 --method full \\",
        "  --tokens 200000000 --price-per-gpu-hour 2.5 --recipe-section",
    )
)
@click.option(
    "--base-model", required=True, help="A model of base_models.yaml, or a folder with config.json."
)
@click.option("--gpus", type=click.IntRange(1), required=True, help="GPUs of one host.")
@click.option("--gpu-memory-gib", type=click.FloatRange(1), required=True, help="Memory of one GPU.")
@click.option(
    "--hosts", type=click.IntRange(1), default=1, show_default=True, help="Hosts with as many GPUs."
)
@click.option("--host-memory-gib", type=click.FloatRange(1), help="Memory of one host, for offloading.")
@click.option(
    "--method",
    type=click.Choice(["lora", "qlora", "full", "pretrain"]),
    default="lora",
    show_default=True,
    help="qlora is LoRA on 4-bit weights; full and pretrain train every parameter.",
)
@click.option("--spread", help="Look at this file of deepspeed_configs/ alone.")
@click.option(
    "--sequence-length", type=click.IntRange(16), default=1024, show_default=True, help="Tokens of a row."
)
@click.option("--rank", type=click.IntRange(1), default=32, show_default=True, help="Of the LoRA adapter.")
@click.option("--vocabulary", type=click.IntRange(1), help="Pieces after trimming or extending.")
@click.option("--tokens", type=click.IntRange(1), help="Of the corpus, all epochs together: gives hours.")
@click.option(
    "--peak-tflops",
    type=float,
    default=989.0,
    show_default=True,
    help="Of one GPU, bf16, dense (H100, H200).",
)
@click.option(
    "--utilisation",
    type=click.FloatRange(0.01, 1),
    default=0.40,
    show_default=True,
    help="Share of the peak that training reaches.",
)
@click.option("--price-per-gpu-hour", type=click.FloatRange(0), help="Gives the cost, in the same currency.")
@click.option("--recipe-section", is_flag=True, help="Print the recipe's training section, and nothing else.")
@terminal.json_option
def plan(
    base_model: str,
    gpus: int,
    gpu_memory_gib: float,
    hosts: int,
    host_memory_gib: float | None,
    method: "Method",
    spread: str | None,
    sequence_length: int,
    rank: int,
    vocabulary: int | None,
    tokens: int | None,
    peak_tflops: float,
    utilisation: float,
    price_per_gpu_hour: float | None,
    recipe_section: bool,
    as_json: bool,
) -> None:
    """Say how a model can be trained on given GPUs: memory by part, ZeRO stage, speed, hours, cost."""
    with terminal.stdout_for_results():
        from adgen_pipeline.training import planner, section
        from adgen_pipeline.training.shapes import shape_of

        shape = shape_of(base_model, vocabulary=vocabulary)
        machine = planner.Machine(
            gpus=gpus,
            gpu_gib=gpu_memory_gib,
            hosts=hosts,
            host_gib=host_memory_gib,
            peak_tflops=peak_tflops,
            utilisation=utilisation,
            price_per_gpu_hour=price_per_gpu_hour,
        )
        work = planner.Work(method, sequence_length=sequence_length, rank=rank, tokens=tokens)
        made = planner.plan(shape, machine, work, spread=spread)
    if recipe_section:
        click.echo(section.recipe_section(base_model, made, machine, work), nl=False)
    elif as_json:
        terminal.emit_json(_document(base_model, shape, machine, work, made))
    else:
        _print(base_model, shape, made)


def _document(
    base_model: str, shape: "Shape", machine: "Machine", work: "Work", made: "Plan"
) -> dict[str, object]:
    return {
        "base_model": base_model,
        "shape": asdict(shape),
        "machine": asdict(machine),
        "work": asdict(work),
        "chosen": None if made.chosen is None else _option(made.chosen),
        "reason": made.reason,
        "options": [_option(option) for option in made.options],
        "trained_parameters": made.trained_parameters,
        "formula": made.formula,
        "flops_per_token": made.flops_per_token,
        "tokens_per_second": made.tokens_per_second,
        "hours": made.hours,
        "cost": made.cost,
    }


def _option(option: "Option") -> dict[str, object]:
    values = asdict(option.memory)
    return {
        "spread": option.spread.name,
        "deepspeed_config": f"deepspeed_configs/{option.spread.name}.json",
        "checkpoints_activations": option.checkpoints_activations,
        "micro_batch": option.micro_batch,
        "memory_bytes": {**values, "gpu": option.memory.gpu},
        "problem": option.problem,
    }


def _print(base_model: str, shape: "Shape", made: "Plan") -> None:
    parts = ("weights", "gradients", "optimizer", "gathered", "activations", "logits")
    terminal.table(
        f"{base_model} ({shape.architecture}): {shape.parameters:,} parameters, {made.trained_parameters:,} trained. "
        "GiB a GPU:",
        {
            "spread": "left",
            "recompute": "left",
            "rows": "right",
            **dict.fromkeys((*parts, "in all", "host"), "right"),
            "": "left",
        },
        [
            [
                option.spread.name,
                "yes" if option.checkpoints_activations else "no",
                str(option.micro_batch),
                *(f"{getattr(option.memory, part) / GIB:.1f}" for part in parts),
                f"{option.memory.gpu / GIB:.1f}",
                f"{option.memory.host / GIB:.0f}",
                "← this one" if option is made.chosen else option.problem or "fits",
            ]
            for option in made.options
        ],
    )
    click.echo(made.reason)
    if made.chosen is None:
        return
    click.echo(f"File: deepspeed_configs/{made.chosen.spread.name}.json")
    bound = "at most " if made.chosen.memory.host else ""
    click.echo(f"Operations a token: {made.formula}")
    click.echo(f"Speed: {bound}{made.tokens_per_second:,.0f} tokens/s")
    if made.hours is not None:
        least = "at least " if made.chosen.memory.host else ""
        price = "" if made.cost is None else f", {made.cost:,.2f} in all"
        click.echo(f"Time: {least}{made.hours:,.1f} hours{price}")
