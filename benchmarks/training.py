"""Training: padded, length-grouped and packed rows; the job beside a plain trl SFTTrainer; two ranks beside one; MFU.

python -m benchmarks.training [--base DIR --shards DIR] [--steps 12] [--ranks | --only-arms] [--json]

Without folders of a run a Llama of nine million parameters is trained on random rows as long as shops' posts with
their briefs. Utilisation is against a matrix product that is measured here, by the formula of `adgen plan`.
"""

import json
import math
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import torch
from datasets import Dataset, load_from_disk
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from adgen_pipeline import process
from adgen_pipeline.artifacts import folder_digest, write_json
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.training.base_models import resolve
from adgen_pipeline.training.batches import Batch, collate, collate_packed, pack_epoch, plan_epoch
from adgen_pipeline.training.job import TrainingJob, read_spread
from adgen_pipeline.training.network import TargetLoss, trainable
from adgen_pipeline.training.packing import attend_one_by_one
from adgen_pipeline.training.planner import Work, flops_per_token
from adgen_pipeline.training.shapes import count
from adgen_pipeline.training.shards import FEATURES, IGNORED
from adgen_pipeline.training.speed import peak_flops
from adgen_pipeline.training_recipe import TrainingRecipe
from benchmarks import show

BATCH, ROW_TOKENS, ROWS = 8, 420, 480
# As many places a step as eight rows of mean length: two rows of twice the longest.
PACKED_TOKENS, PACKED_ROWS = 2 * ROW_TOKENS, 2
VALIDATION_ROWS = 64
RECIPE = TrainingRecipe.model_validate(
    {"base_model": "benchmark", "precision": "bf16", "batch_size": BATCH, "maximum_tokens": ROW_TOKENS}
)


def make(folder: Path) -> tuple[Path, Path]:
    """A random base with a tokenizer, and shards of random rows whose lengths are those of shops' posts."""
    base, shards = folder / "base", folder / "shards"
    tokenizer = AutoTokenizer.from_pretrained(resolve("tiny-random", "main", folder / "cache", report=print))
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=320, intermediate_size=1024, num_hidden_layers=6,
        num_attention_heads=5, num_key_value_heads=5, tie_word_embeddings=True,
    )  # fmt: skip
    torch.manual_seed(0)
    network: Any = LlamaForCausalLM(config)
    network.to(torch.bfloat16).save_pretrained(base)
    tokenizer.save_pretrained(base)
    write_json(base / "kept_ids.json", list(range(len(tokenizer))))
    write_shards(
        shards,
        range(300, len(tokenizer)),
        rows=ROWS,
        validation_rows=32,
        longest=ROW_TOKENS,
        unlabelled_share=0.5,
    )
    return base, shards


def write_shards(
    folder: Path, ids: range, *, rows: int, validation_rows: int, longest: int, unlabelled_share: float
) -> None:
    """Random rows as long as briefs and posts: median 171 tokens, a tenth below 92, a tenth above 316.

    Args:
        folder: where the splits go.
        ids: that are drawn.
        rows: in all; the first `validation_rows` are for validation.
        longest: tokens of a row.
        unlabelled_share: of a row, at its beginning.
    """
    draw = random.Random(7)  # noqa: S311  (a sample, not a secret)
    made = []
    for number in range(rows):
        length = min(longest, max(40, int(draw.lognormvariate(5.14, 0.48))))
        row = [draw.randrange(ids.start, ids.stop) for _ in range(length)]
        silent = int(length * unlabelled_share)
        labels = [IGNORED] * silent + row[silent:]
        made.append({"row_id": f"1/{number}", "input_ids": row, "labels": labels, "target_bytes": length})
    for split, some in (("train", made[validation_rows:]), ("validation", made[:validation_rows])):
        Dataset.from_list(some, features=FEATURES).save_to_disk(folder / split)


def arm(
    base: Path, batches: Sequence[Callable[[], Batch]], device: torch.device, *, is_packed: bool = False
) -> dict[str, float]:
    """Tokens a second, padding and the first loss of LoRA steps on batches; the first step is not timed."""
    torch.manual_seed(0)
    loaded: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, attn_implementation="sdpa")
    loaded.to(device)
    if is_packed:
        attend_one_by_one(loaded)
    network = trainable(loaded, RECIPE, [])
    target_loss = TargetLoss(network)
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=1e-4)
    tokens = places = 0
    seconds = first = 0.0
    for number, make_batch in enumerate(batches):
        started = time.perf_counter()
        batch = make_batch()
        loss, targets = target_loss(**batch.to(device))
        (loss / targets).backward()
        optimizer.step()
        optimizer.zero_grad()
        if device.type == "cuda":
            torch.cuda.synchronize()
        if number == 0:
            first = float(loss.detach() / targets)
            continue
        seconds += time.perf_counter() - started
        tokens += batch.tokens
        places += batch.input_ids.numel()
    return {
        "tokens_per_second": round(tokens / seconds, 1),
        "padding_share": round(1 - tokens / places, 4),
        "loss": first,
    }


