"""Training on one GPU: tokens a second, utilisation, and the peak of memory beside what `adgen plan` foretells.

python -m benchmarks.gpu [--work lora --work qlora --work full] [--steps 12] [--rows 2] [--folder DIR] [--json]

LoRA and QLoRA of a network as large as Llama 2 7B and full fine-tuning of one as large as Llama 3.2 1B, with random
weights, by the job that the pipeline starts, on packed rows of 4,096 tokens. Nothing is fetched. What is not there (a
GPU, its memory, disk) is said, with what `adgen plan` foretells; `--small` runs the same path on tiny networks, on a
CPU too.
"""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from adgen_pipeline.artifacts import folder_digest, write_json
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.training.base_models import known_models
from adgen_pipeline.training.job import TrainingJob, read_spread
from adgen_pipeline.training.planner import GIB, Machine, Method, Option, Work, flops_per_token, memory, plan
from adgen_pipeline.training.shapes import count
from adgen_pipeline.training.speed import peak_flops
from adgen_pipeline.training_recipe import TrainingRecipe
from benchmarks import show
from benchmarks.training import run_job, write_shards

ROW_TOKENS = 4096
TRAINING_ROWS, VALIDATION_ROWS = 1024, 2  # texts; a packed row holds some twenty of them
UNTIMED_STEPS = 2  # the first ones choose kernels and ask for memory
DATASHEET_TFLOPS = {"H100": 989.0, "H200": 989.0, "A100": 312.0, "L40S": 362.0}  # bf16, dense
MEMORY_TOLERANCE = 0.15
SPECIAL = {"pad_token": "<pad>", "eos_token": "<end>", "unk_token": "<unknown>"}
SEED = 7


@dataclass(frozen=True)
class Case:
    """One way to train one network.

    Attributes:
        model: of base_models.yaml; its sizes alone are taken.
        method: as `adgen plan` names it.
        wanted_utilisation: share of the GPU's bf16 peak, by the planner's formula (4N with an adapter, 6N in full).
    """

    model: str
    method: Method
    wanted_utilisation: float

    def work(self, row_tokens: int) -> Work:
        """What the planner is asked; every position has a label here."""
        return Work(self.method, sequence_length=row_tokens)


CASES = {
    "lora": Case("meta-llama/Llama-2-7b-hf", "lora", 0.40),
    "qlora": Case("meta-llama/Llama-2-7b-hf", "qlora", 0.40),
    "full": Case("meta-llama/Llama-3.2-1B", "full", 0.42),
}
SMALL = {
    "vocab_size": 1024, "hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 32,
}  # fmt: skip


def configuration(case: Case, *, is_small: bool) -> dict[str, Any]:
    """The content of the network's config.json."""
    known: dict[str, Any] = known_models()[case.model]["config"]
    return {**known, **(SMALL if is_small else {})}


def make_base(folder: Path, config: Mapping[str, Any], device: torch.device) -> Path:
    """A network of these sizes with random bf16 weights, and a tokenizer of as many pieces that are plain words."""
    values = {name: value for name, value in config.items() if name != "model_type"}
    kind: Any = AutoModelForCausalLM
    torch.manual_seed(SEED)
    with device:
        network = kind.from_config(AutoConfig.for_model(config["model_type"], **values), dtype=torch.bfloat16)
    network.save_pretrained(folder)
    del network
    torch.cuda.empty_cache()
    size = int(config["vocab_size"])
    pieces = [*SPECIAL.values(), *(f"w{number}" for number in range(len(SPECIAL), size))]
    numbers = {piece: number for number, piece in enumerate(pieces)}
    words = Tokenizer(WordLevel(numbers, unk_token=SPECIAL["unk_token"]))
    words.pre_tokenizer = Whitespace()
    fast: Any = PreTrainedTokenizerFast  # untyped in transformers
    fast(tokenizer_object=words, **SPECIAL).save_pretrained(folder)
    write_json(folder / "kept_ids.json", list(range(size)))
    return folder


