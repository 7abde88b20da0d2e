"""One candidate base model, loaded in one way: what it costs, how well it foretells Amharic, and what it answers."""

import math
import re
import time
from collections.abc import Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
import yaml
from datasets import Dataset
from safetensors import safe_open
from transformers import AutoConfig, AutoTokenizer

from adgen_pipeline.text.fertility import ethiopic_words, fertility
from adgen_pipeline.text.language import script_shares
from adgen_pipeline.training.batches import collate
from adgen_pipeline.training.network import DTYPES, TargetLoss, load
from adgen_pipeline.training.shards import FEATURES, IGNORED
from adgen_pipeline.training_recipe import Load

MIB = 1024**2
BATCH = 4  # rows that are read at once
WINDOW = 2048  # tokens of a row at most; texts with more are read in several
RUN = 4  # characters of an answer that may come again
LOSS_TOKENS = 512  # positions whose logits are computed at once: half a gigabyte with 262,144 pieces


@cache
def scenarios() -> dict[str, dict[str, str]]:
    """What is asked, by name: `chat` and `plain` texts and their `meaning` in English."""
    text = files("adgen_pipeline.training.landscape").joinpath("scenarios.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = yaml.safe_load(text)
    return found


def measure(
    folder: Path, load_in: Load, texts: Sequence[str], *, precision: str, device: str, answer_tokens: int
) -> dict[str, object]:
    """Columns of a row of LANDSCAPE, from `architecture` to `problem`.

    Call it in a process of its own: peak memory is that of the process.

    Args:
        folder: config.json, safetensors weights, tokenizer.json.
        load_in: full, or quantised.
        texts: held-out, at least one word among them.
        precision: of what is not quantised.
        device: cpu or cuda.
        answer_tokens: of each answer, at most.

    Raises:
        TrainingError: no layer of it can be quantised.
    """
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    config: Any = AutoConfig.from_pretrained(folder)
    place = torch.device(device)
    before = _memory_mib(place, "VmRSS")
    network = load(folder, load_in, DTYPES[precision], place).eval().requires_grad_(requires_grad=False)
    held = [*network.parameters(), *network.buffers()]
    all_words = fertility(partial(_ids, tokenizer), texts)
    words = ethiopic_words(texts)
    unknown_share = _unknown_share(tokenizer, texts)
    with torch.no_grad():
        bits, reading_speed = foretell(
            network, tokenizer, texts, window=min(WINDOW, _context(config) or WINDOW)
        )
        answers, writing_speed = answer(network, tokenizer, maximum_tokens=answer_tokens)
    return {
        "architecture": (config.architectures or [type(network).__name__])[0],
        "parameters": stored_parameters(folder),
        "context": _context(config),
        "vocabulary_size": len(tokenizer),
        "has_chat_template": tokenizer.chat_template is not None,
        "tokens_per_ethiopic_word": (
            fertility(partial(_ids, tokenizer), words).tokens_per_word if words else None
        ),
        "tokens_per_word": all_words.tokens_per_word,
        "unknown_share": unknown_share,
        "bits_per_byte": None if unknown_share else bits / all_words.bytes,
        "forward_tokens_per_second": round(reading_speed, 1),
        "generation_tokens_per_second": round(writing_speed, 2),
        "generation_words_per_second": round(writing_speed / all_words.tokens_per_word, 2),
        "weights_mib": round(sum(part.numel() * part.element_size() for part in held) / MIB, 1),
        "peak_mib": round(_memory_mib(place, "VmHWM") - before, 1),
        "device": device if device == "cpu" else torch.cuda.get_device_name(place),
        "precision": precision,
        "answers": answers,
        "problem": f"its tokenizer has no pieces for {unknown_share:.1%} of the posts; extend it before it is trained"
        if unknown_share
        else None,
    }  # fmt: skip


def foretell(network: Any, tokenizer: Any, texts: Sequence[str], *, window: int) -> tuple[float, float]:
    """Bits to foretell every token of the texts, and tokens read a second (the first batch is not timed).

    Each text begins with the piece that begins texts, or, where there is none, with the one that ends them. What does
    not fit the window goes on in a further row, after that piece and its own last token.
    """
    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    given = [] if start is None else [int(start)]
    rows: list[dict[str, Any]] = []
    for number, ids in enumerate(_ids(tokenizer, texts)):
        step = window - len(given) - 1
        for place in range(0, len(ids), step):
            seen = [*given, *ids[max(0, place - 1) : place]]
            part = ids[place : place + step]
            labels = [IGNORED] * len(seen) + part
            rows.append(
                {"row_id": str(number), "input_ids": seen + part, "labels": labels, "target_bytes": 0}
            )
    rows.sort(key=lambda row: -len(row["input_ids"]))  # the longest first: too little memory shows at once
    dataset = Dataset.from_list(rows, features=FEATURES)
    target_loss = TargetLoss(network, loss_tokens=LOSS_TOKENS)
    nats = seconds = 0.0
    tokens = 0
    for first in range(0, len(rows), BATCH):
        batch = collate(dataset, list(range(first, min(first + BATCH, len(rows)))), pad_id=_pad(tokenizer))
        started = time.perf_counter()
        nats += float(target_loss(**batch.to(network.device))[0])  # the number waits for the device
        if first or len(rows) <= BATCH:
            seconds += time.perf_counter() - started
            tokens += batch.tokens
    return nats / math.log(2), tokens / seconds


def answer(network: Any, tokenizer: Any, *, maximum_tokens: int) -> tuple[list[dict[str, object]], float]:
    """Greedy answers to the scenarios, in the model's own chat format where it has one; and tokens written a second."""
    answers: list[dict[str, object]] = []
    seconds = 0.0
    for name, asked in scenarios().items():
        prompt = _prompt(tokenizer, asked).to(network.device)
        started = time.perf_counter()
        written = network.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=maximum_tokens,
            pad_token_id=_pad(tokenizer),
            do_sample=False, temperature=None, top_p=None, top_k=None, repetition_penalty=1.0,
        )[0, prompt.shape[1] :].tolist()  # fmt: skip
        seconds += time.perf_counter() - started
        text = tokenizer.decode(written, skip_special_tokens=True).strip()
        runs = [text[place : place + RUN] for place in range(len(text) - RUN + 1)]
        answers.append(
            {
                "scenario": name,
                "text": text,
                "tokens": len(written),
                "ethiopic_share": round(script_shares(text)[0], 3),
                # low where it goes round in circles
                "different_runs_share": round(len(set(runs)) / len(runs), 3) if runs else 0.0,
            }
        )
    return answers, sum(int(str(found["tokens"])) for found in answers) / seconds


