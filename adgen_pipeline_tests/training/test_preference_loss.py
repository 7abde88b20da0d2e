"""The loss of a pair: by hand, and as trl's DPOTrainer computes it on the same ids and networks."""

import math
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset, load_from_disk
from transformers import AutoModelForCausalLM, AutoTokenizer

from adgen_pipeline.training.preference_shards import SIDES, build
from adgen_pipeline.training.preferences import BEFORE, PREFERRING, PreferenceLoss, preference_loss
from adgen_pipeline.training_recipe import PreferencesRecipe
from adgen_pipeline_tests.training.samples import given_ids, learned_ids, preferences, tiny_base

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("loss")
    tiny_base(root)
    build(preferences(), root / "tokenizer", root / "pairs", maximum_tokens=420, held_out_share=0.2, seed=7)
    return root


def test_the_loss_of_a_pair_by_hand() -> None:
    # The preferred ad grew e² times likelier, the other one e times less likely: a margin of 3.
    now, before = torch.tensor([[-10.0, -21.0]]), torch.tensor([[-12.0, -20.0]])
    plain = preference_loss(now, before, beta=0.5, label_smoothing=0.0)
    assert float(plain) == pytest.approx(math.log(1 + math.exp(-1.5)))
    doubted = preference_loss(now, before, beta=0.5, label_smoothing=0.2)
    expected = 0.8 * math.log(1 + math.exp(-1.5)) + 0.2 * math.log(1 + math.exp(1.5))
    assert float(doubted) == pytest.approx(expected)
    assert float(preference_loss(before, before, beta=0.5, label_smoothing=0.0)) == pytest.approx(math.log(2))


def test_with_doubts_a_margin_that_is_too_sure_costs_more() -> None:
    margins = [0.0, math.log(0.8 / 0.2) / 0.5, 10.0]
    now = torch.tensor([[margin, 0.0] for margin in margins])
    losses = preference_loss(now, torch.zeros(3, 2), beta=0.5, label_smoothing=0.2).tolist()
    assert losses[1] < min(losses[0], losses[2])


@pytest.mark.parametrize("loss_tokens", [None, 7], ids=["at once", "in chunks"])
@pytest.mark.parametrize("sft_weight", [0.0, 0.3], ids=["pairs alone", "with the preferred ads' own loss"])
@pytest.mark.filterwarnings("ignore::FutureWarning")  # theirs: an option of their defaults is deprecated
def test_the_loss_is_that_of_trl(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    loss_tokens: int | None,
    sft_weight: float,
) -> None:
    trl: Any = import_module("trl")  # takes seconds
    monkeypatch.setattr(os, "environ", {**os.environ, "OMP_NUM_THREADS": "1"})  # theirs writes into it
    asked = PreferencesRecipe(beta=0.3, sft_weight=sft_weight)
    pairs = load_from_disk(str(folder / "pairs" / "train"))
    tokenizer = AutoTokenizer.from_pretrained(folder / "base")
    networks = [AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32) for _ in range(2)]
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in networks[0].parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    # Theirs weighs each piece of a batch alike, ours each pair: with the preferred ads' own loss one pair is compared.
    numbers = [5] if sft_weight else [5, 0, 11]
    options = trl.DPOConfig(
        output_dir=str(tmp_path),
        beta=0.3,
        loss_type=["sigmoid", "sft"] if sft_weight else ["sigmoid"],
        loss_weights=[1.0, sft_weight] if sft_weight else None,
        report_to="none",
        use_cpu=True,
        bf16=False,
    )
    words = Dataset.from_list([dict.fromkeys(("prompt", "chosen", "rejected"), "ሰላም")])
    trainer = trl.DPOTrainer(
        model=networks[0],
        ref_model=networks[1],
        args=options,
        train_dataset=words,
        processing_class=tokenizer,
    )
    examples = [
        {"prompt_ids": given_ids(row, "chosen"), **{f"{side}_ids": learned_ids(row, side) for side in SIDES}}
        for row in (pairs[number] for number in numbers)
    ]
    theirs = trainer.compute_loss(networks[0], trainer.data_collator(examples))

    known = PreferenceLoss(networks[1], asked)(**PREFERRING.collate(pairs, numbers, pad_id=0).to(CPU))[2]
    rows = pairs.select(numbers).add_column(BEFORE, known.tolist())
    batch = PREFERRING.collate(rows, range(len(numbers)), pad_id=0)
    ours, count, _ = PreferenceLoss(networks[0], asked, loss_tokens=loss_tokens)(**batch.to(CPU))
    torch.testing.assert_close(ours / count, theirs, rtol=1e-5, atol=1e-5)
    assert float(theirs.detach()) != pytest.approx(math.log(2), abs=0.01), "the two networks differ"