def planned(
    case: Case, config: Mapping[str, Any], gpu_gib: float, row_tokens: int, rows: int
) -> Option | str:
    """How `adgen plan` would train on one such GPU under ZeRO-1 with at most so many rows at once, or why not."""
    shape, work, machine = count(dict(config), case.model), case.work(row_tokens), Machine(1, gpu_gib)
    found = plan(shape, machine, work, spread="zero1")
    if found.chosen is None:
        return found.reason
    option = found.chosen
    fewer = min(rows, option.micro_batch)
    again = option.checkpoints_activations
    less = memory(shape, machine, work, option.spread, micro_batch=fewer, checkpoints_activations=again)
    return replace(option, micro_batch=fewer, memory=less)


def run(
    case: Case,
    config: Mapping[str, Any],
    option: Option,
    base: Path,
    shards: Path,
    *,
    steps: int,
    row_tokens: int,
) -> dict[str, Any]:
    """What the job reached: tokens a second, utilisation by measured and stated peak, memory and its prediction."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    spread = "zero1" if device.type == "cuda" else "cpu"
    recipe = TrainingRecipe(
        base_model="benchmark", spread=spread, precision="bf16", packing=True, maximum_tokens=row_tokens,
        method="full" if case.method == "full" else "lora", load_in="4bit" if case.method == "qlora" else "full",
        batch_size=option.micro_batch, activation_checkpointing=option.checkpoints_activations, maximum_steps=steps,
        maximum_epochs=1000.0, evaluate_rows=VALIDATION_ROWS, sample_rows=0, checkpoint_steps=steps + 1,
        learning_rate=1e-5,
    )  # fmt: skip
    job = TrainingJob(
        base=base, base_digest=folder_digest(base), shards=shards, shards_digest=folder_digest(shards),
        out=shards.parent / f"trained-{case.method}", recipe=recipe,
        spread=read_spread(PROJECT_ROOT / "deepspeed_configs", spread),
    )  # fmt: skip
    lines, result = run_job(job, shards.parent, 1)
    shutil.rmtree(job.out)
    tokens, seconds = (sum(line[key] for line in lines[UNTIMED_STEPS:]) for key in ("tokens", "seconds"))
    shape = count(dict(config), case.model)
    flops, formula = flops_per_token(shape, case.work(row_tokens), recomputes=False)
    found: dict[str, Any] = {
        "parameters": shape.parameters, "rows_at_once": option.micro_batch, "row_tokens": row_tokens,
        "activations_twice": option.checkpoints_activations, "padding_share": result["padding_share"],
        "tokens_per_second": round(tokens / seconds, 1), "formula": formula,
        "utilisation_of_matmul": round(tokens / seconds * flops / peak_flops(device, torch.bfloat16), 3),
    }  # fmt: skip
    if device.type == "cuda":
        found |= _on_gpu(case, option, tokens / seconds * flops, result["peak_memory_mib"] / 1024)
    return found


def _on_gpu(case: Case, option: Option, flops_per_second: float, peak_gib: float) -> dict[str, Any]:
    """What only a GPU can say: utilisation by its data sheet, and memory beside the planner's."""
    # The planner counts what CUDA and its libraries hold before the first tensor; PyTorch does not see that.
    foretold = (option.memory.gpu - option.memory.context) / GIB
    found = {
        "peak_memory_gib": round(peak_gib, 2),
        "planned_memory_gib": round(foretold, 2),
        f"planned ÷ measured, wanted within {MEMORY_TOLERANCE:.0%}": round(foretold / peak_gib, 3),
    }
    name = torch.cuda.get_device_name()
    stated = next((tflops for card, tflops in DATASHEET_TFLOPS.items() if card in name), None)
    if stated is not None:
        wanted = f"utilisation of {stated:g} TFLOP/s, wanted {case.wanted_utilisation:g}"
        found[wanted] = round(flops_per_second / (stated * 1e12), 3)
    return found