def stored_parameters(folder: Path) -> int:
    """Numbers in the safetensors files of a folder, without reading them; shared tables stand there once."""
    count = 0
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            count += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    return count


def _prompt(tokenizer: Any, asked: dict[str, str]) -> torch.Tensor:
    """Ids of (1, tokens)."""
    if tokenizer.chat_template is None:
        ids = tokenizer(asked["plain"]).input_ids
    else:
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": asked["chat"]}],
            add_generation_prompt=True,
            tokenize=False,
            enable_thinking=False,  # templates that know no such thing pass over it
        )
        ids = tokenizer(text, add_special_tokens=False).input_ids
    return torch.tensor([ids])


def _ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(list(texts), add_special_tokens=False).input_ids
    return ids


def _unknown_share(tokenizer: Any, texts: Sequence[str]) -> float:
    """Share of the texts' tokens that stand for what the tokenizer cannot read."""
    if tokenizer.unk_token_id is None:
        return 0.0
    ids = [number for found in _ids(tokenizer, texts) for number in found]
    return ids.count(tokenizer.unk_token_id) / len(ids)


def _pad(tokenizer: Any) -> int:
    """A piece to fill rows with; whatever it is, it is masked."""
    known = (tokenizer.pad_token_id, tokenizer.eos_token_id)
    return next((int(number) for number in known if number is not None), 0)


def _context(config: Any) -> int | None:
    found = getattr(config.get_text_config(), "max_position_embeddings", None)
    return None if found is None else int(found)


def _memory_mib(place: torch.device, name: str) -> float:
    """Memory of this process (VmRSS: now, VmHWM: at most so far), or on the GPU at most so far."""
    if place.type == "cuda":
        return torch.cuda.max_memory_allocated(place) / MIB
    # Not getrusage: its peak is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024