def arms(base: Path, rows: Dataset, steps: int, device: torch.device) -> dict[str, dict[str, float]]:
    """Rows in the order in which they come, batches of like length, and packed rows."""
    lengths = [len(ids) for ids in rows["input_ids"]]
    pad = AutoTokenizer.from_pretrained(base).pad_token_id
    order = list(range(len(rows)))
    random.Random(7).shuffle(order)  # noqa: S311
    plain = [order[i : i + BATCH] for i in range(0, len(order), BATCH)][: steps + 1]
    grouped = plan_epoch(lengths, batch_size=BATCH, multiple=1, seed=7, epoch=0)[: steps + 1]
    packed = pack_epoch(lengths, capacity=PACKED_TOKENS, batch_size=PACKED_ROWS, multiple=1, seed=7, epoch=0)[
        : steps + 1
    ]
    return {
        "padded": arm(base, [partial(collate, rows, n, pad_id=pad) for n in plain], device),
        "length_grouped": arm(base, [partial(collate, rows, n, pad_id=pad) for n in grouped], device),
        "packed": arm(
            base, [partial(collate_packed, rows, n, pad_id=pad) for n in packed], device, is_packed=True
        ),
    }


def trl_arm(
    base: Path, shards: dict[str, Dataset], tokens: float, folder: Path, *, checkpointing: bool
) -> dict[str, float] | str:
    """The same LoRA, rate and micro-batch on the same rows by trl's SFTTrainer, for as many real tokens.

    Args:
        base, shards: as the job's.
        tokens: that the job saw.
        folder: where trl may write.
        checkpointing: as trl comes it computes activations twice.
    """
    if find_spec("trl") is None:
        return "needs trl: pip install trl"

    trl: Any = import_module("trl")
    from peft import LoraConfig  # noqa: PLC0415

    given = shards["train"].select_columns(["input_ids", "labels"])
    mean = sum(map(len, given["input_ids"])) / len(given)
    network: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    options = trl.SFTConfig(
        output_dir=str(folder), per_device_train_batch_size=BATCH, max_steps=max(2, round(tokens / mean / BATCH)),
        learning_rate=RECIPE.learning_rate, bf16=True, report_to=[], save_strategy="no", logging_strategy="no",
        disable_tqdm=True, use_cpu=not torch.cuda.is_available(), dataloader_pin_memory=False,
        gradient_checkpointing=checkpointing,
    )  # fmt: skip
    lora = LoraConfig(
        r=RECIPE.lora.rank, lora_alpha=RECIPE.lora.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    trainer = trl.SFTTrainer(
        model=network, args=options, train_dataset=given, peft_config=lora,
        processing_class=AutoTokenizer.from_pretrained(base),
    )  # fmt: skip
    trainer.train()
    seen = round(mean * BATCH * trainer.state.global_step)
    seconds = trainer.state.log_history[-1]["train_runtime"]
    bits = bits_per_byte(trainer.model, base, shards["validation"])
    return {"tokens_per_second": round(seen / seconds, 1), "tokens": seen, "bits_per_byte": round(bits, 4)}


def bits_per_byte(network: Any, base: Path, rows: Dataset) -> float:
    """Of the first validation rows, as the job counts them."""
    target_loss, device = TargetLoss(network.eval()), next(network.parameters()).device
    pad = AutoTokenizer.from_pretrained(base).pad_token_id
    nats = size = 0.0
    with torch.no_grad():
        for start in range(0, min(VALIDATION_ROWS, len(rows)), BATCH):
            numbers = range(start, min(start + BATCH, VALIDATION_ROWS, len(rows)))
            batch = collate(rows, list(numbers), pad_id=pad)
            nats += float(target_loss(**batch.to(device))[0])
            size += batch.target_bytes
    return nats / math.log(2) / size


def job_arm(base: Path, shards: Path, steps: int, ranks: int, folder: Path, spread: str) -> dict[str, float]:
    """The job by its command, packed, as the pipeline starts it; its first step is not timed."""
    job = TrainingJob(
        base=base, base_digest=folder_digest(base), shards=shards, shards_digest=folder_digest(shards),
        out=folder / f"adapter-{ranks}", spread=read_spread(PROJECT_ROOT / "deepspeed_configs", spread),
        recipe=RECIPE.model_copy(
            update={
                "maximum_steps": steps, "maximum_epochs": 100.0, "batch_size": PACKED_ROWS // ranks, "packing": True,
                "maximum_tokens": PACKED_TOKENS, "evaluate_rows": VALIDATION_ROWS, "sample_rows": 0,
                "spread": spread,
            }
        ),
    )  # fmt: skip
    lines, result = run_job(job, folder, ranks)
    tokens, seconds = (sum(row[key] for row in lines[1:]) for key in ("tokens", "seconds"))
    return {
        "tokens_per_second": round(tokens / seconds, 1),
        "tokens": result["tokens"],
        "padding_share": result["padding_share"],
        "utilisation": result["utilisation"],
        "bits_per_byte": round(result["validation_after"]["bits_per_byte"], 4),
    }


def run_job(job: TrainingJob, folder: Path, ranks: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Run a job by the command that the pipeline starts; the lines of its steps, and its result.

    Raises:
        SystemExit: the job failed, with the last of what it said.
    """
    path = folder / f"{job.out.name}.json"
    job.write(path)
    done = subprocess.run(
        process.command("adgen_pipeline.training", path, processes=ranks),
        env={**os.environ, **({"OMP_NUM_THREADS": "1"} if ranks > 1 else {})},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"The job {path.name} failed:\n{(done.stdout + done.stderr)[-4000:]}")
    lines = (job.out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    result = json.loads((job.out / "result.json").read_text(encoding="utf-8"))
    return [json.loads(line) for line in lines], result


def arm_ratios(figures: dict[str, Any]) -> dict[str, float]:
    """What padded, grouped and packed rows say beside each other; more is better."""
    padded, grouped, packed = (figures[n] for n in ("padded", "length_grouped", "packed"))
    speed = "tokens_per_second"
    over_padded = packed[speed] / padded[speed] * (1 - padded["padding_share"])
    return {
        "packed ÷ padded × (1 − padding), wanted 0.85": round(over_padded, 3),
        "packed ÷ length-grouped, wanted 1": round(packed[speed] / grouped[speed], 3),
    }


def ratios(figures: dict[str, Any]) -> dict[str, float]:
    """What the arms say beside each other; more is better but for the last one."""
    job, speed = figures["job"], "tokens_per_second"
    found = arm_ratios(figures)
    for name in ("trl", "trl_without_checkpointing"):
        if isinstance(figures[name], dict):
            found[f"job ÷ {name.replace('_', ' ')}, wanted 1.8"] = job[speed] / figures[name][speed]
            found[f"bits per byte, job − {name.replace('_', ' ')}"] = (
                job["bits_per_byte"] - figures[name]["bits_per_byte"]
            )
    if "job_2_ranks" in figures:
        found["job on two ranks ÷ on one"] = figures["job_2_ranks"][speed] / job[speed]
    return {name: round(value, 3) for name, value in found.items()}


@click.command()
@click.option("--base", type=click.Path(path_type=Path, exists=True), help="models/training/base/… of a run.")
@click.option(
    "--shards", type=click.Path(path_type=Path, exists=True), help="models/training/shards/… of it."
)
@click.option("--steps", default=12, show_default=True, help="Steps of each arm.")
@click.option("--ranks", is_flag=True, help="Run the job on two ranks, too.")
@click.option(
    "--only-arms", is_flag=True, help="Padded, grouped and packed rows, in minutes; neither job nor trl."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(
    base: Path | None, shards: Path | None, steps: int, ranks: bool, only_arms: bool, as_json: bool
) -> None:
    """Print how fast training is, and what padding, packing and more ranks change."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if base is None or shards is None:
            base, shards = make(folder)
        rows = load_from_disk(str(shards / "train"))
        shape = count(json.loads((base / "config.json").read_text(encoding="utf-8")), base.name)
        flops, formula = flops_per_token(shape, Work("lora"), recomputes=False)
        peak = peak_flops(device, torch.bfloat16)
        figures: dict[str, object] = {
            "parameters": shape.parameters,
            "device": str(device),
            "matmul_gflops": round(peak / 1e9, 1),
            "formula": formula,
        }
        for name, found in arms(base, rows, steps, device).items():
            found["utilisation"] = round(found["tokens_per_second"] * flops / peak, 3)
            figures[name] = found
        if only_arms:
            figures["ratios"] = arm_ratios(figures)
            show(figures, as_json=as_json)
            return
        job = job_arm(base, shards, steps, 1, folder, "cpu" if device.type == "cpu" else "zero1")
        figures["job"] = job
        splits = {name: load_from_disk(str(shards / name)) for name in ("train", "validation")}
        for name, checkpointing in (("trl", True), ("trl_without_checkpointing", False)):
            figures[name] = trl_arm(base, splits, job["tokens"], folder / name, checkpointing=checkpointing)
        if ranks:
            figures["job_2_ranks"] = job_arm(base, shards, steps, 2, folder, "zero2")
        figures["ratios"] = ratios(figures)
        figures["gpu"] = (
            torch.cuda.get_device_name() if device.type == "cuda"
            else "none here: these arms run on CUDA as they are, where a GPU is found"
        )  # fmt: skip
    show(figures, as_json=as_json)


if __name__ == "__main__":
    main()