def _needs(case: Case, config: Mapping[str, Any], row_tokens: int) -> dict[str, object]:
    """What the case takes on the least GPU it fits on, for a machine that has none."""
    shape = count(dict(config), case.model)
    sizes = (12, 16, 20, 24, 32, 40, 48, 64, 80, 141)
    least, option = next(
        (gib, found)
        for gib in sizes
        if not isinstance(found := planned(case, config, gib, row_tokens, 1), str)
    )
    return {
        "network": f"as large as {case.model}, {shape.parameters:,} parameters",
        "gpu": f"one NVIDIA GPU of {least} GiB or more, and a build of torch for it",
        "disk_gib": round(_disk_bytes(case, shape.parameters) / GIB, 1),
        "memory_by_plan_gib": round(option.memory.gpu / GIB, 1),
    }


def _disk_bytes(case: Case, parameters: int) -> int:
    """The random base in bf16, what full fine-tuning writes, and a GiB for rows and an adapter."""
    return (4 if case.method == "full" else 2) * parameters + GIB


def measure(case: Case, folder: Path, *, steps: int, rows: int, is_small: bool) -> dict[str, object] | str:
    """The figures of a case, or a sentence that says what is not there to measure it."""
    row_tokens = 256 if is_small else ROW_TOKENS
    config = configuration(case, is_small=is_small)
    has_gpu = torch.cuda.is_available()
    gpu_gib = torch.cuda.get_device_properties(0).total_memory / GIB if has_gpu else 24.0
    option = planned(case, config, gpu_gib, row_tokens, rows)
    if isinstance(option, str):
        return option
    shape = count(config, case.model)
    room, needed = shutil.disk_usage(folder).free, _disk_bytes(case, shape.parameters)
    if room < needed:
        return f"{folder}: {room / GIB:.1f} GiB are free, {needed / GIB:.1f} are needed. Name another with --folder."
    device = torch.device("cuda" if has_gpu else "cpu")
    base = folder / f"base-{case.model.rpartition('/')[2]}{'-small' if is_small else ''}"
    if not base.is_dir():
        click.echo(f"making {base.name}", err=True)
        make_base(base, config, device)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        shards = Path(made) / "shards"
        write_shards(
            shards, range(len(SPECIAL), shape.vocabulary), rows=TRAINING_ROWS + VALIDATION_ROWS,
            validation_rows=VALIDATION_ROWS, longest=row_tokens, unlabelled_share=0.0,
        )  # fmt: skip
        click.echo(f"{case.method}: {steps} steps of {option.micro_batch} × {row_tokens:,} tokens", err=True)
        return run(case, config, option, base, shards, steps=steps, row_tokens=row_tokens)


@click.command()
@click.option(
    "--work", type=click.Choice(tuple(CASES)), multiple=True, help="Which; all of them where none is named."
)
@click.option(
    "--steps", type=click.IntRange(UNTIMED_STEPS + 1), default=12, show_default=True, help="Of each."
)
@click.option("--rows", default=2, show_default=True, help="Packed rows at once, where as many fit.")
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where networks are written; by default a temporary folder.",
)  # fmt: skip
@click.option("--small", "is_small", is_flag=True, help="Tiny networks, on a CPU too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(
    work: tuple[str, ...], steps: int, rows: int, folder: Path | None, is_small: bool, as_json: bool
) -> None:
    """Print what one GPU reaches in training, or what is not there to measure it."""
    chosen = {name: CASES[name] for name in work or CASES}
    figures: dict[str, object] = {}
    if not torch.cuda.is_available() and not is_small:
        figures["gpu"] = "none here (torch.cuda.is_available() is false); this is what is needed"
        figures |= {
            n: _needs(case, configuration(case, is_small=False), ROW_TOKENS) for n, case in chosen.items()
        }
        show(figures, as_json=as_json)
        return
    figures["device"] = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory() as made:
        place = folder or Path(made)
        for name, case in chosen.items():
            figures[name] = measure(case, place, steps=steps, rows=rows, is_small=is_small)
    show(figures, as_json=as_json)


if __name__ == "__main__":
    main()
